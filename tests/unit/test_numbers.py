"""Numbers as text. Every expected text is written by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import numbers
from analysis.results import Estimate, no_patients

MINUS = "−"  # U+2212, not the hyphen on the keyboard


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.5, 0, "1"),
        (1.5, 0, "2"),
        (2.5, 0, "3"),
        (-0.5, 0, f"{MINUS}1"),
        (-0.4, 0, "0"),
        (2.675, 2, "2.68"),
        (1.005, 2, "1.01"),
        (0.05, 1, "0.1"),
        (21658, 0, "21,658"),
        (-1234.5, 1, f"{MINUS}1,234.5"),
        (0, 0, "0"),
        (-0.0, 1, "0.0"),
        (None, 0, "—"),
        (math.nan, 1, "—"),
        (math.inf, 0, "—"),
    ],
)
def test_numbers_round_half_up_with_a_true_minus(value, decimals, text):
    assert numbers.number_text(value, decimals=decimals) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.285, "29%"),
        (0.125, "13%"),
        (0.0, "0%"),
        (1.0, "100%"),
        (0.004, "<1%"),
        (0.9951, ">99%"),
        (0.005, "1%"),
        (0.27, "27%"),
        (None, "—"),
        (math.nan, "—"),
        (-0.1, f"{MINUS}10%"),
    ],
)
def test_shares_become_percent(share, text):
    assert numbers.share_text(share) == text


@pytest.mark.parametrize(
    ("share", "marks", "text"),
    [
        (0.696, (0.70,), "69.6%"),
        (0.70, (0.70,), "70%"),
        (0.6996, (0.70, 0.85), "69.96%"),
        (0.66, (0.70,), "66%"),
        (0.849, (0.70, 0.85), "84.9%"),
        (0.696, (None,), "70%"),
    ],
)
def test_a_share_never_reads_as_the_cited_figure_it_misses(share, marks, text):
    assert numbers.share_text(share, apart_from=marks) == text


@pytest.mark.parametrize(
    ("events", "n", "text"),
    [
        (12, 45, "12 of 45 (27%)"),
        (3, 8, "3 of 8"),
        (9, 9, "9 of 9"),
        (5, 10, "5 of 10 (50%)"),
        (0, 0, "no patients"),
        (0, 45, "0 of 45 (0%)"),
        (45, 45, "45 of 45 (100%)"),
        (1178, 7135, "1,178 of 7,135 (17%)"),
        (1, 1000, "1 of 1,000 (<1%)"),
    ],
)
def test_fractions_stand_alone_below_ten_patients(events, n, text):
    assert numbers.fraction_text(events, n) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (8.7, "weeks", "8.7 weeks"),
        (1.0, "weeks", "1 week"),
        (2.0, "weeks", "2 weeks"),
        (14, "days", "14 days"),
        (1, "days", "1 day"),
        (5.25, "score", "5.3"),
        (28.65, "percent", "28.7%"),
        (-3.25, "percent", f"{MINUS}3.3%"),
        (1204, "count", "1,204"),
        (0.25, "share", "25%"),
        (1.5, "mg", "1.50 mg"),
        (None, "weeks", "—"),
        (math.nan, "percent", "—"),
    ],
)
def test_quantities_carry_their_unit(value, unit, text):
    assert numbers.quantity_text(value, unit=unit) == text


def share(k: int, n: int, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(
        value=k / n, low=low, high=high, level=0.95, n=n, n_events=k, unit="share", method="Wilson"
    )


def test_estimates_print_their_fraction():
    assert numbers.estimate_text(share(12, 45)) == "12 of 45 (27%)"
    assert numbers.estimate_text(share(3, 8)) == "3 of 8"


def test_a_share_without_its_count_shows_how_few_patients_it_has():
    weighted = Estimate(value=0.4, n=7, unit="share", method="Kaplan-Meier")
    assert numbers.estimate_text(weighted) == "40% (n = 7)"


def test_a_curve_s_events_are_not_taken_for_a_numerator():
    curve = Estimate(value=0.62, n=50, n_events=7, unit="share", method="Kaplan-Meier")
    assert numbers.estimate_text(curve) == "62%"


def test_what_has_no_value_says_why():
    assert numbers.estimate_text(no_patients(unit="share", method="Wilson")) == "no patients"
    for status in ("not reached", "not estimable"):
        got = Estimate(value=None, n=5, unit="weeks", method="Kaplan-Meier", status=status)
        assert numbers.estimate_text(got) == status


def test_intervals():
    assert numbers.interval_text(share(63, 100, 0.55, 0.72)) == "55% to 72%"
    assert numbers.interval_text(share(63, 100)) == "—"
    marks = (0.7,)
    assert numbers.interval_text(share(63, 100, 0.55, 0.696), apart_from=marks) == "55% to 69.6%"


def test_an_interval_of_time_names_its_unit_once_and_may_be_open():
    def weeks(high: float | None) -> Estimate:
        return Estimate(value=9.4, low=8.1, high=high, n=50, unit="weeks", method="KM")

    assert numbers.interval_text(weeks(11.0)) == "8.1 to 11 weeks"
    assert numbers.interval_text(weeks(None)) == "8.1 weeks to not reached"


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (0.7, 0.85, "share", "70% to 85%"),
        (40.0, 60.0, "percent", "40% to 60%"),
        (2.0, None, "weeks", "at least 2 weeks"),
        (None, 0.3, "share", "at most 30%"),
        (8.7, 8.7, "weeks", "8.7 weeks"),
        (None, None, "share", "—"),
        (0.705, 1.0, "share", "70.5% to 100%"),
    ],
)
def test_cited_bands_keep_their_printed_digits(low, high, unit, text):
    assert numbers.band_text(low, high, unit=unit) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0004, "<0.001"),
        (0.001, "0.001"),
        (0.0455, "0.046"),
        (0.9995, ">0.999"),
        (1.0, "1.000"),
        (None, "—"),
        (math.nan, "—"),
    ],
)
def test_p_values(p, text):
    assert numbers.p_text(p) == text


@pytest.mark.parametrize(
    ("level", "text"),
    [
        (0.95, "95% CI"),
        (0.995, "99.5% CI"),
        (0.9, "90% CI"),
        (None, "interval"),
    ],
)
def test_levels(level, text):
    assert numbers.level_text(level) == text


@given(
    st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)),
    st.sampled_from(["share", "percent", "weeks", "days", "score", "count", "furlongs"]),
)
def test_no_number_prints_as_nan_or_with_a_hyphen(value, unit):
    text = numbers.quantity_text(value, unit=unit)
    assert "nan" not in text.lower()
    assert "inf" not in text.lower()
    assert "-" not in text
    assert text


@given(st.integers(1, 10**6), st.data())
def test_zero_and_hundred_percent_are_kept_for_none_and_all(n, data):
    k = data.draw(st.integers(0, n))
    text = numbers.share_text(k / n)
    assert (text == "0%") == (k == 0)
    assert (text == "100%") == (k == n)


@pytest.mark.parametrize(
    ("text", "unit", "bare"),
    [
        ("8.7 weeks", "weeks", "8.7"),
        ("1 week", "weeks", "1"),
        ("48 years", "years", "48"),
        ("40", "number", "40"),
        ("not reached", "weeks", "not reached"),
        ("27%", "share", "27%"),
    ],
)
def test_a_time_without_its_unit(text, unit, bare):
    assert numbers.without_unit(text, unit) == bare


def test_years_lose_a_needless_decimal():
    assert numbers.quantity_text(48.0, unit="years") == "48 years"
    assert numbers.quantity_text(47.06, unit="years") == "47.1 years"
    assert numbers.quantity_text(1.0, unit="years") == "1 year"
