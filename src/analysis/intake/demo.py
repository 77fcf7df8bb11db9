"""The demo clinic: synthetic patients whose true outcomes are known, because they were planted.

`demo_plan` says what is planted and draws the patients. Here they become tables of the contract,
the true figures are worked out, and an export of any size is streamed to a folder.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv
from scipy.optimize import brentq

from analysis.errors import InputError, SettingsError
from analysis.intake.demo_plan import (
    CONDITIONS,
    DEMO_PATIENTS,
    DEMO_SEED,
    DIAGNOSES,
    FLAGS,
    FOLLOW_UP_WEEKS,
    RULES,
    SITES,
    Drawn,
    draw_baseline,
    draw_boosters,
    draw_patients,
    draw_people,
    draw_scores,
    is_relieved,
    per_condition,
    split_patients,
)
from analysis.intake.demo_records import describe_records, draw_records
from analysis.intake.tables import TABLES
from analysis.settings import DAYS_PER_WEEK, data_folder

SCREENED_SHARE, RATES_WORST_SHARE, RATED_DURING_SHARE = 0.25, 0.3, 0.6
"""Shares rated at enrolment (too early for a baseline), for worst pain too, during the series."""

DURING_INFUSION = 3
"""Place of the infusion at which pain is rated during the series (the fourth)."""

UNRECORDED_SHARE = 0.03
"""Share of blanks in the columns a clinic forgets now and then."""

RECALLS = ("average", "worst")
AVERAGE, WORST = 0, 1


# The drawn patients as a clinic would write them down


def draw_block(
    rng: np.random.Generator, own: np.random.Generator, n_patients: int, *, first_number: int
) -> dict[str, pa.Table]:
    """Draw patients numbered from ``first_number`` with all their records: tables by name.

    ``own`` draws side effects, opioids and questionnaires, so that they change nothing else.
    """
    drawn = draw_patients(rng, n_patients, first_number=first_number)
    tables = {
        "patients": _tabulate_patients(rng, drawn),
        "pain_scores": _tabulate_scores(rng, drawn),
        "infusions": _tabulate_infusions(rng, drawn),
    }
    infusions = tables["infusions"].to_pandas(date_as_object=False)
    return tables | draw_records(own, drawn, infusions)


def _pick(values: tuple[str | None, ...], places: np.ndarray) -> pa.Array:
    return pa.array(values, type=pa.string()).take(pa.array(places))


def _with_blanks(rng: np.random.Generator, values: np.ndarray) -> pa.Array:
    return pa.array(values, mask=rng.random(values.size) < UNRECORDED_SHARE)


def _tabulate_patients(rng: np.random.Generator, drawn: Drawn) -> pa.Table:
    people = drawn.people
    began = people.day_zero - np.rint(people.pain_years * 365.25).astype(int)
    birth_year = people.day_zero.astype("datetime64[Y]").astype(int) + 1970 - people.age_years
    _, subtypes, icd10, _ = zip(*DIAGNOSES, strict=True)
    return pa.table(
        {
            "patient_id": pa.array(drawn.ids),
            "site": _pick(SITES, people.site),
            "condition": _pick(tuple(plan.condition for plan in CONDITIONS), people.condition),
            "subtype": _pick(subtypes, people.diagnosis),
            "icd10": _pick(icd10, people.diagnosis),
            "sex": _pick(("male", "female"), people.is_female.astype(int)),
            "birth_year": pa.array(birth_year),
            "pain_since": _with_blanks(rng, began.astype("datetime64[D]")),
            "prior_treatments_failed": _with_blanks(rng, people.n_failed),
            **{name: pa.array(people.flags[:, place]) for place, name in enumerate(FLAGS)},
            "enrolled_on": pa.array(people.day_zero - people.enrolled_before_days),
        }
    )


def _tabulate_scores(rng: np.random.Generator, drawn: Drawn) -> pa.Table:
    """Tabulate one row per rating, by patient and date, up to the day of the export."""
    people, baseline = drawn.people, drawn.baseline
    boosters, visits = drawn.boosters, drawn.visits
    # After the series: the visits, then the days of the boosters. A booster on the day of a kept
    # visit adds no second rating of that day.
    on_visit = (boosters.day[:, :, None] == visits.day[:, None, :]) & visits.kept[:, None, :]
    rated = ~on_visit.any(axis=2) & (rng.random(boosters.day.shape) < RULES.booster_rated_share)
    rated &= drawn.came
    days = np.column_stack([visits.day, boosters.day])
    kept, relieved = np.column_stack([visits.kept, rated]), is_relieved(boosters, days)

    after = draw_scores(rng, baseline, relieved)
    during = draw_scores(rng, baseline, relieved[:, :1])[:, 0]
    early = draw_scores(rng, baseline, np.zeros((during.size, 1), dtype=bool))[:, 0]
    halfway = np.rint((baseline.total / baseline.count + during) / 2).astype(int)
    unit = baseline.top // 10
    harsher = unit * rng.integers(1, 3, unit.size)
    rates_worst = rng.random(unit.size) < RATES_WORST_SHARE
    screened = rng.random(unit.size) < SCREENED_SHARE
    rated_during = rng.random(unit.size) < RATED_DURING_SHARE
    had_later = people.n_infusions > DURING_INFUSION + 1
    given = np.arange(baseline.scores.shape[1]) < baseline.count[:, None]
    last = people.last_day
    # One block of columns each: day since day 0, score, whether rated, recall.
    blocks = [
        (-people.enrolled_before_days, early, screened, AVERAGE),
        (baseline.days, baseline.scores, given, AVERAGE),
        (people.infusion_day[:, DURING_INFUSION], halfway, had_later & rated_during, AVERAGE),
        (days + last[:, None], after, kept, AVERAGE),
        (baseline.days[:, 0], baseline.scores[:, 0] + harsher, rates_worst, WORST),
        (days[:, 0] + last, after[:, 0] + harsher, rates_worst & kept[:, 0], WORST),
    ]
    day, score, keep = (np.column_stack([block[part] for block in blocks]) for part in range(3))
    score = np.minimum(score, baseline.top[:, None])
    widths = [1 if block[0].ndim == 1 else block[0].shape[1] for block in blocks]
    recall = np.repeat([block[3] for block in blocks], widths)

    dates = people.day_zero[:, None] + day
    patient, place = np.nonzero(keep & (dates <= np.datetime64(RULES.exported_on)))
    order = np.lexsort((place, day[patient, place], patient))
    patient, place = patient[order], place[order]
    return pa.table(
        {
            "patient_id": pa.array(drawn.ids[patient]),
            "assessed_on": pa.array(dates[patient, place].astype("datetime64[D]")),
            "score": pa.array(score[patient, place]),
            "scale": _pick(("nrs_0_10", "vas_0_100"), people.on_vas[patient].astype(int)),
            "recall": _pick(RECALLS, recall[place]),
        }
    )


def _tabulate_infusions(rng: np.random.Generator, drawn: Drawn) -> pa.Table:
    """Tabulate one row per infusion, by patient and date, with dose, length and vital signs."""
    people = drawn.people
    n_initial = people.infusion_day.shape[1]
    day = np.column_stack([people.infusion_day, drawn.boosters.day + people.last_day[:, None]])
    given = np.column_stack([np.arange(n_initial) < people.n_infusions[:, None], drawn.came])
    dates = people.day_zero[:, None] + day
    patient, place = np.nonzero(given & (dates <= np.datetime64(RULES.exported_on)))
    size = patient.size
    is_booster = place >= n_initial
    high = people.is_high_dose[patient] & ~is_booster
    step = np.minimum(place, n_initial - 1)
    personal = rng.normal(0, 1, people.condition.size)[patient]
    dose = np.where(high, 1.6 + 0.15 * step, 0.5 + 0.03 * step) + 0.05 * np.rint(personal)
    minutes = np.where(high, 240, rng.choice([45, 50, 55, 60], size=size, p=[0.3, 0.2, 0.1, 0.4]))
    sbp = np.clip(np.rint(126 + 11 * personal + rng.normal(0, 6, size)), 92, 178).astype(int)
    dbp = np.clip(np.rint(77 + 6 * personal + rng.normal(0, 5, size)), 52, 108).astype(int)
    rise = np.maximum(rng.normal(np.where(high, 21, 13), 8), 0)
    lowest = np.clip(np.rint(rng.normal(np.where(high, 94.5, 96.5), 1.4)), 86, 100)
    rest = np.rint(rng.gamma(9, np.where(high, 8, 3.2)) / 5) * 5
    return pa.table(
        {
            "patient_id": pa.array(drawn.ids[patient]),
            "infused_at": pa.array(dates[patient, place].astype("datetime64[D]")),
            "series": pa.array(np.where(is_booster, place - n_initial + 2, 1)),
            "phase": _pick(("initial", "maintenance"), is_booster.astype(int)),
            "protocol": _pick(("standard", "high_dose"), high.astype(int)),
            "dose_mg_per_kg": pa.array(np.round(dose, 2)),
            "minutes": pa.array(minutes),
            "sbp_before": pa.array(sbp),
            "dbp_before": pa.array(dbp),
            "sbp_peak": pa.array(sbp + np.rint(rise).astype(int)),
            "dbp_peak": pa.array(dbp + np.rint(0.6 * rise).astype(int)),
            "spo2_lowest": _with_blanks(rng, lowest.astype(int)),
            "discharge_minutes": _with_blanks(rng, np.maximum(rest, 10).astype(int)),
        }
    )


# The true figures

TRUTH_SEED = 1
TRUTH_PATIENTS = 250_000
"""Seed and size, per condition, of the huge sample: its error is far below any clinic's."""

BASELINE_FLOOR_SCORE = 4
"""The true figures hold for patients with a baseline of at least 4 of 10, as the suite judges."""


@lru_cache(maxsize=1)
def simulate_truth() -> dict[str, dict[str, Any]]:
    """Return true figures of each condition, from complete data of patients judged.

    Mean, median and ratio of means of the percent reduction at the end of the series, the share
    with half the pain, Monte-Carlo standard errors (``se``), and the share of responders still in
    relief at each week with no booster so far. The sample has its own fixed seed: the truth
    belongs to the model, not to one export.
    """
    seeds = np.random.SeedSequence(TRUTH_SEED).spawn(len(CONDITIONS))
    return {
        plan.condition: _simulate_condition(np.random.default_rng(seed), place)
        for place, (plan, seed) in enumerate(zip(CONDITIONS, seeds, strict=True))
    }


def _simulate_condition(rng: np.random.Generator, place: int) -> dict[str, Any]:
    people = draw_people(rng, TRUTH_PATIENTS, condition=np.full(TRUTH_PATIENTS, place))
    baseline = draw_baseline(rng, people)
    boosters = draw_boosters(rng, people, n_boosters=1)
    score = draw_scores(rng, baseline, people.responds[:, None])[:, 0] * 10 / baseline.top
    before = baseline.total * 10 / (baseline.count * baseline.top)
    judged = before >= BASELINE_FLOOR_SCORE
    score, before = score[judged], before[judged]
    reduction = 100 * (1 - score / before)
    half = float(np.mean(2 * score <= before + 1e-9))  # 1e-9: scores on 0 to 10 are fractions
    until, booster = boosters.until[people.responds, 0], boosters.day[people.responds, 0]
    return {
        "n": int(judged.sum()),
        "reduction_mean_pct": float(reduction.mean()),
        "reduction_mean_se_pct": float(reduction.std() / sqrt(reduction.size)),
        "reduction_median_pct": float(np.median(reduction)),
        "reduction_ratio_of_means_pct": float(100 * (1 - score.mean() / before.mean())),
        "responder_50_share": half,
        "responder_50_se_share": sqrt(half * (1 - half) / reduction.size),
        "relieved_without_booster_share": {
            f"week_{week}": float(np.mean(np.minimum(until, booster) > DAYS_PER_WEEK * week))
            for week in FOLLOW_UP_WEEKS
        },
    }


def overall_relieved_share(weeks: float) -> float:
    """Return the exact share of all responders, of the planted mix, still in relief."""
    mix = per_condition("weight") * per_condition("responder_share")
    return float(mix @ [plan.still_relieved_share(weeks) for plan in CONDITIONS] / mix.sum())


def describe_truth(*, n_patients: int, seed: int, n_rows: dict[str, int]) -> dict[str, Any]:
    """Return everything that is planted in an export, ready for truth.json."""

    def by_week(share: Callable[[float], float]) -> dict[str, float]:
        return {f"week_{week}": share(week) for week in FOLLOW_UP_WEEKS}

    truth = {
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
        "rules": vars(RULES),
        "records": describe_records(),
        "overall": {
            "relief_median_weeks": brentq(
                lambda weeks: overall_relieved_share(weeks) - 0.5, 1, 100
            ),
            "still_relieved_share": by_week(overall_relieved_share),
        },
        "conditions": {
            plan.condition: {
                "n_patients": int(n),
                "responder_30_share": plan.responder_share,
                "expected_all_starters_share": plan.expected_observed_shares()[0],
                "expected_rated_share": plan.expected_observed_shares()[1],
                "relief_median_weeks": plan.relief_median_weeks,
                "still_relieved_share": by_week(plan.still_relieved_share),
                "end_missed_share": plan.end_missed_share,
                "simulated": simulate_truth()[plan.condition],
            }
            for plan, n in zip(CONDITIONS, split_patients(n_patients), strict=True)
        },
    }
    # Four decimals: truth.json is read by people.
    return json.loads(
        json.dumps(truth, default=str), parse_float=lambda text: round(float(text), 4)
    )


# The folder

TABLE_NAMES = tuple(name for name in TABLES if name != "relief_ends")  # this clinic dates none
DEMO_FILES = (*(f"{name}.csv" for name in TABLE_NAMES), "truth.json", "mapping.yaml", "README.md")
"""All that a demo folder holds; a folder with anything else in it is left alone."""

BLOCK_PATIENTS = 10_000
"""Patients drawn from one seed and written at a time. Changing it changes the data."""

MAPPING = """\
# Invented patients: every page made from this export must say so.
name: Demo clinic (synthetic)
synthetic: true
"""

PICKED = """
The seed of the bundled export was picked, not drawn: the first from 20260101 on that puts the
responder share of every condition within one standard error of what is expected. Other seeds
scatter as real samples do.
"""
"""Said only of the export with the default seed and size, where it is true."""


def generate_demo(
    *, n_patients: int = DEMO_PATIENTS, seed: int = DEMO_SEED
) -> dict[str, pd.DataFrame]:
    """Draw synthetic patients of a pain clinic with planted outcomes (`analysis.intake.demo_plan`).

    Every table of the contract, in its columns: pain is on each patient's own scale, dates are
    datetimes, a blank is missing. Missing ratings follow from missed visits, from leaving (likelier
    without relief) and from the day of the export. SettingsError for ``n_patients`` below 1 or
    ``seed`` below 0.
    """
    _check_numbers(n_patients=n_patients, seed=seed)
    blocks = list(_draw_blocks(n_patients, seed))
    tables = {name: pa.concat_tables([block[name] for block in blocks]) for name in TABLE_NAMES}
    return {name: table.to_pandas(date_as_object=False) for name, table in tables.items()}


def write_demo(
    folder: str | Path, *, n_patients: int = DEMO_PATIENTS, seed: int = DEMO_SEED
) -> Path:
    """Write a demo export to a folder, 10,000 patients at a time, so that millions fit.

    The same number and seed give the same bytes, with the same numpy. The folder is made if absent;
    an older demo export in it is replaced when the new one is complete. InputError where the folder
    is a file or holds something that is not a demo export, SettingsError as for `generate_demo`.
    """
    target = Path(folder).resolve()
    _check_numbers(n_patients=n_patients, seed=seed)
    _check_target(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            n_rows = _write_tables(work, _draw_blocks(n_patients, seed))
            truth = describe_truth(n_patients=n_patients, seed=seed, n_rows=n_rows)
            readme = (data_folder() / "texts" / "demo.md").read_text(encoding="utf-8")
            readme = readme.format(n_patients=n_patients, seed=seed, exported_on=RULES.exported_on)
            picked = PICKED if (n_patients, seed) == (DEMO_PATIENTS, DEMO_SEED) else ""
            for name, text in {
                "truth.json": json.dumps(truth, indent=1, allow_nan=False) + "\n",
                "mapping.yaml": MAPPING,
                "README.md": readme + picked,
            }.items():
                (work / name).write_text(text, encoding="utf-8", newline="\n")
            work.chmod(0o755)  # temporary folders are private; an export is as readable as any
            if target.exists():
                shutil.rmtree(target)
            work.rename(target)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
    except OSError as error:
        raise InputError(
            f"{target} cannot be written ({error.strerror}); name a folder you may write to, "
            "with room for the export."
        ) from error
    return target


def _check_numbers(*, n_patients: int, seed: int) -> None:
    for name, value, least in (("n_patients", n_patients, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise SettingsError(f"{name} is {value!r}; give a whole number of at least {least}.")


def _check_target(target: Path) -> None:
    """Raise InputError unless the target is absent, empty or an older demo export."""
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; name a folder for the demo export.")
    found = sorted(path.name for path in target.iterdir()) if target.exists() else []
    foreign = [name for name in found if name not in DEMO_FILES]
    if foreign:
        raise InputError(
            f"{target} holds {foreign[0]!r}, which is not a file of a demo export; "
            "name a new or empty folder."
        )
    try:
        truth = json.loads((target / "truth.json").read_text(encoding="utf-8")) if found else {}
    except (OSError, ValueError):
        truth = None
    if found and not (isinstance(truth, dict) and truth.get("synthetic") is True):
        raise InputError(
            f"{target} holds {found[0]!r} but no truth.json that marks it as synthetic, so it may "
            "be a real export; name a new or empty folder."
        )


def _draw_blocks(n_patients: int, seed: int) -> Iterator[dict[str, pa.Table]]:
    """Draw block after block, each from a seed of its own, so that none depends on another."""
    starts = range(0, n_patients, BLOCK_PATIENTS)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    for start, own in zip(starts, seeds, strict=True):
        size = min(BLOCK_PATIENTS, n_patients - start)
        (more,) = own.spawn(1)
        both = np.random.default_rng(own), np.random.default_rng(more)
        yield draw_block(*both, size, first_number=start + 1)


def _write_tables(folder: Path, blocks: Iterator[dict[str, pa.Table]]) -> dict[str, int]:
    n_rows = dict.fromkeys(TABLE_NAMES, 0)
    plain = csv.WriteOptions(include_header=False, quoting_style="none")
    with ExitStack() as stack:
        sinks = {
            name: stack.enter_context((folder / f"{name}.csv").open("wb")) for name in TABLE_NAMES
        }
        for block in blocks:
            for name, table in block.items():
                if n_rows[name] == 0:
                    sinks[name].write((",".join(table.column_names) + "\n").encode())
                csv.write_csv(table, sinks[name], plain)
                n_rows[name] += table.num_rows
    return n_rows
