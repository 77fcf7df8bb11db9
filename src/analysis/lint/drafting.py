"""Rows of a ledger proposed from a page: each statement with a reading that a person confirms.

What the linter takes for a claim becomes a row. Where the suite's own ledger says the same, its
reading is proposed; else one is made of the figures, the condition and the measure that the linter
reads. Nothing is settled by it: every proposed reading says so in its first words.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import PurePath

from analysis.claims.ledger import ALL, ANSWERS, COLUMNS, HEADLINE, TO_CONFIRM, Claim, load_ledger
from analysis.claims.rules import BENEFIT, HARM, MECHANISM
from analysis.errors import InputError, LedgerError
from analysis.intake.tables import load_conditions
from analysis.labels import condition_word
from analysis.lint.findings import is_claim, lacking_in
from analysis.lint.match import LISTED, Matcher, conditions_in, measure_in
from analysis.lint.never import find_never_said
from analysis.lint.quantities import WEEKS_OF, Cue, Quantity, find_cues, flat_text
from analysis.lint.text import Document, Statement, split_statements
from analysis.settings import THRESHOLDS_PCT

FOLLOW_UP = {4.0: (4, 5), 8.0: (8, 9), 12.0: (12, 13.1), 26.0: (26, 26.1)}
"""Weeks of the usual visits, and the printed times in weeks that are read as each."""

_READ = {
    "share": "Of all {who} who start and whose visit is due, the share whose pain is at least "
    "{pct}% lower {when}; a booster before it is no response. A missing outcome is no failure.",
    "mean": "Of all {who} who start and whose visit is due, the mean of each patient's own "
    "percent reduction from baseline {when}; ratings after a booster are in it.",
    "duration": "Of all {who} with at least 30% less pain at the end of the initial series, the "
    "median time until that relief is lost or a booster is given.",
}
_MEASURE: dict[str, dict[str, str]] = {
    "share": {"measure": "responder_share", "definition": "percent_reduction", "unit": "share",
              "population": "all_starters", "kind": "efficacy_rate"},
    "mean": {"measure": "percent_reduction", "definition": "mean_of_patients", "unit": "percent",
             "population": "all_starters", "kind": "efficacy_mean"},
    "duration": {"measure": "relief_duration", "definition": "booster_as_loss", "unit": "weeks",
                 "population": "responders", "kind": "duration"},
}  # fmt: skip

_READING = ("measure", "definition", "threshold_pct", "visit", "population", "cited_low",
            "cited_high", "cited_text", "unit", "frequency", "group", "baseline_score", "limits",
            "condition", "kind", "answer", "needs", "reason")  # fmt: skip
"""What a row takes over from a row of the suite's ledger that says the same."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Rows proposed from a page."""

    page: str
    claims: tuple[Claim, ...]
    n_repeated: int  # statements that say again what an earlier one says

    @property
    def text(self) -> str:
        """The ledger as CSV."""
        file = StringIO()
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for claim in self.claims:
            values = claim.model_dump()
            writer.writerow({name: _cell(value) for name, value in values.items()})
        return file.getvalue()

    @property
    def summary(self) -> str:
        """How many rows there are of each answer, and what to do with them."""
        counts = Counter(claim.answer for claim in self.claims)
        told = "; ".join(f"{counts[a]} {a} ({ANSWERS[a]})" for a in ANSWERS if counts[a])
        n = len(self.claims)
        again = f" ({self.n_repeated} said again are left out)" if self.n_repeated else ""
        return (
            f"{n} {'statement' if n == 1 else 'statements'} of {self.page}{again}: {told}.\n"
            f"Every reading is proposed. Read each row, change what is wrong, and take "
            f"“{TO_CONFIRM}” away from a reading to confirm it, with its day in reading_date."
        )


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def draft_ledger(document: Document, *, source: str = "") -> Draft:
    """Propose a row for every statement of a page that can be checked; InputError where none can.

    ``source`` is where it was printed; the name of the file where empty.
    """
    page = PurePath(document.name).name
    matcher = Matcher(load_ledger())
    claims: list[Claim] = []
    seen: set[str] = set()
    repeated = 0
    for statement in split_statements(document):
        if not is_claim(statement) and not any(find_never_said(statement.text)):
            continue
        for text, row in _rows(statement, matcher):
            words = flat_text(text).strip(" .")
            repeated += words in seen
            if words not in seen:
                seen.add(words)
                place = f"Drafted from {page}, {statement.first}."
                about = {
                    "claim_id": f"P{len(claims) + 1:03d}", "section": statement.heading,
                    "wording": text, "source": source or page, "printed_on": "",
                    "note": f"{place} {row.pop('note', '')}".strip(),
                }  # fmt: skip
                claims.append(_claim(about, row))
    if not claims:
        raise InputError(
            f"{document.name} holds no statement that can be checked, so there is nothing to draft."
        )
    return Draft(page=page, claims=tuple(claims), n_repeated=repeated)


def _claim(about: dict[str, str], row: dict[str, object]) -> Claim:
    empty: dict[str, object] = dict.fromkeys(COLUMNS, "")
    empty |= dict.fromkeys(
        ("threshold_pct", "cited_low", "cited_high", "baseline_score", "reading_revision")
    )
    try:
        return Claim(**{**empty, **row, **about})
    except LedgerError as error:  # a figure that no such measure has: 150% of patients
        said = str(error).partition(": ")[2]
        why = {"answer": "evidence_only", "condition": row.get("condition") or ALL,
               "reason": f"{TO_CONFIRM} no reading can be proposed: {said}"}  # fmt: skip
        return Claim(**{**empty, **why, **about})


def _rows(statement: Statement, matcher: Matcher) -> Iterator[tuple[str, dict[str, object]]]:
    for clause in _clauses(statement):
        found = matcher.match(clause)
        known = next((m.listed for m in found if m.how in LISTED and not m.beyond), None)
        if known is None:
            yield clause.text, _proposed(clause)
            continue
        row = {name: getattr(known, name) for name in _READING}
        row["note"] = f"Read as {known.claim_id} of the suite's ledger."
        row["headline"] = "yes" if known.measure in HEADLINE else ""
        if known.reading:
            row["reading"] = f"{TO_CONFIRM} {known.reading}"
        yield clause.text, row


_AND = re.compile(r"[,;]?\s+(?:and|but|while|whereas)\s+|;\s+")


def _clauses(statement: Statement) -> list[Statement]:
    """Return the parts of a sentence that each give a number of their own, else the sentence."""
    ends = [match.span() for match in _AND.finditer(statement.text)]
    parts, start = [], 0
    for end, following in [*ends, (len(statement.text), len(statement.text))]:
        text = statement.text[start:end]
        cues = find_cues(text)
        rest = statement.text[following:]
        last = not rest
        if measure_in(text, cues) and (last or measure_in(rest, find_cues(rest))):
            parts.append(replace(statement, text=text, cues=cues))
            start = following
    return parts if len(parts) > 1 and start == len(statement.text) else [statement]


def _proposed(statement: Statement) -> dict[str, object]:
    text, cues = statement.text, statement.cues
    found = conditions_in(text) or conditions_in(statement.heading)
    condition = next(iter(found)) if len(found) == 1 else ALL
    row: dict[str, object] = {"condition": condition, "ambiguity": _left_open(statement, found)}
    measure = measure_in(text, cues)
    cited = _cited(measure, cues)
    if statement.is_testimonial:
        return {**row, "kind": "testimonial", "answer": "opinion",
                "reason": f"{TO_CONFIRM} one person's account."}  # fmt: skip
    if not measure or cited is None:
        return {**row, **_without_figure(statement)}
    low, high, printed = cited
    if low is None:
        return {**row, "kind": _MEASURE[measure]["kind"], "answer": "unfalsifiable",
                "cited_text": printed,
                "reason": f"{TO_CONFIRM} “{printed}” is a most (up to), not a least."}  # fmt: skip
    who = "patients"
    if condition != ALL:
        label = condition_word(condition, load_conditions().labels)
        who = f"patients with {label[0].lower() + label[1:] if label[1:2].islower() else label}"
    threshold = _threshold(cues, printed) if measure == "share" else None
    visit = "" if measure == "duration" else _visit(cues)
    when = f"at {visit.replace('_', ' ')}" if visit else "at the end of the initial series"
    read = _READ[measure].format(who=who, pct=f"{threshold or 0:g}", when=when)
    fields: dict[str, object] = {**row, **_MEASURE[measure]}
    fields["threshold_pct"] = 30.0 if measure == "duration" else threshold
    if measure == "duration" and "weeks to months" in flat_text(printed):
        fields["limits"] = f"weeks={low:g};months={2 * WEEKS_OF['month']:.1f}"
    return {
        **fields, "visit": visit, "cited_low": low, "cited_high": high, "cited_text": printed,
        "reading": f"{TO_CONFIRM} {read}", "answer": "computed", "headline": "yes",
    }  # fmt: skip


def _left_open(statement: Statement, conditions: frozenset[str]) -> str:
    lacks = [name for name in lacking_in(statement) if "control" not in name]
    several = "it names more than one condition" if len(conditions) > 1 else ""
    said = [f"it does not say {', '.join(lacks)}" if lacks else "", several]
    text = "; ".join(filter(None, said))
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _cited(measure: str, cues: Sequence[Cue]) -> tuple[float | None, float | None, str] | None:
    """Return floor and ceiling in the unit of the measure, and the figure as printed."""
    for cue in cues:
        quantity = cue.quantity
        if measure == "duration" and quantity is None and cue.kind == "duration":
            first = flat_text(cue.text).replace("lasts ", "").replace("lasting ", "").split()[0]
            weeks = {"weeks": 2.0, "months": 2 * WEEKS_OF["month"]}.get(first)
            if weeks is not None and " to " in cue.text:
                return round(weeks, 1), None, cue.text
        if quantity is None:
            continue
        scale = WEEKS_OF.get(quantity.unit) if measure == "duration" else None
        if measure in ("share", "mean") and quantity.unit == "%":
            scale = 0.01 if measure == "share" else 1.0
        if scale is not None:
            low, high = (None if end is None else round(end * scale, 4) for end in quantity[:2])
            return low, high, cue.text
    return None


def _threshold(cues: Sequence[Cue], printed: str) -> float:
    for cue in cues:
        of_change = cue.kind == "percentage" and cue.direction == "down" and cue.text != printed
        if of_change and cue.quantity is not None and cue.quantity.low:
            return cue.quantity.low
    return THRESHOLDS_PCT[0]


def _visit(cues: Sequence[Cue]) -> str:
    for cue in cues:
        quantity: Quantity | None = cue.quantity
        if cue.kind != "duration" or quantity is None or quantity.unit not in WEEKS_OF:
            continue
        weeks = (quantity.high or quantity.low or 0.0) * WEEKS_OF[quantity.unit]
        for visit, (low, high) in FOLLOW_UP.items():
            if low <= round(weeks, 2) <= high:
                return f"week_{visit:g}"
    return ""


def _without_figure(statement: Statement) -> dict[str, object]:
    """Return how a claim without a figure of ours is answered, as far as its words show."""
    flat = flat_text(statement.text)
    kinds = {cue.kind for cue in statement.cues}
    if "hedge" in kinds and not kinds & {"percentage", "absolute", "frequency"}:
        hedge = next(cue.text for cue in statement.cues if cue.kind == "hedge")
        answer, why = "unfalsifiable", f"“{hedge}” cannot be false."
    else:
        answer, why = "evidence_only", "its words name none of the measures in docs/claims.md."
    kind = "safety" if HARM.search(flat) else "mechanism" if MECHANISM.search(flat) else "headline"
    if kind == "headline" and not BENEFIT.search(flat):
        kind = "protocol" if {"count", "frequency", "duration"} & kinds else "comparison"
    return {"kind": kind, "answer": answer, "reason": f"{TO_CONFIRM} {why}"}
