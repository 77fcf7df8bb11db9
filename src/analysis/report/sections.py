"""Sections by condition: which rows stand in which table, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analysis.display import words
from analysis.display.figures.labels import group_word
from analysis.display.numbers import count_text, estimate_text
from analysis.outcomes.rows import FigureNote, ResultRow, find_rows
from analysis.report.inputs import ALL, NotebookLink, ReportInputs
from analysis.report.tables import (
    NO_BAND,
    Band,
    TableView,
    crossed_table,
    estimates_table,
    response_word,
    with_interval,
)

SUBGROUPS = ("subtype", "protocol", "arm", "site")
MAIN_POPULATION = "all_starters"
_ORDER = {code: place for place, code in enumerate([*words.DEFINITIONS, *words.POPULATIONS])}


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A step from file to analysis: what it is and how many patients are left."""

    step: str
    count: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """What the page says about one condition, or about all of them."""

    code: str
    anchor: str
    label: str
    lead: str
    flow: tuple[Flow, ...]
    sentences: tuple[str, ...]
    outcomes: tuple[TableView, ...]
    further: tuple[TableView, ...]
    figures: tuple[FigureNote, ...]
    rows: tuple[ResultRow, ...]
    failures: tuple[NotebookLink, ...]
    links: tuple[NotebookLink, ...]


def make_section(inputs: ReportInputs, code: str, *, place: int) -> Section:
    """Return the section of one condition."""
    rows = find_rows(inputs.rows, condition=code)
    outcomes = (
        _completeness(rows),
        _responders(inputs, rows),
        _reductions(inputs, rows),
        _worsening(inputs, rows),
    )
    further = (
        *_subgroups(inputs, rows),
        _relief_shares(rows),
        _relief_medians(inputs, rows),
    )
    return _section(inputs, code, f"condition-{place}", rows, outcomes, further, _lead(rows))


def make_overview(inputs: ReportInputs) -> Section:
    """Return the section across conditions: responders, reduction and relief side by side."""
    shown = [row for row in inputs.rows if row.group_by == ALL]
    order = [*inputs.shown_conditions, ALL]
    shown = sorted(shown, key=lambda row: order.index(row.condition) if row.condition in order
                   else len(order))  # fmt: skip
    at_visit = _at_visit(inputs, shown)
    tables = (
        _by_condition(inputs, find_rows(at_visit, measure="responder_share",
                                        population=MAIN_POPULATION),
                      "Responders, all who started (missing = not responding)", response_word),
        _by_condition(inputs, find_rows(at_visit, measure="percent_reduction"),
                      "Percent pain reduction, those seen",
                      lambda row: words.word(words.DEFINITIONS, row.definition)),
        _by_condition(inputs, _main_relief(inputs, shown, "relieved_share"),
                      "Share of responders still relieved, a booster counted as set",
                      lambda row: words.visit_word(row.visit)),
        _by_condition(inputs, _main_relief(inputs, shown, "relief_duration"),
                      "Median duration of relief", lambda row: "Median"),
    )  # fmt: skip
    return _section(inputs, ALL, "across", find_rows(inputs.rows, condition=ALL), tables, (), "")


def _section(
    inputs: ReportInputs,
    code: str,
    anchor: str,
    rows: Sequence[ResultRow],
    outcomes: Sequence[TableView | None],
    further: Sequence[TableView | None],
    lead: str,
) -> Section:
    links = [link for link in inputs.links if link.condition == code]
    return Section(
        code=code,
        anchor=anchor,
        label=words.condition_word(code, inputs.conditions),
        lead=lead,
        flow=_flow(rows),
        sentences=tuple(s.text for s in inputs.sentences if s.condition == code),
        outcomes=tuple(table for table in outcomes if table),
        further=tuple(table for table in further if table),
        figures=tuple(note for note in inputs.figure_notes if note.condition == code),
        rows=tuple(rows),
        failures=tuple(link for link in links if link.error),
        links=tuple(link for link in links if not link.error),
    )


def cited_band(inputs: ReportInputs, row: ResultRow) -> Band:
    """Return the cited band a row may be compared with: of its condition, in its unit."""
    for judgement in inputs.judgements:
        if judgement.condition == row.condition and judgement.unit == row.unit:
            return judgement.cited_low, judgement.cited_high
    return NO_BAND


def is_judged(inputs: ReportInputs, row: ResultRow) -> bool:
    """Return whether a verdict rests on this row."""
    return any(judgement.result_id == row.result_id for judgement in inputs.judgements)


def _in_order(rows: Sequence[ResultRow]) -> list[ResultRow]:
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
    return _in_order(_at_visit(inputs, found))


def _responders(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    found = _measure(inputs, rows, "responder_share")
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
        found = _at_visit(inputs, find_rows(rows, measure="responder_share", group_by=name))
        title = words.word(words.GROUPINGS, name)
        made.append(crossed_table(
            _in_order(found), caption=f"Responders by {title.lower()}{_when(found)}",
            down=(title, group_word),
            across=lambda row: ", ".join((response_word(row),
                                          words.word(words.POPULATIONS_SHORT, row.population))),
            show=with_interval,
        ))  # fmt: skip
    return made


def _relief_shares(rows: Sequence[ResultRow]) -> TableView | None:
    found = [
        row for row in find_rows(rows, group_by=ALL) if row.measure in ("relieved_share", "at_risk")
    ]
    return crossed_table(
        [row for row in found if row.measure == "relieved_share" or row.visit != "week_0"],
        caption="Responders still relieved, weeks after the end of the series",
        down=("What a booster is", _relief_line),
        across=lambda row: words.visit_word(row.visit),
        show=with_interval,
    )


def _relief_line(row: ResultRow) -> str:
    told = words.word(words.DEFINITIONS, row.definition)
    return f"{told}, number followed" if row.measure == "at_risk" else told


def _relief_medians(inputs: ReportInputs, rows: Sequence[ResultRow]) -> TableView | None:
    found = _in_order(find_rows(rows, measure="relief_duration", group_by=ALL))
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


def _flow(rows: Sequence[ResultRow]) -> tuple[Flow, ...]:
    steps = _in_order(find_rows(rows, measure="patients", group_by=ALL))
    return tuple(
        Flow(step=words.word(words.DEFINITIONS, row.definition), count=estimate_text(row))
        for row in steps
    )


def _lead(rows: Sequence[ResultRow]) -> str:
    """Return who they are: how many started, and how many of each subtype where it is known."""
    started = find_rows(rows, measure="patients", definition="started", group_by=ALL)
    said = [f"{estimate_text(started[0])} patients started treatment."] if started else []
    sizes: dict[str, str] = {}
    for row in rows:
        whole = row.measure == "patients" and row.definition == "started"
        if row.group_by == "subtype" and (whole or row.population == MAIN_POPULATION):
            sizes.setdefault(group_word(row), count_text(row.value if whole else row.n))
    if sizes:
        listed = ", ".join(f"{name} {n}" for name, n in sizes.items())
        said.append(f"Subtypes (patients counted): {listed}.")
    return " ".join(said)
