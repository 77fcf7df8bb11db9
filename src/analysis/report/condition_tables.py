"""Tables of one condition: which result rows stand in which, in which order."""

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
from analysis.wording.texts import say

SUBGROUPS = ("subtype", "protocol", "arm", "site")
MAIN_POPULATION = "all_starters"
BOUNDS = ("worst_case", "best_case")
EXACT = "_exact"
"""How the definition of a share with an exact interval ends."""

_ORDER = {code: place for place, code in enumerate([*words.DEFINITIONS, *words.POPULATIONS])}


def cited_band(inputs: ReportInputs, row: ResultRow) -> Band:
    """Return the cited band of the headline claim on the row's condition and measure."""
    for judgement in inputs.headline:
        same = judgement.condition == row.condition and judgement.unit == row.unit
        judged = inputs.row_named(judgement.result_id)
        if same and (judged is None or judged.measure == row.measure):
            return judgement.cited_low, judgement.cited_high
    return NO_BAND


def is_judged(inputs: ReportInputs, row: ResultRow) -> bool:
    """Return whether the verdict of a headline claim rests on this row."""
    return any(judgement.result_id == row.result_id for judgement in inputs.headline)


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


def at_visit(inputs: ReportInputs, rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Keep the visit at which response is judged; every visit where no row is of that one."""
    wanted = [row for row in rows if row.visit == inputs.setting("analysis_visit")]
    return wanted or list(rows)


def _several_visits(rows: Sequence[ResultRow]) -> bool:
    return len({row.visit for row in rows}) > 1


def _visit_of_several(rows: Sequence[ResultRow]) -> Callable[[ResultRow], str]:
    """Return what tells a row's visit; nothing where all rows are of one visit."""
    several = _several_visits(rows)
    return lambda row: words.visit_word(row.visit) if several else ""


def _counted(row: ResultRow) -> str:
    return words.word(words.POPULATIONS_SHORT, row.population)


def _defined(row: ResultRow) -> str:
    return words.word(words.DEFINITIONS, row.definition)


def _measure(inputs: ReportInputs, rows: Sequence[ResultRow], measure: str) -> list[ResultRow]:
    found = find_rows(rows, measure=measure, group_by=ALL)
    return in_order(at_visit(inputs, found))


def responders(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    """Return the rates at every threshold, of all who started and of those seen."""
    every = _measure(inputs, rows, "responder_share")
    found = [row for row in every if not row.definition.endswith(EXACT)
             and row.population not in BOUNDS]  # fmt: skip
    exact = {_beside(row): interval_text(row) for row in every if row.definition.endswith(EXACT)}
    return estimates_table(
        found,
        caption=with_visit(say("captions.responders"), found),
        heads=(
            (say("heads.response"), response_word),
            (say("heads.counted"), _counted),
            (say("heads.visit"), _visit_of_several(found)),
        ),
        band=lambda row: cited_band(inputs, row),
        is_marked=lambda row: is_judged(inputs, row),
        beside=(say("heads.exact"), lambda row: exact.get(_beside(row), "")),
    )


def _beside(row: ResultRow) -> tuple[str, float | None, str, str]:
    """Return what a share and its exact twin have in common."""
    return row.definition.removesuffix(EXACT), row.threshold_pct, row.population, row.visit


def by_visit(rows: Sequence[ResultRow]) -> TableView | None:
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
        caption=say("captions.by_visit"),
        down=(say("heads.response"), response_word),
        across=lambda row: words.visit_word(row.visit),
        show=with_interval,
    )


def reductions(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    """Return percent reduction in each of its definitions."""
    found = _measure(inputs, rows, "percent_reduction")
    return estimates_table(
        found,
        caption=with_visit(say("captions.reductions"), found),
        heads=(
            (say("heads.definition"), _defined),
            (say("heads.counted"), _counted),
            (say("heads.visit"), _visit_of_several(found)),
        ),
        band=lambda row: cited_band(inputs, row),
        is_marked=lambda row: is_judged(inputs, row),
    )


def worse_beside_better(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    """Return who got worse beside who got better, of the same patients: those seen."""
    worse = _measure(inputs, rows, "worsening_share")
    if not worse:
        return None
    whose = {row.population for row in worse}
    better = [row for row in _measure(inputs, rows, "responder_share")
              if row.definition == "percent_reduction" and row.population in whose]  # fmt: skip
    found = [*better, *worse]
    return estimates_table(
        found,
        caption=with_visit(say("captions.worse"), found),
        heads=(
            (say("heads.pain"), _better_or_worse),
            (say("heads.counted"), _counted),
            (say("heads.visit"), _visit_of_several(found)),
        ),
    )


def _better_or_worse(row: ResultRow) -> str:
    if row.measure == "worsening_share":
        return words.word(words.MEASURES, row.measure)
    measure = words.word(words.MEASURES, row.measure)
    return say("captions.less_pain", measure=measure, response=response_word(row))


def bounds(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    """Return the rates with those not seen put wholly on one side; None where nobody is missing."""
    every = [row for row in _measure(inputs, rows, "responder_share")
             if not row.definition.endswith(EXACT)]  # fmt: skip
    if not any(row.population in BOUNDS for row in every):
        return None
    return estimates_table(
        every,
        caption=with_visit(say("captions.bounds"), every),
        heads=(
            (say("heads.response"), response_word),
            (say("heads.counted"), lambda row: words.word(words.POPULATIONS, row.population)),
            (say("heads.visit"), _visit_of_several(every)),
        ),
        band=lambda row: cited_band(inputs, row),
        is_marked=lambda row: is_judged(inputs, row),
    )


def subgroups(inputs: ReportInputs, rows: Sequence[ResultRow]) -> list[TableView]:
    """Return responders by each grouping, one table a grouping."""
    named = [row.group_by for row in find_rows(rows, measure="responder_share")
             if row.group_by != ALL]  # fmt: skip
    groupings = [name for name in SUBGROUPS if name in named]
    groupings += [name for name in dict.fromkeys(named) if name not in SUBGROUPS]
    made = []
    for name in groupings:
        found = _main_shares(at_visit(inputs, find_rows(rows, measure="responder_share",
                                                         group_by=name)))  # fmt: skip
        title = words.word(words.GROUPINGS, name)
        made.append(crossed_table(
            in_order(found),
            caption=with_visit(say("captions.by_group", grouping=title.lower()), found),
            down=(title, group_word),
            across=lambda row: ", ".join((response_word(row),
                                          words.word(words.POPULATIONS_SHORT, row.population))),
            show=with_interval,
        ))  # fmt: skip
    return [table for table in made if table]


def _main_shares(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Keep percent thresholds of all who started and of those seen; all rows if none is such."""
    main = [row for row in rows if row.definition == "percent_reduction"
            and row.population in (MAIN_POPULATION, "observed")]  # fmt: skip
    return main or list(rows)


def relief_shares(rows: Sequence[ResultRow]) -> TableView | None:
    """Return who is still relieved, week by week, with the numbers followed."""
    found = [
        row for row in find_rows(rows, group_by=ALL) if row.measure in ("relieved_share", "at_risk")
    ]
    return crossed_table(
        [row for row in found if row.measure == "relieved_share" or row.visit != "week_0"],
        caption=say("captions.relief_shares"),
        down=(say("heads.booster"), _relief_line),
        across=lambda row: words.visit_word(row.visit),
        show=with_interval,
    )


def _relief_line(row: ResultRow) -> str:
    told = words.word(words.DEFINITIONS, row.definition)
    if row.population == MAIN_POPULATION:
        told = say("captions.of_all_starters", what=told)
    return say("captions.followed", what=told) if row.measure == "at_risk" else told


def relief_medians(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    """Return the median duration of relief in each of its definitions."""
    found = in_order(find_rows(rows, measure="relief_duration", group_by=ALL))
    return estimates_table(
        found,
        caption=say("captions.relief_medians"),
        heads=(
            (say("heads.booster"), _defined),
            (say("heads.counted"), _counted),
        ),
        band=lambda row: cited_band(inputs, row),
        is_marked=lambda row: is_judged(inputs, row),
    )


def completeness(rows: Sequence[ResultRow]) -> TableView | None:
    """Return who was seen at each visit, of those who started."""
    return crossed_table(
        find_rows(rows, measure="completeness_share", group_by=ALL),
        caption=say("captions.completeness"),
        down=(say("heads.of"), _counted),
        across=lambda row: words.visit_word(row.visit),
        with_note=False,
    )


def with_visit(caption: str, rows: Sequence[ResultRow]) -> str:
    """Return a caption with ", end of series" where all rows are of one visit."""
    visits = {row.visit for row in rows}
    visit = visits.pop() if len(visits) == 1 else ""
    if not visit:
        return caption
    return say("captions.at_visit", caption=caption, visit=words.visit_word(visit))
