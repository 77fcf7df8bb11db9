"""What titles and page one say of medians not reached, boosters, small groups and rounding."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judged import duration_row, number_row, share_row
from report_runs import judged

from analysis.claims.findings import Reads, finding
from analysis.claims.plain_sentences import say_of_100, say_one, say_what
from analysis.claims.sentences import LOST
from analysis.numbers import of_100
from analysis.report.what_if import _explored

CRPS = judged()[0]


def reads(*rows) -> Reads:
    return Reads(rows=rows, visit="end", threshold_pct=30.0, relief="booster_as_loss")


def test_half_had_lost_relief_or_had_a_booster():
    own = duration_row(6.6, 4.0, 8.0, n=74)
    assert finding("relief", reads(own)) == (
        "Half of the 74 who got better had lost it or had a booster after 6.6 weeks"
    )
    assert say_what(own) == "until half had lost relief or had a booster"


@pytest.mark.parametrize("definition", sorted(LOST))
def test_what_stands_after_a_number_ends_without_a_comma(definition):
    said = say_what(duration_row(6.6, 4.0, 8.0, definition=definition))
    assert said.startswith("until half had lost relief") and said[-1].isalpha()


def test_a_median_not_reached_is_in_the_range_of_boosters():
    own = [
        duration_row(6.25, 4.0, 8.0),
        duration_row(None, 5.0, None, definition="booster_ignored"),
    ]
    said = finding("strategies", reads(*own))
    assert said == "Median relief is 6.3 weeks to not reached, by what a booster is taken for"


def test_no_series_is_left_out_and_each_has_its_patients():
    keys = {"measure": "series_relief", "group_by": "series"}
    own = [
        duration_row(value, 1.0, None, group=f"{at}", n=n, **keys)
        for at, (value, n) in enumerate([(6.6, 74), (6.7, 11), (13.0, 9), (None, 4)], 1)
    ]
    said = finding("series", reads(*own))
    assert "13 weeks after series 3 (n = 9)" in said
    assert "not reached after series 4 (n = 4)" in said


def test_pain_that_rose_did_not_fall_by_less_than_nothing():
    mean, median = number_row(-5.0, -9.0, -1.0), number_row(
        2.0, 1.0, 3.0, definition="median_of_patients")  # fmt: skip
    said = finding("reductions", reads(mean, median))
    assert said.startswith("Pain rose by 5.0% on average and fell by 2.0% in the middle patient")


def test_a_group_below_ten_sets_no_range():
    groups = [share_row(n_events, n, group_by="subtype", group=name)
              for name, n_events, n in (("a", 20, 40), ("b", 30, 40), ("few", 0, 3))]  # fmt: skip
    assert finding("subgroups", reads(*groups)).startswith("Subgroups ranged from 50% to 75%")


@pytest.mark.parametrize(("events", "n"), [(10, 16), (57, 200), (23, 40), (74, 137)])
def test_squares_of_a_hundred_and_their_words_are_one_number(events, n):
    assert say_of_100({"better": events / n}, last="week_12") == (f"{of_100(events / n)} better",)


def test_a_fall_of_means_is_no_average_of_patients():
    ratio = number_row(30.0, 25.0, 35.0, definition="ratio_of_means")
    one = replace(CRPS, value=30.0, unit="percent", cited_low=40.0, cited_high=60.0)
    assert "on average" not in say_one(one, ratio, {})


def test_of_those_rated_is_not_of_all_who_started():
    rated = share_row(60, 100, population="observed")
    assert "100 (60%) patients rated" in say_one(replace(CRPS, value=0.6), rated, {})


def test_another_reading_is_printed_as_the_page_prints():
    found = {"controls": [], "fixed": [], "rows": {"0": ["falls short", 0.696, 0.6, 0.699, 50]}}
    one = replace(CRPS, unit="share", cited_low=0.7, cited_high=0.85)
    assert "|69.6% (60% to 69.9%), n = 50|" in _explored(one, found).rows
