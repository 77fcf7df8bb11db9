"""The words people read for the codes of the suite, from the file of texts, and names made safe."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from analysis.wording.texts import language_in_force, load_texts, say

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
LONGEST_NAME = 60
"""Names from an export are cut here where they are shown; a site name of 10,000 letters exists."""


class Words(Mapping[str, str]):
    """The words for the codes of one kind, in the language in force, in the order of its file.

    Parameters
    ----------
    names : str
        Tables of the file of texts below ``within``, one after the other.
    within : str
        The table of the file they stand in.
    with_statistics : bool
        Whether the statistics of characteristics are codes too: ``age_years_median``.
    """

    def __init__(self, *names: str, within: str = "words", with_statistics: bool = False) -> None:
        self._starts = tuple(f"{within}.{name}." for name in names)
        self._with_statistics = with_statistics

    def __getitem__(self, code: str) -> str:
        return self._found()[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())

    def _found(self) -> Mapping[str, str]:
        return _words(language_in_force(), self._starts, self._with_statistics)


@lru_cache(maxsize=256)
def _words(language: str, starts: tuple[str, ...], with_statistics: bool) -> dict[str, str]:
    texts = load_texts(language)

    def table(start: str) -> dict[str, str]:
        return {k.removeprefix(start): v for k, v in texts.items() if k.startswith(start)}

    found = {code: told for start in starts for code, told in table(start).items()}
    if with_statistics:
        found |= {
            f"{code}_{ending}": texts["words.statistic_of"].format(
                characteristic=told.lower(), statistic=statistic
            )
            for code, told in table("words.characteristics.").items()
            for ending, statistic in table("words.statistics.").items()
        }
    return found


VERDICTS = Words("verdicts")
MEASURES = Words("measures")
CHARACTERISTICS = Words("characteristics")
DEFINITIONS = Words("definitions", "characteristics", with_statistics=True)
POPULATIONS = Words("populations")
POPULATIONS_SHORT = Words("populations_short")
VISITS = Words("visits")
GROUPINGS = Words("groupings")
GROUPS = Words("groups")
CHECK_STATES = Words("check_states")
POSITIONS = Words("positions")
CONVENTIONS = Words("conventions")
ROLES = Words("roles")
EXCLUSIONS = Words("exclusions")


def word(table: Mapping[str, str], code: str) -> str:
    """Return the word for a code; an unknown code becomes itself with spaces, cut and cleaned."""
    if code in table:
        return table[code]
    return plain_text(code.replace("_", " ")) if code else ""


def condition_word(code: str, labels: Mapping[str, str]) -> str:
    """Return a condition's label; ``all`` is all conditions, an unknown code is itself."""
    if code == "all":
        return say("words.all_conditions")
    return (
        plain_text(labels.get(code, ""))
        or plain_text(code.replace("_", " "))
        or say("words.no_name")
    )


def visit_word(visit: str) -> str:
    """Return a visit in words: ``week_12`` is "week 12", ``end`` is "end of series"."""
    if visit in VISITS or not visit.startswith("week_") or visit_week(visit) is None:
        return word(VISITS, visit)
    return say("words.week", number=visit.removeprefix("week_"))


def visit_week(visit: str) -> float | None:
    """Return the week of a visit after the end of series: ``week_12`` is 12, ``end`` 0; or None."""
    if visit == "end":
        return 0.0
    head, _, number = visit.partition("_")
    plain = number.isascii() and number.replace(".", "", 1).isdigit()
    return float(number) if head == "week" and plain else None


def plain_text(text: str, *, longest: int = LONGEST_NAME) -> str:
    """Return text safe to show in a line: no control or direction characters, spaces joined, cut.

    Parameters
    ----------
    text : str
        Anything, also from an export.
    longest : int
        Most characters kept; what is cut is shown by an ellipsis.

    Notes
    -----
    Direction overrides (Unicode category Cf) can make a line read as what it is not. Markup is not
    touched here: templates escape it.
    """
    kept = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in text[: 4 * longest])
    kept = " ".join(kept.split())
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + ELLIPSIS


_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
