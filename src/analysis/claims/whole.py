"""The whole ledger on one export: the rows it needs beyond the headline, and every judgement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.claims.claim import Claim
from analysis.claims.judge import judge_claims
from analysis.claims.judgement import Judgement
from analysis.derive.datasets import Datasets
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.statements import add_rows, tabulate_statements
from analysis.outcomes.testimonials import Testimonial
from analysis.settings import AnalysisSettings


@dataclass(frozen=True, kw_only=True)
class JudgedLedger:
    """Every claim judged, with the rows that were made for it."""

    claims: tuple[Claim, ...]
    judgements: tuple[Judgement, ...]
    rows: tuple[ResultRow, ...]


def testimonials_of(claims: Iterable[Claim]) -> tuple[Testimonial, ...]:
    """Return the outcomes that testimonials among the claims tell, as numbers."""
    return tuple(
        Testimonial(
            name=claim.claim_id,
            condition=claim.condition,
            subtype=claim.group_keys.get("group", ""),
            baseline_score=claim.baseline_score,
            fall_pct=claim.threshold_pct or 0.0,
        )
        for claim in claims
        if claim.measure == "testimonial"
    )


def judge_ledger(
    claims: Sequence[Claim],
    rows: Sequence[ResultRow],
    datasets: Datasets,
    settings: AnalysisSettings,
    *,
    conditions: Iterable[str],
) -> JudgedLedger:
    """Judge every claim of a ledger, also those that need more than the headline rows.

    Parameters
    ----------
    claims : sequence of Claim
        All of `analysis.claims.ledger.load_ledger`.
    rows : sequence of ResultRow
        Rows of the other notebooks.
    datasets, settings
        Of the run.
    conditions : iterable of str
        Condition codes to make further rows for, and ``all``.

    Returns
    -------
    JudgedLedger
        ``rows`` are the further ones only.

    Raises
    ------
    SettingsError
        No such condition.
    """
    told = [one for one in testimonials_of(claims) if one.condition in datasets.conditions.labels]
    more = tabulate_statements(datasets, settings, conditions, testimonials=told)
    judgements = judge_claims(
        claims,
        add_rows(rows, more),
        analysis_visit=settings.analysis_visit,
        arm=settings.claim_arm,
        settings=settings,
    )
    return JudgedLedger(claims=tuple(claims), judgements=judgements, rows=more)
