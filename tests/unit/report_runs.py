"""A small run folder with made-up results, written as notebooks and the runner write it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from analysis.claims.judgement import Judgement, Lack, Readings, Tipping
from analysis.claims.records import write_claims
from analysis.results import Results, make_results, rows_of

LABELS = {
    "crps": "Complex regional pain syndrome",
    "fibromyalgia": "Fibromyalgia",
    "neuropathic": "Neuropathic pain",
    "central": "Central pain",
}
SIZES = {"crps": (140, 120), "fibromyalgia": (121, 101), "central": (8, 6), "all": (269, 227)}
VISITS = ("end", "week_4", "week_8", "week_12", "week_26")
SEEN = (0.86, 0.75, 0.68, 0.61, 0.5)
CELL = "made-here"

ABOUT = {
    "run_id": "0123abcd",
    "export": "Demo export",
    "synthetic": True,
    "started": "2026-05-04T10:00:00+00:00",
    "conditions": LABELS,
    "settings": {"responder_threshold_pct": 30.0, "analysis_visit": "end", "seed": 7},
    "inputs": {"/srv/x/pain_scores.csv": "ab" * 32},
    "versions": {"python": "3.12", "pandas": "3.0"},
    "git_commit": "abc1234",
}


def share(k: int, n: int, **keys: Any) -> dict[str, Any]:
    """A share with a made-up interval: the report must not care how it was computed."""
    value = k / n if n else None
    ends = {"low": max(0.0, value - 0.08), "high": min(1.0, value + 0.08)} if n else {}
    base = {
        "measure": "responder_share", "definition": "percent_reduction", "visit": "end",
        "population": "all_starters", "value": value, "level": 0.95, "n": n, "n_events": k,
        "unit": "share", "method": "wilson", "status": "estimated" if n else "no patients",
        "condition": "crps", **ends,
    }  # fmt: skip
    return base | keys


def number(value: float, half: float, **keys: Any) -> dict[str, Any]:
    ends = {"value": value, "low": value - half, "high": value + half, "level": 0.95}
    return {"method": "t", **ends, **keys}


def count(definition: str, n: int, **keys: Any) -> dict[str, Any]:
    """A count of patients, a step of the flow."""
    return {"measure": "patients", "definition": definition, "value": float(n), "n": n,
            "unit": "count", "method": "count", **keys}  # fmt: skip


def responder_rows(condition: str) -> list[dict[str, Any]]:
    n, seen = SIZES[condition]
    keys: dict[str, Any] = {"condition": condition}
    rows = []
    for threshold, part in ((30.0, 0.65), (50.0, 0.42)):
        k = int(part * n)
        at = keys | {"threshold_pct": threshold}
        rows += [
            share(k, n, n_missing=n - seen, **at),
            share(min(k, seen), seen, n_missing=n - seen, population="observed",
                  notes="boosted_count_not(9)", **at),
            share(k + n - seen, n, population="best_case", **at),
            share(k, n, definition="percent_reduction_exact", method="clopper_pearson", **at),
            share(k // 2, n, visit="week_12", notes="boosted_count_not(9)", **at),
        ]  # fmt: skip
        rows += [
            share(int(k * w), int(n * w), group_by=by, group=group, **at)
            for by, group, w in (("subtype", "type_1", 0.6), ("subtype", "type_2", 0.4),
                                 ("site", "Lake & Sons", 0.5))
        ]  # fmt: skip
    rows.append(share(int(0.7 * n), n, definition="two_points", **keys))
    rows.append(share(seen // 12, seen, measure="worsening_share", definition="",
                      population="observed", **keys))  # fmt: skip
    rows += [
        share(int(n * part), n, measure="completeness_share", definition="", visit=visit, **keys)
        for visit, part in zip(VISITS, SEEN, strict=True)
    ]
    rows += [count("in_file", n + 9, **keys), count("started", n + 4, **keys),
             count("eligible", n, **keys), count("observed", seen, **keys)]  # fmt: skip
    return rows


def other_rows(condition: str) -> list[dict[str, Any]]:
    n, seen = SIZES[condition]
    keys: dict[str, Any] = {"condition": condition}
    rows = [
        number(value, 4.2, measure="percent_reduction", definition=definition, n=seen,
               unit="percent", population="observed", visit="end", n_missing=n - seen, **keys)
        for definition, value in (("mean_of_patients", 37.2), ("median_of_patients", 41.0))
    ]  # fmt: skip
    for statistic, value in (("median", 48.0), ("quartile_1", 40.0), ("quartile_3", 55.0),
                             ("mean", 47.1), ("standard_deviation", 11.9)):  # fmt: skip
        rows.append({"measure": "characteristic", "definition": f"age_years_{statistic}", "n": n,
                     "value": value, "unit": "years", "method": "count", **keys})  # fmt: skip
    sex = {"measure": "characteristic_share", "definition": "sex", "group_by": "characteristic"}
    rows.append(share(n // 2, n, group="female", method="count", **sex, **keys))
    for definition, weeks in (("booster_as_loss", 9.4), ("booster_as_censoring", 12.0)):
        at = keys | {"definition": definition, "population": "responders"}
        rows.append(number(weeks, 1.3, measure="relief_duration", n=88, unit="weeks", **at)
                    | {"method": "npmle_planned"})  # fmt: skip
        rows += [
            share(int(88 * s), 88, measure="relieved_share", visit=visit, **at)
            for visit, s in (("week_4", 0.8), ("week_12", 0.4))
        ]
    rows.append({"measure": "relief_duration", "definition": "booster_ignored", "n": 88,
                 "population": "responders", "unit": "weeks", "method": "npmle_planned",
                 "status": "not reached", **keys})  # fmt: skip
    return rows


def judged() -> tuple[Judgement, ...]:
    """Four headline claims, one of each verdict that is common."""
    main = rows_of(make_results([responder_rows("crps")[0]]))[0]
    crps = Judgement(
        claim_id="C1", wording="70-85% of CRPS patients experience significant relief",
        source="Clinic page, Outcomes", condition="crps", cited_low=0.7, cited_high=0.85,
        reading="At least 30% less pain, of all who started.", cited_text="70-85%",
        verdict="undecided", position="across the floor", value=main.value, low=main.low,
        high=main.high, level=0.95, n=main.n, n_missing=main.n_missing, further_patients=260,
        result_id=main.result_id, sentence="65% of 140 patients with CRPS responded. About 260 "
        "more patients would decide it with 80% probability, were the true value the one seen.",
        robustness=Readings(n=240, n_agreeing=212, sentence="",
                            verdicts={"undecided": 212, "falls short": 28}),
        firmness="mostly",
        tipping=Tipping(n_missing=20, n_could=20, n_to_meet=17, sentence="17 of 20 would do."),
        verdict_adjusted="undecided", p_holm=0.0004, sayable=True,
        may_say="Of 140 who started, 91 responded.",
        lacks=(Lack(check="time", lacks="when it was", rule_ids=("FTC-HP-06",)),),
    )  # fmt: skip
    fibromyalgia = replace(
        crps, claim_id="C2", wording="Fibromyalgia pain is reduced by 40-60% on average",
        condition="fibromyalgia", cited_low=40.0, cited_high=60.0, cited_text="40-60%",
        verdict="falls short", position="below", value=34.1, low=28.6, high=39.6, n=101,
        n_missing=20, unit="percent", sentence="Pain fell by 34.1% on average.", result_id="",
        robustness=None, firmness="", tipping=None, lacks=(), further_patients=None,
        verdict_adjusted="",
        p_holm=None, may_say="", sayable=False,
    )  # fmt: skip
    neuropathic = replace(
        fibromyalgia, claim_id="C3", wording="60-75% of neuropathic cases respond",
        condition="neuropathic", cited_low=0.6, cited_high=0.75, cited_text="60-75%",
        verdict="not testable", position="", value=None, low=None, high=None, unit="share", n=0,
        n_missing=0, status="no patients", reason="The export holds no patients of this condition.",
        sentence="These data cannot answer it. The export holds no patients of this condition.",
    )  # fmt: skip
    relief = replace(
        fibromyalgia, claim_id="C4", wording="Relief lasts weeks to months per treatment series",
        condition="all", cited_low=2.0, cited_high=None, cited_text="weeks to months",
        verdict="meets", position="inside", value=9.4, low=8.1, high=None, n=300, n_missing=0,
        unit="weeks", sentence="Half kept their relief for 9.4 weeks or more.",
    )  # fmt: skip
    return crps, fibromyalgia, neuropathic, relief


WHAT_IF = {
    "controls": [{"name": "What counts", "choices": ["at least 30% less", "at least 50% less"]},
                 {"name": "When", "choices": ["end of series", "week 12"]}],
    "fixed": [0, 0],
    "rows": {"0-0": ["undecided", 0.65, 0.57, 0.73, 140], "1-0": ["falls short", 0.42, 0.34, 0.5,
             140], "0-1": ["falls short", 0.31, 0.24, 0.39, 136]},
}  # fmt: skip
"""Readings of a claim that a reader may look up; one pair of choices is not among them."""

CHECKS = pd.DataFrame(
    [("every patient once", "patients", "pass", 140, "Nobody is there twice."),
     ("scores on their scale", "pain_scores", "fail", 2, "2 scores lie outside 0 to 10."),
     ("visits in order", "pain_scores", "pass with findings", 1, "One date is late."),
     ("infusions", "infusions", "not applicable", 0, "The export has none.")],
    columns=["name", "table", "state", "n", "sentence"],
)  # fmt: skip
INTAKE = pd.DataFrame(
    [("pain_scores.csv", 3102, 3101, 3090, "blank row: 1; no score recorded: 10")],
    columns=["file", "lines", "records", "used", "why_excluded"],
)


class Drawing(Figure):
    """A figure that saves a fixed picture, without the time that drawing takes."""

    def savefig(self, path: Path, **_: Any) -> None:
        path.write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 40">'
            '<path d="M0 0L90 40" style="stroke: #1d2733"/>'
            '<text x="9" y="9" style="font-size: 8px; fill: #1d2733">Share of patients</text></svg>'
        )


def write_run(
    folder: Path,
    *,
    rows: Iterable[dict[str, Any]] | None = None,
    claims: tuple[Judgement, ...] | None = None,
    about: dict[str, Any] | None = None,
) -> Path:
    """Write a run folder as it is before its report is made, and return it."""
    if rows is None:
        rows = [row for code in SIZES for row in (*responder_rows(code), *other_rows(code))]
    results = folder / "results"
    quality = Results(results, "10_data_quality")
    quality.table(INTAKE, "intake", title="From lines in the file to rows used")
    quality.table(pd.DataFrame({"file": [], "column": []}), "columns_not_read",
                  title="Columns not read")  # fmt: skip
    quality.table(CHECKS, "checks", title="Checks of the data")
    quality.facts.update(first_date="2024-01-03", last_date="2025-06-30")
    quality.write()
    made = Results(results, "20_responders")
    rows = list(rows)
    if rows:
        made.add(rows)
    for code in ("crps", "all"):
        made.figure(Drawing(), "rates", title=f"Responders: {code}", condition=code,
                    alt="A point with its interval for each of two thresholds, all who started.",
                    caption="Point and interval. " * 6)  # fmt: skip
    made.facts["what_if"] = {"C1": WHAT_IF}
    made.sentence("Relief lasted nine weeks.", name="relief", condition="crps")
    made.sentence("said elsewhere", name="claim_C1", condition="crps")
    path = made.write().with_suffix(".json")
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"] = [[len(rows), 3]]  # as if made by the third cell of the notebook
    path.write_text(json.dumps(content), encoding="utf-8")
    write_claims(results, judged() if claims is None else claims)
    (folder / "run.json").write_text(json.dumps(ABOUT | (about or {})), encoding="utf-8")
    write_notebook(folder / "notebooks" / "20_responders.all.ipynb")
    return folder


def write_notebook(path: Path) -> None:
    table = "<table><tr><th scope='col'>n</th></tr><tr><td>91 of 140</td></tr></table>"
    shown = new_output("execute_result", data={"text/html": table, "text/plain": "n"},
                       execution_count=3)  # fmt: skip
    cells = [
        new_markdown_cell("# Responders"),
        new_code_cell("rates = 1", execution_count=2),
        new_code_cell("results.add(rates)", execution_count=3, outputs=[shown]),
    ]
    cells[2]["id"] = CELL
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)


def copied(run: Path, folder: Path) -> Path:
    """Return a copy of a run folder that a test may change."""
    return Path(shutil.copytree(run, folder))


VOID = {"meta", "br", "img", "link", "input", "hr", "col"}


class Page(HTMLParser):
    """A page read strictly: every tag closed in order, attributes kept."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "title", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]
