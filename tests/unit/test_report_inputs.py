"""Made-up report inputs for the tests of the report, and what `ReportInputs` says of them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.claims.judgement import Judgement
from analysis.display import figures
from analysis.outcomes.rows import Check, FigureNote, NotebookResults, ResultRow, Sentence
from analysis.report.inputs import NotebookLink, ReportInputs

LABELS = {
    "crps": "Complex regional pain syndrome",
    "fibromyalgia": "Fibromyalgia",
    "neuropathic": "Neuropathic pain",
    "central": "Central pain",
}
SIZES = {
    "crps": (140, 120),
    "fibromyalgia": (121, 101),
    "neuropathic": (133, 110),
    "central": (8, 6),
}
BANDS = {"crps": (0.70, 0.85), "neuropathic": (0.60, 0.75)}


def share(k: int, n: int, *, half: float = 0.08, **keys: Any) -> ResultRow:
    """A share with a made-up interval: the report must not care how it was computed."""
    value = k / n if n else None
    ends = (
        {"low": max(0.0, value - half), "high": min(1.0, value + half)} if value is not None else {}
    )
    base = {
        "measure": "responder_share",
        "definition": "percent_reduction",
        "visit": "end",
        "population": "all_starters",
        "value": value,
        "level": 0.95,
        "n": n,
        "n_events": k,
        "unit": "share",
        "method": "Wilson score interval",
        "status": "estimated" if n else "no patients",
        "notebook": "20_responders",
    }
    return ResultRow(**{**base, **ends, **keys})


def _number(value: float, half: float, **keys: Any) -> ResultRow:
    base = {"level": 0.95, "low": value - half, "high": value + half, "value": value}
    return ResultRow(**{**base, **keys})


def responder_rows(condition: str) -> list[ResultRow]:
    n, seen = SIZES[condition]
    rows = []
    for threshold, part in ((30.0, 0.65), (50.0, 0.42)):
        k = int(part * n)
        keys = {"condition": condition, "threshold_pct": threshold}
        rows += [
            share(k, n, n_missing=n - seen, **keys),
            share(min(k, seen), seen, n_missing=n - seen, population="observed", **keys),
            share(k, n, population="worst_case", **keys),
            share(k + n - seen, n, population="best_case", **keys),
        ]
        rows += [
            share(int(part * n * w), int(n * w), group_by=by, group=group, **keys)
            for by, group, w in (
                ("subtype", "type_1", 0.6),
                ("subtype", "type_2", 0.4),
                ("protocol", "standard", 0.7),
                ("protocol", "high_dose", 0.3),
            )
        ]
    rows.append(share(int(0.7 * n), n, condition=condition, definition="two_points"))
    rows.append(
        share(
            n // 12,
            seen,
            condition=condition,
            measure="worsening_share",
            definition="",
            population="observed",
        )
    )
    rows += [
        share(
            int((1 - t / 105) * n),
            n,
            condition=condition,
            threshold_pct=float(t),
            measure="cumulative_responder_share",
            population=population,
        )
        for population in ("all_starters", "observed")
        for t in range(0, 101, 10)
    ]
    return rows


def other_rows(condition: str) -> list[ResultRow]:
    n, seen = SIZES[condition]
    rows = [
        ResultRow(
            measure="patients",
            definition=step,
            condition=condition,
            value=float(count),
            n=count,
            unit="count",
            method="count",
        )
        for step, count in (
            ("in_file", n + 9),
            ("started", n + 4),
            ("eligible", n),
            ("observed", seen),
        )
    ]
    rows += [
        share(
            int(n * (1 - 0.07 * i)),
            n,
            condition=condition,
            measure="completeness_share",
            definition="",
            visit=visit,
        )
        for i, visit in enumerate(("end", "week_4", "week_8", "week_12", "week_26"), start=1)
    ]
    rows += [
        _number(
            value,
            4.2,
            measure="percent_reduction",
            definition=definition,
            n=seen,
            condition=condition,
            population="observed",
            visit="end",
            unit="percent",
            method="Student t interval",
            n_missing=n - seen,
        )
        for definition, value in (
            ("mean_of_patients", 37.2),
            ("median_of_patients", 41.0),
            ("ratio_of_means", 39.3),
        )
    ]
    rows += [
        _number(
            7.2 - drop,
            0.4,
            measure="score_mean",
            condition=condition,
            visit=visit,
            population="observed",
            n=seen,
            unit="score",
            method="Student t interval",
        )
        for visit, drop in (("baseline", 0.0), ("end", 3.2), ("week_4", 2.9), ("week_12", 2.1))
    ]
    for definition, weeks in (("booster_as_loss", 9.4), ("booster_as_censoring", 12.0)):
        keys = {"condition": condition, "definition": definition, "population": "responders"}
        rows.append(
            _number(
                weeks,
                1.6,
                measure="relief_duration",
                n=88,
                unit="weeks",
                method="Kaplan-Meier",
                **keys,
            )
        )
        rows += [
            share(int(88 * s), 88, measure="relieved_share", visit=visit, **keys)
            for visit, s in (("week_4", 0.8), ("week_8", 0.55), ("week_12", 0.4), ("week_26", 0.12))
        ]
    rows.append(
        ResultRow(
            measure="relief_duration",
            definition="booster_ignored",
            value=None,
            n=88,
            condition=condition,
            population="responders",
            unit="weeks",
            method="Kaplan-Meier",
            status="not reached",
        )
    )
    return rows


def judgements(rows: list[ResultRow]) -> tuple[Judgement, ...]:
    crps = next(row for row in rows if row.condition == "crps" and row.measure == "responder_share")
    return (
        Judgement(
            claim_id="C1",
            wording="70-85% of CRPS patients experience significant relief",
            source="Clinic page, Outcomes",
            condition="crps",
            cited_low=0.7,
            cited_high=0.85,
            reading="At least 30 % less pain at the end of the series, of all who started; "
            "missing = not responding.",
            cited_text="70-85 %",
            verdict="undecided",
            position="across the floor",
            value=crps.value,
            low=crps.low,
            high=crps.high,
            level=0.95,
            n=crps.n,
            n_missing=crps.n_missing,
            further_patients=260,
            result_id=crps.result_id,
            sentence="65 % of 140 patients with CRPS responded; the cited floor of 70 % lies "
            "inside the interval.",
        ),
        Judgement(
            claim_id="C2",
            wording="Fibromyalgia pain is reduced by 40-60% on average",
            source="Clinic page, Outcomes",
            condition="fibromyalgia",
            cited_low=40.0,
            cited_high=60.0,
            reading="Mean of patients' own percent reductions at the end of the series, "
            "of those seen.",
            cited_text="40-60 %",
            verdict="falls short",
            position="below",
            value=34.1,
            low=28.6,
            high=39.6,
            level=0.95,
            n=101,
            n_missing=20,
            unit="percent",
            sentence="Pain fell by 34.1 % on average among the 101 patients seen, less than the "
            "cited floor.",
        ),
        Judgement(
            claim_id="C3",
            wording="60-75% of neuropathic cases respond",
            source="Clinic page, Outcomes",
            condition="neuropathic",
            cited_low=0.6,
            cited_high=0.75,
            reading="As for CRPS.",
            cited_text="60-75 %",
            verdict="not testable",
            status="no patients",
            reason="The export holds no patients of this condition.",
            sentence="Nothing can be said.",
        ),
        Judgement(
            claim_id="C4",
            wording="Relief lasts weeks to months per treatment series",
            source="Clinic page, FAQ",
            condition="all",
            cited_low=2.0,
            cited_high=None,
            reading="Median time from the end of the series to loss of response or booster is "
            "at least 2 weeks.",
            cited_text="weeks to months",
            verdict="meets",
            position="inside",
            value=9.4,
            low=8.1,
            high=None,
            level=0.95,
            n=300,
            unit="weeks",
            sentence="Half of the responders kept their relief for 9.4 weeks or more.",
        ),
    )


def draw_all(folder: Path, rows: list[ResultRow], condition: str) -> list[FigureNote]:
    """Draw a condition's figures and return their notes."""
    mine = [row for row in rows if row.condition == condition and row.group_by == "all"]
    rates = [row for row in mine if row.measure == "responder_share"]
    band = (
        figures.CitedBand(low=BANDS[condition][0], high=BANDS[condition][1])
        if condition in BANDS
        else None
    )
    curve = figures.IntervalCurveToDraw(
        label=LABELS[condition],
        condition=condition,
        left=[0.0, 2.0, 6.0, 12.0, 26.0],
        right=[1.0, 4.0, 9.0, 20.0, math.inf],
        mass=[0.1, 0.2, 0.25, 0.25, 0.2],
        n=88,
        at_risk_weeks=[0, 4, 8, 12, 26],
        at_risk=[88, 60, 40, 20, 5],
        median_text="9.4 weeks",
    )
    changes = [float("nan")] * 20 + [90.0 - 1.3 * i for i in range(100)]
    by = {
        name: [row for row in mine if row.measure == name]
        for name in ("cumulative_responder_share", "score_mean", "percent_reduction")
    }
    made = {
        "responders": (
            figures.draw_responder_rates(rates, labels=LABELS, cited=band),
            figures.describe_responder_rates(rates, labels=LABELS, cited=band),
        ),
        "waterfall": (
            figures.draw_waterfall(changes, condition=condition),
            figures.describe_waterfall(changes),
        ),
        "cumulative": (
            figures.draw_cumulative_responders(by["cumulative_responder_share"], labels=LABELS),
            figures.describe_cumulative_responders(by["cumulative_responder_share"], labels=LABELS),
        ),
        "trajectory": (
            figures.draw_trajectories(by["score_mean"], labels=LABELS),
            figures.describe_trajectories(by["score_mean"], labels=LABELS),
        ),
        "reduction": (
            figures.draw_reduction_definitions(by["percent_reduction"], labels=LABELS),
            figures.describe_reduction_definitions(by["percent_reduction"], labels=LABELS),
        ),
        "relief": (
            figures.draw_interval_relief([curve]),
            figures.describe_interval_relief([curve]),
        ),
    }
    notes = []
    for name, (figure, alt) in made.items():
        figures.save_figure(figure, folder, f"{condition}_{name}")
        notes.append(
            FigureNote(
                figure=f"{condition}_{name}",
                condition=condition,
                title=name,
                alt=alt,
                caption=f"What the {name} figure shows, and what it does not.",
            )
        )
    return notes


def make_inputs(*, folder: Path | None = None, synthetic: bool = True) -> ReportInputs:
    """Return realistic inputs; figures are drawn only when a folder is given."""
    results = []
    rows: list[ResultRow] = []
    for condition in SIZES:
        mine = [*responder_rows(condition), *other_rows(condition)]
        rows += mine
        notes = draw_all(folder, mine, condition) if folder else []
        words = (
            Sentence(
                name="finding",
                condition=condition,
                text="Two in three who started had at least 30 % less pain.",
            ),
        )
        results.append(
            NotebookResults(
                notebook="20_responders",
                condition=condition,
                rows=tuple(mine),
                sentences=words,
                figures=tuple(notes),
            )
        )
    whole = [
        ResultRow(
            measure="patients",
            definition="started",
            condition="all",
            value=402.0,
            n=402,
            unit="count",
            method="count",
        ),
        share(347, 402, condition="all", measure="completeness_share", definition=""),
        *(
            _number(
                9.4,
                1.3,
                measure="relief_duration",
                definition=d,
                condition="all",
                n=300,
                unit="weeks",
                method="Kaplan-Meier",
                population="responders",
            )
            for d in ("booster_as_loss",)
        ),
    ]
    results.append(
        NotebookResults(notebook="40_relief_duration", condition="all", rows=tuple(whole))
    )
    results.append(
        NotebookResults(
            notebook="10_data_quality",
            condition="all",
            checks=(
                Check(
                    name="Every patient once",
                    table="patients",
                    state="pass",
                    n=0,
                    sentence="No patient id occurs twice.",
                ),
                Check(
                    name="Follow-up before baseline",
                    table="pain_scores",
                    state="pass with findings",
                    n=3,
                    sentence="3 ratings lie before day 0 and are read as baseline.",
                ),
                Check(
                    name="Scores on their scale",
                    table="pain_scores",
                    state="fail",
                    n=2,
                    sentence="2 scores of 11 on a scale of 0 to 10.",
                ),
                Check(
                    name="Doses stated",
                    table="infusions",
                    state="not applicable",
                    n=0,
                    sentence="The export has no doses.",
                ),
            ),
            facts={
                "first_date": "2023-01-09",
                "last_date": "2025-02-28",
                "intake": [
                    {
                        "file": "pain_scores.csv",
                        "table": "pain_scores",
                        "n_lines": 3102,
                        "n_header": 1,
                        "n_blank": 0,
                        "n_continued": 0,
                        "n_records": 3101,
                        "per_record": 1,
                        "n_used": 3090,
                        "excluded": {"blank row": 1, "no score recorded": 10},
                    }
                ],
            },
        )
    )
    return ReportInputs(
        title="Pain outcomes after ketamine infusion",
        export_name="Demo export",
        synthetic=synthetic,
        run={
            "started": "2026-01-05T09:30:00",
            "settings": {"analysis_visit": "end", "minimum_baseline_score": 4.0},
            "inputs": {"data/demo/patients.csv": "ab" * 32},
            "versions": {"reliefcheck": "0.1.0", "numpy": "2.4"},
            "git_commit": "0123abc",
        },
        results=tuple(results),
        judgements=judgements(rows),
        conditions=LABELS,
        notebooks=(
            NotebookLink("20_responders", "crps", "notebooks/20_responders_crps.html"),
            NotebookLink(
                "30_pain_reduction",
                "central",
                "",
                "With 8 patients no bootstrap interval can be made.",
            ),
        ),
        figures=folder or Path("nowhere"),
    )


@pytest.fixture(scope="session")
def report_inputs(tmp_path_factory: pytest.TempPathFactory) -> ReportInputs:
    return make_inputs(folder=tmp_path_factory.mktemp("figures"))


def test_conditions_come_in_their_order_and_unknown_ones_last() -> None:
    odd = NotebookResults(notebook="n", condition="knee", rows=(share(1, 2, condition="knee"),))
    inputs = make_inputs()
    assert replace(inputs, results=(odd, *inputs.results)).shown_conditions == [*LABELS, "knee"]


def test_settings_not_stated_take_their_default() -> None:
    inputs = make_inputs()
    assert inputs.setting("minimum_baseline_score") == 4.0
    assert replace(inputs, run={}).setting("analysis_visit") == "end"


def test_a_check_run_by_several_notebooks_is_said_once() -> None:
    inputs = make_inputs()
    assert len(replace(inputs, results=inputs.results * 3).checks) == 4
