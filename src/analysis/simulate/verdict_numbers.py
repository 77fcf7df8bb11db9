"""Sizes of the clinics on the page of error rates, and its numbers as Markdown."""

from __future__ import annotations

from analysis.wording.numbers import MINUS

SIZES = (20, 50, 100, 200, 500, 1000)
"""Patients of a clinic, a column each."""


def head(first: str) -> list[str]:
    """Return the head of a table with a column for each size."""
    return [
        f"| {first} | " + " | ".join(f"n = {n}" for n in SIZES) + " |",
        "|---|" + "---:|" * len(SIZES),
    ]


def pct(chance: float, decimals: int = 1) -> str:
    """Return a chance as percent without the sign; dust below 0 is 0."""
    return f"{100 * max(chance, 0.0):.{decimals}f}"


def points(number: float) -> str:
    """Return a difference with its sign; 0.0 without one."""
    rounded = round(number, 1)
    sign = "" if not rounded else ("+" if rounded > 0 else MINUS)
    return f"{sign}{abs(rounded):.1f}"
