"""What `reliefcheck verify` finds: one sentence each, and whether it fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["fits", "does not fit", "told"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at: whether it fits, and what was found, in a sentence.

    ``told`` is what a reader should know and what is no fault of the run folder.
    """

    state: State
    sentence: str


def fits(sentence: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(state="fits", sentence=sentence)


def fails(sentence: str) -> Finding:
    """Return a finding that something does not fit."""
    return Finding(state="does not fit", sentence=sentence)
