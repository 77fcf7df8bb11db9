"""Tipping points: what the patients not rated would have to show for the verdict to change.

For a share the answer is a number of patients and exact; for a mean it is the difference between
those not rated and those rated.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from analysis.claims.intervals import judge_interval, judge_intervals
from analysis.claims.judgement import DEFAULT_LEVEL, Judgement, Tipping, Verdict
from analysis.numbers import count_text, fraction_text, number_text, quantity_text
from analysis.results import Row, find, find_alike, rows_of
from analysis.stats.rates import wilson_limits
from analysis.stats.reductions import BEST_PCT

COUNT_DUST = 1e-9
"""Patients. A quotient this near a whole number is it."""


@dataclass(frozen=True, kw_only=True)
class ShareTipping:
    """How many of those not rated would have to respond."""

    n: int  # all who started, those not rated included
    n_events: int  # seen to respond
    n_missing: int  # not rated
    n_open: int  # not rated, and no booster before the visit had ended the response
    floor: float | None  # None where the claim says "at most"
    verdicts: tuple[Verdict, ...]  # if 0, 1, 2 ... n_open of the open ones had responded

    @property
    def n_to_meet(self) -> int | None:
        """Fewest who would have to respond for ``meets``; None when impossible."""
        return next((m for m, one in enumerate(self.verdicts) if one == "meets"), None)

    @property
    def n_to_stop_falling_short(self) -> int | None:
        """Fewest who would have to respond not to fall short; None when impossible."""
        return next((m for m, one in enumerate(self.verdicts) if one != "falls short"), None)

    @property
    def n_to_change(self) -> int | None:
        """Fewest whose response gives another verdict than if none responds; None: no number."""
        return next((m for m, one in enumerate(self.verdicts) if one != self.verdicts[0]), None)

    def to_find(self, share: float) -> tuple[int, int] | None:
        """Return how few of those not rated must be found for a decision, and how many respond.

        As many are to be found as would hold the responders needed, were the share of responders
        among them ``share``; all of them where that is too few. None where finding responders
        cannot decide it, as where the claim says "at most".
        """
        needed = self.n_to_meet
        if self.floor is None or not needed:
            return None
        likely = ceil(needed / share - COUNT_DUST) if share > 0 else self.n_open
        return min(max(likely, needed), self.n_open), needed

    @property
    def sentence(self) -> str:
        """The tipping point in words, and what those rated showed."""
        if not self.n_missing:
            return _all_rated(self.n)
        parts = [f"{count_text(self.n_missing)} of {count_text(self.n)} had no rating"]
        if boosted := self.n_missing - self.n_open:
            parts[0] += f", of whom {count_text(boosted)} had a booster before and cannot respond"
        if self.floor is None:
            parts.append(self._against_ceiling())
        else:
            if self.verdicts[0] == "falls short":
                parts.append(self._against_floor())
            if self.n_to_stop_falling_short is not None:  # else meeting is impossible all the more
                parts.append(_to("meet the claim", self.n_to_meet, self.n_open))
        if seen := self.n - self.n_missing:
            parts.append(f"of those rated, {fraction_text(self.n_events, seen)} did")
        return f"{'; '.join(parts)}."

    def _against_floor(self) -> str:
        needed = self.n_to_stop_falling_short
        if needed is None:
            return "it falls short even if all of them had responded"
        return f"it falls short if fewer than {fraction_text(needed, self.n_open)} responded"

    def _against_ceiling(self) -> str:
        if self.n_to_change is None:
            return f"the verdict stays '{self.verdicts[0]}' however many of them respond"
        needed = fraction_text(self.n_to_change, self.n_open)
        return f"with {needed} responding it is '{self.verdicts[self.n_to_change]}'"

    @property
    def summary(self) -> Tipping:
        """The part that is kept with a judgement."""
        return Tipping(
            n_missing=self.n_missing,
            n_could=self.n_open,
            n_to_meet=self.n_to_meet,
            sentence=self.sentence,
        )


def _to(goal: str, needed: int | None, n_open: int) -> str:
    if needed is None:
        return f"to {goal} is impossible, even if all of them had responded"
    if needed == 0:
        return f"to {goal}, none would have to respond"
    return f"to {goal}, {fraction_text(needed, n_open)} would have to respond"


def _all_rated(n: int) -> str:
    return f"All {count_text(n)} were rated: nobody's outcome is unknown."


def tip_share(
    n_events: int,
    n: int,
    *,
    n_missing: int,
    n_cannot: int = 0,
    floor: float | None,
    ceiling: float | None = None,
    level: float = DEFAULT_LEVEL,
) -> ShareTipping:
    """Find how many of those not rated would have to respond for another verdict.

    Parameters
    ----------
    n_events, n : int
        Responders seen, and all who started, those not rated included.
    n_missing, n_cannot : int
        Not rated, and of these, how many cannot have responded.
    floor, ceiling : float or None
        As cited, shares.
    level : float in (0, 1)
        Level of the Wilson interval judged. Every possible number is judged, so this is exact.

    Raises
    ------
    ValueError
        Impossible counts; or neither floor nor ceiling.

    References
    ----------
    Yan et al. (2009), J Biopharm Stat 19:1085, on tipping-point displays.
    """
    if not 0 <= n_cannot <= n_missing <= n or not 0 <= n_events <= n - n_missing or not n:
        raise ValueError(f"{n_events} of {n} with {n_missing} not rated cannot be")
    n_open = n_missing - n_cannot
    events = n_events + np.arange(n_open + 1)
    low, high = wilson_limits(events, np.full(events.shape, n), level=level)
    verdicts = judge_intervals(low, high, floor=floor, ceiling=ceiling).tolist()
    return ShareTipping(
        n=n, n_events=n_events, n_missing=n_missing, n_open=n_open, floor=floor,
        verdicts=tuple(verdicts),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MeanTipping:
    """How far those not rated would have to be from those rated.

    The deltas are the difference of the mean of those not rated from that of those rated at which
    the verdict becomes ``meets``, and ceases to be ``falls short``; percent points. Below 0 it
    holds until they are so much worse. For a claim that has only a ceiling the verdict holds up to
    the difference instead of from it on.
    """

    value: float  # mean of those rated, percent
    n: int  # rated
    n_missing: int
    verdict: Verdict  # if those not rated were like those rated (delta 0)
    delta_to_meet: float | None  # None when nobody is missing
    delta_to_stop_falling_short: float | None
    best_verdict: Verdict  # if everyone not rated were free of pain

    @property
    def sentence(self) -> str:
        """The tipping point in words."""
        if self.delta_to_meet is None or self.delta_to_stop_falling_short is None:
            return _all_rated(self.n)
        value = quantity_text(self.value, unit="percent")
        parts = [
            f"{count_text(self.n_missing)} had no rating; "
            f"the {count_text(self.n)} rated had a mean reduction of {value}"
        ]
        impossible = "is impossible, whatever their pain"
        if self.verdict == "falls short":
            needed = f", their mean would have to be {self._at(self.delta_to_stop_falling_short)}"
            possible = needed if self.best_verdict != "falls short" else f" {impossible}"
            parts.append(f"to stop falling short{possible}")
        if self.verdict == "meets":
            parts.append(f"the claim is met until their mean is {self._at(self.delta_to_meet)}")
        elif self.best_verdict != "falls short":
            needed = f", their mean would have to be {self._at(self.delta_to_meet)}"
            parts.append(
                f"to meet the claim{needed if self.best_verdict == 'meets' else f' {impossible}'}"
            )
        return f"{'; '.join(parts)}."

    def _at(self, delta: float) -> str:
        mean = quantity_text(self.value + delta, unit="percent")
        side = "above" if delta >= 0 else "below"
        return f"{mean}, {number_text(abs(delta), decimals=1)} points {side} that of those rated"

    @property
    def summary(self) -> Tipping:
        """The part that is kept with a judgement."""
        return Tipping(
            n_missing=self.n_missing, delta_to_meet_pct=self.delta_to_meet, sentence=self.sentence
        )


def tip_mean(
    value: float,
    low: float,
    high: float,
    *,
    n: int,
    n_missing: int,
    floor: float | None,
    ceiling: float | None = None,
) -> MeanTipping:
    """Find the difference between those not rated and those rated at which the verdict turns.

    ``value``, ``low`` and ``high`` are the mean and interval of the ``n`` rated; they and the cited
    floor and ceiling are in percent.

    Raises
    ------
    ValueError
        Nobody was rated; or neither floor nor ceiling.

    Notes
    -----
    Pattern mixture: the mean of all is ``value + share_missing * delta``, and its interval that of
    those rated, moved; so delta 0 gives back the interval of those rated. How uncertain the mean
    of the missing is beyond that is not in it: it is assumed, not estimated.

    References
    ----------
    Little (1993), J Am Stat Assoc 88:125; National Research Council (2010), The Prevention and
    Treatment of Missing Data in Clinical Trials, chapter 5.
    """
    if n <= 0 or n_missing < 0:
        raise ValueError(f"{n} rated and {n_missing} not rated cannot be")
    part = n_missing / (n + n_missing)
    best = part * (BEST_PCT - value)
    cited = ceiling if floor is None else floor
    verdict = judge_interval(low, high, floor=floor, ceiling=ceiling)
    meeting, stopping = (high, low) if floor is None else (low, high)
    assert cited is not None  # judge_interval has refused a claim with neither
    return MeanTipping(
        value=value,
        n=n,
        n_missing=n_missing,
        verdict=verdict,
        delta_to_meet=(cited - meeting) / part if part else None,
        delta_to_stop_falling_short=(cited - stopping) / part if part else None,
        best_verdict=judge_interval(low + best, high + best, floor=floor, ceiling=ceiling),
    )


def tip_row(
    row: Row, results: pd.DataFrame, *, floor: float | None, ceiling: float | None
) -> ShareTipping | None:
    """Find the tipping point of a share of all who started; None where it is no count.

    Who had a booster cannot respond: the best case among ``results`` says how many could.
    """
    if row.n_events is None:
        return None
    best = find_alike(results, row, population="best_case")
    # The counts of a release are rounded, each by itself: they need not add up.
    n_missing = min(row.n_missing, row.n - row.n_events)
    could = n_missing
    if best is not None and best.n_events is not None:
        could = min(max(best.n_events - row.n_events, 0), n_missing)
    return tip_share(
        row.n_events, row.n, n_missing=n_missing, n_cannot=n_missing - could,
        floor=floor, ceiling=ceiling, level=row.level or DEFAULT_LEVEL,
    )  # fmt: skip


def tip_judgement(judgement: Judgement, results: pd.DataFrame) -> ShareTipping | MeanTipping | None:
    """Find the tipping point of a judged claim, in the results of its run.

    None for a claim not judged, a duration, or a mean without an interval.
    """
    if judgement.verdict in ("not testable", "unfalsifiable"):
        return None
    measures = find(
        results, condition=judgement.condition, measure=("responder_share", "percent_reduction")
    )
    row = next((one for one in rows_of(measures) if one.result_id == judgement.result_id), None)
    if row is None or row.value is None:
        return None
    cited = {"floor": judgement.cited_low, "ceiling": judgement.cited_high}
    if row.measure == "responder_share":
        every = find_alike(measures, row, population="all_starters")
        return None if every is None else tip_row(every, measures, **cited)
    seen = find_alike(measures, row, population="observed")
    if seen is None or seen.value is None or seen.low is None or seen.high is None:
        return None
    return tip_mean(seen.value, seen.low, seen.high, n=seen.n, n_missing=seen.n_missing, **cited)
