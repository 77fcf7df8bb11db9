"""A release: what is in it, what is not, and whatever is added to it is found."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from release_attack import Known, attack
from release_runs import demo_study, write_run

from analysis.claims.records import read_claims
from analysis.cli import main
from analysis.errors import InputError
from analysis.report.release import (
    ABOUT,
    FILES,
    judge_release,
    make_release,
    read_release,
    write_release,
)
from analysis.report.release_check import check_release
from analysis.report.rounding import midpoint
from analysis.results import find

pytestmark = pytest.mark.slow

SECRET = "Maria Example, born 1961-04-02"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    export = tmp_path_factory.mktemp("export") / "demo"
    study = demo_study(export, n_patients=240, seed=2, conditions=("crps", "fibromyalgia"))
    return write_run(study, tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="module")
def made(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "release"
    write_release(run, folder, name="Pain clinic", from_patients=30)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "release"))


def test_a_release_holds_its_files_and_passes_its_check(made):
    assert {path.name for path in made.iterdir()} == set(FILES)
    assert check_release(made) == []


def test_every_count_is_a_midpoint_and_shares_are_made_from_them(made):
    _, frame = read_release(made)
    for name in ("n", "n_events", "n_missing", "n_not_due"):
        counts = frame[name].dropna().astype(float)
        assert (midpoint(counts) == counts).all()
    shares = find(frame, unit="share", status="estimated")
    assert len(shares) > 10
    assert (shares.value == shares.n_events / shares.n).all()


def test_nothing_of_the_export_or_an_analyst_is_told(made, run):
    ids = pd.read_parquet(run / "data" / "adsl.parquet").USUBJID
    for path in made.iterdir():
        text = path.read_bytes().decode("utf-8", "replace")
        assert "Maria Example" not in text
        assert not any(each in text for each in ids.head(20))


def test_the_page_says_what_it_is(made):
    page = (made / "index.html").read_text(encoding="utf-8")
    assert "This is a release" in page
    assert "Counts are rounded to the middle of six" in page
    error = re.search(r"rounding moves those given by at most ([0-9.]+)", page)
    assert error
    assert float(error[1]) > 5  # asked for from 30 patients on


def test_verdicts_are_those_of_the_run_or_withheld_in_the_same_words(made, run):
    true = {each.claim_id: each.verdict for each in read_claims(run)}
    told = read_claims(made)
    assert {each.verdict for each in told} >= {"not testable", "unfalsifiable"}
    assert all(each.verdict in ("withheld", true[each.claim_id]) for each in told)
    about, frame = read_release(made)
    judged = [each.claim_id for each in told if each.value is not None]
    fewer = judge_release(replace(about, withheld=tuple(judged)), frame)
    withheld = [each for each in fewer if each.verdict == "withheld"]
    assert len(withheld) >= len(judged) > 0
    assert len({(each.sentence, each.reason, each.value, each.n) for each in withheld}) == 1


def test_a_verdict_on_the_edge_is_withheld(made):
    about, frame = read_release(made)
    shares = find(frame, measure="responder_share", group_by="all", status="estimated")
    assert len(shares)
    verdicts = {each.claim_id: each for each in judge_release(about, frame)}
    judged = [each for each in verdicts.values() if each.verdict in ("meets", "falls short")]
    for each in judged:
        floor, low, high = each.cited_low, each.low, each.high
        assert floor is None or low is None or high is None or not low < floor < high


# --- planted leaks ------------------------------------------------------------------------------


def text_leak(file: str, old: str, new: str):
    def plant(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return plant


def book_leak(member: str, content: str = "", *, old: str = ""):
    """Add a part to the workbook, or put something into one."""

    def plant(folder: Path) -> None:
        path, out = folder / "results.xlsx", io.BytesIO()
        with zipfile.ZipFile(path) as book, zipfile.ZipFile(out, "w") as made:
            for each in book.infolist():
                data = book.read(each)
                if old and each.filename == member:
                    assert old.encode() in data
                    data = data.replace(old.encode(), content.encode(), 1)
                made.writestr(each, data)
            if not old:
                made.writestr(member, content)
        path.write_bytes(out.getvalue())

    return plant


def pdf_leak(content: str, *, old: bytes = b""):
    def plant(folder: Path) -> None:
        path = folder / "report.pdf"
        data = path.read_bytes()
        if old:
            assert old in data
            path.write_bytes(data.replace(old, content.encode(), 1))
        else:
            path.write_bytes(data + content.encode())

    return plant


def new_file(name: str, content: bytes = SECRET.encode()):
    def plant(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return plant


def parquet_metadata(folder: Path) -> None:
    table = pq.read_table(folder / "results.parquet")
    named = table.replace_schema_metadata(
        {**(table.schema.metadata or {}), b"who": SECRET.encode()}
    )
    pq.write_table(named, folder / "results.parquet")


def parquet_value(column: str, value: object):
    def plant(folder: Path) -> None:
        frame = pd.read_parquet(folder / "results.parquet")
        place = frame.index[frame.status == "estimated"][0]
        frame.loc[place, column] = value
        frame.to_parquet(folder / "results.parquet", index=False)

    return plant


def about_value(name: str, value: object):
    def plant(folder: Path) -> None:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        about[name] = about[name] | value if isinstance(value, dict) else value
        (folder / ABOUT).write_text(json.dumps(about, indent=1, sort_keys=True) + "\n")

    return plant


def link(folder: Path) -> None:
    (folder / "index.html").rename(folder.parent / "elsewhere.html")
    (folder / "index.html").symlink_to(folder.parent / "elsewhere.html")


LEAKS = {
    "html comment": text_leak("index.html", "</body>", f"<!-- {SECRET} --></body>"),
    "html attribute": text_leak("index.html", "<body", f'<body data-who="{SECRET}"'),
    "html hidden element": text_leak("index.html", "</body>", f"<p hidden>{SECRET}</p></body>"),
    "html meta": text_leak("index.html", "<head>", f'<head><meta name="a" content="{SECRET}">'),
    "html title attribute": text_leak("index.html", "<table", f'<table title="{SECRET}"'),
    "html style": text_leak("index.html", "</style>", f"/* {SECRET} */</style>"),
    "html script": text_leak("index.html", "</body>", "<script>1</script></body>"),
    "html link": text_leak("index.html", "</body>", '<a href="//x.example/7">x</a></body>'),
    "html count": text_leak("index.html", "</body>", "<p>2 of 61</p></body>"),
    "html space": text_leak("index.html", "</body>", " \t </body>"),
    "html after the end": text_leak("index.html", "</html>", f"</html>\n{SECRET}"),
    "svg metadata": text_leak("index.html", "</svg>", f"<metadata>{SECRET}</metadata></svg>"),
    "svg description": text_leak("index.html", "</svg>", f"<desc>{SECRET}</desc></svg>"),
    "svg title": text_leak("index.html", "</svg>", f"<title>{SECRET}</title></svg>"),
    "svg path": text_leak("index.html", "</svg>", '<path d="M1 1.2345L2 2"/></svg>'),
    "svg id": text_leak("index.html", "<svg ", '<svg id="SYN-000017" '),
    "picture in text": text_leak("index.html", "</body>", '<img src="data:,A"></body>'),
    "csv column": text_leak("results.csv", "result_id,", "result_id,patient,"),
    "csv row": text_leak("results.csv", "\n", f"\n{SECRET}\n"),
    "csv comment": text_leak("claims.csv", "\n", f"\n# {SECRET}\n"),
    "csv byte order mark": text_leak("claims.csv", "claim_id", "\ufeffclaim_id"),
    "json field": text_leak("results.json", "{", f'{{"who": "{SECRET}", '),
    "json space": text_leak("results.json", "[", "[  "),
    "json after the end": text_leak("claims.json", "\n]", f"\n]\n{SECRET}"),
    "claim sentence": text_leak("claims.json", '"sentence": "', f'"sentence": "{SECRET} '),
    "claim verdict": text_leak("claims.json", '"verdict": "not testable"', '"verdict": "meets"'),
    "schema comment": text_leak("claims.schema.json", "{", f'{{"$comment": "{SECRET}", '),
    "xlsx comment": book_leak("xl/comments1.xml", f"<comments>{SECRET}</comments>"),
    "xlsx threaded comment": book_leak("xl/threadedComments/a.xml", SECRET),
    "xlsx defined name": book_leak("xl/workbook.xml", "<definedNames><definedName name='x'>1"
                                   "</definedName></definedNames><calcPr", old="<calcPr"),
    "xlsx core property": book_leak("docProps/core.xml", f"{SECRET}</dc", old="</dc"),
    "xlsx application property": book_leak("docProps/app.xml", f"{SECRET}</", old="</"),
    "xlsx custom property": book_leak("docProps/custom.xml", SECRET),
    "xlsx sheet": book_leak("xl/worksheets/sheet9.xml", SECRET),
    "xlsx hidden sheet": book_leak("xl/workbook.xml", '<sheet state="hidden" ', old="<sheet "),
    "xlsx picture": book_leak("xl/media/image1.png", SECRET),
    "xlsx external link": book_leak("xl/externalLinks/a.xml", SECRET),
    "xlsx macro": book_leak("xl/vbaProject.bin", SECRET),
    "pdf after the end": pdf_leak(f"\n% {SECRET}\n"),
    "pdf incremental update": pdf_leak("\n9999 0 obj\n<</Type/EmbeddedFile>>\nendobj\n%%EOF\n"),
    "pdf author": pdf_leak(f"/Author({SECRET})", old=b"/Author(Reliefcheck)"),
    "pdf xmp": pdf_leak(f"{SECRET}</dc:title>", old=b"</dc:title>"),
    "parquet metadata": parquet_metadata,
    "parquet count": parquet_value("n_events", 4),
    "parquet value": parquet_value("value", 0.51234),
    "parquet note": parquet_value("notes", "boosted_count_not(2)"),
    "parquet notebook": parquet_value("notebook", SECRET),
    "parquet group": parquet_value("group", SECRET),
    "release name of a package": about_value("made_with", {"pandas": SECRET}),
    "release ledger": about_value("ledger", {SECRET: "0"}),
    "release label": about_value("conditions", {"crps": SECRET}),
    "release count": about_value("n_left_out", 3),
    "notebook": new_file("20_responders.ipynb", b'{"cells": []}'),
    "picture file with text": new_file("figure.png", b"\x89PNG\r\n\x1a\n" + SECRET.encode()),
    "hidden file": new_file(".DS_Store"),
    "file named for a patient": new_file("Maria Example.txt", b""),
    "folder of data": new_file("data/adsl.parquet"),
    "sign-off": new_file("signoff.json", b"[]"),
    "link": link,
}  # fmt: skip


def test_there_are_more_than_fifty_kinds_of_leak():
    assert len(LEAKS) >= 55


@pytest.mark.parametrize("leak", LEAKS)
def test_whatever_is_added_is_found(leak, folder, monkeypatch, again):
    LEAKS[leak](folder)
    monkeypatch.setattr("analysis.report.release_check.write_folder", again)
    try:
        findings = check_release(folder)
    except InputError as error:
        assert "release" in str(error)
        return
    assert findings
    assert not any(SECRET in each.sentence for each in findings)


@pytest.fixture
def again(made, folder):
    """Remake a release from what is kept, where its rows and words are as they were made."""
    from analysis.report.release import write_folder

    before = read_release(made)

    def write(about, frame, into: Path) -> None:
        if about == before[0] and frame.equals(before[1]):
            shutil.copytree(made, into, dirs_exist_ok=True)
        else:
            write_folder(about, frame, into)

    return write


# --- with the run, and with an earlier release --------------------------------------------------


def test_the_run_makes_the_same_rows_and_other_rows_are_found(
    made, run, folder, monkeypatch, again
):
    monkeypatch.setattr("analysis.report.release_check.write_folder", again)
    monkeypatch.setattr("analysis.report.release_check.make_release", cache(make_release))
    assert check_release(made, run=run) == []
    frame = pd.read_parquet(folder / "results.parquet")
    frame.iloc[:-1].to_parquet(folder / "results.parquet", index=False)
    found = check_release(folder, run=run)
    assert any("does not hold the rows that this run makes" in each.sentence for each in found)


def test_an_earlier_release_a_few_patients_apart_is_found(made, folder, monkeypatch, again):
    monkeypatch.setattr("analysis.report.release_check.write_folder", again)
    assert check_release(made, against=folder) == []
    _, frame = read_release(made)
    place = frame.index[(frame.status == "estimated") & frame.n_events.notna()][0]
    frame.loc[place, "n_events"] += 6
    named = pd.read_parquet(folder / "results.parquet")[["result_id"]]
    frame.assign(result_id=named.result_id).to_parquet(folder / "results.parquet", index=False)
    found = check_release(made, against=folder)
    assert [each.file for each in found] == ["results.parquet"]
    assert "by few patients" in found[0].sentence


# --- the commands -------------------------------------------------------------------------------


def test_commands_say_what_they_did(made, run, tmp_path):
    done = CliRunner().invoke(main, ["release-check", str(made)])
    assert (done.exit_code, done.output.count("\n")) == (0, 1)
    (tmp_path / "none").mkdir()
    for arguments in (
        ["release", str(tmp_path / "none")],
        ["release", str(run), "--from-patients", "12"],
        ["release", str(run), "--out", str(made)],
        ["release-check", str(tmp_path / "none")],
        ["release-check", str(tmp_path / "nowhere")],
    ):
        refused = CliRunner().invoke(main, arguments)
        assert refused.exit_code == 2, arguments
        assert "Traceback" not in refused.output


def test_a_run_without_data_or_with_another_ledger_is_refused(run, tmp_path):
    bare = Path(shutil.copytree(run, tmp_path / "bare"))
    shutil.rmtree(bare / "data")
    with pytest.raises(InputError, match="keeps no data"):
        make_release(bare)
    other = Path(shutil.copytree(run, tmp_path / "other"))
    about = json.loads((other / "run.json").read_text())
    (other / "run.json").write_text(json.dumps(about | {"ledger": {"ledger.csv": "0"}}))
    with pytest.raises(InputError, match="another ledger"):
        make_release(other)


def test_an_attack_recovers_no_small_count(made):
    _, frame = read_release(made)
    assert attack(frame) == []


def test_the_attack_sees_counts_that_add_up_to_one_number():
    known = Known()
    whole, part = known.count(("asked",), 9), known.count(("rated",), 3)
    rest = known.count(("unseen",), 3)
    known.adds_up([part, rest], whole)
    assert known.ends({part: 1.0}) == (1, 6)
    sixths = [known.count((place,), 3) for place in range(6)]
    known.adds_up(sixths, rest)  # six of at least one are six
    assert known.ends({sixths[0]: 1.0}) == (1, 1)
