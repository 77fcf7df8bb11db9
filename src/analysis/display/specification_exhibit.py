"""The specification strip of a claim as an exhibit for notebook and page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.display.exhibits import Exhibit
from analysis.display.figures import describe_specifications, draw_specifications
from analysis.wording.texts import say
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
    title = say("exhibits.specifications", claim=result.claim_id, condition=who)
    return Exhibit(
        name=f"readings_{result.claim_id}",
        title=title,
        figure=draw_specifications(result, title=title),
        alt=describe_specifications(
            result, who=say("exhibits.specifications_who", claim=result.claim_id, condition=who)
        ),
        caption=say("exhibits.specifications_caption"),
    )
