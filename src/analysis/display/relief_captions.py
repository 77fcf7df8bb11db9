"""Captions of exhibits on relief, put together from the sentences they share."""

from __future__ import annotations

from analysis.wording.texts import say

BOOSTER_HERE = {
    "booster_as_loss": "relief_exhibits.booster_as_loss",
    "booster_competing": "relief_exhibits.booster_competing",
    "booster_as_censoring": "relief_exhibits.booster_as_censoring",
    "booster_ignored": "relief_exhibits.booster_ignored",
}
"""What a booster counts as, by the code of its strategy."""


def caption_of(name: str, definition: str = "") -> str:
    """Return a caption of the file of texts with the sentences it shares with others.

    Parameters
    ----------
    name : str
        Dotted name of the caption.
    definition : str
        Code of the booster strategy in force, as in the result rows; empty where none is.
    """
    return say(
        name,
        between_visits=say("relief_exhibits.between_visits"),
        boxes=say("relief_exhibits.boxes"),
        booster=booster_sentence(definition),
        cited=say("relief_exhibits.cited"),
    )


def booster_sentence(definition: str = "") -> str:
    """Return what a booster is and, where a strategy is known, what it counts as under it."""
    what = say("relief_exhibits.booster")
    return say(BOOSTER_HERE[definition], booster=what) if definition in BOOSTER_HERE else what
