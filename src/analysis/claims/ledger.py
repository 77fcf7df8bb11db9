"""The ledger: claims as rows, each with the reading fixed before data are seen.

A new claim is a new row of data/claims/ledger.csv and needs no code.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path

from analysis.contract.codes import load_conditions
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

POPULATIONS: dict[str, tuple[str, ...]] = {
    "responder_share": ("all_starters", "observed"),
    "percent_reduction": ("observed", "all_starters"),
    "relief_duration": ("responders",),
}
"""Populations of whom each measure is made."""

CITED_RANGE: dict[str, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "percent": (-100.0, 100.0),
    "weeks": (0.0, 520.0),
}
"""Least and largest figure that can be cited in a unit: a share of 70 is a percentage typed in the
wrong unit, and would make every clinic fall short."""

ALL = "all"


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
        self._check_texts()
        if self.measure not in MEASURES:
            self._refuse("measure", f"'{self.measure}' is none of {_listed(MEASURES)}", MEASURES)
        unit, definitions = MEASURES[self.measure]
        self._check_choice("definition", definitions)
        self._check_choice("population", POPULATIONS[self.measure])
        if self.unit != unit:
            self._refuse("unit", f"'{self.unit}' is not the unit of {self.measure} ({unit})")
        self._check_reading()
        self._check_cited()

    def _check_texts(self) -> None:
        if not self.claim_id:
            raise LedgerError("a claim has no claim_id; each needs one of its own, such as C001.")
        for name in ("wording", "source", "condition", "reading"):
            if not getattr(self, name).strip():
                self._refuse(name, "it is empty")

    def _check_choice(self, name: str, known: Collection[str]) -> None:
        text = getattr(self, name)
        if text not in known:
            self._refuse(name, f"'{text}' is none of {_listed(known)} for {self.measure}", known)

    def _check_reading(self) -> None:
        """Refuse a reading that no result row can answer, rather than find none later."""
        if (self.definition, self.population) in (
            ("median_of_patients", "all_starters"),
            ("ratio_of_means", "all_starters"),
        ):
            self._refuse("population", f"{self.definition} is made of those observed only")
        by_percent = self.measure == "relief_duration" or self.definition == "percent_reduction"
        if by_percent and self.threshold_pct is None:
            self._refuse("threshold_pct", f"{self.measure} needs the least reduction that counts")
        if not by_percent and self.threshold_pct is not None:
            self._refuse("threshold_pct", f"{self.definition} has none; leave it empty")
        if self.threshold_pct is not None and not 0 < self.threshold_pct <= 100:
            self._refuse("threshold_pct", f"{self.threshold_pct:g} is not in 0 to 100 (percent)")
        if self.measure == "relief_duration" and self.visit:
            self._refuse("visit", "a duration is not read at a visit; leave it empty")

    def _check_cited(self) -> None:
        if self.cited_low is None and self.cited_high is None:
            self._refuse("cited_low", "a claim needs a floor or a ceiling to be judged against")
        least, most = CITED_RANGE[self.unit]
        for name in ("cited_low", "cited_high"):
            cited = getattr(self, name)
            if cited is not None and not least <= cited <= most:
                self._refuse(
                    name, f"{cited:g} is no {self.unit}, which goes from {least:g} to {most:g}"
                )
        if None not in (self.cited_low, self.cited_high) and self.cited_low > self.cited_high:  # type: ignore[operator]
            self._refuse("cited_low", f"{self.cited_low:g} is above cited_high {self.cited_high:g}")

    def _refuse(self, field: str, why: str, known: Collection[str] = ()) -> None:
        near = suggest(str(getattr(self, field)), known)
        raise LedgerError(f"claim {self.claim_id}, {field}: {why}.{near}")


COLUMNS = [field.name for field in fields(Claim)]
"""Columns of a ledger file; others are notes for people and not read."""


def load_ledger(
    path: Path | None = None, *, more_conditions: Collection[str] = ()
) -> tuple[Claim, ...]:
    """Read a ledger of claims.

    Parameters
    ----------
    path : Path, optional
        CSV file in UTF-8; the suite's own ledger when not given.
    more_conditions : collection of str
        Condition codes a mapping adds to those of data/conditions.csv.

    Returns
    -------
    tuple of Claim
        In the order of the file.

    Raises
    ------
    LedgerError
        No such file, not a table, a missing column, a repeated id, an unknown condition, or a field
        that breaks a rule; the claim, the field and the rule are named.
    """
    path = path or data_folder() / "claims" / "ledger.csv"
    claims = tuple(_claim(row) for row in _records(path))
    if not claims:
        raise LedgerError(f"{path.name} holds no claims: a claim is a row below the column names.")
    ids = [claim.claim_id for claim in claims]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise LedgerError(
            f"claim {repeated[0]}, claim_id: it stands more than once in {path.name}; each claim "
            f"needs an id of its own (repeated: {', '.join(repeated)})."
        )
    known = [ALL, *load_conditions().labels, *more_conditions]
    for claim in claims:
        if claim.condition not in known:
            claim._refuse("condition", f"'{claim.condition}' is none of {_listed(known)}", known)
    return claims


def _records(path: Path) -> list[dict[str, str]]:
    """Return the records of a ledger file, each with all its columns and no other."""
    if not path.is_file():
        raise LedgerError(f"there is no ledger of claims at {path}.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, restval=None)
            names = reader.fieldnames or []
            if not names:
                raise LedgerError(f"{path.name} is empty; a ledger begins with the column names.")
            lacking = [name for name in COLUMNS if name not in names]
            if lacking:
                raise LedgerError(f"{path.name} lacks the columns {', '.join(lacking)}.")
            return [_whole(row, f"{path.name}, line {reader.line_num}") for row in reader]
    except UnicodeDecodeError:
        raise LedgerError(f"{path.name} is not a UTF-8 text file; save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise LedgerError(f"{path.name} cannot be read as CSV: {error}.") from None


def _whole(row: dict[str, str], where: str) -> dict[str, str]:
    """Refuse a record with lost or gained fields: a comma or quotation mark out of place."""
    name = f"{where}, claim {row['claim_id'] or 'without an id'}"
    if None in row:
        raise LedgerError(f"{name}: more fields than columns; put text with a comma in quotes.")
    if None in row.values():
        raise LedgerError(f"{name}: fewer fields than columns; is a quotation mark missing?")
    for field, text in row.items():
        if "\n" in text or "\r" in text:
            raise LedgerError(f"{name}, {field}: a line break; is a quotation mark missing?")
    return row


def _claim(row: dict[str, str]) -> Claim:
    return Claim(
        **{
            name: (_number(row, name) if name in _NUMBERS else row[name].strip())
            for name in COLUMNS
        }  # type: ignore[arg-type]
    )


_NUMBERS = ("threshold_pct", "cited_low", "cited_high")


def _number(row: dict[str, str], name: str) -> float | None:
    text = row[name].strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise LedgerError(f"claim {row['claim_id']}, {name}: '{text}' is not a number.")
    return number


def _listed(known: Collection[str]) -> str:
    return ", ".join(known)
