"""Tables of the report, and results in words for a notebook."""

from __future__ import annotations

import pandas as pd
import pytest
from report_runs import LABELS, other_rows, responder_rows, share

from analysis.labels import note_text
from analysis.report.section_tables import scores
from analysis.report.tables import (
    anchor,
    estimates_table,
    missing_text,
    plain_table,
    readable,
)
from analysis.results import Estimate, Results, find, make_results, rows_of

ROWS = make_results([*responder_rows("crps"), *other_rows("crps")])


def test_results_in_words_keep_the_numbers_and_leave_out_what_all_rows_share():
    shares = find(ROWS, measure="responder_share", threshold_pct=30.0, group_by="all", visit="end",
                  definition="percent_reduction")  # fmt: skip
    words = readable(shares, labels=LABELS)
    assert list(words) == ["counted", "estimate", "interval", "n", "missing"]
    assert words.estimate.tolist() == ["91 of 140 (65%)", "91 of 120 (76%)", "111 of 140 (79%)"]
    assert words.missing.tolist() == ["20", "20", "0"]


def test_one_row_and_no_row_keep_their_columns():
    assert "condition" in readable(ROWS.head(1), labels=LABELS)
    empty = readable(ROWS.head(0))
    assert "estimate" in empty
    assert empty.agg(", ".join, axis=1).empty


def test_a_row_without_a_number_says_why():
    fit = {"condition": "crps", "measure": "parametric_median", "group_by": "all", "group": "all"}
    why = Estimate(
        value=None, n=20, unit="weeks", method="aft_weibull", status="not estimable",
        notes=("no_maximum_one_look",),
    )  # fmt: skip
    there = Estimate(value=4.0, n=20, unit="weeks", method="aft_weibull", notes=("no_spread",))
    made = make_results(
        [why.row(definition="weibull", **fit), there.row(definition="lognormal", **fit)]
    )
    assert readable(made)["why"].tolist() == [note_text("no_maximum_one_look"), ""]
    assert "why" not in readable(made.tail(1))


def mean_score(definition: str, visit: str, value: float, n: int) -> dict:
    return {"measure": "score_mean", "definition": definition, "population": "observed",
            "condition": "crps", "visit": visit, "value": value, "low": value - 1,
            "high": value + 1, "level": 0.95, "n": n, "unit": "score", "method": "t"}  # fmt: skip


def test_pain_by_visit_is_apart_for_boosters():
    """A mean of 5.8 hides 7.2 without a booster and 4.6 after one."""
    rows = [mean_score("", "week_26", 5.8, 78), mean_score("no_booster", "week_26", 7.2, 38),
            mean_score("after_booster", "week_26", 4.6, 40)]  # fmt: skip
    table = scores(rows_of(make_results(rows)))
    assert [[cell.text for cell in line[:5]] for line in table.lines] == [
        ["week 26", "no booster before", "7.2", "6.2 to 8.2", "38"],
        ["week 26", "after a booster", "4.6", "3.6 to 5.6", "40"],
    ]
    assert len(scores(rows_of(make_results(rows[:1]))).lines) == 1
    assert scores([]) is None


def test_what_is_true_of_some_rows_is_a_footnote_with_a_letter_on_their_cells():
    rows = rows_of(find(ROWS, measure="responder_share", threshold_pct=30.0, group_by="all",
                        definition="percent_reduction"))  # fmt: skip
    table = estimates_table(rows, caption="Responders", heads=[("Visit", lambda row: row.visit)])
    assert table.note == "Wilson score interval."
    assert table.footnotes == (
        ("a", "All who started: a missing patient counts as not responding, a lower bound."),
        ("b", "9 had a booster before this visit and count as not responding."),
    )
    estimate = [head.text for head in table.headings].index("Estimate")
    marks = {(row.population, row.visit): line[estimate].mark
             for row, line in zip(rows, table.lines, strict=True)}  # fmt: skip
    assert marks == {("all_starters", "end"): "a", ("observed", "end"): "b",
                     ("best_case", "end"): "", ("all_starters", "week_12"): "a,b"}  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"n_missing": 14}, "14, as no"),
        ({"n_missing": 14, "population": "observed"}, "14, left out"),
        ({"n_missing": 14, "population": "imputed"}, "14, estimated"),
        ({"n_missing": 14, "population": "all_starters", "unit": "percent"}, "14, as unchanged"),
        ({"notes": "others_many(63)", "unit": "weeks"}, "63, as 0 weeks"),
        ({}, "0"),
    ],
)
def test_a_count_of_the_missing_says_what_they_count_as(keys, text):
    (row,) = rows_of(make_results([share(5, 50) | keys]))
    assert missing_text(row) == text


def test_fragments_are_unique_however_long_a_group_is_named():
    long = [share(1, 9, group_by="site", group="n" * 9_999 + end) for end in "ab"]
    names = [anchor(row) for row in rows_of(make_results(long))]
    assert len(set(names)) == 2
    assert max(map(len, names)) < 200


@pytest.mark.parametrize(
    ("value", "text"), [(1234.0, "1,234"), (0.5, "0.50"), (None, "—"), ("", "—"), (True, "True")]
)
def test_cells_of_a_registered_table(value, text):
    assert plain_table("t", ["n"], [[value]]).lines[0][0].text == text


def test_a_registered_table_sets_numbers_to_the_right_and_says_when_it_is_empty():
    frame = pd.DataFrame({"file": ["a.csv"], "n_lines": [3]})
    table = plain_table("Lines", list(frame), frame.to_numpy().tolist())
    assert [(head.text, head.numeric) for head in table.headings] == [
        ("File", False), ("N lines", True)
    ]  # fmt: skip
    assert plain_table("Lines", list(frame), []).note == "None."


@pytest.mark.parametrize(
    ("notes", "scale", "bars"),
    [("", "0 to 10", True), ("own_scale(diary,0,140)", "0 to 10", True),
     ("open_scale(diary,0)", "diary, 0 and up", False)],
)  # fmt: skip
def test_a_score_names_its_scale_and_has_no_bar_where_its_end_is_not_known(notes, scale, bars):
    rows = make_results([mean_score("", "end", 5.8, 78) | {"notes": notes}])
    table = scores(rows_of(rows))
    assert table.caption.endswith(f"(scale: {scale})")
    assert any(heading.text == "Interval drawn" for heading in table.headings) == bars
    assert ("no pain" in table.note) == bool(notes)
    both = pd.concat([rows, ROWS.head(1)])
    assert readable(both)["measure"].iloc[0] == f"Mean pain score ({scale})"


def test_numbers_in_points_carry_the_scale_of_their_study(tmp_path):
    results = Results(tmp_path, "30_pain_reduction", scale_notes=["open_scale(diary,0)"])
    share_of = next(row for row in responder_rows("crps") if row["unit"] == "share")
    made = results.add([mean_score("", "end", 58.0, 78) | {"notes": "no_spread"}, share_of])
    assert made["notes"].tolist()[0] == "no_spread;open_scale(diary,0)"
    assert "open_scale" not in made["notes"].tolist()[1]
