"""Page one in words: title, three sentences, what to do next, what changed; easy to read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reading import grade, syllables
from report_runs import judged, share, write_run

from analysis.claims.judgement import Missing
from analysis.claims.plain_sentences import (
    count_verdicts,
    name_title,
    next_steps,
    since_then,
)
from analysis.report.front import Front
from analysis.report.inputs import read_run
from analysis.report.page import build_page

CRPS, FIBROMYALGIA, NEUROPATHIC, RELIEF = judged()


def front_of(folder, **changes) -> Front:
    return build_page(read_run(write_run(folder / "run", **changes))).front


def test_the_title_says_whose_words_and_whose_patients():
    source = "Clinic, Outcomes (web page)"
    known = {"n": 1234.0, "export": "June"}
    assert name_title([source], synthetic=False, **known) == (
        "What Clinic says about pain relief, checked against 1,234 patients of June"
    )
    assert name_title([source, source], synthetic=True, **known).endswith(
        "1,234 invented patients, not this clinic's"
    )
    assert name_title(["A, x", "B, y"], synthetic=False, **known).startswith("What 2 sources say")
    assert name_title([], n=None, export="", synthetic=False) == "Outcomes of the patients"


def test_verdicts_are_counted_in_one_sentence_with_plurals():
    assert count_verdicts([CRPS, FIBROMYALGIA, FIBROMYALGIA, RELIEF]) == (
        "Of 4 statements that give a figure, the results meet 1, fall short of 2, and leave 1 "
        "undecided."
    )
    assert count_verdicts([RELIEF]) == "Of one statement, the results meet 1."
    assert count_verdicts([]) == "No statement was checked in this run."


@pytest.mark.parametrize(
    ("claim", "step"),
    [
        (FIBROMYALGIA, "Do not print “Fibromyalgia pain is reduced by 40-60% on average”."),
        (CRPS, "Wait with “70-85% of CRPS patients experience significant relief”: about 260 more "
               "patients would decide it."),
        (replace(CRPS, further_patients=8349), "too close to the figure to tell"),
        (replace(CRPS, n_missing=20, missing=Missing(
            worst_low=0.5, worst_high=0.7, imputed=0.7, imputed_low=0.6, imputed_high=0.8,
            best_low=0.6, best_high=0.8, judged_low=0.5, judged_high=0.8, n_to_find=7)),
         "Find 7 of the 20 patients without a rating"),
        (RELIEF, "“Relief lasts weeks to months per treatment series” may be said."),
        (replace(RELIEF, firmness="fragile"), "may be said, with care"),
        (NEUROPATHIC, "Record what “60-75% of neuropathic cases respond” needs"),
    ],
)  # fmt: skip
def test_each_verdict_leads_to_a_step(claim, step):
    (said,) = next_steps([claim], n_flags=0, last_seen=None)
    assert step in said


def test_flags_and_patients_not_seen_are_steps():
    assert next_steps([], n_flags=1, last_seen=None) == (
        "Have a physician review the 1 reason not to treat on record.",
    )


def earlier(n: float, **verdicts: str) -> dict:
    found = {name: {"verdict": verdict, "value": 0.6, "unit": "share", "reading": ""}
             for name, verdict in verdicts.items()}  # fmt: skip
    return {"started": "2026-06-03T10:00:00+00:00", "n": n, "verdicts": found}


def test_what_changed_since_the_run_before():
    assert since_then([], [CRPS], n=5).startswith("This is the first run")
    before = earlier(100.0, C1="falls short", C2="falls short")
    said = since_then([before], [CRPS, FIBROMYALGIA], n=140)
    assert said == (
        "Since the run of June 3, 2026, “70-85% of CRPS patients experience significant relief” "
        "went from falls short to undecided. 40 more patients are counted."
    )
    same = since_then([before], [FIBROMYALGIA], n=99)
    assert same.endswith("no verdict changed. 1 fewer patient is counted.")
    other = replace(CRPS, reading_sha="read otherwise")
    assert "no verdict changed" in since_then([before], [other], n=100)


def test_a_line_of_the_figure_shows_what_earlier_runs_said(tmp_path):
    runs = [earlier(90.0, C1="falls short"), earlier(100.0, C1="falls short")]
    front = front_of(tmp_path, about={"predecessors": runs})
    assert front.rows[0].history == "Before: falls short"
    assert "<svg" in front.rows[0].spark
    back = [*runs, earlier(110.0, C1="meets"), earlier(120.0, C1="falls short")]
    front = front_of(tmp_path / "back", about={"predecessors": back})
    assert front.rows[0].history == "Before: falls short, meets, falls short"
    assert front.rows[1].history == front.rows[1].spark == ""
    assert front.since.startswith("Since the run of June 3, 2026")


def test_without_a_word_on_earlier_runs_nothing_is_said_of_them(tmp_path):
    assert front_of(tmp_path).since == ""


def test_a_condition_without_a_claim_has_its_number_and_says_so(tmp_path):
    front = front_of(tmp_path)
    own = [row for row in front.rows if row.code == "central"]
    assert [(row.verdict, row.wording, row.estimate) for row in own] == [
        ("", "No figure on the page", "5 of 8")
    ]


def test_page_one_reads_at_grade_ten_or_below(tmp_path):
    front = front_of(tmp_path, about={"predecessors": []}, rows=None)
    text = " ".join([*front.sentences, *front.steps, front.since, front.harm, front.otherwise])
    assert grade(text) <= 10


def test_the_grade_is_that_of_the_formula():
    assert [syllables(word) for word in ("pain", "relief", "table", "the", "syndrome")] == [
        1, 2, 2, 1, 2]  # fmt: skip
    assert grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)


def test_too_few_patients_have_no_icons(tmp_path):
    rows = [share(5, 8, threshold_pct=30.0), share(2, 8, threshold_pct=50.0)]
    sections = build_page(read_run(write_run(tmp_path / "run", rows=rows))).sections
    assert [section.icons for section in sections if section.code == "crps"] == [()]
    many = [share(27, 50, threshold_pct=30.0), share(13, 50, threshold_pct=50.0)]
    own = build_page(read_run(write_run(tmp_path / "b", rows=many))).sections[1]
    assert own.icons[0].text == "Of 100 who start: 54 better, 26 much better."
