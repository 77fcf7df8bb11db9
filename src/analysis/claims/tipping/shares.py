"""Tipping points of shares: a number of patients, and exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.claims.judgement import VERDICTS_WITHIN, Verdict
from analysis.claims.robustness.judge import judge_arrays
from analysis.claims.robustness.limits import wilson_limits
from analysis.wording.numbers import count_text, fraction_text
from analysis.wording.texts import say


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
            return say("tipping.all_rated", n=count_text(self.n))
        parts = [self._tell_not_rated()]
        if self.floor is None:
            parts.append(self._tell_ceiling())
        else:
            if self.verdicts[0] == "falls short":
                parts.append(self._tell_stop())
            if self.n_to_stop_falling_short is not None:  # else meeting is impossible all the more
                parts.append(self._tell_meet())
        seen = self.n - self.n_missing
        if seen:
            parts.append(say("tipping.shares.rated", responders=fraction_text(self.n_events, seen)))
        return say("tipping.finding", parts=say("tipping.between_parts").join(parts))

    def _tell_not_rated(self) -> str:
        told = {"missing": count_text(self.n_missing), "n": count_text(self.n)}
        one = self.n_missing == 1
        boosted = self.n_missing - self.n_open
        if not boosted:
            name = "tipping.shares.not_rated_one" if one else "tipping.shares.not_rated_many"
            return say(name, **told)
        return say(
            "tipping.shares.not_rated_boosted_one"
            if one
            else "tipping.shares.not_rated_boosted_many",
            boosted=count_text(boosted),
            **told,
        )

    def _tell_stop(self) -> str:
        needed = self.n_to_stop_falling_short
        if needed is None:
            return say("tipping.shares.stop_impossible")
        return say("tipping.shares.stop", needed=fraction_text(needed, self.n_open))

    def _tell_meet(self) -> str:
        needed = self.n_to_meet
        if needed is None:
            return say("tipping.shares.meet_impossible")
        if needed == 0:
            return say("tipping.shares.meet_none")
        return say("tipping.shares.meet", needed=fraction_text(needed, self.n_open))

    def _tell_ceiling(self) -> str:
        if self.n_to_change is None:
            verdict = VERDICTS_WITHIN[self.verdicts[0]]
            return say("tipping.shares.verdict_stays", verdict=verdict)
        return say(
            "tipping.shares.verdict_turns",
            needed=fraction_text(self.n_to_change, self.n_open),
            verdict=VERDICTS_WITHIN[self.verdicts[self.n_to_change]],
        )


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
