"""Judged ledgers of small typed exports, made once, for tests of what stands beside verdicts."""

from __future__ import annotations

from functools import lru_cache

from studies import SETTINGS, clinic, patient, study

from analysis.claims.ledger import load_ledger
from analysis.claims.whole import JudgedLedger, judge_ledger
from analysis.outcomes.pain import tabulate_reductions
from analysis.outcomes.responders import tabulate_responders
from analysis.outcomes.rows import ResultRow
from analysis.settings import AnalysisSettings

QUICK = SETTINGS.model_copy(update={"bootstrap_replicates": 100})


def rows_of(datasets, settings: AnalysisSettings = QUICK, codes=()) -> list[ResultRow]:
    """Rows on response and reduction: enough for most claims, without the slower relief."""
    codes = codes or [*datasets.condition_codes, "all"]
    makers = (tabulate_responders, tabulate_reductions)
    return [row for code in codes for make in makers for row in make(datasets, settings, code)]


def judge(patients, settings: AnalysisSettings = QUICK, *, with_infusions: bool = True):
    """Derive, tabulate and judge typed patients."""
    datasets = study(patients, settings, with_infusions=with_infusions)
    codes = [*datasets.condition_codes, "all"]
    return judge_ledger(load_ledger(), rows_of(datasets, settings), datasets, settings,
                        conditions=codes)  # fmt: skip


@lru_cache(maxsize=1)
def clinic_ledger() -> JudgedLedger:
    """Thirteen patients with CRPS: `studies.clinic`."""
    return judge(clinic())


def in_arm(arm: str, n: int, n_better: int, *, start: int = 0):
    """n patients with a baseline of 8; the better ones end at 2, the others at 8."""
    return [
        patient(f"{arm}{start + i}", 8, 2 if i < n_better else 8, arm=arm, subtype="type_1")
        for i in range(n)
    ]


@lru_cache(maxsize=1)
def arms_ledger() -> JudgedLedger:
    """Twelve given the drug, 6 of whom have 75 % less pain; fourteen given placebo, 3 of whom."""
    settings = QUICK.model_copy(update={"claim_arm": "drug"})
    return judge([*in_arm("drug", 12, 6), *in_arm("placebo", 14, 3)], settings)


@lru_cache(maxsize=1)
def bare_ledger() -> JudgedLedger:
    """Twelve patients of whom no infusion is on record; one was never rated again."""
    return judge(
        [patient(f"p{i}", 8, later={3: 4} if i else {}) for i in range(12)],
        with_infusions=False,
    )  # fmt: skip


LEDGERS = {"clinic": clinic_ledger, "two arms": arms_ledger, "no infusions": bare_ledger}
