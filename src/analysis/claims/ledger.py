"""The ledger: claims as rows, each with the reading fixed before data are seen.

Every statement of the page has a row, also those no data can test. A new claim is a new row of
data/claims/ledger.csv and needs no code; docs/claims.md says how.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import NamedTuple, NoReturn

from pydantic import BaseModel, ConfigDict, model_validator

from analysis.adam.safety import QUESTIONS
from analysis.claims.judgement import Judgement
from analysis.errors import InputError, LedgerError, suggest
from analysis.files import read_plain
from analysis.intake.tables import load_conditions
from analysis.labels import VERDICTS, plain_text, words_in
from analysis.settings import data_folder, data_rows

ALL = "all"


class Frequency(NamedTuple):
    """What a word of frequency is read as: a least or largest share or count.

    Everyday words have no table like that of adverse events (CIOMS). What they are read as stands
    in data/claims/frequencies.csv, and is printed with every verdict that rests on it.
    """

    low: float | None
    high: float | None
    above: bool  # the figure must lie above `low` and not on it
    reading: str  # as it stands in sentences
    source: str


FREQUENCIES = {
    row["word"]: Frequency(
        low=float(row["low"]) if row["low"] else None,
        high=float(row["high"]) if row["high"] else None,
        above=row["above"] == "yes",
        reading=row["reading"],
        source=row["source"],
    )
    for row in data_rows("claims/frequencies.csv")
}
"""Every word of frequency the ledger may use."""


class Measure(NamedTuple):
    """One measure a claim may name, a row of data/claims/measures.csv, and the words with it."""

    headline: bool  # a cited number, with the suite's full sentence, power and readings
    unit: str
    populations: tuple[str, ...]
    definitions: tuple[str, ...]
    row: str  # measure of the result that answers
    at_visit: bool  # read at an analysis visit: the run's own where the claim names none
    threshold: bool  # the claim gives a least reduction
    needs_pain: bool  # a pain score must be recorded
    every_visit: bool  # follows relief from visit to visit
    by_arm: bool  # there are results by arm
    subject: str  # what a sentence with it is about (`analysis.claims.rules`)


def _measure(row: Mapping[str, str]) -> Measure:
    definitions = tuple(row["definitions"].split()) or ("",)
    return Measure(
        headline=row["headline"] == "yes", unit=row["unit"],
        populations=tuple(row["populations"].split()),
        definitions=tuple(QUESTIONS) if definitions == ("(effects)",) else definitions,
        row=row["row"] or row["measure"], at_visit=row["at_visit"] == "yes",
        threshold=row["threshold"] == "yes", needs_pain=row["pain_score"] != "no",
        every_visit=row["every_visit"] == "yes", by_arm=row["by_arm"] != "no",
        subject=row["subject"],
    )  # fmt: skip


ALL_MEASURES = {row["measure"]: _measure(row) for row in data_rows("claims/measures.csv")}
HEADLINE = {name: measure for name, measure in ALL_MEASURES.items() if measure.headline}
"""Every measure; those beyond the headline are shares, counts and slopes, or the headline results
asked in another way."""

CITED_RANGE: dict[str, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "percent": (-100.0, 100.0),
    "weeks": (0.0, 520.0),
    "score": (-10.0, 10.0),
    "points": (-100.0, 100.0),
    "ratio": (0.0, 100.0),
    "count": (0.0, 1e7),
}
"""Least and largest figure that can be cited in a unit: a share of 70 is a percentage typed in the
wrong unit, and would make every clinic fall short."""

KINDS = (
    "headline", "efficacy_rate", "efficacy_mean", "duration", "protocol", "safety", "mechanism",
    "comparison", "cost", "testimonial",
)  # fmt: skip
"""What a statement is about."""

TO_CONFIRM = "To confirm:"
"""First words of a reading that `reliefcheck claims draft` proposed and nobody has confirmed."""

ANSWERS = words_in("answers")
"""How a claim is answered; it decides which fields must be filled."""

NEEDS = words_in("needs")
"""Tables or columns that a claim asks for and the suite does not read."""

READING_FIELDS = (
    "condition", "measure", "definition", "threshold_pct", "visit", "population", "cited_low",
    "cited_high", "unit", "frequency", "group", "baseline_score", "limits", "reading",
)  # fmt: skip
"""Fields of a claim that decide how it is judged."""

GROUPINGS = ("subtype", "protocol", "arm", "site")
"""Columns that make a part of a condition."""


class Claim(BaseModel):
    """One claim with its reading, or with the reason why it has none; it checks itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    claim_id: str
    """Stable id, C001 and on."""
    section: str
    """Section of the page."""
    wording: str
    """Exact words."""
    source: str
    """Where they were printed."""
    printed_on: str
    """When they were printed."""
    condition: str
    """Condition code, or ``all``."""
    measure: str
    """Measure of the result that answers it; empty where none does."""
    definition: str
    """Definition of that result."""
    threshold_pct: float | None
    """Least percent reduction, where the measure has one; of a testimonial, its reduction."""
    visit: str
    """Analysis visit; empty for the analysis visit of the run."""
    population: str
    """Population of that result."""
    cited_low: float | None
    """Cited floor, in ``unit``."""
    cited_high: float | None
    """Cited ceiling, in ``unit``."""
    unit: str
    """Unit of the measure."""
    cited_text: str
    """The figure as printed."""
    reading: str
    """What the words were taken to mean."""
    kind: str = ""
    """What the statement is about: one of ``KINDS``, or empty."""
    answer: str = "computed"
    """How it is answered: one of ``ANSWERS``."""
    needs: str = ""
    """Table or column that a ``no_records`` claim asks for: one of ``NEEDS``."""
    frequency: str = ""
    """Word of ``FREQUENCIES`` that gives the floor or ceiling where none is cited."""
    group: str = ""
    """Part of the condition, as ``subtype=diabetic``; empty for all of it."""
    baseline_score: float | None = None
    """Pain before, 0 to 10, that a testimonial states."""
    reason: str = ""
    """Why a claim that is not computed is not."""
    tested_by: str = ""
    """What would test it."""
    ambiguity: str = ""
    """What its words leave open."""
    note: str = ""
    """What else to know."""
    headline: str = ""
    """"yes" for the claims of the first page."""
    limits: str = ""
    """Limits that the words name, each a question of its own: ``weeks=2;months=8.7``."""
    reading_date: str = ""
    """Day the reading was fixed (ISO 8601)."""
    reading_revision: float | None = None
    """1 as first fixed, more when it was reworded since."""
    reading_sha: str = ""
    """`reading_hash` of the reading when it was fixed; `reliefcheck claims show` prints it."""

    @property
    def named_limits(self) -> tuple[tuple[str, float], ...]:
        """Name and floor of each of the ``limits``."""
        pairs = (part.partition("=") for part in self.limits.split(";") if part)
        return tuple((name.strip(), float(figure)) for name, _, figure in pairs)

    @property
    def reading_hash(self) -> str:
        """First 12 digits of the SHA-256 of all that decides how the claim is judged."""
        parts = {name: getattr(self, name) for name in READING_FIELDS}
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        # "30%" counts as "30 %", as the first registered readings were spelled.
        text = re.sub(r"(?<=\d)%", " %", text)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def post_hoc(self, data_cut: date | None) -> str:
        """Return in a clause why the reading counts as chosen after the data; empty if it does not.

        ``data_cut`` is the last day of the data judged. A reading that was reworded afterwards
        may have been reworded because of them, and so may one that is not the one registered.
        """
        if self.reading.startswith(TO_CONFIRM):
            return "its reading was proposed by the suite and nobody has confirmed it"
        if self.reading_sha and self.reading_sha != self.reading_hash:
            on = f" on {self.reading_date}" if self.reading_date else ""
            return f"its reading is not the one registered{on}"
        reworded = (self.reading_revision or 1) > 1 and self.reading_date
        if reworded and data_cut is not None and date.fromisoformat(self.reading_date) > data_cut:
            return f"its reading was reworded on {self.reading_date}, after these data"
        return ""

    @property
    def floor(self) -> float | None:
        """Least figure the claim is judged against: the cited one, or what its word is read as."""
        return FREQUENCIES[self.frequency].low if self.frequency else self.cited_low

    @property
    def ceiling(self) -> float | None:
        """Largest figure of the claim, cited or read."""
        return FREQUENCIES[self.frequency].high if self.frequency else self.cited_high

    @property
    def above_floor(self) -> bool:
        """Whether the figure must lie above the floor, and not on it."""
        return bool(self.frequency) and FREQUENCIES[self.frequency].above

    @property
    def group_keys(self) -> dict[str, str]:
        """Result keys of the part of the condition; empty for all of it."""
        name, _, value = self.group.partition("=")
        return {"group_by": name, "group": value} if self.group else {}

    def refuse(self, field: str, why: str, known: Collection[str] = ()) -> NoReturn:
        """Raise LedgerError that names this claim, the field and the rule it breaks."""
        near = suggest(str(getattr(self, field)), known)
        raise LedgerError(f"claim {self.claim_id}, {field}: {why}.{near}")

    @model_validator(mode="after")
    def _check(self) -> Claim:
        if not self.claim_id:
            raise LedgerError("a claim has no claim_id; each needs one of its own, such as C001.")
        for name in ("wording", "source", "condition"):
            if not getattr(self, name).strip():
                self.refuse(name, "it is empty")
        self._check_choice("answer", ANSWERS)
        if self.kind:
            self._check_choice("kind", KINDS)
        if self.headline not in ("", "yes"):
            self.refuse("headline", f"'{self.headline}' is neither yes nor empty")
        self._check_answer()
        self._check_registration()
        if self.measure or self.answer == "computed":
            self._check_measure()
        return self

    def _check_registration(self) -> None:
        """Refuse limits or a date of the reading that cannot be read."""
        try:
            limits = [figure for _, figure in self.named_limits]
        except ValueError:
            self.refuse("limits", f"'{self.limits}' is not as weeks=2;months=8.7")
        if limits and self.measure != "relief_duration":
            self.refuse("limits", "only a duration names limits in words; leave it empty")
        if limits and (limits != sorted(limits) or limits[0] != self.cited_low):
            self.refuse("limits", f"'{self.limits}' does not rise from cited_low")
        try:
            date.fromisoformat(self.reading_date or "2000-01-01")
        except ValueError:
            self.refuse("reading_date", f"'{self.reading_date}' is no day as 2026-01-31")

    def _check_choice(self, name: str, known: Collection[str]) -> None:
        text = getattr(self, name)
        if text not in known:
            whose = f" for {self.measure}" if name in ("definition", "population") else ""
            self.refuse(name, f"'{text}' is none of {_listed(known)}{whose}", known)

    def _check_answer(self) -> None:
        """Refuse a claim that is neither answered nor says why not."""
        computed = self.answer == "computed"
        if computed or self.measure:
            if not self.reading.strip():
                self.refuse("reading", "it is empty")
        elif self.frequency or self.cited_low is not None or self.cited_high is not None:
            self.refuse("measure", "it is empty, but there is a figure to be judged against")
        if computed and self.reason:
            self.refuse("reason", "a computed claim has none; say what is odd in `note`")
        if not computed and not self.reason.strip():
            self.refuse("reason", f"it is empty; a claim answered '{self.answer}' says why")
        if self.answer == "no_records":
            self._check_choice("needs", NEEDS)
        elif self.needs:
            self.refuse("needs", f"only a claim answered 'no_records' lacks records ({self.needs})")

    def _check_measure(self) -> None:
        self._check_choice("measure", ALL_MEASURES)
        spec = ALL_MEASURES[self.measure]
        self._check_choice("definition", spec.definitions)
        self._check_choice("population", spec.populations)
        if self.unit != spec.unit:
            self.refuse("unit", f"'{self.unit}' is not the unit of {self.measure} ({spec.unit})")
        self._check_reading(spec)
        self._check_group()
        self._check_cited()

    def _check_reading(self, spec: Measure) -> None:
        """Refuse a reading that no result can answer, rather than find none later."""
        needs_rating = self.definition in ("median_of_patients", "ratio_of_means")
        if needs_rating and self.population == "all_starters":
            self.refuse("population", f"{self.definition} is made of those observed only")
        by_percent = spec.threshold and self.definition != "two_points"
        if by_percent and self.threshold_pct is None:
            self.refuse("threshold_pct", f"{self.measure} needs the least reduction that counts")
        if not by_percent and self.threshold_pct is not None:
            what = self.definition or self.measure
            self.refuse("threshold_pct", f"{what} has none; leave it empty")
        if self.threshold_pct is not None and not 0 < self.threshold_pct <= 100:
            self.refuse("threshold_pct", f"{self.threshold_pct:g} is not in 0 to 100 (percent)")
        if self.measure == "relief_duration" and self.visit:
            self.refuse("visit", "a duration is not read at a visit; leave it empty")
        if not spec.at_visit and self.visit:
            self.refuse("visit", f"{self.measure} is not read at a visit; leave it empty")
        if self.measure == "kept_relief" and not self.visit:
            self.refuse("visit", "it is empty; say until when relief is kept, as week_12")
        if self.baseline_score is not None and self.measure != "testimonial":
            self.refuse("baseline_score", "only a testimonial states one; leave it empty")
        if self.baseline_score is not None and not 0 < self.baseline_score <= 10:
            self.refuse("baseline_score", f"{self.baseline_score:g} is not in 0 to 10")

    def _check_group(self) -> None:
        name, _, value = self.group.partition("=")
        if self.group and not (name in GROUPINGS and value):
            known = _listed(GROUPINGS)
            self.refuse("group", f"'{self.group}' is not as subtype=diabetic; parts are {known}")
        if self.group and self.measure in HEADLINE:
            self.refuse("group", f"{self.measure} is judged on all of a condition; leave it empty")

    def _check_cited(self) -> None:
        cited = [end for end in (self.cited_low, self.cited_high) if end is not None]
        if self.frequency:
            self._check_choice("frequency", FREQUENCIES)
            if cited:
                self.refuse("frequency", "the claim cites a figure; a word is read only without")
            if self.measure in HEADLINE:
                self.refuse("frequency", f"{self.measure} is judged against a cited figure")
        elif not cited and self.answer == "computed":
            self.refuse("cited_low", "a claim needs a floor or a ceiling to be judged against")
        least, most = CITED_RANGE[self.unit]
        for name in ("cited_low", "cited_high"):
            end = getattr(self, name)
            if end is not None and not least <= end <= most:
                what = f"{end:g} is no {self.unit}, which goes from {least:g} to {most:g}"
                self.refuse(name, what)
        if len(cited) == 2 and cited[0] > cited[1]:
            self.refuse("cited_low", f"{cited[0]:g} is above cited_high {cited[1]:g}")


def _listed(known: Collection[str]) -> str:
    """Return words as a list in a sentence; an empty one is called so."""
    return ", ".join(word or "(empty)" for word in known)


COLUMNS = list(Claim.model_fields)
"""Columns of a ledger file; others are notes for people and not read."""

REQUIRED = [name for name, field in Claim.model_fields.items() if field.is_required()]
"""Columns that every ledger file has; the others are taken as empty where they are absent."""

_NUMBERS = ("threshold_pct", "cited_low", "cited_high", "baseline_score", "reading_revision")


def load_ledger(
    path: str | Path | None = None,
    *,
    run: Path | None = None,
    more_conditions: Collection[str] | None = (),
) -> tuple[Claim, ...]:
    """Read a ledger of claims: a CSV file in UTF-8.

    Where none is given it is the one that ``run``, a run folder, was judged on, else the suite's
    own. ``more_conditions`` are codes that a mapping adds to those of data/conditions.csv; None
    lets all pass, where no mapping has been read yet.

    Raises
    ------
    LedgerError
        No such file, not a table, a missing or misspelled column, a repeated id, an unknown
        condition, or a field that breaks a rule; row, claim, column and rule are named.
    """
    path = path or (run and _ledger_of_run(run)) or data_folder() / "claims" / "ledger.csv"
    path = Path(path).expanduser()
    if not path.is_file():
        raise LedgerError(f"there is no ledger of claims at {path}.")
    claims = []
    for row in read_rows(path, REQUIRED, what="claim"):
        try:
            claims.append(_claim(row))
            if more_conditions is not None:
                _check_codes(claims[-1], more_conditions)
        except LedgerError as error:
            raise LedgerError(f"{path.name}, row {row[ROW]}: {error}") from None
    if not claims:
        raise LedgerError(f"{path.name} holds no claims: a claim is a row below the column names.")
    return tuple(claims)


def _ledger_of_run(folder: Path) -> Path | None:
    """Return the ledger a run was judged on; None where that was the suite's own."""
    try:
        about = json.loads(read_plain(folder / "run.json"))
        own = about["claims"]["own"]
    except (OSError, ValueError, KeyError, TypeError):  # an older run, or none: others say so
        return None
    return None if own else folder / "ledger.csv"


def describe_ledger(claims: Sequence[Claim | Judgement]) -> str:
    """Return how many statements there are and where they were printed."""
    sources = list(dict.fromkeys(plain_text(claim.source) for claim in claims))
    noun = "statement" if len(claims) == 1 else "statements"
    return f"{len(claims)} {noun} of {'; '.join(sources)}"


@lru_cache(maxsize=1)
def _own_wording() -> dict[str, str]:
    return {claim.claim_id: claim.wording for claim in load_ledger()}


def is_own_row(claim: Claim | Judgement) -> bool:
    """Return whether a claim is the suite's own row of its id.

    Rules and questions of the evidence name rows by id; in a ledger of another page the same id
    stands for other words.
    """
    return _own_wording().get(claim.claim_id) == claim.wording


def _check_codes(claim: Claim, more: Collection[str]) -> None:
    """Refuse a condition or subtype that is in no table of codes."""
    conditions = load_conditions()
    known = [ALL, *conditions.labels, *more]
    if claim.condition not in known:
        claim.refuse("condition", f"'{claim.condition}' is none of {_listed(known)}", known)
    if claim.group_keys.get("group_by") == "subtype" and claim.condition in conditions.labels:
        subtypes = conditions.subtypes(claim.condition)
        if claim.group_keys["group"] not in subtypes:
            all_of_it = _listed(subtypes) or "no subtype"
            claim.refuse(
                "group", f"'{claim.group}' is no subtype of {claim.condition} ({all_of_it})"
            )


ROW = "row of the file"
"""Key of a record under which `read_rows` keeps the number of its row, as a spreadsheet counts."""


def read_rows(path: Path, required: Sequence[str], *, what: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of claims or rules, or refuse what is not one."""
    rows = read_records(path, required, name=f"{what}_id", numbered=True)
    for name in rows[0] if rows and what == "claim" else ():
        absent = [column for column in COLUMNS if column not in rows[0]]
        if name not in (*COLUMNS, ROW) and (near := suggest(name, absent)):
            raise LedgerError(f"{path.name}: there is no column '{name}'.{near}")
    ids = [row[f"{what}_id"].strip() for row in rows]
    repeated = sorted({name for name in ids if name and ids.count(name) > 1})
    if repeated:
        raise LedgerError(
            f"{what} {repeated[0]}, {what}_id: it stands more than once in {path.name}; each "
            f"{what} needs an id of its own (repeated: {', '.join(repeated)})."
        )
    return rows


def read_records(
    path: Path,
    required: Sequence[str],
    *,
    name: str,
    error: type[InputError] = LedgerError,
    numbered: bool = False,
) -> list[dict[str, str]]:
    """Return the records of a CSV file, none of them short, long or torn by a stray quote.

    ``required`` are the columns that must be there, ``name`` the one that names a record in the
    ``error`` raised for anything else. Where ``numbered``, each keeps its row's number under
    ``ROW``.
    """
    rows = []
    what = name.removesuffix("_id")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, restval=None)
            names = reader.fieldnames or []
            if not names:
                raise error(f"{path.name} is empty; it begins with the column names.")
            lacking = [column for column in required if column not in names]
            if lacking:
                raise error(f"{path.name} lacks the columns {', '.join(lacking)}.")
            for row in reader:
                own = row[name] or "without an id"
                _check_complete(row, f"{path.name}, line {reader.line_num}, {what} {own}", error)
                rows.append({**row, ROW: str(reader.line_num)} if numbered else row)
    except UnicodeDecodeError:
        raise error(f"{path.name} is not a UTF-8 text file; save it as CSV UTF-8.") from None
    except csv.Error as cause:
        raise error(
            f"{path.name} cannot be read as CSV: {cause}; is a quotation mark missing?"
        ) from None
    return rows


def _check_complete(row: dict[str, str], where: str, error: type[InputError]) -> None:
    """Refuse a record with lost or gained fields: a comma or quotation mark out of place."""
    if None in row:
        raise error(f"{where}: more fields than columns; put text with a comma in quotes.")
    if None in row.values():
        raise error(f"{where}: fewer fields than columns; is a quotation mark missing?")
    for field, text in row.items():
        if "\n" in text or "\r" in text:
            raise error(f"{where}, {field}: a line break; is a quotation mark missing?")


def _claim(row: dict[str, str]) -> Claim:
    given = {
        name: _number(row, name) if name in _NUMBERS else row[name].strip()
        for name in COLUMNS
        if name in row
    }
    # An empty answer is the usual one, so that a short ledger of figures needs no further column.
    given["answer"] = given.get("answer") or "computed"
    return Claim(**given)


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


def headline_claims(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return the claims of the first page; all of them in a ledger that marks none."""
    marked = tuple(claim for claim in claims if claim.headline)
    return marked or tuple(claims)


def find_claim(claims: Sequence[Claim], claim_id: str) -> Claim:
    """Return a claim by its id in any case; LedgerError, with the nearest id, where none has it."""
    wanted = claim_id.strip().upper()
    claim = next((claim for claim in claims if claim.claim_id.upper() == wanted), None)
    if claim is None:
        ids = [claim.claim_id for claim in claims]
        raise LedgerError(f"there is no claim '{claim_id}' in the ledger.{suggest(wanted, ids)}")
    return claim


def select_claims(
    claims: Sequence[Claim],
    *,
    condition: str = "",
    kind: str = "",
    answer: str = "",
    verdict: str = "",
    judgements: Iterable[Judgement] = (),
) -> tuple[Claim, ...]:
    """Return the claims that pass every filter given; an empty filter lets all pass.

    Without the judgements of a run, only verdicts that no data can change are known.

    Raises
    ------
    LedgerError
        A word that is none of its kind; the nearest known one is offered.
    """
    for name, wanted, words in (
        ("condition", condition, [ALL, *load_conditions().labels]),
        ("kind", kind, KINDS),
        ("answer", answer, list(ANSWERS)),
        ("verdict", verdict, list(VERDICTS)),
    ):
        if wanted and wanted not in words:
            raise LedgerError(
                f"there is no {name} '{wanted}'.{suggest(wanted, words)} Known: {', '.join(words)}."
            )
    # Without data a claim that is not computed has its verdict already.
    fixed = {"computed": "", "unfalsifiable": "unfalsifiable"}
    found = {one.claim_id: fixed.get(one.answer, "not testable") for one in claims}
    found |= {one.claim_id: one.verdict for one in judgements}
    return tuple(
        claim
        for claim in claims
        if condition in ("", claim.condition)
        and kind in ("", claim.kind)
        and answer in ("", claim.answer)
        and verdict in ("", found[claim.claim_id])
    )


def absent_conditions(claims: Iterable[Claim], present: Iterable[str]) -> frozenset[str]:
    """Return the conditions that claims are on and the export has no patient of."""
    return frozenset(claim.condition for claim in claims) - {ALL, *present}
