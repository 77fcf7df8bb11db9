"""From small exports to analysis datasets: the way whole, the odd cases by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from exports import derive, load

from analysis.derive.datasets import load_datasets, write_datasets
from analysis.errors import InputError, SettingsError

INFUSIONS = "patient_id,infused_at\nA,2026-03-02\nA,2026-03-09\nB,2026-03-02\n"
DATED = (
    "patient_id,assessed_on,score\n"
    "A,2026-03-01,8\nA,2026-03-10,4\nA,2026-04-06,5\n"
    "B,2026-03-02,6\nB,2026-03-03,6\n"
)


def test_dates_and_infusions(tmp_path):
    got = derive(load(tmp_path, {"infusions.csv": INFUSIONS, "pain_scores.csv": DATED}))
    assert got.subjects["end_of_series_day"].tolist() == [7, 0]
    assert got.subjects["baseline_score"].tolist() == [8, 6]
    rows = got.visits.set_index(["patient_id", "visit"])["reduction_pct"]
    assert rows.to_dict() == {("A", "end"): 50.0, ("A", "week_4"): 37.5, ("B", "end"): 0.0}
    assert got.visit_order == ("end", "week_4")
    assert got.relief.index.tolist() == ["A"]
    assert got.condition_codes == ("crps", "fibromyalgia")


def test_one_infusion_a_baseline_on_its_day_is_not_the_outcome(tmp_path):
    """B is rated on the day of the only infusion and never again: outcome unknown."""
    scores = "patient_id,assessed_on,score\nB,2026-03-02,6\nA,2026-03-01,8\n"
    got = derive(load(tmp_path, {"infusions.csv": INFUSIONS, "pain_scores.csv": scores}))
    assert got.visits.empty
    assert got.subjects.loc["B", "baseline_score"] == 6
    assert got.subjects["eligible"].all()


def test_a_starter_without_a_baseline_stays_with_outcome_unknown(tmp_path):
    scores = "patient_id,study_day,score\nA,0,8\nA,3,4\nB,3,2\n"
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert got.subjects.loc["B", "eligible"]
    assert got.subjects.loc["B", "baseline_status"] == "no baseline rating"
    assert got.visits.set_index("patient_id").loc["B"].isna()["reduction_pct"]


def test_a_patient_never_treated_is_no_starter(tmp_path):
    infusions = "patient_id,infused_at\nA,2026-03-02\n"
    got = derive(load(tmp_path, {"infusions.csv": infusions, "pain_scores.csv": DATED}))
    assert got.subjects.loc["B", "population_reason"] == "never treated"
    assert not got.subjects.loc["B", "eligible"]
    assert set(got.ratings.loc[got.ratings["patient_id"] == "B", "role"]) == {
        "patient never treated"
    }


@pytest.mark.parametrize(
    ("baseline", "reason"), [("0", "zero"), ("3.9", "below minimum"), ("4", "")]
)
def test_who_is_counted(tmp_path, baseline, reason):
    scores = f"patient_id,study_day,score\nA,0,{baseline}\nA,3,1\nB,0,8\n"
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert got.subjects.loc["A", "population_reason"] == reason


def test_patients_keep_their_order_and_their_own_numbers(tmp_path):
    files = {
        "patients.csv": "patient_id,condition\nZ,crps\nM,crps\nA,crps\n",
        "pain_scores.csv": "patient_id,study_day,score\nA,0,5\nM,0,6\nZ,0,7\nA,1,5\nZ,1,7\n",
    }
    got = derive(load(tmp_path, files))
    assert got.subjects["baseline_score"].to_dict() == {"Z": 7, "M": 6, "A": 5}


def test_study_days_of_ratings_count_from_dated_infusions(tmp_path):
    scores = "patient_id,study_day,score\nA,0,8\nA,8,4\n"
    got = derive(load(tmp_path, {"infusions.csv": INFUSIONS, "pain_scores.csv": scores}))
    assert got.visits[["visit", "day_after"]].to_numpy().tolist() == [["end", 1.0]]


def test_study_days_of_ratings_and_infusions_share_a_zero(tmp_path):
    files = {
        "infusions.csv": "patient_id,study_day\nA,5\nA,9\n",
        "pain_scores.csv": "patient_id,study_day,score\nA,5,8\nA,10,4\n",
    }
    got = derive(load(tmp_path, files))
    assert got.visits[["visit", "day", "day_after"]].to_numpy().tolist() == [["end", 5.0, 1.0]]


def test_dates_against_study_days_are_refused(tmp_path):
    files = {"infusions.csv": "patient_id,study_day\nA,0\n", "pain_scores.csv": DATED}
    with pytest.raises(InputError, match=r"pain_scores.csv, line 2\) have a date while"):
        derive(load(tmp_path, files))


def test_dates_without_infusions_need_a_date_of_entry(tmp_path):
    with pytest.raises(InputError, match="no day 0 can be found"):
        derive(load(tmp_path, {"pain_scores.csv": DATED}))
    patients = "patient_id,condition,enrolled_on\nA,crps,2026-03-02\nB,crps,2026-03-02\n"
    got = derive(load(tmp_path, {"pain_scores.csv": DATED, "patients.csv": patients}))
    assert got.visits.set_index(["patient_id", "visit"])["day"].to_dict() == {
        ("A", "week_4"): 35.0,
        ("B", "end"): 1.0,
    }


def test_a_rating_on_the_day_of_a_booster_was_before_it(tmp_path):
    infusions = INFUSIONS + "A,2026-04-10\n"
    for day, boosted in (("2026-04-10", False), ("2026-04-11", True)):
        scores = DATED.replace("2026-04-06", day)
        got = derive(load(tmp_path, {"infusions.csv": infusions, "pain_scores.csv": scores}))
        rows = got.visits.set_index(["patient_id", "visit"])["boosted"]
        assert rows["A", "week_4"] == boosted


def test_a_fall_of_exactly_thirty_percent_on_0_to_100_responds(tmp_path):
    scores = "patient_id,study_day,score,scale\nA,0,70,vas_0_100\nA,3,49,vas_0_100\n"
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert got.relief.index.tolist() == ["A"]


def test_the_end_the_export_names_ends_the_series(tmp_path):
    scores = (
        "patient_id,study_day,score,visit\n"
        "A,0,8,Baseline\nA,14,5,Week 2\nA,42,4,End\nA,70,4,\nB,0,8,Baseline\nB,42,8,End\n"
    )
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert got.subjects["end_of_series_day"].tolist() == [42, 42]
    assert got.visit_order == ("Week 2", "end", "week_4")
    row = got.visits.set_index("visit").loc["week_4"]
    assert (row["day"], row["day_after"]) == (70, 28)
    assert got.relief.loc["A", "last_rating_days"] == 28


def test_study_days_that_begin_with_1(tmp_path):
    scores = "patient_id,study_day,score\nA,1,8\nA,8,4\nA,29,5\n"
    got = derive(load(tmp_path, {"pain_scores.csv": scores}), day0_study_day=1.0)
    assert got.visits[["visit", "day_after"]].to_numpy().tolist() == [["end", 7], ["week_4", 28]]


def test_treatment_until_a_study_day(tmp_path):
    scores = "patient_id,study_day,score\nA,0,8\nA,14,5\nA,35,4\nA,63,4\n"
    export = load(tmp_path, {"pain_scores.csv": scores})
    got = derive(export, end_of_series_study_day=35.0)
    assert got.visits[["visit", "day_after"]].to_numpy().tolist() == [["end", 0], ["week_4", 28]]
    with pytest.raises(SettingsError, match="before day 0"):
        derive(export, day0_study_day=10.0, end_of_series_study_day=5.0)


@pytest.mark.parametrize(
    "scores",
    [
        "patient_id,study_day,score\nA,0,8\n",  # baselines only
        "patient_id,study_day,score\nA,3,8\n",  # no baseline
        "patient_id,study_day,score\nA,-90,8\n",  # before everything
        "patient_id,study_day,score\nA,0,0\nA,3,0\n",  # nothing to reduce
    ],
)
def test_nobody_has_an_outcome(tmp_path, scores):
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert len(got.subjects) == 2
    assert got.relief.empty
    assert got.visits["reduction_pct"].isna().all()


def test_nobody_was_treated(tmp_path):
    infusions = "patient_id,study_day,phase\nA,0,maintenance\n"
    got = derive(load(tmp_path, {"infusions.csv": infusions}))
    assert set(got.subjects["population_reason"]) == {"never treated"}
    assert got.visits.empty and got.relief.empty


def test_several_recalls(tmp_path):
    scores = (
        "patient_id,study_day,score,recall\n"
        "A,0,8,average\nA,0,10,worst\nA,3,4,average\nA,3,10,worst\n"
    )
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert got.recall == "average"
    assert got.visits["reduction_pct"].tolist() == [50.0]
    got = derive(load(tmp_path, {"pain_scores.csv": scores}), recall="worst")
    assert got.visits["reduction_pct"].tolist() == [0.0]


@pytest.mark.parametrize("files", [{}, {"infusions.csv": INFUSIONS, "pain_scores.csv": DATED}])
def test_datasets_come_back_as_they_were_written(tmp_path, files):
    got = derive(load(tmp_path / "export", files))
    write_datasets(got, tmp_path / "ds")
    back = load_datasets(tmp_path / "ds")
    for name in ("subjects", "ratings", "visits", "relief"):
        pd.testing.assert_frame_equal(getattr(back, name), getattr(got, name), check_dtype=False)
    assert back.intake == got.intake
    assert back.visit_order == got.visit_order
    assert back.conditions.labels == got.conditions.labels


def test_datasets_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match=r"holds no analysis datasets: .*about\.json"):
        load_datasets(tmp_path)
