"""Dates as readers see them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from analysis.wording.dates import date_text, span_text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("2022-01-03", "January 3, 2022"),
        ("2026-11-22T14:04:41", "November 22, 2026"),
        (date(2024, 2, 29), "February 29, 2024"),
        (datetime(2025, 12, 31, 23, 59), "December 31, 2025"),
        ("2024", "2024"),
        ("year 2024", "year 2024"),
        ("2024-02-30", "2024-02-30"),
        ("sometime\u202e", "sometime"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_date_in_words_and_anything_else_as_it_is(given, told):
    assert date_text(given) == told


def test_a_span_names_what_is_known():
    assert span_text("2022-01-03", "2024-05-10") == "January 3, 2022 to May 10, 2024"
    assert span_text("", "2024-05-10") == "May 10, 2024"
    assert span_text("2022-01-03", None) == "January 3, 2022"
    assert span_text(None, "") == ""
