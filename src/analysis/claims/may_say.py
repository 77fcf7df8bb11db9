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
from analysis.claims.provenance import Provenance, tell_control
from analysis.claims.readings import ANSWERS, HEADLINE
from analysis.claims.subjects import subject_of
from analysis.claims.telling import named_interval, patients_text, tell_row
from analysis.claims.wording import tell_estimate
from analysis.derive.visits import END
from analysis.outcomes.rows import KEYS, ResultRow, find_row
from analysis.wording.numbers import SMALL_N, count_text, fraction_text, share_text
from analysis.wording.texts import say
from analysis.wording.words import Words, visit_word

USUAL_THRESHOLDS_PCT = (30.0, 50.0)
"""Percent. Both are told, whichever a claim names (Dworkin 2008, J Pain 9:105)."""

FEW_EVENTS = 5
"""Patients. Fewer who did as well as a quoted person could point at that person."""

NEEDED = Words("needed", within="may_say")
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
        return Saying(text=say("may_say.none", reason=judgement.reason), states_result=False)
    why = _why_not(claim)
    if row is None:
        return Saying(text=say("may_say.none_because", why=why), states_result=False)
    row = _row_told(row, rows)
    unsaid = _unsayable(row)
    if unsaid:
        return Saying(text=say("may_say.none_because", why=why or unsaid), states_result=False)
    told = _tell(claim, judgement, row, rows, provenance)
    if why:
        told = say("may_say.another", why=why, told=told)
    return Saying(text=told, states_result=True)


def _why_not(claim: Claim) -> str:
    """Return in a clause why the words themselves cannot be judged; empty where they can."""
    if claim.answer == "computed":
        return ""
    if claim.needs:
        return say("may_say.needs", answer=ANSWERS[claim.answer], records=NEEDED[claim.needs])
    own = {
        "unfalsifiable": "may_say.unfalsifiable",
        "opinion": "may_say.opinion",
        "definition": "may_say.definition",
    }
    return say(own[claim.answer]) if claim.answer in own else ANSWERS[claim.answer]


def _row_told(row: ResultRow, rows: Sequence[ResultRow]) -> ResultRow:
    """Return the row to tell: of a bare count of patients the share that it is."""
    if row.measure != "relieved_patients":
        return row
    return _same(row, rows, measure="responder_share") or row


def _unsayable(row: ResultRow) -> str:
    if row.value is None and row.status != "not reached":
        return say("may_say.nobody_rated")
    if row.n < SMALL_N:
        return say("may_say.too_few", n=SMALL_N)
    if row.measure == "flag_share" and 0 < (row.n_events or 0) < FEW_EVENTS:
        return say("may_say.few_flagged")
    known = row.n - row.n_missing if row.population == "bounds" else row.n
    unknown = row.population in ("observed", "treated", "high_dose", "bounds")
    if unknown and row.n_missing > known:
        return say("may_say.mostly_unknown")
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
        parts += [say("provenance.off_label"), say("provenance.risks")]
    return " ".join(part for part in parts if part)


def _core(claim: Claim, judgement: Judgement, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    if claim.measure == "testimonial":
        return _tell_testimonial(claim, row, rows)
    return tell_estimate(judgement, row) if claim.measure in HEADLINE else tell_row(claim, row)


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
        told += [_other_thresholds(row, rows), say("may_say.booster")]
    if row.measure == "percent_reduction":
        told.append(say("may_say.booster_in_it"))
    if row.population == "responders" and row.measure != "series_time_ratio":
        told.append(_of_all_who_started(row, rows))
    if subject == "duration":
        told += [say("may_say.last_rating"), provenance.follow_up]
        if row.measure == "series_time_ratio":
            told.append(say("may_say.series"))
    elif not row.n_missing and claim.measure != "testimonial":
        told.append(say("may_say.all_on_record"))
    if claim.kind == "testimonial" and claim.measure != "testimonial":
        told.append(say("may_say.typical_here"))
    return told


def _same(row: ResultRow, rows: Sequence[ResultRow], **other: object) -> ResultRow | None:
    return find_row(rows, **{name: getattr(row, name) for name in KEYS} | other)


def _of_all_who_started(row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return of how many starters the responders are: a rate among those who did well hides it."""
    began = _same(row, rows, measure="responder_share", definition="percent_reduction",
                  population="all_starters", visit=END)  # fmt: skip
    if began is None or began.n_events != row.n:
        return ""
    return say("may_say.of_starters", fraction=fraction_text(row.n, began.n))


def _other_thresholds(row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return the shares at the usual thresholds that the row itself does not tell."""
    told = []
    for pct in USUAL_THRESHOLDS_PCT:
        other = _same(row, rows, measure="responder_share", definition="percent_reduction",
                      threshold_pct=pct)  # fmt: skip
        if pct == row.threshold_pct or other is None or other.value is None:
            continue
        counted = fraction_text(other.n_events or 0, other.n)
        interval = named_interval(other)
        told.append(say("may_say.threshold", pct=f"{pct:g}", counted=counted, interval=interval))
    return " ".join(told)


def _tell_testimonial(claim: Claim, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return the typical result of comparable patients, and how many did as well as one quoted."""
    began_like = claim.baseline_score is not None
    missing = "may_say.account.missing" if row.n_missing else "may_say.account.all_rated"
    told = [
        say(
            "may_say.account.same_baseline" if began_like else "may_say.account.any_baseline",
            patients=patients_text(claim, row),
            baseline=f"{claim.baseline_score or 0:g}",
            counted=_as_well(row),
            visit=visit_word(row.visit),
            interval=named_interval(row),
        ),
        say(missing, n=count_text(row.n_missing)),
        say("may_say.account.alike_same" if began_like else "may_say.account.alike_any"),
    ]
    if typical := say("telling.between").join(typical_parts(row, rows)):
        told.append(say("may_say.account.typical", typical=typical))
    return " ".join(told)


def _as_well(row: ResultRow) -> str:
    """Return how many did as well as one quoted, not to a patient where they are few."""
    events = row.n_events or 0
    if 0 < events < FEW_EVENTS:
        few = share_text(FEW_EVENTS / row.n)
        return say("may_say.account.fewer", n=FEW_EVENTS, share=few)
    return say("telling.some", events=count_text(events), share=share_text(row.value))
