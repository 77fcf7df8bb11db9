"""The whole ledger on one export: the rows it needs beyond the headline, and every judgement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.claims.absent import absent_conditions
from analysis.claims.claim import Claim
from analysis.claims.complete import complete_judgements
from analysis.claims.judge import judge_claims
from analysis.claims.judgement import Judgement, headlines_of
from analysis.claims.multiplicity import shrink_conditions
from analysis.claims.robustness import RobustnessResult
from analysis.derive.datasets import Datasets
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.statements import add_rows, tabulate_statements
from analysis.outcomes.testimonials import Testimonial
from analysis.settings import AnalysisSettings


@dataclass(frozen=True, kw_only=True)
class JudgedLedger:
    """Every claim judged, with the rows that were made for it.

    Parameters
    ----------
    claims : tuple of Claim
    judgements : tuple of Judgement
        In the order of the claims, with everything beside the verdict.
    rows : tuple of ResultRow
        Rows beyond those of the other notebooks.
    readings : mapping of str to RobustnessResult
        The grid of readings of every computed claim, by its id.
    shrunk : tuple of ResultRow
        Responder share of every condition, shrunk towards all; no claim is judged on them.
    """

    claims: tuple[Claim, ...]
    judgements: tuple[Judgement, ...]
    rows: tuple[ResultRow, ...]
    readings: Mapping[str, RobustnessResult] = field(default_factory=dict)
    shrunk: tuple[ResultRow, ...] = ()

    @property
    def headlines(self) -> tuple[Judgement, ...]:
        """Return the judgements of the first page."""
        return headlines_of(self.judgements)


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
    every = add_rows(rows, more)
    judgements = judge_claims(
        claims,
        every,
        analysis_visit=settings.analysis_visit,
        arm=settings.claim_arm,
        settings=settings,
        absent=absent_conditions(claims, datasets.condition_codes),
    )
    done = complete_judgements(claims, judgements, every, datasets, settings)
    return JudgedLedger(
        claims=tuple(claims),
        judgements=done.judgements,
        rows=more,
        readings=done.readings,
        shrunk=shrink_conditions(
            every,
            visit=settings.analysis_visit,
            group_by="arm" if settings.claim_arm else "all",
            group=settings.claim_arm or "all",
        ),
    )
