"""Notebook 35 on two typed arms: rows by hand, the words, and exports with one arm or none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from analysis.adam.study import Study, write_study
from analysis.results import find, find_one, read_extras, read_results, rows_of

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from cells import run_code
from studies import SETTINGS, clinic, patient, responder, study

pytestmark = [
    pytest.mark.slow,
    # seaborn's own use of matplotlib
    pytest.mark.filterwarnings("ignore:vert. bool was deprecated"),
]


def two_arms(settings=SETTINGS) -> Study:
    """Drug: 5 of 6 fall by half and one was not seen; sham: 1 of 6 by half, 5 not at all.

    Three of the drug arm lose relief by week 4, the others keep it until then.
    """
    drug = [responder(f"d{n}", arm="drug", w4=8 if n < 3 else 4) for n in range(5)]
    sham = [patient(f"s{n}", 8, 4 if n == 0 else 8, arm="sham") for n in range(6)]
    return study([*drug, patient("d5", 8, arm="drug"), *sham], settings)


@pytest.fixture(scope="module")
def left(tmp_path_factory) -> Path:
    """What the notebook leaves, with a figure of one's own."""
    folder = tmp_path_factory.mktemp("arms")
    chosen = SETTINGS.model_copy(update={"claim_arm": "sham", "allocation": "randomized"})
    write_study(two_arms(chosen), folder / "data")
    about = {"datasets": str(folder / "data"), "results_dir": str(folder / "r")}
    run_code("35_arms", own_figure=True, **about)
    return folder / "r"


def row(left, **keys):
    found = find_one(read_results(left), condition="crps", group_by="arm_pair",
                     group="sham vs drug", **keys)  # fmt: skip
    assert found is not None, keys
    return found


def test_shares_means_and_scores_by_hand(left):
    what = {"measure": "responder_difference", "definition": "percent_reduction", "visit": "end"}
    for pct in (30.0, 50.0):
        failing = row(left, population="all_starters", threshold_pct=pct, **what)
        assert failing.value == pytest.approx(100 * (1 / 6 - 5 / 6))
        assert (failing.n, failing.n_missing, failing.method) == (12, 1, "newcombe")
        seen = row(left, population="observed", threshold_pct=pct, **what)
        assert (seen.value, seen.n) == (pytest.approx(100 * (1 / 6 - 5 / 5)), 11)
    ratio = row(left, measure="responder_ratio", population="all_starters", threshold_pct=30.0)
    assert ratio.value == pytest.approx(1 / 5)
    mean = {"measure": "reduction_difference", "visit": "end"}
    assert row(left, population="observed", **mean).value == pytest.approx(50 / 6 - 50)
    assert row(left, population="all_starters", **mean).value == pytest.approx(50 / 6 - 250 / 6)
    model = row(left, measure="change_difference", visit="end")
    assert (model.value, model.unit) == (pytest.approx(4 / 6 - 4), "score")
    relief = row(left, measure="relief_difference")
    assert (relief.n, relief.n_events) == (6, 3)


def test_every_row_says_how_patients_came_into_the_arms(left):
    results = read_results(left)
    assert set(results["notebook"]) == {"35_arms"} and set(results["condition"]) == {"crps"}
    assert all("allocation_randomized" in each.notes.split(";") for each in rows_of(results))


def test_a_sentence_and_a_figure_are_left_for_the_report(left):
    (extras,) = read_extras(left)
    (said,) = extras["sentences"]
    assert said["condition"] == "crps"
    assert said["text"].startswith("1 of 6 of those due in sham and 5 of 6 in drug were seen")
    assert said["text"].endswith("the effect of allocation to sham rather than drug.")
    assert [one["name"] for one in extras["figures"]] == ["differences", "own"]
    drawn = extras["figures"][0]
    assert "−66.7 points, n = 12" in drawn["alt"] and "nan" not in drawn["alt"]
    assert (left / "figures" / f"{drawn['figure']}.svg").is_file()


@pytest.mark.parametrize("people", [clinic(), [patient("a", 8, 4, arm="drug")]])
def test_one_arm_or_none_is_a_sentence(people, tmp_path, capsys):
    write_study(study(people), tmp_path / "data")
    made = run_code("35_arms", datasets=str(tmp_path / "data"), results_dir=str(tmp_path / "r"))
    assert not any(made["pairs"].values())
    assert read_results(tmp_path / "r").empty
    assert json.loads((tmp_path / "r" / "35_arms.all.json").read_text())["figures"] == []


def test_the_claim_arm_is_the_first_and_a_condition_without_patients_is_no_error(tmp_path):
    write_study(two_arms(), tmp_path / "data")
    about = {"datasets": str(tmp_path / "data"), "results_dir": str(tmp_path / "r")}
    run_code("35_arms", **about)
    found = read_results(tmp_path / "r")
    assert set(found["group"]) == {"drug vs sham"}
    assert len(find(found, measure="responder_difference")) == 2 * 5
    run_code("35_arms", condition="fbss", datasets=str(tmp_path / "data"),
             results_dir=str(tmp_path / "none"))  # fmt: skip
    assert read_results(tmp_path / "none").empty
