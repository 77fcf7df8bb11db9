"""Tipping points of shares: a number of patients, and exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.claims.judgement import Verdict
from analysis.claims.robustness.judge import judge_arrays
from analysis.claims.robustness.limits import wilson_limits
from analysis.wording.numbers import SMALL_N, count_text, share_text


@dataclass(frozen=True, kw_only=True)
class ShareTipping:
    """How many of those not rated would have to respond.

    Parameters
    ----------
    n, n_events : int
        All who started, and those of them seen to respond.
    n_missing : int
        Not rated; inside ``n``.
    n_open : int
        Of these, who could have responded; a booster before the visit had ended the others'.
    floor, ceiling : float or None
        As cited; the ceiling counts only without a floor.
    verdicts : tuple of str, length n_open + 1
        Verdict over all who started, were 0, 1, 2 ... of the open ones to respond.
    """

    n: int
    n_events: int
    n_missing: int
    n_open: int
    floor: float | None
    ceiling: float | None
    verdicts: tuple[Verdict, ...]

    @property
    def n_to_meet(self) -> int | None:
        """Return the fewest who would have to respond for ``meets``; None when impossible."""
        return self._first(lambda verdict: verdict == "meets")

    @property
    def n_to_stop_falling_short(self) -> int | None:
        """Return the fewest who would have to respond for no ``falls short``; None: impossible."""
        return self._first(lambda verdict: verdict != "falls short")

    @property
    def n_to_change(self) -> int | None:
        """Return the fewest whose response gives another verdict than none of theirs does."""
        return self._first(lambda verdict: verdict != self.verdicts[0])

    @property
    def worst_share(self) -> float:
        """Return the share responding, were none of those not rated to respond."""
        return self.n_events / self.n

    @property
    def best_share(self) -> float:
        """Return the share responding, were all who could to respond."""
        return (self.n_events + self.n_open) / self.n

    def _first(self, fits: Callable[[Verdict], bool]) -> int | None:
        return next((m for m, verdict in enumerate(self.verdicts) if fits(verdict)), None)

    @property
    def sentence(self) -> str:
        """Return the tipping point in words, beside what those rated showed."""
        if not self.n_missing:
            return f"All {count_text(self.n)} were rated: nobody's outcome is unknown."
        was = "was" if self.n_missing == 1 else "were"
        parts = [f"{count_text(self.n_missing)} of {count_text(self.n)} {was} not rated"]
        closed = self.n_missing - self.n_open
        if closed:
            parts[0] += f", of whom {count_text(closed)} had a booster before and cannot respond"
        if self.floor is None:
            parts.append(self._tell_ceiling())
        else:
            if self.verdicts[0] == "falls short":
                to = self.n_to_stop_falling_short
                parts.append(self._tell(to, "to stop falling short"))
            if self.n_to_stop_falling_short is not None:  # else meeting is impossible all the more
                parts.append(self._tell(self.n_to_meet, "to meet it"))
        seen = self.n - self.n_missing
        if seen:
            parts.append(f"of those rated, {_of(self.n_events, seen)} did")
        return "; ".join(parts) + "."

    def _tell(self, needed: int | None, what: str) -> str:
        if needed is None:
            return f"{what} is impossible, even were all of them to respond"
        if needed == 0:
            return f"{what} none would have to respond"
        return f"{what} {_of(needed, self.n_open)} would have to respond"

    def _tell_ceiling(self) -> str:
        if self.n_to_change is None:
            return f"the verdict stays '{self.verdicts[0]}' however many of them respond"
        turned = self.verdicts[self.n_to_change]
        return f"with {_of(self.n_to_change, self.n_open)} responding it is '{turned}'"


def tip_share(
    n_events: int,
    n: int,
    *,
    n_missing: int,
    n_cannot: int = 0,
    floor: float | None,
    ceiling: float | None = None,
    level: float = 0.95,
) -> ShareTipping:
    """Find how many of those not rated would have to respond for another verdict.

    Parameters
    ----------
    n_events, n : int
        Responders seen, and all who started, those not rated included.
    n_missing : int
        Not rated.
    n_cannot : int
        Of these, how many cannot have responded.
    floor, ceiling : float or None
        As cited, shares.
    level : float in (0, 1)
        Level of the Wilson interval judged.

    Returns
    -------
    ShareTipping
        Exact: every possible number is judged.

    Raises
    ------
    ValueError
        Counts that cannot be; or neither floor nor ceiling.

    References
    ----------
    Yan et al. (2009), J Biopharm Stat 19:1085, on tipping-point displays.
    """
    if not 0 <= n_cannot <= n_missing <= n or not 0 <= n_events <= n - n_missing or not n:
        raise ValueError(f"{n_events} of {n} with {n_missing} not rated cannot be")
    n_open = n_missing - n_cannot
    events = n_events + np.arange(n_open + 1)
    low, high = wilson_limits(events, np.full(events.shape, n), level=level)
    verdicts = judge_arrays(events / n, low, high, floor=floor, ceiling=ceiling)
    return ShareTipping(
        n=n,
        n_events=n_events,
        n_missing=n_missing,
        n_open=n_open,
        floor=floor,
        ceiling=ceiling,
        verdicts=verdicts,
    )


def _of(count: int, n: int) -> str:
    """Return "12 of 14 (86 %)", the percent from ten on."""
    told = f"{count_text(count)} of {count_text(n)}"
    return told if n < SMALL_N else f"{told} ({share_text(count / n)})"
