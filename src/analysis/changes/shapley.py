"""Split a change exactly between its factors, whatever order they are thought to come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import factorial, fsum

Coalition = frozenset[str]

SUM_TOLERANCE = 1e-9
"""Parts add up to the change within this share of the largest number met: rounding of floats."""


def coalitions(factors: Sequence[str]) -> Iterator[Coalition]:
    """Yield every subset of the factors, the empty one first and the whole one last."""
    for size in range(len(factors) + 1):
        for chosen in combinations(factors, size):
            yield frozenset(chosen)


def split_exactly(
    value_of: Callable[[Coalition], float], factors: Sequence[str]
) -> dict[str, float]:
    """Return each factor's part of the change from no factor to all of them (Shapley value).

    Parameters
    ----------
    value_of : callable
        The number when exactly these factors are as in the second run; any finite float. Called
        for every subset, so 2 to the number of factors times.
    factors : sequence of str, shape (n_factors,)
        Names, each once. None gives no parts: then nothing has changed.

    Returns
    -------
    dict of str to float
        In the unit of the number. A part is the mean of what its factor adds over all orders in
        which the factors could be put in. Parts sum to the change within `SUM_TOLERANCE`.

    Raises
    ------
    ValueError
        A factor is named twice.

    References
    ----------
    Shapley (1953), A value for n-person games, in Contributions to the Theory of Games II, 307.
    """
    if len(set(factors)) != len(factors):
        raise ValueError(f"each factor counts once: {list(factors)}")
    values = {chosen: value_of(chosen) for chosen in coalitions(factors)}
    n = len(factors)
    parts = {}
    for factor in factors:
        others = [each for each in factors if each != factor]
        parts[factor] = fsum(
            factorial(len(before)) * factorial(n - len(before) - 1) / factorial(n)
            * (values[before | {factor}] - values[before])
            for before in coalitions(others)
        )  # fmt: skip
    return parts
