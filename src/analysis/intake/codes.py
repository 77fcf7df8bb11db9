"""Code lists of data/codes: ketamine effects, opioids with their MME factors, instruments, names of
people, and the codes of FHIR and OMOP.

A further effect, drug, factor, instrument or code is a row of a file, and no code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from math import inf, nan
from typing import TYPE_CHECKING, NamedTuple

from analysis.settings import data_rows

if TYPE_CHECKING:
    import numpy as np

NONE_REPORTED = "none_reported"
"""Code of the term that says: asked, and nothing was reported."""

NO_OPIOID = "none"
"""The drug of who takes no opioid, whatever stands under the dose."""

FACTOR_SETS = {"cdc_2022": "CDC 2022", "cdc_2016": "CDC 2016"}
"""Sets of MME factors by code, the default first."""

MICROGRAMS = {"mg": 1000.0, "mcg": 1.0}
"""Micrograms in each unit of mass."""


_NAMES = [(row["name"], row["kind"]) for row in data_rows("codes/names.csv")]

GIVEN_NAMES = frozenset(name for name, kind in _NAMES if kind == "given")
"""Given names common in the United States and Europe, some of Asia's, without accents.

They mark a text of two or three words as a person's name. Left out is what is as often a word, a
place, a month or a hospital: May, Grant, Mark, Rose, Austin, Charlotte, Victoria, Florence, Max.
"""

THINGS = frozenset(name for name, kind in _NAMES if kind == "thing")
"""Words of hospitals, tests, diseases and places; a text with one of them is no person's name."""

SURNAMES = frozenset(name for name, kind in _NAMES if kind == "surname")
"""A name in small letters is taken for one only if its last word is a common surname."""


HEADERS = {row["meaning"]: (row["kinds"], row["words"]) for row in data_rows("codes/headers.csv")}
"""Words of headers in four languages: data/codes/headers.csv, a row for each thing they mean."""


def words_for(meaning: str) -> re.Pattern[str]:
    """Return the pattern of the words that mean one of `HEADERS`."""
    return re.compile(rf"\b(?:{HEADERS[meaning][1]})\b")


def adam_names(kind: str) -> dict[str, str]:
    """Return variables of an analysis dataset with the columns of the contract they are made of.

    Kinds are the lists of data/codes/adam_names.csv: flags, care, exposure.
    """
    rows = data_rows("codes/adam_names.csv")
    return {row["variable"]: row["column"] for row in rows if row["list"] == kind}


def word_key(text: str) -> str:
    """Return a word as lists compare it: lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def read_patterns(name: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Return parts and regular expressions of a table such as ``codes/identifiers.csv``.

    A part stands in a pattern as %name%. Of the patterns (kind, check, pattern), rows of one kind
    and check that follow each other are alternatives of one.
    """
    parts: dict[str, str] = {}
    found: list[tuple[str, str, list[str]]] = []
    for row in data_rows(name):
        kind, check = row["kind"], row["check"]
        pattern = re.sub("%([A-Za-z_]+)%", lambda part: parts[part[1]], row["pattern"])
        if kind == "part":
            parts[check] = pattern
        elif found and found[-1][:2] == (kind, check):
            found[-1][2].append(pattern)
        else:
            found.append((kind, check, [pattern]))
    return parts, [(kind, check, "|".join(patterns)) for kind, check, patterns in found]


@cache
def _by_word(table: str, *own: str) -> dict[str, str]:
    """Return the first of the ``own`` fields by each of them, and by the words under ``also``."""
    return {
        word_key(word): row[own[0]]
        for row in data_rows(f"codes/{table}.csv")
        for word in (*(row[name] for name in own), *row["also"].split("|"))
        if word_key(word)
    }


@dataclass(frozen=True)
class Effect:
    """An effect of ketamine: its code, the label people read, its group, and its CTCAE v5 term."""

    code: str
    label: str
    group: str
    ctcae: str


@cache
def load_effects() -> dict[str, Effect]:
    """Return the effects of data/codes/ae_terms.csv by code."""
    own = ("code", "label", "group", "ctcae")
    return {
        row["code"]: Effect(*(row[name] for name in own)) for row in data_rows("codes/ae_terms.csv")
    }


def effect_of(term: str) -> str:
    """Return the code of the effect that a term names, empty where the list has none."""
    return _by_word("ae_terms", "code", "label", "ctcae").get(word_key(term), "")


class ClinicalCode(NamedTuple):
    """A code of a terminology and what it stands for here: table, column and, if any, value.

    ``verified`` is ``yes`` where it was seen in the terminology or in records of another hand.
    """

    system: str
    code: str
    meaning: str
    table: str
    column: str
    value: str
    source: str
    verified: str


@cache
def load_clinical_codes() -> tuple[ClinicalCode, ...]:
    """Return the codes of data/codes/clinical_codes.csv, in its order."""
    return tuple(ClinicalCode(**row) for row in data_rows("codes/clinical_codes.csv"))


def codes_for(system: str, table: str, column: str) -> dict[str, ClinicalCode]:
    """Return the codes of a system that stand for a column, by code."""
    wanted = (system, table, column)
    return {c.code: c for c in load_clinical_codes() if (c.system, c.table, c.column) == wanted}


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """A questionnaire: what it measures, in which direction, and what change matters.

    ``minimal_change`` is the least change of a patient that is important, None where there is none;
    ``improved_at`` the score from which on a patient is improved, for an instrument that asks about
    change itself (PGIC). ``better`` is ``lower`` or ``higher``. ``n_items`` is 0 where the score is
    no plain sum or mean of items; else ``total`` (sum, mean) of at least ``least_items`` of them.
    """

    code: str
    paramcd: str
    name: str
    domain: str
    better: str
    low: float
    high: float
    is_t_score: bool
    minimal_change: float | None
    improved_at: float | None
    change_source: str
    recall: str
    n_items: int = 0
    least_items: int = 0
    total: str = ""

    @property
    def item_ends(self) -> tuple[float, float]:
        """Lowest and highest answer to one item."""
        n = self.n_items if self.total == "sum" else 1
        return self.low / n, self.high / n


@cache
def load_instruments() -> dict[str, Instrument]:
    """Return the instruments of data/codes/instruments.csv by code."""
    return {
        row["code"]: Instrument(
            **{n: row[n] for n in ("code", "paramcd", "name", "domain", "better", "recall")},
            low=float(row["low"]),
            high=float(row["high"]),
            is_t_score=row["t_score"] == "yes",
            minimal_change=float(row["minimal_change"]) if row["minimal_change"] else None,
            improved_at=float(row["improved_at"]) if row["improved_at"] else None,
            change_source=row["change_source"],
            n_items=int(row["items"] or 0),
            least_items=int(row["least_items"] or 0),
            total=row["total"],
        )
        for row in data_rows("codes/instruments.csv")
    }


_NAMES_OF_INSTRUMENTS = ("instruments", "code", "paramcd", "name")


def instrument_of(name: str) -> str:
    """Return the code of the instrument that a name means, empty where the list has none."""
    return _by_word(*_NAMES_OF_INSTRUMENTS).get(word_key(name), "")


def instruments_named(text: str) -> list[str]:
    """Return the codes of instruments that a text names among other words, longest name first."""
    key = f" {word_key(text)} "
    words = sorted(_by_word(*_NAMES_OF_INSTRUMENTS).items(), key=lambda item: -len(item[0]))
    return list(dict.fromkeys(code for word, code in words if f" {word} " in key))


def total_of_items(items: np.ndarray, instrument: Instrument) -> np.ndarray:
    """Return the total score of each record by the missing-item rule of the instrument.

    ``items`` (n_records, n_items) are answers, NaN where there is none. A sum with missing items is
    prorated: the mean of those answered times all. NaN where fewer are answered than the rule asks
    for.
    """
    import numpy as np  # not before it is needed: an unchanged run loads none

    answered = (~np.isnan(items)).sum(axis=1)
    mean = np.nansum(items, axis=1) / np.maximum(answered, 1)
    total = mean * instrument.n_items if instrument.total == "sum" else mean
    return np.where(answered >= instrument.least_items, total, np.nan)


def drug_of(name: str) -> str:
    """Return the opioid that a name or brand means, empty where the list has none.

    Forms and salts beside the name do not matter: "oxycodone ER" and "Morphine SR 30" are found.
    """
    words = _by_word("opioids", "drug")
    key = word_key(name)
    if key in words:
        return words[key]
    found = {words[word] for word in words if re.search(rf"\b{word}\b", key)}
    return found.pop() if len(found) == 1 else ""


@dataclass(frozen=True)
class Factor:
    """A factor for doses above one number and up to another; None: not to be converted."""

    drug: str
    route: str
    unit: str
    above: float
    up_to: float
    factor: float | None


@cache
def load_mme_factors(factor_set: str) -> tuple[Factor, ...]:
    """Return the factors of one of `FACTOR_SETS`, from data/codes/mme_factors.csv."""
    return tuple(
        Factor(
            drug=row["drug"],
            route=row["route"],
            unit=row["unit"],
            above=float(row["above"] or 0),
            up_to=float(row["up_to"] or inf),
            factor=float(row["factor"]) if row["factor"] else None,
        )
        for row in data_rows("codes/mme_factors.csv")
        if row["factor_set"] == factor_set
    )


def mme_per_day(
    drug: str, daily_dose: float, *, factor_set: str, unit: str = "", route: str = ""
) -> float:
    """Return morphine milligram equivalents of a drug's dose of a day.

    Parameters
    ----------
    drug : str
        As `drug_of` names it.
    daily_dose : float
        Total of the day in ``unit``; of patches the micrograms per hour of all that are worn at
        once, however many days each is worn.
    factor_set : str
        One of `FACTOR_SETS`.
    unit, route : str
        Of the contract. No unit is ``mg``, of a transdermal dose ``mcg_per_hour``; no route is any.

    Returns
    -------
    float
        NaN where the set has no factor for the drug in that unit and route, or two that differ:
        unknown, never 0. A dose of 0 is 0 of anything.

    Notes
    -----
    Where the factor depends on the dose (methadone, 2016) it is that of the whole daily dose.
    """
    if daily_dose == 0 or drug == NO_OPIOID:
        return 0.0
    unit = unit or ("mcg_per_hour" if route == "transdermal" else "mg")
    found = set()
    for each in load_mme_factors(factor_set):
        alike = each.unit == unit or (each.unit in MICROGRAMS and unit in MICROGRAMS)
        if each.factor is None or each.drug != drug or not alike or route not in ("", each.route):
            continue
        dose = daily_dose
        if each.unit != unit:
            dose *= MICROGRAMS[unit] / MICROGRAMS[each.unit]
        if each.above < dose <= each.up_to:
            found.add(dose * each.factor)
    return found.pop() if len(found) == 1 else nan
