"""Tables across conditions: responders, reduction and relief side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analysis.outcomes.rows import ResultRow, find_rows
from analysis.report.condition_tables import EXACT, MAIN_POPULATION, at_visit, with_visit
from analysis.report.inputs import ALL, ReportInputs
from analysis.report.tables import TableView, crossed_table, response_word, with_interval
from analysis.wording import words
from analysis.wording.texts import say

BOOSTER_AS = {"loss": "booster_as_loss", "censoring": "booster_as_censoring"}


def outcomes_across(inputs: ReportInputs) -> list[TableView]:
    """Return responders and percent reduction, one line a condition."""
    shown = at_visit(inputs, _in_order(inputs))
    rates = [row for row in find_rows(shown, measure="responder_share", population=MAIN_POPULATION)
             if not row.definition.endswith(EXACT)]  # fmt: skip
    falls = find_rows(shown, measure="percent_reduction", population="observed")
    return _tables(
        _by_condition(inputs, rates, say("captions.across_responders"), response_word),
        _by_condition(inputs, falls, say("captions.across_reductions"),
                      lambda row: words.word(words.DEFINITIONS, row.definition)),
    )  # fmt: skip


def relief_across(inputs: ReportInputs) -> list[TableView]:
    """Return who is still relieved, and the median, one line a condition."""
    shown = _in_order(inputs)
    medians = _main_relief(inputs, shown, "relief_duration")
    shares = _main_relief(inputs, shown, "relieved_share")
    return _tables(
        _by_condition(inputs, medians, say("captions.relief_medians"),
                      lambda row: words.word(words.POPULATIONS_SHORT, row.population)
                      or say("heads.median")),
        _by_condition(inputs, shares, say("captions.across_relief"),
                      lambda row: words.visit_word(row.visit)),
    )  # fmt: skip


def _tables(*made: TableView | None) -> list[TableView]:
    return [table for table in made if table]


def _in_order(inputs: ReportInputs) -> list[ResultRow]:
    order = [*inputs.shown_conditions, ALL]
    shown = [row for row in inputs.rows if row.group_by == ALL and row.condition in order]
    return sorted(shown, key=lambda row: order.index(row.condition))


def _by_condition(
    inputs: ReportInputs,
    rows: Sequence[ResultRow],
    caption: str,
    across: Callable[[ResultRow], str],
) -> TableView | None:
    return crossed_table(
        rows,
        caption=with_visit(caption, rows),
        down=(
            say("claims.condition"),
            lambda row: words.condition_word(row.condition, inputs.conditions),
        ),
        across=across,
        show=with_interval,
    )


def _main_relief(inputs: ReportInputs, rows: Sequence[ResultRow], measure: str) -> list[ResultRow]:
    """Keep the definition in force, of responders; every row where none is such."""
    found = find_rows(rows, measure=measure, group_by=ALL)
    wanted = BOOSTER_AS.get(inputs.setting("booster_strategy"), "booster_ignored")
    main = [row for row in found if row.definition == wanted]
    if measure == "relieved_share":
        main = [row for row in main if row.population == "responders"] or main
    return main or found
