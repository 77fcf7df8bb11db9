"""From small exports to the subject-level dataset: series, day 0 and who is analyzed, by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from exports import derive, load

from analysis.adam.adsl import derive_infusions, derive_treatment
from analysis.adam.study import Study
from analysis.errors import InputError, SettingsError

GAP_DAYS = 28


def infusions(*rows: tuple[object, ...], columns=("patient_id", "infused_at")) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(columns))
    if "infused_at" in frame:
        frame["infused_at"] = pd.to_datetime(frame["infused_at"], format="ISO8601").astype(
            "datetime64[s]"
        )
    return frame


def series_of(*rows, columns=("patient_id", "infused_at")) -> pd.DataFrame:
    return derive_infusions(infusions(*rows, columns=columns), gap_days=GAP_DAYS)


def test_a_gap_of_more_than_28_days_starts_a_new_series():
    got = series_of(
        ("A", "2026-03-01"), ("A", "2026-03-29"), ("A", "2026-04-27"), ("A", "2026-04-28")
    )
    assert got["ADY"].tolist() == [0, 28, 57, 58]
    assert got["SERIES"].tolist() == [1, 1, 2, 2]


def test_order_in_the_file_does_not_matter():
    got = series_of(
        ("B", "2026-03-05"), ("A", "2026-03-03"), ("B", "2026-03-01"), ("A", "2026-03-01")
    )
    assert got["USUBJID"].tolist() == ["A", "A", "B", "B"]
    assert got["ADY"].tolist() == [0, 2, 0, 4]


def test_two_infusions_of_one_day_by_their_clock():
    got = series_of(("A", "2026-03-01 16:00"), ("A", "2026-03-01 08:00"), ("A", "2026-03-02 01:00"))
    assert got["ADTM"].dt.hour.tolist() == [8, 16, 1]
    assert got["ADY"].tolist() == [0, 0, 1]


def test_maintenance_inside_the_gap_is_a_booster_and_what_follows_too():
    got = series_of(
        ("A", 0, "initial"),
        ("A", 3, "initial"),
        ("A", 10, "maintenance"),
        ("A", 12, "initial"),
        ("B", 0, None),
        ("B", 5, "maintenance"),
        ("B", 9, "maintenance"),
        columns=("patient_id", "study_day", "phase"),
    )
    assert got["SERIES"].tolist() == [1, 1, 2, 2, 1, 2, 2]
    treated = derive_treatment(got, day0_study_day=0.0)
    assert treated["EOSDY"].tolist() == [3, 0]
    assert treated["BOOSTDY"].tolist() == [10, 5]
    assert treated["NBOOST"].tolist() == [2, 2]


def test_maintenance_of_a_series_the_export_does_not_hold_is_no_start():
    got = series_of(
        ("A", 0, "maintenance"),
        ("A", 90, "maintenance"),
        ("B", 0, "maintenance"),
        ("B", 60, "initial"),
        ("B", 63, "initial"),
        columns=("patient_id", "study_day", "phase"),
    )
    assert got["SERIES"].tolist() == [0, 0, 0, 1, 1]
    treated = derive_treatment(got, day0_study_day=0.0)
    assert treated.index.tolist() == ["B"]
    assert treated.loc["B", "NINFUS"] == 2
    assert treated.loc["B", "EOSDY"] == 3
    assert treated.loc["B", "DAY0"] == 60
    assert pd.isna(treated.loc["B", "BOOSTDY"])


def test_one_infusion_ends_its_series_on_day_0():
    treated = derive_treatment(series_of(("A", "2026-03-01")), day0_study_day=0.0)
    assert treated.loc["A", "EOSDY"] == 0
    assert treated.loc["A", "NINFUS"] == 1
    assert pd.isna(treated.loc["A", "BOOSTDY"])


def test_study_days_count_from_the_first_infusion():
    got = series_of(("A", 5), ("A", 8), columns=("patient_id", "study_day"))
    assert got["ADY"].tolist() == [0, 3]
    assert got["ADTM"].isna().all()
    assert derive_treatment(got, day0_study_day=0.0).loc["A", "DAY0"] == 5


def test_each_patient_keeps_a_clock_of_their_own():
    columns = ("patient_id", "infused_at", "study_day")
    got = series_of(("A", "2026-03-01", None), ("B", None, 4.0), ("B", None, 7.0), columns=columns)
    assert got["ADY"].tolist() == [0, 0, 3]


def test_two_clocks_in_one_patient_are_refused():
    columns = ("patient_id", "infused_at", "study_day")
    with pytest.raises(InputError, match=r"1 patients \(first: A\)"):
        series_of(("A", "2026-03-01", None), ("A", None, 4.0), columns=columns)


def test_the_protocol_is_that_of_the_first_infusion():
    got = series_of(
        ("A", 0, "standard"), ("A", 3, "high_dose"), columns=("patient_id", "study_day", "protocol")
    )
    assert derive_treatment(got, day0_study_day=0.0).loc["A", "PROTOCOL"] == "standard"


# the way from files to datasets


def seen(study: Study) -> pd.DataFrame:
    """Rows of visits that were rated."""
    return study.adpain[study.adpain["AVAL"].notna()]


def responders(study: Study) -> list[str]:
    own = study.adtte.query("PARAMCD == 'RELLOSS' and RULE == 'once' and CLOCK == 'end_of_series'")
    return own["USUBJID"].tolist()


def last_rating(study: Study) -> float:
    own = study.adtte.query("PARAMCD == 'RELIGN' and RULE == 'once' and CLOCK == 'end_of_series'")
    return own["AVAL"].item()


def of(study: Study, patient: str) -> Any:
    return study.adsl.set_index("USUBJID").loc[patient]


INFUSIONS = "patient_id,infused_at\nA,2026-03-02\nA,2026-03-09\nB,2026-03-02\n"
DATED = (
    "patient_id,assessed_on,score\n"
    "A,2026-03-01,8\nA,2026-03-10,4\nA,2026-04-06,5\n"
    "B,2026-03-02,6\nB,2026-03-03,6\n"
)


@pytest.mark.slow
def test_dates_and_infusions(tmp_path):
    got = derive(load(tmp_path, {"infusions.csv": INFUSIONS, "pain_scores.csv": DATED}))
    assert got.adsl["EOSDY"].tolist() == [7, 0]
    assert got.adsl["BASE"].tolist() == [8, 6]
    rows = seen(got).set_index(["USUBJID", "AVISIT"])["PCHG"]
    assert rows.to_dict() == {("A", "end"): -50.0, ("A", "week_4"): -37.5, ("B", "end"): 0.0}
    assert got.visits == ("end", "week_4")
    assert responders(got) == ["A"]
    assert tuple(got.conditions) == ("crps", "fibromyalgia")


@pytest.mark.slow
def test_one_infusion_a_baseline_on_its_day_is_not_the_outcome(tmp_path):
    """B is rated on the day of the only infusion and never again: outcome unknown."""
    scores = "patient_id,assessed_on,score\nB,2026-03-02,6\nA,2026-03-01,8\n"
    got = derive(load(tmp_path, {"infusions.csv": INFUSIONS, "pain_scores.csv": scores}))
    assert seen(got).empty
    assert of(got, "B")["BASE"] == 6
    assert got.adsl["FASFL"].all()


@pytest.mark.slow
def test_a_starter_without_a_baseline_stays_with_outcome_unknown(tmp_path):
    scores = "patient_id,study_day,score\nA,0,8\nA,3,4\nB,3,2\n"
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert of(got, "B")["FASFL"]
    assert pd.isna(of(got, "B")["BASESTAT"])
    assert pd.isna(seen(got).set_index("USUBJID").loc["B", "PCHG"])


@pytest.mark.slow
def test_a_patient_never_treated_is_no_starter(tmp_path):
    infusions = "patient_id,infused_at\nA,2026-03-02\n"
    got = derive(load(tmp_path, {"infusions.csv": infusions, "pain_scores.csv": DATED}))
    assert of(got, "B")["FASREAS"] == "never treated"
    assert not of(got, "B")["FASFL"]
    assert set(got.ratings.loc[got.ratings["USUBJID"] == "B", "ROLE"]) == {"patient never treated"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("baseline", "reason"), [("0", "zero"), ("3.9", "below minimum"), ("4", "")]
)
def test_who_is_counted(tmp_path, baseline, reason):
    scores = f"patient_id,study_day,score\nA,0,{baseline}\nA,3,1\nB,0,8\n"
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert of(got, "A")["FASREAS"] == reason


@pytest.mark.slow
def test_patients_keep_their_order_and_their_own_numbers(tmp_path):
    files = {
        "patients.csv": "patient_id,condition\nZ,crps\nM,crps\nA,crps\n",
        "pain_scores.csv": "patient_id,study_day,score\nA,0,5\nM,0,6\nZ,0,7\nA,1,5\nZ,1,7\n",
    }
    got = derive(load(tmp_path, files))
    assert got.adsl.set_index("USUBJID")["BASE"].to_dict() == {"Z": 7, "M": 6, "A": 5}


@pytest.mark.slow
def test_study_days_of_ratings_count_from_dated_infusions(tmp_path):
    scores = "patient_id,study_day,score\nA,0,8\nA,8,4\n"
    got = derive(load(tmp_path, {"infusions.csv": INFUSIONS, "pain_scores.csv": scores}))
    assert seen(got)[["AVISIT", "ADYEOS"]].to_numpy().tolist() == [["end", 1.0]]


@pytest.mark.slow
def test_study_days_of_ratings_and_infusions_share_a_zero(tmp_path):
    files = {
        "infusions.csv": "patient_id,study_day\nA,5\nA,9\n",
        "pain_scores.csv": "patient_id,study_day,score\nA,5,8\nA,10,4\n",
    }
    got = derive(load(tmp_path, files))
    assert seen(got)[["AVISIT", "ADY", "ADYEOS"]].to_numpy().tolist() == [["end", 5.0, 1.0]]


def test_dates_against_study_days_are_refused(tmp_path):
    files = {"infusions.csv": "patient_id,study_day\nA,0\n", "pain_scores.csv": DATED}
    with pytest.raises(InputError, match=r"pain_scores.csv, line 2\) have a date while"):
        derive(load(tmp_path, files))


@pytest.mark.slow
def test_dates_without_infusions_need_a_date_of_entry(tmp_path):
    with pytest.raises(InputError, match="no day 0 can be found"):
        derive(load(tmp_path, {"pain_scores.csv": DATED}))
    patients = "patient_id,condition,enrolled_on\nA,crps,2026-03-02\nB,crps,2026-03-02\n"
    got = derive(load(tmp_path, {"pain_scores.csv": DATED, "patients.csv": patients}))
    assert seen(got).set_index(["USUBJID", "AVISIT"])["ADY"].to_dict() == {
        ("A", "week_4"): 35.0,
        ("B", "end"): 1.0,
    }


@pytest.mark.slow
def test_a_rating_on_the_day_of_a_booster_was_before_it(tmp_path):
    infusions = INFUSIONS + "A,2026-04-10\n"
    for day, boosted in (("2026-04-10", False), ("2026-04-11", True)):
        scores = DATED.replace("2026-04-06", day)
        got = derive(load(tmp_path, {"infusions.csv": infusions, "pain_scores.csv": scores}))
        rows = seen(got).set_index(["USUBJID", "AVISIT"])["BOOSTFL"]
        assert rows["A", "week_4"] == boosted


@pytest.mark.slow
def test_a_fall_of_exactly_thirty_percent_on_0_to_100_responds(tmp_path):
    scores = "patient_id,study_day,score,scale\nA,0,70,vas_0_100\nA,3,49,vas_0_100\n"
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert responders(got) == ["A"]


@pytest.mark.slow
def test_the_end_the_export_names_ends_the_series(tmp_path):
    scores = (
        "patient_id,study_day,score,visit\n"
        "A,0,8,Baseline\nA,14,5,Week 2\nA,42,4,End\nA,70,4,\nB,0,8,Baseline\nB,42,8,End\n"
    )
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert got.adsl["EOSDY"].tolist() == [42, 42]
    assert got.visits == ("week_2", "end", "week_4")
    row = seen(got).set_index("AVISIT").loc["week_4"]
    assert (row["ADY"], row["ADYEOS"]) == (70, 28)
    assert last_rating(got) == 28


@pytest.mark.slow
def test_study_days_that_begin_with_1(tmp_path):
    scores = "patient_id,study_day,score\nA,1,8\nA,8,4\nA,29,5\n"
    got = derive(load(tmp_path, {"pain_scores.csv": scores}), day0_study_day=1.0)
    assert seen(got)[["AVISIT", "ADYEOS"]].to_numpy().tolist() == [["end", 7], ["week_4", 28]]


@pytest.mark.slow
def test_treatment_until_a_study_day(tmp_path):
    scores = "patient_id,study_day,score\nA,0,8\nA,14,5\nA,35,4\nA,63,4\n"
    export = load(tmp_path, {"pain_scores.csv": scores})
    got = derive(export, end_of_series_study_day=35.0)
    assert seen(got)[["AVISIT", "ADYEOS"]].to_numpy().tolist() == [["end", 0], ["week_4", 28]]
    with pytest.raises(SettingsError, match="before day 0"):
        derive(export, day0_study_day=10.0, end_of_series_study_day=5.0)


@pytest.mark.slow
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
    assert len(got.adsl) == 2
    assert got.adtte.empty
    assert got.adpain["PCHG"].isna().all()


@pytest.mark.slow
def test_nobody_was_treated(tmp_path):
    infusions = "patient_id,study_day,phase\nA,0,maintenance\n"
    got = derive(load(tmp_path, {"infusions.csv": infusions}))
    assert set(got.adsl["FASREAS"]) == {"never treated"}
    assert seen(got).empty and got.adtte.empty


@pytest.mark.slow
def test_several_recalls(tmp_path):
    scores = (
        "patient_id,study_day,score,recall\n"
        "A,0,8,average\nA,0,10,worst\nA,3,4,average\nA,3,10,worst\n"
    )
    got = derive(load(tmp_path, {"pain_scores.csv": scores}))
    assert got.recall == "average"
    assert seen(got)["PCHG"].tolist() == [-50.0]
    got = derive(load(tmp_path, {"pain_scores.csv": scores}), recall="worst")
    assert seen(got)["PCHG"].tolist() == [0.0]


@pytest.mark.slow
def test_what_the_export_does_not_have_is_missing(tmp_path):
    adsl = derive(load(tmp_path, {})).adsl
    absent = ["SITEID", "SUBTYP", "ARM", "SEX", "ICD10", "ENRDT", "PAINSDT", "NFAILED", "HYPTFL",
              "HEARTFL", "PSYCHFL", "PREGFL", "SUBABFL", "TRTSDT", "PROTOCOL", "BOOSTDY", "AGE",
              "PAINYRS", "DCUTDT"]  # fmt: skip
    assert adsl[absent].isna().all(axis=None)


@pytest.mark.slow
def test_age_and_time_with_pain_are_taken_at_the_first_infusion(tmp_path):
    patients = (
        "patient_id,condition,birth_year,age_years,pain_since\n"
        "A,crps,1980,,2024-03-02\nB,crps,1980,50,2026-03-03\nC,crps,,,\n"
    )
    infusions = "patient_id,infused_at\nA,2026-03-02\nB,2026-03-02\n"
    scores = "patient_id,assessed_on,score\nA,2026-03-01,8\nB,2026-03-01,8\n"
    files = {"patients.csv": patients, "infusions.csv": infusions, "pain_scores.csv": scores}
    adsl = derive(load(tmp_path, files)).adsl.set_index("USUBJID")
    assert adsl["AGE"].tolist()[:2] == [46.0, 50.0] and pd.isna(adsl.loc["C", "AGE"])
    # 730 days over 365.25; pain that began after treatment is no time with pain
    assert adsl.loc["A", "PAINYRS"] == pytest.approx(1.9986, abs=5e-5)
    assert adsl.loc[["B", "C"], "PAINYRS"].isna().all()
