"""Patients derived part by part give what all of them together give."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.unit.exports import load

from analysis.adam.study import Study, derive_in_parts, derive_study
from analysis.intake.load import Export, load_export
from analysis.run.rates import count_part, estimate_rates
from analysis.settings import data_folder, make_settings

pytestmark = pytest.mark.slow

RATED = "patient_id,study_day,score,visit\n" + "".join(
    f"{p},{day},{score},{visit}\n"
    for at, p in enumerate("ABCDE")
    for day, score, visit in ((0, 8, ""), (3 + at, 4, ""), (20 + at, 3 + at, "discharge"))
)
PATIENTS = "patient_id,condition\n" + "".join(f"{p},crps\n" for p in "EBADC")


def adpain_of(study: Study) -> pd.DataFrame:
    """ADPAIN with its texts as such: those of a part are of fewer categories."""
    return study.adpain.astype(dict.fromkeys(study.adpain.select_dtypes("category"), "str"))


@pytest.fixture(scope="module")
def export() -> Export:
    return load_export(data_folder() / "demo", categorical=True)


def test_parts_of_the_demo_are_the_demo(export):
    settings = make_settings({}, where="a test")
    whole = derive_study(load_export(data_folder() / "demo"), settings)
    parts = derive_in_parts(export, settings, adpain_of, ratings_a_part=1000)
    assert len(parts) > 3
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), adpain_of(whole))


@pytest.mark.parametrize("study_days", [RATED, RATED.replace(",0,", ",-1,")])
def test_visits_of_the_export_have_their_typical_day_among_all(tmp_path, study_days):
    """What only all patients together settle: day 0, visits of the export and their days."""
    export = load(tmp_path, {"patients.csv": PATIENTS, "pain_scores.csv": study_days})
    settings = make_settings({"analysis_visit": "discharge"}, where="a test")
    whole = derive_study(export, settings)
    parts = derive_in_parts(export, settings, adpain_of, ratings_a_part=3)
    assert len(parts) == 5
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), adpain_of(whole))


def test_rates_are_those_of_the_report(export):
    """74 of 137 starters with CRPS: the number that the architecture page follows."""
    settings = make_settings({}, where="a test")
    rates = estimate_rates(export, settings, ratings_a_part=2000)
    golden = pd.read_parquet(Path(__file__).parents[1] / "golden/demo.results.parquet")
    published = golden[
        (golden["measure"] == "responder_share")
        & (golden["definition"] == "percent_reduction")
        & (golden["group_by"] == "all")
    ]
    keys = ["condition", "visit", "threshold_pct", "population"]
    both = rates.merge(published, on=keys, suffixes=("", "_published"), validate="1:1")
    assert len(both) == len(rates)
    for name in ("value", "low", "high", "n", "n_events", "n_missing"):
        left, right = (both[n].astype(float) for n in (name, f"{name}_published"))
        pd.testing.assert_series_equal(left, right, check_names=False, rtol=1e-12)
    crps = both[both["condition"].eq("crps") & both["visit"].eq("end")]
    first = crps[crps["population"].eq("all_starters") & crps["threshold_pct"].eq(30)].iloc[0]
    assert (first["n_events"], first["n"]) == (74, 137)


def test_parts_side_by_side_are_the_same(export):
    settings = make_settings({}, where="a test")
    one, two = (
        pd.concat(derive_in_parts(export, settings, count_part, ratings_a_part=2000, workers=n))
        for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
