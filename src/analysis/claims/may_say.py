"""What may be said: for each claim the sentence its result rows bear out, or why there is none.

Every number comes from a result row. Nothing here says why pain changed, and each sentence carries
what the checkable rules ask of it (`analysis.claims.checks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.claims.beside import typical_parts
from analysis.claims.claim import Claim
from analysis.claims.judgement import Judgement
from analysis.claims.kinds import MOSTLY_UNKNOWN
from analysis.claims.provenance import OFF_LABEL, RISKS, Provenance, tell_control
from analysis.claims.readings import ANSWERS, HEADLINE
from analysis.claims.subjects import subject_of
from analysis.claims.telling import patients_text, tell_row
from analysis.claims.wording import tell_estimate
from analysis.derive.visits import END
from analysis.outcomes.rows import KEYS, ResultRow, find_row
from analysis.wording.numbers import (
    SMALL_N,
    count_text,
    fraction_text,
    interval_text,
    level_text,
    share_text,
)
from analysis.wording.words import visit_word

USUAL_THRESHOLDS_PCT = (30.0, 50.0)
"""Percent. Both are told, whichever a claim names (Dworkin 2008, J Pain 9:105)."""

FEW_EVENTS = 5
"""Patients. Fewer who did as well as a quoted person could point at that person."""

FEW_FLAGGED = "fewer than five patients are counted in it, who could be recognized"

TOO_FEW = f"fewer than {SMALL_N} patients are in it, too few to say anything of others"

NOBODY_RATED = "nobody in it was rated then"

NEEDED = {
    "adverse_events": "adverse events",
    "opioid_use": "doses of opioids",
    "questionnaires": "questionnaires",
    "infusions.dose_mg_per_kg": "doses of infusions",
    "infusions.sedation": "depths of sedation",
    "infusions.sbp_peak": "blood pressures",
    "infusions.spo2_lowest": "oxygen saturations",
    "infusions.discharge_minutes": "times of discharge",
    "infusions.monitoring": "timed vital signs",
    "infusions.setting": "places of infusion",
    "patients.care_team": "other physicians of a patient",
    "co_treatments": "other treatments",
    "assessments": "first examinations",
    "laboratory": "laboratory tests",
    "billing": "bills",
    "testimonial_records": "authorizations of the persons quoted",
}
"""What is not read, in words, by `analysis.claims.readings.NEEDS`."""


@dataclass(frozen=True, kw_only=True)
class Saying:
    """What may be said of a claim, and whether it states a result."""

    text: str
    states_result: bool


def write_may_say(
    claim: Claim, judgement: Judgement, rows: Sequence[ResultRow], *, provenance: Provenance
) -> Saying:
    """Return the sentence the data bear out for a claim, or that they bear out none and why.

    Parameters
    ----------
    claim : Claim
    judgement : Judgement
        Of this claim; its ``result_id`` names the row.
    rows : sequence of ResultRow
        All rows of the run.
    provenance : Provenance
        Where the figures come from.

    Returns
    -------
    Saying
        Below ten patients, and where most are unknown, no result is stated. For words that cannot
        be judged, the result of the row beside them stands instead of them.
    """
    row = next((one for one in rows if one.result_id == judgement.result_id), None)
    if claim.answer == "computed" and (row is None or judgement.verdict == "not testable"):
        return Saying(text=_none(judgement.reason), states_result=False)
    why = _why_not(claim)
    if row is None:
        return Saying(text=_none(f"{why}."), states_result=False)
    row = _row_told(row, rows)
    unsaid = _unsayable(row)
    if unsaid:
        return Saying(text=_none(f"{why or unsaid}."), states_result=False)
    told = _tell(claim, judgement, row, rows, provenance)
    if why:
        opening = f"Our records bear out no sentence in these words: {why}. They bear out this one:"
        told = f"{opening} {told}"
    return Saying(text=told, states_result=True)


def _none(why: str) -> str:
    return f"Our records bear out no sentence on this: {why}"


def _why_not(claim: Claim) -> str:
    """Return in a clause why the words themselves cannot be judged; empty where they can."""
    if claim.answer == "computed":
        return ""
    if claim.needs:
        return f"{ANSWERS[claim.answer]} ({NEEDED[claim.needs]})"
    return {
        "unfalsifiable": "as worded it cannot be false",
        "opinion": "it is an opinion, an appeal or a term of service",
        "definition": "it defines a term",
    }.get(claim.answer, ANSWERS[claim.answer])


def _row_told(row: ResultRow, rows: Sequence[ResultRow]) -> ResultRow:
    """Return the row to tell: of a bare count of patients the share that it is."""
    if row.measure != "relieved_patients":
        return row
    return _same(row, rows, measure="responder_share") or row


def _unsayable(row: ResultRow) -> str:
    if row.value is None and row.status != "not reached":
        return NOBODY_RATED
    if row.n < SMALL_N:
        return TOO_FEW
    if row.measure == "flag_share" and 0 < (row.n_events or 0) < FEW_EVENTS:
        return FEW_FLAGGED
    known = row.n - row.n_missing if row.population == "bounds" else row.n
    unknown = row.population in ("observed", "treated", "high_dose", "bounds")
    if unknown and row.n_missing > known:
        return MOSTLY_UNKNOWN[0].lower() + MOSTLY_UNKNOWN[1:].removesuffix(".")
    return ""


def _tell(
    claim: Claim,
    judgement: Judgement,
    row: ResultRow,
    rows: Sequence[ResultRow],
    provenance: Provenance,
) -> str:
    """Return the whole sentence: result, what is missing, control group, source, risks."""
    subject = subject_of("", kind=claim.kind, measure=claim.measure)
    parts = [_core(claim, judgement, row, rows), *_beside(claim, row, rows, subject, provenance)]
    if subject != "practice":
        parts.append(tell_control(row, rows))
    parts.append(provenance.sentence)
    if subject != "practice":
        parts += [OFF_LABEL, RISKS]
    return " ".join(part for part in parts if part)


def _core(claim: Claim, judgement: Judgement, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    if claim.measure == "testimonial":
        return _tell_testimonial(claim, row, rows)
    told = tell_estimate(judgement, row) if claim.measure in HEADLINE else tell_row(claim, row)
    return told[0].upper() + told[1:]


def _beside(
    claim: Claim,
    row: ResultRow,
    rows: Sequence[ResultRow],
    subject: str,
    provenance: Provenance,
) -> list[str]:
    """Return what must stand beside the number: other threshold, those missing, boosters."""
    told = []
    if row.measure == "responder_share":
        told += [_other_thresholds(row, rows), "A booster before the visit counts as no response."]
    if row.measure == "percent_reduction":
        told.append("Ratings after a booster are in it.")
    if row.population == "responders" and row.measure != "series_time_ratio":
        told.append(_of_all_who_started(row, rows))
    if subject == "duration":
        told.append("Whoever was not rated any more counts up to the last rating.")
        told.append(provenance.follow_up)
        if row.measure == "series_time_ratio":
            told.append("A booster begins a further series. The series are of patients with relief "
                        "at the end of them.")  # fmt: skip
    elif not row.n_missing and claim.measure != "testimonial":
        told.append("It is on record for all of them.")
    if claim.kind == "testimonial" and claim.measure != "testimonial":
        told.append("That is typical of patients with the same condition, as far as it is counted "
                    "here; one person's account is no evidence.")  # fmt: skip
    return told


def _same(row: ResultRow, rows: Sequence[ResultRow], **other: object) -> ResultRow | None:
    return find_row(rows, **{name: getattr(row, name) for name in KEYS} | other)


def _of_all_who_started(row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return of how many starters the responders are: a rate among those who did well hides it."""
    began = _same(row, rows, measure="responder_share", definition="percent_reduction",
                  population="all_starters", visit=END)  # fmt: skip
    if began is None or began.n_events != row.n:
        return ""
    return f"They are {fraction_text(row.n, began.n)} who started."


def _other_thresholds(row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return the shares at the usual thresholds that the row itself does not tell."""
    told = []
    for pct in USUAL_THRESHOLDS_PCT:
        other = _same(row, rows, measure="responder_share", definition="percent_reduction",
                      threshold_pct=pct)  # fmt: skip
        if pct == row.threshold_pct or other is None or other.value is None:
            continue
        counted = fraction_text(other.n_events or 0, other.n)
        told.append(f"At least {pct:g} % less pain: {counted}; "
                    f"{level_text(other.level)} {interval_text(other)}.")  # fmt: skip
    return " ".join(told)


def _tell_testimonial(claim: Claim, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return the typical result of comparable patients, and how many did as well as one quoted."""
    events = row.n_events or 0
    counted = fraction_text(events, row.n).partition(" of ")[0] + f" ({share_text(row.value)})"
    if 0 < events < FEW_EVENTS:
        counted = f"fewer than {FEW_EVENTS} (fewer than {share_text(FEW_EVENTS / row.n)})"
    alike = "Comparable means the same condition; the account tells no baseline."
    began = ""
    if claim.baseline_score is not None:
        began = f" and began within one point of {claim.baseline_score:g}"
        alike = "Comparable means the same condition and a similar baseline."
    missing = (f" {count_text(row.n_missing)} of them not rated count as not."
               if row.n_missing else " All were rated.")  # fmt: skip
    typical = "; ".join(typical_parts(row, rows))
    of_whom = patients_text(claim, row)
    return (
        f"Of {of_whom} who started{began}, {counted} had a result like the one quoted at "
        f"{visit_word(row.visit)}; {level_text(row.level)} {interval_text(row)}.{missing} {alike} "
        + (
            f"Typical of such patients, with intervals of the same level: {typical}."
            if typical
            else ""
        )
    )
