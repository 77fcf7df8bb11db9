"""An export whose every name is an attack, through a whole run: the report stays harmless."""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner
from justhtml import JustHTML

from analysis.cli import main
from tests.run.exports import PAIN_SCORES, PATIENTS, write_export

SCRIPT = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"
IMAGE = '"><img src=x onerror=alert(1)>'
TEMPLATE = "{{ 7*7 }}{% raw %}${7*7}"
EMOJI = "\N{FACE WITH TEARS OF JOY}\N{SYRINGE}\N{VARIATION SELECTOR-16}"
LONG = "Sehr" + "lang" * 2499
LONG_TOO = LONG + " und noch eins"
NAMES = (
    SCRIPT,
    FORMULA,
    IMAGE,
    LONG,
    LONG_TOO,
    "North\N{RIGHT-TO-LEFT OVERRIDE}cinilc\N{POP DIRECTIONAL FORMATTING}",
    EMOJI,
    TEMPLATE,
    "@SUM(1+1)*cmd|' /C calc'!A0",
)
"""Markup, formulas, direction overrides, templates, emoji, two names alike for 10,000 letters."""

PATIENTS_PER_NAME = 4
SERIES_DAYS = (2, 4, 6, 9, 11, 14)  # of March 2026; the end is judged on the 16th
SCORES = ((8, 3), (8, 5), (9, 8), (7, ""))  # before and after, in turn; the last was not rated
PHONE = {"width": 390, "height": 800}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"
JSON_FILES = ("results.json", "claims.json", "run.json", "ro-crate-metadata.json")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
REPEATED_IDS = """() => {
  const ids = [...document.querySelectorAll('[id]')].map(each => each.id)
  return ids.filter((id, at) => ids.indexOf(id) !== at)
}"""


def csv_text(rows: list[list[object]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def write_hostile_export(folder: Path) -> Path:
    """Write an export in which sites, subtypes, arms, protocols, ids and labels are attacks."""
    people = [name for name in NAMES for _ in range(PATIENTS_PER_NAME)]
    patients = [["patient_id", "condition", "subtype", "site", "arm"]]
    infusions = [["patient_id", "infused_at", "protocol"]]
    scores = [["patient_id", "assessed_on", "score"]]
    for at, name in enumerate(people):
        who = f"{name[:40]}{at}"
        before, after = SCORES[at % len(SCORES)]
        patients.append([who, SCRIPT, name, NAMES[(at + 1) % len(NAMES)], NAMES[at % 2]])
        infusions += [[who, f"2026-03-{day:02d}", NAMES[at % 2]] for day in SERIES_DAYS]
        scores += [[who, "2026-03-01", before], [who, "2026-03-16", after]]
        scores += [[who, "2026-04-11", (before + 3) // 2], [who, "2026-05-09", before]]
    mapping = {
        "name": IMAGE + FORMULA,
        "source": f"javascript:alert(1) {SCRIPT}",
        "conditions": {"crps": SCRIPT},
        "settings": {"bootstrap_replicates": 200, "claim_arm": SCRIPT},
        "tables": {
            "patients": {
                "file": "patients.csv",
                "columns": {"condition": {"from": "condition", "values": {SCRIPT: "crps"}}},
            },
            "infusions": {
                "file": "infusions.csv",
                "columns": {
                    "protocol": {
                        "from": "protocol",
                        "values": {SCRIPT: "standard", FORMULA: "high_dose"},
                    }
                },
            },
        },
    }
    tables = {"patients": patients, "infusions": infusions, "pain_scores": scores}
    export = write_export(folder, **{name: csv_text(rows) for name, rows in tables.items()})
    told = yaml.safe_dump(mapping, allow_unicode=True)
    (export / "mapping.yaml").write_text(told, encoding="utf-8")
    return export


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Return the folder of a run that ended in sentences, not in a traceback."""
    work = tmp_path_factory.mktemp("hostile")
    words = ["run", str(write_hostile_export(work / "export")), "--out", str(work / "report")]
    result = CliRunner().invoke(main, [*words, "--no-cache", "--workers", "2"])
    assert "Traceback" not in result.output
    assert result.exit_code == 0, result.output[-2000:]
    assert "failed:" not in result.output
    return work / "report"


def pages_of(run: Path) -> list[Path]:
    return [run / "index.html", *sorted((run / "notebooks").glob("*.html"))]


def harms(html: str, *, fragment: bool = False) -> list[str]:
    """Return what in a valid page could run code of the export or fetch something."""
    page = JustHTML(html, strict=True, sanitize=False, fragment=fragment)
    found = [text for each in page.query("script") if "alert(" in (text := each.to_text())]
    for each in page.query("*"):
        for name, value in each.attrs.items():
            fetched = name == "src" and not str(value).startswith("data:image/")
            coded = str(value).lower().lstrip().startswith("javascript:")
            found += [f"{each.name} {name}={value}"[:80]] * (name[:2] == "on" or fetched or coded)
    return found


def test_the_search_for_harm_finds_it():
    html = "<!DOCTYPE html><html><head><title>x</title></head><body>{}</body></html>"
    for bad in (SCRIPT, "<img src=x alt=x>", "<a href='JavaScript:a()'>a</a>", "<p onclick=a()>"):
        assert len(harms(html.format(bad))) == 1, bad
    assert harms(html.format("<p title='&lt;img onerror=a>'>&lt;script>alert(1)</p>")) == []


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@pytest.mark.slow
def test_the_attacks_reached_the_report_as_text(run):
    """What is tested below is there, and a template in a name was not computed."""
    page = unescape((run / "index.html").read_text(encoding="utf-8")).replace("\xa0", " ")
    assert [
        name for name in (SCRIPT, FORMULA, IMAGE, EMOJI[:2], TEMPLATE) if name not in page
    ] == []
    with (run / "results.csv").open(encoding="utf-8", newline="") as file:
        groups = {row["group"].removeprefix("'") for row in csv.DictReader(file)}
    assert groups >= set(NAMES)


@pytest.mark.slow
def test_pages_are_valid_and_hold_no_code_of_the_export(run):
    for path in pages_of(run):
        text = path.read_text(encoding="utf-8")
        assert harms(text) == [], path.name
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text, path.name
        assert LONG[:1000] not in text, path.name


@pytest.mark.slow
def test_pages_do_nothing_in_a_browser(run, browser):
    seen: list[str] = []
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        page.on("dialog", lambda shown: (seen.append(f"dialog: {shown.message}"), shown.dismiss()))
        page.on("console", lambda said: seen.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.on("request", lambda asked: seen.append(asked.url)
                if not asked.url.startswith(("file:", "data:")) else None)  # fmt: skip
        for path in pages_of(run):
            page.goto(path.as_uri())
            assert page.evaluate(OVERFLOW) <= 0, path.name
            assert page.evaluate(REPEATED_IDS) == [], path.name
            page.evaluate(OPEN_ALL)
            assert page.evaluate(OVERFLOW) <= 0, path.name
    assert seen == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["results.csv", "claims.csv"])
def test_no_cell_is_a_formula(run, name):
    with (run / name).open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert len(cells) > 1000
    assert [cell for cell in cells if cell.startswith(FORMULA_STARTS) and not is_number(cell)] == []


def is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e[-+]?\d+)?", text) is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["results.json", "claims.json", "run.json", "ro-crate-metadata.json"]
)
def test_json_is_json(run, name):
    text = (run / name).read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=refuse_constant)


@pytest.mark.slow
def test_figures_hold_no_code(run):
    drawn = sorted((run / "figures").glob("*.svg"))
    assert len(drawn) > 5
    for path in drawn:
        root = ElementTree.parse(path).getroot()
        assert not [each for each in root.iter() if each.tag.endswith(("script", "foreignObject"))]
        assert not [name for each in root.iter() for name in each.attrib if name.startswith("on")]


@pytest.mark.slow
def test_notebooks_as_an_analyst_opens_them_hold_no_code(run):
    executed = sorted((run / "notebooks").glob("*.ipynb"))
    assert executed
    for path in executed:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", ()):
                shown = "".join(output.get("data", {}).get("text/html", ""))
                assert harms(shown, fragment=True) == [], path.name


@pytest.mark.slow
def test_no_file_bears_the_name_of_an_attack(run):
    names = [path.name for path in run.rglob("*")]
    assert [name for name in names if not re.fullmatch(r"[\w.-]{1,80}", name)] == []


UNREADABLE = {
    "NUL": (PATIENTS.replace("A3,crps", "A3\x00,crps").encode(), ("line 4", "NUL")),
    "lone surrogate": (PATIENTS.encode().replace(b"A3,", b"A3\xed\xa0\x80,"), ("line 4", "0xed")),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_bytes_that_are_no_text_are_refused_in_a_sentence(tmp_path, case):
    content, parts = UNREADABLE[case]
    export = write_export(tmp_path / "export", pain_scores=PAIN_SCORES)
    (export / "patients.csv").write_bytes(content)
    result = CliRunner().invoke(main, ["run", str(export), "--out", str(tmp_path / "report")])
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert all(part in result.output for part in ("patients.csv", *parts)), result.output
    assert not (tmp_path / "report").exists()
