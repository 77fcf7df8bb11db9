"""Which result rows stand in which table of a section, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.claims.plain_sentences import inside
from analysis.labels import (
    CHARACTERISTICS,
    DEFINITIONS,
    GROUPINGS,
    GROUPS,
    MEASURES,
    POPULATIONS,
    clock_word,
    condition_word,
    definition_word,
    scale_word,
    visit_word,
    word,
)
from analysis.numbers import NO_NUMBER, count_text, estimate_text, interval_text, without_unit
from analysis.report.tables import (
    BY_TIME,
    NO_BAND,
    SUBGROUPS,
    Band,
    Cell,
    Heading,
    Table,
    Words,
    anchor,
    cell_of,
    crossed_table,
    estimates_table,
    group_word,
    measure_word,
    pick,
    population_word,
    response_word,
    threshold_word,
)
from analysis.results import Row
from analysis.settings import data_rows

EXACT, SEQUENCE = "_exact", "_sequence"
"""How the definition of a share ends with an exact interval, and with limits for all looks."""

ARM_MEASURES = ("responder_difference", "responder_ratio", "reduction_difference",
                "change_difference", "relief_difference")  # fmt: skip
"""Comparisons of two arms."""

_ORDER = {code: place for place, code in enumerate([*DEFINITIONS, *POPULATIONS])}
_LOST = ("never_treated", "baseline_zero", "baseline_below_minimum")
_UNKNOWN = ("no_baseline_rating", "not_rated")


@dataclass(frozen=True)
class Context:
    """What the tables of a section need besides its rows.

    ``visit``, ``relief`` and ``threshold_pct`` are those of the settings: where response is judged,
    the definition of relief (`analysis.stats.relief.definition_of`) and the least reduction. Rows
    that claims ask for may have others. ``bands`` are cited bands by (condition, measure, unit);
    ``judged`` the rows under a verdict.
    """

    labels: Mapping[str, str]
    visit: str
    relief: str
    threshold_pct: float
    bands: Mapping[tuple[str, str, str], Band]
    judged: frozenset[str]

    def band(self, row: Row) -> Band:
        """Return the band cited for a row's condition and measure."""
        return self.bands.get((row.condition, row.measure, row.unit), NO_BAND)


def _sorted(rows: Sequence[Row]) -> list[Row]:
    """Sort by visit as given, then definition, threshold and population in the words' order."""
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


def _at_visit(context: Context, rows: Sequence[Row]) -> list[Row]:
    """Keep the visit at which response is judged; every visit where no row is of that one."""
    return [row for row in rows if row.visit == context.visit] or list(rows)


def _with_visit(caption: str, rows: Sequence[Row]) -> str:
    """Return a caption with ", end of series" where all rows are of one visit."""
    visits = {row.visit for row in rows}
    visit = visits.pop() if len(visits) == 1 else ""
    return f"{caption}, {visit_word(visit)}" if visit else caption


def _with_scale(caption: str, rows: Sequence[Row]) -> str:
    """Return a caption with the scale of the scores under it."""
    return f"{caption} (scale: {scale_word(rows[0].notes)})" if rows else caption


def _of(context: Context, rows: Sequence[Row], measure: str) -> list[Row]:
    return _sorted(_at_visit(context, pick(rows, measure=measure, group_by="all")))


def _plain(rows: Sequence[Row]) -> list[Row]:
    """Leave out the same shares with another interval."""
    return [row for row in rows if not row.definition.endswith((EXACT, SEQUENCE))]


def _definition(row: Row) -> str:
    return definition_word(row.definition)


def _visit(row: Row) -> str:
    return visit_word(row.visit)


def _leading(rows: Sequence[Row], *heads: tuple[str, Words]) -> list[tuple[str, Words]]:
    """Return leading columns, and the visit where the rows are of several."""
    several = len({row.visit for row in rows}) > 1
    return [*heads, ("Counted", population_word), *([("Visit", _visit)] if several else [])]


WORDS: Mapping[str, Words] = {
    "definition": _definition,
    "visit": _visit,
    "population": population_word,
    "response": response_word,
    "measure": lambda row: word(MEASURES, row.measure),
    "measure_at": lambda row: ", ".join(
        part for part in (word(MEASURES, row.measure), _visit(row)) if part
    ),
}
"""What stands down the side and across the top of `listed_tables`, by name."""


def _rows_listed(context: Context, rows: Sequence[Row], table: Mapping[str, str]) -> list[Row]:
    """Return the rows of a table of data/codes/page_tables.csv, of all patients of a condition.

    Of some definitions or populations, or of all but one that has a minus before it. Options: those
    of the visit at which response is judged (at_visit), without other intervals (plain), in the
    order of the measures (by_measure) or of the conditions (by_condition).
    """
    options, measures = table["options"].split(), table["measures"].split()
    found = pick(rows, measure=tuple(measures), group_by="all")
    found = _sorted(_at_visit(context, found)) if "at_visit" in options else found
    for name in ("definition", "population"):
        if table[name].startswith("-"):
            found = [row for row in found if getattr(row, name) != table[name][1:]]
        elif table[name]:
            found = pick(found, **{name: tuple(table[name].split())})
    found = _plain(found) if "plain" in options else found
    if "by_measure" in options:
        found.sort(key=lambda row: measures.index(row.measure))
    return _ranked(context, found) if "by_condition" in options else found


def listed_tables(context: Context, rows: Sequence[Row], topic: str) -> list[Table | None]:
    """Return the tables of a topic in data/codes/page_tables.csv.

    A line a row or, with something across the top, a cell a row. Options: leading columns as of
    other tables (leading), marks of what claims are judged on (judged), no intervals (bare), the
    scale in the caption (scale), nothing but of several_visits.
    """
    words = {**WORDS, "condition": lambda row: condition_word(row.condition, context.labels)}
    how: dict[str, Any]
    made: list[Table | None] = []
    for table in data_rows("codes/page_tables.csv"):
        if table["topic"] != topic:
            continue
        options, found = table["options"].split(), _rows_listed(context, rows, table)
        caption = _with_scale(table["caption"], found) if "scale" in options else table["caption"]
        caption = _with_visit(caption, found) if "at_visit" in options else caption
        named = [head.split("=") for head in table["heads"].split("|")]
        heads = [(title, words[name]) for title, name in named]
        heads = _leading(found, *heads) if "leading" in options else heads
        if not table["across"]:
            how = {"band": context.band, "judged": context.judged} if "judged" in options else {}
            made.append(estimates_table(found, caption=caption, heads=heads, **how))
        elif "several_visits" not in options or len({row.visit for row in found}) > 1:
            how = {"with_interval": False, "note": ""} if "bare" in options else {}
            across = words[table["across"]]
            made.append(crossed_table(found, caption=caption, down=heads[0], across=across, **how))
    return made


def _ranked(context: Context, rows: Sequence[Row]) -> list[Row]:
    """Sort by condition, in the order of their labels; all of them together come last."""
    rank = {code: place for place, code in enumerate(context.labels)}
    last = len(rank)
    return sorted(rows, key=lambda row: (row.condition == "all", rank.get(row.condition, last)))


def characteristics(rows: Sequence[Row]) -> Table | None:
    """Return who the patients are before treatment (Table 1); None where no row says it."""
    shares = pick(rows, measure="characteristic_share")
    numbers = pick(rows, measure="characteristic")
    if not shares and not numbers:
        return None
    n = max([*(row.n for row in shares), *(row.n + row.n_missing for row in numbers)])
    found = {row.definition: row for row in numbers}
    lines = []
    for name, title in CHARACTERISTICS.items():
        parts = [found.get(f"{name}_{end}") for end in
                 ("median", "quartile_1", "quartile_3", "mean", "standard_deviation")]  # fmt: skip
        if not all(parts):
            continue
        median, low, high, mean, spread = (row for row in parts if row)
        # The unit stands once in a cell.
        low_text, high_text, spread_text = (
            without_unit(estimate_text(row), row.unit) for row in (low, high, spread)
        )
        title += f" (scale: {scale_word(median.notes)})" if median.unit == "score" else ""
        lines.append((
            Cell(title),
            Cell(f"{estimate_text(median)} ({low_text} to {high_text})", row=anchor(median)),
            Cell(f"{estimate_text(mean)} ({spread_text})", row=anchor(mean)),
            Cell(count_text(median.n_missing)),
        ))  # fmt: skip
    order = list(CHARACTERISTICS)
    for row in sorted(shares, key=lambda row: order.index(row.definition)):
        title = f"{word(CHARACTERISTICS, row.definition)}: {word(GROUPS, row.group)}"
        lines.append((Cell(title), cell_of(row), Cell(NO_NUMBER), Cell(NO_NUMBER)))
    return Table(
        f"Patients before treatment, all counted as starters (n = {count_text(n)})",
        (
            Heading("Characteristic"),
            Heading("Patients, or median (quartiles)", numeric=True),
            Heading("Mean (standard deviation)", numeric=True),
            Heading("Not known", numeric=True),
        ),
        tuple(lines),
    )


def people(rows: Sequence[Row]) -> Table | None:
    """Return who the patients are in a few lines; None where no row says it."""
    numbers = {row.definition: row for row in pick(rows, measure="characteristic")}
    shares = pick(rows, measure="characteristic_share")
    lines = []
    for name, title in CHARACTERISTICS.items():
        median, low, high = (numbers.get(f"{name}_{end}")
                             for end in ("median", "quartile_1", "quartile_3"))  # fmt: skip
        if median and low and high and median.value is not None:
            ends = " to ".join(without_unit(estimate_text(row), row.unit) for row in (low, high))
            lines.append((Cell(title), Cell(f"{estimate_text(median)} ({ends})",
                                            row=anchor(median))))  # fmt: skip
        own = [row for row in shares if row.definition == name and row.definition != "site"]
        # Two groups are said by the larger one.
        for row in own[:1] if len(own) == 2 else own:
            lines.append((Cell(f"{title}: {word(GROUPS, row.group)}"), cell_of(row)))
    if not lines:
        return None
    return Table(
        "Who they are before treatment", (Heading("Median (quartiles), or patients"),
                                          Heading("All who started", numeric=True)), tuple(lines),
    )  # fmt: skip


def responders(context: Context, rows: Sequence[Row]) -> Table | None:
    """Return the responder shares of all who started and of those seen."""
    every = _of(context, rows, "responder_share")

    def twins(end: str) -> Words:
        """Return the interval of the same share whose definition has this end."""
        found = {
            (row.definition, row.threshold_pct, row.population, row.visit): interval_text(row)
            for row in every
        }
        return lambda row: found.get(
            (f"{row.definition}{end}", row.threshold_pct, row.population, row.visit), ""
        )

    found = [row for row in _plain(every) if row.population != "best_case"]
    return estimates_table(
        found,
        caption=_with_visit("Responders", found),
        heads=_leading(found, ("Pain reduction", response_word)),
        band=context.band,
        judged=context.judged,
        further=(
            ("Exact interval", twins(EXACT)),
            ("Limits for all looks together", twins(SEQUENCE)),
        ),
    )


def scores(rows: Sequence[Row]) -> Table | None:
    """Return the mean score at each visit, of who had no booster before it and of who had one."""
    found = pick(rows, measure="score_mean", group_by="all")
    apart = {row.condition for row in found if row.definition}
    found = [row for row in found if row.definition or row.condition not in apart]
    return estimates_table(
        _sorted(found),
        caption=_with_scale("Mean pain score at each visit, those seen", found),
        heads=[("Visit", _visit), ("Booster", _definition)],
    )


def scores_by_arm(rows: Sequence[Row]) -> Table | None:
    """Return mean and standard deviation of the score by arm and visit, and the modeled fall."""
    measures = ("score_mean", "score_sd", "change_mean", "change_sd", "change_mmrm")
    found = pick(rows, measure=measures, definition="", group_by="arm")
    if len({row.group for row in found}) < 2:
        return None
    found.sort(key=lambda row: (row.group, measures.index(row.measure)))
    return crossed_table(
        found,
        caption=_with_scale("Pain score by arm and visit", found),
        down=("Arm", lambda row: f"{group_word(row)}: {inside(word(MEASURES, row.measure))}"),
        across=_visit,
    )


def arms_compared(rows: Sequence[Row]) -> Table | None:
    """Return the comparisons of two arms, a line each; None where nobody is compared."""
    found = pick(rows, measure=ARM_MEASURES, group_by="arm_pair")

    def what(row: Row) -> str:
        name = measure_word(row)
        score = ", score interval" if row.definition.endswith("_score") else ""
        return ", ".join(part for part in (name, threshold_word(row.threshold_pct)) if part) + score

    return estimates_table(
        sorted(found, key=lambda row: row.group),
        caption="Arms compared, first less second; differences of shares and percents in "
        "percentage points",
        heads=[("Arms", group_word), ("What", what), ("Counted", population_word),
               ("Visit", _visit)],
    )  # fmt: skip


def worsening(context: Context, rows: Sequence[Row]) -> Table | None:
    """Return who got worse and who got better, of the same patients: those seen."""
    worse = _of(context, rows, "worsening_share")
    whose = tuple({row.population for row in worse})
    better = pick(_of(context, rows, "responder_share"), definition="percent_reduction",
                  population=whose)  # fmt: skip
    found = [*better, *worse] if worse else []

    def change(row: Row) -> str:
        name = word(MEASURES, row.measure)
        return name if row in worse else f"{name}: {response_word(row)} less pain"

    return estimates_table(
        found,
        caption=_with_visit("Worse and better", found),
        heads=_leading(found, ("Pain", change)),
    )


def missing(context: Context, rows: Sequence[Row]) -> Table | None:
    """Return the shares if nobody, and if everybody, who was not seen had responded."""
    every = _of(context, rows, "responder_share")
    columns = {
        "all_starters": "None of them responded",
        "imputed": "Imputed, as if missing at random",
        "best_case": "All responded",
    }
    place = list(columns)
    found = sorted(
        (row for row in every if row.population in columns),
        key=lambda row: place.index(row.population),
    )
    if not any(row.population == "best_case" for row in found):
        return None
    return crossed_table(
        _plain(found),
        caption=_with_visit("What those not seen could change", found),
        down=("Pain reduction", response_word),
        across=lambda row: columns[row.population],
        note="The truth lies between the first and the last.",
    )


def subgroups(context: Context, rows: Sequence[Row]) -> list[Table]:
    """Return responders by each grouping, a table each."""
    shares = pick(rows, measure="responder_share")
    shares = [row for row in shares if row.group_by not in ("all", *BY_TIME)]
    names = sorted(
        dict.fromkeys(row.group_by for row in shares),
        key=lambda name: SUBGROUPS.index(name) if name in SUBGROUPS else len(SUBGROUPS),
    )
    made = []
    for name in names:
        found = _at_visit(context, pick(shares, group_by=name))
        main = pick(found, definition="percent_reduction", population=("all_starters", "observed"))
        found = _sorted(main or found)
        title = word(GROUPINGS, name)
        made.append(crossed_table(
            found,
            caption=_with_visit(f"Responders by {title.lower()}", found),
            down=(title, group_word),
            across=lambda row: f"{response_word(row)}, {population_word(row)}",
        ))  # fmt: skip
    return [table for table in made if table]


OF_GROUPS = {
    ("completeness_share", "", "all_starters"): "Seen",
    ("responder_share", "percent_reduction", "all_starters"): "Responders, all who started",
    ("responder_share", "percent_reduction", "observed"): "Responders, only those seen",
    ("adjusted_share", "percent_reduction", "all_starters"): "All who started, adjusted",
    ("control_limits", "percent_reduction", "all_starters"): "Limits of chance",
    ("shrunk_share", "percent_reduction", "all_starters"): "Moved toward all",
}
"""Columns of the tables of sites and quarters, by measure, definition and population."""


def sites_and_quarters(context: Context, rows: Sequence[Row]) -> list[Table | None]:
    """Return how complete each site and quarter is, and its responders with the limits of chance.

    None for either where nothing was compared between them.
    """
    made: list[Table | None] = []
    for by in ("site", "quarter"):
        own = [row for row in rows if row.group_by == by and row.visit == context.visit]
        own = [row for row in own if row.threshold_pct in (None, context.threshold_pct)]
        kept = [
            row
            for what in OF_GROUPS
            for row in own
            if (row.measure, row.definition, row.population) == what
        ]
        made.append(crossed_table(
            kept,
            caption=_with_visit(f"By {word(GROUPINGS, by).lower()}", kept),
            down=(word(GROUPINGS, by), group_word),
            across=lambda row: OF_GROUPS[row.measure, row.definition, row.population],
            note="In the order of names or of time, which is no order of merit. Limits of chance: "
            "99.8%, about the share of all.",
        ) if pick(kept, measure="control_limits") else None)  # fmt: skip
    return made


SEEN_FIRST = {
    ("recorded_share", "all_starters"): "Scored, of all due",
    ("improved_share", "observed"): "Better, of those scored",
    ("improved_share", "all_starters"): "Better, the missing not",
    ("improved_share", "imputed"): "Better, missing imputed",
    ("worsened_share", "observed"): "Worse, of those scored",
    ("questionnaire_change", "observed"): "Mean change for the better",
}
"""Columns of the table of domains by measure and population, completeness first."""


def domains(rows: Sequence[Row]) -> Table | None:
    """Return each domain and visit: how many were scored, who is better, who is worse."""
    found = [row for row in rows if (row.measure, row.population) in SEEN_FIRST]
    found = [row for row in found if row.group_by == "all"]
    places = list(SEEN_FIRST)
    ordered = sorted(found, key=lambda row: places.index((row.measure, row.population)))
    return crossed_table(
        ordered,
        caption="Questionnaires: better and worse by the minimal important change",
        down=("Domain", lambda row: f"{_definition(row)}, {_visit(row)}"),
        across=lambda row: SEEN_FIRST[row.measure, row.population],
    )


OPIOIDS = ("opioid_reduction_share", "opioid_stopped_share", "opioid_more_share",
           "opioid_started_share", "opioid_change")  # fmt: skip


def opioids(rows: Sequence[Row]) -> Table | None:
    """Return the opioid dose by visit, by each rule for the missing, both sets of factors."""

    def what(row: Row) -> str:
        parts = (word(MEASURES, row.measure), threshold_word(row.threshold_pct) and
                 f"{threshold_word(row.threshold_pct)} less", _definition(row),
                 population_word(row))  # fmt: skip
        return ", ".join(part for part in parts if part)

    kept = [
        row
        for row in pick(rows, measure=OPIOIDS, group_by="all")
        if row.definition.startswith("cdc_2022") or row.population in ("all_starters", "observed")
    ]
    kept = [r for r in kept if r.measure in OPIOIDS[::4] or r.population == "all_starters"]
    return crossed_table(
        kept,
        caption="Opioids in morphine milligram equivalents (MME) a day, of users at entry",
        down=("What", what),
        across=_visit,
    )


def relief_medians(context: Context, rows: Sequence[Row]) -> Table | None:
    """Return the median duration of relief in each of its definitions."""
    found = _sorted(pick(rows, measure="relief_duration", group_by="all"))
    pct = {row.threshold_pct for row in found}
    heads: list[tuple[str, Words]] = [
        ("What a booster is", _definition), ("Counted", population_word)
    ]  # fmt: skip
    if len(pct) > 1:
        heads.append(("Relief", lambda row: threshold_word(row.threshold_pct)))
    return estimates_table(
        found,
        caption="Median duration of relief",
        heads=heads,
        band=context.band,
        judged=context.judged,
    )


def relief_shares(rows: Sequence[Row]) -> Table | None:
    """Return who is still relieved, week by week, and how many were seen and not seen again."""
    shares = pick(rows, measure="relieved_share", group_by="all")
    counts = pick(rows, measure=("seen_relieved", "not_seen_again"), group_by="all")
    found = [*shares, *(row for row in counts if row.visit != "week_0")]
    several = len({row.threshold_pct for row in found}) > 1

    def line(row: Row) -> str:
        parts = [definition_word(row.definition)]
        parts += [threshold_word(row.threshold_pct)] if several else []
        parts += ["of all who started"] if row.population == "all_starters" else []
        parts += [word(MEASURES, row.measure).lower()] if row.unit == "count" else []
        return ", ".join(parts)

    clocks = dict.fromkeys(clock_word(row.notes) for row in found)
    return crossed_table(
        found,
        caption=f"Still relieved, of responders, weeks after {' or '.join(clocks)}",
        down=("What a booster is", line),
        across=_visit,
    )


# --- tables across conditions -------------------------------------------------------------------


def _by_condition(
    context: Context, rows: Sequence[Row], caption: str, across: Words
) -> Table | None:
    rows = _ranked(context, rows)
    return crossed_table(
        rows,
        caption=_with_visit(caption, rows),
        down=("Condition", lambda row: condition_word(row.condition, context.labels)),
        across=across,
    )


def relief_across(context: Context, rows: Sequence[Row]) -> list[Table]:
    """Return the median of relief and who still has it, a line a condition."""

    def main(measure: str) -> list[Row]:
        found = pick(rows, measure=measure, group_by="all")
        own = pick(found, definition=context.relief, threshold_pct=context.threshold_pct)
        return own or found

    shares = main("relieved_share")
    made = (
        _by_condition(
            context, main("relief_duration"), "Median duration of relief",
            lambda row: population_word(row) or "Median",
        ),
        _by_condition(
            context, pick(shares, population="responders") or shares,
            f"Still relieved, {definition_word(context.relief)}", _visit,
        ),
    )  # fmt: skip
    return [table for table in made if table]


# --- patient flow -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """A stage of the patient flow: its count, and who left before it."""

    count: Cell
    step: str
    leaving: tuple[tuple[Cell, str], ...]
    leaving_is: str


@dataclass(frozen=True)
class Flow:
    """The patient flow from top to bottom, and its sum in words where all counts add up."""

    boxes: tuple[Box, ...]
    total: str


def patient_flow(rows: Sequence[Row]) -> Flow | None:
    """Return the flow of patients; None where no row counts them."""
    found = {row.definition: row for row in pick(rows, measure="patients", group_by="all")}
    boxes = []
    for stage in ("in_file", "started", "eligible", "observed"):
        if stage not in found:
            continue
        before = {"eligible": _LOST, "observed": ("not_due", *_UNKNOWN)}.get(stage, ())
        boxes.append(
            Box(
                cell_of(found[stage]),
                word(DEFINITIONS, stage),
                tuple(
                    (cell_of(found[name]), word(DEFINITIONS, name))
                    for name in before
                    if name in found and found[name].value
                ),
                "outcome unknown" if stage == "observed" else "not counted",
            )
        )
    return Flow(tuple(boxes), _flow_total(found)) if boxes else None


def _flow_total(found: Mapping[str, Row]) -> str:
    """Return the sum of the flow in words; empty where a count lacks or does not add up."""
    values = {name: row.value for name, row in found.items() if row.value is not None}
    if not {"in_file", "eligible", "observed", *_LOST, *_UNKNOWN} <= set(values):
        return ""
    lost, unseen = (sum(values[name] for name in names) for names in (_LOST, _UNKNOWN))
    in_file, kept, seen = values["in_file"], values["eligible"], values["observed"]
    early = values.get("not_due", 0.0)
    if in_file != kept + lost or kept != seen + unseen + early:
        return ""
    not_due = f" + {count_text(early)} not yet due" if early else ""
    return (
        f"{count_text(in_file)} in the file = {count_text(kept)} counted as starters + "
        f"{count_text(lost)} not counted. {count_text(kept)} starters = {count_text(seen)} seen + "
        f"{count_text(unseen)} not seen{not_due}."
    )
