"""Notebook 60: published evidence, and a clinic whose patients only regress to the mean."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from analysis.adam.study import write_study
from analysis.results import find, find_one, read_extras, read_results

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from cells import run_code
from studies import patient, study

pytestmark = pytest.mark.slow


def execute(folder, patients, **parameters):
    write_study(study(patients), folder / "data")
    about = {"datasets": str(folder / "data"), "results_dir": str(folder / "results")}
    run_code("60_published_evidence", **about, **parameters)
    return folder / "results"


def regressing(n=200):
    """Scores vary around each patient's own mean; treatment does nothing."""
    rng = np.random.default_rng(20)
    own = rng.normal(5, 1.2, 4 * n)
    before, after = (np.clip(np.round(own + rng.normal(0, 1.2, own.size)), 0, 10) for _ in "12")
    kept = np.flatnonzero(before >= 6)[:n]
    return [patient(f"p{i}", float(before[i]), float(after[i])) for i in kept]


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    return execute(tmp_path_factory.mktemp("evidence"), regressing(), minimum_baseline_score=6.0)


def test_a_clinic_that_only_regresses_says_so(left):
    rows = read_results(left)
    fall = find_one(rows, measure="fall_seen", condition="crps")
    place = find_one(rows, measure="usual_pain_explaining", condition="crps")
    assert fall.low > 0.5  # pain fell "significantly"
    # All of it is explained where these patients' usual pain is what it was made with.
    assert place.low < 5.0 < place.high
    (extra,) = read_extras(left)
    (text,) = [one["text"] for one in extra["sentences"] if one["name"] == "natural_course"]
    assert "would explain all of the fall if their usual pain were" in text


def test_expected_falls_by_hand(left):
    rows = find(read_results(left), measure="expected_fall", definition="point_below")
    values = dict(zip(rows["population"], rows["value"], strict=True))
    assert values["trials_low"] == pytest.approx(1 - 0.19)
    assert values["trials_high"] == pytest.approx(1 - 0.44)


def test_sentences_figures_and_the_account(left):
    (extra,) = read_extras(left)
    names = {one["name"] for one in extra["figures"]}
    assert names == {"arithmetic", "map", "forest_C043", "forest_C045", "regression",
                     "thresholds"}  # fmt: skip
    assert all(one["alt"] and one["title"] and one["caption"] for one in extra["figures"])
    assert sum(extra["facts"]["evidence"].values()) >= 289
    said = {one["name"]: one["text"] for one in extra["sentences"]}
    assert said["published_C043"].startswith("No published result answers it: a share of responders")
    assert "Zhao 2018, 58%" in said["published_C043"]
    assert "Bosma 2018, 50% of 30" in said["published_C045"]


@pytest.mark.parametrize(
    "patients",
    [
        [patient("a", 8, 4), patient("b", 7, 3)],
        [patient(f"p{i}", 8, 4) for i in range(6)],
        [patient(f"p{i}", 8) for i in range(6)],
        [patient(f"p{i}", 4 + i, 3 + i) for i in range(6)],
    ],
    ids=["two patients", "all alike", "nobody seen", "parallel"],
)
def test_odd_clinics_get_a_sentence(tmp_path, patients, capsys):
    rows = read_results(execute(tmp_path, patients, condition="crps"))
    assert not rows["value"].isin([np.inf, -np.inf]).any()
