"""Beside a verdict on duration: often, the four readings of boosters, weeks or months."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relief_studies import responder
from studies import SETTINGS, duration_claim, duration_row, study

from analysis.claims.judge import judge_claim, judge_claims
from analysis.outcomes.relief_rows import tabulate_relief
from analysis.outcomes.rows import ResultRow

CLOSER_VISITS = (
    "No number of further patients can be named: part of the interval is the time between two "
    "visits, which only closer visits narrow."
)


def often_row(week: str, value: float | None, low: float | None, high: float | None) -> ResultRow:
    return duration_row(value, low, high, measure="relieved_share", visit=week, unit="share",
                        status="estimated" if value is not None else "not estimable")  # fmt: skip


def judge(*rows: ResultRow, asked=None):
    return judge_claim(asked or duration_claim(), rows, analysis_visit="end")


def tell(*rows: ResultRow, asked=None) -> str:
    return judge(*rows, asked=asked).sentence


HEAD = duration_row(8.0, 6.0, 12.0)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.5, 0.8, "often"),
        (0.45, 0.8, "undecided"),
        (0.2, 0.49, "not often"),
        (0.2, 0.5, "undecided"),
    ],
)
def test_often_is_at_least_half(low, high, word):
    said = tell(HEAD, often_row("week_2", (low + high) / 2, low, high))
    ends = f"{low * 100:.0f} % to {high * 100:.0f} %"
    assert f"kept it for more than 2 weeks (95 % interval {ends}: {word})" in said


def test_both_words_are_looked_at():
    said = tell(HEAD, often_row("week_2", 0.9, 0.8, 0.95), often_row("week_8.7", 0.4, 0.3, 0.45))
    assert (
        "“Often” read as at least half of them: 90 % kept it for more than 2 weeks (95 % interval "
        "80 % to 95 %: often); 40 % kept it for more than 8.7 weeks (95 % interval 30 % to 45 %: "
        "not often)."
    ) in said


def test_a_share_without_interval_decides_nothing():
    said = tell(HEAD, often_row("week_2", 1.0, None, None))
    assert "100 % kept it for more than 2 weeks (no interval: undecided)" in said
    assert "—" not in said


def test_a_share_not_known_is_left_out():
    assert "Often" not in tell(HEAD, often_row("week_2", None, None, None))
    assert "Often" not in tell(HEAD)


@pytest.mark.parametrize(
    "changed",
    [
        {"population": "all_starters"},
        {"condition": "fbss"},
        {"group_by": "site", "group": "north"},
        {"definition": "booster_ignored"},
        {"threshold_pct": 50.0},
    ],
)
def test_a_share_of_other_patients_is_not_beside(changed):
    assert "Often" not in tell(HEAD, replace(often_row("week_2", 0.9, 0.8, 0.95), **changed))


def four(**changed) -> list[ResultRow]:
    made = {
        "booster_as_loss": (8.0, 6.0, 12.0),
        "booster_competing": (9.0, 7.0, 14.0),
        "booster_as_censoring": (9.5, 7.0, None),
        "booster_ignored": (11.0, 8.0, 20.0),
    } | changed
    return [duration_row(*numbers, definition=name) for name, numbers in made.items()]


def test_all_four_readings_with_their_range():
    assert (
        "By how boosters are read, the median is 8 weeks (6 to 12 weeks) if a booster ends relief; "
        "9 weeks (7 to 14 weeks) if boosters compete with loss; 9.5 weeks (7 weeks to not reached) "
        "if nothing is known after a booster; 11 weeks (8 to 20 weeks) if boosters are ignored "
        "(range 8 weeks to 11 weeks); the verdict is the same in all."
    ) in tell(*four())


def test_a_verdict_that_hangs_on_the_reading_says_so():
    said = tell(*four(booster_as_loss=(3.0, 1.0, 5.0)))
    assert "the verdict is not the same: undecided if a booster ends relief; meets if" in said


def test_a_median_not_reached_leaves_the_range_open():
    said = tell(*four(booster_competing=(None, 9.0, None)))
    assert "not reached if boosters compete with loss" in said
    assert "(range 8 weeks to not reached)" in said


def test_readings_that_agree_are_not_listed():
    same = dict.fromkeys(
        ["booster_as_loss", "booster_competing", "booster_as_censoring", "booster_ignored"],
        (8.0, 6.0, 12.0),
    )
    assert "How boosters are read makes no difference to it." in tell(*four(**same))


def test_one_reading_alone_is_not_compared():
    assert "boosters are read" not in tell(HEAD)


def test_a_claim_of_at_most_is_judged_in_every_reading():
    asked = duration_claim(cited_low=None, cited_high=13.0)
    said = tell(*four(), asked=asked)
    assert "the verdict is not the same" in said
    assert "meets if a booster ends relief" in said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (9.0, 30.0, "That is months."),
        (8.7, None, "That is months."),
        (2.0, 8.6, "That is weeks, not months (8.7 weeks or more)."),
        (0.5, 1.9, "That is less than weeks (2 or more)."),
        (0.0, 8.0, "That is not months (8.7 weeks or more); whether it is weeks (2 or more) is "
                   "undecided."),
        (4.0, 12.0, "That is weeks at least; whether it is months (8.7 weeks or more) is "
                    "undecided."),
        (0.0, None, "Whether it is weeks (2 or more), or months (8.7 weeks or more), is "
                    "undecided."),
    ],
)  # fmt: skip
def test_weeks_or_months(low, high, said):
    assert said in tell(duration_row(max(low, 1.0), low, high))


def test_no_interval_bears_no_word_out():
    said = tell(duration_row(3.0, None, None))
    assert "there is no interval." in said
    assert "That is" not in said
    assert "which holds" not in said


def test_no_number_of_patients_closes_the_gap_between_visits():
    got = judge(duration_row(3.0, 0.0, 8.0))
    assert (got.verdict, got.further_patients, got.further_patients_if_cited) == (
        "undecided", None, None,
    )  # fmt: skip
    assert got.reason == CLOSER_VISITS
    assert CLOSER_VISITS in got.sentence


def test_from_records_to_sentence():
    people = [responder(f"a{i}", w4=4, w8=8) for i in range(30)]
    people += [responder(f"b{i}", w4=8) for i in range(4)]
    rows = tabulate_relief(study(people), SETTINGS, "crps")
    (got,) = judge_claims([duration_claim()], rows, analysis_visit="end", settings=SETTINGS)
    assert (got.verdict, got.n) == ("meets", 34)
    assert got.low == pytest.approx(4.0)
    assert "makes no difference" in got.sentence
    # 30 of 34 were relieved at week 4 and nobody at week 8: weeks, not months.
    assert "weeks, not months" in got.sentence
