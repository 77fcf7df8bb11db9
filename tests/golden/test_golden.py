"""Three exports through the suite: numbers and verdicts stay as frozen, cohorts as published."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from freeze import claims_of, results_of
from pypdf import PageObject, PdfReader

from analysis.claims.ledger import load_ledger
from analysis.cli import main
from analysis.lint.findings import lint_documents, load_run
from analysis.lint.text import read_text
from analysis.report.inputs import read_run
from analysis.report.page import build_page, write_results_files
from analysis.report.release import make_release
from analysis.results import KEYS, Results, find, read_results
from analysis.run.data import prepare
from analysis.run.plan import find_notebooks, make_plan, notebook_folder
from analysis.settings import data_folder

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "unit"))

from cells import run_code  # noqa: E402
from reading import grade  # noqa: E402

MAPPINGS = HERE.parent / "mappings"
SHARED = Path(os.environ.get("RELIEFCHECK_SHARED", HERE.parents[2] / "shared"))
REAL = SHARED / "real"

EXPORTS = {
    "demo": (data_folder() / "demo", None),
    "amitriptyline_period1": (
        REAL / "amitriptyline_hivsn",
        MAPPINGS / "amitriptyline_period1.yaml",
    ),
    "choir_alter2021": (REAL / "choir_alter2021", MAPPINGS / "choir_alter2021.yaml"),
}
WHOLE = ["demo", "amitriptyline_period1"]
"""Run by the command. Of the third, 21,658 patients, only the notebooks' numbers are made."""

with_report = pytest.mark.parametrize("run", WHOLE, indirect=True)

COUNTS = {
    "choir_alter2021": {
        ("all", "all", 30.0, "observed"): (1178, 7135),
        ("all", "all", 50.0, "observed"): (588, 7135),
        ("all", "all", 30.0, "all_starters"): (1178, 21611),
        ("all", "all", 50.0, "all_starters"): (588, 21611),
    },
    "amitriptyline_period1": {
        ("arm", "amitriptyline", 30.0, "all_starters"): (26, 56),
        ("arm", "amitriptyline", 50.0, "all_starters"): (18, 56),
        ("arm", "placebo", 30.0, "all_starters"): (28, 66),
        ("arm", "placebo", 50.0, "all_starters"): (21, 66),
    },
}
"""Responders and patients of the one visit, as the cohorts' READMEs print them."""

ON_PAGE = {
    "demo": ("Synthetic data",),
    "amitriptyline_period1": ("amitriptyline", "placebo", "filter: Period is 1"),
}

SAME = 1e-9
"""Sums in another order differ in the last digits; nothing else may differ."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=EXPORTS)
def run(request, tmp_path_factory) -> tuple[str, Path]:
    """Run the suite on one export; the name of the export and the run folder."""
    export, mapping = EXPORTS[request.param]
    if not export.is_dir():
        pytest.skip(f"the published cohorts are not at {REAL}; see RELIEFCHECK_SHARED")
    out = tmp_path_factory.mktemp("golden") / "report"
    if request.param not in WHOLE:
        write_numbers(export, mapping, out)
        return request.param, out
    words = ["run", str(export), "--quiet", "--no-cache", "--out", str(out)]
    result = CliRunner().invoke(main, [*words, *(["--mapping", str(mapping)] if mapping else [])])
    assert result.exit_code == 0, result.output
    return request.param, out


def write_numbers(export: Path, mapping: Path, out: Path) -> None:
    """Write results and verdicts of an export as its run would, without figures and report."""
    _, study = prepare(export, mapping, {}, out / "data")
    settings = study.settings.model_dump()
    tasks = make_plan(
        find_notebooks(notebook_folder()), [], datasets=out / "data", settings=settings
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.report.figures.keep_each", lambda *_, **__: None)
        patch.setattr(Results, "figure", lambda *_, **__: None)
        for task in tasks:
            about = {**task.parameters, "results_dir": str(out / "results")}
            run_code(task.path.stem, **about)
    write_results_files(read_results(out / "results"), out)
    shutil.copy(out / "results" / "claims.json", out)


def differing(was: pd.Series, now: pd.Series) -> pd.Series:
    """Return where numbers are not the same, or anything else is not equal."""
    if not pd.api.types.is_numeric_dtype(was):
        return was.fillna("") != now.fillna("")
    a, b = was.astype(float), now.astype(float)
    return (a.isna() != b.isna()) | ((a - b).abs() > SAME * np.maximum(1.0, a.abs()))


def compare(was: pd.DataFrame, now: pd.DataFrame) -> None:
    assert now.index.tolist() == was.index.tolist()
    assert now.columns.tolist() == was.columns.tolist()
    for column in was:
        moved = differing(was[column], now[column])
        assert not moved.any(), f"{column}: {was.index[moved].tolist()[:5]}"


def test_every_number_is_as_frozen(run):
    name, out = run
    was, now = pd.read_parquet(HERE / f"{name}.results.parquet"), results_of(out)
    keys = [frame[KEYS].astype("str") for frame in (was, now)]
    compare(*(frame.set_index(pd.MultiIndex.from_frame(key))
              for frame, key in zip((was, now), keys, strict=True)))  # fmt: skip


def test_every_verdict_is_as_frozen(run):
    name, out = run
    compare(pd.read_parquet(HERE / f"{name}.claims.parquet"), claims_of(out))


def test_responders_are_those_published(run):
    name, out = run
    rows = pd.read_csv(out / "results.csv")
    keys = ["group_by", "group", "threshold_pct", "population"]
    shares = rows[
        (rows["measure"] == "responder_share")
        & (rows["definition"] == "percent_reduction")
        & (rows["condition"] == {"choir_alter2021": "other"}.get(name, "neuropathic"))
        & rows["visit"].isin(["end", "week_12"])
    ].set_index(keys)
    for key, expected in COUNTS.get(name, {}).items():
        found = shares.loc[[key], ["n_events", "n"]]
        assert found.to_numpy().tolist() == [list(expected)], key


@with_report
def test_the_page_says_what_was_read(run):
    name, out = run
    page = (out / "index.html").read_text(encoding="utf-8")
    assert [part for part in ON_PAGE[name] if part not in page] == []
    assert ("Synthetic data" in page) == (name == "demo")
    assert len(page.encode()) <= 3_000_000  # one file that can be mailed (decision 0033)


TEN_QUESTIONS = {
    "who": "checked against 586 invented patients, not this clinic's",
    "how many": "74 of 137 (54%) patients who started had at least 30% less pain",
    "how sure": "95% CI 46% to 62%",
    "how long": "6.4 weeks until half had lost relief",
    "how safe": "5 of 556 (1%) had a serious one",
    "compared with what": "There was no comparison group",
    "and without treatment": "that alone gives a fall of",
    "what was missing": "314 of 508 (62%) were rated at week 26",
    "what may I print": "What may be printed: Of 137 patients",
    "what changed": "This is the first run of this export here",
    "what next": "What to do next • Do not print",
}
"""Each with words of page one or two that answer it (docs/ten-questions.md)."""

MOST_PAGES = 15
"""Pages of the report before its appendix, for six conditions."""

FOOT_POINTS, HALF_POINTS = 40.0, 396.0
"""Heights of a Letter page: the line at its foot, and its middle."""


def words_of(page: PageObject) -> str:
    return " ".join(page.extract_text().replace("\xa0", " ").split())


@with_report
def test_pages_one_and_two_answer_ten_questions(run):
    name, out = run
    (summary,) = PdfReader(out / "summary.pdf").pages
    first, second = PdfReader(out / "report.pdf").pages[:2]
    same = [" ".join(words_of(page).split()[:-3]) for page in (summary, first)]  # but its number
    assert same[0] == same[1]
    text = f"{words_of(first)} {words_of(second)}"
    if name == "demo":
        missing = [asked for asked, answer in TEN_QUESTIONS.items() if answer not in text]
        assert missing == []
        front = build_page(read_run(out)).front
        said = [*front.sentences, *front.steps, front.harm, front.otherwise, front.since]
        assert grade(" ".join(said)) <= 10


@with_report
def test_the_report_is_short_and_no_page_is_mostly_blank(run):
    _, out = run
    for place, page in enumerate(PdfReader(out / "report.pdf").pages):
        heights: list[float] = []
        text = page.extract_text(visitor_text=lambda text, cm, tm, *_, to=heights: (
            to.append(tm[5] * cm[3] + cm[5]) if text.strip() else None))  # fmt: skip
        head = " ".join(text.replace("\xa0", " ").split())[:80]
        if "Appendix All visits" in head:
            break
        assert place < MOST_PAGES, head
        body = [height for height in heights if height > FOOT_POINTS]
        assert min(body) < HALF_POINTS, (place + 1, head)
    else:
        pytest.fail("no appendix")


PHONE_PIXELS, LEAST_PIXELS = 358.0, 11.0
"""Room for a figure on a phone of 390 px, and its smallest letters."""


@with_report
def test_letters_of_the_figures_that_stand_open_can_be_read_on_a_phone(run):
    _, out = run
    figures = [each for part in build_page(read_run(out)).sections for each in part.figures]
    assert figures
    for figure in figures:
        drawn = (out / "results" / "figures" / figure.file).read_text(encoding="utf-8")
        wide = float(re.search(r'viewBox="0 0 ([\d.]+) ', drawn)[1])
        sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:\d+ )?([\d.]+)px", drawn)]
        assert min(sizes) * PHONE_PIXELS / wide >= LEAST_PIXELS, figure.file


@with_report
def test_every_run_can_be_released(run):
    _, out = run
    _, frame = make_release(out)
    counts = frame[["n", "n_events"]].astype(float).to_numpy()
    assert set(np.unique(counts[~np.isnan(counts)]) % 6) <= {0.0, 3.0}  # 0, or a middle of six
    assert 0 < (frame["status"] == "estimated").sum() < len(frame)


SAFETY_QUESTIONS = {
    "who was asked": ("asked_share", "patients", "treated", 556, 600),
    "after how many infusions": ("asked_share", "infusions", "treated", 3214, 3700),
    "of how many was anything told": ("effect_share", "any_effect", "asked", 552, 556),
    "how bad: grade 3": ("highest_grade_share", "grade_3", "treated", 78, 556),
    "how bad: nobody died": ("highest_grade_share", "grade_5", "treated", 0, 556),
    "how bad: serious": ("effect_share", "serious", "asked", 5, 556),
    "how bad: hospital": ("effect_share", "hospital_transfer", "asked", 5, 556),
    "how bad: infusion stopped": ("effect_share", "stopped_infusion", "asked", 46, 556),
    "how long, at worst": (
        "resolved_share",
        "30_minutes",
        "effects_worst",
        2042,
        3489,
    ),
    "how long, at best": ("resolved_share", "30_minutes", "effects_best", 2921, 3489),
    "what was never asked: next day": ("effect_share", "next_day", "asked", None, 0),
    "what was never asked: liver": ("effect_share", "liver", "asked", None, 0),
    "what was never asked: dependence": ("effect_share", "dependence", "asked", None, 0),
    "what should worry: pressure": ("pressure_share", "peak_180_110", "treated", 15, 600),
    "what should worry: urinary, of few asked": ("effect_share", "urinary", "asked", 1, 196),
    "what should worry: who was treated": ("flag_share", "active_psychosis", "treated", 2, 600),
}
"""What a reviewer asks a chapter on safety, and the demo's answer: events among patients."""


@pytest.mark.parametrize("question", SAFETY_QUESTIONS)
def test_the_chapter_on_safety_answers_a_reviewers_list(question):
    measure, definition, population, n_events, n = SAFETY_QUESTIONS[question]
    frame = pd.read_parquet(HERE / "demo.results.parquet")
    row = find(frame, measure=measure, definition=definition, population=population,
               condition="all", group_by="all").iloc[0]  # fmt: skip
    assert row["n"] == n
    if n_events is None:  # nobody was asked: no number, and never zero
        assert row["status"] == "not estimable" and pd.isna(row["value"])
    else:
        assert (row["n_events"], row["value"]) == (n_events, n_events / n)


def test_nothing_seen_is_rare_by_its_upper_limit_only():
    """None of 556 asked: up to 0.66% by the exact rule (rule of three: 3 / 556)."""
    row = find(pd.read_parquet(HERE / "demo.results.parquet"), measure="effect_share",
               definition="breathing", population="asked", condition="all",
               group_by="all").iloc[0]  # fmt: skip
    assert row["n_events"] == 0 and 0.005 < row["high"] < 0.007


@with_report
def test_what_the_run_wrote_passes_its_own_linter(run):
    """Every "what may be said" and every finding on a claim, each as a page of its own."""
    _, out = run
    ledger, judged = load_ledger(), load_run(out)
    texts = []
    for one in judged.verdicts.values():
        texts += [one.may_say, f"{one.may_say}\n\n{one.say_note}"] if one.sayable else []
        texts += [one.sentence] if one.sentence else []
    assert len(texts) >= len(ledger)
    pages = [read_text(text, form="txt", name="own") for text in texts]
    result = lint_documents(pages, claims=ledger, run=judged)
    assert [f.statement.text for f in result.findings if f.to_fix] == []
