"""What changed between two runs: a split worked by hand, its laws on every row, flips and pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.changes import game
from analysis.changes import recompute as recomputing
from analysis.changes.compare import RunComparison, compare_runs
from analysis.changes.factors import CORRECTED, GONE, LATE, NEW
from analysis.changes.flips import find_flips
from analysis.changes.game import CODE, DATA, SETTINGS
from analysis.changes.inputs import load_run_data
from analysis.changes.moved import MovedRow, has_moved
from analysis.changes.output import comparison_record, tell_comparison, write_comparison_page
from analysis.changes.pieces import Piece, make_piece
from analysis.changes.recompute import recompute
from analysis.changes.shapley import SUM_TOLERANCE
from analysis.changes.telling import signed_text
from analysis.cli import main
from analysis.contract.codes import load_conditions
from analysis.errors import InputError
from analysis.sources.export import Export
from tests.run.exports import PAIN_SCORES, write_export
from tests.run.run_folders import make_run
from tests.unit.studies import patient, share_row

SHARE = "crps.responder_share.percent_reduction.ge30.all_starters.end"

BEFORE = [patient("P1", 8, 4), patient("P2", 8, 8), patient("P3", 8)]
AFTER = [patient("P1", 8, 4), patient("P2", 8, 4), patient("P3", 8, 4), patient("P4", 8, 8)]


def export_of(patients: list[dict[str, Any]]) -> Export:
    people = pd.DataFrame([one["patient"] for one in patients])
    ratings = [
        (one["patient"]["patient_id"], float(day), float(score), "average")
        for one in patients
        for day, score in sorted(one["ratings"].items())
    ]
    infusions = [
        (one["patient"]["patient_id"], float(day), phase)
        for one in patients
        for day, phase in one["infusions"]
    ]
    tables = {
        "patients": people.astype({"patient_id": "str"}),
        "pain_scores": pd.DataFrame(
            ratings, columns=["patient_id", "study_day", "score", "recall"]
        ),
        "infusions": pd.DataFrame(infusions, columns=["patient_id", "study_day", "phase"]),
    }
    return Export(
        name="typed", synthetic=True, source="", tables=tables, intake=(),
        conditions=load_conditions(), settings={}, files={},
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    top = tmp_path_factory.mktemp("runs")
    a = make_run(top / "a", export_of(BEFORE), conditions=("crps",))
    return a, make_run(top / "b", export_of(AFTER), conditions=("crps",))


@lru_cache(maxsize=4)
def compared(a: Path, b: Path) -> RunComparison:
    return compare_runs(load_run_data(a), load_run_data(b))


@pytest.fixture(scope="module")
def made(runs: tuple[Path, Path]) -> RunComparison:
    return compared(*runs)


def row_of(made: RunComparison, name: str = SHARE) -> MovedRow:
    return next(row for row in made.moved if row.result_id == name)


def diff(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["diff", *map(str, words), "--workers", "1"])
    return done.exit_code, done.output


def test_a_split_worked_by_hand(made):
    """One of three responds; then a corrected and a late patient do too, and a new one does not.

    With c, l, n for the factors the share is (1 + c + l) / (3 + n). New:
    (1/4 - 1/3) / 3 + 2 (2/4 - 2/3) / 6 + (3/4 - 1) / 3 = -1/6. The other two are alike and share
    3/4 - 1/3 + 1/6 = 7/12.
    """
    row = row_of(made)
    assert (row.before.value, row.after.value) == (pytest.approx(1 / 3), 0.75)
    parts = row.parts["value"]
    assert parts == pytest.approx(
        {NEW: -1 / 6, CORRECTED: 7 / 24, LATE: 7 / 24, CODE: 0.0}, abs=1e-12
    )
    assert made.n_mixtures == 8


def test_what_differs_is_counted(made):
    told = {factor.name: factor.extent for factor in made.factors}
    assert told == {
        NEW: "1 patient, 2 ratings, 2 infusions",
        CORRECTED: "1 patient, 1 rating",
        LATE: "1 patient, 1 rating",
    }


def test_the_parts_of_every_row_sum_to_its_change(made):
    split = [(row, name, parts) for row in made.moved for name, parts in row.parts.items()]
    assert len(split) > 100
    for row, name, parts in split:
        first, last = getattr(row.before, name), getattr(row.after, name)
        scale = max(1.0, abs(first), abs(last))
        assert sum(parts.values()) == pytest.approx(last - first, abs=SUM_TOLERANCE * scale)
        assert abs(parts[CODE]) <= SUM_TOLERANCE * scale


def test_limits_of_shares_are_split_and_those_of_the_bootstrap_are_not(made):
    assert {"value", "low", "high"} == set(row_of(made).parts)
    chance = [row for row in made.moved if "ootstrap" in row.after.method and row.parts]
    assert chance
    assert all(set(row.parts) == {"value"} for row in chance)


def test_every_row_that_moved_is_there_and_no_other(runs, made):
    a, b = (load_run_data(folder).rows for folder in runs)
    moved = {name for name in set(a) & set(b) if has_moved(a[name], b[name])}
    assert {row.result_id for row in made.moved} == moved
    assert made.n_same == len(set(a) & set(b)) - len(moved)
    assert {row.result_id for row in made.only_after} == set(b) - set(a)


def test_going_back_gives_the_same_parts_with_the_other_sign(runs, made):
    back = compared(*reversed(runs))
    named = {NEW: GONE, GONE: NEW}
    assert len(back.moved) == len(made.moved)
    for row in back.moved:
        for quantity, parts in row_of(made, row.result_id).parts.items():
            turned = {named.get(name, name): -part for name, part in parts.items()}
            assert row.parts[quantity] == pytest.approx(turned, abs=1e-9)


def test_a_run_beside_itself_has_not_changed(runs):
    made = compared(runs[0], runs[0])
    assert (made.moved, made.flips, made.factors, made.n_mixtures) == ((), (), (), 0)
    code, said = diff(runs[0], runs[0])
    assert code == 0
    assert "No verdict changed." in said
    assert "0 results have another value" in said


@pytest.mark.slow
def test_settings_alone_take_the_whole_change(runs, tmp_path):
    other = make_run(
        tmp_path / "c", export_of(BEFORE), conditions=("crps",),
        settings={"analysis_visit": "end", "minimum_baseline_score": 9.0},
    )  # fmt: skip
    made = compared(runs[0], other)
    assert [factor.name for factor in made.factors] == [SETTINGS]
    assert made.factors[0].extent == "minimum_baseline_score: 4.0 to 9.0"
    for row in made.moved:
        for name, parts in row.parts.items():
            assert parts[SETTINGS] == pytest.approx(
                getattr(row.after, name) - getattr(row.before, name)
            )
    row = row_of(made, "crps.patients.eligible")
    assert row.parts["value"][SETTINGS] == -3.0


@pytest.mark.slow
def test_what_a_run_wrote_and_this_version_does_not_make_is_code(runs, tmp_path):
    """The earlier run wrote a share 0.05 too high: of the change, 0.05 less is due to the code."""
    before, after = (load_run_data(folder) for folder in runs)
    wrong = replace(before.rows[SHARE], value=before.rows[SHARE].value + 0.05)
    made = compare_runs(replace(before, rows={**before.rows, SHARE: wrong}), after)
    parts = row_of(made).parts["value"]
    assert parts[CODE] == pytest.approx(-0.05)
    assert parts[NEW] == pytest.approx(-1 / 6)
    assert [factor.name for factor in made.factors][-1] == CODE


def test_runs_without_data_are_compared_and_not_split(runs, tmp_path):
    bare = make_run(tmp_path / "bare", export_of(AFTER), conditions=("crps",), keep_data=False)
    made = compared(runs[0], bare)
    row = row_of(made)
    assert row.change == pytest.approx(5 / 12)
    assert row.parts == {}
    assert "no data" in row.why_not
    assert "bare keeps no data" in made.notes[0]


@pytest.mark.slow
def test_an_export_stands_in_for_kept_data_if_it_is_the_run_s_own(tmp_path):
    from analysis.sources.export import load_export

    first = write_export(tmp_path / "one")
    second = write_export(tmp_path / "two", pain_scores=PAIN_SCORES + "A4,2026-03-16,3\n")
    a, b = (
        make_run(tmp_path / f"run-{path.name}", load_export(path), conditions=("crps",),
                 keep_data=False)
        for path in (first, second)
    )  # fmt: skip
    code, said = diff(a, b, "--export-a", first, "--export-b", second, "--json")
    assert code == 0
    told = json.loads(said)
    assert {factor["name"] for factor in told["factors"]} == {LATE}
    row = next(row for row in told["moved"] if row["result_id"] == SHARE)
    assert row["parts"]["value"][LATE] == pytest.approx(row["change"])
    code, said = diff(a, b, "--export-a", second, "--export-b", second)
    assert code == 2
    assert "is not the export of this run: pain_scores.csv" in said


@pytest.mark.slow
def test_ids_made_anew_are_told(runs):
    before, after = (load_run_data(folder) for folder in runs)
    assert after.export is not None
    tables = {n: f.assign(patient_id="x" + f["patient_id"]) for n, f in after.export.tables.items()}
    made = compare_runs(before, replace(after, export=replace(after.export, tables=tables)))
    assert {factor.name for factor in made.factors} == {NEW, GONE}
    assert any("No patient id is in both runs" in note for note in made.notes)
    assert sum(row_of(made).parts["value"].values()) == pytest.approx(5 / 12)


@pytest.mark.slow
def test_data_that_cannot_be_mixed_are_taken_together_and_the_reason_is_told(tmp_path):
    """The first export has study days, the second dates: a late dated rating has no day 0 yet."""
    before = export_of(BEFORE)
    after = export_of(AFTER)
    day0 = pd.Timestamp("2026-03-02")
    scores, infusions = after.tables["pain_scores"], after.tables["infusions"]
    tables = {
        **after.tables,
        "pain_scores": scores.assign(
            assessed_on=day0 + pd.to_timedelta(scores["study_day"], unit="D")
        ).drop(columns="study_day"),
        "infusions": infusions.assign(
            infused_at=day0 + pd.to_timedelta(infusions["study_day"], unit="D")
        ).drop(columns="study_day"),
    }
    a = make_run(tmp_path / "a", before, conditions=("crps",))
    b = make_run(tmp_path / "b", replace(after, tables=tables), conditions=("crps",))
    made = compared(a, b)
    parts = row_of(made).parts["value"]
    assert parts == pytest.approx({DATA: 5 / 12, CODE: 0.0}, abs=1e-12)
    assert any("could not be mixed one thing at a time" in note for note in made.notes)


RECORD: dict[str, Any] = {
    "claim_id": "T1", "wording": "70-85% respond", "condition": "crps", "verdict": "undecided",
    "reading": "of all who start", "cited_low": 0.7, "cited_high": 0.85, "unit": "share",
    "value": 0.72, "low": 0.6, "high": 0.8, "n": 100, "status": "estimated", "reason": "",
    "result_id": SHARE,
}  # fmt: skip


def flip_of(
    before: Mapping[str, Any], after: Mapping[str, Any], *, moved: MovedRow | None = None,
    settings: tuple[str, ...] = (),
) -> str:  # fmt: skip
    a, b = {**RECORD, **before}, {**RECORD, **after}
    rows = {SHARE: moved} if moved else {}
    (flip,) = find_flips({"T1": a}, {"T1": b}, rows, settings=settings)
    return flip.reason


def test_the_reason_names_the_end_that_passed_the_floor_and_what_moved_it():
    a, b = share_row(72, 100), share_row(160, 200)
    moved = MovedRow(
        before=a, after=b,
        parts={"value": {NEW: 0.06, CODE: 0.0}, "low": {NEW: 0.13, CORRECTED: -0.01}},
    )  # fmt: skip
    said = flip_of({}, {"verdict": "meets", "low": 0.72, "n": 200, "value": 0.8}, moved=moved)
    assert said == (
        "The lower end of the interval went from 60 % to 72 % and is now at or above the cited "
        "70 % (new patients +13.0 points, corrected values −1.0 points). The number went from "
        "72 % to 80 % (new patients +6.0 points), from 100 patients before and 200 now."
    )


def test_a_limit_that_rounds_to_the_floor_is_told_apart_from_it():
    said = flip_of({"low": 0.698}, {"verdict": "meets", "low": 0.701, "value": 0.72})
    assert "from 69.8 % to 70.1 %" in said
    assert "The number itself is the same" in said


def test_falling_short_is_told_by_the_upper_end():
    said = flip_of({}, {"verdict": "falls short", "value": 0.6, "low": 0.5, "high": 0.68})
    assert "The upper end of the interval went from 80 % to 68 % and is now below" in said


def test_a_number_that_came_to_be_or_is_no_more():
    none = {"value": None, "low": None, "high": None, "verdict": "not testable",
            "status": "no patients", "reason": "Nobody was rated."}  # fmt: skip
    assert flip_of(none, {}) == "There was no number before: Nobody was rated."
    assert flip_of({}, none) == "There is no number any more: Nobody was rated."


def test_another_reading_and_another_setting_are_told_as_such():
    assert "The ledger gives" in flip_of({}, {"verdict": "meets", "cited_low": 0.5})
    said = flip_of({}, {"verdict": "meets", "result_id": "x"}, settings=("analysis_visit",))
    assert said == "It is judged on another number, as settings differ: analysis_visit."


def test_claims_of_one_run_only_and_same_verdicts_are_no_flips():
    assert find_flips({"T1": RECORD}, {"T1": RECORD, "T2": RECORD}, {}, settings=()) == ()


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


def flipped(made: RunComparison) -> RunComparison:
    a, b = RECORD, {**RECORD, "verdict": "meets", "low": 0.72, "wording": "<script>x</script>"}
    return replace(made, flips=find_flips({"T1": a}, {"T1": b}, {}, settings=()))


def test_the_text_tells_flips_first_then_movers_with_their_parts(made):
    said = tell_comparison(flipped(made), n_rows=3)
    assert said.index("UNDECIDED to MEETS") < said.index("What differs") < said.index("points)")
    assert "SYNTHETIC" in said.splitlines()[0]
    assert "corrected values +" in said
    assert "more (--rows" in said
    assert "for use inside the clinic" in said


def test_the_page_stands_alone_and_escapes(made, tmp_path):
    page = write_comparison_page(flipped(made), tmp_path / "changes.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;x" in page
    for fetched in ("src=", "url(", "@import", 'href="http', "<link"):
        assert fetched not in page
    assert "Synthetic data" in page
    n_rows = sum(row.value_moved for row in made.moved) + len(made.factors)
    assert page.count('<tr><th scope="row">') == n_rows > 40
    for word in ("new patients", "corrected values", "late follow-ups", "Undecided", "Meets"):
        assert word in page


def test_the_page_of_nothing(runs, tmp_path):
    page = write_comparison_page(compared(runs[0], runs[0]), tmp_path / "none.html")
    assert "No verdict changed." in page.read_text("utf-8")


def test_json_is_json_with_unrounded_parts(made):
    told = json.loads(json.dumps(comparison_record(made), allow_nan=False))
    row = next(row for row in told["moved"] if row["result_id"] == SHARE)
    assert row["parts"]["value"][CORRECTED] == pytest.approx(7 / 24, abs=1e-15)
    assert told["sum_tolerance"] == 1e-9


def test_the_command_writes_the_page_beside_the_text(runs, tmp_path):
    code, said = diff(runs[0], runs[0], "--page", tmp_path / "p.html")
    assert code == 0
    assert (tmp_path / "p.html").is_file()
    assert "Page:" in said


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"settings": {"nonsense": 1}}'])
def test_what_is_no_run_is_refused_in_a_sentence(runs, tmp_path, content):
    folder = tmp_path / "odd"
    folder.mkdir()
    if content is not None:
        (folder / "run.json").write_text(content)
        (folder / "results.json").write_text("[]")
    code, said = diff(runs[0], folder)
    assert code == 2
    assert said.startswith("reliefcheck: ")
    assert "Traceback" not in said


def test_damaged_data_are_refused(runs, tmp_path):
    folder = make_run(tmp_path / "c", export_of(BEFORE), conditions=("crps",))
    (folder / "data" / "pain_scores.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError):
        load_run_data(folder)


@pytest.mark.slow
def test_pieces_made_once_give_the_split_of_every_mixture_made_afresh(runs, made, monkeypatch):
    calls = []

    def counted(piece: Piece, *args: Any, **more: Any) -> Any:
        calls.append(piece)
        return make_piece(piece, *args, **more)

    def afresh(mixtures: Any, codes: Any, **asked: Any) -> Any:
        asked["wanted"] = None
        return tuple(recompute([one], codes, **asked)[0] for one in mixtures)

    a, b = (load_run_data(folder) for folder in runs)
    monkeypatch.setattr(recomputing, "make_piece", counted)
    assert compare_runs(a, b) == made
    n_shared = len(calls)
    calls.clear()
    monkeypatch.setattr(game, "recompute", afresh)
    assert compare_runs(a, b) == made
    assert len(calls) == 8 * len(set(calls))
    assert n_shared < 0.9 * len(calls)


def test_how_far_it_is_is_told(runs):
    a, b = (load_run_data(folder) for folder in runs)
    told: list[tuple[int, int]] = []
    compare_runs(a, b, progress=lambda *step: told.append(step))
    done, total = [n for n, _ in told], {n for _, n in told}
    assert done == sorted(done)
    assert total == {done[-1]}
    assert 0 < done[0] < done[-1]


@pytest.mark.slow
def test_two_processes_give_what_one_gives(runs, made):
    a, b = (load_run_data(folder) for folder in runs)
    assert compare_runs(a, b, workers=2) == made
