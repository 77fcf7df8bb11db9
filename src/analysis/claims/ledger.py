"""The ledger: claims as rows, each with the reading fixed before data are seen.

A new claim is a new row of data/claims/ledger.csv and needs no code.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import LedgerError, suggest
from analysis.places import data_folder

MEASURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "responder_share": ("share", ("percent_reduction", "two_points")),
    "percent_reduction": (
        "percent",
        ("mean_of_patients", "median_of_patients", "ratio_of_means"),
    ),
    "relief_duration": ("weeks", ("booster_as_loss", "booster_as_censoring", "booster_ignored")),
}
"""Measures a claim can be judged by: unit and definitions."""

POPULATIONS = ("all_starters", "observed", "responders")

COLUMNS = ["claim_id", "section", "wording", "source", "printed_on", "condition", "measure", "definition", "threshold_pct", "visit", "population", "cited_low", "cited_high", "unit", "cited_text", "reading"]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim with its reading.

    Parameters
    ----------
    claim_id : str
        Stable id, C001 and on.
    wording, source, section, printed_on : str
        Exact words, where and when they were printed.
    condition : str
        Condition code, or ``all``.
    measure, definition, population : str
        Keys of the result row that answers it.
    threshold_pct : float or None
        Least percent reduction, where the measure has one.
    visit : str
        Analysis visit; empty for the analysis visit of the run (end of the series by default).
    cited_low, cited_high : float or None
        Cited floor and ceiling in ``unit``.
    cited_text, reading : str
        The figure as printed, and what the words were taken to mean.
    """

    claim_id: str
    section: str
    wording: str
    source: str
    printed_on: str
    condition: str
    measure: str
    definition: str
    threshold_pct: float | None
    visit: str
    population: str
    cited_low: float | None
    cited_high: float | None
    unit: str
    cited_text: str
    reading: str

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            known = ", ".join(MEASURES)
            self._refuse("measure", f"'{self.measure}' is none of {known}", MEASURES)
        unit, definitions = MEASURES[self.measure]
        if self.definition not in definitions:
            self._refuse("definition", f"'{self.definition}' is none of {', '.join(definitions)}")
        if self.unit != unit:
            self._refuse("unit", f"'{self.unit}' is not the unit of {self.measure} ({unit})")
        if self.population not in POPULATIONS:
            self._refuse("population", f"'{self.population}' is none of {', '.join(POPULATIONS)}")
        if self.cited_low is None and self.cited_high is None:
            self._refuse("cited_low", "a claim needs a floor or a ceiling to be judged against")
        if (
            self.cited_low is not None
            and self.cited_high is not None
            and self.cited_low > self.cited_high
        ):
            self._refuse("cited_low", f"{self.cited_low:g} is above cited_high {self.cited_high:g}")
        for name in ("wording", "source", "reading"):
            if not getattr(self, name).strip():
                self._refuse(name, "it is empty")

    def _refuse(self, field: str, why: str, known: object = ()) -> None:
        near = suggest(str(getattr(self, field)), known) if known else ""  # type: ignore[arg-type]
        raise LedgerError(f"claim {self.claim_id}, {field}: {why}.{near}")


def load_ledger(path: Path | None = None) -> tuple[Claim, ...]:
    """Read a ledger of claims.

    Parameters
    ----------
    path : Path, optional
        CSV file; the suite's own ledger when not given.

    Raises
    ------
    LedgerError
        No such file, a missing column, a repeated id, or a field that breaks a rule; the claim, the
        field and the rule are named.
    """
    path = path or data_folder() / "claims" / "ledger.csv"
    if not path.is_file():
        raise LedgerError(f"there is no ledger of claims at {path}.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        lacking = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
        if lacking:
            raise LedgerError(f"{path.name} lacks the columns {', '.join(lacking)}.")
        claims = tuple(_claim(row) for row in reader)
    ids = [claim.claim_id for claim in claims]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise LedgerError(f"{path.name}: the ids {', '.join(repeated)} stand more than once.")
    return claims


def _claim(row: dict[str, str]) -> Claim:
    return Claim(
        **{
            name: (_number(row, name) if name in _NUMBERS else (row[name] or "").strip())
            for name in COLUMNS
        }  # type: ignore[arg-type]
    )


_NUMBERS = ("threshold_pct", "cited_low", "cited_high")


def _number(row: dict[str, str], name: str) -> float | None:
    text = (row[name] or "").strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise LedgerError(f"claim {row['claim_id']}, {name}: '{text}' is not a number.") from None
