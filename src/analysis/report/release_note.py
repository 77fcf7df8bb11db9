"""What the page of a release says of itself, before anything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.wording.numbers import count_text
from analysis.wording.texts import say

COUNTED = ("rows", "rows_withheld", "rows_left_out", "claims", "claims_withheld")
"""Numbers of run.json of a release, under ``withheld``."""


def release_note(run: Mapping[str, Any]) -> str:
    """Return that this is a release, how much of it is withheld and why; empty for other reports.

    Parameters
    ----------
    run : mapping
        Content of run.json: ``grade``, and ``withheld`` with the numbers of `COUNTED`.
    """
    if run.get("grade") != "release":
        return ""
    found = run.get("withheld")
    if not isinstance(found, Mapping) or any(not isinstance(found.get(n), int) for n in COUNTED):
        return say("page.release")
    counts = say("page.release_counts", **{name: count_text(found[name]) for name in COUNTED})
    return f"{say('page.release')} {counts}"
