"""Whether released counts, taken together, still hide every small number of patients.

Each count is of a set of patients, found again in the datasets. What is known of how these sets lie
in each other (thresholds nest, groups add up, visits nest in those due) is read from the patients
themselves, so no list of relations can be incomplete. Then other clinics are sought that would have
given the same release: while they differ in a count, nobody can know that count.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from analysis.adam.adpain import has_low_pain, responds
from analysis.adam.adsl import name_quarters
from analysis.adam.checks import flow_steps
from analysis.adam.study import GROUPINGS, NOT_RECORDED, Study
from analysis.adam.treatment import flag_early, flag_success, flag_treated
from analysis.report.rounding import WIDTH, midpoint, possible
from analysis.results import Row, rows_of
from analysis.settings import LOW_PAIN

Bools = NDArray[np.bool_]

LEAST_POSSIBLE = 3
"""Values that each count, and each small difference of nested sets, must keep: half of the six that
the rounding of a single count leaves."""

SMALL = 2 * WIDTH
"""Differences of nested sets up to this many patients are looked after; the rounding of two counts
hides the difference up to eleven."""

LOOKS, AT_ONCE = 40, 20
"""Clinics sought in directions of many numbers at once, before single ones are looked at."""

_CHARACTERISTICS = {"sex": "SEX", "subtype": "SUBTYP", "protocol": "PROTOCOL", "arm": "ARM",
                    "site": "SITEID", "age_years": "AGE", "pain_years": "PAINYRS",
                    "baseline_score": "BASE", "prior_treatments_failed": "NFAILED",
                    "n_infusions": "NINFUS"}  # fmt: skip


class Question(NamedTuple):
    """Who is asked, of whom the answer is known, and who says yes; a place for each patient."""

    asked: Bools
    known: Bools
    yes: Bools


class PatientSets:
    """Finds the patients behind the counts of a row, by the definitions of the notebooks.

    A set is taken only where it has as many patients as the row counts, so a definition that has
    moved makes a row unknown and never wrong.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.people = study.adsl.reset_index(drop=True)
        self.ids = pd.Index(self.people["USUBJID"])
        self.nobody = np.zeros(len(self.ids), dtype=bool)
        self.flow = flow_steps(study)
        flags = (flag_treated(study), flag_early(study),
                 flag_success(study, study.settings.analysis_visit))  # fmt: skip
        self.flags = dict(iter(pd.concat(flags).groupby(["measure", "definition"])))
        self.visits = {
            visit: own.set_index("USUBJID").reindex(self.ids)
            for visit, own in study.adpain.groupby("AVISIT")
        }
        self.relieved = self._among(study.adtte["USUBJID"])
        self.starters = self.people["FASFL"].to_numpy(dtype=bool)
        self._question = cache(self._ask)
        self._group = cache(self._members)

    def find(self, row: Row) -> dict[str, Bools] | None:
        """Return the patients of each count of a row; None where they are not found.

        A count of 0 needs none: rounding does not hide it.
        """
        group = row.group if row.group_by == "characteristic" else ""
        question = self._question(row.measure, row.definition, row.threshold_pct, row.visit, group)
        here = self._group(row.condition, row.group_by, row.group)
        if question is None:
            return None
        asked = question.asked & here
        known, yes = question.known & asked, question.yes & asked
        best = yes | (asked & ~known)
        not_due = here & self.starters & ~self._due(row.visit)
        choices = {
            "n": (asked, known),
            "n_events": (yes, best, best & ~self._boosted(row.visit)),
            "n_missing": (asked & ~known,),
            "n_not_due": (not_due,),
        }
        found = {}
        for name, sets in choices.items():
            is_step = name == "n_events" and row.measure == "patients"
            count = row.value if is_step else getattr(row, name)
            if not count:
                continue
            fitting = [each for each in sets if each.sum() == count]
            if not fitting:
                return None
            found[name] = fitting[0]
        return found

    def _ask(
        self, measure: str, definition: str, threshold_pct: float | None, visit: str, group: str
    ) -> Question | None:
        if measure == "patients":
            step = self.flow[definition].to_numpy(dtype=bool)
            everyone = self.flow["in_file"].to_numpy(dtype=bool)
            return Question(everyone, everyone, step)
        if measure.startswith("characteristic"):
            return self._characteristic(measure, definition, group)
        if measure.startswith("relie"):
            return Question(self.starters, self.relieved, self.relieved)
        if (measure, definition) in self.flags:
            own = self.flags[measure, definition]
            answers = own.set_index("USUBJID")["FLAG"].reindex(self.ids)
            return Question(self._among(own["USUBJID"]), *_known(answers))
        return self._at_visit(measure, definition, threshold_pct, visit)

    def _at_visit(
        self, measure: str, definition: str, threshold_pct: float | None, visit: str
    ) -> Question | None:
        at = self.visits.get("end" if visit == "baseline" else visit)
        if at is None:
            return None
        asked = self.starters & self._due(visit)
        if measure in ("score_mean", "score_sd"):
            boosted = at["BOOSTFL"].fillna(False).to_numpy(dtype=bool)
            asked = asked & {"no_booster": ~boosted, "after_booster": boosted}.get(
                definition, ~self.nobody
            )
            score = at["BASE"] if visit == "baseline" else at["AVAL"]
            return Question(asked, *_known(score.notna().astype("boolean").where(score.notna())))
        if measure == "percent_reduction":
            return Question(asked, *_known(at["RATEDFL"].astype("boolean").where(at["RATEDFL"])))
        if measure == "completeness_share":
            seen = at["AVAL"].notna().to_numpy(dtype=bool)
            return Question(asked, asked, seen)
        if measure == "worsening_share":
            return Question(asked, *_known(at["WORSEFL"]))
        if measure == "low_pain_share":
            return Question(asked, *_known(has_low_pain(at, LOW_PAIN[definition])))
        if definition == "two_points":
            return Question(asked, *_known(at["CRIT2PFL"]))
        if threshold_pct is None:
            return None
        return Question(asked, *_known(responds(at, threshold_pct)))

    def _characteristic(self, measure: str, definition: str, group: str) -> Question | None:
        name = next((name for name in _CHARACTERISTICS if definition.startswith(name)), "")
        if not name:
            return None
        values = self.people[_CHARACTERISTICS[name]]
        known = values.notna().to_numpy()
        if measure == "characteristic":
            return Question(self.starters, known, known)
        here = (values.astype("str").where(known, NOT_RECORDED) == group).to_numpy()
        return Question(self.starters, known, here)

    def _members(self, condition: str, group_by: str, group: str) -> Bools:
        here = ~self.nobody
        if condition != "all":
            here = (self.people["COND"] == condition).to_numpy(dtype=bool)
        column = GROUPINGS.get(group_by)
        if column:
            here = here & (self.people[column].fillna(NOT_RECORDED) == group).to_numpy(bool)
        if group_by == "quarter":
            here = here & (name_quarters(self.people["TRTSDT"]) == group).to_numpy(bool)
        return here

    def _due(self, visit: str) -> Bools:
        at = self.visits.get("end" if visit == "baseline" else visit)
        return ~self.nobody if at is None else at["DUEFL"].fillna(False).to_numpy(dtype=bool)

    def _boosted(self, visit: str) -> Bools:
        at = self.visits.get(visit)
        return self.nobody if at is None else at["BOOSTFL"].fillna(False).to_numpy(dtype=bool)

    def _among(self, ids: pd.Series) -> Bools:
        return self.ids.isin(ids)


def _known(answers: pd.Series) -> tuple[Bools, Bools]:
    """Return of whom a nullable answer is known, and who says yes."""
    flags = answers.astype("boolean")
    return flags.notna().to_numpy(dtype=bool), flags.fillna(False).to_numpy(dtype=bool)


def safe_rows(study: Study, exact: pd.DataFrame, rounded: pd.DataFrame) -> pd.Series:
    """Return which rows may be released together, so that none of their counts can be worked out.

    ``exact`` and ``rounded`` are the same rows before and after rounding. False where the patients
    of a count are not found, or where a count, or its difference from one that holds it, would keep
    fewer than three possible values.
    """
    finder = PatientSets(study)
    places: dict[bytes, int] = {}
    masks: list[Bools] = []
    used: list[set[int] | None] = []
    shown = rounded["n_events"].notna()
    for row, with_events in zip(rows_of(exact), shown, strict=True):
        own = finder.find(row if with_events else row._replace(n_events=None))
        for mask in (own or {}).values():
            if places.setdefault(mask.tobytes(), len(masks)) == len(masks):
                masks.append(mask)
        used.append(None if own is None else {places[mask.tobytes()] for mask in own.values()})
    pinned = find_pinned(np.array(masks)) if masks else set()
    safe = [own is not None and not own & pinned for own in used]
    return pd.Series(safe, rounded.index)


def find_pinned(sets: Bools) -> set[int]:
    """Return which counts to withhold so that none of the others can be worked out.

    Parameters
    ----------
    sets : ndarray of bool, shape (counts, patients)
        Who is in each set whose rounded count is to be released; no two the same, none empty.

    Returns
    -------
    set of int
        Rows of ``sets``.

    Notes
    -----
    A clinic is a number of patients of each kind that there is (patients of a kind lie in the same
    sets); it may have given the same release if every rounded count stays, which is a linear
    program. Clinics are sought that lie far from each other in many counts at once, then, for a
    count that has not shown three whole numbers on the way, the one with fewest and the one with
    most. Where even these are too close it is withheld, and asked again without it: what is
    withheld must not be worked out from the others either.
    """
    clinics = _Clinics(sets)
    rng = np.random.default_rng(0)  # of the directions in which clinics are sought

    def look_around(times: int) -> None:
        for _ in range(times):
            some = rng.permutation(clinics.waiting())[:AT_ONCE]
            clinics.look(rng.choice([-1.0, 1.0], len(some)) @ clinics.weights[some])

    look_around(LOOKS)
    for target in clinics.waiting():
        for sign in (1.0, -1.0):
            clinics.look(sign * clinics.weights[target])
    while (stuck := clinics.waiting()).size:
        clinics.withhold_for(stuck)
        look_around(LOOKS // 4)
    return set(np.flatnonzero(~clinics.released).tolist())


class _Clinics:
    """Clinics that would have given the same release, and the counts they were seen to have."""

    def __init__(self, sets: Bools) -> None:
        self.sets, self.size = np.unique(sets, axis=1, return_counts=True)
        self.counts = self.sets @ self.size
        shared = (self.sets * self.size) @ self.sets.T.astype(np.int64)
        apart = self.counts[None] - self.counts[:, None]
        nested = (shared == self.counts[:, None]) & (apart > 0) & (apart <= SMALL)
        inner, outer = np.nonzero(nested)
        # One weight a kind: of each count, then of each small difference of nested sets.
        parts = np.unique(self.sets[outer] & ~self.sets[inner], axis=0)
        self.weights = np.vstack([self.sets, parts]).astype(float)
        self.low = self.weights @ self.size
        self.high = self.low.copy()
        self.least, self.most = possible(midpoint(self.counts))
        self.released = np.ones(len(self.sets), dtype=bool)

    def waiting(self) -> np.ndarray:
        """Return the places of the numbers that have not shown three whole values yet."""
        values = np.floor(self.high + 1e-6) - np.ceil(self.low - 1e-6) + 1
        return np.flatnonzero(values < LEAST_POSSIBLE)

    def look(self, direction: np.ndarray) -> None:
        """Note what every number is in the clinic that is farthest in a direction."""
        kept = self.released
        given = LinearConstraint(
            csr_array(self.sets[kept].astype(float)), self.least[kept], self.most[kept]
        )
        found = milp(-direction, constraints=given, bounds=Bounds(0, self.size + SMALL))
        values = self.weights @ found.x
        np.minimum(self.low, values, out=self.low)
        np.maximum(self.high, values, out=self.high)

    def withhold_for(self, stuck: np.ndarray) -> None:
        """Withhold the released count that lies most with the numbers that cannot differ."""
        inside = self.sets[self.released] @ (self.size * self.weights[stuck]).T
        share = inside / self.counts[self.released][:, None]
        self.released[np.flatnonzero(self.released)[share.sum(axis=1).argmax()]] = False
