"""The judgement of one claim: what a verdict is, with all that is printed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["meets", "falls short", "undecided", "not testable", "unfalsifiable"]
Position = Literal[
    "below", "across the floor", "inside", "across the ceiling", "above", "wider", ""
]

VERDICT_MEANING: dict[Verdict, str] = {
    "meets": "the entire interval lies at or above the cited floor",
    "falls short": "the entire interval lies below the cited floor",
    "undecided": "the interval reaches both sides of the cited floor",
    "not testable": "the data hold nothing that could answer it",
    "unfalsifiable": "worded so that nothing could contradict it; that is not a pass",
}
"""What each verdict says of the interval."""

DEFAULT_LEVEL = 0.95
"""Level of a result that does not state one."""


@dataclass(frozen=True, kw_only=True)
class Readings:
    """The verdict under every defensible reading, in counts.

    Parameters
    ----------
    n, n_agreeing : int
        Readings, and those with the verdict of the one fixed in advance; 0 where there is no grid.
    verdicts : mapping of str to int
        Readings by verdict.
    sentence : str
    """

    n: int
    n_agreeing: int
    verdicts: Mapping[str, int]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Tipping:
    """What those not rated would have to show for another verdict.

    Parameters
    ----------
    n_missing : int
        Not rated.
    n_could, n_to_meet : int or None
        Of a share: how many of them could have responded, and the fewest who would have to for
        ``meets``; None for a mean, and where it is impossible.
    delta_to_meet_pct : float or None
        Of a mean: how far theirs would have to be above that of those rated, percent points.
    sentence : str
    """

    n_missing: int
    n_could: int | None = None
    n_to_meet: int | None = None
    delta_to_meet_pct: float | None = None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Shrunk:
    """The share of a small condition, shrunk toward all conditions; no claim is judged on it.

    Parameters
    ----------
    value : float
        Share in [0, 1].
    low, high : float or None
        None: the method gives no interval that could be relied on.
    n : int
        Patients of the condition.
    label : str
        What it is, to print with it.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    label: str


@dataclass(frozen=True, kw_only=True)
class Lack:
    """What a sentence does not say and a rule asks of it.

    Parameters
    ----------
    check : str
        Name of the check (`analysis.claims.rules`).
    lacks : str
        What is lacking, in words.
    rule_ids : tuple of str
        Rules that ask for it.
    """

    check: str
    lacks: str
    rule_ids: tuple[str, ...]


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
        Status of the result the estimate came from.
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
        The result it rests on; empty when there is none.
    section, kind, answer : str
        Where it stands on the page, what it is about, and how it is answered, as in the ledger.
    headline : bool
        Whether it belongs to the first page.
    verdict_adjusted : str
        The verdict among all claims of the run (Holm); empty where it was not made.
    p_holm : float or None
        Holm-adjusted p-value; None without a test.
    robustness : Readings or None
    tipping : Tipping or None
        None where nothing could tip: no share or mean was judged.
    shrunk : Shrunk or None
        Only for the responder share of a small condition.
    may_say : str
        What the data bear out, or that they bear out no sentence and why.
    sayable : bool
        Whether ``may_say`` states a result.
    lacks : tuple of Lack
        What the words as printed do not say.
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
    section: str = ""
    kind: str = ""
    answer: str = "computed"
    headline: bool = True
    verdict_adjusted: Verdict | Literal[""] = ""
    p_holm: float | None = None
    robustness: Readings | None = None
    tipping: Tipping | None = None
    shrunk: Shrunk | None = None
    may_say: str = ""
    sayable: bool = False
    lacks: tuple[Lack, ...] = ()


def headlines_of(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """Return the judgements of the first page, in the order given."""
    return tuple(one for one in judgements if one.headline)
