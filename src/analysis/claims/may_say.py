"""What may be said of a claim: one printable sentence of at most 50 words, and one shared note.

What qualifies a figure stands in its sentence, not in small print (FTC Health Products Compliance
Guidance): how many, of whom, when, the interval, what became of those not seen, and that there was
no control group. What is the same for all claims stands once, in the note.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from analysis.claims.judgement import Judgement
from analysis.claims.ledger import ANSWERS, NEEDS, Claim
from analysis.claims.rules import subject_of
from analysis.claims.sentences import (
    FEW_EVENTS,
    describe_allocation,
    describe_result,
    patients_of,
    typical_fall,
)
from analysis.labels import plain_text, visit_word, words_in
from analysis.numbers import (
    SMALL_N,
    count_text,
    date_span_text,
    estimate_text,
    fraction_text,
    interval_words,
    share_text,
)
from analysis.results import Row, find, find_alike
from analysis.settings import THRESHOLDS_PCT

if TYPE_CHECKING:
    from analysis.adam.study import Study

MOST_WORDS, MOST_WITH_ARMS = 50, 60
"""Of a sentence that may be said, and of one that compares arms."""

OFF_LABEL = "Ketamine is approved as an anesthetic; its use for pain is off-label."
RISKS = (
    "The FDA warns of these risks: misuse, mental health effects, higher blood pressure, slow "
    "breathing and bladder problems."
)
COUNTING = (
    "A booster before the visit counts as no response; averages include ratings after a booster.",
    "A patient who is no longer rated counts up to the last rating.",
)


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where the figures of a run come from: the export, its infusions, its last visit."""

    name: str
    synthetic: bool = False
    first_date: str = ""  # of an infusion or, without infusions, of a rating; ISO, empty for none
    last_date: str = ""
    dated: str = "infusions"  # what the dates are of
    last_visit: str = ""  # last analysis visit with a rating
    allocation: str = "unknown"  # of patients to arms: randomized, not_randomized, unknown

    @property
    def sentence(self) -> str:
        """Source and dates as a sentence."""
        dates = "no dates on record"
        if self.first_date and self.last_date:
            dates = f"{self.dated} from {date_span_text(self.first_date, self.last_date)}"
        name = plain_text(self.name)
        for sign in '“”"':  # where the name begins and ends is ours to show
            name = name.replace(sign, "'")
        source = f"Source: records of “{name}”, {dates}."
        return (
            f"{source} Synthetic data: these patients do not exist." if self.synthetic else source
        )


def provenance_of(study: Study) -> Provenance:
    """Return where the figures of a study come from."""
    given, rated = study.infusions["ADTM"].dropna(), study.ratings["ADT"].dropna()
    days = rated if given.empty else given
    return Provenance(
        name=study.name,
        synthetic=study.synthetic,
        first_date="" if days.empty else days.min().date().isoformat(),
        last_date="" if days.empty else days.max().date().isoformat(),
        dated="ratings" if given.empty else "infusions",
        last_visit=study.visits[-1] if study.visits else "",
        allocation=study.settings.allocation,
    )


def write_note(provenance: Provenance, arms: Sequence[str] = ()) -> str:
    """Return what stands with each sentence of a run wherever it is printed: the shared note.

    ``arms`` are those on record, for what a comparison of them can say.
    """
    followed = ""
    if provenance.last_visit:
        followed = f"Ratings go to {visit_word(provenance.last_visit)}."
    parts = (
        provenance.sentence, describe_allocation(provenance.allocation, arms), *COUNTING, followed,
        OFF_LABEL, RISKS,
    )  # fmt: skip
    return " ".join(filter(None, parts))


class Saying(NamedTuple):
    """What may be said of a claim, and whether it states a result."""

    text: str
    states_result: bool


def write_may_say(
    claim: Claim,
    judgement: Judgement,
    row: Row | None,
    results: pd.DataFrame,
    *,
    provenance: Provenance,
) -> Saying:
    """Return the sentence the data bear out for a claim, or that they bear out none and why.

    Below ten patients, and where most are unknown, no result is stated. For words that cannot be
    judged, our result on the matter stands instead of them. Nothing says why pain changed, and each
    sentence, with the note, carries what the checkable rules ask of it (`analysis.claims.rules`).

    Parameters are those of `write_finding`, and where the figures come from.
    """
    nothing = "Our records bear out no sentence on this:"
    if claim.answer == "computed" and (row is None or judgement.verdict == "not testable"):
        return Saying(f"{nothing} {judgement.reason}", states_result=False)
    why = _why_not(claim)
    if row is None:
        return Saying(f"{nothing} {why}.", states_result=False)
    if row.measure == "relieved_patients":  # of a bare count of patients, the share that it is
        row = find_alike(results, row, measure="responder_share") or row
    if unsaid := _unsayable(row):
        return Saying(f"{nothing} {why or unsaid}.", states_result=False)
    return Saying(_what_is_said(claim, row, results, provenance), states_result=True)


def _why_not(claim: Claim) -> str:
    """Return in a clause why the words themselves cannot be judged; empty where they can."""
    if claim.answer == "computed":
        return ""
    if claim.needs:
        return f"{ANSWERS[claim.answer]} ({NEEDS[claim.needs]})"
    return {
        "unfalsifiable": "as worded it cannot be false",
        "opinion": "it is an opinion, an appeal or a term of service",
        "definition": "it defines a term",
    }.get(claim.answer, ANSWERS[claim.answer])


def _unsayable(row: Row) -> str:
    if row.value is None and row.status != "not reached":
        return "nobody in it was rated then"
    if row.n < SMALL_N:
        return f"fewer than {SMALL_N} patients are in it, too few to say anything of others"
    if row.measure == "flag_share" and 0 < (row.n_events or 0) < FEW_EVENTS:
        return "fewer than five patients are counted in it, who could be recognized"
    known = row.n - row.n_missing if row.population == "bounds" else row.n
    leaves_out = row.population in ("observed", "treated", "high_dose", "bounds", "asked")
    if leaves_out and row.n_missing > known:
        return (
            "it is known of fewer than half of the patients, and those need not be like the others"
        )
    return ""


_FURTHER = re.compile(r"\. (That|Of|It|They|There|Nobody|Doses|\d)")
"""Where a sentence of `describe_result` follows another."""


def _what_is_said(claim: Claim, row: Row, results: pd.DataFrame, provenance: Provenance) -> str:
    """Return result, those not seen and the control group as one sentence."""
    testimonial = claim.measure == "testimonial"
    if testimonial:
        parts, more = _say_testimonial(claim, row, results), []
    else:  # how far a duration holds, and which word it bears out, is for the finding
        said = describe_result(claim, row).partition(", which holds")[0].removesuffix(".")
        first, *more = _FURTHER.sub(lambda match: f"\n{match[1].lower()}", said).split("\n")
        parts = [first]
    if row.measure == "responder_share":
        parts += _other_thresholds(row, results)
    if row.population == "responders" and row.measure != "series_time_ratio":
        parts.append(_of_all_who_started(row, results))
    parts += more
    subject = subject_of("", kind=claim.kind, measure=claim.measure)
    if not row.n_missing and subject != "duration" and not testimonial:
        parts.append("on record for all")
    if claim.kind == "testimonial" and not testimonial:
        parts.append("typical of comparable patients")
    if subject != "practice":
        parts.append(_compared(claim, row, results, provenance.allocation))
    parts += ["synthetic data"] if provenance.synthetic else []
    return f"{'; '.join(filter(None, parts))}."


def _of_all_who_started(row: Row, results: pd.DataFrame) -> str:
    """Return of how many starters the responders are: a rate among those who did well hides it."""
    began = find_alike(results, row, measure="responder_share", definition="percent_reduction",
                       population="all_starters", visit="end")  # fmt: skip
    if began is None or began.n_events != row.n:
        return ""
    return f"they are {fraction_text(row.n, began.n)} who started"


def _other_thresholds(row: Row, results: pd.DataFrame) -> list[str]:
    """Return the shares at the usual thresholds that the result itself does not state.

    Both are stated, whichever a claim names (Dworkin 2008, J Pain 9:105).
    """
    also = []
    for pct in THRESHOLDS_PCT:
        other = find_alike(results, row, definition="percent_reduction", threshold_pct=pct)
        if pct == row.threshold_pct or other is None or other.value is None:
            continue
        counted = f"{count_text(other.n_events)} ({share_text(other.value)})"
        also.append(f"{counted} had at least {pct:g}% less pain")
    return also


def _say_testimonial(claim: Claim, row: Row, results: pd.DataFrame) -> list[str]:
    """Return how many comparable patients did as well as one quoted, and what is typical."""
    whom, alike = patients_of(claim, row), " of a similar baseline"
    if claim.baseline_score is None:
        whom, alike = whom.replace(" patient", " comparable patient", 1), ""
    fall = typical_fall(row, results)
    typical = f"typical result: {fall} less pain" if fall else ""
    unrated = f"{count_text(row.n_missing)} not rated count as not"
    return [
        f"Of {whom}{alike} who started, {_counted_alike(row)} did as well as the one quoted at "
        f"{visit_word(row.visit)}",
        interval_words(row),
        unrated if row.n_missing else "on record for all",
        typical,
    ]


def _counted_alike(row: Row) -> str:
    """Return how many did as well as one quoted; a few are not counted out."""
    events = row.n_events or 0
    if 0 < events < FEW_EVENTS:
        return f"fewer than {FEW_EVENTS}"
    return f"{count_text(events)} ({share_text(row.value)})"


_ALLOCATED = words_in("allocation.short")


def _compared(claim: Claim, row: Row, results: pd.DataFrame, allocation: str) -> str:
    """Return the same number of every other arm, or that there was no control group.

    What the comparison can say, by ``allocation``, is in the note.
    """
    by_arm = find(results, condition=row.condition, group_by="arm")
    arms = sorted(by_arm["group"].unique())
    if len(arms) < 2:
        return "no control group"
    if row.group_by != "arm":
        return f"patients of different arms ({_ALLOCATED[allocation]}) are counted together"
    said = []
    for arm in arms:
        if arm == row.group:
            continue
        other = find_alike(results, row, group=arm)
        name = f"arm '{plain_text(arm)}':"
        if other is None or (other.value is None and other.status != "not reached"):
            said.append(f"{name} no such figure")
        elif claim.measure == "testimonial":
            said.append(f"{name} {_counted_alike(other)} of {count_text(other.n)}")
        else:
            said.append(f"{name} {estimate_text(other)}, {interval_words(other)}")
            if other.population == "responders":
                said.append(_of_all_who_started(other, results))
    return "; ".join(filter(None, [*said, _ALLOCATED[allocation]]))
