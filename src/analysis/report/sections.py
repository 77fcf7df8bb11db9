"""Sections of the report: one a condition, all of them side by side, relief, data quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from analysis.claims.findings import Reads, finding
from analysis.claims.judgement import headlines_of
from analysis.claims.plain_sentences import at_visit, list_words, say_of_100
from analysis.labels import CHECK_STATES, condition_word, definition_word, plain_text, words_in
from analysis.numbers import SMALL_N, count_text, share_text
from analysis.report import section_tables as tables
from analysis.report.drawings import draw_icons
from analysis.report.inputs import Run
from analysis.report.section_tables import Flow
from analysis.report.tables import Table, pick, plain_table
from analysis.results import Row
from analysis.settings import THRESHOLDS_PCT, data_rows
from analysis.stats.relief import definition_of

TOPICS = {row["topic"]: row for row in data_rows("codes/topics.csv")}
"""Headings of a section in their order, each with the term of the glossary it leads to, and the
notebooks whose figures (and, with_sentences, whose sentences) stand under it."""

TOPIC_OF_NOTEBOOK = {name: key for key, row in TOPICS.items() for name in row["notebooks"].split()}
"""Figures of any other notebook are further figures."""

SAID_IN_TOPIC = [key for key, row in TOPICS.items() if row["with_sentences"]]
"""Topics under which the sentences of their notebooks stand; others stand above all topics."""

SECTIONS = words_in("measure_sections")
"""Measures that stand in one section for all conditions together: under the duration of relief, or
(those of notebooks 50 to 57) under function."""

SAFETY = "55_safety"
"""Notebook whose numbers, tables and sentences make the section on safety."""

NO_EFFECTS = (
    "Adverse effects were not assessed in these data: nobody is on record as asked about them. "
    "That is no finding of none."
)
FIRST_SAID = 5
"""Sentences on safety that stand open: who was asked, any effect, and the worst of them."""

GLANCE = (
    ("waterfall", "cumulative", "rates"),
    ("trajectory",),
    ("relief", "strategies"),
    ("domains",),
)
"""Figures of a condition that stand open, the first there is of each line; the rest is folded."""

GLANCE_ACROSS = (("by_visit",),)
GLANCE_DURATION = (("relief", "strategies"),)

NOT_ON_PAGE = ("verdicts", "shapes", "swimmer")
"""Page one draws the verdicts itself; the others, for analysts, stand in their notebooks."""

NO_CLAIM = "No statement checked here gives a figure for this condition."


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure that a notebook registered; its file lies in the results folder.

    ``title`` says what it shows, ``kind`` what it is; the latter is empty where no number says it.
    """

    name: str
    file: str
    title: str
    kind: str
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


@dataclass(frozen=True)
class Icons:
    """Of 100 patients who start, how many are better: words, and a drawing of each number."""

    name: str
    text: str
    drawn: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """What the page says of one condition, or of all of them.

    ``people``, ``icons``, ``said`` and ``figures`` stand open; ``sentences`` and ``topics`` are
    folded on a screen, and an appendix on paper.
    """

    code: str
    anchor: str
    title: str
    lead: str
    people: Table | None = None
    icons: tuple[Icons, ...] = ()
    icons_note: str = ""
    said: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    sentences: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()
    n_rows: str = ""


def make_sections(run: Run) -> list[tuple[Section, list[Row]]]:
    """Return all conditions compared, each of them, relief and safety, each with its rows."""
    headline = headlines_of(run.claims)
    judged = {each.result_id: each for each in headline if each.result_id}
    context = tables.Context(
        labels=run.labels,
        visit=run.settings.analysis_visit,
        relief=definition_of(run.settings),
        threshold_pct=run.settings.responder_threshold_pct,
        bands={
            (row.condition, row.measure, each.unit): (each.cited_low, each.cited_high)
            for name, each in judged.items()
            if (row := run.by_id.get(name))
        },
        judged=frozenset(judged),
    )
    # A condition that only studies or unanswered claims are of has no patients here.
    own = [row for row in run.rows if row.measure != "published" and (row.n or row.n_missing)]
    named = dict.fromkeys(row.condition for row in own)
    codes = [code for code in run.labels if code in named]
    codes += [code for code in named if code not in run.labels and code != "all"]
    made = [_condition(run, context, code, n) for n, code in enumerate(codes, start=1)]
    across, *others = _all_conditions(run, context, codes)
    return [across, *made, *others]


def _condition(
    run: Run, context: tables.Context, code: str, place: int
) -> tuple[Section, list[Row]]:
    rows = pick(run.rows, condition=code)
    claims = [each for each in headlines_of(run.claims) if each.condition == code]
    reads, listed = _reads(context, rows, code), partial(tables.listed_tables, context, rows)
    content: dict[str, list[Table | None]] = {
        "who": [tables.characteristics(rows)],
        "complete": listed("complete"),
        "responders": [tables.responders(context, rows), *listed("responders")],
        "reduction": [
            *listed("reduction"),
            tables.scores(rows),
            *listed("modeled"),
            tables.scores_by_arm(rows),
        ],
        "worse": [tables.worsening(context, rows)],
        "subgroups": [*tables.subgroups(context, rows)],
        "arms": [tables.arms_compared(rows)],
        "relief": [
            tables.relief_medians(context, rows),
            tables.relief_shares(rows),
            *listed("exact"),
        ],
        "protocols": tables.sites_and_quarters(context, rows),
        "missing": [tables.missing(context, rows)],
    }
    said = {topic: _sentences(run, code, topic) for topic in SAID_IN_TOPIC}
    # Of function and opioids a condition has a figure; tables stand with all conditions.
    cited = {each.result_id for each in run.claims}
    rows = [r for r in rows if SECTIONS.get(r.measure) != "function" or r.result_id in cited]
    tipping = [plain_text(c.tipping.sentence, longest=1000) for c in claims if c.tipping]
    figures = _figures(run, code, reads)
    shown, icons = _glance(figures, GLANCE), _icons(context, reads, "")
    section = Section(
        code=code,
        anchor=f"condition-{place}",
        title=condition_word(code, run.labels),
        lead="" if claims else NO_CLAIM,
        people=tables.people(rows),
        icons=icons,
        icons_note=_icons_note(context, icons),
        figures=shown,
        sentences=_sentences(run, code),
        topics=_topics(
            content,
            _without(figures, shown),
            flow=tables.patient_flow(rows),
            said={**said, "missing": tipping},
        ),
        n_rows=count_text(len(rows)),
    )
    return section, rows


def _reads(context: tables.Context, rows: Sequence[Row], code: str) -> Reads:
    return Reads(
        rows=rows, visit=context.visit, threshold_pct=context.threshold_pct, relief=context.relief,
        band=context.bands.get((code, "responder_share", "share"), tables.NO_BAND),
    )  # fmt: skip


def _icons(context: tables.Context, reads: Reads, name: str) -> tuple[Icons, ...]:
    """Return of 100 who start how many are better, much better, and still better at 3 months."""
    better, much = (reads.share(pct) for pct in THRESHOLDS_PCT)
    if better is None or better.n < SMALL_N:
        return ()
    still = reads.one(
        "relieved_share", definition=context.relief, population="all_starters", visit="week_12",
        threshold_pct=context.threshold_pct,
    )  # fmt: skip
    rows = {"better": better, "much": much, "still": still}
    shares = {key: row.value for key, row in rows.items() if row and row.value is not None}
    words = say_of_100(shares, last="week_12")
    text = f"Of 100 who start: {', '.join(words)}."
    return (Icons(name, text, draw_icons(dict(zip(words, shares.values(), strict=True)))),)


def _icons_note(context: tables.Context, icons: Sequence[Icons]) -> str:
    """Return what better and much better mean; empty where nothing is drawn."""
    least, more = (share_text(pct / 100) for pct in THRESHOLDS_PCT)
    note = f"Better: at least {least} less pain {at_visit(context.visit)}; much better: at least "
    return f"{note}{more}. A patient not seen counts as not better." if icons else ""


def _glance(
    figures: Mapping[str, Sequence[Figure]], lines: Sequence[Sequence[str]]
) -> tuple[Figure, ...]:
    """Return the first figure there is of each line of names that has something to say."""
    by_name = {each.name: each for found in figures.values() for each in found if each.kind}
    firsts = (next((by_name[name] for name in line if name in by_name), None) for line in lines)
    return tuple(each for each in firsts if each)


def _without(
    figures: Mapping[str, Sequence[Figure]], shown: Sequence[Figure]
) -> dict[str, list[Figure]]:
    files = {each.file for each in shown}
    return {key: [each for each in found if each.file not in files]
            for key, found in figures.items()}  # fmt: skip


def _all_conditions(
    run: Run, context: tables.Context, named: Sequence[str]
) -> list[tuple[Section, list[Row]]]:
    rows = pick(run.rows, condition="all")
    relief = [row for row in rows if SECTIONS.get(row.measure) == "relief"]
    safety = [row for row in rows if row.notebook == SAFETY]
    others = [
        row for row in rows if SECTIONS.get(row.measure) != "relief" and row.notebook != SAFETY
    ]
    reads = _reads(context, rows, "all")
    figures = _figures(run, "all", reads)
    shown, lasting = _glance(figures, GLANCE_ACROSS), _glance(figures, GLANCE_DURATION)
    left = _without(figures, (*shown, *lasting))
    of_relief = left.pop("relief", [])
    further = _tables_of(
        extra
        for extra in run.extras
        if not extra["notebook"].startswith("10_") and extra["notebook"] != SAFETY
    )
    icons = [
        each
        for code in named
        for each in _icons(
            context, _reads(context, pick(run.rows, condition=code), code),
            condition_word(code, run.labels),
        )
    ]  # fmt: skip
    icons = icons if len(icons) > 1 else []
    across = Section(
        code="all",
        anchor="across",
        title="Conditions compared" if icons else "All conditions together",
        lead="The same definitions for each condition. Differences between conditions are "
        "differences between patients, not between treatments."
        if icons
        else "",
        icons=tuple(icons),
        icons_note=_icons_note(context, icons),
        figures=shown,
        sentences=_sentences(run, "all"),
        topics=_topics(
            {
                "who": [tables.characteristics(others)],
                "contraindications": tables.listed_tables(context, others, "contraindications"),
                "responders": tables.listed_tables(context, run.rows, "across"),
                "function": [tables.domains(others), tables.opioids(others)],
                "protocols": tables.sites_and_quarters(context, others),
                "further": further,
            },
            left,
            flow=tables.patient_flow(rows),
            said={topic: _sentences(run, "all", topic) for topic in SAID_IN_TOPIC},
        ),
        n_rows=count_text(len(others)),
    )
    lasts = [
        *tables.relief_across(context, run.rows),
        tables.relief_medians(context, relief),
        tables.relief_shares(relief),
        *tables.listed_tables(context, relief, "exact"),
    ]
    duration = Section(
        code="all",
        anchor="duration",
        title="How long relief lasts",
        lead="All conditions together; each condition's own is in its section." if lasting else "",
        figures=lasting,
        topics=_topics({"relief": lasts}, {"relief": of_relief}),
        n_rows=count_text(len(relief)),
    )
    made = [(across, others), (duration, relief)]
    if any(extra["notebook"] == SAFETY for extra in run.extras):
        made.append((_safety(run, context, safety), safety))
    return made


def _tables_of(
    extras: Iterable[Mapping[str, Any]], names: Collection[str] = ()
) -> list[Table | None]:
    """Return the tables that notebooks registered, those of some names or all."""
    return [
        plain_table(table["title"], table["columns"], table["rows"])
        for extra in extras
        for name, table in extra["tables"].items()
        if not names or name in names
    ]


def _safety(run: Run, context: tables.Context, rows: Sequence[Row]) -> Section:
    """Return what is said of adverse effects; one line where nobody was asked or there is none."""
    own = [extra for extra in run.extras if extra["notebook"] == SAFETY]
    asked = any(row.measure == "asked_share" and row.n_events for row in rows)
    content = {
        "asked": tables.listed_tables(context, rows, "asked"),
        "signs": tables.listed_tables(context, rows, "signs"),
    }
    if not asked:
        return Section(
            code="all", anchor="safety", title="Safety", lead=NO_EFFECTS,
            topics=_topics(content, {}), n_rows=count_text(len(rows)),
        )  # fmt: skip
    sentences = tuple(
        plain_text(each["text"], longest=1200) for extra in own for each in extra["sentences"]
    )
    reads = _reads(context, rows, "all")
    kept = _tables_of(own, ("aet02", "aet04"))
    content["effects"] = [*tables.listed_tables(context, rows, "effects"), *kept]
    return Section(
        code="all",
        anchor="safety",
        title="Safety",
        lead="All conditions together. Of patients who were never asked nothing is known, and that "
        "is never zero.",
        said=sentences[:FIRST_SAID],
        figures=tuple(
            _figure(note, "all", run.labels, reads) for extra in own for note in extra["figures"]
        ),
        sentences=sentences[FIRST_SAID:],
        topics=_topics(content, {}),
        n_rows=count_text(len(rows)),
    )


def contraindication_flags(run: Run) -> tuple[int, tuple[str, ...]]:
    """Return how many contraindications are on record among the treated, and both in words."""
    rows = pick(run.rows, measure="flag_share", condition="all", group_by="all")
    known = [row for row in rows if row.value is not None]
    flags = sum(row.n_events or 0 for row in known)
    if not flags:
        return 0, ()
    treated = max(row.n + row.n_missing for row in known)
    noun = "contraindication" if flags == 1 else "contraindications"
    parts = list_words([
        f"{count_text(row.n_events)} {definition_word(row.definition)}"
        for row in known
        if row.n_events
    ])  # fmt: skip
    return flags, (
        f"{count_text(flags)} {noun} on record among {count_text(treated)} treated patients",
        f"{parts}. One patient may have more than one. A physician must say whether treatment was "
        "right.",
    )


def _topics(
    content: Mapping[str, Sequence[Table | None]],
    figures: Mapping[str, Sequence[Figure]],
    *,
    flow: Flow | None = None,
    said: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Topic, ...]:
    made = [
        Topic(
            key=key,
            title=row["title"],
            term=row["term"],
            sentences=tuple((said or {}).get(key, ())),
            flow=flow if key == "flow" else None,
            figures=tuple(figures.get(key, ())),
            tables=tuple(table for table in content.get(key, ()) if table),
        )
        for key, row in TOPICS.items()
    ]
    return tuple(t for t in made if t.tables or t.figures or t.flow or t.sentences)


def _figures(run: Run, code: str, reads: Reads) -> dict[str, list[Figure]]:
    """Return a condition's figures by the topic they stand under."""
    found: dict[str, list[Figure]] = {}
    for extra in run.extras:
        for note in extra["figures"] if extra["notebook"] != SAFETY else ():
            if note["condition"] != code or note["name"] in NOT_ON_PAGE:
                continue
            topic = TOPIC_OF_NOTEBOOK.get(extra["notebook"], "further")
            topic = "subgroups" if note["name"].startswith("subgroups") else topic
            found.setdefault(topic, []).append(_figure(note, code, run.labels, reads))
    return found


def _figure(note: Mapping[str, str], code: str, labels: Mapping[str, str], reads: Reads) -> Figure:
    """Return a figure with its finding as title; what it is, without the section's name."""
    kind = plain_text(note["title"], longest=120)
    kind = kind.removesuffix(f": {plain_text(condition_word(code, labels))}")
    said = finding(note["name"], reads)
    return Figure(
        name=note["name"],
        file=f"{note['figure']}.svg",
        title=plain_text(said, longest=300) or kind,
        kind=kind if said else "",
        alt=plain_text(note["alt"], longest=4000),
        caption=plain_text(note["caption"], longest=2000),
    )


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
