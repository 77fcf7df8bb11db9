"""Result rows: one name each, found once, and the same after a round through JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studies import number_row, share_row

from analysis.errors import InputError
from analysis.outcomes.rows import (
    KEYS,
    ResultRow,
    find_row,
    find_rows,
    frame_of_rows,
    row_from_estimate,
    row_from_record,
)
from analysis.results import no_patients

ROW = share_row(3, 10)
texts = st.text(max_size=12)
SAFE = set("~.-_")


def test_result_id_by_hand():
    assert ROW.result_id == "crps.responder_share.percent_reduction.ge30.all_starters.end"
    part = replace(ROW, group_by="site", group="North St. 2", threshold_pct=37.5)
    assert part.result_id == (
        "crps.site-North~20~St~2e~~20~2.responder_share.percent_reduction.ge37~2e~5.all_starters.end"
    )


@given(groups=st.lists(texts, min_size=2, max_size=6, unique=True))
def test_groups_of_any_name_keep_names_of_their_own(groups):
    ids = {replace(ROW, group_by="site", group=group).result_id for group in groups}
    assert len(ids) == len(groups)


@given(group=texts)
def test_result_id_is_safe_in_an_address(group):
    made = replace(ROW, group_by="site", group=group).result_id
    assert all(char.isalnum() or char in SAFE for char in made)


@given(a=st.floats(1, 100), b=st.floats(1, 100))
def test_thresholds_keep_names_of_their_own(a, b):
    rows = [replace(ROW, threshold_pct=pct) for pct in (a, b)]
    assert (rows[0].result_id == rows[1].result_id) == (a == b)


def test_every_key_is_in_the_name():
    other = {
        "measure": "x", "definition": "x", "condition": "x", "group_by": "site", "group": "x",
        "population": "x", "visit": "x", "threshold_pct": 50.0,
    }  # fmt: skip
    assert set(other) == set(KEYS)
    base = replace(ROW, group_by="arm", group="drug")
    for key, value in other.items():
        assert replace(base, **{key: value}).result_id != base.result_id, key


def test_rows_survive_json():
    row = replace(ROW, warnings=("One.", "Two."))
    record = json.loads(json.dumps(asdict(row) | {"result_id": row.result_id}))
    assert row_from_record(record) == row


def test_a_record_of_another_version_is_refused():
    with pytest.raises(InputError, match="colour"):
        row_from_record(asdict(ROW) | {"colour": "blue"})


def test_a_row_is_found_once():
    rows = [ROW, replace(ROW, visit="week_4")]
    assert find_row(rows, measure="responder_share", visit="end") == ROW
    assert find_row(rows, visit="week_8") is None
    assert find_rows(rows, measure="responder_share") == rows
    with pytest.raises(ValueError, match="once"):
        find_row(rows, measure="responder_share")


def test_keys_replace_fields_of_the_estimate():
    made = row_from_estimate(
        no_patients(unit="share", method="m"), measure="x", condition="crps", n_missing=4
    )
    assert (made.n_missing, made.status, made.value) == (4, "no patients", None)


def test_frame_has_a_column_per_field_also_when_empty():
    frame = frame_of_rows([replace(ROW, warnings=("One.", "Two.")), number_row(1.0, 0.5, 2.0)])
    assert frame.columns[0] == "result_id"
    assert set(frame.columns) == {"result_id", *ResultRow.__dataclass_fields__}
    assert frame["warnings"].tolist() == ["One. Two.", ""]
    assert frame_of_rows([]).columns.tolist() == frame.columns.tolist()
