"""What a reader may look up on page one: the readings of each claim that the run computed.

The page computes nothing: each choice leads to a number, an interval and a verdict that the claims
notebook left in its facts (`analysis.claims.multiverse.what_if`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from analysis.claims.judgement import Judgement, headlines_of
from analysis.labels import VERDICTS, word
from analysis.numbers import count_text, interval_text, quantity_text
from analysis.report.drawings import AXIS_END
from analysis.report.inputs import Run
from analysis.report.verdicts import claim_key


@dataclass(frozen=True, kw_only=True)
class Explored:
    """A claim whose readings can be looked up.

    ``controls`` are a name, its choices in words and the place of the one fixed in advance.
    ``rows`` holds a reading as "places|verdict|text|value|low|high", the last three in percent of
    the axis, and readings apart by ";". ``band`` is the cited range on the same axis.
    """

    key: str
    name: str
    controls: tuple[tuple[str, tuple[str, ...], int], ...]
    rows: str
    band: tuple[float, float]
    ends: tuple[str, str]


def explore(run: Run) -> Iterator[Explored]:
    """Give each claim of page one of which the run left several readings."""
    known = run.fact("what_if")
    for one in headlines_of(run.claims):
        found = known.get(one.claim_id) if isinstance(known, Mapping) else None
        if found and found.get("rows"):
            yield _explored(one, found)


def _explored(one: Judgement, found: Mapping[str, Any]) -> Explored:
    numbers = [end for row in found["rows"].values() for end in row[1:4] if end is not None]
    end = AXIS_END.get(one.unit, 1.0)
    if one.unit not in ("share", "percent"):
        end = max([end, *numbers])

    def place(value: float | None, default: float) -> float:
        return round(100 * min(1.0, max(0.0, (default if value is None else value) / end)), 1)

    cited, rows = (one.cited_low, one.cited_high), []
    for key, (verdict, value, low, high, n) in found["rows"].items():
        text = "not reached"
        if value is not None:
            text = quantity_text(value, unit=one.unit, apart_from=cited)
        if low is not None or high is not None:
            read = replace(one, value=value, low=low, high=high)
            text += f" ({interval_text(read, apart_from=cited)}), n = {count_text(n)}"
        spots = (place(value, end), place(low, end), place(high, end))
        rows.append("|".join([key, word(VERDICTS, verdict), text, *(f"{x:g}" for x in spots)]))
    band = (place(one.cited_low, 0.0), place(one.cited_high, end))
    return Explored(
        key=claim_key(one.claim_id),
        name=one.wording,
        controls=tuple(
            (each["name"], tuple(each["choices"]), fixed)
            for each, fixed in zip(found["controls"], found["fixed"], strict=True)
        ),
        rows=";".join(rows),
        band=(band[0], round(band[1] - band[0], 1)),
        ends=(quantity_text(0.0, unit=one.unit), quantity_text(end, unit=one.unit)),
    )
