"""Find side effects, opioid doses and questionnaires among the columns of a file, for a draft.

They are found by their headers and values, in the code lists of data/codes. What is found is
proposed to whoever writes the mapping; nothing is loaded by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from analysis.intake.codes import (
    NO_OPIOID,
    NONE_REPORTED,
    drug_of,
    effect_of,
    instrument_of,
    instruments_named,
    load_instruments,
    words_for,
)
from analysis.intake.profile import ColumnProfile, FileProfile
from analysis.intake.recognize import visit_of
from analysis.intake.values import FALSE_WORDS, TRUE_WORDS

MOSTLY = 0.5
"""A column holds names of a list when more than this share of its texts are."""

LEAST_T_SCORE = 20.0
"""T-scores are around 50; a column that never comes so high is in another unit."""

FEWEST_EFFECTS = 2
"""One column named after an effect may be anything; two with yes and no are a checklist."""

_TERM, _MME = words_for("effect"), words_for("mme")
_ALSO = {
    "adverse_events": {
        "grade": (re.compile(r"\b(?:grade|ctcae|toxicity|aetoxgr|grad)\b"), ("number",)),
        "minutes_to_resolution": (re.compile(r"\bminutes\b|\bresolution\b"), ("number",)),
    },
    "opioid_use": {
        "daily_dose": (re.compile(r"\b(?:dose|mg|dosis|amount)\b"), ("number",)),
        "unit": (re.compile(r"\bunits?\b|\beinheit\b"), ("word",)),
    },
    "questionnaires": {
        "score": (re.compile(r"\b(?:scores?|value|result|total|t score|wert)\b"), ("number",)),
    },
}
"""Further columns of a long table, by the words of their headers and the kinds they may be."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Columns of a file that make rows of a table.

    ``columns`` are those of the contract with the file's; ``wide`` the columns that each hold a
    value of their own, with what is said of it (term, instrument, visit, study_day).
    """

    table: str
    columns: dict[str, str] = field(default_factory=dict)
    wide: tuple[tuple[str, dict[str, str]], ...] = ()

    @property
    def names_rows(self) -> bool:
        """Whether a column says of each row what it is about."""
        return not {"term", "drug", "instrument"}.isdisjoint(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the file."""
        return (*self.columns.values(), *(name for name, _ in self.wide))


def find_records(profile: FileProfile) -> list[Found]:
    """Return the tables of side effects, opioid doses and questionnaires that a file holds."""
    columns = [c for c in profile.columns if not c.identifier and c.kind != "empty"]
    unused = {name for c in profile.columns if c.kind == "empty" for name in (c.name, c.field)}
    found = [
        _long(columns, unused),
        _checklist(columns),
        _equivalents(columns),
        _instruments(columns),
    ]
    return [each for each in found if each is not None]


def _named(column: ColumnProfile, known: Iterable[bool]) -> bool:
    texts = list(known)
    return bool(texts) and sum(texts) > MOSTLY * len(texts) and column.kind in ("word", "text")


def _long(columns: list[ColumnProfile], unused: set[str]) -> Found | None:
    """A column that names the effect, drug or instrument of each row.

    What stands under its own name, though with nothing in it (``unused``), is in no other column.
    """
    answers = {*TRUE_WORDS, *FALSE_WORDS}
    for column in columns:
        said = [column.said(text) for text in column.texts]
        if {text.lower() for text in said} <= answers:
            continue  # whether side effects were asked about, and no name of one
        effects = [effect_of(text) for text in said]
        drugs = [drug_of(text) for text in said]
        by_header = column.kind in ("word", "text") and _TERM.search(column.words)
        table = name = ""
        if by_header or (_named(column, map(bool, effects)) and set(effects) - {NONE_REPORTED}):
            table, name = "adverse_events", "term"
        elif _named(column, map(bool, drugs)) and set(drugs) - {NO_OPIOID}:
            table, name = "opioid_use", "drug"
        elif _named(column, (bool(instrument_of(text)) for text in said)):
            table, name = "questionnaires", "instrument"
        if not table:
            continue
        own = {name: column.name}
        for also, (pattern, kinds) in _ALSO[table].items():
            named = [c for c in columns if also in (c.name, c.field)]
            alike = [c for c in columns if c.kind in kinds and pattern.search(c.words)]
            alike = [] if also in unused else alike
            near = next((c for c in (*named, *alike) if c.name not in own.values()), None)
            if near is not None:
                own[also] = near.name
        if table == "adverse_events" or len(own) > 1:  # a drug without a dose is a history
            return Found(table=table, columns=own)
    return None


def _checklist(columns: list[ColumnProfile]) -> Found | None:
    """Columns named after effects, with yes and no."""
    answers = {*TRUE_WORDS, *FALSE_WORDS}
    wide = tuple(
        (c.name, {"term": effect.replace("_", " ")})
        for c in columns
        if (effect := effect_of(c.words)) and effect != NONE_REPORTED
        and c.texts and {text.lower() for text in c.texts} <= answers
    )  # fmt: skip
    return Found(table="adverse_events", wide=wide) if len(wide) >= FEWEST_EFFECTS else None


def _when(column: ColumnProfile) -> dict[str, str]:
    when = visit_of(column.words)
    if when is None or not (when.visit or when.day is not None):
        return {}
    return {"visit": when.visit} if when.visit else {"study_day": f"{when.day:g}"}


def _equivalents(columns: list[ColumnProfile]) -> Found | None:
    """Numbers under a header such as MME: one a visit, or one beside a date."""
    own = [c for c in columns if c.kind == "number" and _MME.search(c.words)]
    if not own:
        return None
    if len(own) == 1 and not _when(own[0]):
        return Found(table="opioid_use", columns={"mme_per_day": own[0].name})
    return Found(table="opioid_use", wide=tuple((c.name, _when(c)) for c in own))


def _instruments(columns: list[ColumnProfile]) -> Found | None:
    """Numbers under the name of an instrument, within its range."""
    wide = []
    for column in columns:
        if column.kind != "number" or column.low is None or column.high is None:
            continue
        for code in instruments_named(column.words):
            known = load_instruments()[code]
            fits = known.low <= column.low and column.high <= known.high
            if fits and not (known.is_t_score and column.high < LEAST_T_SCORE):
                wide.append((column.name, {"instrument": code, **_when(column)}))
                break
    return Found(table="questionnaires", wide=tuple(wide)) if wide else None
