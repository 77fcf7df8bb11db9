"""Texts as numbers, words and dates: understood as a person would, or refused with a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.intake.values import (
    DateForm,
    Refusal,
    choose_date_order,
    parse_date,
    parse_flag,
    parse_integer,
    parse_number,
    parse_score,
)


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [("6", ".", 6.0), ("+6.5", ".", 6.5), (".5", ".", 0.5), ("6.", ".", 6.0), ("-0", ".", 0.0),
     ("1e1", ".", 10.0), ("\u22123", ".", -3.0), ("6,5", ",", 6.5), ("6.5", ",", 6.5),
     ("1000", ",", 1000.0),
     # 0 as SAS and sums of binary fractions write it
     ("5.397605346934028e-79", ".", 0.0), ("-5.6e-17", ".", 0.0), ("1e-8", ".", 1e-8)],
)  # fmt: skip
def test_numbers(text, decimal, number):
    assert parse_number(text, decimal=decimal) == number


@pytest.mark.parametrize(
    ("text", "decimal", "words"),
    [("6,5", ".", "decimal comma"), ("1.234", ",", "thousands"), ("1.234,5", ",", "missing"),
     *((text, ".", "missing") for text in
       ("1,234.5", "inf", "nan", "1e999", "6\u200e", "")),
     ("6/10", ".", "`scale`"), ("6 of 10", ".", "`scale`"), ("4-5", ".", "`inexact"),
     ("<1", ".", "`inexact"), ("7 (worst 9)", ".", "would be lost"), ("70%", ".", "`strip"),
     ("2026-10-07", ".", "turns 7/10")],
)  # fmt: skip
def test_what_is_no_number(text, decimal, words):
    refused = parse_number(text, decimal=decimal)
    assert isinstance(refused, Refusal)
    assert words in refused.remedy


def test_whole_numbers_and_flags():
    assert parse_integer("6.0") == 6
    assert isinstance(parse_integer("6.5"), Refusal)
    assert [parse_flag(text) for text in ("Yes", "1", "N", "0")] == [True, True, False, False]
    assert isinstance(parse_flag("maybe"), Refusal)


@pytest.mark.parametrize(
    ("text", "order", "when"),
    [
        ("2026-03-28", "iso", datetime(2026, 3, 28)),
        ("2026/3/28", "iso", datetime(2026, 3, 28)),
        ("20260328", "iso", datetime(2026, 3, 28)),
        ("2026-03-28T10:30:05.25+02:00", "iso", datetime(2026, 3, 28, 8, 30, 5, tzinfo=UTC)),
        ("2026-03-28 23:30:00Z", "iso", datetime(2026, 3, 28, 23, 30, tzinfo=UTC)),
        ("2025/01/06 7:26:53 AM GMT-5", "iso", datetime(2025, 1, 6, 12, 26, 53, tzinfo=UTC)),
        ("1/6/2025 7:26 AM EST", "month_first", datetime(2025, 1, 6, 12, 26, tzinfo=UTC)),
        ("06JAN2025:09:00:00.000", "iso", datetime(2025, 1, 6, 9)),
        ("2026-03-28+01:00", "iso", datetime(2026, 3, 28)),
        ("28 Mar 2026", "iso", datetime(2026, 3, 28)),
        ("28-MAR-2026", "iso", datetime(2026, 3, 28)),
        ("28MAR2026", "iso", datetime(2026, 3, 28)),
        ("March 28, 2026", "iso", datetime(2026, 3, 28)),
        ("28. M\xe4rz 2026", "iso", datetime(2026, 3, 28)),
        ("28 f\xe9vr. 2026", "iso", datetime(2026, 2, 28)),
        ("28 de enero de 2026", "iso", datetime(2026, 1, 28)),
        ("28-Dez-2026", "iso", datetime(2026, 12, 28)),
        ("03/04/2026", "day_first", datetime(2026, 4, 3)),
        ("03/04/2026", "month_first", datetime(2026, 3, 4)),
        ("3.4.2026 4:05 pm", "day_first", datetime(2026, 4, 3, 16, 5)),
        ("12/31/2026 12:00 AM", "month_first", datetime(2026, 12, 31)),
        # 45000 is 15 March 2023 in every spreadsheet; 61 is 1 March 1900.
        ("45000", "excel_serial", datetime(2023, 3, 15)),
        ("45000.5", "excel_serial", datetime(2023, 3, 15, 12)),
        ("61", "excel_serial", datetime(1900, 3, 1)),
        # 1462 days lie between the two calendars of spreadsheets
        ("43538", "excel_serial_1904", datetime(2023, 3, 15)),
        ("2026-03-28", "excel_serial", datetime(2026, 3, 28)),
    ],
)
def test_dates(text, order, when):
    assert parse_date(text, DateForm(order)) == when


@pytest.mark.parametrize(
    ("text", "order", "words"),
    [
        ("2026-02-30", "iso", "missing"),
        ("28/03/2026", "month_first", "right order"),
        ("28/03/26", "day_first", "`pivot_year"),
        ("7-Mar-15", "iso", "`pivot_year"),
        ("2025-01", "iso", "`partial_dates"),
        ("202501", "iso", "`partial_dates"),
        ("Mar 2015", "iso", "`partial_dates"),
        ("2026-03-28 09:00 IST", "iso", "`utc_offset"),
        ("2026-03-28 am", "iso", "missing"),
        ("45000", "day_first", "excel_serial"),
        ("2026-03-28 13:30 PM", "iso", "missing"),
        ("28 Mxz 2026", "iso", "missing"),
        ("03/04/2026", "iso", "day_first"),
        ("28032026", "iso", "missing"),
        ("60", "excel_serial", "missing"),
        ("soon", "iso", "missing"),
    ],
)
def test_what_is_no_date(text, order, words):
    refused = parse_date(text, DateForm(order))
    assert isinstance(refused, Refusal)
    assert words in refused.remedy


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["03/04/2026", "13/04/2026"], "day_first"),
        (["03/04/2026", "04/13/2026"], "month_first"),
        (["45/45/2026", "04/13/2026"], "month_first"),
    ],
)
def test_one_plain_date_settles_the_column(texts, order):
    assert choose_date_order(texts) == order


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (
            ["03/04/2026", "05/06/2026", "2026-03-04"],
            ["03 April 2026 read day first", "04 March 2026 read month first"],
        ),
        (["13/04/2026", "04/13/2026"], ["'13/04/2026'", "'04/13/2026'"]),
    ],
)
def test_an_open_or_mixed_order_is_refused_with_both_readings(texts, words):
    refused = choose_date_order(texts)
    assert isinstance(refused, Refusal)
    assert all(word in refused.remedy for word in words)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_a_slashed_date_is_read_right_or_refused(day):
    """Alone in its column: never the other of two readings."""
    for order, text in (("day_first", f"{day:%d/%m/%Y}"), ("month_first", f"{day:%m/%d/%Y}")):
        chosen = choose_date_order([text])
        if isinstance(chosen, Refusal):
            assert day.day <= 12 and day.day != day.month
        else:
            assert parse_date(text, DateForm(chosen)) == datetime.combine(day, datetime.min.time())
            assert chosen == order or day.day == day.month


@pytest.mark.parametrize(
    ("text", "form", "when"),
    [
        ("7-Mar-15", {"pivot_year": 1950}, datetime(2015, 3, 7)),
        ("7-Mar-60", {"pivot_year": 1950}, datetime(1960, 3, 7)),
        ("28/03/26", {"pivot_year": 2000, "order": "day_first"}, datetime(2026, 3, 28)),
        ("06-JAN-25", {"pivot_year": 1990}, datetime(2025, 1, 6)),
        ("2025-02", {"partial": "first"}, datetime(2025, 2, 1)),
        ("202502", {"partial": "middle"}, datetime(2025, 2, 15)),
        ("Feb 2024", {"partial": "last"}, datetime(2024, 2, 29)),
        ("2026-03-28 09:00", {"utc_offset": "-05:00"}, datetime(2026, 3, 28, 14, tzinfo=UTC)),
        ("2026-03-28 09:00 IST", {"utc_offset": "as_written"}, datetime(2026, 3, 28, 9)),
        ("2026-03-28 09:00+02:00", {"utc_offset": "as_written"}, datetime(2026, 3, 28, 9)),
    ],
)
def test_dates_by_a_stated_rule(text, form, when):
    assert parse_date(text, DateForm(**form)) == when


@pytest.mark.parametrize(
    ("text", "inexact", "score"),
    [("8/10", None, 8.0), ("7 / 10", None, 7.0), ("8 of 10", None, 8.0),
     ("6.5 out of 10", None, 6.5),
     ("4-5", "middle", 4.5), ("4 to 5", "lower", 4.0), ("4\u20135", "upper", 5.0),
     ("<1", "middle", 0.5), ("<1", "upper", 1.0), ("5+", "lower", 5.0), (">8", "middle", 9.0),
     ("~7", "lower", 7.0), ("7", None, 7.0)],
)  # fmt: skip
def test_scores_as_people_write_them(text, inexact, score):
    assert parse_score(text, decimal=".", ends=(0.0, 10.0), inexact=inexact) == score


@pytest.mark.parametrize(
    ("text", "ends", "inexact"),
    [("8/10", (0.0, 100.0), None), ("80/100", (0.0, 10.0), "middle"), ("8/10", None, "middle"),
     ("4-5", (0.0, 10.0), None), ("5-4", (0.0, 10.0), "middle"), ("<1", None, "middle"),
     ("7 (worst 9)", (0.0, 10.0), "middle"), ("three", (0.0, 10.0), "middle"),
     ("1_0", (0.0, 10.0), "middle"), ("4-5-6", (0.0, 10.0), "middle")],
)  # fmt: skip
def test_scores_that_no_rule_reads(text, ends, inexact):
    refused = parse_score(text, decimal=".", ends=ends, inexact=inexact)
    assert isinstance(refused, Refusal)
