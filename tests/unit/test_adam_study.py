"""A study: how it is opened, who is in which group, what is written and read again."""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq
import pytest
from exports import derive, load, write_export
from studies import WEEK_4, clinic, patient, study

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


def test_a_visit_of_the_suite_that_nobody_was_rated_at_is_no_error(tmp_path):
    export = write_export(tmp_path / "export")
    got = open_study(export=str(export), settings={"analysis_visit": "week_26"})
    assert got.settings.analysis_visit == "week_26"
    assert got.visits == ("end", "week_26")
    late = got.adpain[got.adpain["AVISIT"] == "week_26"]
    assert len(late) == 2 and not late["RATEDFL"].any()


def test_settings_of_the_mapping_give_way_to_those_of_the_notebook(tmp_path):
    export = write_export(tmp_path / "export")
    (export / "mapping.yaml").write_text("settings:\n  minimum_baseline_score: 7\n")
    assert open_study(export=str(export)).settings.minimum_baseline_score == 7
    own = {"minimum_baseline_score": 2.0, "responder_threshold_pct": 30.0}
    assert open_study(export=str(export), settings=own).settings.minimum_baseline_score == 2


def test_an_unknown_condition_is_refused_with_the_nearest_name():
    with pytest.raises(SettingsError, match="Did you mean 'crps'"):
        narrow(study(clinic()), "crsp")


def test_a_condition_narrows_every_frame(tmp_path):
    files = {"infusions.csv": INFUSIONS, "pain_scores.csv": DATED}
    export = write_export(tmp_path / "export", files)
    got = open_study(export=str(export), condition="crps")
    for name in FRAMES:
        assert set(getattr(got, name)["USUBJID"]) <= {"A"}, name
    assert got.group_conditions == ("crps",)
    assert got.visits == open_study(export=str(export)).visits


def test_a_banner_says_when_patients_do_not_exist():
    assert study(clinic()).banner == (
        "typed study: 13 patients (all). SYNTHETIC DATA: these patients do not exist."
    )


# the data cut and what is due


def test_a_visit_is_due_when_its_window_has_closed(tmp_path):
    files = {"infusions.csv": INFUSIONS, "pain_scores.csv": DATED}
    export = load(tmp_path, files)
    # The series of A ends on 9 March: the end is due on 16 March, week 4 on 20 April.
    for cut, due in (("2026-03-15", [False]), ("2026-03-16", [True]), ("2026-04-20", [True])):
        got = derive(export, data_cut=cut)
        assert got.adpain.query("USUBJID == 'A'")["DUEFL"].tolist() == due
        assert got.data_cut is not None and got.data_cut.isoformat() == cut
    assert derive(export).data_cut.isoformat() == "2026-03-10"  # the last date in the export


def test_without_dates_every_visit_counts_as_due():
    got = study(clinic())
    assert got.data_cut is None
    assert got.adpain["DUEFL"].all()


def test_a_data_cut_that_is_no_day(tmp_path):
    with pytest.raises(SettingsError, match="data_cut is 'June'"):
        derive(load(tmp_path), data_cut="June")


# groups


def test_groups_by_hand():
    got = groups(study(clinic()))
    assert len(got["all", "all"]) == 10
    assert got["subtype", "type_1"] == ["five", "four", "one", "three", "two"]
    assert got["subtype", "type_2"] == ["eight", "nine", "seven", "six"]
    assert got["subtype", NOT_RECORDED] == ["ten"]
    assert len(got) == 4


def test_all_conditions_have_no_subtypes():
    assert list(groups(study(clinic()), "all")) == [("all", "all")]


def test_one_site_for_everyone_makes_no_subgroups():
    got = groups(study([patient("a", 8, 4, site="North"), patient("b", 8, 4, site="North")]))
    assert list(got) == [("all", "all")]


def test_one_arm_is_still_named():
    """Else a claim about the drug would be judged on the patients of a placebo-only condition."""
    got = groups(study([patient("a", 8, 4, arm="placebo"), patient("b", 8, 4, arm="placebo")]))
    assert got["arm", "placebo"] == ["a", "b"]


def test_a_blank_arm_is_an_arm():
    got = groups(study([patient("a", 8, 4, arm="drug"), patient("b", 8, 4, arm=None)]))
    assert {key: len(ids) for key, ids in got.items()} == {
        ("all", "all"): 2, ("arm", "drug"): 1, ("arm", NOT_RECORDED): 1,
    }  # fmt: skip


def test_the_treated_are_more_than_the_full_analysis_set():
    people = [patient("a", 8, 4), patient("low", 2, 1), patient("b", 8, 4, treated=False)]
    own = study(people)
    treated = own.groups("SAFFL")
    assert treated.query("condition == 'crps'")["USUBJID"].tolist() == ["a", "low"]
    assert own.groups().query("condition == 'crps'")["USUBJID"].tolist() == ["a"]


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


def test_conditions_without_patients_keep_their_key():
    own = narrow(study(clinic()), "fbss")
    assert own.adsl.empty and own.stack_groups(own.adpain).empty
    assert own.group_keys().tolist() == [("fbss", "all", "all")]


# written and read


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
