"""What stands beside a rate of success and beside a testimonial: every other count, the typical."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.claims.claim import Claim
from analysis.claims.telling import patients_text
from analysis.outcomes.rows import ResultRow, find_row
from analysis.wording.numbers import (
    count_text,
    fraction_text,
    interval_text,
    level_text,
    quantity_text,
    share_text,
)
from analysis.wording.words import visit_word

SUCCESSES: tuple[tuple[str, dict[str, object]], ...] = (
    ("at least 50 % less pain", {"measure": "responder_share", "threshold_pct": 50.0,
     "definition": "percent_reduction", "population": "all_starters"}),
    ("pain lower by 2 points", {"measure": "responder_share", "threshold_pct": None,
     "definition": "two_points", "population": "all_starters"}),
    ("at least 30 % less pain, of those rated only", {"measure": "responder_share",
     "threshold_pct": 30.0, "definition": "percent_reduction", "population": "observed"}),
    ("any less pain at all", {"measure": "success_share", "definition": "any_relief"}),
    ("six infusions given (standard protocol)", {"measure": "series_share",
     "definition": "completed_six", "visit": ""}),
)  # fmt: skip
"""Every other definition of success that the tables can count."""


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
        told.append(f"{name}: {fraction_text(other.n_events or 0, other.n)}")
        if claim.floor is not None and other.value >= claim.floor:
            reached.append(name)
    if not told:
        return ""
    cited = share_text(claim.floor)
    which = f"At or above {cited} lies: {'; '.join(reached)}." if reached else (
        f"None of these reaches {cited}."
    )  # fmt: skip
    return (
        f"The page does not say what success is. Counted otherwise: {'; '.join(told)}. {which} "
        "A global rating of change is not recorded."
    )


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
    alike = "" if claim.baseline_score is None else (
        f" who began within one point of {claim.baseline_score:g}"
    )  # fmt: skip
    events, n = row.n_events or 0, row.n
    below = share_text(1 - (row.value or 0.0)).removesuffix(" %")
    missing = (
        f" (not rated, and counted as not: {count_text(row.n_missing)})" if row.n_missing else ""
    )
    told = (
        f"Of {patients_text(claim, row)}{alike}, {fraction_text(events, n).partition(' of ')[0]} "
        f"({share_text(row.value)}) did as well or better at {visit_word(row.visit)}{missing}; "
        f"{level_text(row.level)} {interval_text(row)}. {below} % of them did less well: the "
        "result quoted is no better evidence than any one patient's."
    )
    typical = typical_parts(row, rows)
    if not typical:
        return told
    return f"{told} What such patients can generally expect: {'; '.join(typical)}."


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
        f"{share_text(found.value)} had at least {pct:g} % less pain ({interval_text(found)})"
        for pct, found in shares
        if found is not None and found.value is not None
    ]
    median = find_row(rows, measure="typical_reduction", **same)
    if median is not None and median.value is not None:
        fall = quantity_text(median.value, unit="percent")
        told.append(f"half of those rated had a reduction of {fall} or more")
    return told
