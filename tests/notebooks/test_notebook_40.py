"""Notebooks 40 and 45 on typed patients: numbers, figures, odd clinics, one condition alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.adam.study import write_study
from analysis.results import KEYS, find, find_one, read_extras, read_results

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from cells import FIGURES as DRAWING
from cells import run_code
from relief_studies import relief_results
from studies import WEEK, four, patient, responder, study

pytestmark = pytest.mark.slow

RELIEF, BOOSTERS = "40_relief_duration", "45_boosters"
FIGURES = ["boosters", "incidence", "relief", "series", "shapes", "strategies", "swimmer"]


def execute(
    folder: Path, patients: list[dict[str, Any]], *notebooks: str, **parameters: Any
) -> Path:
    """Run notebooks, both if none is named, on a study prepared as by the runner; its results."""
    made = study(patients, with_infusions=parameters.pop("with_infusions", True))
    write_study(made, folder / "data")
    about = {"datasets": str(folder / "data"), "results_dir": str(folder / "results")}
    for notebook in notebooks or (RELIEF, BOOSTERS):
        run_code(notebook, **about, **parameters)
    return folder / "results"


def many() -> list[dict[str, Any]]:
    """Two conditions; losses spread over the visits, and boosters in weeks 5 to 9."""
    people = []
    for i in range(45):
        good = {f"w{week}": 4 for week in (4, 8, 12, 26)[: i % 4]}
        lost = {f"w{(4, 8, 12, 26)[i % 4]}": 8}
        more = {"condition": "crps" if i < 36 else "fbss"}
        booster = WEEK[5 + i % 5] if i % 3 else None
        people.append(responder(f"p{i}", booster_on=booster, **good, **lost, **more))
    return people


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> Path:
    return execute(tmp_path_factory.mktemp("all"), many())


def figures(folder: Path, condition: str) -> list[dict[str, Any]]:
    """Return a condition's figures."""
    every = [note for extra in read_extras(folder) for note in extra["figures"]]
    return [note for note in every if note["condition"] == condition]


def sentences(folder: Path) -> dict[str, str]:
    """Return the sentence on each condition."""
    found = [each for extra in read_extras(folder) for each in extra["sentences"]]
    return {each["condition"]: each["text"] for each in found}


def by_key(results: pd.DataFrame) -> pd.DataFrame:
    return results.set_index(KEYS).sort_index()


def test_every_number_of_the_library_is_there(together):
    written = by_key(read_results(together)).drop(columns="notebook")
    expected = by_key(relief_results(study(many()))).drop(columns="notebook")
    pd.testing.assert_frame_equal(written, expected)


def test_figures_captions_and_sentences(together):
    for condition in ("all", "crps", "fbss"):
        own = figures(together, condition)
        assert sorted(each["name"] for each in own) == FIGURES
        assert all(each["alt"] and each["title"] and each["caption"] for each in own)
        assert all((together / "figures" / f"{each['figure']}.svg").is_file() for each in own)
    by_name = {each["name"]: each for each in figures(together, "crps")}
    assert by_name["swimmer"]["caption"].startswith("20 of 36 responders")
    said = sentences(together)
    # 27 of 36 at week 4 and 9 at week 8, boosters or not: half of them midway.
    assert "of 36 patients with relief" in said["crps"]
    assert "half had lost it after 6 weeks" in said["crps"]
    assert "(95% CI" in said["crps"]


def test_a_condition_alone_has_the_same_numbers(together, tmp_path):
    alone = read_results(execute(tmp_path, many(), RELIEF, condition="crps"))
    among = find(read_results(together), condition="crps", notebook=RELIEF)
    pd.testing.assert_frame_equal(by_key(alone), by_key(among))


ODD = {
    "nobody": [patient("a", 8, 8)],
    "not followed": [responder("a")],
    "one": [responder("a", w4=8)],
    "booster on day 0": [responder("a", booster_on=WEEK[0])],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_clinics_have_every_figure(tmp_path, name):
    made = figures(execute(tmp_path, ODD[name], condition="crps"), "crps")
    assert sorted(each["name"] for each in made) == FIGURES


def test_a_condition_without_patients_is_a_sentence(tmp_path):
    folder = execute(tmp_path, four(), condition="fibromyalgia")
    written = read_results(folder)
    assert set(written.loc[written["unit"] != "count", "status"]) <= {"no patients"}
    assert "nobody had relief at the end of the series" in sentences(folder)["fibromyalgia"]


def test_an_export_without_infusions(tmp_path):
    people = [patient(f"p{i}", 8, later={3: 4, 28: 4 if i % 2 else 8}) for i in range(6)]
    folder = execute(tmp_path, people, BOOSTERS, with_infusions=False, condition="crps")
    found = find_one(read_results(folder), measure="booster_count", visit="week_8")
    assert (found.value, found.notes) == (None, "no_infusions_to_count")
