"""The results frame: codes are checked, numbers exist once, names are safe and distinct."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import InputError
from analysis.labels import METHODS, NOTES, note_text
from analysis.results import (
    COLUMNS,
    KEYS,
    Estimate,
    Results,
    find,
    find_one,
    make_results,
    no_patients,
    note,
    read_extras,
    read_results,
    rows_of,
)

SHARE = Estimate(
    value=0.3, low=0.1, high=0.6, level=0.95, n=10, n_events=3, unit="share", method="wilson"
)
KEY = {
    "measure": "responder_share", "definition": "percent_reduction", "condition": "crps",
    "population": "all_starters", "visit": "end", "threshold_pct": 30.0,
}  # fmt: skip
texts = st.text(max_size=12)


def frame(**changed):
    return make_results([SHARE.row(**{**KEY, **changed})])


def row(**changed):
    return rows_of(frame(**changed))[0]


def test_a_row_in_plain_python():
    got = row(group_by="site", group="North")
    assert (got.value, got.low, got.high, got.n, got.n_events) == (0.3, 0.1, 0.6, 10, 3)
    empty = rows_of(make_results([no_patients(unit="share", method="wilson").row(measure="x")]))[0]
    assert (empty.value, empty.low, empty.n_events, empty.threshold_pct) == (None,) * 4
    assert (empty.n, empty.status, empty.condition) == (0, "no patients", "all")


def test_columns_left_out_take_their_default():
    rates = pd.DataFrame({"condition": ["crps", "fbss"], "n": [4, 8], "value": [0.5, 0.25]})
    made = make_results(rates, measure="responder_share", unit="share", method="wilson")
    assert list(made.columns) == COLUMNS
    assert made["n"].tolist() == [4, 8]
    assert made["low"].isna().all()
    assert made["group"].tolist() == ["all", "all"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"colour": "blue"}, "no column 'colour'"),
        ({"populaton": "x"}, "Did you mean 'population'"),
        ({"method": "guess"}, "METHODS"),
        ({"status": "done"}, "none of estimated"),
        ({"value": np.nan}, "does not go with its status"),
        ({"status": "not reached"}, "does not go with its status"),
        ({"low": 0.7}, "above high"),
        ({"high": np.inf}, "infinite"),
        ({"notes": "because"}, "no note"),
        ({"notes": "boosted_count_not"}, "no note"),
        ({"n": -1}, "below 0"),
    ],
)
def test_bad_rows_are_refused(changed, why):
    with pytest.raises(InputError, match=why):
        make_results([{**SHARE.row(**KEY), **changed}])


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="need the column unit"):
        make_results(pd.DataFrame({"measure": ["x"], "n": [1], "method": ["wilson"]}))


def test_a_number_exists_once():
    with pytest.raises(InputError, match="stands twice"):
        make_results([SHARE.row(**KEY), SHARE.row(**KEY)])


def test_rows_are_found_by_their_keys():
    both = pd.concat([frame(), frame(visit="week_4"), frame(threshold_pct=None)])
    assert find_one(both, visit="week_4").visit == "week_4"
    assert find_one(both, visit="week_8") is None
    assert len(find(both, visit=["end", "week_4"])) == 3
    assert find_one(both, threshold_pct=None).threshold_pct is None
    with pytest.raises(ValueError, match="once"):
        find_one(both, measure="responder_share")


def test_result_id_by_hand():
    assert row().result_id == "crps.responder_share.percent_reduction.ge30.all_starters.end"
    part = row(group_by="site", group="North St. 2", threshold_pct=37.5)
    assert part.result_id == (
        "crps.site-North~20~St~2e~~20~2.responder_share.percent_reduction.ge37~2e~5.all_starters.end"
    )


@pytest.mark.slow
@given(groups=st.lists(texts, min_size=2, max_size=6, unique=True))
def test_groups_of_any_name_keep_names_of_their_own(groups):
    base = row(group_by="site")
    ids = {base._replace(group=group).result_id for group in groups}
    assert len(ids) == len(groups)
    assert all(char.isalnum() or char in "~.-_" for name in ids for char in name)


@pytest.mark.slow
@given(a=st.floats(1, 100), b=st.floats(1, 100))
def test_thresholds_keep_names_of_their_own(a, b):
    base = row()
    ids = [base._replace(threshold_pct=pct).result_id for pct in (a, b)]
    assert (ids[0] == ids[1]) == (a == b)


def test_every_key_is_in_the_name():
    base = row(group_by="arm", group="drug")
    other = dict.fromkeys(KEYS, "x") | {"group_by": "site", "threshold_pct": 50.0}
    for key, value in other.items():
        assert base._replace(**{key: value}).result_id != base.result_id, key


def test_estimates_check_themselves():
    with pytest.raises(ValueError, match="never NaN"):
        Estimate(value=float("nan"), n=1, unit="share", method="wilson")
    with pytest.raises(ValueError, match="above high"):
        Estimate(value=0.5, low=0.6, high=0.4, n=1, unit="share", method="wilson")
    with pytest.raises(ValueError, match="does not go with"):
        Estimate(value=None, n=1, unit="share", method="wilson")


def test_notes_become_sentences():
    assert note("one_patient") == "one_patient"
    assert note_text(note("boosted_count_not", 3)).startswith("3 had a booster")
    assert note_text(note("silent_week", 8.7)).count("8.7") == 1
    assert all(text[0].isupper() or text[0] == "{" for text in NOTES.values())
    assert all(METHODS.values())


def test_a_notebook_leaves_its_numbers_and_the_rest(tmp_path):
    results = Results(tmp_path / "results", "20_responders", "crps")
    results.add([SHARE.row(**KEY)])
    with pytest.raises(InputError, match="stands twice"):
        results.add([SHARE.row(**KEY)])
    results.table(pd.DataFrame({"step": ["in file"], "n": [3]}), "flow", title="Flow")
    results.sentence("3 of 10 responded.", name="headline", condition="crps")
    results.facts["export"] = "demo"
    results.write()
    again = Results(tmp_path / "results", "20_responders", "crps")
    again.add([SHARE.row(**KEY)])
    again.write()
    back = read_results(tmp_path / "results")
    pd.testing.assert_frame_equal(back, results.frame)
    assert back["notebook"].tolist() == ["20_responders"]
    (extra,) = read_extras(tmp_path / "results")
    assert (extra["tables"], extra["sentences"]) == ({}, [])


def test_a_folder_without_results_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="20_responders"):
        read_results(tmp_path)


def test_a_notebook_without_numbers_is_read_too(tmp_path):
    Results(tmp_path, "80_director_summary").write()
    assert read_results(tmp_path).empty
