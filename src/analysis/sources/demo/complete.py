"""The true figures of the demo clinic: exact where a formula exists, else from a huge sample.

The huge sample has no missing rating, no one leaving and no end of the export, and counts each
rating as it would be recorded (whole numbers).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
from scipy.optimize import brentq

from analysis.sources.demo.course import draw_baseline, draw_boosters, draw_scores
from analysis.sources.demo.people import draw_people
from analysis.sources.demo.truth import (
    CONDITIONS,
    DAYS_PER_WEEK,
    FOLLOW_UP_WEEKS,
    RULES,
    expected_observed_shares,
    split_patients,
    still_relieved_share,
)

TRUTH_SEED = 1
TRUTH_PATIENTS = 250_000
"""Seed and size, per condition, of the huge sample: its error is far below any clinic's."""

BASELINE_FLOOR_SCORE = 4
"""The true figures hold for patients with a baseline of at least 4 of 10, as the suite judges."""


@dataclass(frozen=True, kw_only=True)
class SimulatedTruth:
    """True figures of one condition from the huge sample, with Monte-Carlo standard errors.

    Parameters
    ----------
    n : int
        Patients with a baseline of at least 4.
    reduction_mean_pct, reduction_mean_se_pct : float
        Mean of the patients' own percent reductions at the end of the series.
    reduction_median_pct, reduction_ratio_of_means_pct : float
        Median, and reduction of the mean score.
    responder_50_share, responder_50_se_share : float
        Share with a reduction of at least 50 %.
    relieved_without_booster_share : dict of str to float
        Share of responders still in relief at each week with no booster so far.
    """

    n: int
    reduction_mean_pct: float
    reduction_mean_se_pct: float
    reduction_median_pct: float
    reduction_ratio_of_means_pct: float
    responder_50_share: float
    responder_50_se_share: float
    relieved_without_booster_share: dict[str, float]


@lru_cache(maxsize=1)
def simulate_truth() -> tuple[SimulatedTruth, ...]:
    """Return the true figures of each condition, in the order of ``CONDITIONS``.

    The sample has its own fixed seed: the truth belongs to the model, not to one export.
    """
    seeds = np.random.SeedSequence(TRUTH_SEED).spawn(len(CONDITIONS))
    return tuple(_simulate_condition(seed, place) for place, seed in enumerate(seeds))


def _simulate_condition(seed: np.random.SeedSequence, place: int) -> SimulatedTruth:
    """Simulate complete data of one condition."""
    rng = np.random.default_rng(seed)
    people = draw_people(rng, TRUTH_PATIENTS, condition=np.full(TRUTH_PATIENTS, place))
    baseline = draw_baseline(rng, people)
    boosters = draw_boosters(rng, people, n_boosters=1)
    score = draw_scores(rng, baseline, people.responds[:, None])[:, 0] * 10 / baseline.top
    before = baseline.total * 10 / (baseline.count * baseline.top)
    judged = before >= BASELINE_FLOOR_SCORE
    score, before = score[judged], before[judged]
    reduction = 100 * (1 - score / before)
    half = float(np.mean(2 * score <= before + 1e-9))  # 1e-9: fractions of whole scores
    until, booster = boosters.until[people.responds, 0], boosters.day[people.responds, 0]
    return SimulatedTruth(
        n=int(judged.sum()),
        reduction_mean_pct=float(reduction.mean()),
        reduction_mean_se_pct=float(reduction.std() / sqrt(reduction.size)),
        reduction_median_pct=float(np.median(reduction)),
        reduction_ratio_of_means_pct=float(100 * (1 - score.mean() / before.mean())),
        responder_50_share=half,
        responder_50_se_share=sqrt(half * (1 - half) / reduction.size),
        relieved_without_booster_share={
            f"week_{week}": float(np.mean(np.minimum(until, booster) > DAYS_PER_WEEK * week))
            for week in FOLLOW_UP_WEEKS
        },
    )


def overall_relieved_share(weeks: float) -> float:
    """Return the exact share of all responders, of the planted mix, still in relief."""
    mix = np.array([plan.weight * plan.responder_share for plan in CONDITIONS])
    shares = np.array([still_relieved_share(plan, weeks) for plan in CONDITIONS])
    return float(mix @ shares / mix.sum())


def describe_truth(*, n_patients: int, seed: int, n_rows: dict[str, int]) -> dict[str, object]:
    """Return everything that is planted, ready for truth.json.

    Parameters
    ----------
    n_patients, seed : int
        Recipe of the export.
    n_rows : dict of str to int
        Rows of each table.
    """
    counts = split_patients(n_patients)
    return {
        "synthetic": True,
        "note": "Invented patients. No figure here comes from a clinic or a trial.",
        "seed": seed,
        "n_patients": n_patients,
        "n_rows": n_rows,
        "how": {
            "exact": "responder_30_share, relief_*, still_relieved_share, expected_*: by formula",
            "simulated": f"{TRUTH_PATIENTS} complete patients per condition, seed {TRUTH_SEED}; "
            f"figures of those with a baseline of at least {BASELINE_FLOOR_SCORE}",
        },
        "not_planted": "No tolerance to boosters; no difference between sites, sexes, subtypes or "
        "protocols; no late response; who has no relief at the end gets no booster.",
        "same_day": "A rating on day 0 or on the day of a booster is from before the infusion; one "
        "on the day of the last infusion of a series of several is from after it.",
        "rules": {name: _plain(value) for name, value in asdict(RULES).items()},
        "overall": {
            "relief_median_weeks": _rounded(
                float(brentq(lambda weeks: overall_relieved_share(weeks) - 0.5, 1, 100))
            ),
            "still_relieved_share": {
                f"week_{week}": _rounded(overall_relieved_share(week)) for week in FOLLOW_UP_WEEKS
            },
        },
        "conditions": {
            plan.condition: _describe_condition(place, int(counts[place]))
            for place, plan in enumerate(CONDITIONS)
        },
    }


def _describe_condition(place: int, n_patients: int) -> dict[str, object]:
    """Describe what is planted for one condition, exact and simulated."""
    plan = CONDITIONS[place]
    starters, rated = expected_observed_shares(plan)
    simulated = asdict(simulate_truth()[place])
    return {
        "n_patients": n_patients,
        "responder_30_share": plan.responder_share,
        "expected_all_starters_share": _rounded(starters),
        "expected_rated_share": _rounded(rated),
        "relief_median_weeks": plan.relief_median_weeks,
        "still_relieved_share": {
            f"week_{week}": _rounded(still_relieved_share(plan, week)) for week in FOLLOW_UP_WEEKS
        },
        "end_missed_share": plan.end_missed_share,
        "simulated": {name: _plain(value) for name, value in simulated.items()},
    }


def _rounded(value: float) -> float:
    """Round to four decimals: truth.json is read by people."""
    return round(value, 4)


def _plain(value: object) -> object:
    """Turn a value into what JSON holds, with four decimals."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, float):
        return _rounded(value)
    if isinstance(value, (int, str)):
        return value
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return str(value)
