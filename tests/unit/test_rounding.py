"""Rounding of a release: counts, shares, means, and what is given at all."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.report.rounding import (
    LARGEST_ERROR,
    check_rows,
    midpoint,
    possible,
    round_rows,
    rounding_error,
    select_rows,
    shift,
    step_of,
)
from analysis.results import make_results
from analysis.stats.rates import estimate_share, wilson_limits
from analysis.stats.reductions import estimate_mean

WEEKS = 26.0


def test_counts_become_midpoints_of_six_and_zero_stays():
    # OpenSAFELY's rule: ceil(x / 6) * 6 - 3 above 0.
    assert midpoint([0, 1, 6, 7, 12, 13, 60, 61]).tolist() == [0, 3, 3, 9, 9, 15, 57, 63]
    assert np.isnan(midpoint([np.nan])).all()


@given(st.integers(0, 5000))
def test_a_count_lies_in_what_its_midpoint_stands_for(count):
    low, high = possible(midpoint(count))
    assert low <= count <= high
    assert high - low == (5 if count else 0)


@pytest.mark.parametrize(("events", "n"), [(3, 33), (27, 63), (57, 63), (63, 63), (0, 63)])
def test_the_error_of_a_share_is_the_worst_of_all_counts_it_may_stand_for(events, n):
    (e_low, e_high), (n_low, n_high) = possible(events), possible(n)
    shares = [
        e / of
        for e, of in itertools.product(
            range(int(e_low), int(e_high) + 1), range(int(n_low), int(n_high) + 1)
        )
        if e <= of
    ]
    worst = max(abs(share - events / n) for share in shares)
    assert rounding_error(events, n) == pytest.approx(worst, abs=1e-12)


@pytest.mark.parametrize(
    ("scale", "n", "step"), [(100, 63, 10), (100, 135, 5), (100, 33, 20), (10, 63, 1), (26, 135, 2)]
)
def test_a_mean_moves_in_steps_that_six_patients_could_make(scale, n, step):
    assert step_of(scale, n) == step
    assert step >= 6 * scale / n


def share_row(events: int, n: int, **keys: object) -> dict[str, object]:
    codes = {"measure": "responder_share", "definition": "percent_reduction", "visit": "end",
             "population": "all_starters", "condition": "crps", "threshold_pct": 30.0}  # fmt: skip
    return estimate_share(events, n).row(**codes | keys)


def mean_row(n: int, **keys: object) -> dict[str, object]:
    values = np.linspace(0, 83, n)
    codes = {"measure": "percent_reduction", "definition": "mean_of_patients", "visit": "end",
             "population": "observed", "condition": "crps"}  # fmt: skip
    return estimate_mean(values, level=0.95).row(**codes | keys)


def test_a_share_and_its_interval_are_made_from_rounded_counts():
    frame = round_rows(make_results([share_row(70, 140)]), weeks=WEEKS)
    row = frame.iloc[0]
    assert (row.n_events, row.n) == (69, 141)
    assert row.value == 69 / 141
    assert (row.low, row.high) == tuple(map(float, wilson_limits(69, 141)))


def test_few_patients_have_no_share_and_a_lower_limit_prints_its_error():
    exact = make_results([share_row(30, 55)])
    row = round_rows(exact, weeks=WEEKS).iloc[0]
    assert (row.status, row.n, row.notes) == ("withheld", 57, "")
    assert row[["value", "low", "high", "n_events"]].isna().all()
    asked = round_rows(exact, weeks=WEEKS, from_patients=30).iloc[0]
    assert asked.status == "estimated"
    assert rounding_error(asked.n_events, asked.n) > LARGEST_ERROR


def test_means_from_thirty_patients_are_rounded_and_their_limits_outward():
    exact = make_results([mean_row(30), mean_row(31, condition="fbss"),
                          mean_row(200, condition="central")])  # fmt: skip
    frame = round_rows(exact, weeks=WEEKS)
    assert frame.status.tolist() == ["withheld", "estimated", "estimated"]  # 30 may be 25
    last, true = frame.iloc[2], exact.iloc[2]
    assert (last.value, last.low, last.high) == (40.0, 35.0, 45.0)  # in steps of 5
    assert last.low <= true.low
    assert true.high <= last.high


@pytest.mark.slow
def test_a_mean_and_its_count_do_not_give_a_sum_back():
    # 100 patients of whom k have 100% less pain and the others none: mean x n is k patients.
    shown = {}
    for k in range(101):
        values = np.repeat([100.0, 0.0], [k, 100 - k])
        exact = make_results([estimate_mean(values, level=0.95).row(
            measure="percent_reduction", definition="mean_of_patients", visit="end",
            population="observed", condition="crps")])  # fmt: skip
        row = round_rows(exact, weeks=WEEKS).iloc[0]
        shown.setdefault((row.value, row.n), []).append(k)
    # The steps at both ends of the scale are half as wide.
    assert min(map(len, list(shown.values())[1:-1])) >= 6


def test_notes_with_counts_are_gone():
    exact = make_results([share_row(70, 140, notes="boosted_count_not(2);arms_together")])
    assert round_rows(exact, weeks=WEEKS).notes.tolist() == ["arms_together"]


@pytest.mark.parametrize(
    "row",
    [
        {"measure": "log_rank", "unit": "p", "method": "log_rank", "value": 0.2, "n": 140},
        {"measure": "own_share", "unit": "share", "method": "wilson", "value": 0.5, "n": 140},
        share_row(70, 140, definition="percent_reduction_exact", method="clopper_pearson"),
        {"measure": "seen_relieved", "unit": "count", "method": "seen", "value": 4.0, "n": 140},
    ],
)  # fmt: skip
def test_what_nobody_has_thought_of_is_left_out(row):
    assert select_rows(make_results([row])).empty


def rounded() -> pd.DataFrame:
    rows = [share_row(70, 140), mean_row(150), share_row(9, 12, condition="fbss"),
            share_row(0, 140, definition="two_points", threshold_pct=None)]  # fmt: skip
    return round_rows(make_results(rows), weeks=WEEKS)


def test_rounding_again_changes_nothing():
    frame = rounded()
    wrong = check_rows(frame, weeks=WEEKS, from_patients=None)
    assert {what: len(rows) for what, rows in wrong.items()} == dict.fromkeys(wrong, 0)


@pytest.mark.parametrize(
    ("column", "value"),
    [("n", 140), ("n_events", 70), ("n_missing", 4), ("value", 0.5), ("low", 0.4), ("high", 0.6),
     ("notes", "boosted_count_not(2)"), ("n_not_due", 1)],
)  # fmt: skip
def test_a_row_that_rounding_could_not_have_made_is_found(column, value):
    frame = rounded()
    frame.loc[0, column] = value
    wrong = check_rows(frame, weeks=WEEKS, from_patients=None)
    assert any(0 in rows.index for rows in wrong.values())


@pytest.mark.slow
@given(st.integers(0, 150), st.integers(140, 200))
@settings(max_examples=30)
def test_the_true_number_lies_between_the_shifted_ones(events, n):
    exact = make_results([share_row(min(events, n), n), mean_row(n)])
    frame = round_rows(exact, weeks=WEEKS, from_patients=30)
    low, high = (shift(frame, side, weeks=WEEKS) for side in (-1, 1))
    for name in ("value", "low", "high"):
        # 1e-9: sums in another order.
        assert (low[name] <= exact[name] + 1e-9).all()
        assert (exact[name] <= high[name] + 1e-9).all()
