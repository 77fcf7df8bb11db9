"""What is wrong with a table, kept as a value so that all of it is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.errors import ContractError

SHOWN_PROBLEMS = 12
SHOWN_ROWS = 5


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Rows of a table that break one rule.

    Parameters
    ----------
    table, column : str
        Where: table of the contract and column (as the export names it, when renamed).
    code : str
        Short name of the rule; a mapping may list it under ``exclude``.
    file : str
        File the rows came from.
    found, expected, remedy : str
        What is there, what should be, and what to do: phrases of one sentence.
    lines : sequence of int
        Lines of the file on which the rows stand.
    examples : sequence of str
        The offending texts, beside ``lines``.
    """

    table: str
    column: str
    code: str
    file: str
    expected: str
    remedy: str
    lines: Sequence[int] = ()
    examples: Sequence[str] = ()

    @property
    def n(self) -> int:
        """Number of rows that break the rule."""
        return len(self.lines)

    def sentence(self) -> str:
        """Return the problem as one sentence: place, finding, rule and remedy."""
        place = f"{self.table}.{self.column}" if self.column else self.table
        place += f" ({self.file})" if self.file else ""
        if not self.lines:
            return f"{place}: {self.expected}. {self.remedy}"
        rows = "row" if self.n == 1 else "rows"
        shown = [
            f"line {line}" + (f": {_short(text)}" if text else "")
            for line, text in zip(self.lines, self._texts(), strict=False)
        ]
        told = list(dict.fromkeys(shown))[:SHOWN_ROWS]
        more = f"; and {self.n - SHOWN_ROWS} more" if self.n > SHOWN_ROWS else ""
        return (
            f"{place}: {self.n} {rows} where {self.expected} is expected "
            f"({'; '.join(told)}{more}). {self.remedy}"
        )

    def _texts(self) -> list[str]:
        return [*self.examples, *[""] * SHOWN_ROWS]


def refuse(problems: Sequence[Problem]) -> None:
    """Raise ContractError telling every problem, a sentence each; return when there is none."""
    if not problems:
        return
    told = [problem.sentence() for problem in problems[:SHOWN_PROBLEMS]]
    if len(problems) > SHOWN_PROBLEMS:
        told.append(f"... and {len(problems) - SHOWN_PROBLEMS} more problems of this kind.")
    raise ContractError("\n".join(told))


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
