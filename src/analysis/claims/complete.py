"""Everything that stands beside a verdict, filled in at one place.

Readings, tipping point, the verdict among all claims, the shrunk share of a small condition, what
may be said instead, and what the words as printed lack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.claims.checks import check_sentence
from analysis.claims.claim import Claim
from analysis.claims.judgement import Judgement, Readings, Shrunk, Tipping
from analysis.claims.may_say import write_may_say
from analysis.claims.multiplicity import adjust_verdicts, shrink_conditions
from analysis.claims.provenance import provenance_of
from analysis.claims.robustness import Benches, RobustnessResult, judge_readings
from analysis.claims.rules import Rule, load_rules, rules_of_checks
from analysis.claims.tipping import MeanTipping, ShareTipping, tip_judgement
from analysis.derive.datasets import Datasets
from analysis.outcomes.rows import ResultRow
from analysis.settings import AnalysisSettings

SMALL_CONDITION_N = 100
"""Patients. Below, a Wilson interval at one half reaches 10 percent points or more to a side."""


@dataclass(frozen=True, kw_only=True)
class Completed:
    """Judgements with everything beside them, and each grid of readings by claim id."""

    judgements: tuple[Judgement, ...]
    readings: Mapping[str, RobustnessResult]


def complete_judgements(
    claims: Sequence[Claim],
    judgements: Sequence[Judgement],
    rows: Sequence[ResultRow],
    datasets: Datasets,
    settings: AnalysisSettings,
    *,
    rules: Sequence[Rule] | None = None,
) -> Completed:
    """Fill in everything that stands beside the verdicts of a run.

    Parameters
    ----------
    claims : sequence of Claim
    judgements : sequence of Judgement
        Of the same claims in the same order; together they are the family of the adjustment.
    rows : sequence of ResultRow
        All rows of the run.
    datasets, settings
        Of the run.
    rules : sequence of Rule, optional
        The suite's own where not given.

    Returns
    -------
    Completed

    Raises
    ------
    ValueError
        Claims and judgements are not of the same ledger, in the same order.
    """
    for claim, judgement in zip(claims, judgements, strict=True):
        if claim.claim_id != judgement.claim_id:
            raise ValueError(f"claim {claim.claim_id} beside a judgement of {judgement.claim_id}")
    known = {*datasets.conditions.labels, "all"}
    benches: Benches = {}
    readings = {
        claim.claim_id: judge_readings(claim, datasets, settings, benches=benches)
        for claim in claims
        if claim.answer == "computed" and claim.condition in known
    }
    adjusted = adjust_verdicts(judgements, rows)
    by_id = {row.result_id: row for row in rows}
    checks = rules_of_checks(load_rules() if rules is None else rules)
    provenance = provenance_of(datasets)
    made = []
    for claim, one, holm in zip(claims, judgements, adjusted, strict=True):
        saying = write_may_say(claim, one, rows, provenance=provenance)
        made.append(
            replace(
                one,
                section=claim.section,
                kind=claim.kind,
                answer=claim.answer,
                headline=claim.headline == "yes",
                verdict_adjusted=holm.adjusted,
                p_holm=holm.p_holm,
                robustness=count_readings(readings.get(claim.claim_id)),
                tipping=sum_up_tipping(tip_judgement(one, rows)),
                shrunk=shrink_small(by_id.get(one.result_id), rows),
                may_say=saying.text,
                sayable=saying.states_result,
                lacks=check_sentence(claim.wording, checks, kind=claim.kind, measure=claim.measure),
            )
        )
    return Completed(judgements=tuple(made), readings=readings)


def count_readings(result: RobustnessResult | None) -> Readings | None:
    """Return a grid of readings in counts; None for a claim that is not computed."""
    if result is None:
        return None
    return Readings(
        n=len(result.specifications),
        n_agreeing=result.n_agreeing,
        verdicts=result.counts,
        sentence=result.sentence,
    )


def sum_up_tipping(tip: ShareTipping | MeanTipping | None) -> Tipping | None:
    """Return a tipping point in a few numbers and its sentence."""
    if tip is None:
        return None
    if isinstance(tip, ShareTipping):
        return Tipping(
            n_missing=tip.n_missing,
            n_could=tip.n_open,
            n_to_meet=tip.n_to_meet,
            sentence=tip.sentence,
        )
    return Tipping(
        n_missing=tip.n_missing, delta_to_meet_pct=tip.delta_to_meet, sentence=tip.sentence
    )


def shrink_small(row: ResultRow | None, rows: Sequence[ResultRow]) -> Shrunk | None:
    """Return the shrunk share of a small condition, None for any other row.

    Parameters
    ----------
    row : ResultRow or None
        The row a claim rests on: a responder share of a whole condition, or of one of its arms.
    rows : sequence of ResultRow
        Rows of all conditions.
    """
    if row is None or row.measure != "responder_share" or row.condition == "all":
        return None
    if not 0 < row.n < SMALL_CONDITION_N or row.group_by not in ("all", "arm"):
        return None
    shrunk = shrink_conditions(
        rows,
        visit=row.visit,
        definition=row.definition,
        threshold_pct=row.threshold_pct,
        population=row.population,
        group_by=row.group_by,
        group=row.group,
    )
    own = next((one for one in shrunk if one.condition == row.condition), None)
    if own is None or own.value is None:
        return None
    return Shrunk(
        value=own.value, low=own.low, high=own.high, n=own.n, label=" ".join(own.warnings)
    )
