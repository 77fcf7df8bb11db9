"""The specification strip of a claim as an exhibit for notebook and page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.display.exhibits import Exhibit
from analysis.display.figures import describe_specifications, draw_specifications
from analysis.wording.words import condition_word

if TYPE_CHECKING:
    from analysis.claims.robustness import RobustnessResult


def show_specifications(result: RobustnessResult, *, labels: Mapping[str, str]) -> Exhibit:
    """Return every reading of a claim as an exhibit named after it.

    Parameters
    ----------
    result : RobustnessResult
    labels : mapping of str to str
        Condition labels by code.
    """
    who = condition_word(result.condition, labels)
    title = f"{result.claim_id} under every defensible reading, {who}"
    return Exhibit(
        name=f"readings_{result.claim_id}",
        title=title,
        figure=draw_specifications(result, title=title),
        alt=describe_specifications(result, who=f"{result.claim_id}, {who}"),
        caption="Each line is one reading with its interval, lowest estimate first, colored by "
        "its verdict; beneath, the choices it makes. Readings are no sample: their counts are no "
        "probability. The reading fixed in advance stays the headline.",
    )
