"""Who is counted: groups add up, blanks are a group, arms stay apart, boosters are seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from studies import END, WEEK_4, clinic, patient, study

from analysis.errors import SettingsError
from analysis.outcomes.responders import tabulate_responders
from analysis.outcomes.rows import find_rows
from analysis.outcomes.selection import (
    NOT_RECORDED,
    Visits,
    arms_of,
    at_visit,
    groups_of,
    patients_of,
    warn_of_arms,
    whole_group,
)
from analysis.settings import AnalysisSettings

SETTINGS = AnalysisSettings(bootstrap_replicates=200)


def names(datasets, condition="crps"):
    return {
        (group.group_by, group.group): sorted(group.patient_ids)
        for group in groups_of(datasets, condition)
    }


def test_groups_by_hand():
    got = names(study(clinic()))
    assert len(got["all", "all"]) == 10
    assert got["subtype", "type_1"] == ["five", "four", "one", "three", "two"]
    assert got["subtype", "type_2"] == ["eight", "nine", "seven", "six"]
    assert got["subtype", NOT_RECORDED] == ["ten"]
    assert len(got) == 4


def test_all_conditions_have_no_subtypes():
    assert list(names(study(clinic()), "all")) == [("all", "all")]


def test_one_site_for_everyone_makes_no_subgroups():
    got = names(study([patient("a", 8, 4, site="North"), patient("b", 8, 4, site="North")]))
    assert list(got) == [("all", "all")]


def test_one_arm_is_still_named():
    """Else a claim about the drug would be judged on the patients of a placebo-only condition."""
    got = names(study([patient("a", 8, 4, arm="placebo"), patient("b", 8, 4, arm="placebo")]))
    assert got["arm", "placebo"] == ["a", "b"]


def test_a_blank_arm_is_an_arm():
    datasets = study([patient("a", 8, 4, arm="drug"), patient("b", 8, 4, arm=None)])
    assert {key: len(ids) for key, ids in names(datasets).items()} == {
        ("all", "all"): 2, ("arm", "drug"): 1, ("arm", NOT_RECORDED): 1,
    }  # fmt: skip
    assert arms_of(datasets, whole_group(datasets, "crps")) == ("drug", NOT_RECORDED)


def test_rows_of_several_arms_say_so_and_rows_of_one_do_not():
    datasets = study([patient("a", 8, 4, arm="drug"), patient("b", 8, 8, arm="placebo")])
    rows = find_rows(tabulate_responders(datasets, SETTINGS, "crps"), measure="responder_share")
    for row in rows:
        told = "Different treatments are together" in " ".join(row.warnings)
        assert told == (row.group_by == "all"), row.result_id
    assert warn_of_arms(study(clinic()), whole_group(study(clinic()), "crps")) == ()


def test_arms_are_counted_at_every_visit():
    people = [
        patient("a", 8, 4, later={WEEK_4: 4}, arm="drug"),
        patient("b", 8, 8, later={WEEK_4: 8}, arm="placebo"),
    ]
    rows = tabulate_responders(study(people), SETTINGS, "crps")
    at = {row.visit for row in find_rows(rows, measure="responder_share", group_by="arm")}
    assert at == {"end", "week_4"}


def test_at_visit_by_hand():
    datasets = study(clinic())
    seen = at_visit(datasets, whole_group(datasets, "crps"), "end")
    assert len(seen) == 10
    assert seen.index[~seen["is_rated"]].tolist() == ["eight", "nine"]
    assert seen.index[seen["boosted"]].tolist() == ["ten"]
    assert not seen["boosted_unrated"].any()
    later = at_visit(datasets, whole_group(datasets, "crps"), "week_4")
    assert later.index[later["is_rated"]].tolist() == ["one"]
    assert later.index[later["boosted_unrated"]].tolist() == ["ten"]


def test_every_group_sees_its_own_patients_in_its_own_order():
    datasets = study(clinic())
    visits = Visits(datasets)
    groups = {group.group: group for group in groups_of(datasets, "crps")}
    rated = {
        (name, visit): seen.index[seen["is_rated"]].tolist()
        for name, group in groups.items()
        for visit in ("end", "week_4", "week_26")
        for seen in [visits.at(group, visit)]
    }
    assert rated["type_2", "end"] == ["six", "seven"]
    assert rated["type_1", "week_4"] == ["one"]
    assert rated["type_2", "week_4"] == rated["all", "week_26"] == []
    backwards = replace(groups["type_1"], patient_ids=groups["type_1"].patient_ids[::-1])
    seen = visits.at(backwards, "week_4")
    assert seen.index.tolist() == ["five", "four", "three", "two", "one"]
    assert seen["is_rated"].tolist() == [False, False, False, False, True]


def test_a_booster_on_the_day_of_the_rating_comes_after_it():
    datasets = study([patient("a", 8, 4, booster_on=END)])
    assert not at_visit(datasets, whole_group(datasets, "crps"), "end")["boosted"].any()


def test_a_condition_without_patients_is_empty_not_an_error():
    datasets = study(clinic())
    assert patients_of(datasets, "fbss").empty
    assert list(names(datasets, "fbss")) == [("all", "all")]
    assert at_visit(datasets, whole_group(datasets, "fbss"), "end").empty


def test_an_unknown_condition_is_refused_with_the_nearest_name():
    with pytest.raises(SettingsError, match="Did you mean 'crps'"):
        whole_group(study(clinic()), "crsp")
