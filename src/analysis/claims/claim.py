"""A claim as a value that checks itself: exact words, and a reading or the reason for none.

`answer` says how a claim is answered, and decides which fields must be filled.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from analysis.claims.frequency import FREQUENCIES
from analysis.claims.readings import (
    ALL_MEASURES,
    ANSWERS,
    CITED_RANGE,
    HEADLINE,
    KINDS,
    NEEDS,
    Measure,
)
from analysis.errors import LedgerError, suggest
from analysis.outcomes.names import GROUPINGS


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim with its reading, or with the reason why it has none.

    Parameters
    ----------
    claim_id : str
        Stable id, C001 and on.
    wording, source, section, printed_on : str
        Exact words, where and when they were printed.
    condition : str
        Condition code, or ``all``.
    measure, definition, population : str
        Keys of the result row that answers it; empty where no row does.
    threshold_pct : float or None
        Least percent reduction, where the measure has one; of a testimonial, the fall it tells.
    visit : str
        Analysis visit; empty for the analysis visit of the run (end of the series by default).
    cited_low, cited_high : float or None
        Cited floor and ceiling in ``unit``.
    unit, cited_text, reading : str
        Unit of the measure, the figure as printed, and what the words were taken to mean.
    kind : str
        What the statement is about: one of `readings.KINDS`, or empty.
    answer : str
        How it is answered: one of `readings.ANSWERS`.
    needs : str
        Table or column that a ``no_records`` claim asks for.
    frequency : str
        Word of `frequency.FREQUENCIES` that gives the floor or ceiling where none is cited.
    group : str
        Part of the condition, as ``subtype=diabetic``; empty for all of it.
    baseline_score : float or None
        Pain before, 0 to 10, that a testimonial tells.
    reason : str
        Why a claim that is not computed is not.
    tested_by, ambiguity, note : str
        What would test it, what its words leave open, and what else to know.
    headline : str
        "yes" for the claims of the first page.
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
    kind: str = ""
    answer: str = "computed"
    needs: str = ""
    frequency: str = ""
    group: str = ""
    baseline_score: float | None = None
    reason: str = ""
    tested_by: str = ""
    ambiguity: str = ""
    note: str = ""
    headline: str = ""

    def __post_init__(self) -> None:
        self._check_texts()
        self._check_choice("answer", ANSWERS)
        if self.kind:
            self._check_choice("kind", KINDS)
        if self.headline not in ("", "yes"):
            self.refuse("headline", f"'{self.headline}' is neither yes nor empty")
        self._check_answer()
        if self.measure or self.answer == "computed":
            self._check_measure()

    @property
    def floor(self) -> float | None:
        """Least figure the claim is judged against: the cited one, or what its word is read as."""
        return FREQUENCIES[self.frequency].low if self.frequency else self.cited_low

    @property
    def ceiling(self) -> float | None:
        """Largest figure of the claim, cited or read."""
        return FREQUENCIES[self.frequency].high if self.frequency else self.cited_high

    @property
    def group_keys(self) -> dict[str, str]:
        """Return the result-row keys of the part of the condition; empty for all of it."""
        name, _, value = self.group.partition("=")
        return {"group_by": name, "group": value} if self.group else {}

    def _check_texts(self) -> None:
        if not self.claim_id:
            raise LedgerError("a claim has no claim_id; each needs one of its own, such as C001.")
        for name in ("wording", "source", "condition"):
            if not getattr(self, name).strip():
                self.refuse(name, "it is empty")

    def _check_answer(self) -> None:
        """Refuse a row that is neither answered nor says why not."""
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
        if self.measure not in ALL_MEASURES:
            known = ALL_MEASURES
            self.refuse("measure", f"'{self.measure}' is none of {listed(known)}", known)
        spec = ALL_MEASURES[self.measure]
        self._check_choice("definition", spec.definitions or ("",))
        self._check_choice("population", spec.populations)
        if self.unit != spec.unit:
            self.refuse("unit", f"'{self.unit}' is not the unit of {self.measure} ({spec.unit})")
        self._check_reading(spec)
        self._check_group()
        self._check_cited()

    def _check_choice(self, name: str, known: Collection[str]) -> None:
        text = getattr(self, name)
        if text not in known:
            whose = f" for {self.measure}" if name in ("definition", "population") else ""
            self.refuse(name, f"'{text}' is none of {listed(known)}{whose}", known)

    def _check_reading(self, spec: Measure) -> None:
        """Refuse a reading that no result row can answer, rather than find none later."""
        if (self.definition, self.population) in (
            ("median_of_patients", "all_starters"),
            ("ratio_of_means", "all_starters"),
        ):
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
            self.refuse("baseline_score", "only a testimonial tells one; leave it empty")
        if self.baseline_score is not None and not 0 < self.baseline_score <= 10:
            self.refuse("baseline_score", f"{self.baseline_score:g} is not in 0 to 10")

    def _check_group(self) -> None:
        name, _, value = self.group.partition("=")
        if self.group and not (name in GROUPINGS and value):
            known = listed(GROUPINGS)
            self.refuse("group", f"'{self.group}' is not as subtype=diabetic; parts are {known}")
        if self.group and self.measure in HEADLINE:
            self.refuse("group", f"{self.measure} is judged on a whole condition; leave it empty")

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
        self._check_range()

    def _check_range(self) -> None:
        least, most = CITED_RANGE[self.unit]
        for name in ("cited_low", "cited_high"):
            cited = getattr(self, name)
            if cited is not None and not least <= cited <= most:
                self.refuse(
                    name, f"{cited:g} is no {self.unit}, which goes from {least:g} to {most:g}"
                )
        if None not in (self.cited_low, self.cited_high) and self.cited_low > self.cited_high:  # type: ignore[operator]
            self.refuse("cited_low", f"{self.cited_low:g} is above cited_high {self.cited_high:g}")

    def refuse(self, field: str, why: str, known: Collection[str] = ()) -> None:
        """Raise LedgerError that names this claim, the field and the rule it breaks."""
        near = suggest(str(getattr(self, field)), known)
        raise LedgerError(f"claim {self.claim_id}, {field}: {why}.{near}")


def headline_claims(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return the claims of the first page; all of them in a ledger that marks none."""
    marked = tuple(claim for claim in claims if claim.headline)
    return marked or tuple(claims)


def listed(known: Collection[str]) -> str:
    """Return words as a list in a sentence; an empty one is called so."""
    return ", ".join(word or "(empty)" for word in known)
