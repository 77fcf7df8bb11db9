"""A table rule applied to a file: records read = used + excluded by a named reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.contract.tables import PAIN_SCORES, PATIENTS, TABLES, Table
from analysis.errors import MappingError
from analysis.sources.build import build_table
from analysis.sources.files import RawTable
from analysis.sources.mapping import Format, TableRule


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


def build(table: Table, told: RawTable, exclude=(), **rule):
    frame, account, problems = build_table(
        table,
        TableRule.model_validate(rule),
        told,
        style=Format(),
        conditions=("crps",),
        scales=("nrs_0_10", "vas_0_100"),
        exclude=exclude,
    )
    assert account.reconciles or problems
    return frame, account, problems


def test_columns_of_the_contract_need_no_rule():
    frame, account, _ = build(PATIENTS, raw("patient_id,condition,shoe", "1,crps,42"))
    assert frame.loc[0, ["patient_id", "condition"]].tolist() == ["1", "crps"]
    assert frame.loc[0, "source_line"] == 2
    assert account.columns_not_read == ("shoe",)


def test_a_column_of_the_contract_read_elsewhere_is_not_read():
    _, account, _ = build(
        PATIENTS, raw("patient_id,condition,sex,gender", "1,crps,x,male"), columns={"sex": "gender"}
    )
    assert account.columns_not_read == ("sex",)


def test_blank_rows_headers_and_filters_each_have_a_name():
    told = raw(
        "patient_id,period,score,study_day",
        "1,1,7,0",
        ",NA,,",
        "patient_id,period,score,study_day",
        "1,2,5,0",
        "2,1,3,0",
        "3,1,NA,0",
    )
    frame, account, _ = build(
        PAIN_SCORES, told, where={"period": {"is": ["1"]}, "score": {"max": 6, "recorded": True}}
    )
    assert frame["patient_id"].tolist() == ["2"]
    assert account.excluded == {
        "blank row": 1,
        "header line repeated": 1,
        "filter: period is 1": 1,
        "filter: score is at most 6 and is recorded": 2,
    }


def test_a_filter_with_limits_refuses_what_is_no_number():
    told = raw("patient_id,study_day,score", "1,0,7", "1,x,5")
    _, _, problems = build(PAIN_SCORES, told, where={"study_day": {"min": 0}})
    assert "line 3: 'x'" in problems[0].sentence()
    _, account, problems = build(
        PAIN_SCORES, told, where={"study_day": {"min": 0}}, exclude=("unreadable_value",)
    )
    assert not problems
    assert account.excluded == {"unreadable value": 1}


def test_one_column_per_visit():
    told = raw("id,base,w4,when", "1,8,4,2026-03-01", "2,7,,2026-03-02")
    frame, account, _ = build(
        PAIN_SCORES,
        told,
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
    told = raw("patient_id,i1,i2", "1,2026-03-01,2026-03-03", "2,2026-03-01,")
    frame, account, _ = build(
        TABLES["infusions"], told, wide=[{"column": "i1"}, {"column": "i2", "phase": "maintenance"}]
    )
    assert frame["patient_id"].tolist() == ["1", "2", "1"]
    assert frame["phase"].fillna("").tolist() == ["", "", "maintenance"]
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
    told = raw("patient_id,condition,visit", "1,crps,a", "1,crps,b", "2,crps,a")
    frame, account, _ = build(PATIENTS, told, one_row_per_patient=True)
    assert frame["patient_id"].tolist() == ["1", "2"]
    assert account.excluded == {"further row of the same patient": 1}
    told = raw("patient_id,condition,sex", "1,crps,male", "1,crps,female")
    frame, _, _ = build(PATIENTS, told, one_row_per_patient=True)
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
    with pytest.raises(MappingError, match=r"^patients: ") as told:
        build(PATIENTS, raw("patient_id,condition", "1,crps"), **rule)
    assert words in str(told.value)


def test_a_column_the_file_has_twice_must_be_chosen(tmp_path: Path):
    from analysis.sources.files import load_raw_table

    (tmp_path / "t.csv").write_text("patient_id,condition,sex,sex\n1,crps,male,female\n")
    told = load_raw_table(tmp_path / "t.csv")
    with pytest.raises(MappingError, match="names 'sex' more than once"):
        build(PATIENTS, told)
    frame, _, _ = build(PATIENTS, told, columns={"sex": "sex (2)"})
    assert frame["sex"].tolist() == ["female"]


FIELD = st.sampled_from(["", "NA", "1", "7", "11", "x", "score"])


@given(st.lists(st.tuples(FIELD, FIELD, FIELD), max_size=12), st.booleans())
def test_every_record_is_used_excluded_or_a_problem(rows, leave_out):
    """Hand count: what the account says used and excluded is all there is."""
    told = raw("patient_id,study_day,score", *[",".join(row) for row in rows])
    rule = {"where": {"patient_id": {"not": ["11"]}}}
    exclude = ("unreadable_value",) if leave_out else ()
    frame, account, problems = build(PAIN_SCORES, told, exclude=exclude, **rule)
    if not problems:
        assert len(frame) + sum(account.excluded.values()) == len(rows)
    if leave_out:
        assert not problems
