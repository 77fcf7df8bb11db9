"""Typed columns and tables from texts: records read = used + excluded by a named reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import MappingError
from analysis.intake.build import Context, build_column, build_table
from analysis.intake.mapping import MISSING_WORDS, ColumnRule, Format, TableRule
from analysis.intake.read import RawTable, load_raw_table
from analysis.intake.tables import SCALES, TABLES, Table

PATIENTS, PAIN_SCORES, INFUSIONS = map(TABLES.get, ("patients", "pain_scores", "infusions"))

# Columns


def context(**more) -> Context:
    return Context(
        table="t",
        file="t.csv",
        style=Format(),
        words={"condition": ("crps",), "scale": ("nrs_0_10", "vas_0_100")},
        missing=frozenset(MISSING_WORDS),
        **more,
    )


def by_line(**columns: list[str]) -> pd.DataFrame:
    """Texts as they stand in a file: the first record on line 2."""
    frame = pd.DataFrame(columns, dtype=object)
    return frame.set_axis(frame.index + 2)


def column(table: Table, name: str, texts: dict[str, list[str]], **rule) -> list[object]:
    work, own = context(), ColumnRule.model_validate(rule)
    values = build_column(work, table.column(name), own, by_line(**texts))
    assert not work.problems, [problem.sentence() for problem in work.problems]
    return [None if pd.isna(value) else value for value in values]


@pytest.mark.parametrize(
    ("table", "name", "rule", "texts", "values"),
    [
        (PATIENTS, "patient_id", {}, ["001", "1", "1.0", "NA"], ["001", "1", "1.0", None]),
        (PATIENTS, "sex", {}, ["Female", "MALE"], ["female", "male"]),
        (INFUSIONS, "protocol", {}, ["High Dose", "high-dose"], ["high_dose"] * 2),
        (PAIN_SCORES, "visit", {}, ["Baseline", "Week 4"], ["baseline", "week_4"]),
        (PAIN_SCORES, "visit", {}, ["week-12", "END", "Month 03"], ["week_12", "end", "month_3"]),
        (PAIN_SCORES, "visit", {}, ["Discharge", "weekly"], ["Discharge", "weekly"]),
        (PAIN_SCORES, "study_day", {"unit": "weeks"}, ["2", "-1"], [14.0, -7.0]),
        (PAIN_SCORES, "score", {"times": 10}, ["0.8"], [8.0]),
        (PAIN_SCORES, "study_day", {"add": -1}, ["1"], [0.0]),
        (PAIN_SCORES, "score", {"decimal": ","}, ["6,5"], [6.5]),
        (PATIENTS, "birth_year", {"take": "year"}, ["1980-05-06"], [1980.0]),
        (PAIN_SCORES, "score", {"missing": ["999"]}, ["999", "7"], [None, 7.0]),
    ],
)
def test_one_column_of_the_file(table, name, rule, texts, values):
    assert column(table, name, {"a": texts}, **{"from": "a"}, **rule) == values


@pytest.mark.parametrize(
    ("more", "texts", "values"),
    [
        ({}, ["0", "1", "9", ""], ["placebo", "drug", None, None]),
        ({"other": "as_is"}, ["0", "x"], ["placebo", "x"]),
        ({"other": "another"}, ["0", "x"], ["placebo", "another"]),
    ],
)
def test_words_through_a_map(more, texts, values):
    rule = {"from": "g", "values": {"0": "placebo", "1": "drug", "9": ""}}
    assert column(PATIENTS, "arm", {"g": texts}, **rule, **more) == values


@pytest.mark.parametrize(
    ("table", "name", "rule", "values"),
    [
        (PAIN_SCORES, "score", {"first_of": ["a", "b"]}, [4.0, 2.0, 1.0]),
        (PAIN_SCORES, "score", {"mean_of": ["a", "b"]}, [4.0, 4.0, 1.0]),
        (PATIENTS, "patient_id", {"join": ["a", "b"]}, [None, "2-6", None]),
        (PATIENTS, "patient_id", {"join": ["a", "b"], "with": ""}, [None, "26", None]),
        (PATIENTS, "patient_id", {"constant": "x"}, ["x", "x", "x"]),
    ],
)
def test_several_columns_into_one(table, name, rule, values):
    texts = {"a": ["", "2", "1"], "b": ["4", "6", "NA"]}
    assert column(table, name, texts, **rule) == values


def test_joined_ids_that_fall_together_and_wrong_constants_are_refused():
    with pytest.raises(MappingError, match="'1-1-2' for two different records"):
        column(PATIENTS, "patient_id", {"a": ["1", "1-1"], "b": ["1-2", "2"]}, join=["a", "b"])
    with pytest.raises(MappingError, match="the constant 'crpps' is not one of crps"):
        column(PATIENTS, "condition", {"a": ["1"]}, constant="crpps")


@pytest.mark.parametrize(
    ("table", "name", "texts", "rule", "words"),
    [
        (
            PAIN_SCORES,
            "score",
            ["7", "x", "x"],
            {},
            "2 rows where a number is expected (line 3: 'x'",
        ),
        (PAIN_SCORES, "score", ["#DIV/0!"], {}, "not a spreadsheet error"),
        (PATIENTS, "patient_id", ["#N/A"], {}, "not a spreadsheet error"),
        (PATIENTS, "sex", ["F"], {"values": {"M": "male"}}, "one of 'M' is expected (line 2: 'F')"),
        (PATIENTS, "sex", ["F"], {}, "one of female, male, other is expected"),
        (PATIENTS, "sex", ["femal"], {}, "Did you mean 'female'?"),
        (PAIN_SCORES, "assessed_on", ["03/04/2026"], {}, "read day first"),
        (PAIN_SCORES, "assessed_on", ["03/04/2026", "2026-03-04"], {}, "1 row where"),
        (PATIENTS, "heart_condition", ["maybe"], {}, "yes or no"),
        (PATIENTS, "prior_treatments_failed", ["2.5"], {}, "a whole number"),
    ],
)
def test_what_cannot_be_read_is_refused(table, name, texts, rule, words):
    work, own = context(), ColumnRule.model_validate({"from": "a", **rule})
    build_column(work, table.column(name), own, by_line(a=texts))
    assert words in "\n".join(problem.sentence() for problem in work.problems)


def test_unreadable_rows_are_marked_when_the_mapping_leaves_them_out():
    work = context(exclude=("unreadable_value",), needed=PAIN_SCORES.needed)
    build_column(
        work, PAIN_SCORES.column("score"), ColumnRule(from_="a"), by_line(a=["7", "x", ""])
    )
    assert work.unreadable == {3}
    assert not work.problems and not work.blanked


@pytest.mark.parametrize("name", ["score", "assessed_on", "recall", "patient_id", "visit"])
def test_no_records_keep_the_type_of_the_column(name):
    rule = ColumnRule(from_="a")
    some, none = (
        build_column(context(), PAIN_SCORES.column(name), rule, by_line(a=texts))
        for texts in ([""], [])
    )
    assert none.dtype == some.dtype


# Tables


def raw(header: str, *rows: str) -> RawTable:
    names = header.split(",")
    records = [row.split(",") for row in rows]
    frame = pd.DataFrame(records, columns=names, dtype=object)
    return RawTable(
        name="t.csv",
        frame=frame,
        lines=np.arange(2, len(rows) + 2),
        n_lines=len(rows) + 1,
        n_header=1,
        n_blank=0,
        header=tuple(names),
    )


def build(table: Table, file: RawTable, exclude=(), **rule):
    frame, account, problems = build_table(
        table,
        TableRule.model_validate(rule),
        file,
        style=Format(),
        conditions=("crps",),
        scales=SCALES,
        exclude=exclude,
    )
    assert account.reconciles or problems
    return frame, account, problems


def test_columns_of_the_contract_need_no_rule_and_are_not_read_when_another_is():
    frame, account, _ = build(PATIENTS, raw("patient_id,condition,shoe", "1,crps,42"))
    assert frame.loc[0, ["patient_id", "condition"]].tolist() == ["1", "crps"]
    assert frame.loc[0, "source_line"] == 2
    assert account.columns_not_read == ("shoe",)
    file = raw("patient_id,condition,sex,gender", "1,crps,x,male")
    _, account, _ = build(PATIENTS, file, columns={"sex": "gender"})
    assert account.columns_not_read == ("sex",)


def test_blank_rows_headers_and_filters_each_have_a_name():
    file = raw(
        "patient_id,period,score,study_day",
        "1,1,7,0",
        ",NA,,",
        "patient_id,period,score,study_day",
        "1,2,5,0",
        "2,1,3,0",
        "3,1,NA,0",
    )
    frame, account, _ = build(
        PAIN_SCORES, file, where={"period": {"is": ["1"]}, "score": {"max": 6, "recorded": True}}
    )
    assert frame["patient_id"].tolist() == ["2"]
    assert account.excluded == {
        "blank row": 1,
        "header line repeated": 1,
        "filter: period is 1": 1,
        "filter: score is at most 6 and is recorded": 2,
    }


def test_a_filter_with_limits_refuses_what_is_no_number():
    file = raw("patient_id,study_day,score", "1,0,7", "1,x,5")
    _, _, problems = build(PAIN_SCORES, file, where={"study_day": {"min": 0}})
    assert "line 3: 'x'" in problems[0].sentence()
    _, account, problems = build(
        PAIN_SCORES, file, where={"study_day": {"min": 0}}, exclude=("unreadable_value",)
    )
    assert not problems
    assert account.excluded == {"unreadable value": 1}


def test_an_unreadable_dose_is_blanked_and_its_infusion_stays():
    file = raw("patient_id,study_day,dose_mg_per_kg,minutes", "A,0,half,40", "A,x,0.5,40")
    built, account, problems = build(INFUSIONS, file, exclude=("unreadable_value",))
    assert built[["study_day", "minutes"]].to_numpy().tolist() == [[0.0, 40.0]]
    assert built["dose_mg_per_kg"].isna().all() and not problems
    assert (account.blanked, account.excluded) == ({"dose_mg_per_kg": 1}, {"unreadable value": 1})


def test_one_column_per_visit():
    file = raw("id,base,w4,when", "1,8,4,2026-03-01", "2,7,,2026-03-02")
    frame, account, _ = build(
        PAIN_SCORES,
        file,
        columns={"patient_id": "id", "scale": {"constant": "nrs_0_10"}},
        wide=[
            {"column": "base", "study_day": 0, "visit": "Baseline"},
            {"column": "w4", "assessed_on": "when", "recall": "worst"},
        ],
    )
    assert frame["score"].tolist() == [8.0, 7.0, 4.0]
    assert frame["study_day"].tolist()[:2] == [0.0, 0.0]
    assert frame["visit"].tolist()[:2] == ["baseline", "baseline"]
    assert frame["assessed_on"].astype(str).tolist()[2] == "2026-03-01"
    assert frame["recall"].tolist()[2] == "worst"
    assert frame["source_line"].tolist() == [2, 3, 2]
    assert (account.per_record, account.n_used) == (2, 3)
    assert account.excluded == {"no score recorded": 1}


def test_infusion_dates_in_columns():
    file = raw("patient_id,i1,i2", "1,2026-03-01,2026-03-03", "2,2026-03-01,")
    frame, account, _ = build(
        TABLES["infusions"], file, wide=[{"column": "i1"}, {"column": "i2", "phase": "maintenance"}]
    )
    assert frame["patient_id"].tolist() == ["1", "2", "1"]
    assert frame["phase"].astype("str").fillna("").tolist() == ["", "", "maintenance"]
    assert account.excluded == {"no infusion recorded": 1}


def test_texts_given_by_the_mapping_and_the_files_own_name():
    frame, _, _ = build(
        PATIENTS,
        raw("id,condition", "1,crps"),
        given={"site": "north"},
        columns={"patient_id": {"join": ["site", "(file)", "id"]}},
    )
    assert frame.loc[0, "patient_id"] == "north-t-1"


def test_rows_alike_are_one_patient_and_rows_that_differ_stay():
    file = raw("patient_id,condition,visit", "1,crps,a", "1,crps,b", "2,crps,a")
    frame, account, _ = build(PATIENTS, file, one_row_per_patient=True)
    assert frame["patient_id"].tolist() == ["1", "2"]
    assert account.excluded == {"further row of the same patient": 1}
    file = raw("patient_id,condition,sex", "1,crps,male", "1,crps,female")
    frame, _, _ = build(PATIENTS, file, one_row_per_patient=True)
    assert frame["patient_id"].tolist() == ["1", "1"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"columns": {"patient_id": "patientid"}},
            "no column 'patientid'. Did you mean 'patient_id'",
        ),
        ({"where": {"conditon": "x"}}, "no column 'conditon'. Did you mean 'condition'"),
        ({"columns": {"sex": {"values": {"m": "male"}}}}, "the rule for sex names no column"),
        ({"given": {"condition": "x"}}, "`given` adds 'condition', which t.csv already has"),
    ],
)
def test_columns_that_are_not_there(rule, words):
    with pytest.raises(MappingError, match=r"^patients: ") as refused:
        build(PATIENTS, raw("patient_id,condition", "1,crps"), **rule)
    assert words in str(refused.value)


def test_a_column_the_file_has_twice_must_be_chosen(tmp_path: Path):
    (tmp_path / "t.csv").write_text("patient_id,condition,sex,sex\n1,crps,male,female\n")
    file = load_raw_table(tmp_path / "t.csv")
    with pytest.raises(MappingError, match="names 'sex' more than once"):
        build(PATIENTS, file)
    frame, _, _ = build(PATIENTS, file, columns={"sex": "sex (2)"})
    assert frame["sex"].tolist() == ["female"]


FIELD = st.sampled_from(["", "NA", "1", "7", "11", "x", "score"])


@pytest.mark.slow
@given(st.lists(st.tuples(FIELD, FIELD, FIELD), max_size=12), st.booleans())
def test_every_record_is_used_excluded_or_a_problem(rows, leave_out):
    """Hand count: what the account says used and excluded is all there is."""
    file = raw("patient_id,study_day,score", *[",".join(row) for row in rows])
    rule = {"where": {"patient_id": {"not": ["11"]}}}
    exclude = ("unreadable_value",) if leave_out else ()
    frame, account, problems = build(PAIN_SCORES, file, exclude=exclude, **rule)
    if not problems:
        assert len(frame) + sum(account.excluded.values()) == len(rows)
    if leave_out:
        assert not problems


# Values out of range


@pytest.mark.parametrize("day", ["1900-01-01", "1970-01-01", "2101-01-01", "30-Nov--0001"])
def test_placeholder_dates_are_refused_in_the_words_of_the_file(day):
    file = raw("patient_id,assessed_on,score", f"A,{day},8", "A,2026-03-01,4")
    _, _, problems = build(PAIN_SCORES, file)
    sentence = problems[0].sentence()
    assert f"that is no placeholder is expected (line 2: {day!r})" in sentence
    assert "without any time" in sentence
    frame, _, problems = build(
        PAIN_SCORES, file, columns={"assessed_on": {"from": "assessed_on", "missing": [day]}}
    )
    assert not problems and frame["assessed_on"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("table", "header", "texts", "column", "kept"),
    [
        (PATIENTS, "patient_id,condition,age_years", ["A,crps,40", "B,crps,140"],
         "age_years", 40.0),
        (INFUSIONS, "patient_id,study_day,dose_mg_per_kg", ["A,0,0.5", "B,0,74"],
         "dose_mg_per_kg", 0.5),
        (PAIN_SCORES, "patient_id,study_day,score", ["A,0,8", "A,99999,8"], "study_day", 0.0),
    ],
)  # fmt: skip
def test_of_a_value_out_of_range_only_the_value_goes(table, header, texts, column, kept):
    file = raw(header, *texts)
    _, _, problems = build(table, file)
    assert [(p.code, list(p.lines)) for p in problems] == [("value_out_of_range", [3])]
    frame, account, problems = build(table, file, exclude=("value_out_of_range",))
    assert not problems and len(frame) == 2
    assert frame[column].dropna().tolist() == [kept]
    assert account.blanked == {column: 1}
