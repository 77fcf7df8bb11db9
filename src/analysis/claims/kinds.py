"""Verdicts beyond the headline figures: shares, counts, absolutes, testimonials, and no answer.

Three outcomes are kept apart that are easily mixed up: a claim the records contradict, a claim
they cannot answer, and one worded so that nothing could contradict it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.claims.beside import tell_definitions, tell_typical
from analysis.claims.claim import Claim
from analysis.claims.frequency import FREQUENCIES
from analysis.claims.judgement import Judgement, Verdict
from analysis.claims.power import further_patients_for_share
from analysis.claims.readings import ALL_MEASURES, ANSWERS, HEADLINE
from analysis.claims.telling import tell_reading, tell_row
from analysis.claims.verdicts import judge_interval, place_interval
from analysis.outcomes.rows import ResultRow, find_row
from analysis.wording.numbers import count_text
from analysis.wording.texts import say

DEFAULT_LEVEL = 0.95
"""Level of a row that does not state one."""

WHOLE_ONLY = ("series_time_ratio", "completeness_share")
"""Measures whose rows are not made by arm."""


def is_special(claim: Claim) -> bool:
    """Whether a claim is judged here and not as a headline figure."""
    return claim.answer != "computed" or claim.measure not in HEADLINE


def judge_special(
    claim: Claim,
    rows: Sequence[ResultRow],
    *,
    analysis_visit: str,
    group: Mapping[str, str],
    refusal: str = "",
) -> Judgement:
    """Judge a claim of any other kind than the headline figures.

    Parameters
    ----------
    claim : Claim
        One for which `is_special` holds.
    rows : sequence of ResultRow
        All rows of the run.
    analysis_visit : str
        Visit meant by claims that name none.
    group : mapping of str to str
        Row keys of the patients who may answer: all, or one arm.
    refusal : str
        Why no group can answer; arms are never pooled.

    Returns
    -------
    Judgement
        ``not testable`` with the reason where there are no records or only published studies could
        answer; ``unfalsifiable``, never passed, where nothing could contradict the words, with our
        number beside where there is one; else the verdict of the row.

    Raises
    ------
    ValueError
        Two rows answer the same claim: a result must exist once.
    """
    row, why_none = _answer(claim, rows, analysis_visit, group, refusal)
    if claim.answer != "computed":
        return _without_verdict(claim, row)
    if row is None:
        return _not_testable(claim, why_none)
    if row.value is None:
        return _not_testable(claim, row.warnings[0] if row.warnings else say("kinds.nobody"), row)
    verdict = _verdict(claim, row)
    told = [tell_row(claim, row)] if claim.measure != "testimonial" else []
    told += [tell_typical(claim, row, rows)] if claim.measure == "testimonial" else []
    told.append(tell_reading(claim, verdict, row))
    if claim.measure == "success":
        told.append(tell_definitions(claim, row, rows))
    further = _further_patients(claim, row) if verdict == "undecided" else None
    reason = _why_undecided(claim, row, further) if verdict == "undecided" else ""
    if further is not None:
        told.append(say("kinds.decide", n=count_text(further)))
    return _made(
        claim,
        row,
        verdict=verdict,
        position=place_interval(row.low, row.high, floor=claim.floor, ceiling=claim.ceiling),
        further_patients=further,
        reason=reason,
        sentence=" ".join(part for part in (*told, reason) if part),
    )


def _answer(
    claim: Claim,
    rows: Sequence[ResultRow],
    analysis_visit: str,
    group: Mapping[str, str],
    refusal: str,
) -> tuple[ResultRow | None, str]:
    """Return the row of the reading, or why there is none."""
    if not claim.measure:
        return None, ""
    if refusal:
        return None, refusal
    spec = ALL_MEASURES[claim.measure]
    arms = {row.group for row in rows if row.group_by == "arm" and row.condition == claim.condition}
    part = {} if claim.measure == "testimonial" else claim.group_keys
    if part and len(arms) > 1:
        return None, say("kinds.not_split")
    keys: dict[str, object] = {
        "measure": spec.row or claim.measure,
        "definition": claim.claim_id if claim.measure == "testimonial" else claim.definition,
        "condition": claim.condition,
        "population": claim.population,
        "threshold_pct": claim.threshold_pct,
        "visit": (claim.visit or analysis_visit) if spec.at_visit else "",
        **(part or group),
    }
    if claim.measure == "testimonial":
        del keys["threshold_pct"]  # too few comparable patients: a row without any number
    if claim.measure in WHOLE_ONLY:
        if len(arms) > 1:
            return None, say("kinds.not_split")
        keys |= {"group_by": "all", "group": "all"}
    row = find_row(rows, **keys)
    return row, "" if row is not None else _no_row(claim, keys)


def _no_row(claim: Claim, keys: Mapping[str, object]) -> str:
    whom = "kinds.condition_part" if claim.group else "kinds.condition"
    return say(
        "kinds.no_row_of_visit" if keys["visit"] else "kinds.no_row_of",
        whom=say(whom, condition=claim.condition, part=claim.group),
        visit=keys["visit"],
    )


def _verdict(claim: Claim, row: ResultRow) -> Verdict:
    verdict = judge_interval(row.low, row.high, floor=claim.floor, ceiling=claim.ceiling)
    if verdict != "undecided" and _mostly_unknown(row) and claim.ceiling != 0:
        return "undecided"
    must_be_above = bool(claim.frequency) and FREQUENCIES[claim.frequency].above
    if verdict == "meets" and must_be_above and row.low == claim.floor:
        return "undecided"
    return verdict


def _mostly_unknown(row: ResultRow) -> bool:
    """Whether a number leaves out more patients than it holds; bounds hold everybody."""
    return row.population in ("observed", "treated", "high_dose") and row.n_missing > row.n


def _further_patients(claim: Claim, row: ResultRow) -> int | None:
    mark = claim.ceiling if claim.floor is None else claim.floor
    if row.unit != "share" or row.n_events is None or mark is None:
        return None
    if row.population == "bounds" or _mostly_unknown(row):
        return None
    if row.value is None or abs(row.n_events / max(row.n, 1) - row.value) > 1e-9:
        return None  # a share of a curve is not a count of patients
    return further_patients_for_share(
        row.n_events, row.n, floor=mark, level=row.level or DEFAULT_LEVEL
    )


def _why_undecided(claim: Claim, row: ResultRow, further: int | None) -> str:
    if row.measure == "relieved_patients":
        return say("kinds.not_all")
    if row.population == "bounds" and row.n_missing:
        return say("kinds.too_few_rated")
    if _mostly_unknown(row):
        return say("kinds.mostly_unknown")
    if row.low is None and row.high is None and row.warnings:
        return row.warnings[0]
    if further is None and claim.ceiling != 0:
        return say("kinds.no_realistic_number")
    return ""


def _without_verdict(claim: Claim, row: ResultRow | None) -> Judgement:
    """Answer a claim that no row can decide: why, and our number beside where there is one."""
    has_number = row is not None and row.value is not None
    if claim.answer == "unfalsifiable":
        reason = claim.reason
        told = say("kinds.unfalsifiable", reason=reason)
    else:
        needs = say("kinds.no_records", needs=claim.needs)
        why = needs if claim.needs else ANSWERS[claim.answer]
        reason = say("kinds.why", why=f"{why[0].upper()}{why[1:]}", reason=claim.reason)
        told = say("kinds.cannot_answer", why=why, reason=claim.reason)
    if has_number and row is not None:
        told = say("kinds.beside", told=told, row=tell_row(claim, row))
    return _made(
        claim,
        row if has_number else None,
        verdict="unfalsifiable" if claim.answer == "unfalsifiable" else "not testable",
        reason=reason,
        sentence=told,
    )


def _not_testable(claim: Claim, reason: str, row: ResultRow | None = None) -> Judgement:
    reason = reason or say("kinds.no_row")
    sentence = say("claim_words.cannot_answer", reason=reason)
    return _made(claim, row, verdict="not testable", reason=reason, sentence=sentence)


_OF_CLAIM = ("claim_id", "wording", "source", "condition", "cited_text")
_OF_ROW = ("value", "low", "high", "level", "n", "n_missing", "status", "unit", "result_id")


def _made(claim: Claim, row: ResultRow | None, **told: object) -> Judgement:
    shared: dict[str, object] = {name: getattr(claim, name) for name in _OF_CLAIM}
    shared |= {"reading": claim.reading or claim.reason, "unit": claim.unit or "share"}
    shared |= {"cited_low": claim.floor, "cited_high": claim.ceiling, "status": "no patients"}
    if row is not None:  # the numbers of the row travel with the judgement
        shared |= {name: getattr(row, name) for name in _OF_ROW}
    return Judgement(**{**shared, **told})  # type: ignore[arg-type]
