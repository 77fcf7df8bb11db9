"""Which counts a result row tells: its denominator, its numerator, and those not known.

Only measures named here are released. A new measure is withheld until somebody has written down
what its counts are part of, because a count without relations cannot be protected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from analysis.outcomes import table_one
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.selection import NOT_RECORDED
from analysis.release.coarse import split_statistic
from analysis.release.relations import CountTable, add_groups, cell_name


@dataclass(frozen=True, kw_only=True)
class RowCells:
    """Names of the cells a row tells; None where it tells no such count."""

    n: str | None
    events: str | None = None
    missing: str | None = None

    @property
    def needed(self) -> tuple[str, ...]:
        """Cells without which the row's number cannot be printed."""
        return tuple(name for name in (self.n, self.events) if name)


FLOW = {
    "in_file": "in file",
    "never_treated": "never treated",
    "no_baseline_rating": "no baseline",
    "baseline_zero": "baseline zero",
    "baseline_below_minimum": "baseline low",
    "eligible": "starters",
}
"""Steps from the file to those who count as starters, by definition of the `patients` rows."""

NOT_TOLD = ("protocol",)
"""Categories of table 1 that are not released: where all starters of a condition have one protocol,
saying so ties starters to treated patients, and the totals of both would have to go."""

REDUCTIONS = ("mean_of_patients", "mean_of_patients_bca", "median_of_patients", "ratio_of_means")

SIMPLE: dict[tuple[str, str], tuple[str, str, str]] = {
    ("early_response_share", "by_day_14"): ("rated early", "early response", "not rated early"),
    ("early_response_share", "days_21_to_28"): ("starters", "late response", "not rated late"),
    ("success_share", "any_relief"): ("starters", "any relief@{visit}", "missing@{visit}"),
    ("session_minutes_share", "standard_45_to_60"): ("standard", "45 to 60", ""),
    ("session_minutes_share", "high_dose_4_hours"): ("high dose", "4 hours", ""),
    ("series_share", "completed_six"): ("standard", "given six", ""),
    ("series_share", "six_within_21_days"): ("standard", "six in 21", ""),
    ("series_share", "sixth_by_day_21"): ("given six", "six in 21", ""),
    ("booster_gap_share", "monthly_to_quarterly"): ("boosters with gaps", "gap median", ""),
    ("booster_gap_share", "mean_month_to_quarter"): ("boosters with gaps", "gap mean", ""),
    ("booster_any_share", "by_week_26"): ("treated", "boosted", "not followed"),
    ("recurrence_share", "at_80_pct_of_baseline"): ("rated after booster", "recurred", ""),
    ("pain_duration_share", "three_months"): ("duration known", "3 months", "duration unknown"),
    ("failed_treatments_share", "at_least_one"): ("failures known", "failed", "failures unknown"),
    ("severe_refractory_share", "baseline_7_and_one_failed"): (
        "severity known", "severe", "severity unknown",
    ),
}  # fmt: skip
"""Denominator, numerator and not known of shares with one definition each."""


def cells_of(row: ResultRow) -> RowCells | None:
    """Return which cells a row tells; None for a row that is not released at all."""
    if row.unit == "share" and row.status == "not estimable" and events_of(row) is None:
        return None  # a share that nobody's record answers has no numerator to protect
    if row.measure == table_one.SHARE:
        return None if row.definition in NOT_TOLD else _of_level(row)
    tell = _TELL.get(row.measure)
    found = tell(row) if tell else None
    if found is None and (row.measure, row.definition) in SIMPLE:
        n, events, missing = SIMPLE[row.measure, row.definition]
        found = (n, events, missing)
    if found is None:
        return None
    n, events, missing = (text.format(visit=row.visit) if text else "" for text in found)
    place = (row.condition, row.group_by, row.group)
    names = [cell_name(kind, *place) if kind else None for kind in (n, events, missing)]
    return RowCells(n=names[0], events=names[1], missing=names[2])


def _of_level(row: ResultRow) -> RowCells:
    """Return the cells of a line of table 1; a level is a group, named as by other rows."""
    levels = (row.group, NOT_RECORDED)
    at = [cell_name("starters", row.condition, row.definition, level) for level in levels]
    return RowCells(n=cell_name("starters", row.condition), events=at[0], missing=at[1])


def _number(row: ResultRow) -> tuple[str, str, str]:
    name, _ = split_statistic(row.definition)
    return f"known {name}", "", f"unknown {name}"


def _flow(row: ResultRow) -> tuple[str, str, str] | None:
    at_visit = {"not_rated": "missing@{visit}", "observed": "rated@{visit}"}
    kind = FLOW.get(row.definition) or at_visit.get(row.definition)
    return ("in file", kind, "") if kind else None


def _responders(row: ResultRow) -> tuple[str, str, str] | None:
    if row.definition == "two_points":
        events = "two points@{visit}"
    elif row.threshold_pct is not None:
        events = f"ge{row.threshold_pct:g}@{{visit}}"
    else:
        return None
    n = "rated@{visit}" if row.population == "observed" else "starters"
    if row.population == "best_case":
        return n, f"best {events}", "could respond@{visit}"
    if row.population not in ("observed", "all_starters", "worst_case"):
        return None
    return n, events, "missing@{visit}"


def _worsening(row: ResultRow) -> tuple[str, str, str] | None:
    worse = f"worse{row.threshold_pct:g}@{{visit}}"
    return ("rated@{visit}", worse, "missing@{visit}") if row.population == "observed" else None


def _completeness(row: ResultRow) -> tuple[str, str, str]:
    return "starters", "rated@{visit}", ""


def _mean(row: ResultRow) -> tuple[str, str, str] | None:
    if row.visit == "baseline":
        return "starters", "", ""
    if row.population == "observed" and row.definition in ("", *REDUCTIONS):
        return "rated@{visit}", "", "missing@{visit}"
    if row.measure == "percent_reduction" and row.population == "all_starters":
        return "starters", "", "missing@{visit}"
    return None


def _relief(row: ResultRow) -> tuple[str, str, str] | None:
    # One definition only: two differ by the few patients who had a booster.
    told = row.population == "responders" and row.definition == "booster_as_loss"
    return ("timed", "", "") if told else None


def _relieved(row: ResultRow) -> tuple[str, str, str]:
    return "starters", "ge30@{visit}", "missing@{visit}"


def _flag(row: ResultRow) -> tuple[str, str, str]:
    return "treated", f"flag {row.definition}", ""


_TELL: dict[str, Callable[[ResultRow], tuple[str, str, str] | None]] = {
    "patients": _flow,
    "responder_share": _responders,
    "cumulative_responder_share": _responders,
    "worsening_share": _worsening,
    "completeness_share": _completeness,
    "percent_reduction": _mean,
    "score_mean": _mean,
    "change_mean": _mean,
    "relief_duration": _relief,
    "relieved_share": _relief,
    "relieved_patients": _relieved,
    "flag_share": _flag,
    table_one.NUMBER: _number,
}


def count_table(rows: Iterable[ResultRow], *, groups_fill: bool = False) -> CountTable:
    """Return every count that rows tell, with all that is known of how they add up.

    Parameters
    ----------
    rows : iterable of ResultRow
        Of one run, or of one release, where withheld counts are None. Rows of measures that are
        not released add nothing.
    groups_fill : bool
        Take it that everybody is in one of the groups, where counts that would tell are None.
    """
    table = CountTable()
    for row in rows:
        cells = cells_of(row)
        if cells:
            _enter(table, row, cells)
    places = sorted({tuple(name.split("|", 3)[1:]) for name in table.counts})
    for place in places:
        _relate(table, place)
    add_groups(table, fill=groups_fill)
    return table


def _enter(table: CountTable, row: ResultRow, cells: RowCells) -> None:
    stated = {cells.n: row.n, cells.missing: row.n_missing, cells.events: events_of(row)}
    for name, count in stated.items():
        if name is not None:
            table.state(name, count)


def events_of(row: ResultRow) -> int | None:
    """Return a row's numerator; of a count it is the count itself."""
    if row.unit == "count":
        return None if row.value is None else int(row.value)
    # Of nobody, nobody has anything; such rows leave their numerator empty.
    return 0 if row.n == 0 else row.n_events


def _relate(table: CountTable, place: tuple[str, ...]) -> None:
    """Enter what lies in what, in one condition and group."""

    def at(kind: str) -> str:
        return cell_name(kind, *place)

    def inside(total: str, *parts: str) -> None:
        table.add_inside(at(total), [at(part) for part in parts])

    kinds = [n.split("|", 1)[0] for n in table.counts if n.endswith("|" + "|".join(place))]
    losses = [kind for name, kind in FLOW.items() if name not in ("in_file", "never_treated")]
    inside("in file", "never treated", *losses)
    inside("in file", "treated")
    inside("treated", *losses)
    inside("treated", "starters")
    for visit in sorted({kind.split("@")[1] for kind in kinds if "@" in kind}):
        _relate_visit(table, at, visit, kinds)
    _relate_treatment(table, inside)
    for flag in [kind for kind in kinds if kind.startswith("flag ")]:
        inside("treated", flag)
    for name in sorted(kind.removeprefix("known ") for kind in kinds if kind.startswith("known ")):
        parts = [at(f"known {name}"), at(f"unknown {name}")]
        table.add_inside(at("starters"), parts, exactly=True)
    inside("ge30@end", "timed")
    _relate_protocols(table, place)


def _relate_visit(
    table: CountTable, at: Callable[[str], str], visit: str, kinds: list[str]
) -> None:
    rated, missing = at(f"rated@{visit}"), at(f"missing@{visit}")
    table.add_inside(at("starters"), [rated, missing], exactly=True)
    table.add_inside(missing, [at(f"could respond@{visit}")])
    steps = sorted(float(k[2:].split("@")[0]) for k in kinds if _is_step(k, visit))
    chain = [at(f"ge{step:g}@{visit}") for step in steps]
    for wide, narrow in pairwise(chain):
        table.add_inside(wide, [narrow])
    worse = sorted(at(k) for k in kinds if k.startswith("worse") and k.endswith(f"@{visit}"))
    table.add_inside(rated, [*chain[:1], *worse])
    some = at(f"any relief@{visit}")
    above = [name for step, name in zip(steps, chain, strict=True) if step > 0]
    table.add_inside(some, above[:1])
    table.add_inside(at(f"ge0@{visit}"), [some])
    for name in [*chain, *worse, some, at(f"two points@{visit}")]:
        table.add_inside(rated, [name])
        table.add_inside(at("starters"), [name])
        kind = name.split("|", 1)[0]
        best, could = at(f"best {kind}"), at(f"could respond@{visit}")
        table.add_inside(best, [name, could], exactly=True)
        table.add_inside(at("starters"), [best])


def _is_step(kind: str, visit: str) -> bool:
    return kind.startswith("ge") and kind.endswith(f"@{visit}")


def _relate_treatment(table: CountTable, inside: Callable[..., None]) -> None:
    inside("treated", "standard", "high dose")
    inside("standard", "given six")
    inside("given six", "six in 21")
    inside("standard", "six in 21")
    inside("standard", "45 to 60")
    inside("high dose", "4 hours")
    inside("treated", "boosted", "not followed")
    inside("treated", "boosted")
    inside("treated", "boosters with gaps")
    inside("treated", "rated after booster")
    inside("boosters with gaps", "gap median")
    inside("boosters with gaps", "gap mean")
    inside("rated after booster", "recurred")
    inside("starters", "rated early", "not rated early")
    inside("rated early", "early response")
    inside("starters", "late response", "not rated late")
    inside("treated", "duration known", "duration unknown")
    inside("duration known", "3 months")
    inside("treated", "failures known", "failures unknown")
    inside("failures known", "failed")
    inside("high dose", "severity known", "severity unknown")
    inside("severity known", "severe")


def _relate_protocols(table: CountTable, place: tuple[str, ...]) -> None:
    """Enter that starters on a protocol are treated by it."""
    condition, group_by, group = place
    kind = {"standard": "standard", "high_dose": "high dose"}.get(group)
    if group_by == "protocol" and kind:
        table.add_inside(cell_name(kind, condition), [cell_name("starters", *place)])
