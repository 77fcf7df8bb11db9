"""No count of 1 to 10 can be worked out from a release, whatever the reader adds and subtracts."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from release_runs import ROWS, flow, number, share

from analysis.outcomes.rows import ResultRow
from analysis.release.attack import Attacker
from analysis.release.cells import cells_of, count_table
from analysis.release.coarse import points_to_print, round_curve_point, round_numbers
from analysis.release.relations import CountTable, is_small
from analysis.release.rows import ReleasedRows, release_rows
from analysis.release.suppress import choose_withheld

QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def table_of(total: int, parts: list[int]) -> CountTable:
    table = CountTable()
    table.state("total", total)
    for index, count in enumerate(parts):
        table.state(f"part{index}", count)
    table.add_inside("total", [f"part{index}" for index in range(len(parts))])
    return table


def test_one_small_group_takes_a_second_one_with_it():
    # 100 = 60 + 36 + 4: with 60 and 36 printed, the 4 is a subtraction.
    table = table_of(100, [60, 36, 4])
    chosen = choose_withheld(table, table.counts, cost={"total": 50.0, "part0": 9.0})
    assert chosen.small == {"part2"}
    assert chosen.further == {"part1"}


def test_nothing_is_withheld_where_nothing_is_small():
    table = table_of(100, [60, 29, 11])
    assert not choose_withheld(table, table.counts, cost={}).withheld


def test_a_small_rest_that_no_row_prints_is_hidden_too():
    # 137 starters of 140 treated: three were left out, and no row says so.
    table = CountTable()
    table.state("treated", 140)
    table.state("starters", 137)
    table.add_inside("treated", ["starters"])
    chosen = choose_withheld(table, ["treated", "starters"], cost={"starters": 5.0})
    assert chosen.withheld == {"treated"}


@QUICK
@given(st.lists(st.integers(0, 25), min_size=2, max_size=3), st.integers(0, 12))
def test_by_counting_every_table_a_reader_could_think_of(parts, rest):
    """Brute force, with nothing of the suite's own attack: all tables of small numbers."""
    total = sum(parts) + rest
    table = table_of(total, parts)
    chosen = choose_withheld(table, ["total", *(f"part{i}" for i in range(len(parts)))], cost={})
    hidden = chosen.withheld
    possible: dict[str, set[int]] = {name: set() for name in table.counts}
    choices = [
        range(total + 12) if f"part{i}" in hidden else [count] for i, count in enumerate(parts)
    ]
    rest_name = next((name for name in table.counts if name.startswith("rest")), None)
    for guess in product(*choices):
        free = range(12) if rest_name else [0]
        for left in free if "total" in hidden else [total - sum(guess)]:
            if left < 0 or (left and not rest_name):
                continue
            possible["total"].add(sum(guess) + left)
            for i, count in enumerate(guess):
                possible[f"part{i}"].add(count)
            if rest_name:
                possible[rest_name].add(left)
    for name, count in table.counts.items():
        if is_small(count):
            assert {1, 10} <= possible[name], (name, count, hidden)


def attack(rows: list[ResultRow], released: ReleasedRows) -> dict[str, object]:
    """Return every truly small count that the printed ones leave less than 1 to 10 for."""
    truth = count_table(rows)
    out = count_table([_as_row(each.record()) for each in released.rows])
    printed = [name for name, count in out.counts.items() if count is not None]
    assert all(out.counts[name] == truth.counts[name] for name in printed if name in truth.counts)
    attacker = Attacker(truth, [name for name in printed if name in truth.counts])
    ranges = {name: attacker.range_of(name) for name in truth.small}
    return {name: reach for name, reach in ranges.items() if not reach.hides}


def _as_row(record: dict[str, object]) -> ResultRow:
    kept = {key: value for key, value in record.items() if key != "result_id"}
    return ResultRow(**{**kept, "warnings": ()})  # type: ignore[arg-type]


def test_typed_run_tells_no_small_count():
    released = release_rows(ROWS)
    assert attack(ROWS, released) == {}
    assert released.n_left_out == 1  # the test of a difference is never released
    assert released.printed


GROUP = st.tuples(st.integers(0, 30), st.integers(0, 14), st.integers(0, 30), st.integers(0, 30))


@pytest.mark.slow
@QUICK
@given(st.lists(GROUP, min_size=1, max_size=3), st.integers(0, 5))
def test_no_run_of_groups_visits_and_thresholds_tells_a_small_count(groups, no_baseline):
    """Groups with responders at two thresholds, others rated, and not rated, and their totals."""
    rows = []
    counts = [(fifty, thirty, thirty + fifty + other, missing)
              for fifty, missing, thirty, other in groups]  # fmt: skip
    for index, (fifty, thirty, rated, missing) in enumerate(counts):
        rows += _rows_of(fifty, fifty + thirty, rated, missing, group_by="site", group=f"s{index}")
    fifty, thirty, rated, missing = (sum(column) for column in zip(*counts, strict=True))
    rows += _rows_of(fifty, fifty + thirty, rated, missing)
    starters = rated + missing
    rows += [flow("eligible", starters, starters + no_baseline)]
    rows += [flow("in_file", starters + no_baseline, starters + no_baseline)]
    assert attack(rows, release_rows(rows)) == {}


def _rows_of(fifty: int, thirty: int, rated: int, missing: int, **place: str) -> list[ResultRow]:
    made = []
    for n, population in ((rated + missing, "all_starters"), (rated, "observed")):
        for pct, events in ((30.0, thirty), (50.0, fifty)):
            keys = {"population": population, "threshold_pct": pct, "n_missing": missing, **place}
            made += [share(events, n, **keys)] if n else []
    return made


@pytest.mark.parametrize("n", [7, 11, 12, 22, 40])
def test_no_printed_share_pins_a_numerator_or_its_complement(n):
    """Every numerator of a denominator: what is printed is never small, nor all but so many."""
    for events in range(n + 1):
        (row,) = release_rows([share(events, n)]).rows
        record = row.record()
        if record["value"] is None:
            assert record["low"] is record["high"] is record["n_events"] is None
        else:
            assert not {events, n - events, n} & set(range(1, 11))


def test_mean_over_starters_goes_where_the_number_not_rated_is_withheld():
    # 30.6 / 34.1 is the share rated, and so 7 not rated of 70.
    rows = [number(34.0664, 63, n_missing=7),
            number(30.66, 70, n_missing=7, population="all_starters")]  # fmt: skip
    released = release_rows(rows)
    printed = [each.row.population for each in released.printed]
    assert len(printed) <= 1
    assert attack(rows, released) == {}


def test_remarks_with_counts_and_names_of_people_do_not_leave():
    row = share(74, 137, group_by="site", group="Mrs. Halloran", warnings=("9 had a booster.",))
    (made,) = release_rows([row]).rows
    assert made.row.group == "group 1"
    assert made.row.warnings == ("A remark with counts is left out.",)


def test_numbers_are_rounded_and_limits_go_outward():
    made = round_numbers(number(34.0664, 123))
    assert (made.value, made.low, made.high) == (34.1, 30.0, 38.1)
    point = round_curve_point(share(0, 80, value=0.674, low=0.57, high=0.76))
    assert (point.value, point.low, point.high, point.n_events) == (0.67, 0.55, 0.8, None)


def curve(week: float, value: float, followed: int, n: int = 80) -> tuple[ResultRow, ResultRow]:
    keys = {"measure": "relieved_share", "definition": "booster_as_loss", "visit": f"week_{week:g}",
            "population": "responders"}  # fmt: skip
    point = share(0, n, **{**keys, "value": value, "low": 0.0, "high": 1.0})
    count = {**keys, "measure": "at_risk", "value": float(followed), "low": None, "high": None}
    return point, share(0, n, **{**count, "unit": "count", "n_events": None})


def test_curve_steps_merge_until_eleven_patients_have_lost_relief():
    # By hand: week 2 at least 78 x 0.025 = 1.95 lost, merged; week 4 at least 60 x 0.25 = 15;
    # week 8 at least 50 x (1 - 0.7 / 0.75) = 3.3, merged; week 12 at least 20 x 0.6 = 12.
    made = [curve(2, 0.975, 78), curve(4, 0.75, 60), curve(8, 0.7, 50), curve(12, 0.3, 20),
            curve(26, 0.05, 3)]  # fmt: skip
    points, followed = zip(*made, strict=True)
    assert [row.visit for row in points_to_print(points, followed)] == ["week_4", "week_12"]


def test_no_curve_of_few_patients():
    point, followed = curve(4, 0.5, 25, n=54)
    assert points_to_print([point], [followed]) == []


def test_no_rows_make_an_empty_release():
    released = release_rows([])
    assert released.rows == ()


def test_a_share_that_no_record_answers_is_left_out():
    """Nobody was rated then: there is a denominator, and no numerator to protect."""
    row = ResultRow(measure="early_response_share", definition="days_21_to_28", condition="crps",
                    value=None, n=40, n_missing=40, unit="share", method="",
                    status="not estimable")  # fmt: skip
    assert cells_of(row) is None
    assert release_rows([row]).rows == ()


def test_a_number_not_known_that_nothing_guards_is_withheld():
    row = ResultRow(measure="session_minutes_share", definition="standard_45_to_60",
                    condition="crps", value=0.5, low=0.4, high=0.6, n=80, n_events=40, n_missing=5,
                    unit="share", method="", population="treated")  # fmt: skip
    (made,) = release_rows([row]).rows
    assert "n_missing" in made.hidden
