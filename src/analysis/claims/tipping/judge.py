"""The tipping point of a judged claim, from the rows of its run."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.claims.judgement import Judgement
from analysis.claims.tipping.means import MeanTipping, tip_mean
from analysis.claims.tipping.shares import ShareTipping, tip_share
from analysis.outcomes.rows import KEYS, ResultRow, find_row


def tip_judgement(
    judgement: Judgement, rows: Sequence[ResultRow], *, worst_pct: float | None = None
) -> ShareTipping | MeanTipping | None:
    """Find the tipping point of a judged claim.

    Parameters
    ----------
    judgement : Judgement
        Its ``result_id`` names the row it rests on.
    rows : sequence of ResultRow
        Rows of the run; those of the other populations stand beside the one judged.
    worst_pct : float, optional
        As `tip_mean`.

    Returns
    -------
    ShareTipping, MeanTipping or None
        None for a claim not judged, a duration, or a mean without an interval.
    """
    row = next((one for one in rows if one.result_id == judgement.result_id), None)
    if row is None or row.value is None:
        return None
    if judgement.verdict in ("not testable", "unfalsifiable"):
        return None
    marks = {"floor": judgement.cited_low, "ceiling": judgement.cited_high}
    if row.measure == "responder_share":
        worst, best = (_beside(row, rows, name) for name in ("worst_case", "best_case"))
        if worst is None or worst.n_events is None:
            return None
        could = worst.n_missing
        if best is not None and best.n_events is not None:
            could = best.n_events - worst.n_events
        return tip_share(
            worst.n_events,
            worst.n,
            n_missing=worst.n_missing,
            n_cannot=worst.n_missing - could,
            level=worst.level or 0.95,
            **marks,
        )
    seen = _beside(row, rows, "observed")
    if row.measure != "percent_reduction" or seen is None or seen.value is None:
        return None
    if seen.low is None or seen.high is None:
        return None
    return tip_mean(seen.value, seen.low, seen.high, n=seen.n, n_missing=seen.n_missing,
                    worst_pct=worst_pct, **marks)  # fmt: skip


def _beside(row: ResultRow, rows: Sequence[ResultRow], population: str) -> ResultRow | None:
    names = [key for key in KEYS if key != "population"]
    return find_row(rows, population=population, **{name: getattr(row, name) for name in names})
