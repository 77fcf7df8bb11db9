"""What stands beside a rate of success and beside a testimonial: every other count, the typical."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.claims.claim import Claim
from analysis.claims.telling import named_interval, patients_text
from analysis.outcomes.rows import ResultRow, find_row
from analysis.wording.numbers import (
    count_text,
    fraction_text,
    interval_text,
    quantity_text,
    share_text,
)
from analysis.wording.texts import say
from analysis.wording.words import visit_word

SUCCESSES: tuple[tuple[str, dict[str, object]], ...] = (
    ("beside.half_less", {"measure": "responder_share", "threshold_pct": 50.0,
     "definition": "percent_reduction", "population": "all_starters"}),
    ("beside.two_points", {"measure": "responder_share", "threshold_pct": None,
     "definition": "two_points", "population": "all_starters"}),
    ("beside.third_less_rated", {"measure": "responder_share",
     "threshold_pct": 30.0, "definition": "percent_reduction", "population": "observed"}),
    ("beside.any_less", {"measure": "success_share", "definition": "any_relief"}),
    ("beside.six_given", {"measure": "series_share",
     "definition": "completed_six", "visit": ""}),
)  # fmt: skip
"""Every other definition of success that the tables can count, by the name of its text."""


def tell_definitions(claim: Claim, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return the rate by every plausible definition of success, and which reach the cited one.

    Parameters
    ----------
    claim : Claim
        A rate of success without a definition.
    row : ResultRow
        The row it is judged by; the others are of the same patients.
    rows : sequence of ResultRow
    """
    same = {"condition": row.condition, "group_by": row.group_by, "group": row.group}
    told, reached = [], []
    for name, keys in SUCCESSES:
        other = find_row(rows, **{"visit": row.visit, **same, **keys})
        if other is None or other.value is None:
            continue
        fraction = fraction_text(other.n_events or 0, other.n)
        told.append(say("beside.counted", success=say(name), fraction=fraction))
        if claim.floor is not None and other.value >= claim.floor:
            reached.append(say(name))
    if not told:
        return ""
    between = say("telling.between")
    which = say(
        "beside.reached" if reached else "beside.none_reached",
        cited=share_text(claim.floor),
        successes=between.join(reached),
    )
    return say("beside.definitions", counted=between.join(told), reached=which)


def tell_typical(claim: Claim, row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return where a testimonial lies among comparable patients, and what is typical of them.

    Parameters
    ----------
    claim : Claim
        The testimonial.
    row : ResultRow
        Share of comparable starters who did as well or better.
    rows : sequence of ResultRow

    Returns
    -------
    str
        Share, percentile, and the typical result: shares with 30 and 50 % less pain, and the
        median of those rated. No person is pointed at.

    References
    ----------
    16 CFR 255.2(b): an advertisement with a result better than usual should clearly say what
    consumers can generally expect.
    """
    patients = patients_text(claim, row)
    if claim.baseline_score is not None:
        baseline = f"{claim.baseline_score:g}"
        patients = say("beside.same_baseline", patients=patients, baseline=baseline)
    told = say(
        "beside.typical_missing" if row.n_missing else "beside.typical",
        patients=patients,
        events=count_text(row.n_events or 0),
        share=share_text(row.value),
        visit=visit_word(row.visit),
        missing=count_text(row.n_missing),
        interval=named_interval(row),
        below=share_text(1 - (row.value or 0.0)),
    )
    typical = say("telling.between").join(typical_parts(row, rows))
    return f"{told} {say('beside.expect', typical=typical)}" if typical else told


def typical_parts(row: ResultRow, rows: Sequence[ResultRow]) -> list[str]:
    """Return the typical result of comparable patients: shares at 30 and 50 %, and the median.

    Parameters
    ----------
    row : ResultRow
        Of a testimonial.
    rows : sequence of ResultRow
        Rows of the run; empty parts where they hold none.
    """
    same = {name: getattr(row, name) for name in
            ("definition", "condition", "group_by", "group", "visit")}  # fmt: skip
    shares = [
        (pct, find_row(rows, measure="typical_response_share", threshold_pct=pct, **same))
        for pct in (30.0, 50.0)
    ]
    told = [
        say(
            "beside.typical_share",
            share=share_text(found.value),
            pct=f"{pct:g}",
            interval=interval_text(found),
        )
        for pct, found in shares
        if found is not None and found.value is not None
    ]
    median = find_row(rows, measure="typical_reduction", **same)
    if median is not None and median.value is not None:
        fall = quantity_text(median.value, unit="percent")
        told.append(say("beside.typical_median", fall=fall))
    return told
