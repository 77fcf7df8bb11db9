"""Typed claims and results, and judged ledgers of small typed exports made once, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pandas as pd
from studies import SETTINGS, clinic, patient, study

from analysis.adam.study import Study
from analysis.adam.treatment import (
    EARLY_QUESTIONS,
    TREATED_QUESTIONS,
    flag_early,
    flag_treated,
)
from analysis.claims.judge import JudgedLedger, judge_claims, judge_ledger
from analysis.claims.judgement import Judgement
from analysis.claims.ledger import REQUIRED, Claim, load_ledger
from analysis.claims.multiverse import judge_specifications
from analysis.claims.testimonials import estimate_testimonials
from analysis.results import Estimate, Row, make_results, no_patients, rows_of
from analysis.settings import THRESHOLDS_PCT, AnalysisSettings
from analysis.stats.rates import estimate_responder_share, estimate_share
from analysis.stats.reductions import estimate_mean

QUICK = SETTINGS.model_copy(update={"bootstrap_replicates": 200})

# Claims

CLAIM: dict[str, Any] = {
    "claim_id": "T1", "section": "", "wording": "70-85% of CRPS patients respond",
    "source": "typed", "printed_on": "", "condition": "crps", "measure": "responder_share",
    "definition": "percent_reduction", "threshold_pct": 30.0, "visit": "",
    "population": "all_starters", "cited_low": 0.7, "cited_high": 0.85, "unit": "share",
    "cited_text": "70-85%", "reading": "of all who start",
}  # fmt: skip


def claim(**changed: Any) -> Claim:
    """The claim on CRPS responders, with fields changed."""
    return Claim(**{**CLAIM, **changed})


def mean_claim(**changed: Any) -> Claim:
    """A claim on the mean percent reduction."""
    mean = {
        "measure": "percent_reduction", "definition": "mean_of_patients", "threshold_pct": None,
        "population": "observed", "cited_low": 40.0, "cited_high": 60.0, "unit": "percent",
    }  # fmt: skip
    return claim(**{**mean, **changed})


def duration_claim(**changed: Any) -> Claim:
    """A claim on the median duration of relief."""
    duration = {
        "measure": "relief_duration", "definition": "booster_as_loss", "population": "responders",
        "cited_low": 2.0, "cited_high": None, "unit": "weeks",
    }  # fmt: skip
    return claim(**{**duration, **changed})


def bare_claim(answer: str, **changed: Any) -> Claim:
    """A claim that no result answers."""
    words: dict[str, Any] = dict.fromkeys(REQUIRED, "")
    words |= {"claim_id": "T1", "wording": "it is good", "source": "typed", "condition": "all",
              "threshold_pct": None, "cited_low": None, "cited_high": None,
              "answer": answer, "reason": "nobody could know"}  # fmt: skip
    if answer == "no_records":
        words["needs"] = "testimonial_records"
    return Claim(**{**words, **changed})


_READ = {"cited_low": None, "cited_high": None}


def share_claim(**changed: Any) -> Claim:
    """A responder share against a word of frequency."""
    return claim(**{"measure": "implied_response", "frequency": "often", **_READ, **changed})


def flag_claim(**changed: Any) -> Claim:
    """An absolute: nobody with a psychosis is treated."""
    flag = {"measure": "flag_share", "definition": "active_psychosis", "frequency": "none",
            "population": "treated", "threshold_pct": None}  # fmt: skip
    return claim(**{**flag, **_READ, **changed})


def account_claim(**changed: Any) -> Claim:
    """A testimonial."""
    return claim(**{"measure": "testimonial", "definition": "", "frequency": "typical",
                    "baseline_score": 9.0, "threshold_pct": 66.0, **_READ, **changed})  # fmt: skip


def kept_claim(**changed: Any) -> Claim:
    """Relief kept until week 12."""
    return claim(**{"measure": "kept_relief", "definition": "booster_as_loss", "visit": "week_12",
                    "frequency": "typical", **_READ, **changed})  # fmt: skip


# Results


NOTHING = make_results([], measure="", n=0, unit="", method="none")
(PLAIN,) = rows_of(make_results([no_patients(unit="", method="none").row(measure="")]))


def row(**columns: Any) -> Row:
    """One result; what is not given takes the default of the results frame."""
    return PLAIN._replace(**{"status": "estimated", **columns})


def share_row(n_events: int, n: int, **keys: Any) -> Row:
    """A share with a Wilson interval, as the claim on CRPS asks for it."""
    base = {
        "measure": "responder_share", "definition": "percent_reduction", "condition": "crps",
        "population": "all_starters", "visit": "end", "threshold_pct": 30.0,
    }  # fmt: skip
    level = keys.get("level", 0.95)
    return row(**{**estimate_share(n_events, n, level=level).row(), **base, **keys})


def treated(measure: str, definition: str, n_events: int, n: int, **keys: Any) -> Row:
    """A share of all who were treated, of all conditions."""
    base = {"measure": measure, "definition": definition, "condition": "all", "visit": "",
            "threshold_pct": None, "population": "treated"}  # fmt: skip
    return share_row(n_events, n, **{**base, **keys})


def number_row(value: float | None, low: float | None, high: float | None, **keys: Any) -> Row:
    """A mean percent reduction with a typed interval."""
    base: dict[str, Any] = {
        "measure": "percent_reduction", "definition": "mean_of_patients", "condition": "crps",
        "population": "observed", "visit": "end", "n": 40, "level": 0.95, "unit": "percent",
    }  # fmt: skip
    return row(**{**base, "value": value, "low": low, "high": high, **keys})


def duration_row(value: float | None, low: float | None, high: float | None, **keys: Any) -> Row:
    """A median duration of relief with a typed interval."""
    base: dict[str, Any] = {
        "measure": "relief_duration", "definition": "booster_as_loss", "population": "responders",
        "visit": "", "threshold_pct": 30.0, "unit": "weeks",
        "status": "estimated" if value is not None else "not reached",
    }  # fmt: skip
    return number_row(value, low, high, **{**base, **keys})


def frame(*rows: Row) -> pd.DataFrame:
    """Results of typed rows; the same keys twice are let through, for tests of just that."""
    if not rows:
        return NOTHING
    if len({each.result_id for each in rows}) == len(rows):
        return make_results(each._asdict() for each in rows)
    return pd.concat([make_results([each._asdict()]) for each in rows])


def judge(asked: Claim, *rows: Row, arm: str = "", absent: Sequence[str] = ()) -> Judgement:
    """Judge one claim on typed results, at the end of the series."""
    (got,) = judge_claims([asked], frame(*rows), arm=arm, absent=absent)
    return got


# Judged ledgers


def results_of(own: Study) -> pd.DataFrame:
    """Results on response, reduction and treatment: enough for most claims, without relief."""
    settings = own.settings
    visit = settings.analysis_visit
    rows: list[dict[str, Any]] = []
    at_visit = own.adpain[own.adpain["AVISIT"] == visit]
    keys = ["condition", "group_by", "group"]
    for (condition, group_by, group), people in own.stack_groups(at_visit).groupby(keys):
        about = {"condition": condition, "group_by": group_by, "group": group, "visit": visit}
        rows += [
            estimate_responder_share(people[flag], missing=missing).row(
                measure="responder_share", definition=definition, population=population,
                threshold_pct=pct, **about,
            )
            for flag, definition, pct in (
                *((f"CRIT{pct:g}FL", "percent_reduction", pct) for pct in THRESHOLDS_PCT),
                ("CRIT2PFL", "two_points", None),
            )
            for population, missing in (
                ("all_starters", "nonresponse"), ("observed", "excluded"), ("best_case", "response")
            )
        ]  # fmt: skip
        n_rated = int(people["RATEDFL"].sum())
        rows.append(estimate_share(n_rated, len(people)).row(
            measure="completeness_share", population="all_starters", **about))  # fmt: skip
        falls = -people["PCHG"]
        for population, values in (("observed", falls), ("all_starters", falls.fillna(0.0))):
            rows.append(estimate_mean(values).row(
                measure="percent_reduction", definition="mean_of_patients", population=population,
                **about))  # fmt: skip
        responders = float(people["CRIT30FL"].fillna(False).sum())
        on_record = Estimate(value=responders, low=responders, n=len(people), unit="count",
                             n_missing=len(people) - n_rated, method="on_record")  # fmt: skip
        rows.append(on_record.row(
            measure="relieved_patients", definition="percent_reduction", threshold_pct=30.0,
            population="all_starters", **about))  # fmt: skip
    return make_results(rows + _flag_rows(own))


def _flag_rows(own: Study) -> list[dict[str, Any]]:
    rows = []
    for flags, of, questions in (
        (flag_treated(own), "SAFFL", TREATED_QUESTIONS),
        (flag_early(own), "FASFL", EARLY_QUESTIONS),
    ):
        stacked = own.stack_groups(flags, of)
        keys = ["condition", "group_by", "group", "measure", "definition"]
        for names, patients in stacked.groupby(keys):
            about = dict(zip(keys, names, strict=True))
            population = questions[about["measure"], about["definition"]]
            if population == "bounds" or about["group_by"] not in ("all", "arm"):
                continue
            share = estimate_responder_share(patients["FLAG"], missing="excluded")
            if share.value is None:
                share = replace(share, notes=(patients["lacking"].iloc[0],))
            rows.append(share.row(population=population, **about))
    return rows


def judge_typed(
    patients: Sequence[dict[str, Any]],
    settings: AnalysisSettings = QUICK,
    *,
    claims: Sequence[Claim] = (),
    with_infusions: bool = True,
) -> JudgedLedger:
    """Derive, estimate and judge typed patients."""
    own = study(patients, settings, with_infusions=with_infusions)
    ledger = claims or load_ledger()
    results = pd.concat([results_of(own), estimate_testimonials(ledger, own)], ignore_index=True)
    grids = judge_specifications(ledger, own)
    return judge_ledger(ledger, results, own, {name: each.summary for name, each in grids.items()})


@lru_cache(maxsize=1)
def clinic_ledger() -> JudgedLedger:
    """Thirteen patients with CRPS: `studies.clinic`."""
    return judge_typed(clinic())


def in_arm(arm: str, n: int, n_better: int) -> list[dict[str, Any]]:
    """n patients with a baseline of 8; the better ones end at 2, the others at 8."""
    return [
        patient(f"{arm}{i}", 8, 2 if i < n_better else 8, arm=arm, subtype="type_1")
        for i in range(n)
    ]


@lru_cache(maxsize=1)
def arms_ledger() -> JudgedLedger:
    """Twelve given the drug, 6 of whom have 75% less pain; fourteen given placebo, 3 of whom."""
    settings = QUICK.model_copy(update={"claim_arm": "drug"})
    return judge_typed([*in_arm("drug", 12, 6), *in_arm("placebo", 14, 3)], settings)


@lru_cache(maxsize=1)
def bare_ledger() -> JudgedLedger:
    """Twelve patients of whom no infusion is on record; one was never rated again."""
    people = [patient(f"p{i}", 8, later={3: 4} if i else {}) for i in range(12)]
    return judge_typed(people, with_infusions=False)


LEDGERS = {"clinic": clinic_ledger, "two arms": arms_ledger, "no infusions": bare_ledger}
