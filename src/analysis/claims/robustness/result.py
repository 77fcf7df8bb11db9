"""What the grid of readings says of a claim: counts, cells, and one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.claims.judgement import VERDICTS_WITHIN, Verdict
from analysis.claims.robustness.duration_readings import DurationReading
from analysis.claims.specifications import Specification
from analysis.wording.numbers import count_text
from analysis.wording.texts import say
from analysis.wording.words import VERDICTS

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Reading = Specification | DurationReading
Code = str | float
Codes = dict[str, Code]

READING_VERDICTS: tuple[Verdict, ...] = ("meets", "falls short", "undecided", "not testable")

MOST_NAMED = 3
"""Choices named as what some readings have in common; more would be a list, not a reason."""

FEW_SHARE = 0.5
"""Up to this share of the readings, a verdict is a minority whose common choices are named."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustnessResult:
    """A claim under every defensible reading.

    Parameters
    ----------
    claim_id : str
    condition : str
        Condition code, or ``all``.
    unit : str
        ``share``, ``percent`` or ``weeks``.
    floor, ceiling : float or None
        As cited.
    level : float
        Two-sided level of every interval.
    specifications : tuple of Specification or of DurationReading, length k
        The readings.
    headline : int or None
        Place of the reading fixed in advance; None where there are no readings.
    value, low, high : ndarray of float, shape (k,)
        NaN where there is none, or where a duration is not reached.
    n, n_missing, n_events : ndarray of int, shape (k,)
    verdicts : tuple of str, length k
        Verdict of each reading, by the same rule as the headline.
    reason : str
        Why there are no readings; empty otherwise.

    Notes
    -----
    The readings are not independent and no sample of anything: their counts show how much of the
    verdict hangs on the choices, and are no probability.
    """

    claim_id: str
    condition: str
    unit: str
    floor: float | None
    ceiling: float | None
    level: float
    specifications: tuple[Reading, ...] = ()
    headline: int | None = None
    value: Floats = field(default_factory=lambda: np.empty(0))
    low: Floats = field(default_factory=lambda: np.empty(0))
    high: Floats = field(default_factory=lambda: np.empty(0))
    n: Counts = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    n_missing: Counts = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    n_events: Counts = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    verdicts: tuple[Verdict, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        k = len(self.specifications)
        parts = (self.value, self.low, self.high, self.n, self.n_missing, self.n_events)
        if any(len(part) != k for part in (*parts, self.verdicts)):
            raise ValueError("every reading has one number of each kind and one verdict")
        if (self.headline is None) != (k == 0):
            raise ValueError("readings have a headline among them")

    @property
    def counts(self) -> dict[str, int]:
        """Return how many readings give each verdict, all four named."""
        return {verdict: self.verdicts.count(verdict) for verdict in READING_VERDICTS}

    @property
    def n_agreeing(self) -> int:
        """Return how many readings give the verdict of the headline, itself included."""
        return 0 if self.headline is None else self.verdicts.count(self.verdicts[self.headline])

    def of_verdict(self, verdict: str) -> tuple[Reading, ...]:
        """Return the readings that give a verdict."""
        pairs = zip(self.specifications, self.verdicts, strict=True)
        return tuple(one for one, said in pairs if said == verdict)

    def table(self) -> pd.DataFrame:
        """Return one row a reading: choices, number, interval, verdict, whether it leads."""
        import pandas as pd

        kind = type(self.specifications[0]) if self.specifications else Specification
        choices = [each.name for each in fields(kind)]
        frame = pd.DataFrame(
            {name: [getattr(one, name) for one in self.specifications] for name in choices}
        )
        names = ("value", "low", "high", "n", "n_missing", "n_events")
        numbers = {name: getattr(self, name) for name in names}
        leads = np.arange(len(frame)) == (-1 if self.headline is None else self.headline)
        return frame.assign(**numbers, verdict=list(self.verdicts), is_headline=leads)

    def by_choice(self) -> pd.DataFrame:
        """Return how many readings give each verdict under each choice: what the verdict hangs on.

        Returns
        -------
        DataFrame
            One row a choice that varies: dimension and choice in words, readings, and a column for
            each verdict.
        """
        import pandas as pd

        rows: list[dict[str, object]] = []
        names = self.specifications[0].codes if self.specifications else {}
        for name in names:
            title = self.specifications[0].choice_names[name]
            words = [one.choices[name] for one in self.specifications]
            for word in dict.fromkeys(words):
                said = [v for v, w in zip(self.verdicts, words, strict=True) if w == word]
                if len(said) == len(words):
                    continue
                counts = {verdict: said.count(verdict) for verdict in READING_VERDICTS}
                rows.append(
                    {"dimension": title, "choice": word, "readings": len(said)} | dict(counts)
                )
        return pd.DataFrame(rows, columns=["dimension", "choice", "readings", *READING_VERDICTS])

    @property
    def sentence(self) -> str:
        """Return the finding: counts of each verdict, what the rarer have in common, the headline.

        "Falls short in 212 of 240 readings; meets in 3, all of them: only those rated, end of
        series."
        """
        if self.headline is None:
            return say("robustness.no_readings", reason=self.reason).strip()
        leads = self.verdicts[self.headline]
        found = sorted(
            ((verdict, n) for verdict, n in self.counts.items() if n),
            key=lambda pair: (-pair[1], pair[0] != leads),
        )
        parts = [self._tell(verdict, n, first=not i) for i, (verdict, n) in enumerate(found)]
        told = {
            "counts": say("robustness.between_counts").join(parts),
            "verdict": VERDICTS_WITHIN[leads],
        }
        if self.counts["meets"]:
            return say("robustness.finding", **told)
        return say("robustness.finding_none_meets", **told)

    def _tell(self, verdict: str, n: int, *, first: bool) -> str:
        k = len(self.specifications)
        word = (VERDICTS if first else VERDICTS_WITHIN)[verdict]
        if n == k:
            return say("robustness.in_all", verdict=word, whole=count_text(k))
        name = "robustness.in_first" if first else "robustness.in_more"
        told = say(name, verdict=word, n=count_text(n), whole=count_text(k))
        if verdict == "not testable" or n > FEW_SHARE * k:
            return told
        alike = what_is_common(self.of_verdict(verdict), self.specifications)
        return say("robustness.with_common", count=told, alike=alike) if alike else told


def what_is_common(some: Sequence[Reading], every: Sequence[Reading]) -> str:
    """Return what some readings have in common that not all readings have.

    Parameters
    ----------
    some, every : sequence of Specification or of DurationReading
        Readings with one verdict, and all of them.

    Returns
    -------
    str
        "all of them: only those rated, end of series" where a choice is shared by all; else, with
        at least two readings, "none of them: week 26" where a choice is shared by none; else empty.
    """
    if not some:
        return ""
    chosen, whole = [one.codes for one in some], [one.codes for one in every]
    open_ = whole
    shared: list[str] = []
    absent: list[str] = []
    for name in whole[0]:
        used, all_used = {c[name] for c in chosen}, dict.fromkeys(c[name] for c in open_)
        if len(used) == 1 < len(all_used):
            if _is_free(name, chosen, whole):
                shared.append(some[0].choices[name])
                # A choice that follows from one already named is not named again.
                open_ = [c for c in open_ if c[name] in used]
        elif len(used) > 1:
            lacking = [code for code in all_used if code not in used]
            absent += [_word_of(name, code, every) for code in lacking]
    between = say("robustness.between_choices")
    if shared:
        name = "robustness.it_is" if len(some) == 1 else "robustness.all_of_them"
        return say(name, choices=between.join(shared))
    if absent and len(absent) <= MOST_NAMED:
        return say("robustness.none_of_them", choices=between.join(absent))
    return ""


def _word_of(name: str, code: Code, every: Sequence[Reading]) -> str:
    return next(one.choices[name] for one in every if one.codes[name] == code)


def _is_free(name: str, chosen: Sequence[Codes], whole: Sequence[Codes]) -> bool:
    """Return whether one of these readings stands beside another that differs in one choice only.

    Where none does, their other choices left only this one, and it explains nothing.
    """
    rest = [key for key in whole[0] if key != name]
    beside = {tuple(one[key] for key in rest) for one in whole if one[name] != chosen[0][name]}
    return any(tuple(one[key] for key in rest) in beside for one in chosen)
