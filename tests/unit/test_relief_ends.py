"""Ends of relief that an export dates exactly: read, refused, and estimated; times by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.exports import derive, load, used

from analysis.adam.checks import check_quality
from analysis.errors import InputError
from analysis.stats.relief import choose, exact_rows, make_group, relief_table

pytestmark = pytest.mark.slow

PATIENTS = "patient_id,condition\n" + "".join(f"{name},crps\n" for name in "ABCDE")
INFUSIONS = (
    "patient_id,infused_at\nA,2026-03-02 09:00\nA,2026-03-05 09:00\nB,2026-03-02 10:00\n"
    "C,2026-03-03 08:00\nD,2026-03-03 08:00\nE,2026-03-03 08:00\n"
)
SCORES = "patient_id,assessed_on,score\n" + "".join(f"{name},2026-03-01,8\n" for name in "ABCDE")
ENDS = (
    "patient_id,infused_at,ended_at,relief_days,still_relieved\n"
    "A,2026-03-02 09:00,2026-03-02 19:00,,\n"  # an earlier infusion of the series
    "A,,2026-03-06 15:00,,\n"  # 30 hours after the one before it
    "B,,2026-03-02 22:00,,no\n"  # 12 hours
    "C,,,0.25,\n"  # 6 hours
    "D,,2026-03-05 08:00,,yes\n"  # 48 hours, and still
    "E,,,,\n"
)
TABLES = {
    "patients.csv": PATIENTS,
    "infusions.csv": INFUSIONS,
    "pain_scores.csv": SCORES,
    "relief_ends.csv": ENDS,
}


def exact(study):
    return study.adtte[study.adtte["PARAMCD"] == "RELEXACT"].set_index("USUBJID")


def rows_of(study):
    group = make_group(("all", "all", "all"), study.adsl, set(), study.settings)
    return exact_rows(study.adtte, group).set_index(["measure", "visit"])


def test_an_exact_end_is_one_day_and_still_relieved_is_censored(tmp_path):
    export = load(tmp_path, TABLES)
    assert used(export, "relief_ends") == (5, {"no end of relief recorded": 1})
    got = exact(derive(export))
    assert got["AVAL"].mul(24).to_dict() == {"A": 30.0, "B": 12.0, "C": 6.0, "D": 48.0}
    assert got["LDY"].tolist() == got["AVAL"].tolist()
    assert got["RDY"].tolist() == [1.25, 0.5, 0.25, np.inf]
    assert got["CNSR"].tolist() == [0, 0, 0, 1]
    assert got["STARTDY"].tolist() == [3.0, 0.0, 0.0, 0.0]


def test_numbers_by_hand_in_hours(tmp_path):
    """The curve falls to 3/4 at 6 hours, 1/2 at 12, 1/4 at 30; D is followed to 48."""
    rows = rows_of(derive(load(tmp_path, TABLES)))
    assert rows.loc[("exact_relief_duration", ""), "value"] == 21.0  # half-way from 12 to 30
    assert rows.loc[("exact_relief_quartile", "lost_25"), "value"] == 9.0
    assert rows.loc[("exact_relief_quartile", "lost_75"), "value"] == 30.0
    assert set(rows["method"]) == {"kaplan_meier_exact"}
    assert set(rows["unit"]) == {"hours"} and set(rows["definition"]) == {"exact_end"}
    assert set(rows["notes"]) == {"timed_of(4,5)"}


def test_long_relief_is_told_in_weeks_with_shares(tmp_path):
    ends = "patient_id,relief_days\nA,14\nB,28\nC,70\nD,105\n"
    rows = rows_of(derive(load(tmp_path, TABLES | {"relief_ends.csv": ends})))
    assert rows.loc[("exact_relief_duration", ""), "value"] == 7.0  # half-way from 4 to 10 weeks
    assert rows.loc[("exact_relieved_share", "week_4"), "value"] == pytest.approx(0.5)
    assert rows.loc[("exact_relieved_share", "week_12"), "value"] == pytest.approx(0.25)


def test_losses_between_visits_never_hold_an_exact_end(tmp_path):
    scores = SCORES + "A,2026-03-06,4\nB,2026-03-04,4\nA,2026-04-05,8\n"
    given = TABLES | {"pain_scores.csv": scores}
    both = derive(load(tmp_path, given))
    alone = derive(load(tmp_path / "alone", given | {"relief_ends.csv": None}))
    assert "RELEXACT" not in set(choose(both.adtte, both.settings)["PARAMCD"])
    tables = []
    for study in (both, alone):
        group = make_group(("all", "all", "all"), study.adsl, {"A", "B"}, study.settings)
        tables.append(relief_table(study.adtte, group).drop(columns="notes"))
    added = tables[0]["measure"].str.startswith("exact_")
    assert added.sum() == 3
    assert tables[0][~added].reset_index(drop=True).equals(tables[1])
    assert exact_rows(alone.adtte, group).empty


def test_where_one_time_of_day_is_not_known_whole_days_are_counted(tmp_path):
    given = TABLES | {"relief_ends.csv": "patient_id,ended_at\nA,2026-03-05\nB,2026-03-04\n"}
    assert exact(derive(load(tmp_path, given)))["AVAL"].to_dict() == {"A": 0.0, "B": 2.0}


@pytest.mark.parametrize(("unit", "number"), [("hours", 36), ("minutes", 2160), ("days", 1.5)])
def test_units(tmp_path, unit, number):
    given = TABLES | {"relief_ends.csv": f"patient_id,lasted\nB,{number}\n"}
    rule = f"{{from: lasted, unit: {unit}}}"
    mapping = f"tables: {{relief_ends: {{columns: {{relief_days: {rule}}}}}}}"
    got = exact(derive(load(tmp_path, given, mapping)))
    assert got.loc["B", "AVAL"] == pytest.approx(1.5)


def test_without_infusions_a_length_counts_from_the_end_of_treatment(tmp_path):
    scores = "patient_id,study_day,score\nA,0,8\nB,0,8\n"
    ends = "patient_id,relief_days\nA,2\nB,3\n"
    given = TABLES | {"infusions.csv": None, "pain_scores.csv": scores, "relief_ends.csv": ends}
    got = exact(derive(load(tmp_path, given), end_of_series_study_day=10.0))
    assert got["STARTDY"].tolist() == [10.0, 10.0] and got["AVAL"].tolist() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ("A,2026-03-02 09:00,2026-03-02 08:00,,", "an end of relief after the infusion"),
        ("A,,2026-03-01 08:00,,", "an end of relief after the infusion"),
        ("A,,,-0.5,", "how long relief lasted, days, 0 to 3650"),
        ("Z,,,2,", "the id of a patient in patients is expected"),
        ("A,,2026-03-06 15:00,9,", "a length that agrees with the dates"),
        ("A,,,2,\nA,,,3,", "one end of relief after an infusion"),
        ("A,,,two days,", "a number"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(tmp_path, ends, words):
    header = ENDS.splitlines()[0]
    with pytest.raises(InputError) as refused:
        load(tmp_path, TABLES | {"relief_ends.csv": f"{header}\n{ends}\n"})
    told = str(refused.value)
    assert words in told and "\n" not in told and "relief_ends.csv" in told and "line" in told


def test_times_that_name_their_offset_are_compared_as_moments(tmp_path):
    """10:00-05:00 is 15:00 UTC: relief from 09:00-05:00 lasted an hour, not minus four."""
    infusions = "patient_id,infused_at\nA,2026-03-02T09:00-05:00\n"
    scores = "patient_id,assessed_on,score\nA,2026-03-01,8\n"
    ends = "patient_id,ended_at\nA,2026-03-02T15:00Z\n"
    given = {"patients.csv": PATIENTS, "infusions.csv": infusions, "pain_scores.csv": scores}
    got = exact(derive(load(tmp_path, given | {"relief_ends.csv": ends})))
    assert got["AVAL"].mul(24).tolist() == pytest.approx([1.0])


def test_a_date_without_an_infusion_to_count_from_is_refused(tmp_path):
    scores = "patient_id,study_day,score\nA,0,8\n"
    ends = "patient_id,ended_at\nA,2026-03-05\n"
    given = TABLES | {"infusions.csv": None, "pain_scores.csv": scores, "relief_ends.csv": ends}
    with pytest.raises(InputError, match="an infusion from which to count"):
        load(tmp_path, given)


def test_the_check_counts_what_is_and_is_not_analyzed(tmp_path):
    checks = check_quality(derive(load(tmp_path, TABLES))).set_index("name")
    state, sentence = checks.loc["ends of relief", ["state", "sentence"]]
    assert state == "pass with findings"
    assert sentence.startswith("4 starters") and "1 further records" in sentence
    none = check_quality(derive(load(tmp_path / "none", TABLES | {"relief_ends.csv": None})))
    assert none.set_index("name").loc["ends of relief", "state"] == "not applicable"
