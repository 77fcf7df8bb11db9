"""Judge claims: find the result row a claim's reading asks for, and compare."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from analysis.claims.absent import no_patients_text
from analysis.claims.departures import tell_departures
from analysis.claims.duration import tell_beside
from analysis.claims.judgement import Judgement
from analysis.claims.kinds import is_special, judge_special
from analysis.claims.ledger import Claim
from analysis.claims.power import further_patients_by_precision, further_patients_for_share
from analysis.claims.verdicts import judge_interval, place_interval
from analysis.claims.wording import middle_of_cited, write_finding
from analysis.outcomes.responders import THRESHOLDS_PCT
from analysis.outcomes.rows import ResultRow, find_row
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say

DEFAULT_LEVEL = 0.95
"""Level of a row that does not state one."""


def judge_claims(
    claims: Sequence[Claim],
    rows: Sequence[ResultRow],
    *,
    analysis_visit: str,
    arm: str = "",
    settings: AnalysisSettings | None = None,
    absent: Collection[str] = (),
) -> tuple[Judgement, ...]:
    """Judge every claim on the result rows of a run.

    Parameters
    ----------
    claims : sequence of Claim
        The ledger.
    rows : sequence of ResultRow
        Rows of all conditions.
    analysis_visit : str
        Visit meant by claims that name none.
    arm : str
        Arm the claims are about, where the rows have arms; drug and placebo are never pooled.
    settings : AnalysisSettings, optional
        Settings of the run; where they depart from a claim's reading its sentence says so.
    absent : collection of str
        Conditions of which the export has no patient; a claim on one says so.

    Returns
    -------
    tuple of Judgement
        In the order of the ledger.
    """
    judged = []
    for claim in claims:
        judgement = judge_claim(claim, rows, analysis_visit=analysis_visit, arm=arm, absent=absent)
        answered = judgement.verdict != "not testable"
        more = tell_departures(claim, settings) if settings and answered else ""
        judged.append(replace(judgement, sentence=f"{judgement.sentence} {more}".strip()))
    return tuple(judged)


def judge_claim(
    claim: Claim,
    rows: Sequence[ResultRow],
    *,
    analysis_visit: str,
    arm: str = "",
    absent: Collection[str] = (),
) -> Judgement:
    """Judge one claim; ``not testable`` with the reason where the rows hold no answer.

    Parameters and source as `judge_claims`.

    Raises
    ------
    ValueError
        Two rows answer the same claim: a result must exist once.
    """
    group, refusal = _group_of(claim, rows, arm)
    if claim.condition in absent:
        refusal = no_patients_text(claim)
    if is_special(claim):
        return judge_special(
            claim, rows, analysis_visit=analysis_visit, group=group, refusal=refusal
        )
    if refusal:
        return _not_testable(claim, refusal)
    row = _answer(claim, rows, analysis_visit, group)
    if row is None:
        return _not_testable(claim, _no_row(claim, analysis_visit))
    if row.n == 0 or row.status in ("no patients", "not estimable"):
        return _not_testable(claim, _first_warning(row, "judge.nobody"), row)
    range_ = {"floor": claim.cited_low, "ceiling": claim.cited_high}
    verdict = judge_interval(row.low, row.high, **range_)
    undecided = verdict == "undecided"
    further = _further_patients(claim, row) if undecided else None
    middle = middle_of_cited(claim.cited_low, claim.cited_high)
    if_cited = _further_patients(claim, row, true=middle) if undecided and middle else None
    judgement = Judgement(
        **_shared(claim, row),  # type: ignore[arg-type]
        verdict=verdict,
        position=place_interval(row.low, row.high, **range_),
        further_patients=further,
        further_patients_if_cited=if_cited,
        reason=_why_no_number(claim, row) if undecided and further is None else "",
    )
    told = _with_sentence(judgement, row)
    if claim.measure != "relief_duration":
        return told
    return replace(told, sentence=f"{told.sentence} {tell_beside(told, row, rows)}".strip())


def _group_of(claim: Claim, rows: Sequence[ResultRow], arm: str) -> tuple[dict[str, str], str]:
    """Return which patients answer a claim, or why none can: arms are never pooled."""
    by_arm = [row for row in rows if row.group_by == "arm"]
    arms = sorted({row.group for row in by_arm if row.condition == claim.condition})
    if len(arms) == 1 and not arm:
        arm = arms[0]
    if arm in arms:
        return {"group_by": "arm", "group": arm}, ""
    told = say("judge.between_arms").join(arms)
    if arms and arm:
        return {}, say("judge.arm_unknown", arm=arm, arms=told)
    if arms:
        return {}, say("judge.arms_several", arms=told)
    if arm and not by_arm:
        return {}, say("judge.arms_none", arm=arm)
    return {"group_by": "all", "group": "all"}, ""


def _answer(
    claim: Claim, rows: Sequence[ResultRow], analysis_visit: str, group: dict[str, str]
) -> ResultRow | None:
    keys = {
        "measure": claim.measure,
        "definition": claim.definition,
        "condition": claim.condition,
        "population": claim.population,
        "threshold_pct": claim.threshold_pct,
        **group,
    }
    if claim.measure != "relief_duration":
        keys["visit"] = claim.visit or analysis_visit
    return find_row(rows, **keys)


def _no_row(claim: Claim, analysis_visit: str) -> str:
    """Say which result is not there, and what would make it."""
    least = claim.threshold_pct
    named = {
        "reduction": least is not None,
        "visit": claim.measure != "relief_duration",
        "set": least not in (None, *THRESHOLDS_PCT),
    }
    told = "_".join(part for part, is_named in named.items() if is_named)
    threshold = f"{least or 0:g}"
    return say(
        f"judge.no_row.{told}",
        whom=_whom(claim.condition),
        visit=claim.visit or analysis_visit,
        percent=say("numbers.percent", number=threshold),
        threshold=threshold,
    )


def _whom(condition: str) -> str:
    if condition == "all":
        return say("judge.any_condition")
    return say("judge.condition", condition=condition)


_OF_CLAIM = (
    "claim_id", "wording", "source", "condition", "reading", "cited_low", "cited_high",
    "cited_text", "unit",
)  # fmt: skip
_OF_ROW = ("value", "low", "high", "level", "n", "n_missing", "status", "result_id")


def _shared(claim: Claim, row: ResultRow | None) -> dict[str, object]:
    shared: dict[str, object] = {name: getattr(claim, name) for name in _OF_CLAIM}
    if row is not None:  # the numbers of the row travel with the judgement
        shared |= {name: getattr(row, name) for name in _OF_ROW}
    return shared


def _not_testable(claim: Claim, reason: str, row: ResultRow | None = None) -> Judgement:
    judgement = Judgement(
        **{**_shared(claim, row), "status": row.status if row else "no patients"},  # type: ignore[arg-type]
        verdict="not testable",
        reason=reason,
    )
    return _with_sentence(judgement, row)


def _with_sentence(judgement: Judgement, row: ResultRow | None) -> Judgement:
    return replace(judgement, sentence=write_finding(judgement, row))


def _mark(claim: Claim) -> float:
    """Return the cited figure that decides: the floor, or the ceiling where there is no floor."""
    mark = claim.cited_high if claim.cited_low is None else claim.cited_low
    if mark is None:
        raise ValueError("a claim needs a floor or a ceiling")
    return mark


def _further_patients(claim: Claim, row: ResultRow, *, true: float | None = None) -> int | None:
    """Return how many more patients decide, at the value seen or at a given true one."""
    level = row.level or DEFAULT_LEVEL
    if row.value is None or claim.measure == "relief_duration":
        return None  # more patients do not narrow what lies between two visits
    if claim.unit == "share" and row.n_events is not None:
        return further_patients_for_share(
            row.n_events, row.n, floor=_mark(claim), true_share=true, level=level
        )
    return further_patients_by_precision(
        row.value,
        row.low,
        row.high,
        row.n,
        floor=_mark(claim),
        true_value=true,
        level=level,
    )


def _why_no_number(claim: Claim, row: ResultRow) -> str:
    if row.low is None and row.high is None:
        return _first_warning(row, "judge.no_interval")
    if row.value is None or (row.high is None and row.value < _mark(claim)):
        return say("judge.follow_up")
    if claim.measure == "relief_duration":
        return say("judge.closer_visits")
    if row.low is None:
        return say("judge.no_lower_limit")
    return say("claim_words.no_realistic_number")


def _first_warning(row: ResultRow, otherwise: str) -> str:
    """Return the first warning of a row, or the text of that name where it has none."""
    return row.warnings[0] if row.warnings else say(otherwise)
