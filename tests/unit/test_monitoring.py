"""Control limits, over-dispersion and runs: by hand and by exact probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from analysis.errors import EstimationError
from analysis.stats.monitoring import (
    LIMIT_LEVEL,
    binomial_limits,
    is_outside,
    longest_run,
    share_groups,
    spread_in_order,
    spread_of_groups,
)

TAIL = (1 - LIMIT_LEVEL) / 2


def patients(counts: dict[str, tuple[int, int]], stratum: str = "crps") -> pd.DataFrame:
    """Events of patients by group, as one row a patient."""
    rows = [(name, stratum, n < events) for name, (events, of) in counts.items() for n in range(of)]
    return pd.DataFrame(rows, columns=["group", "stratum", "event"])


def compared(frame: pd.DataFrame, *, in_order: bool = False):
    return share_groups(frame["event"], frame["group"], frame["stratum"], in_order=in_order)


def test_limits_by_hand():
    """Of 10 at one half, none has probability 1/1024: below 0.001, and next to outside."""
    low, high = binomial_limits(0.5, [10])
    events = 1 - (11 / 1024 - TAIL) / (10 / 1024)
    assert (low[0], high[0]) == pytest.approx((events / 10, 1 - events / 10))
    # of 9 at one half, none has probability 1/512: not so rare, so nothing is outside
    assert [float(each[0]) for each in binomial_limits(0.5, [9])] == [0.0, 1.0]


def test_limits_widened_and_at_the_ends():
    low, high = binomial_limits(0.4, [50])
    wide = binomial_limits(0.4, [50], spread=1.5)
    assert 0.4 - wide[0][0] == pytest.approx(1.5 * (0.4 - low[0]))
    assert wide[1][0] - 0.4 == pytest.approx(1.5 * (high[0] - 0.4))
    for centre in (0.0, 1.0):
        assert [float(each[0]) for each in binomial_limits(centre, [20])] == [centre, centre]


@given(st.floats(0.02, 0.98), st.integers(1, 400))
def test_what_is_outside_is_as_rare_as_said_and_what_is_inside_is_not(centre, n):
    low, high = binomial_limits(centre, [n])
    shares = np.arange(n + 1) / n
    under, over = shares < low[0] - 1e-12, shares > high[0] + 1e-12
    below, above = binom.cdf(np.arange(n + 1), n, centre), binom.sf(np.arange(n + 1) - 1, n, centre)
    assert (below[under] <= TAIL * (1 + 1e-9)).all()
    assert (above[over] <= TAIL * (1 + 1e-9)).all()
    assert (below[~under] >= TAIL * (1 - 1e-9)).all()
    assert (above[~over] >= TAIL * (1 - 1e-9)).all()
    assert 0 <= low[0] <= centre <= high[0] <= 1


def test_laney_spread_by_hand():
    """Moving ranges 2, 4, 2, 4, 2, 4, 2 of eight distances: mean 20 / 7."""
    z = [-1.0, 1.0, -3.0, -1.0, 3.0, 1.0, -3.0, -1.0]
    assert spread_in_order(z) == pytest.approx((20 / 7) / 1.128)
    assert spread_in_order(z[:7]) == 1.0
    assert spread_in_order(np.linspace(-4, 4, 12)) == 1.0  # a drift does not widen its own limits


def test_spiegelhalter_spread_by_hand():
    """Twenty distances of 2: the factor is 4. The most distant tenth counts as the next do."""
    z = np.tile([-2.0, 2.0], 10)
    assert spread_of_groups(z) == pytest.approx(2.0)
    extreme = np.concatenate([z[:-2], [-40.0, 40.0]])
    assert spread_of_groups(extreme) == pytest.approx(2.0)
    assert spread_of_groups(z[:9]) == 1.0
    assert spread_of_groups(np.tile([-1.2, 1.2], 10)) == 1.0  # 1.44 is below 1 + 2 sqrt(2 / 20)


def test_runs_by_hand():
    assert longest_run([1, 2, -1, -1, 0, -2, 3]) == (3, round(np.log2(6) + 3))
    assert longest_run([0.0, 0.0]) == (0, 0)
    assert longest_run([1.0] * 10) == (10, 6)


def outside(got):
    frame = got.frame
    return list(frame.index[is_outside(frame["adjusted"], frame["low"], frame["high"])])


def test_shares_of_one_stratum_are_their_own():
    got = compared(patients({"a": (26, 60), "b": (22, 60), "c": (12, 30)}))
    assert got.centre == pytest.approx(0.4)
    assert list(got.frame["adjusted"]) == pytest.approx([26 / 60, 22 / 60, 0.4])
    assert list(got.frame["n_events"]) == [26, 22, 12]
    assert outside(got) == [] and got.spread == 1.0
    # they differ by no more than chance, so each takes the share of all
    assert list(got.frame["shrunk"]) == pytest.approx([0.4] * 3)


def test_adjustment_by_hand():
    """Both sites do alike within a condition; their mixes differ, so raw shares do too."""
    frame = pd.concat([
        patients({"a": (8, 10), "b": (32, 40)}, "crps"),
        patients({"a": (8, 40), "b": (2, 10)}, "central"),
    ])  # fmt: skip
    got = compared(frame)
    assert list(got.frame["share"]) == pytest.approx([16 / 50, 34 / 50])
    assert list(got.frame["adjusted"]) == pytest.approx([0.5, 0.5])
    assert outside(got) == []


def test_a_site_that_does_worse_is_outside_whatever_the_others_are_called():
    counts = {f"site {n}": (50, 100) for n in range(9)} | {"site x": (20, 100)}
    got = compared(patients(counts))
    assert outside(got) == ["site x"]
    assert 0.2 < got.frame.loc["site x", "shrunk"] < got.centre


def test_two_groups_are_not_shrunk_and_nobody_is_refused():
    assert compared(patients({"a": (1, 4), "b": (2, 4)})).frame["shrunk"].isna().all()
    frame = patients({"a": (1, 4)})
    for wrong in (frame.iloc[:0], frame.assign(group=[None, "a", "a", "a"])):
        with pytest.raises(EstimationError, match="known"):
            compared(wrong)


def test_a_quarter_of_chance_alone_is_outside_as_seldom_as_said():
    """10,000 charts of 12 quarters of 45: binomial limits are exact, so at most 0.2% outside."""
    rng = np.random.default_rng(7)
    shares = rng.binomial(45, 0.45, size=(10_000, 12)) / 45
    low, high = binomial_limits(0.45, [45])
    outside = ((shares < low) | (shares > high)).mean()
    assert 0.0005 < outside <= 0.002 + 3 * (0.002 / shares.size) ** 0.5
