"""A study: how it is opened, who is in which group, what is written and read again."""

from __future__ import annotations

import re
from itertools import pairwise

import pandas as pd
import pyarrow.parquet as pq
import pytest
from exports import derive, load, write_export
from studies import SETTINGS, WEEK_4, clinic, patient, study

from analysis.adam.checks import count_flow, list_overdue
from analysis.adam.study import (
    FRAMES,
    LABELS,
    NOT_RECORDED,
    Study,
    load_study,
    narrow,
    open_study,
    write_study,
)
from analysis.errors import InputError, SettingsError
from analysis.labels import visit_week
from analysis.settings import make_settings

INFUSIONS = "patient_id,infused_at\nA,2026-03-02\nA,2026-03-09\nB,2026-03-02\n"
DATED = "patient_id,assessed_on,score\nA,2026-03-01,8\nA,2026-03-10,4\nB,2026-03-02,6\n"


def groups(study: Study, condition: str = "crps") -> dict[tuple[str, str], list[str]]:
    own = study.groups()
    own = own[own["condition"] == condition]
    return {key: sorted(ids) for key, ids in own.groupby(["group_by", "group"])["USUBJID"]}


# opening


def test_a_misspelt_visit_is_refused_with_the_nearest_one(tmp_path):
    export = write_export(tmp_path / "export")
    with pytest.raises(SettingsError, match=r"'week_44'.* 'week_4'.*end, week_4, week_8, week_12"):
        open_study(export=str(export), settings={"analysis_visit": "week_44"})


@pytest.mark.slow
def test_a_visit_of_the_suite_that_nobody_was_rated_at_is_no_error(tmp_path):
    export = write_export(tmp_path / "export")
    got = open_study(export=str(export), settings={"analysis_visit": "week_26"})
    assert got.settings.analysis_visit == "week_26"
    assert got.visits == ("end", "week_26")
    late = got.adpain[got.adpain["AVISIT"] == "week_26"]
    assert len(late) == 2 and not late["RATEDFL"].any()


@pytest.mark.slow
def test_settings_of_the_mapping_give_way_to_those_of_the_notebook(tmp_path):
    export = write_export(tmp_path / "export")
    (export / "mapping.yaml").write_text("settings:\n  minimum_baseline_score: 7\n")
    assert open_study(export=str(export)).settings.minimum_baseline_score == 7
    own = {"minimum_baseline_score": 2.0, "responder_threshold_pct": 30.0}
    assert open_study(export=str(export), settings=own).settings.minimum_baseline_score == 2


@pytest.mark.slow
def test_an_unknown_condition_is_refused_with_the_nearest_name():
    with pytest.raises(SettingsError, match="Did you mean 'crps'"):
        narrow(study(clinic()), "crsp")


@pytest.mark.slow
def test_a_condition_narrows_every_frame(tmp_path):
    files = {"infusions.csv": INFUSIONS, "pain_scores.csv": DATED}
    export = write_export(tmp_path / "export", files)
    got = open_study(export=str(export), condition="crps")
    for name in FRAMES:
        assert set(getattr(got, name)["USUBJID"]) <= {"A"}, name
    assert got.group_conditions == ("crps",)
    assert got.visits == open_study(export=str(export)).visits


@pytest.mark.slow
def test_a_banner_says_when_patients_do_not_exist():
    assert study(clinic()).banner == (
        "typed study: 13 patients (all). Pain scores: 0 to 10. "
        "SYNTHETIC DATA: these patients do not exist."
    )


# the data cut and what is due


@pytest.mark.slow
def test_a_visit_is_due_when_its_window_has_closed(tmp_path):
    files = {"infusions.csv": INFUSIONS, "pain_scores.csv": DATED}
    export = load(tmp_path, files)
    # The two infusions of A end on 9 March; a third could follow up to 6 April. The window of the
    # end closes on 16 March, that of week 4 on 20 April.
    for cut, visit, reason in (
        ("2026-03-15", "end", "in series"),
        ("2026-04-05", "end", "in series"),
        ("2026-04-06", "end", "due"),
        ("2026-04-19", "week_4", "window open"),
        ("2026-04-20", "week_4", "due"),
    ):
        got = derive(export, data_cut=cut, analysis_visit=visit)
        row = got.adpain.query("USUBJID == 'A' and AVISIT == @visit").iloc[0]
        assert (row["DUEREAS"], row["DUEFL"]) == (reason, reason == "due")
        assert got.data_cut is not None and got.data_cut.isoformat() == cut
    assert derive(export).data_cut.isoformat() == "2026-03-10"  # the last date in the export


def forty(tmp_path, **settings) -> Study:
    """Forty perfect responders: twenty treated in January, twenty three weeks before the export."""
    people = "".join(f"p{i:02},crps\n" for i in range(40))
    given, scores = [], []
    for i in range(40):
        start = pd.Timestamp("2025-01-06" if i < 20 else "2025-06-01")
        given += [f"p{i:02},{(start + pd.Timedelta(days=3 * k)).date()}" for k in range(6)]
        after = [2, 28, 56, 84] if i < 20 else [2]
        scores.append(f"p{i:02},{(start - pd.Timedelta(days=1)).date()},8")
        scores += [f"p{i:02},{(start + pd.Timedelta(days=15 + k)).date()},2" for k in after]
    files = {
        "patients.csv": "patient_id,condition\n" + people,
        "infusions.csv": "patient_id,infused_at\n" + "\n".join(given) + "\n",
        "pain_scores.csv": "patient_id,assessed_on,score\n" + "\n".join(scores) + "\n",
    }
    return derive(load(tmp_path, files), **settings)


@pytest.mark.slow
def test_due_before_missing(tmp_path):
    """Week 12: 20 of the 20 who are due respond; 20 are not yet due, and nobody is overdue."""
    got = forty(tmp_path, analysis_visit="week_12")
    assert got.data_cut.isoformat() == "2025-06-18"
    week = got.adpain.query("AVISIT == 'week_12'")
    assert week["DUEREAS"].value_counts().to_dict() == {"due": 20, "window open": 20}
    due = week[week["DUEFL"]]
    assert (len(due), due["CRIT30FL"].sum(), due["DUEDT"].nunique()) == (20, 20, 1)
    assert due["DUEDT"].iloc[0].date().isoformat() == "2025-06-03"  # 133 days after 21 January
    assert list_overdue(got).empty
    flow = count_flow(got).loc["crps"]
    assert flow[["eligible", "not_due", "not_rated", "observed"]].tolist() == [40, 20, 0, 20]


@pytest.mark.slow
def test_a_rating_does_not_make_its_visit_due(tmp_path):
    """All forty were rated at the end, but the window of twenty is open for five days more."""
    end = forty(tmp_path).adpain.query("AVISIT == 'end'")
    assert end["RATEDFL"].all() and end["DUEFL"].sum() == 20


@pytest.mark.slow
def test_overdue_patients_are_listed_the_longest_first(tmp_path):
    got = forty(tmp_path, analysis_visit="week_26", data_cut="2025-12-31")
    overdue = list_overdue(got)
    assert len(overdue) == 20 + 3 * 20  # week 26 of the first, weeks 4 to 12 of the later ones
    first, last = overdue.iloc[0], overdue.iloc[-1]
    assert (first["USUBJID"], first["AVISIT"]) == ("p20", "week_4")
    assert first["DUEDT"].date().isoformat() == "2025-07-28"
    assert (last["USUBJID"], last["AVISIT"]) == ("p39", "week_12")


@pytest.mark.slow
def test_without_dates_every_visit_of_the_treated_counts_as_due():
    got = study(clinic())
    assert got.data_cut is None
    reasons = got.adpain.groupby("DUEREAS")["USUBJID"].unique()
    assert reasons["never treated"].tolist() == ["thirteen"]
    assert len(reasons["no dates"]) == 12
    assert got.adpain.query("USUBJID != 'thirteen'")["DUEFL"].all()
    assert list_overdue(got).empty


@pytest.mark.slow
def test_a_visit_the_export_names_is_due_after_its_usual_day(tmp_path):
    """Discharge, on days 10 and 30 after the end, is due on day 20."""
    scores = (
        "patient_id,assessed_on,score,visit\nA,2026-03-01,8,\nB,2026-03-02,6,\n"
        "A,2026-03-19,4,discharge\nB,2026-04-01,4,discharge\n"
    )
    export = load(tmp_path, {"infusions.csv": INFUSIONS, "pain_scores.csv": scores})
    for cut, due in (("2026-03-21", [False, False]), ("2026-04-20", [True, True])):
        own = derive(export, data_cut=cut, series_gap_days=7)
        assert own.adpain.query("AVISIT == 'discharge'")["DUEFL"].tolist() == due


# the schedule


@pytest.mark.slow
def test_the_schedule_of_the_settings_is_that_of_the_datasets():
    people = [patient("a", 8, 4, later={101: 4, 192: 8, 375: 8})]
    got = study(people, SETTINGS.model_copy(update={"visits": "3m, 6m, 12m"}))
    assert got.visits == ("end", "month_3", "month_6", "month_12")
    rows = got.adpain.set_index("AVISIT")
    assert rows["ADYEOS"].to_dict() == {"end": 3, "month_3": 91, "month_6": 182, "month_12": 365}
    assert rows["AVISITN"].round(2).tolist() == [0, 13.05, 26.09, 52.18]


@pytest.mark.parametrize(
    ("given", "kept", "names"),
    [
        ("4,8,12,26,52", "4, 8, 12, 26, 52", ["week_4", "week_8", "week_12", "week_26", "week_52"]),
        (" 1m, 3m ", "1m, 3m", ["month_1", "month_3"]),
        ("2w, 8.5, 6m", "2, 8.5, 6m", ["week_2", "week_8.5", "month_6"]),
    ],
)
def test_a_schedule_in_weeks_and_months(given, kept, names):
    settings = make_settings({"visits": given})
    assert settings.visits == kept
    assert [visit.name for visit in settings.schedule] == ["end", *names]
    assert settings.horizon.name == names[-1]
    for visit in settings.schedule:
        assert visit_week(visit.name) == visit.week
        assert visit.first_day <= visit.target_day <= visit.last_day
    for before, after in pairwise(settings.schedule[1:]):
        assert after.first_day == before.last_day + 1
    assert {"week_2", "week_8.7", "week_12", *names} <= set(settings.read_weeks)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "'' is no visit; write weeks"),
        ("4, x", "'x' is no visit; write weeks after the end of the series, as 4, 8, 12, 26"),
        ("8, 4", "listed once each and in order"),
        ("4, 4", "listed once each and in order"),
        ("13, 3m", "at least a week apart"),
        ("1, 4", "2 weeks or more"),
        ("9999", "later than week 520"),
        ("-4", "'-4' is no visit"),
        ([4, 8], 'write the visits in quotes, as "4, 8, 12, 26"'),
        (12, "visits is 12: write the visits in quotes"),
    ],
)
def test_a_schedule_that_is_none(given, told):
    with pytest.raises(SettingsError, match=re.escape(told)):
        make_settings({"visits": given})


def test_a_data_cut_that_is_no_day(tmp_path):
    with pytest.raises(SettingsError, match="data_cut is 'June'"):
        derive(load(tmp_path), data_cut="June")


# groups


@pytest.mark.slow
def test_groups_by_hand():
    got = groups(study(clinic()))
    assert len(got["all", "all"]) == 10
    assert got["subtype", "type_1"] == ["five", "four", "one", "three", "two"]
    assert got["subtype", "type_2"] == ["eight", "nine", "seven", "six"]
    assert got["subtype", NOT_RECORDED] == ["ten"]
    assert len(got) == 4


@pytest.mark.slow
def test_all_conditions_have_no_subtypes():
    assert list(groups(study(clinic()), "all")) == [("all", "all")]


@pytest.mark.slow
def test_one_site_for_everyone_makes_no_subgroups():
    got = groups(study([patient("a", 8, 4, site="North"), patient("b", 8, 4, site="North")]))
    assert list(got) == [("all", "all")]


@pytest.mark.slow
def test_one_arm_is_still_named():
    """Else a claim about the drug would be judged on the patients of a placebo-only condition."""
    got = groups(study([patient("a", 8, 4, arm="placebo"), patient("b", 8, 4, arm="placebo")]))
    assert got["arm", "placebo"] == ["a", "b"]


@pytest.mark.slow
def test_a_blank_arm_is_an_arm():
    got = groups(study([patient("a", 8, 4, arm="drug"), patient("b", 8, 4, arm=None)]))
    assert {key: len(ids) for key, ids in got.items()} == {
        ("all", "all"): 2, ("arm", "drug"): 1, ("arm", NOT_RECORDED): 1,
    }  # fmt: skip


@pytest.mark.slow
def test_the_treated_are_more_than_the_full_analysis_set():
    people = [patient("a", 8, 4), patient("low", 2, 1), patient("b", 8, 4, treated=False)]
    own = study(people)
    treated = own.groups("SAFFL")
    assert treated.query("condition == 'crps'")["USUBJID"].tolist() == ["a", "low"]
    assert own.groups().query("condition == 'crps'")["USUBJID"].tolist() == ["a"]


@pytest.mark.slow
def test_a_frame_is_stacked_by_group_in_the_order_of_patients():
    own = study(clinic())
    stacked = own.stack_groups(own.adpain)
    assert len(stacked) == 2 * (10 + 10 + 5 + 4 + 1)  # visits, all, crps and its subtypes
    second = stacked.query("group == 'type_2' and AVISIT == 'end'")
    assert second["USUBJID"].tolist() == ["six", "seven", "eight", "nine"]
    assert second["RATEDFL"].tolist() == [True, True, False, False]
    counts = stacked.query("AVISIT == 'end'").groupby(["condition", "group_by", "group"]).size()
    assert counts["crps", "all", "all"] == 10
    assert counts["crps", "subtype"].sum() == 10


@pytest.mark.slow
def test_conditions_without_patients_keep_their_key():
    own = narrow(study(clinic()), "fbss")
    assert own.adsl.empty and own.stack_groups(own.adpain).empty
    assert own.group_keys().tolist() == [("fbss", "all", "all")]


# written and read


@pytest.mark.slow
@pytest.mark.parametrize("files", [{}, {"infusions.csv": INFUSIONS, "pain_scores.csv": DATED}])
def test_datasets_come_back_as_they_were_written(tmp_path, files):
    got = derive(load(tmp_path / "export", files))
    write_study(got, tmp_path / "ds")
    back = load_study(tmp_path / "ds")
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(back, name), getattr(got, name))
    for name in ("intake", "visits", "labels", "settings", "recall", "name", "condition"):
        assert getattr(back, name) == getattr(got, name), name
    opened = open_study(export="", datasets=str(tmp_path / "ds"), condition="fibromyalgia")
    assert opened.adsl["USUBJID"].tolist() == ["B"]
    for name in FRAMES:
        own, narrowed = getattr(opened, name), getattr(narrow(got, "fibromyalgia"), name)
        pd.testing.assert_frame_equal(
            own, narrowed, check_dtype=len(own) > 0, check_categorical=len(own) > 0
        )


@pytest.mark.slow
def test_every_column_is_labelled_and_named_as_sas_transport_asks(tmp_path):
    people = [patient("a", 8, 4, later={WEEK_4: 8})]
    write_study(study(people), tmp_path)
    for name in FRAMES:
        for field in pq.read_schema(tmp_path / f"{name}.parquet"):
            assert field.metadata[b"label"].decode() == LABELS[field.name]
            assert len(field.name) <= 8 and field.name.isupper()
            assert len(LABELS[field.name]) <= 40


def test_datasets_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match=r"holds no analysis datasets: .*study\.json"):
        load_study(tmp_path)
