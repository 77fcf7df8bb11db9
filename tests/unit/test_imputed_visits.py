"""Missing visits of every patient: who is imputed, from what, and what nothing can be said of."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from studies import END, SETTINGS, WEEK, export_of, patient, study, tables_of

from analysis.adam.study import Study, derive_study, narrow
from analysis.results import Estimate
from analysis.stats import imputed_visits
from analysis.stats.imputed_visits import (
    ImputedVisits,
    impute_visits,
    imputed_mean,
    imputed_share,
)
from analysis.stats.mmrm import MmrmError, fit_mmrm_or_simpler
from analysis.stats.rates import estimate_share
from analysis.stats.reductions import estimate_mean

VISIT = "week_4"


def people(condition: str = "crps", n: int = 40, seed: int = 3, *, lost: int = 4, **columns):
    """Scores of baseline, end, weeks 4 and 8 that go together; every fourth leaves after the end.

    ``lost`` is every how many of them leave; 0 keeps all.
    """
    rng = np.random.default_rng(seed)
    made = []
    for place in range(n):
        level = rng.integers(5, 10)
        end, week_4, week_8 = np.clip(level - rng.integers(0, 5, 3), 0, 10)
        later = {WEEK[4]: float(week_4), WEEK[8]: float(week_8)}
        if lost and place % lost == 0:
            later = {}
        name = f"{condition}{place}"
        made.append(patient(name, float(level), float(end), later=later, condition=condition,
                            **columns))  # fmt: skip
    return made


@lru_cache(maxsize=2)
def typical() -> tuple[Study, ImputedVisits]:
    own = study(people())
    return own, impute_visits(own)


def of(own: Study, visit: str = VISIT) -> tuple[pd.Series, int]:
    """Patients due at a visit, and how many of them were not rated."""
    rows = own.adpain[own.adpain["FASFL"] & own.adpain["DUEFL"] & (own.adpain["AVISIT"] == visit)]
    return rows["USUBJID"], int((~rows["RATEDFL"]).sum())


def share(own: Study, drawn: ImputedVisits, visit: str = VISIT, pct: float | None = 30.0):
    who, n_missing = of(own, visit)
    return imputed_share(drawn, who, visit, threshold_pct=pct, n_missing=n_missing)


def mean(own: Study, drawn: ImputedVisits, visit: str = VISIT):
    who, n_missing = of(own, visit)
    return imputed_mean(drawn, who, visit, n_missing=n_missing)


def ends(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    return estimate.value, estimate.low, estimate.high


@pytest.mark.slow
def test_a_missing_outcome_is_imputed_and_a_seen_one_never_changed():
    own, drawn = typical()
    assert drawn.models == {"crps": "mmrm_unstructured"}
    at = own.adpain[own.adpain["AVISIT"] == VISIT].set_index("USUBJID").loc[drawn.patients]
    rated = at["RATEDFL"].to_numpy()
    seen = drawn.scores[VISIT].at(np.flatnonzero(rated))
    assert (seen == at["AVAL"].to_numpy(float)[rated]).all()
    imputed = drawn.scores[VISIT].at(np.flatnonzero(~rated))
    assert (~rated).sum() == 10 and np.isfinite(imputed).all()
    assert (np.ptp(imputed, axis=0) > 0.5).all()  # drawn, not predicted


def test_shares_and_means_lie_between_the_worst_and_the_best_case():
    own, drawn = typical()
    at = own.adpain[own.adpain["AVISIT"] == VISIT]
    n, n_missing, responders = len(at), 10, int(at["CRIT30FL"].sum())
    got = share(own, drawn)
    assert (got.n, got.n_missing, got.notes) == (n, n_missing, ("imputed(10)",))
    assert responders / n < got.value < (responders + n_missing) / n
    assert got.high - got.low > np.subtract(*ends(estimate_share(round(got.value * n), n))[:0:-1])
    means = mean(own, drawn)
    assert -at["PCHG"].sum() / n < means.value < (-at["PCHG"].sum() + 100 * n_missing) / n
    assert means.low < means.value < means.high


@pytest.mark.slow
def test_the_order_of_the_patients_does_not_matter():
    own = study(people()[::-1])
    drawn = impute_visits(own)
    assert ends(share(own, drawn)) == ends(share(*typical()))
    assert ends(mean(own, drawn)) == pytest.approx(ends(mean(*typical())), abs=1e-9)  # sums


@pytest.mark.slow
def test_conditions_do_not_depend_on_each_other():
    """A study narrowed to a condition, and one without the others, have the same numbers."""
    both = study([*people(), *people("fbss", 30, seed=5, lost=3)])
    drawn = impute_visits(both)
    for condition in ("crps", "fbss"):
        own = narrow(both, condition)
        assert ends(share(own, impute_visits(own))) == ends(share(own, drawn))
    alone = study(people())
    assert ends(share(alone, drawn)) == ends(share(*typical()))


@pytest.mark.slow
@pytest.mark.parametrize("visit", ["end", VISIT])
def test_with_nothing_missing_they_are_wilson_and_t(visit):
    own = study(people(lost=0))
    drawn = impute_visits(own)
    assert drawn.models == {"crps": "nothing_missing"}
    rows = own.adpain[own.adpain["AVISIT"] == visit]
    for pct, flag in ((30.0, "CRIT30FL"), (50.0, "CRIT50FL"), (None, "CRIT2PFL")):
        wilson = estimate_share(int(rows[flag].sum()), len(rows))
        got = share(own, drawn, visit, pct)
        assert ends(got) == pytest.approx(ends(wilson), abs=1e-12) and got.notes == ()
    assert ends(mean(own, drawn, visit)) == pytest.approx(ends(estimate_mean(-rows["PCHG"])))


@pytest.mark.slow
def test_nobody_responds_after_a_booster():
    """All boosted before week 4, rated at 0 or not rated: no response is drawn for any of them."""
    boosted = [
        patient(f"b{i}", 8, 2, later={WEEK[4]: 0} if i % 2 else {}, booster_on=WEEK[2])
        for i in range(6)
    ]
    own = study([*people(), *boosted])
    names = pd.Series([f"b{i}" for i in range(6)])
    drawn = impute_visits(own)
    assert (drawn.reductions(names, VISIT) == 0).all()
    # Where the mean is asked, the pain after a booster is the patient's own.
    ignored = impute_visits(own, booster="ignored").reductions(names, VISIT)
    assert (ignored[:, 1::2] == 100).all() and np.isfinite(ignored).all()
    # Ratings after a booster say nothing of the others: with none of them the draws are the same.
    unrated = [patient(f"b{i}", 8, 2, booster_on=WEEK[2]) for i in range(6)]
    again = impute_visits(study([*people(), *unrated]))
    others = pd.Series([one["patient"]["patient_id"] for one in people()])
    np.testing.assert_array_equal(drawn.reductions(others, VISIT), again.reductions(others, VISIT))


@pytest.mark.slow
def test_who_is_not_due_is_not_imputed():
    """Four whose series ended a month before the cut: the window of week 4 is open for them."""
    tables = tables_of([*people(), *(patient(f"new{i}", 8, 3) for i in range(4))])
    new = {name: frame["patient_id"].str.startswith("new") for name, frame in tables.items()}
    for name, date in (("pain_scores", "assessed_on"), ("infusions", "infused_at")):
        day = pd.to_timedelta(tables[name].pop("study_day"), unit="D")
        begin = np.where(new[name], pd.Timestamp("2026-05-20"), pd.Timestamp("2026-01-01"))
        tables[name][date] = pd.to_datetime(begin) + day
    settings = SETTINGS.model_copy(update={"data_cut": "2026-06-30"})
    own = derive_study(export_of(tables), settings)
    drawn = impute_visits(own)
    names = pd.Series([f"new{i}" for i in range(4)])
    assert np.isnan(drawn.reductions(names, VISIT)).all()
    assert np.isfinite(drawn.reductions(names, "end")).all()
    who, n_missing = of(own)
    assert (len(who), n_missing) == (40, 10) and not set(names) & set(who)


@pytest.mark.slow
def test_a_visit_nobody_was_rated_at_or_that_does_not_exist_is_not_estimable():
    own = study(people(), SETTINGS.model_copy(update={"analysis_visit": "week_26"}))
    drawn = impute_visits(own)
    for visit in ("week_26", "week_12"):  # of the settings; of nobody
        who = drawn.patients
        assert np.isnan(drawn.reductions(who, visit)).all()
        for got in (
            imputed_share(drawn, who, visit, threshold_pct=30.0, n_missing=40),
            imputed_mean(drawn, who, visit, n_missing=40),
        ):
            assert (got.value, got.status, got.n, got.n_missing) == (None, "not estimable", 40, 40)
            assert got.notes == ("not_imputed",)
    assert share(own, drawn).value is not None  # the other visits are


def test_nobody_is_no_patients():
    _, drawn = typical()
    nobody = pd.Series([], dtype="str")
    for got in (
        imputed_share(drawn, nobody, VISIT, threshold_pct=30.0, n_missing=0),
        imputed_mean(drawn, nobody, VISIT, n_missing=0),
    ):
        assert (got.value, got.n, got.status) == (None, 0, "no patients")


@pytest.mark.slow
@pytest.mark.parametrize("end", [None, 2])
def test_one_patient(end):
    own = study([patient("only", 8, end, later={5: 3.0})])
    drawn = impute_visits(own)
    got = share(own, drawn, "end")
    assert got.n == 1
    wanted = (None, None, None) if end is None else ends(estimate_share(1, 1))
    assert ends(got) == pytest.approx(wanted)
    assert mean(own, drawn, "end").low is None


@pytest.mark.slow
def test_scores_without_spread_are_no_error():
    """Everybody at 4 of 8, two not rated: nothing to draw from, so nothing is said."""
    own = study([patient(str(i), 8, 4 if i > 1 else None, later={5: 3.0}) for i in range(12)])
    drawn = impute_visits(own)
    assert share(own, drawn, "end").status == "not estimable"
    assert drawn.models["crps"] not in ("mmrm_unstructured", "nothing_missing")


@pytest.mark.slow
def test_a_covariance_that_cannot_be_drawn_falls_to_a_simpler_model(monkeypatch):
    tried = []

    def fit(scores, covariates, *, structures):
        tried.append(structures[0])
        if len(tried) < 3:
            raise MmrmError("no maximum", reason="not_converged")
        return fit_mmrm_or_simpler(scores, covariates, structures=structures)

    monkeypatch.setattr(imputed_visits, "fit_mmrm_or_simpler", fit)
    own = study(people())
    drawn = impute_visits(own)
    assert tried == ["unstructured", "heterogeneous_cs", "ar1"]
    assert drawn.models == {"crps": "mmrm_ar1"}
    assert share(own, drawn).value == pytest.approx(share(*typical()).value, abs=0.05)


@pytest.mark.slow
def test_a_missing_baseline_is_imputed_and_not_below_the_least_asked_for():
    """Else a percentage of next to nothing."""
    low = [patient(f"low{i}", None, 0.5, later={WEEK[4]: 0.0, WEEK[8]: 0.0}) for i in range(5)]
    own = study([*people(), *low])
    drawn = impute_visits(own)
    start = drawn.baseline.at(drawn.patients.get_indexer([f"low{i}" for i in range(5)]))
    assert start.min() >= SETTINGS.minimum_baseline_score and start.max() <= 10
    assert (np.ptp(start, axis=0) > 0).all()


@pytest.mark.slow
def test_whole_scores_are_imputed_as_patients_rate_them_where_a_response_is_asked():
    own, drawn = typical()
    at = own.adpain[own.adpain["AVISIT"] == VISIT].set_index("USUBJID").loc[drawn.patients]
    gone = drawn.patients[~at["RATEDFL"].to_numpy()]
    rounded = drawn.reductions(gone, VISIT, points=True, as_rated=True)
    assert (rounded == np.round(rounded)).all()
    drawn_in_full = drawn.reductions(gone, VISIT, points=True)
    assert np.abs(rounded - drawn_in_full).max() <= 0.5
    assert (drawn_in_full != np.round(drawn_in_full)).any()
    halves = people()
    halves[1]["ratings"][END] += 0.5
    own = study(halves)
    free = impute_visits(own).reductions(gone, VISIT, points=True, as_rated=True)
    assert (free != np.round(free)).any()


def test_the_missing_may_be_worse_by_a_point():
    """The mean falls by the missing share of 100 / baseline, and who was seen stays."""
    own, drawn = typical()
    who, n_missing = of(own)
    worse = drawn.worse_by(1.0)
    base = own.adsl.set_index("USUBJID").loc[who, "BASE"]
    rated = own.adpain[own.adpain["AVISIT"] == VISIT].set_index("USUBJID").loc[who, "RATEDFL"]
    fall = (100 / base[~rated]).sum() / len(who)
    assert n_missing and mean(own, worse).value == pytest.approx(mean(own, drawn).value - fall)
    seen = rated[rated].index
    assert (worse.reductions(seen, VISIT) == drawn.reductions(seen, VISIT)).all()


@pytest.mark.slow
def test_a_flat_likelihood_goes_to_the_simpler_model_and_is_no_traceback():
    """Six patients of whom next to nothing is known (found by a property test)."""
    scores = [(None, None, 0, None), (9, None, None, None), (None, None, None, None),
              (4, None, None, None), (None, 0, 9, None), (None, 8, 2, None)]  # fmt: skip
    made = []
    for name, (base, end, week_4, week_8) in zip("abcdef", scores, strict=True):
        later = {day: float(one) for day, one in ((WEEK[4], week_4), (WEEK[8], week_8))
                 if one is not None}  # fmt: skip
        made.append(patient(name, base, end, later=later))
    own = study(made)
    drawn = impute_visits(own)
    assert set(drawn.models) == {"crps"}
    assert share(own, drawn).status in ("estimated", "not estimable")
