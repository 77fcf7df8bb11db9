"""The tables a run keeps, and the patients of one condition alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from analysis.derive.datasets import Datasets, derive_datasets, write_datasets
from analysis.errors import InputError
from analysis.outcomes.everything import tabulate_everything
from analysis.run.cache_keys import digest_tree
from analysis.run.kept_tables import load_tables, name_files, only_condition, write_tables
from analysis.settings import AnalysisSettings, make_settings
from analysis.sources.export import Export, load_export
from tests.run.exports import INFUSIONS, PAIN_SCORES, PATIENTS, write_export

SETTINGS = make_settings({"bootstrap_replicates": 200})

TYPED = {
    "patients": PATIENTS + "A7,neuropathic,diabetic\nA8,neuropathic,\n",
    "infusions": INFUSIONS + "A7,2026-03-02\nA7,2026-03-05\nA7,2026-05-02\n",
    "pain_scores": PAIN_SCORES + "A7,2026-03-01,7\nA7,2026-03-06,3\nA7,2026-04-03,6\n",
}


def datasets_of(export: Export) -> Datasets:
    return derive_datasets(export, SETTINGS)


@pytest.fixture(scope="module")
def export(tmp_path_factory) -> Export:
    return load_export(write_export(tmp_path_factory.mktemp("e"), **TYPED))


def test_kept_tables_give_the_same_datasets(export, tmp_path):
    write_tables(export, tmp_path / "data")
    again = load_tables(tmp_path / "data")
    for name, datasets in (("a", datasets_of(export)), ("b", datasets_of(again))):
        write_datasets(datasets, tmp_path / name)
    assert digest_tree(tmp_path / "a") == digest_tree(tmp_path / "b")
    assert again.intake == export.intake
    assert list(again.files.values()) == list(export.files.values())


def test_kept_tables_say_that_they_are_not_to_be_handed_on(export, tmp_path):
    write_tables(export, tmp_path)
    assert "not to be handed on" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("name", ["export.json", "patients.parquet"])
def test_tables_that_are_gone_or_damaged_are_told(export, tmp_path, name):
    write_tables(export, tmp_path)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match="does not hold the tables of a run"):
        load_tables(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match="does not hold the tables of a run"):
        load_tables(tmp_path)


def test_files_of_one_name_are_told_apart():
    files = {Path("x/site_a/scores.csv"): "1", Path("x/site_b/scores.csv"): "2"}
    assert name_files(files) == {"site_a/scores.csv": "1", "site_b/scores.csv": "2"}
    assert name_files({Path("x/scores.csv"): "1"}) == {"scores.csv": "1"}
    assert name_files({}) == {}


def test_one_condition_holds_its_patients_and_no_other(export):
    alone = only_condition(datasets_of(export), "crps")
    assert alone is not None
    assert set(alone.subjects["condition"]) == {"crps"}
    for name in ("ratings", "visits", "change", "series"):
        assert set(getattr(alone, name)["patient_id"]) <= {"A1", "A2", "A3", "A4", "A5"}
        assert list(getattr(alone, name).index) == list(range(len(getattr(alone, name))))
    assert alone.intake == ()


@pytest.mark.slow
@pytest.mark.parametrize("condition", ["crps", "neuropathic"])
def test_alone_or_among_others_the_results_are_the_same(export, condition):
    """What makes a condition's results reusable: they depend on nobody else's rows."""
    whole = datasets_of(export)
    alone = only_condition(whole, condition)
    assert alone is not None
    assert _rows(alone, condition) == _rows(whole, condition)


def _rows(datasets: Datasets, condition: str) -> list[str]:
    return [repr(row) for row in tabulate_everything(datasets, SETTINGS, [condition])]


def test_a_condition_without_infusions_in_an_export_with_some_is_given_the_whole(export):
    """Alone it would look as if the export had no infusions at all."""
    datasets = datasets_of(export)
    without = replace(datasets, series=datasets.series[datasets.series["patient_id"] != "A6"])
    without = replace(without, series=without.series[without.series["patient_id"] != "A7"])
    assert only_condition(without, "neuropathic") is None
    none_at_all = replace(datasets, series=pd.DataFrame({"patient_id": [], "day": []}))
    assert only_condition(none_at_all, "neuropathic") is not None


def test_settings_travel_with_the_tables(export, tmp_path):
    own = replace(export, settings={"responder_threshold_pct": 50.0})
    write_tables(own, tmp_path)
    loaded = load_tables(tmp_path)
    assert make_settings(loaded.settings) == AnalysisSettings(responder_threshold_pct=50.0)
