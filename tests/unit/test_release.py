"""A release passes its own check; each kind of leak planted in one is found, with its place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import Workbook
from release_runs import write_run

from analysis.cli import main
from analysis.errors import InputError, SettingsError
from analysis.release.check import check_release
from analysis.release.check_text import SMALL_IN_WORDS
from analysis.release.make import make_release


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("release")
    run = write_run(folder / "run")
    called = CliRunner().invoke(main, ["release", str(run)])
    assert called.exit_code == 0, called.output
    return run, folder / "run-release"


@pytest.fixture
def release(made, tmp_path) -> Path:
    return Path(shutil.copytree(made[1], tmp_path / "release"))


def test_a_release_passes_also_with_the_run_at_hand(made):
    run, release = made
    assert release.name == "run-release"
    assert check_release(release) == []
    assert check_release(release, internal=run) == []


def test_page_says_that_it_is_a_release_and_how_much_is_withheld(made):
    told = (made[1] / "index.html").read_text(encoding="utf-8")
    about = json.loads((made[1] / "run.json").read_text(encoding="utf-8"))
    assert "This is a release" in told
    assert about["grade"] == "release"
    assert about["withheld"]["rows_left_out"] == 1
    assert about["withheld"]["rows_withheld"] > 0


def test_nothing_of_the_maker_is_in_it(made):
    for path in made[1].rglob("*"):
        if path.is_file() and path.suffix != ".png":
            text = path.read_text(encoding="utf-8")
            assert "jane" not in text
            assert "2022-01-03" not in text
            assert "T14:04" not in text


def test_withheld_numbers_are_empty_and_say_why(made):
    content = json.loads((made[1] / "results.json").read_text(encoding="utf-8"))
    rows = {row["result_id"]: row for each in content for row in each["rows"]}
    small = rows[
        "crps.site-Small~20~Clinic.responder_share.percent_reduction.ge30.all_starters.end"
    ]
    assert small["status"] == "withheld"
    assert [small[key] for key in ("value", "low", "high", "n", "n_events")] == [None] * 5
    assert small["warnings"][0].startswith("Withheld:")
    kept = rows["crps.responder_share.percent_reduction.ge30.all_starters.end"]
    assert (kept["n"], kept["n_events"]) == (137, 74)


def edit_rows(folder: Path, number: int, **change: object) -> None:
    path = folder / "results.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    rows = [row for each in content for row in each["rows"]]
    rows[number].update(change)
    path.write_text(json.dumps(content), encoding="utf-8")


def add_text(folder: Path, text: str) -> None:
    page = folder / "index.html"
    page.write_text(
        page.read_text(encoding="utf-8").replace("</body>", f"<p>{text}</p></body>"), "utf-8"
    )


def plant_workbook(folder: Path) -> None:
    book = Workbook()
    book.active["B2"] = "3 of 8 (38 %)"
    book.save(folder / "results.xlsx")


def plant_output(folder: Path) -> None:
    cell = {"cell_type": "code", "source": "x", "metadata": {}, "outputs": [{"text": "1"}]}
    (folder / "notebooks" / "x.ipynb").write_text(json.dumps({"cells": [cell]}), "utf-8")


def plant_data(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "patients.csv").write_text("patient_id\n1\n", "utf-8")


def plant_recovered(folder: Path) -> None:
    """Print the withheld group beside its total: 137 - 128 = 9."""
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    rows = [row for each in content for row in each["rows"]]
    for number, row in enumerate(rows):
        if row["group"] == "Harbour Clinic":
            edit_rows(folder, number, n=128, n_missing=14, n_events=70)
        if row["group"] == "all" and row["population"] == "all_starters":
            edit_rows(folder, number, n=137)


LEAKS = {
    "waterfall": (lambda f: (f / "figures" / "x.waterfall.svg").write_text("<svg/>"), "picture"),
    "rows": (lambda f: add_text(f, "patient_id"), "rows of patients"),
    "email": (lambda f: add_text(f, "jane@clinic.example.org"), "email address"),
    "phone": (lambda f: add_text(f, "(512) 555-0142"), "phone number"),
    "record": (lambda f: add_text(f, "MRN: 00123456"), "record number"),
    "birth": (lambda f: add_text(f, "DOB 1961-03-04"), "date of birth"),
    "path": (lambda f: add_text(f, "/" + "home/jane/export.csv"), "absolute path"),
    "subject": (lambda f: add_text(f, "as in P-00417"), "id of a patient"),
    "words": (lambda f: add_text(f, "3 of 8 (38 %) responded"), "small count"),
    "workbook": (plant_workbook, "small count"),
    "cell": (lambda f: edit_rows(f, 0, n=140, value=7.0), "count is 7"),
    "share": (lambda f: edit_rows(f, 3, n=100, n_events=95, value=0.95), "all but so many"),
    "csv": (lambda f: (f / "claims.csv").write_text("claim_id,n\nC1,4\n"), "n is 4"),
    "data": (plant_data, "table of patients"),
    "output": (plant_output, "output of an executed cell"),
    "page": (lambda f: (f / "notebooks" / "x.html").write_text("x"), "executed notebook"),
    "file": (lambda f: (f / "notes.txt").write_text("x"), "no file of a release"),
    "pdf": (lambda f: (f / "report.pdf").write_bytes(b"%PDF-broken"), "cannot be"),
    "grade": (lambda f: (f / "run.json").write_text("{}"), "does not say"),
    "difference": (plant_recovered, "worked out"),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("leak", LEAKS)
def test_each_planted_leak_is_found(leak, made, release):
    plant, told = LEAKS[leak]
    plant(release)
    found = check_release(release, internal=made[0])
    assert any(told in each.what for each in found), [each.sentence for each in found]
    assert all(each.file for each in found)


def test_a_group_printed_beside_its_total_is_found_without_the_run(release):
    plant_recovered(release)
    assert any("Small Clinic" in each.place or "Small Clinic" in each.what
               or "rest of" in each.place for each in check_release(release))  # fmt: skip


def test_two_releases_that_differ_by_few_patients_tell_of_them(made, release):
    content = json.loads((release / "results.json").read_text(encoding="utf-8"))
    rows = [row for each in content for row in each["rows"]]
    for number, row in enumerate(rows):
        if row["n"] == 137:
            edit_rows(release, number, n=141)
    found = check_release(release, against=[made[1]])
    assert any("differs by 4" in each.what and "starters" in each.place for each in found)
    assert check_release(made[1], against=[made[1]]) == []


def test_two_releases_that_withhold_different_groups_tell_together(made, release):
    """One prints the total, the other the large group: the small one is the difference."""
    earlier, later = release, Path(shutil.copytree(made[1], release.parent / "later"))
    for folder, place in ((earlier, "all"), (later, "Harbour Clinic")):
        content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        for number, row in enumerate(row for each in content for row in each["rows"]):
            starters = row["measure"] == "responder_share" and row["population"] == "all_starters"
            n = {"all": 137, "Harbour Clinic": 128}.get(row["group"]) if starters else None
            shown = n if row["group"] == place else None
            edit_rows(folder, number, n=shown, value=None, low=None, high=None, n_events=None,
                      n_missing=None, status="withheld")  # fmt: skip
    assert check_release(later) == []
    assert any("Small Clinic" in each.place for each in check_release(later, against=[earlier]))


@pytest.mark.parametrize(
    "text",
    ["Counts of 1 to 10 patients", "at least 2 points of 10", "3 of 4 readings agree", "n = 110",
     "n = 1,204", "fewer than 10 patients", "C043 of 161 statements", "137 patients", "week 4"],
)  # fmt: skip
def test_ordinary_sentences_are_no_small_counts(text):
    assert not SMALL_IN_WORDS.search(text)


def test_refusals_are_sentences(made, tmp_path):
    with pytest.raises(InputError, match="release already"):
        make_release(made[1], tmp_path / "again")
    with pytest.raises(SettingsError, match="there already"):
        make_release(made[0])
    with pytest.raises(InputError, match=r"no results\.json"):
        make_release(tmp_path, tmp_path / "x")
    with pytest.raises(InputError, match=r"no results\.json"):
        check_release(tmp_path)


def test_command_tells_each_finding(made, release):
    assert CliRunner().invoke(main, ["release-check", str(made[1])]).exit_code == 0
    plant_data(release)
    bad = CliRunner().invoke(main, ["release-check", str(release)])
    assert bad.exit_code == 1
    assert "data/patients.csv: is a table of patients" in bad.output
