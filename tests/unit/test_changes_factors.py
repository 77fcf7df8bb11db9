"""Which factor a record belongs to, and exports in which only some factors have changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.changes.factors import (
    CORRECTED,
    DATA_FACTORS,
    GONE,
    LATE,
    NEW,
    compare_exports,
    mix_exports,
    mix_table,
)
from analysis.contract.codes import load_conditions
from analysis.sources.export import Export

PATIENTS = ("patient_id", "condition", "sex")
SCORES = ("patient_id", "study_day", "score", "recall")
INFUSIONS = ("patient_id", "study_day", "phase")

Rows = list[tuple[Any, ...]]


def export(patients: Rows, scores: Rows, infusions: Rows | None = None) -> Export:
    tables = {
        "patients": _frame(PATIENTS, patients),
        "pain_scores": _frame(SCORES, scores),
    }
    if infusions is not None:
        tables["infusions"] = _frame(INFUSIONS, infusions)
    return Export(
        name="typed", synthetic=True, source="", tables=tables, intake=(),
        conditions=load_conditions(), settings={}, files={},
    )  # fmt: skip


def _frame(columns: tuple[str, ...], rows: Rows) -> pd.DataFrame:
    kinds = {"study_day": float, "score": float}
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.astype({name: kinds.get(name, "str") for name in columns})


def rows_of(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(frame[sorted(frame.columns)].astype("str").itertuples(index=False, name=None))


BEFORE = export(
    [("A", "crps", "female"), ("B", "crps", "male"), ("C", "crps", "male")],
    [("A", 0, 8, "now"), ("A", 13, 4, "now"), ("B", 0, 8, "now"), ("B", 13, 6, "now"),
     ("C", 0, 7, "now")],
    [("A", 0, "initial"), ("B", 0, "initial"), ("C", 0, "initial")],
)  # fmt: skip


def changed(**tables: pd.DataFrame) -> Export:
    return replace(BEFORE, tables={**BEFORE.tables, **tables})


def with_scores(scores: Rows) -> Export:
    return changed(pain_scores=_frame(SCORES, scores))


def factor_counts(after: Export) -> dict[str, dict[str, int]]:
    made = compare_exports(BEFORE, after)
    return {factor: made.count(factor) for factor in made.factors}


SCORE_ROWS: Rows = [tuple(row) for row in BEFORE.tables["pain_scores"].itertuples(index=False)]


def test_the_same_export_differs_in_nothing():
    assert factor_counts(BEFORE) == {}


def test_rows_in_another_order_and_from_other_lines_are_the_same():
    scores = _frame(SCORES, SCORE_ROWS[::-1]).assign(source_file="b.csv", source_line=range(5))
    assert factor_counts(changed(pain_scores=scores)) == {}


def test_another_score_is_a_correction():
    after = with_scores([*SCORE_ROWS[:3], ("B", 13, 2, "now"), SCORE_ROWS[4]])
    assert factor_counts(after) == {CORRECTED: {"patients": 1, "ratings": 1}}


def test_another_fact_of_a_patient_is_a_correction():
    people = _frame(PATIENTS, [("A", "crps", "female"), ("B", "fibromyalgia", "male"),
                               ("C", "crps", "male")])  # fmt: skip
    assert factor_counts(changed(patients=people)) == {CORRECTED: {"patients": 1}}


def test_a_further_rating_is_a_late_follow_up():
    after = with_scores([*SCORE_ROWS, ("C", 13, 3, "now"), ("A", 41, 5, "now")])
    assert factor_counts(after) == {LATE: {"patients": 2, "ratings": 2}}


def test_a_rating_taken_back_is_the_same_factor_the_other_way():
    assert factor_counts(with_scores(SCORE_ROWS[:-1])) == {LATE: {"patients": 1, "ratings": 1}}


def test_another_date_is_a_correction_and_the_rest_is_late():
    """Day 13 of B became day 14; a rating on day 40 was added."""
    after = with_scores([*SCORE_ROWS[:3], SCORE_ROWS[4], ("B", 14, 6, "now"), ("B", 40, 7, "now")])
    assert factor_counts(after) == {
        CORRECTED: {"patients": 1, "ratings": 1},
        LATE: {"patients": 1, "ratings": 1},
    }


def test_a_rating_of_another_recall_is_another_rating():
    after = with_scores([*SCORE_ROWS, ("A", 13, 9, "worst")])
    assert factor_counts(after) == {LATE: {"patients": 1, "ratings": 1}}


def test_a_second_score_of_one_day_is_a_correction_of_that_rating():
    after = with_scores([*SCORE_ROWS, ("A", 13, 9, "now")])
    assert factor_counts(after) == {CORRECTED: {"patients": 1, "ratings": 2}}


def test_new_and_gone_patients_take_all_their_rows_along():
    people: Rows = [("A", "crps", "female"), ("B", "crps", "male"), ("D", "crps", "male")]
    after = export(
        people,
        [*SCORE_ROWS[:4], ("D", 0, 9, "now"), ("D", 13, 3, "now")],
        [("A", 0, "initial"), ("B", 0, "initial")],
    )
    assert factor_counts(after) == {
        NEW: {"patients": 1, "ratings": 2},
        GONE: {"patients": 1, "ratings": 1, "infusions": 1},
    }


def test_ids_made_anew_make_everybody_new_and_gone():
    renamed = {
        name: frame.assign(patient_id="x" + frame["patient_id"])
        for name, frame in BEFORE.tables.items()
    }
    made = compare_exports(BEFORE, replace(BEFORE, tables=renamed))
    assert made.factors == (NEW, GONE)
    assert made.n_shared == 0


def test_an_export_without_infusions_beside_one_with_them():
    tables = {name: frame for name, frame in BEFORE.tables.items() if name != "infusions"}
    assert factor_counts(replace(BEFORE, tables=tables)) == {LATE: {"patients": 3, "infusions": 3}}


def test_a_column_that_only_one_export_has_is_a_correction_of_who_has_it():
    people = BEFORE.tables["patients"].assign(arm=["x", None, None])
    assert factor_counts(changed(patients=people)) == {CORRECTED: {"patients": 1}}


def test_hostile_ids_stay_apart():
    people: Rows = [("a|b", "crps", "male"), ("a", "crps", "male"), ("=1+1", "crps", "male"),
                    ("a\x00", "crps", "male")]  # fmt: skip
    scores: Rows = [(name, 0, 5, "now") for name, *_ in people]
    a, b = export(people, scores), export(people[1:], scores[1:])
    made = compare_exports(a, b)
    assert made.factors == (GONE,)
    assert made.count(GONE) == {"patients": 1, "ratings": 1}


@st.composite
def exports(draw: st.DrawFn) -> Export:
    """Up to four patients of six, with a few ratings and infusions of few values each."""
    names = draw(st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=4, unique=True))
    people = [(name, draw(st.sampled_from(("crps", "other"))), "male") for name in names]
    rating = st.tuples(st.sampled_from(names), st.sampled_from((0, 13, 14, 41)),
                       st.integers(0, 3), st.sampled_from(("now", "worst")))  # fmt: skip
    infusion = st.tuples(st.sampled_from(names), st.sampled_from((0, 7, 60)),
                         st.sampled_from(("initial", "maintenance")))  # fmt: skip
    return export(
        people,
        draw(st.lists(rating, min_size=1, max_size=8)),
        draw(st.one_of(st.none(), st.lists(infusion, min_size=1, max_size=5))),
    )


@settings(max_examples=15, deadline=None)
@given(exports(), exports())
def test_all_factors_give_b_and_none_gives_a(a, b):
    """Through the mixing of tables itself: `mix_exports` would hand over A and B as they are."""
    made = compare_exports(a, b)
    for name in ("patients", "pain_scores", "infusions"):
        for applied, wanted in (((), a), (DATA_FACTORS, b)):
            there = wanted.tables.get(name)
            mixed = mix_table(made, name, applied)
            assert len(mixed) == (0 if there is None else len(there))
            if there is not None:
                assert rows_of(mixed[list(there.columns)]) == rows_of(there)


@settings(max_examples=12, deadline=None)
@given(exports(), exports(), st.sets(st.sampled_from(DATA_FACTORS)))
def test_both_directions_meet_in_the_same_mixtures(a, b, applied):
    """A with some factors applied is B with all the others applied backwards."""
    there, back = compare_exports(a, b), compare_exports(b, a)
    swapped = {NEW: GONE, GONE: NEW}
    others = [swapped.get(f, f) for f in DATA_FACTORS if f not in applied]
    for name in ("patients", "pain_scores", "infusions"):
        one, two = mix_table(there, name, applied), mix_table(back, name, others)
        columns = sorted(set(one.columns) & set(two.columns))
        assert rows_of(one[columns]) == rows_of(two[columns])


@settings(max_examples=5, deadline=None)
@given(exports(), exports())
def test_a_factor_touches_nothing_but_its_own(a, b):
    """Without new patients none is there who was not; without gone ones all are."""
    made = compare_exports(a, b)
    ids = [set(e.tables["patients"]["patient_id"]) for e in (a, b)]
    kept = set(mix_table(made, "patients", [GONE, CORRECTED, LATE])["patient_id"])
    assert kept == ids[0] & ids[1]
    assert set(mix_table(made, "patients", [NEW])["patient_id"]) == ids[0] | ids[1]
    for name in ("pain_scores", "infusions"):
        for applied in ([LATE], [CORRECTED]):
            assert set(mix_table(made, name, applied)["patient_id"]) <= ids[0]


@pytest.mark.parametrize("applied", [(), DATA_FACTORS])
def test_the_ends_are_the_exports_themselves(applied):
    made = compare_exports(BEFORE, with_scores(SCORE_ROWS[:3]))
    assert mix_exports(made, applied) is (made.after if applied else made.before)


def test_mixtures_are_sorted_and_keep_types():
    after = with_scores([*SCORE_ROWS[::-1][1:], ("C", 0, 5, "now"), ("A", 41, 5, "now")])
    made = mix_exports(compare_exports(BEFORE, after), [LATE])
    scores = made.tables["pain_scores"]
    assert scores["patient_id"].tolist() == ["A", "A", "A", "B", "B", "C"]
    assert scores["score"].tolist() == [8, 4, 5, 8, 6, 7]
    assert {name: str(kind) for name, kind in scores.dtypes.items()} == {
        "patient_id": "str", "study_day": "float64", "score": "float64", "recall": "str",
    }  # fmt: skip
