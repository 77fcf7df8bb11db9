"""Tables on paper: fewer cells, the same numbers, each under its own heading."""

from __future__ import annotations

import re
from dataclasses import replace

from markupsafe import Markup

from analysis.report.paper_tables import for_paper
from analysis.report.tables import Heading, TableView
from analysis.wording.numbers import NO_NUMBER

WORDS = tuple(Heading(text=text) for text in ("Pain reduction", "Counted"))
NUMBERS = tuple(
    Heading(text=text, numeric=True)
    for text in ("Estimate", "Interval", "Exact interval", "Patients", "Missing")
)
GRID = TableView(
    caption="Responders",
    headings=WORDS + NUMBERS,
    lines=(
        ("30 %", "all", "6 of 10", "31 to 83", "26 to 88", "10", "2"),
        ("30 %", "seen", "6 of 8", "41 to 93", "35 to 97", "8", "2"),
        ("50 %", "all", "3 of 10", "11 to 60", NO_NUMBER, "10", "2"),
        ("50 %", "seen", "3 of 8", "14 to 69", NO_NUMBER, "8", "2"),
    ),
    note="Wilson.",
    marked=frozenset([2]),
)


def words(view: TableView) -> list[str]:
    """Return all that a table says, cell by cell and line by line."""
    said = [*getattr(view, "said", ()), *(head.text for head in view.headings)]
    cells = [str(cell) for line in view.lines for cell in line]
    return re.findall(r"\d+", " ".join(said + cells))


def test_a_full_grid_stands_with_one_thing_across_and_one_down():
    table = for_paper(GRID)
    assert [head.text for head in table.headings] == ["Counted", "30 %", "50 %", "Patients"]
    assert [head.numeric for head in table.headings] == [False, True, True, True]
    assert [line[0] for line in table.lines] == ["all", "seen"]
    assert table.lines[0][1] == Markup(
        "6 of 10<br><small>31 to 83<br>exact interval 26 to 88</small>"
    )
    assert table.lines[1][2] == Markup("3 of 8<br><small>14 to 69</small>")
    assert [line[3] for line in table.lines] == ["10", "8"]
    assert table.said == ("Missing: 2.",)
    assert (table.caption, table.note) == ("Responders", "Wilson.")


def test_the_cell_a_claim_is_judged_on_is_set_off_and_no_other():
    table = for_paper(GRID)
    # The third line: 50 %, all; so the first line, second column of numbers.
    assert table.cells == {(0, 2)}
    assert table.marked == frozenset()


def test_a_grid_with_a_hole_a_pair_twice_or_one_column_stays_a_list():
    for lines in (GRID.lines[:3], (*GRID.lines[:3], GRID.lines[0]), GRID.lines[:2]):
        table = for_paper(replace(GRID, lines=lines, marked=frozenset()))
        assert table.headings[0].text == "Pain reduction"
        assert len(table.lines) == len(lines)


def test_five_columns_would_not_fit_so_the_list_stays():
    lines = tuple((f"{n} %", who, "1", "0 to 2", "0 to 3", "4", "0")
                  for n in range(5) for who in ("all", "seen"))  # fmt: skip
    assert len(for_paper(replace(GRID, lines=lines, marked=frozenset())).lines) == 10


def test_no_number_is_lost():
    # Counts of patients stand once for each line instead of once for each pair.
    assert set(words(for_paper(GRID))) == set(words(GRID))


def test_what_every_line_repeats_is_said_once():
    list_of = replace(GRID, lines=(GRID.lines[1], (*GRID.lines[3][:3], *GRID.lines[3][3:])))
    table = for_paper(replace(list_of, marked=frozenset([1])))
    assert table.said == ("Counted: seen.", "Patients: 8.", "Missing: 2.")
    assert [head.text for head in table.headings] == [
        "Pain reduction",
        "Estimate",
        "Interval",
        "Exact interval",
    ]
    assert table.lines[1] == ("50 %", "3 of 8", "14 to 69", NO_NUMBER)
    assert table.marked == {1}


def test_equal_estimates_stay_where_they_are_and_one_line_is_left_whole():
    lines = tuple((name, "all", "0 of 8", "0 to 37", "0 to 37", "8", "2") for name in "ab")
    table = for_paper(replace(GRID, lines=lines, marked=frozenset()))
    assert [line[1:] for line in table.lines] == [("0 of 8", "0 to 37", "0 to 37")] * 2
    alone = for_paper(replace(GRID, lines=GRID.lines[:1], marked=frozenset()))
    assert alone.lines == GRID.lines[:1]
    assert alone.said == ()


def test_a_table_without_estimates_or_lines_stays_as_it_is():
    counts = TableView(caption="c", headings=(WORDS[0], *NUMBERS[3:]),
                       lines=(("a", "5", "1"), ("b", "5", "1")))  # fmt: skip
    assert for_paper(counts).lines == counts.lines
    empty = for_paper(replace(GRID, lines=(), marked=frozenset()))
    assert (empty.lines, empty.headings) == ((), GRID.headings)


def test_parts_of_a_group_with_one_number_each_stand_in_one_cell():
    heads = (Heading(text="Characteristic"), Heading(text="Patients", numeric=True),
             Heading(text="Not known", numeric=True))  # fmt: skip
    long = "a clinic with a name that fills more than a line"
    view = TableView(
        caption="Who",
        headings=heads,
        lines=(
            ("Age", "48", "0"),
            ("Sex: Female", "6", NO_NUMBER),
            ("Sex: <b>Other</b>: x", "4", NO_NUMBER),
            ("Type: I", "9", "1"),
            ("Type: II", "1", "1"),
            (f"Site: {long}", "5", NO_NUMBER),
            (f"Site: {long} 2", "5", NO_NUMBER),
            ("Last: one", "10", NO_NUMBER),
        ),
    )
    lines = for_paper(view).lines
    assert lines[1] == ("Sex", Markup("Female: 6<br>&lt;b&gt;Other&lt;/b&gt;: x: 4"), NO_NUMBER)
    assert [line[0] for line in lines] == ["Age", "Sex", "Type: I", "Type: II", f"Site: {long}",
                                           f"Site: {long} 2", "Last: one"]  # fmt: skip
