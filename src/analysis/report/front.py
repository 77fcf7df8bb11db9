"""Page one: what was compared, the answer, one figure with every condition, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from analysis.claims.judgement import Judgement, headlines_of
from analysis.claims.plain_sentences import (
    at_visit,
    lead_sentences,
    name_title,
    next_steps,
    say_harm,
    say_otherwise,
    say_what,
    since_then,
    verdicts_of,
)
from analysis.labels import DEFINITIONS, condition_word, plain_text, visit_word, word
from analysis.numbers import date_span_text, date_text, estimate_text, interval_words
from analysis.report.drawings import Strip, draw_spark, draw_strip
from analysis.report.inputs import Run
from analysis.report.tables import anchor, cell_of, pick
from analysis.report.verdicts import ClaimView
from analysis.results import Row


@dataclass(frozen=True, kw_only=True)
class FrontRow:
    """A line of the figure of page one: a claim, or a condition the page gives no figure for."""

    code: str
    condition: str
    href: str
    wording: str
    cited: str
    strip: str
    alt: str
    estimate: str
    what: str
    interval: str
    row: str
    verdict: str
    verdict_word: str
    firm: str
    published: str
    history: str = ""
    spark: str = ""


OF_VIEW = ("condition", "cited", "strip", "alt", "estimate", "interval", "row", "verdict",
           "verdict_word")  # fmt: skip
"""Fields of a line that are those of the claim."""


@dataclass(frozen=True, kw_only=True)
class Front:
    """What page one says, in its order."""

    title: str
    facts: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]
    rows: tuple[FrontRow, ...]
    harm: str
    flags: tuple[str, ...]
    seen: tuple[dict[str, Any], ...]
    seen_note: str
    otherwise: str
    since: str
    steps: tuple[str, ...]


def build_front(
    run: Run,
    headline: Sequence[ClaimView],
    places: Mapping[str, str],
    flags: tuple[str, ...],
    n_flags: int,
) -> Front:
    """Return page one, with the claims of the first page.

    ``places`` are the fragments of sections by condition, ``flags`` the contraindications on
    record, in words, and ``n_flags`` their number.
    """
    judged = headlines_of(run.claims)
    n = _counted(run)
    about = run.about
    before = about.get("predecessors")
    earlier = before if isinstance(before, list) else []
    last = pick(run.rows, measure="completeness_share", condition="all", group_by="all")
    return Front(
        title=name_title(
            [one.source for one in judged], n=n, export=str(about.get("export", "")),
            synthetic=bool(about.get("synthetic")),
        ),
        facts=tuple((name, text) for name, text in _facts(run) if text),
        sentences=lead_sentences(
            judged, run.by_id, run.rows, run.labels, allocation=run.settings.allocation
        ),
        rows=(*_claimed(headline, judged, earlier, run.by_id), *_unclaimed(run, places)),
        harm=say_harm(pick(run.rows, condition="all")),
        flags=flags,
        seen=tuple(_seen(run)),
        seen_note="A share counts patients not seen as not better; its verdict looks at the other "
        "case, too.",
        otherwise=say_otherwise(run.rows),
        since=since_then(earlier, judged, n=n) if isinstance(before, list) else "",
        steps=next_steps(judged, n_flags=n_flags, last_seen=last[-1] if last else None),
    )  # fmt: skip


def _counted(run: Run) -> float | None:
    rows = pick(run.rows, measure="patients", definition="eligible", condition="all",
                group_by="all")  # fmt: skip
    return rows[0].value if rows else None


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    steps = []
    for step in ("in_file", "eligible"):
        rows = pick(run.rows, measure="patients", definition=step, condition="all", group_by="all")
        steps += [f"{estimate_text(row)} {word(DEFINITIONS, step)}" for row in rows[:1]]
    sources = dict.fromkeys(one.source for one in headlines_of(run.claims) if one.source)
    yield "Statements", plain_text("; ".join(sources), longest=200)
    yield "Patients", ", ".join([plain_text(str(run.about.get("export", "")), longest=120), *steps])
    yield "First to last infusion", date_span_text(run.fact("first_date"), run.fact("last_date"))
    yield "Report made", date_text(run.about.get("started"))
    yield "Run", plain_text(str(run.about.get("run_id") or ""))


def _claimed(
    headline: Sequence[ClaimView],
    judged: Sequence[Judgement],
    earlier: Sequence[Mapping[str, Any]],
    rows: Mapping[str, Row],
) -> Iterator[FrontRow]:
    for view, one in zip(headline, judged, strict=True):
        own = (one.claim_id, one.reading_sha)
        known = [found[own] for each in earlier if own in (found := verdicts_of(each))]
        words = [verdict for verdict, _ in groupby(verdict for verdict, _ in known)]
        values = [value for _, value in known if value is not None]
        spark = draw_spark([*values, one.value]) if values and one.value is not None else ""
        yield FrontRow(
            **{name: getattr(view, name) for name in OF_VIEW},
            code=one.condition,
            href=f"claim-{view.key}",
            wording=f"“{view.wording}”",
            what=say_what(rows[one.result_id]) if one.result_id in rows else "",
            firm="; ".join(text for text in (view.firm, view.limits) if text),
            published=view.published_word,
            history=f"Before: {', '.join(words)}" if words else "",
            spark=spark,
        )


def _unclaimed(run: Run, places: Mapping[str, str]) -> Iterator[FrontRow]:
    """Give each condition without a claim of page one, with its share of responders."""
    claimed = {one.condition for one in headlines_of(run.claims)}
    keys = {
        "measure": "responder_share", "definition": "percent_reduction", "group_by": "all",
        "visit": run.settings.analysis_visit,
        "threshold_pct": run.settings.responder_threshold_pct,
    }  # fmt: skip
    for code, place in places.items():
        own = pick(run.rows, condition=code, **keys)
        rows = {row.population: row for row in own}
        row = rows.get("all_starters")
        if code in claimed or code == "all" or row is None or not row.n:
            continue
        name = condition_word(code, run.labels)
        imputed = rows.get("imputed", row)
        strip = Strip(unit="share", value=row.value, imputed=imputed.value, low=row.low,
                      high=imputed.high if row.n_missing else row.high)  # fmt: skip
        interval = interval_words(row, otherwise="")
        alt = f"No cited figure. Our patients: {estimate_text(row)}, {interval}."
        yield FrontRow(
            code=code, condition=name, href=place, wording="No figure on the page", cited="",
            strip=draw_strip(strip, alt=alt), alt=alt, estimate=estimate_text(row),
            what=f"{say_what(row)} {at_visit(row.visit)}" if row.value is not None else "",
            interval=interval, row=anchor(row), verdict="", verdict_word="No claim", firm="",
            published="",
        )  # fmt: skip


def _seen(run: Run) -> Iterator[dict[str, Any]]:
    """Give who was seen at each visit, of all who started, for a bar with its number."""
    for row in pick(run.rows, measure="completeness_share", condition="all", group_by="all"):
        if row.value is not None:
            percent = round(100 * row.value, 1)
            yield {"visit": visit_word(row.visit), "percent": percent, "cell": cell_of(row)}


def summary_lines(front: Front) -> list[tuple[str, ...]]:
    """Return page one as lines of a sheet: each condition, then what is said and to be done."""
    heads = ("Condition", "Statement", "Cited", "Our patients", "Interval", "Verdict", "Firmness",
             "Published studies")  # fmt: skip
    lines = [
        (row.condition, row.wording, row.cited, f"{row.estimate} {row.what}".strip(), row.interval,
         row.verdict_word, row.firm, row.published)
        for row in front.rows
    ]  # fmt: skip
    texts = [("Checked", front.title), *(("Answer", text) for text in front.sentences),
             *(("Safety", text) for text in (": ".join(front.flags), front.harm) if text),
             *(("Next", text) for text in front.steps)]  # fmt: skip
    return [heads, *lines, *((name, text, *[""] * (len(heads) - 2)) for name, text in texts)]
