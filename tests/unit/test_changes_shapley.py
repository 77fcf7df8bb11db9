"""The split of a change: worked by hand, and its laws on any game."""

from __future__ import annotations

from itertools import permutations
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.changes.shapley import SUM_TOLERANCE, coalitions, split_exactly

NAMES = ("a", "b", "c", "d", "e")


def game_of(values: list[float], factors: tuple[str, ...]):
    return dict(zip(coalitions(factors), values, strict=True)).__getitem__


@st.composite
def games(draw: st.DrawFn) -> tuple[tuple[str, ...], list[float]]:
    factors = NAMES[: draw(st.integers(0, 4))]
    number = st.floats(-1e6, 1e6, allow_nan=False)
    size = 2 ** len(factors)
    return factors, draw(st.lists(number, min_size=size, max_size=size))


def test_three_gloves_by_hand():
    """Shapley's own kind of example: one left glove (a), two right ones (b, c); a pair sells for 1.

    a gets 4/6: it completes a pair in every order but the two in which it comes first. b and c
    get 1/6 each.
    """
    worth = {frozenset(s): 1.0 for s in ("ab", "ac", "abc")}
    parts = split_exactly(lambda chosen: worth.get(chosen, 0.0), ("a", "b", "c"))
    assert parts == pytest.approx({"a": 4 / 6, "b": 1 / 6, "c": 1 / 6})


def test_two_factors_share_what_they_only_do_together():
    """10 alone gives 3, 20 alone gives 5, both give 12: 4 are shared, 2 each."""
    values = {"": 0.0, "a": 3.0, "b": 5.0, "ab": 12.0}
    parts = split_exactly(lambda chosen: values["".join(sorted(chosen))], ("a", "b"))
    assert parts == {"a": 5.0, "b": 7.0}


def test_no_factor_no_part():
    assert split_exactly(lambda _: 7.0, ()) == {}


def test_one_factor_takes_the_whole_change():
    assert split_exactly(lambda chosen: 0.3 if chosen else 0.1, ("a",)) == {"a": 0.3 - 0.1}


def test_a_factor_named_twice_is_refused():
    with pytest.raises(ValueError, match="once"):
        split_exactly(lambda _: 0.0, ("a", "a"))


@given(games())
def test_parts_sum_to_the_change(game):
    factors, values = game
    parts = split_exactly(game_of(values, factors), factors)
    change = values[-1] - values[0]
    largest = max(1.0, *map(abs, values))
    assert isclose(sum(parts.values()), change, rel_tol=0, abs_tol=SUM_TOLERANCE * largest)


@given(games())
def test_the_order_of_factors_changes_nothing(game):
    factors, values = game
    value_of = game_of(values, factors)
    first = split_exactly(value_of, factors)
    for order in permutations(factors):
        assert split_exactly(value_of, order) == pytest.approx(first, rel=1e-9, abs=1e-6)


@given(games())
def test_going_back_gives_the_same_parts_with_the_other_sign(game):
    factors, values = game
    value_of = game_of(values, factors)
    there = split_exactly(value_of, factors)
    back = split_exactly(lambda chosen: value_of(frozenset(factors) - chosen), factors)
    assert back == pytest.approx({name: -part for name, part in there.items()}, rel=1e-9, abs=1e-6)


@given(games(), st.floats(-10, 10, allow_nan=False))
def test_a_factor_that_never_does_anything_has_no_part(game, number):
    factors, values = game
    value_of = game_of(values, factors)
    parts = split_exactly(lambda chosen: value_of(chosen - {"idle"}), (*factors, "idle"))
    assert parts["idle"] == 0.0
