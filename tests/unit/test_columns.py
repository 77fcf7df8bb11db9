"""One typed column of the contract from the texts of a file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.contract.tables import INFUSIONS, PAIN_SCORES, PATIENTS, Table
from analysis.errors import MappingError
from analysis.sources.columns import Workbench, build_column
from analysis.sources.mapping import MISSING_WORDS, ColumnRule, Format


def bench(n: int, **more) -> Workbench:
    return Workbench(
        table="t",
        file="t.csv",
        style=more.pop("style", Format()),
        words={"condition": ("crps",), "scale": ("nrs_0_10", "vas_0_100")},
        missing=frozenset(MISSING_WORDS),
        lines=np.arange(2, n + 2),
        **more,
    )


def build(table: Table, name: str, texts: dict[str, list[str]], work=None, **rule) -> list[object]:
    frame = pd.DataFrame(texts, dtype=object)
    work = work or bench(len(frame))
    told = ColumnRule.model_validate(rule)
    values = build_column(work, table.column(name), told, frame)
    assert len(values) == len(frame)
    assert not work.problems, [problem.sentence() for problem in work.problems]
    return [None if pd.isna(value) else value for value in values]


def problem(table: Table, name: str, texts: list[str], **rule) -> str:
    work = bench(len(texts))
    told = ColumnRule.model_validate({"from": "a", **rule})
    build_column(work, table.column(name), told, pd.DataFrame({"a": texts}, dtype=object))
    return "\n".join(problem.sentence() for problem in work.problems)


def test_ids_stay_text():
    assert build(PATIENTS, "patient_id", {"a": ["001", "1", "1.0", "NA"]}, **{"from": "a"}) == [
        "001",
        "1",
        "1.0",
        None,
    ]


def test_words_through_a_map():
    rule = {"from": "g", "values": {"0": "placebo", "1": "drug", "9": ""}}
    assert build(PATIENTS, "arm", {"g": ["0", "1", "9", ""]}, **rule) == [
        "placebo",
        "drug",
        None,
        None,
    ]
    rule["other"] = "as_is"
    assert build(PATIENTS, "arm", {"g": ["0", "x"]}, **rule) == ["placebo", "x"]
    rule["other"] = "another"
    assert build(PATIENTS, "arm", {"g": ["0", "x"]}, **rule) == ["placebo", "another"]


def test_words_in_any_writing():
    assert build(PATIENTS, "sex", {"a": ["Female", "MALE"]}, **{"from": "a"}) == ["female", "male"]
    assert (
        build(INFUSIONS, "protocol", {"a": ["High Dose", "high-dose"]}, **{"from": "a"})
        == ["high_dose"] * 2
    )
    visits = ["Baseline", "Week 4", "week-12", "END", "Month 3"]
    assert build(PAIN_SCORES, "visit", {"a": visits}, **{"from": "a"}) == [
        "baseline",
        "week_4",
        "week_12",
        "end",
        "Month 3",
    ]


def test_numbers_in_other_units():
    assert build(
        PAIN_SCORES, "study_day", {"a": ["2", "-1"]}, **{"from": "a", "unit": "weeks"}
    ) == [
        14.0,
        -7.0,
    ]
    assert build(PAIN_SCORES, "score", {"a": ["0.8"]}, **{"from": "a", "times": 10}) == [8.0]
    assert build(PAIN_SCORES, "study_day", {"a": ["1"]}, **{"from": "a", "add": -1}) == [0.0]
    assert build(PAIN_SCORES, "score", {"a": ["6,5"]}, **{"from": "a", "decimal": ","}) == [6.5]
    assert build(
        PATIENTS, "birth_year", {"a": ["1980-05-06"]}, **{"from": "a", "take": "year"}
    ) == [1980.0]


def test_several_columns_into_one():
    texts = {"a": ["", "2", "1"], "b": ["4", "6", "NA"]}
    assert build(PAIN_SCORES, "score", texts, first_of=["a", "b"]) == [4.0, 2.0, 1.0]
    assert build(PAIN_SCORES, "score", texts, mean_of=["a", "b"]) == [4.0, 4.0, 1.0]
    assert build(PATIENTS, "patient_id", texts, join=["a", "b"]) == [None, "2-6", None]
    assert build(PATIENTS, "patient_id", texts, join=["a", "b"], **{"with": ""}) == [
        None,
        "26",
        None,
    ]
    assert build(PATIENTS, "patient_id", texts, constant="x") == ["x", "x", "x"]


def test_joined_ids_that_fall_together_are_refused():
    with pytest.raises(MappingError, match="'1-1-2' for two different records"):
        build(PATIENTS, "patient_id", {"a": ["1", "1-1"], "b": ["1-2", "2"]}, join=["a", "b"])


def test_a_constant_that_is_no_value_is_refused():
    with pytest.raises(MappingError, match="the constant 'crpps' is not one of crps"):
        build(PATIENTS, "condition", {"a": ["1"]}, constant="crpps")


def test_missing_words_of_one_column():
    assert build(
        PAIN_SCORES, "score", {"a": ["999", "7"]}, **{"from": "a", "missing": ["999"]}
    ) == [
        None,
        7.0,
    ]


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
def test_what_cannot_be_read_is_told(table, name, texts, rule, words):
    assert words in problem(table, name, texts, **rule)


def test_unreadable_rows_are_marked_when_the_mapping_leaves_them_out():
    work = bench(3, leave_out_unreadable=True)
    frame = pd.DataFrame({"a": ["7", "x", ""]}, dtype=object)
    build_column(work, PAIN_SCORES.column("score"), ColumnRule(from_="a"), frame)
    assert work.unreadable.tolist() == [False, True, False]
    assert not work.problems


@pytest.mark.parametrize("name", ["score", "assessed_on", "recall", "patient_id", "visit"])
def test_no_records_keep_the_type_of_the_column(name):
    some = build_column(
        bench(1), PAIN_SCORES.column(name), ColumnRule(from_="a"), pd.DataFrame({"a": [""]})
    )
    none = build_column(
        bench(0),
        PAIN_SCORES.column(name),
        ColumnRule(from_="a"),
        pd.DataFrame({"a": []}, dtype=object),
    )
    assert none.dtype == some.dtype
