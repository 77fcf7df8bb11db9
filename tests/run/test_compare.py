"""What moved between two runs: parts worked by hand in the stated order, flips, and refusals."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.cli import main
from analysis.errors import InputError
from analysis.intake.load import Export, load_export
from analysis.results import make_results
from analysis.run import compare
from analysis.run.compare import (
    CODE,
    CORRECTED,
    GONE,
    LATE,
    NEW,
    SETTINGS,
    STEPS,
    Changes,
    Comparison,
    RunData,
    by_id,
    compare_runs,
    comparison_record,
    comparison_text,
    load_run,
    signed_text,
    why_flipped,
)  # fmt: skip
from tests.run.conftest import World, make_world
from tests.run.exports import write_export
from tests.run.small import Here, write_small_report

SHARE = "crps.responder_share.percent_reduction.ge30.all_starters.end"

PATIENTS = "patient_id,condition\nP1,crps\nP2,crps\nP3,crps\n"
INFUSIONS = "patient_id,infused_at\nP1,2026-03-02\nP2,2026-03-02\nP3,2026-03-02\n"
SCORES = """\
patient_id,assessed_on,score
P1,2026-03-01,8
P2,2026-03-01,8
P3,2026-03-01,8
P1,2026-03-04,4
P2,2026-03-04,8
"""
AFTER = {
    "patients": PATIENTS + "P4,crps\n",
    "infusions": INFUSIONS + "P4,2026-03-02\n",
    "pain_scores": SCORES.replace("P2,2026-03-04,8", "P2,2026-03-04,4")
    + "P3,2026-03-04,4\nP4,2026-03-01,8\nP4,2026-03-04,8\n",
}
"""P2's score is corrected, P3 is rated late, and P4, new, does not respond."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two runs, and what computes mixtures of them without a process."""
    folder = tmp_path_factory.mktemp("runs")
    world = make_world(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.report.page.write_report", write_small_report)
        patch.setattr(compare, "LocalExecutor", Here)
        patch.chdir(folder)
        write_export(world.export, patients=PATIENTS, infusions=INFUSIONS, pain_scores=SCORES)
        world.run("a", cache=None)
        write_export(world.export, **AFTER)
        world.run("b", cache=None)
        yield world


def compared(world: World, a: RunData | None = None, b: RunData | None = None) -> Comparison:
    first, last = a or load_run(world.folder / "a"), b or load_run(world.folder / "b")
    return compare_runs(first, last, notebooks=world.notebooks)


@pytest.fixture(scope="module")
def comparison(made) -> Comparison:
    return compared(made)


@pytest.mark.slow
def test_parts_worked_by_hand(comparison):
    """One of three responds. New: 1/3 to 1/4. Corrected: to 2/4. Late: to 3/4."""
    row = comparison.moved.loc[SHARE]
    assert (row["value_a"], row["value_b"]) == (pytest.approx(1 / 3), 0.75)
    assert comparison.parts_of(SHARE, "value") == pytest.approx(
        {CORRECTED: 1 / 4, LATE: 1 / 4, NEW: -1 / 12}
    )


@pytest.mark.slow
def test_what_differs_is_counted_in_the_stated_order(comparison):
    assert dict(comparison.steps) == {
        NEW: "1 patient, 2 ratings, 1 infusion",
        CORRECTED: "1 patient, 1 rating",
        LATE: "1 patient, 1 rating",
    }
    assert list(STEPS) == [NEW, GONE, CORRECTED, LATE, SETTINGS, CODE]


@pytest.mark.slow
def test_the_parts_of_every_row_add_up_to_its_change(comparison):
    sums = comparison.parts.groupby(["result_id", "quantity"])["part"].sum()
    assert len(sums) == len(comparison.moved)
    for (result_id, quantity), total in sums.items():
        row = comparison.moved.loc[result_id]
        assert total == pytest.approx(row[f"{quantity}_b"] - row[f"{quantity}_a"], abs=1e-12)


@pytest.mark.slow
def test_a_run_and_itself_have_no_difference(made):
    a = load_run(made.folder / "a")
    same = compared(made, a, a)
    assert (len(same.moved), same.flips, dict(same.steps)) == (0, (), {})
    text = comparison_text(same, n_rows=5)
    assert "No verdict changed." in text
    assert "0 results have another value" in text


@pytest.mark.slow
def test_settings_alone_take_the_whole_change(made):
    made.run("c", cache=None, settings={"minimum_baseline_score": 9.0})
    b, c = load_run(made.folder / "b"), load_run(made.folder / "c")
    moved = compared(made, b, c)
    assert dict(moved.steps) == {SETTINGS: "minimum_baseline_score: 4.0 to 9.0"}
    assert set(moved.parts.loc[moved.parts["part"].abs() > 0, "step"]) <= {SETTINGS}


@pytest.mark.slow
def test_what_a_run_wrote_and_this_version_does_not_make_is_code(made):
    """The earlier run wrote a share 0.05 too high: of the change, 0.05 less is due to the code."""
    a = load_run(made.folder / "a")
    wrong = a.results.copy()
    wrong.loc[SHARE, "value"] += 0.05
    moved = compared(made, replace(a, results=wrong, about={**a.about, "code_sha256": "other"}))
    parts = moved.parts_of(SHARE, "value")
    assert parts[CODE] == pytest.approx(-0.05)
    assert parts[NEW] == pytest.approx(-1 / 12)
    assert list(moved.steps)[-1] == CODE


@pytest.mark.slow
def test_runs_without_data_are_compared_and_not_split(made, tmp_path):
    shutil.copytree(made.folder / "b", tmp_path / "bare")
    shutil.rmtree(tmp_path / "bare" / "data")
    moved = compared(made, b=load_run(tmp_path / "bare"))
    assert moved.moved.loc[SHARE, "change"] == pytest.approx(5 / 12)
    assert len(moved.parts) == 0
    assert "bare keeps no data" in moved.notes[0]
    again = compared(made, b=load_run(tmp_path / "bare", made.export))
    assert again.parts_of(SHARE, "value")[LATE] == pytest.approx(1 / 4)
    with pytest.raises(InputError, match=r"is not the export of this run: .*pain_scores.csv"):
        load_run(made.folder / "a", made.export)


@pytest.mark.slow
def test_ids_made_anew_are_said(made):
    b = load_run(made.folder / "b")
    assert b.export is not None
    tables = {n: f.assign(patient_id="x" + f["patient_id"]) for n, f in b.export.tables.items()}
    moved = compared(made, b=replace(b, export=replace(b.export, tables=tables)))
    assert set(moved.steps) == {NEW, GONE}
    assert any("No patient id is in both runs" in note for note in moved.notes)
    assert moved.parts[moved.parts["result_id"] == SHARE]["part"].sum() == pytest.approx(5 / 12)


# --- tagging and mixing -------------------------------------------------------------------------


def exports(folder: Path, **after: str) -> tuple[Export, Export]:
    before = {"patients": PATIENTS, "infusions": INFUSIONS, "pain_scores": SCORES}
    paths = write_export(folder / "a", **before), write_export(folder / "b", **{**before, **after})
    return load_export(paths[0]), load_export(paths[1])


def test_a_rating_under_another_date_is_corrected_and_one_more_is_late(tmp_path):
    text = SCORES.replace("P1,2026-03-04", "P1,2026-03-05") + "P1,2026-03-20,3\n"
    changes = Changes.between(*exports(tmp_path, pain_scores=text))
    assert changes.count(CORRECTED) == {"patients": 1, "ratings": 1}
    assert changes.count(LATE) == {"patients": 1, "ratings": 1}
    assert changes.count(NEW) == {}


def test_rows_in_another_order_are_the_same(tmp_path):
    head, *rows = SCORES.splitlines(keepends=True)
    changes = Changes.between(*exports(tmp_path, pain_scores=head + "".join(reversed(rows))))
    assert {tag for pair in changes.tags.values() for side in pair for tag in side} == {"same"}


@pytest.mark.slow
def test_mixtures_hold_the_rows_of_their_steps_with_patients_in_order(tmp_path):
    before, after = exports(tmp_path, **AFTER)
    changes = Changes.between(before, after)
    assert changes.mix([]) is before
    assert changes.mix([NEW, GONE, CORRECTED, LATE]) is after
    scores = changes.mix([NEW, CORRECTED]).tables["pain_scores"]
    assert list(zip(scores["patient_id"], scores["score"], strict=True)) == [
        ("P1", 8.0), ("P1", 4.0), ("P2", 8.0), ("P2", 4.0), ("P3", 8.0), ("P4", 8.0), ("P4", 8.0),
    ]  # fmt: skip
    assert len(changes.mix([LATE]).tables["patients"]) == 3


# --- verdicts -----------------------------------------------------------------------------------

RECORD: dict[str, Any] = {
    "claim_id": "T1", "wording": "70-85% respond", "condition": "crps", "verdict": "undecided",
    "reading": "of all who start", "cited_low": 0.7, "cited_high": 0.85, "unit": "share",
    "value": 0.72, "low": 0.6, "high": 0.8, "n": 100, "status": "estimated", "reason": "",
    "result_id": SHARE,
}  # fmt: skip


def verdicts(
    before: Mapping[str, Any], after: Mapping[str, Any], *, parts: Mapping[str, Any] | None = None,
    steps: Mapping[str, str] | None = None,
) -> Comparison:  # fmt: skip
    """Compare two runs of one claim, with parts that were attributed."""
    frame = by_id(make_results([{
        "measure": "responder_share", "definition": "percent_reduction", "condition": "crps",
        "visit": "end", "threshold_pct": 30.0, "population": "all_starters", "value": 0.5, "n": 4,
        "unit": "share", "method": "count", "notebook": "20_responders",
    }]))  # fmt: skip
    about = {"conditions": {"crps": "CRPS"}, "synthetic": True}
    settings = compare.make_settings({})
    runs = [
        RunData(name=name, about=about, settings=settings, results=frame, export=None,
                claims={"T1": {**RECORD, **record}})
        for name, record in (("a", before), ("b", after))
    ]  # fmt: skip
    made = compare_runs(*runs)
    long = pd.DataFrame(
        [(SHARE, quantity, step, part) for quantity, each in (parts or {}).items()
         for step, part in each.items()], columns=["result_id", "quantity", "step", "part"],
    )  # fmt: skip
    made = replace(made, parts=long, steps=steps or {})
    return replace(made, flips=tuple(compare._flips(*runs, made)))


def reason(*args: Any, **more: Any) -> str:
    (flip,) = verdicts(*args, **more).flips
    return flip.reason


def test_the_reason_names_the_end_that_passed_the_floor_and_what_moved_it():
    parts = {"value": {NEW: 0.06, CODE: 0.0}, "low": {NEW: 0.13, CORRECTED: -0.01}}
    said = reason({}, {"verdict": "meets", "low": 0.72, "n": 200, "value": 0.8}, parts=parts)
    assert said == (
        "The lower end of the interval went from 60% to 72% and is now at or above the cited "
        "70% (new patients +13.0 points, corrected values −1.0 points). The number went from "
        "72% to 80% (new patients +6.0 points), from 100 patients before and 200 now."
    )


def test_a_limit_that_rounds_to_the_floor_stays_apart_from_it():
    said = reason({"low": 0.698}, {"verdict": "meets", "low": 0.701, "value": 0.72})
    assert "from 69.8% to 70.1%" in said
    assert "The number itself is the same" in said


def test_falling_short_is_explained_by_the_upper_end():
    said = reason({}, {"verdict": "falls short", "value": 0.6, "low": 0.5, "high": 0.68})
    assert "The upper end of the interval went from 80% to 68% and is now below" in said


def test_a_number_that_came_to_be_or_is_no_more():
    none = {"value": None, "low": None, "high": None, "verdict": "not testable",
            "status": "no patients", "reason": "Nobody was rated."}  # fmt: skip
    assert reason(none, {}) == "There was no number before: Nobody was rated."
    assert reason({}, none) == "There is no number any more: Nobody was rated."


def test_another_reading_and_another_setting_are_named_as_such():
    assert "The ledger gives" in reason({}, {"verdict": "meets", "cited_low": 0.5})
    steps = {SETTINGS: "analysis_visit: end to week_4"}
    said = reason({}, {"verdict": "meets", "result_id": "x"}, steps=steps)
    assert (
        said == "It is judged on another number, as settings differ: analysis_visit: end to week_4."
    )
    assert why_flipped(RECORD, {**RECORD, "result_id": "x"}, verdicts({}, {})) == [
        "It is judged on another number, as the ledger differs."
    ]


def test_the_same_verdict_is_no_flip():
    assert verdicts({}, {"value": 0.75}).flips == ()


@pytest.mark.parametrize(
    ("part", "unit", "said"),
    [
        (0.031, "share", "+3.1 points"), (-0.031, "share", "−3.1 points"),
        (-1.25, "weeks", "−1.3 weeks"), (0.0001, "share", "+0.01 points"),
        (3.0, "count", "+3"), (-2.5, "count", "−2.5"), (0.125, "ratio", "+0.13"),
        (4.04, "percent", "+4.0 points"),
    ],
)  # fmt: skip
def test_differences_in_words(part, unit, said):
    assert signed_text(part, unit=unit) == said


# --- output -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_text_names_flips_first_then_movers_with_their_parts(comparison):
    flips = verdicts({}, {"verdict": "meets", "low": 0.72}).flips
    text = comparison_text(replace(comparison, flips=flips, synthetic=True), n_rows=3)
    assert text.index("UNDECIDED to MEETS") < text.index("What differs") < text.index("points)")
    assert "SYNTHETIC" in text.splitlines()[0]
    assert "more (--rows" in text
    assert "in this order: new patients, patients gone, corrected values, late follow-up" in text
    assert "for use inside the clinic" in text


@pytest.mark.slow
def test_json_is_json_with_unrounded_parts(comparison):
    told = json.loads(json.dumps(comparison_record(comparison), allow_nan=False))
    (part,) = (each["part"] for each in told["parts"] if each["result_id"] == SHARE
               and (each["quantity"], each["step"]) == ("value", NEW))  # fmt: skip
    assert part == pytest.approx(-1 / 12, abs=1e-15)
    assert told["order"] == list(STEPS)


@pytest.mark.slow
@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"settings": {"nonsense": 1}}'])
def test_what_is_no_run_is_refused_in_a_sentence(made, tmp_path, content):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    done = CliRunner().invoke(main, ["diff", str(made.folder / "a"), str(tmp_path)])
    assert done.exit_code == 2
    assert done.output.startswith("reliefcheck: ")
    assert "Traceback" not in done.output


@pytest.mark.slow
def test_damaged_data_are_refused(made, tmp_path):
    shutil.copytree(made.folder / "a", tmp_path / "a")
    (tmp_path / "a" / "data" / "tables" / "pain_scores.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="does not hold the tables of a run"):
        load_run(tmp_path / "a")


@pytest.mark.slow
def test_kept_tables_give_the_same_export(made):
    from analysis.run.data import load_tables

    export, kept = load_export(made.export), load_tables(made.folder / "b" / "data" / "tables")
    for name, frame in export.tables.items():
        pd.testing.assert_frame_equal(kept.tables[name], frame)
    assert kept.intake == export.intake
    assert (kept.settings, kept.conditions) == (export.settings, export.conditions)


@pytest.mark.slow
def test_the_command_recomputes_in_processes(made):
    words = ["diff", str(made.folder / "a"), str(made.folder / "b"), "--json",
             "--notebooks", str(made.notebooks), "--workers", "2"]  # fmt: skip
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "analysis", *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (part,) = (each["part"] for each in json.loads(done.stdout)["parts"]
               if each["result_id"] == SHARE
               and (each["quantity"], each["step"]) == ("value", NEW))  # fmt: skip
    assert part == pytest.approx(-1 / 12)
