"""Who responds and who got worse, at the very edge."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.derive.response import (
    derive_responder,
    derive_two_point_responder,
    derive_worsened,
)


def flags(series: pd.Series) -> list[bool | None]:
    return [None if pd.isna(flag) else bool(flag) for flag in series]


def test_unknown_is_not_no():
    got = derive_responder(pd.Series([50.0, 29.9, None, -10.0]), threshold_pct=30)
    assert flags(got) == [True, False, None, False]
    assert str(got.dtype) == "boolean"


@pytest.mark.parametrize(
    ("before", "after"), [(7.0, 4.9), (6.0, 4.2), (9.0, 6.3), (4.0, 2.8), (10.0, 7.0), (5.0, 3.5)]
)
def test_exactly_thirty_percent_responds(before, after):
    """Binary arithmetic makes some of these 29.999999999999996."""
    pct = pd.Series([100 * (before - after) / before])
    assert flags(derive_responder(pct, threshold_pct=30)) == [True]


def test_just_under_does_not():
    assert flags(derive_responder(pd.Series([29.99]), threshold_pct=30)) == [False]


def test_two_points():
    got = derive_two_point_responder(pd.Series([2.0, 8.3 - 6.3, 1.99, None]))
    assert flags(got) == [True, True, False, None]


def test_worsening_is_a_rise_of_thirty_percent():
    assert flags(derive_worsened(pd.Series([-30.0, -29.9, 30.0, None]))) == [
        True,
        False,
        False,
        None,
    ]


def test_nobody():
    none = pd.Series([], dtype=float)
    assert len(derive_responder(none, threshold_pct=30)) == 0
