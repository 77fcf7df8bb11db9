"""Two arms compared, in words: an effect only where patients were randomized."""

from __future__ import annotations

from analysis.labels import plain_text
from analysis.numbers import estimate_text, interval_words, quantity_text
from analysis.results import Estimate, Row

DIFFERENCE_IS = {
    "randomized": "That is the effect of allocation to {0} rather than {1}.",
    "not_randomized": "That is a difference between patients, who were not randomized.",
    "unknown": (
        "That is a difference between patients: the export does not say whether they were "
        "randomized."
    ),
}
"""What a difference between two arms may be called, by the setting ``allocation``."""


def describe_difference(
    difference: Row | Estimate,
    arms: tuple[str, str],
    shares: tuple[Estimate, Estimate],
    *,
    threshold_pct: float,
    allocation: str,
) -> str:
    """Return the difference of responders of two arms as a sentence.

    ``difference`` is first arm less second, in percentage points, missing = not responding on both
    sides; ``shares`` are the responders of each arm, by the same rule. ``allocation`` is
    randomized, not_randomized or unknown.
    """
    first, second = (plain_text(arm) for arm in arms)
    of_each = (
        f"{estimate_text(shares[0])} of those due in {first} and {estimate_text(shares[1])} in "
        f"{second} were seen with at least {threshold_pct:g}% less pain (missing = not responding "
        f"on both sides)."
    )
    if difference.value is None:
        return f"{of_each} Their difference cannot be estimated."
    kind = DIFFERENCE_IS[allocation].format(first, second)
    points = quantity_text(difference.value, unit="points")
    size = f"{of_each} The difference, {first} less {second}, is {points}"
    if difference.low is None or difference.high is None:
        return f"{size}, without an interval. {kind}"
    size = f"{size} ({interval_words(difference)})."
    if difference.low <= 0 <= difference.high:
        return f"{size} The interval holds 0: no difference is shown, and none is ruled out. {kind}"
    return f"{size} {kind}"
