"""Which result rows stand in which table of a condition, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analysis.display.figures.labels import group_word
from analysis.outcomes.rows import ResultRow, find_rows
from analysis.report.inputs import ALL, ReportInputs
from analysis.report.tables import (
    NO_BAND,
    Band,
    TableView,
    crossed_table,
    estimates_table,
    response_word,
    with_interval,
)
from analysis.wording import words
from analysis.wording.numbers import interval_text

SUBGROUPS = ("subtype", "protocol", "arm", "site")
MAIN_POPULATION = "all_starters"
EXACT = "_exact"
"""How the definition of a share with an exact interval ends."""

_ORDER = {code: place for place, code in enumerate([*words.DEFINITIONS, *words.POPULATIONS])}


def outcome_tables(inputs: ReportInputs, rows: Sequence[ResultRow]) -> list[TableView]:
    """Return the tables that come before the figures: completeness first, then outcomes."""
    made = (
        _completeness(rows),
        _responders(inputs, rows),
        _reductions(inputs, rows),
        _worsening(inputs, rows),
        _by_visit(rows),
    )
    return [table for table in made if table]


def further_tables(inputs: ReportInputs, rows: Sequence[ResultRow]) -> list[TableView]:
    """Return the tables that come after the figures: subgroups and relief."""
    made = (*_subgroups(inputs, rows), _relief_shares(rows), _relief_medians(inputs, rows))
    return [table for table in made if table]


def overview_tables(inputs: ReportInputs) -> list[TableView]:
    """Return the tables across conditions: responders, reduction and relief side by side."""
    shown = [row for row in inputs.rows if row.group_by == ALL]
    order = [*inputs.shown_conditions, ALL]
    shown = sorted(shown, key=lambda row: order.index(row.condition) if row.condition in order
                   else len(order))  # fmt: skip
    at_visit = _at_visit(inputs, shown)
    made = (
        _by_condition(inputs, [row for row in find_rows(at_visit, measure="responder_share",
                                                        population=MAIN_POPULATION)
                               if not row.definition.endswith(EXACT)],
                      "Responders, all who started (missing = not responding)", response_word),
        _by_condition(inputs, find_rows(at_visit, measure="percent_reduction",
                                        population="observed"),
                      "Percent pain reduction, those seen",
                      lambda row: words.word(words.DEFINITIONS, row.definition)),
        _by_condition(inputs, _main_relief(inputs, shown, "relieved_share"),
                      "Share of responders still relieved, a booster counted as set",
                      lambda row: words.visit_word(row.visit)),
        _by_condition(inputs, _main_relief(inputs, shown, "relief_duration"),
                      "Median duration of relief", lambda row: "Median"),
    )  # fmt: skip
    return [table for table in made if table]


def cited_band(inputs: ReportInputs, row: ResultRow) -> Band:
    """Return the cited band a row may be compared with: of its condition, in its unit."""
    for judgement in inputs.judgements:
        if judgement.condition == row.condition and judgement.unit == row.unit:
            return judgement.cited_low, judgement.cited_high
    return NO_BAND


def is_judged(inputs: ReportInputs, row: ResultRow) -> bool:
    """Return whether a verdict rests on this row."""
    return any(judgement.result_id == row.result_id for judgement in inputs.judgements)


def in_order(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Sort by visit as given, then definition, threshold and population in the order of words."""
    visits = list(dict.fromkeys(row.visit for row in rows))
    return sorted(
        rows,
        key=lambda row: (
            visits.index(row.visit),
            _ORDER.get(row.definition, len(_ORDER)),
            row.threshold_pct or 0.0,
            _ORDER.get(row.population, len(_ORDER)),
        ),
    )


def _at_visit(inputs: ReportInputs, rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Keep the visit at which response is judged; every visit where no row is of that one."""
    wanted = [row for row in rows if row.visit == inputs.setting("analysis_visit")]
    return wanted or list(rows)


def _several_visits(rows: Sequence[ResultRow]) -> bool:
    return len({row.visit for row in rows}) > 1


def _measure(inputs: ReportInputs, rows: Sequence[ResultRow], measure: str) -> list[ResultRow]:
    found = find_rows(rows, measure=measure, group_by=ALL)
    return in_order(_at_visit(inputs, found))


def _responders(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    every = _measure(inputs, rows, "responder_share")
    found = [row for row in every if not row.definition.endswith(EXACT)]
    exact = {_beside(row): interval_text(row) for row in every if row.definition.endswith(EXACT)}
    return estimates_table(
        found,
        caption=f"Responders{_when(found)}",
        heads={
            "Pain reduction": response_word,
            "Counted": lambda row: words.word(words.POPULATIONS_SHORT, row.population),
            "Visit": lambda row: words.visit_word(row.visit) if _several_visits(found) else "",
        },
        band=lambda row: cited_band(inputs, row),
        is_marked=lambda row: is_judged(inputs, row),
        beside=("Exact interval", lambda row: exact.get(_beside(row), "")),
    )


def _beside(row: ResultRow) -> tuple[str, float | None, str, str]:
    """Return what a share and its exact twin have in common."""
    return row.definition.removesuffix(EXACT), row.threshold_pct, row.population, row.visit


def _by_visit(rows: Sequence[ResultRow]) -> TableView | None:
    """Return the main responder rates over time; None where there is one visit only."""
    found = find_rows(
        rows,
        measure="responder_share",
        definition="percent_reduction",
        population=MAIN_POPULATION,
        group_by=ALL,
    )
    if not _several_visits(found):
        return None
    return crossed_table(
        found,
        caption="Responders at each visit, all who started",
        down=("Pain reduction", response_word),
        across=lambda row: words.visit_word(row.visit),
        show=with_interval,
    )


def _reductions(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    found = _measure(inputs, rows, "percent_reduction")
    return estimates_table(
        found,
        caption=f"Percent pain reduction in its definitions{_when(found)}",
        heads={
            "Definition": lambda row: words.word(words.DEFINITIONS, row.definition),
            "Counted": lambda row: words.word(words.POPULATIONS_SHORT, row.population),
            "Visit": lambda row: words.visit_word(row.visit) if _several_visits(found) else "",
        },
        band=lambda row: cited_band(inputs, row),
        is_marked=lambda row: is_judged(inputs, row),
    )


def _worsening(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    found = _measure(inputs, rows, "worsening_share")
    return estimates_table(
        found,
        caption=f"Worse instead of better{_when(found)}",
        heads={
            "Measure": lambda row: words.word(words.MEASURES, row.measure),
            "Counted": lambda row: words.word(words.POPULATIONS_SHORT, row.population),
            "Visit": lambda row: words.visit_word(row.visit) if _several_visits(found) else "",
        },
    )


def _subgroups(inputs: ReportInputs, rows: Sequence[ResultRow]) -> list[TableView | None]:
    named = [row.group_by for row in rows if row.group_by != ALL]
    groupings = [name for name in SUBGROUPS if name in named]
    groupings += [name for name in dict.fromkeys(named) if name not in SUBGROUPS]
    made = []
    for name in groupings:
        found = _main_shares(_at_visit(inputs, find_rows(rows, measure="responder_share",
                                                         group_by=name)))  # fmt: skip
        title = words.word(words.GROUPINGS, name)
        made.append(crossed_table(
            in_order(found), caption=f"Responders by {title.lower()}{_when(found)}",
            down=(title, group_word),
            across=lambda row: ", ".join((response_word(row),
                                          words.word(words.POPULATIONS_SHORT, row.population))),
            show=with_interval,
        ))  # fmt: skip
    return made


def _main_shares(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Keep percent thresholds of all who started and of those seen; all rows if none is such."""
    main = [row for row in rows if row.definition == "percent_reduction"
            and row.population in (MAIN_POPULATION, "observed")]  # fmt: skip
    return main or list(rows)


def _relief_shares(rows: Sequence[ResultRow]) -> TableView | None:
    found = [
        row for row in find_rows(rows, group_by=ALL) if row.measure in ("relieved_share", "at_risk")
    ]
    return crossed_table(
        [row for row in found if row.measure == "relieved_share" or row.visit != "week_0"],
        caption="Still relieved, of responders, weeks after the end of the series",
        down=("What a booster is", _relief_line),
        across=lambda row: words.visit_word(row.visit),
        show=with_interval,
    )


def _relief_line(row: ResultRow) -> str:
    told = words.word(words.DEFINITIONS, row.definition)
    if row.population == MAIN_POPULATION:
        told += ", of all who started"
    return f"{told}, number followed" if row.measure == "at_risk" else told


def _relief_medians(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    found = in_order(find_rows(rows, measure="relief_duration", group_by=ALL))
    return estimates_table(
        found,
        caption="Median duration of relief",
        heads={
            "What a booster is": lambda row: words.word(words.DEFINITIONS, row.definition),
            "Counted": lambda row: words.word(words.POPULATIONS_SHORT, row.population),
        },
        band=lambda row: cited_band(inputs, row),
        is_marked=lambda row: is_judged(inputs, row),
    )


def _completeness(rows: Sequence[ResultRow]) -> TableView | None:
    return crossed_table(
        find_rows(rows, measure="completeness_share", group_by=ALL),
        caption="Seen at each visit, of those who started",
        down=("Of", lambda row: words.word(words.POPULATIONS_SHORT, row.population)),
        across=lambda row: words.visit_word(row.visit),
        with_note=False,
    )


def _by_condition(
    inputs: ReportInputs,
    rows: Sequence[ResultRow],
    caption: str,
    across: Callable[[ResultRow], str],
) -> TableView | None:
    return crossed_table(
        rows,
        caption=caption + _when(rows),
        down=("Condition", lambda row: words.condition_word(row.condition, inputs.conditions)),
        across=across,
        show=with_interval,
    )


def _main_relief(inputs: ReportInputs, rows: Sequence[ResultRow], measure: str) -> list[ResultRow]:
    """Keep the definition in force; every one where none is of that name."""
    found = find_rows(rows, measure=measure, group_by=ALL)
    names = {"loss": "booster_as_loss", "censoring": "booster_as_censoring"}
    wanted = names.get(inputs.setting("booster_strategy"), "booster_ignored")
    return [row for row in found if row.definition == wanted] or found


def _when(rows: Sequence[ResultRow]) -> str:
    """Return ", end of series" where all rows are of one visit."""
    visits = {row.visit for row in rows}
    visit = visits.pop() if len(visits) == 1 else ""
    return f", {words.visit_word(visit)}" if visit else ""
