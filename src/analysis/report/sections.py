"""Sections of the report: one a condition, all of them side by side, relief, data quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.claims.judgement import Judgement, headlines_of
from analysis.claims.reasons import firm_text
from analysis.labels import (
    CHECK_STATES,
    VERDICTS,
    condition_word,
    definition_word,
    plain_text,
    word,
)
from analysis.numbers import count_text
from analysis.report import section_tables as tables
from analysis.report.inputs import Run
from analysis.report.section_tables import Flow
from analysis.report.tables import Table, pick, plain_table
from analysis.report.verdicts import claim_key
from analysis.results import Row
from analysis.stats.relief import definition_of

TOPICS = {
    "flow": ("From the file to the analysis", ""),
    "who": ("Who they are", "quartiles"),
    "complete": ("How complete it is", "observed"),
    "responders": ("How many respond", "responder"),
    "reduction": ("How far pain falls", "reduction"),
    "worse": ("Who got worse", "baseline"),
    "subgroups": ("Subtypes and protocols", ""),
    "arms": ("Arms compared", ""),
    "relief": ("How long relief lasts", "relief"),
    "function": ("Function, sleep, opioids", ""),
    "protocols": ("Protocols, sites and time", ""),
    "missing": ("What the missing could change", "bounds"),
    "asked": ("Who was asked", ""),
    "effects": ("Adverse effects", ""),
    "signs": ("How bad, how long, and vital signs", ""),
    "contraindications": ("Treated with a reason not to", ""),
    "further": ("Further figures and tables", ""),
}
"""Headings of a section, each with the term of the glossary it leads to."""

TOPIC_OF_NOTEBOOK = {
    "20_responders": "responders",
    "25_every_patient": "responders",
    "30_pain_reduction": "reduction",
    "32_pain_by_visit": "reduction",
    "35_arms": "arms",
    "40_relief_duration": "relief",
    "45_boosters": "relief",
    "50_function_sleep_opioids": "function",
    "52_domains": "function",
    "57_protocols": "protocols",
    "58_sites_and_time": "protocols",
}
"""Where the figures of a notebook stand; those of any other are further figures."""

SAID_IN_TOPIC = ("function", "protocols")
"""Topics under which the sentences of their notebooks stand; others stand above all topics."""

FUNCTION_MEASURES = frozenset(
    [*tables.OPIOIDS, *(measure for measure, _ in tables.SEEN_FIRST), "further_change",
     "responder_opioid_share", "pgic_agreement", "dose_slope", "dose_trend", "interval_trend",
     "care_difference"]
)  # fmt: skip
"""Measures of notebooks 50 to 57, listed once, with all conditions together."""

RELIEF_MEASURES = frozenset(
    ["relief_duration", "relieved_share", "seen_relieved", "not_seen_again",
     "relief_duration_even_spread", "relief_quartile", "relief_mean",
     "relief_duration_by_definition", "exact_relief_duration", "exact_relief_quartile",
     "exact_relieved_share", "km_relief_duration",
     "km_relieved_share", "cumulative_incidence", "log_rank", "parametric_median",
     "conditional_share", "time_ratio", "booster_count", "booster_gap", "series_relief",
     "series_time_ratio"]
)  # fmt: skip
"""Measures of all conditions together that stand under the duration of relief."""


SAFETY = "55_safety"
"""Notebook whose numbers, tables and sentences make the section on safety."""

NO_EFFECTS = (
    "Adverse effects were not assessed in these data: nobody is on record as asked about them. "
    "That is no finding of none."
)
NOTHING_SAID: Mapping[str, Sequence[str]] = {}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure that a notebook registered; its file lies in the results folder."""

    file: str
    title: str
    alt: str
    caption: str


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A heading of a section with what stands under it."""

    key: str
    title: str
    term: str
    sentences: tuple[str, ...] = ()
    flow: Flow | None = None
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """What the page says of one condition, or of all of them."""

    code: str
    anchor: str
    title: str
    lead: str
    claims: tuple[dict[str, str], ...]
    sentences: tuple[str, ...]
    topics: tuple[Topic, ...]
    n_rows: str


def make_sections(run: Run) -> list[tuple[Section, list[Row]]]:
    """Return each condition, all of them side by side, and the duration of relief, with rows."""
    headline = headlines_of(run.claims)
    judged = {each.result_id: each for each in headline if each.result_id}
    context = tables.Context(
        labels=run.labels,
        visit=run.setting("analysis_visit"),
        relief=definition_of(run.settings),
        threshold_pct=run.setting("responder_threshold_pct"),
        bands={
            (row.condition, row.measure, each.unit): (each.cited_low, each.cited_high)
            for name, each in judged.items()
            if (row := run.by_id.get(name))
        },
        judged=frozenset(judged),
    )
    figures = [note for extra in run.extras for note in extra["figures"]]
    named = dict.fromkeys(
        [*(row.condition for row in run.rows), *(note["condition"] for note in figures)]
    )
    codes = [code for code in run.labels if code in named]
    codes += [code for code in named if code not in run.labels and code != "all"]
    made = [_condition(run, context, code, n) for n, code in enumerate(codes, start=1)]
    return [*made, *_all_conditions(run, context)]


def _condition(
    run: Run, context: tables.Context, code: str, place: int
) -> tuple[Section, list[Row]]:
    rows = pick(run.rows, condition=code)
    claims = [each for each in headlines_of(run.claims) if each.condition == code]
    content: dict[str, list[Table | None]] = {
        "who": [tables.characteristics(rows)],
        "complete": [tables.completeness(rows)],
        "responders": [
            tables.responders(context, rows),
            tables.responders_by_visit(rows),
            tables.low_pain(context, rows),
        ],
        "reduction": [
            tables.reductions(context, rows),
            tables.scores(rows),
            tables.modeled_changes(rows),
            tables.scores_by_arm(rows),
        ],
        "worse": [tables.worsening(context, rows)],
        "subgroups": [*tables.subgroups(context, rows)],
        "arms": [tables.arms_compared(rows)],
        "relief": [
            tables.relief_medians(context, rows),
            tables.relief_shares(rows),
            tables.exact_relief(rows),
        ],
        "protocols": tables.sites_and_quarters(context, rows),
        "missing": [tables.missing(context, rows)],
    }
    said = {topic: _sentences(run, code, topic) for topic in SAID_IN_TOPIC}
    # Of function and opioids a condition has a figure; tables stand with all conditions.
    cited = {each.result_id for each in run.claims}
    rows = [r for r in rows if r.measure not in FUNCTION_MEASURES or r.result_id in cited]
    tipping = [plain_text(c.tipping.sentence, longest=1000) for c in claims if c.tipping]
    section = Section(
        code=code,
        anchor=f"condition-{place}",
        title=condition_word(code, run.labels),
        lead="",
        claims=tuple(_chip(each) for each in claims),
        sentences=_sentences(run, code),
        topics=_topics(
            content,
            _figures(run, code),
            flow=tables.patient_flow(rows),
            said={**said, "missing": tipping},
        ),
        n_rows=count_text(len(rows)),
    )
    return section, rows


def _all_conditions(run: Run, context: tables.Context) -> list[tuple[Section, list[Row]]]:
    rows = pick(run.rows, condition="all")
    relief = [row for row in rows if row.measure in RELIEF_MEASURES]
    safety = [row for row in rows if row.notebook == SAFETY]
    others = [row for row in rows if row.measure not in RELIEF_MEASURES and row.notebook != SAFETY]
    figures = _figures(run, "all")
    further = [
        plain_table(table["title"], table["columns"], table["rows"])
        for extra in run.extras
        if not extra["notebook"].startswith("10_") and extra["notebook"] != SAFETY
        for table in extra["tables"].values()
    ]
    across = Section(
        code="all",
        anchor="across",
        title="Across conditions",
        lead="The same definitions for each condition. Differences between conditions are "
        "differences between patients, not between treatments.",
        claims=(),
        sentences=_sentences(run, "all"),
        topics=_topics(
            {
                "who": [tables.characteristics(others)],
                "contraindications": [tables.contraindications(others)],
                "responders": [*tables.outcomes_across(context, run.rows)],
                "function": [tables.domains(others), tables.opioids(others)],
                "protocols": tables.sites_and_quarters(context, others),
                "further": further,
            },
            {key: found for key, found in figures.items() if key != "relief"},
            flow=tables.patient_flow(rows),
            said={topic: _sentences(run, "all", topic) for topic in SAID_IN_TOPIC},
        ),
        n_rows=count_text(len(others)),
    )
    duration = Section(
        code="all",
        anchor="duration",
        title="How long relief lasts",
        lead="Each condition, then all conditions together.",
        claims=(),
        sentences=(),
        topics=_topics(
            {
                "relief": [
                    *tables.relief_across(context, run.rows),
                    tables.relief_medians(context, relief),
                    tables.relief_shares(relief),
                    tables.exact_relief(relief),
                ]
            },
            {"relief": figures.get("relief", [])},
        ),
        n_rows=count_text(len(relief)),
    )
    made = [(across, others), (duration, relief)]
    if any(extra["notebook"] == SAFETY for extra in run.extras):
        made.append((_safety(run, safety), safety))
    return made


def _safety(run: Run, rows: Sequence[Row]) -> Section:
    """Return what is said of adverse effects; one line where nobody was asked or there is none."""
    own = [extra for extra in run.extras if extra["notebook"] == SAFETY]
    kept = [
        plain_table(table["title"], table["columns"], table["rows"])
        for extra in own
        for name, table in extra["tables"].items()
        if name in ("aet02", "aet04")
    ]
    asked = any(row.measure == "asked_share" and row.n_events for row in rows)
    sentences = tuple(
        plain_text(each["text"], longest=1200) for extra in own for each in extra["sentences"]
    )
    figures = {
        note["name"]: Figure(
            file=f"{note['figure']}.svg",
            title=plain_text(note["title"], longest=120),
            alt=plain_text(note["alt"], longest=4000),
            caption=plain_text(note["caption"], longest=2000),
        )
        for extra in own
        for note in extra["figures"]
    }
    drawn = [figures[name] for name in figures if name != "resolution" and asked]
    curves = [figures[name] for name in figures if name == "resolution" and asked]
    return Section(
        code="all",
        anchor="safety",
        title="Safety",
        lead="All conditions together. An effect is not assessed of whoever was never asked, and "
        "that is never zero."
        if asked
        else NO_EFFECTS,
        claims=(),
        sentences=sentences if asked else (),
        topics=_topics(
            {
                "asked": [tables.asked_about(rows)],
                "effects": [tables.effects(rows), *kept] if asked else [],
                "signs": [*tables.how_bad(rows)],
            },
            {"effects": drawn, "signs": curves},
        ),
        n_rows=count_text(len(rows)),
    )


def contraindication_flags(run: Run) -> tuple[str, ...]:
    """Return how many contraindications are on record among the treated, and which, in words."""
    rows = pick(run.rows, measure="flag_share", condition="all", group_by="all")
    known = [row for row in rows if row.value is not None]
    flags = sum(row.n_events or 0 for row in known)
    if not flags:
        return ()
    treated = max(row.n + row.n_missing for row in known)
    noun = "flag" if flags == 1 else "flags"
    parts = ", ".join(
        f"{definition_word(row.definition)} {count_text(row.n_events)}"
        for row in known
        if row.n_events
    )
    return (
        f"{count_text(flags)} contraindication {noun} among {count_text(treated)} treated",
        f"On record are: {parts}. A patient may have several. Whether treatment was right for a "
        "patient is for a physician to say.",
    )


def _topics(
    content: Mapping[str, Sequence[Table | None]],
    figures: Mapping[str, Sequence[Figure]],
    *,
    flow: Flow | None = None,
    said: Mapping[str, Sequence[str]] = NOTHING_SAID,
) -> tuple[Topic, ...]:
    made = [
        Topic(
            key=key,
            title=title,
            term=term,
            sentences=tuple(said.get(key, ())),
            flow=flow if key == "flow" else None,
            figures=tuple(figures.get(key, ())),
            tables=tuple(table for table in content.get(key, ()) if table),
        )
        for key, (title, term) in TOPICS.items()
    ]
    return tuple(t for t in made if t.tables or t.figures or t.flow or t.sentences)


def _figures(run: Run, code: str) -> dict[str, list[Figure]]:
    """Return a condition's figures by the topic they stand under."""
    found: dict[str, list[Figure]] = {}
    for extra in run.extras:
        for note in extra["figures"] if extra["notebook"] != SAFETY else ():
            # The first page draws the verdicts itself.
            if note["condition"] != code or note["name"] == "verdicts":
                continue
            topic = TOPIC_OF_NOTEBOOK.get(extra["notebook"], "further")
            topic = "subgroups" if note["name"].startswith("subgroups") else topic
            found.setdefault(topic, []).append(
                Figure(
                    file=f"{note['figure']}.svg",
                    title=plain_text(note["title"], longest=120),
                    alt=plain_text(note["alt"], longest=4000),
                    caption=plain_text(note["caption"], longest=2000),
                )
            )
    return found


def _sentences(run: Run, code: str, topic: str = "") -> tuple[str, ...]:
    """Return the findings that notebooks wrote for a condition, but for those on claims.

    With a topic of `SAID_IN_TOPIC` its own; without, those of all other notebooks.
    """
    return tuple(
        plain_text(each["text"], longest=1200)
        for extra in run.extras
        if (TOPIC_OF_NOTEBOOK.get(extra["notebook"], "") in SAID_IN_TOPIC) == bool(topic)
        and topic in ("", TOPIC_OF_NOTEBOOK.get(extra["notebook"]))
        for each in extra["sentences"]
        if extra["notebook"] != SAFETY
        if each["condition"] == code and not each["name"].startswith("claim_")
    )


def _chip(each: Judgement) -> dict[str, str]:
    return {
        "key": claim_key(each.claim_id),
        "verdict": each.verdict,
        "verdict_word": word(VERDICTS, each.verdict),
        "firm": firm_text(each),
        "wording": plain_text(each.wording, longest=200),
    }


# --- data quality, notebooks --------------------------------------------------------------------


def quality_of(run: Run) -> tuple[tuple[Table, ...], tuple[tuple[str, str, str], ...]]:
    """Return the tables of the first notebook, failed checks first, and the states counted."""
    made, counts = [], Counter[str]()
    worst_first = ("fail", "pass with findings", "pass", "not applicable")
    for extra in run.extras:
        if not extra["notebook"].startswith("10_"):
            continue
        for table in extra["tables"].values():
            columns, rows = table["columns"], table["rows"]
            if "state" in columns:
                at = columns.index("state")
                rows = sorted(
                    rows,
                    key=lambda row: worst_first.index(row[at]) if row[at] in worst_first else 0,
                )
                counts.update(row[at] for row in rows)
            made.append(plain_table(table["title"], columns, rows))
    states = tuple(
        (state, CHECK_STATES[state].lower(), count_text(counts[state]))
        for state in worst_first
        if counts[state]
    )
    return tuple(made), states
