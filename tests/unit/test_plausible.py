"""Counts of a release: found again in the patients, and never to be worked out together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from release_runs import demo_study, write_run
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.report.plausible import PatientSets, find_pinned, safe_rows
from analysis.report.rounding import midpoint, possible, round_rows, select_rows
from analysis.results import find, read_results, rows_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return demo_study(tmp_path_factory.mktemp("export") / "demo", n_patients=240, seed=2)


@pytest.fixture(scope="module")
def exact(study, tmp_path_factory):
    folder = write_run(study, tmp_path_factory.mktemp("run") / "run", judged=False)
    return select_rows(read_results(folder / "results")).reset_index(drop=True)


def test_the_patients_of_every_count_are_found(study, exact):
    finder = PatientSets(study)
    for row in rows_of(exact):
        found = finder.find(row)
        assert found is not None, row
        for name, patients in found.items():
            is_step = name == "n_events" and row.measure == "patients"
            assert patients.sum() == (row.value if is_step else getattr(row, name))


def test_a_count_that_the_patients_do_not_give_is_not_released(study, exact):
    wrong = exact.copy()
    wrong.loc[:, "n_missing"] += 1
    rounded = round_rows(wrong, weeks=26.0)
    assert not safe_rows(study, wrong, rounded).any()


def values_of(sets, released, weights):
    """Return the fewest and the most patients, in whole patients, of a number."""
    kinds, size = np.unique(sets, axis=1, return_counts=True)
    least, most = possible(midpoint(kinds @ size))
    kept = LinearConstraint(kinds[released].astype(float), least[released], most[released])
    where = np.unique(np.vstack([sets, weights[None]]), axis=1)[-1].astype(float)
    ends = [
        milp(sign * where, constraints=kept, integrality=np.ones(len(size)), bounds=Bounds(0, 400))
        for sign in (1, -1)
    ]
    return ends[0].fun, -ends[1].fun


def chain(*sizes: int) -> np.ndarray:
    """Sets that lie in each other, of so many patients."""
    return np.arange(max(sizes))[None] < np.array(sizes)[:, None]


def test_rounded_counts_that_nest_hide_each_other():
    assert find_pinned(chain(3, 9, 20, 40)) == set()


def test_parts_that_leave_one_patient_are_withheld():
    # Twelve in all, in two parts: 1 and 11, told as 9 of 3 and 9. The first is 1 to 5.
    sets = np.array([[True] * 12, [True] + [False] * 11, [False] + [True] * 11])
    assert find_pinned(sets) == set()
    # Six in six parts of one each: all are told as 3, and together they are 1 to 6, so each is 1.
    parts = np.eye(6, dtype=bool)
    sets = np.vstack([np.ones((1, 6), dtype=bool), parts])
    withheld = find_pinned(sets)
    assert withheld
    released = np.array([place not in withheld for place in range(len(sets))])
    for part in parts:
        low, high = values_of(sets, released, part)
        assert high - low >= 2


@pytest.mark.parametrize("seed", range(6))
def test_every_count_and_small_difference_keeps_three_values_in_whole_patients(seed):
    rng = np.random.default_rng(seed)
    tree = rng.random((1, 30)) < 0.5
    sets = np.vstack([np.ones((1, 30), dtype=bool), tree, ~tree, rng.random((5, 30)) < 0.3])
    sets = np.unique(sets[sets.any(axis=1)], axis=0)
    withheld = find_pinned(sets)
    released = np.array([place not in withheld for place in range(len(sets))])
    targets = [*sets]
    targets += [b & ~a for a in sets for b in sets if (a <= b).all() and 0 < (b & ~a).sum() <= 12]
    for target in targets:
        low, high = values_of(sets, released, target)
        assert high - low >= 2


def test_the_difference_of_nine_patients_stays_hidden(study, exact):
    # 240 patients, seed 2, neuropathic: 9 lie between two nested counts.
    exact = find(exact, condition="neuropathic", group_by="all").reset_index(drop=True)
    rounded = round_rows(exact, weeks=26.0, from_patients=30)
    told = rounded[safe_rows(study, exact, rounded)]
    finder = PatientSets(study)
    assert len(told)
    found = [finder.find(row) for row in rows_of(exact.loc[told.index])]
    sets = np.unique([mask for each in found for mask in each.values()], axis=0)
    least, most = possible(midpoint(sets.sum(axis=1)))
    nines = 0
    for small, few, many in zip(sets, least, most, strict=True):
        for large, fewest, most_of in zip(sets, least, most, strict=True):
            if (small <= large).all() and (large & ~small).sum() == 9:
                nines += 1
                assert most_of - few - (fewest - many) >= 2
    assert nines


def test_withholding_starts_nowhere_without_counts(study, exact):
    assert safe_rows(study, exact.iloc[:0], exact.iloc[:0]).empty
    assert isinstance(safe_rows(study, exact.iloc[:1], exact.iloc[:1]), pd.Series)
