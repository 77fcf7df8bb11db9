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
from analysis.release.check_text import SMALL_IN_WORDS, read_pieces
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
            text = " ".join(piece for _, piece in read_pieces(path))
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


def plant_cells(folder: Path) -> None:
    """A sheet with a count as a number, under the heading of the suite's own workbook."""
    book = Workbook()
    book.active.append(["measure", "n", "n missing"])
    book.active.append(["responder_share", 137, 4])
    book.save(folder / "results.xlsx")


def plant_author(folder: Path) -> None:
    book = Workbook()
    book.properties.creator = "jane@clinic.example.org"
    book.save(folder / "results.xlsx")


def plant_pdf(folder: Path, text: str, *, author: str = "") -> None:
    """A page of one line, written by hand: five objects, no library that draws."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Author ({author}) >>",
    ]
    body, places = "%PDF-1.4\n", []
    for number, text_of in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{text_of}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    tail = f"xref\n0 7\n0000000000 65535 f \n{table}trailer\n<< /Size 7 /Root 1 0 R /Info 6 0 R >>"
    (folder / "report.pdf").write_text(f"{body}{tail}\nstartxref\n{len(body)}\n%%EOF\n", "latin-1")


def plant_crate(folder: Path, **fields: str) -> None:
    graph = [{"@id": "./", "@type": "Dataset", **fields}]
    (folder / "ro-crate-metadata.json").write_text(json.dumps({"@graph": graph}), "utf-8")


def add_to_run(folder: Path, **fields: object) -> None:
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields), "utf-8")


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
    "sheet": (plant_cells, "n_missing is 4"),
    "author": (plant_author, "email address"),
    "pdf words": (lambda f: plant_pdf(f, "3 of 8 \\(38 %\\) responded"), "small count"),
    "pdf subject": (lambda f: plant_pdf(f, "as in P-00417"), "id of a patient"),
    "pdf author": (lambda f: plant_pdf(f, "x", author="jane@clinic.example.org"), "email address"),
    "crate path": (lambda f: plant_crate(f, url="/" + "home/jane/x.csv"), "absolute path"),
    "crate file": (lambda f: plant_crate(f, name="jane.csv"), "names a file of the export"),
    "run file": (lambda f: add_to_run(f, inputs={"jane.csv": "00"}), "names a file of the export"),
    "run maker": (lambda f: add_to_run(f, agent="jane"), "who made the run"),
    "tipping": (
        lambda f: (f / "claims.json").write_text(
            '[{"claim_id": "C1", "tipping": {"n_missing": 14, "n_to_meet": 7}}]'
        ),
        "n_to_meet is 7",
    ),
    "sentence": (
        lambda f: (f / "claims.json").write_text(
            '[{"claim_id": "C1", "may_say": "Of 9 patients"}]'
        ),
        "small count",
    ),
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
