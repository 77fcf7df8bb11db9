"""The words people read for the codes of the suite, and names made safe to show.

Results, datasets and claims carry codes only; a table, a figure and a sentence take the words from
here when they are printed. The words stand in data/codes/labels.csv, a row a code. No code is ever
worked out from words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from analysis.settings import DAYS_PER_MONTH, DAYS_PER_WEEK, data_rows

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
LONGEST_NAME = 60
"""Names from an export are cut here where they are shown; a site name of 10,000 letters exists."""

_LISTS: dict[str, dict[str, str]] = {}
for _row in data_rows("codes/labels.csv"):
    _LISTS.setdefault(_row["list"], {})[_row["code"]] = _row["words"]


def _several(name: str) -> dict[str, dict[str, str]]:
    """Return the lists of one kind: ``settings.recall`` is ``recall`` of ``settings``."""
    named = {each.partition("."): own for each, own in _LISTS.items()}
    return {last: own for (kind, _, last), own in named.items() if kind == name and last}


def words_in(name: str) -> dict[str, str]:
    """Return the words of a list of data/codes/labels.csv by code."""
    return _LISTS[name]


VERDICTS = _LISTS["verdicts"]
"""Verdicts of a claim; ``withheld`` stands in a release alone."""

MEASURES = _LISTS["measures"]
"""What a result measures."""

CHARACTERISTICS = _LISTS["characteristics"]
"""Characteristics of patients before treatment."""

STATISTICS = _LISTS["statistics"]
"""Statistics of a characteristic."""

DEFINITIONS = _LISTS["definitions"]
"""Which of several definitions of a measure."""

POPULATIONS = _LISTS["populations"]
"""Who is counted, and what a missing rating means."""

POPULATIONS_SHORT = _LISTS["populations_short"]
"""The same where space is short."""

VISITS = _LISTS["visits"]
"""Visits that are not a week."""

GROUPINGS = _LISTS["groupings"]
"""Columns results are split by."""

GROUPS = _LISTS["groups"]
"""Values of those columns that the suite knows."""

CLOCKS = _LISTS["clocks"]
"""From when relief is timed."""

READING_DIMENSIONS = _LISTS["reading_dimensions"]
"""What readings of a claim differ in; columns of `analysis.claims.multiverse.Multiverse`."""

READING_CHOICES = _several("reading_choices")
"""Choices of a reading in words; a threshold, a visit and a baseline are worded from their number
(`analysis.claims.multiverse.choice_word`)."""

SETTING_WORDS = _several("settings")
"""What each word of a setting that is a choice means."""

CHECK_STATES = _LISTS["check_states"]
"""Answers of a check of the data."""

EXCLUSIONS = _LISTS["exclusions"]
"""Why a record of the export is not used, where the code says less."""

METHODS = _LISTS["methods"]
"""How a number was made."""

NOTES = _LISTS["notes"]
"""What a reader must know of a number, with places for the numbers of the note."""


def verdicts_word(verdict: str, count: int) -> str:
    """Return a verdict as it stands behind how many have it: "1 falls short", "2 fall short"."""
    name = VERDICTS[verdict].lower()
    return name if count == 1 else {"meets": "meet", "falls short": "fall short"}.get(name, name)


WHICH_LIMITS = (
    "Read the limits for one look where the day of the analysis was fixed in advance, those for "
    "looking again where it is run again on a growing export and acted on as soon as a limit suits."
)
"""Which of an interval and a confidence sequence to read (docs/decisions/0048)."""

POINTS = "0 to 10"
"""The scale that scores are brought to, where their own has a known end."""

OPEN_SCALE = "open_scale"
"""The note of scores on a scale without a known end."""

_NOTE = re.compile(r"(?P<code>[a-z0-9_]+)(?:\((?P<args>[^()]*)\))?")


def note_text(note: str) -> str:
    """Return the sentence of a note such as ``boosted_count_not(3)``; KeyError if unknown."""
    found = _NOTE.fullmatch(note)
    if found is None:
        raise KeyError(f"'{note}' is not a note: a code, then numbers in parentheses")
    args = found["args"].split(",") if found["args"] else []
    return NOTES[found["code"]].format(*args)


def notes_text(notes: str) -> str:
    """Return the sentences of all notes of a result, which are joined by semicolons."""
    return " ".join(note_text(note) for note in notes.split(";") if note)


def scale_word(notes: str) -> str:
    """Return the scale of a score by its notes: "0 to 10", or its own where it has no known end."""
    for each in notes.split(";"):
        found = _NOTE.fullmatch(each)
        if found and found["code"] == OPEN_SCALE:
            name, low = found["args"].split(",")
            return f"{name}, {low} and up"
    return POINTS


def clock_word(notes: str) -> str:
    """Return from when a result is timed: "the end of the series", or what its notes say."""
    named = [note.removeprefix("clock_") for note in notes.split(";") if note[:6] == "clock_"]
    return CLOCKS[named[0] if named else "end_of_series"]


def word(table: Mapping[str, str], code: str) -> str:
    """Return the word for a code; an unknown code becomes itself with spaces, cut and cleaned."""
    if code in table:
        return table[code]
    return plain_text(code.replace("_", " ")) if code else ""


def condition_word(code: str, labels: Mapping[str, str]) -> str:
    """Return a condition's label; ``all`` is all conditions, an unknown code is itself."""
    if code == "all":
        return "All conditions"
    label = plain_text(labels.get(code, ""))
    return label or plain_text(code.replace("_", " ")) or "(no name)"


def definition_word(code: str) -> str:
    """Return the word of a definition, or of a characteristic's statistic: ``age_years_mean``.

    Duration of relief by another rule or clock than claims are read with has both in its code.
    """
    booster, _, rule = code.partition(".")
    if booster.startswith("booster_") and rule in DEFINITIONS:
        return f"{word(DEFINITIONS, booster)}; {DEFINITIONS[rule]}"
    for name, text in CHARACTERISTICS.items():
        if code == name:
            return text
        statistic = code.removeprefix(f"{name}_")
        if statistic in STATISTICS:
            return f"{text.lower()}, {STATISTICS[statistic]}"
    return word(DEFINITIONS, code)


def visit_word(visit: str) -> str:
    """Return a visit in words: ``week_12`` is "week 12", ``end`` is "end of series"."""
    if visit in VISITS or not visit_week(visit):
        return word(VISITS, visit)
    return visit.replace("_", " ")


def visit_week(visit: str) -> float | None:
    """Return the week of a visit after the end of series: ``week_12`` is 12, ``end`` 0; or None.

    A month has 30.44 days: ``month_3`` is week 13.05.
    """
    if visit == "end":
        return 0.0
    unit, _, number = visit.partition("_")
    if unit not in ("week", "month") or not _NUMBER.fullmatch(number):
        return None
    # As `analysis.settings.plan_visits` does it, so that the two are the same number.
    return float(number) * DAYS_PER_MONTH / DAYS_PER_WEEK if unit == "month" else float(number)


_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def plain_text(text: str, *, longest: int = LONGEST_NAME) -> str:
    """Return text safe to show in a line: no control or direction characters, spaces joined, cut.

    Notes
    -----
    Direction overrides (Unicode category Cf) can make a line read as what it is not. Markup is not
    touched here: templates escape it.
    """
    kept = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in text[: 4 * longest])
    kept = " ".join(kept.split())
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + ELLIPSIS


_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
