"""The judgement of one claim: what a verdict is, with everything printed beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["meets", "falls short", "undecided", "not testable", "unfalsifiable"]
Position = Literal[
    "below", "across the floor", "inside", "across the ceiling", "above", "wider", ""
]

VERDICT_MEANING: dict[str, str] = {
    "meets": "the whole interval lies at or above the cited floor",
    "falls short": "the whole interval lies below the cited floor",
    "undecided": "the interval reaches both sides of the cited floor",
    "not testable": "the data hold nothing that could answer it",
    "unfalsifiable": "worded so that nothing could contradict it; that is no pass",
}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A claim, our number for it, and the verdict.

    Parameters
    ----------
    claim_id, wording, source : str
        The claim as printed and where.
    condition : str
        Condition code, or ``all``.
    reading : str
        What the words were taken to mean, fixed before data are seen, as one sentence.
    cited_low, cited_high : float or None
        Cited floor and ceiling in ``unit`` (share for rates, percent for means, weeks).
    cited_text : str
        The cited figure in words: "70-85 %".
    verdict : {"meets", "falls short", "undecided", "not testable", "unfalsifiable"}
    position : str
        Where the interval lies in relation to [cited_low, cited_high].
    value, low, high, level, n, n_missing, unit
        Our estimate; None where there is none.
    status : str
        Status of the result row the estimate came from.
    further_patients : int or None
        How many more patients would decide an ``undecided`` with 80 % probability at the observed
        value; None when the verdict is decided or no realistic number would.
    further_patients_if_cited : int or None
        The same, were the true value in the middle of the cited range; None without a ceiling too.
    reason : str
        Why it is not testable or why no number decides; empty otherwise.
    sentence : str
        The finding in one plain sentence.
    result_id : str
        The result row it rests on; empty when there is none.
    """

    claim_id: str
    wording: str
    source: str
    condition: str
    reading: str
    cited_low: float | None
    cited_high: float | None
    cited_text: str
    verdict: Verdict
    position: Position = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int = 0
    n_missing: int = 0
    unit: str = "share"
    status: str = "estimated"
    further_patients: int | None = None
    further_patients_if_cited: int | None = None
    reason: str = ""
    sentence: str = ""
    result_id: str = ""
