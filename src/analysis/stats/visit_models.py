"""Pain by visit as a mixed model of a condition's patients, as rows of results.

The model is that of decision 0044: baseline and arm, with a coefficient for each visit. Ratings
after a booster are the patient's own state and stay in, as in the means beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.results import Estimate, no_patients, note
from analysis.stats.mmrm import Design, MmrmError, MmrmFit, build_design, fit_mmrm_or_simpler

STRUCTURES = {
    "mmrm_unstructured": "Unstructured",
    "mmrm_heterogeneous_cs": "Compound symmetric",
    "mmrm_ar1": "Autoregressive",
}
"""Covariances in the words of the notes that say why one was not fitted."""

EVERYBODY, NO_ARM = "all", "not recorded"


@dataclass(frozen=True, eq=False)
class VisitModel:
    """A mixed model of pain by visit, or why there is none.

    Parameters
    ----------
    people : DataFrame
        Rows of ADPAIN that are due, of one condition's starters; ARM without blanks.
    visits : tuple of str
    fit, design : MmrmFit and Design, or None
    reason : str
        Code of `analysis.stats.mmrm.Reason` where there is no fit.
    baseline : float
        Mean baseline of the patients in the model; changes are from it.
    """

    people: pd.DataFrame
    visits: tuple[str, ...]
    fit: MmrmFit | None
    design: Design | None
    reason: str
    baseline: float

    @property
    def arms(self) -> list[str]:
        """Arms of the condition, in sorted order."""
        return sorted(self.people["ARM"].unique())

    @property
    def method(self) -> str:
        """Code of the analysis that was used."""
        return "none" if self.fit is None else self.fit.analysis

    def notes(self, visit: str) -> tuple[str, ...]:
        """Return why the visit has no number, or why the analysis is a simpler one."""
        failed = () if self.fit is None else self.fit.failed
        for name, reason in failed:
            if name == visit:
                return (f"model_{reason}",)
        if self.fit is None:
            return (f"model_{self.reason}",)
        if visit not in self.fit.visits:
            at = self.people["AVISIT"] == visit
            known = at & self.people["AVAL"].notna() & self.people["BASE"].notna()
            return ("model_few_at_visit" if known.any() else "model_nobody_at_visit",)
        return tuple(
            note(f"simpler_{reason}", STRUCTURES[name]) if reason != "one_visit"
            else "simpler_one_visit"
            for name, reason in failed if name in STRUCTURES
        )  # fmt: skip

    def changes(self, arm: str = EVERYBODY, *, level: float = 0.95) -> dict[str, Estimate]:
        """Estimate the mean fall of the score at each visit, in points, positive for less pain.

        The mean of the model at the mean baseline of all its patients, hence adjusted for the
        baseline where it is of one arm. The interval takes that baseline as given.
        """
        own = self.people if arm == EVERYBODY else self.people[self.people["ARM"] == arm]
        profile = None
        if self.fit is not None and self.design is not None:
            if arm == EVERYBODY or len(self.arms) == 1:
                profile = pd.DataFrame([self.fit.covariate_means])
            elif arm in self.design.profiles.index:
                profile = self.design.profiles.loc[[arm]]
        found = self._marginal(profile, own, level)
        return {
            visit: one if one.value is None else _fallen_from(self.baseline, one)
            for visit, one in found.items()
        }

    def differences(self, first: str, second: str, *, level: float = 0.95) -> dict[str, Estimate]:
        """Estimate at each visit how much farther the score fell in one arm than in another."""
        profile = None
        if self.design is not None and {first, second} <= set(self.design.profiles.index):
            profiles = self.design.profiles
            profile = pd.DataFrame([profiles.loc[second] - profiles.loc[first]])
        own = self.people[self.people["ARM"].isin([first, second])]
        return self._marginal(profile, own, level)

    def _marginal(
        self, profile: pd.DataFrame | None, own: pd.DataFrame, level: float
    ) -> dict[str, Estimate]:
        means = pd.DataFrame()
        if self.fit is not None and profile is not None:
            means = self.fit.marginal_means(profile, level=level).set_index("visit")
        made = {}
        for visit in self.visits:
            at = own[own["AVISIT"] == visit]
            in_model = own.loc[own["AVAL"].notna() & own["BASE"].notna(), "USUBJID"].nunique()
            about: dict[str, Any] = {"n": in_model, "n_missing": int(at["AVAL"].isna().sum()),
                                     "unit": "score", "method": self.method}  # fmt: skip
            notes = self.notes(visit)
            if not len(own):
                made[visit] = no_patients(unit="score", method="none")
            elif visit not in means.index:
                if self.fit is not None and profile is None:
                    none_seen = "model_nobody_seen" if not in_model else ""
                    notes = (none_seen or "model_arms_not_told_apart",)
                made[visit] = Estimate(value=None, status="not estimable", notes=notes, **about)
            else:
                value, low, high = (float(means[n][visit]) for n in ("estimate", "low", "high"))
                if np.isfinite([low, high]).all():
                    about |= {"low": low, "high": high, "level": level}
                else:
                    notes = (*notes, "model_no_interval")
                made[visit] = Estimate(value=value, notes=notes, **about)
        return made


def _fallen_from(baseline: float, found: Estimate) -> Estimate:
    """Return the fall from a baseline to a score, its limits turned round."""
    ends = {"low": found.high, "high": found.low}
    turned = {name: None if end is None else baseline - end for name, end in ends.items()}
    return Estimate(**{**vars(found), **turned, "value": baseline - (found.value or 0.0)})


def as_percent(found: Estimate, baseline: float) -> Estimate:
    """Return a fall in points as percent of a mean baseline, which is taken as given."""
    scaled = {
        name: None if number is None else 100 * number / baseline
        for name, number in (("value", found.value), ("low", found.low), ("high", found.high))
    }
    return Estimate(**{**vars(found), **scaled, "unit": "percent"})


def _bears(scores: pd.Series, covariates: pd.DataFrame) -> bool:
    """Return whether those seen at a visit can tell its coefficients apart, with one to spare."""
    seen = covariates[scores.notna()].to_numpy(dtype=float)
    n, p = seen.shape
    return n > p and int(np.linalg.matrix_rank(seen)) == p


def model_visits(people: pd.DataFrame, visits: Sequence[str]) -> VisitModel:
    """Fit pain by visit for the starters of one condition, as richly as their scores allow.

    Parameters
    ----------
    people : DataFrame
        Rows of ADPAIN that are due: USUBJID, AVISIT, AVAL, BASE, ARM. A blank arm is one of its
        own. Patients without a baseline, or never rated, are left out.
    visits : sequence of str
        In order of time.

    Returns
    -------
    VisitModel
        Visits at which too few were seen, or nobody of an arm, are left out. Where no visit can
        tell the arms apart they are modeled together. Never an error: where nothing can be fitted
        ``reason`` says why.
    """
    people = people.assign(ARM=people["ARM"].fillna(NO_ARM))
    known = people[people["AVAL"].notna() & people["BASE"].notna()]
    # In order of their ids, so that a number does not depend on the order of the export.
    scores = known.set_index(["USUBJID", "AVISIT"])["AVAL"].unstack().sort_index()  # noqa: PD010
    scores = scores.reindex(columns=[visit for visit in visits if visit in set(scores.columns)])
    own = known.drop_duplicates("USUBJID").set_index("USUBJID").reindex(scores.index)
    reason = "nobody_seen"
    tries = [own["ARM"], None] if len(own["ARM"].unique()) > 1 else [None]
    for arms in tries if len(own) else []:
        design = build_design(scores.index, baseline=own["BASE"], group=arms)
        borne = [visit for visit in scores if _bears(scores[visit], design.covariates)]
        try:
            fit = fit_mmrm_or_simpler(scores[borne or list(scores)], design.covariates)
        except MmrmError as error:
            reason = error.reason
            continue
        mean = float(own["BASE"].mean())
        return VisitModel(people, tuple(visits), fit, design, "", mean)
    return VisitModel(people, tuple(visits), None, None, reason, float("nan"))
