"""The result for people and for machines: text, HTML, JSON, SARIF, ClaimReview, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files

import pytest
from bs4 import BeautifulSoup
from tests.unit.lint_samples import CLAIMS, CRPS, DATA, FULL_RUN, lint, run_of, verdict, write_run

from analysis.claims.ledger import load_ledger
from analysis.errors import InputError
from analysis.lint.findings import lint_documents
from analysis.lint.output import (
    RENDERERS,
    render_html,
    render_json,
    render_sarif,
    render_text,
    run_lint,
)
from analysis.lint.text import load_document

jsonschema = pytest.importorskip("jsonschema")

COPY = ("changed.md", "hostile.html", "not_claims.txt")
MADE_UP = run_of(verdict(CRPS, "falls short", 0.46, 0.62), synthetic=True)


def result_of(run=FULL_RUN):
    documents = [load_document(DATA / name) for name in COPY]
    return lint_documents(documents, claims=CLAIMS, run=run)


def test_json_fits_its_schema():
    schema = json.loads(files("analysis.lint").joinpath("lint.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    content = json.loads(render_json(result_of()))
    jsonschema.validate(content, schema, cls=jsonschema.Draft202012Validator)
    assert content["to_mend"] == sum(
        f["to_mend"] for one in content["files"] for f in one["findings"]
    )
    content["files"][0]["findings"][0]["status"] = "proven"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.slow
def test_two_processes_say_the_same(tmp_path):
    """What stands at one place, or is equally near, never comes in the order of hashes."""
    page = tmp_path / "page.txt"
    page.write_text("\n\n".join(f"{claim.wording}." for claim in load_ledger("")))
    said = {
        subprocess.run(
            [sys.executable, "-m", "analysis", "lint", str(page), "--no-run", "--format", "json"],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(said) == 1
    assert json.loads(*said)["files"]


LEVELS = {"enum": ["none", "note", "warning", "error"]}
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
NUMBER = {"type": "integer", "minimum": 1}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": {
            "type": "object", "required": ["tool", "results"],
            "properties": {
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "tool": {"required": ["driver"], "properties": {"driver": {
                    "required": ["name"],
                    "properties": {"rules": {"type": "array", "items": {
                        "required": ["id"],
                        "properties": {"shortDescription": TEXT, "defaultConfiguration": {
                            "properties": {"level": LEVELS}}},
                    }}},
                }}},
                "results": {"type": "array", "items": {
                    "required": ["message", "ruleId", "ruleIndex"],
                    "properties": {
                        "message": TEXT, "level": LEVELS,
                        "kind": {"enum": ["notApplicable", "pass", "fail", "review", "open",
                                          "informational"]},
                        "locations": {"type": "array", "minItems": 1, "items": {"properties": {
                            "physicalLocation": {
                                "required": ["artifactLocation"],
                                "properties": {"region": {
                                    "required": ["startLine"],
                                    "additionalProperties": False,
                                    "properties": {"startLine": NUMBER, "startColumn": NUMBER,
                                                   "endLine": NUMBER, "endColumn": NUMBER},
                                }},
                            }}}},
                        "partialFingerprints": {"additionalProperties": {"type": "string"}},
                    },
                }},
            },
        }},
    },
}  # fmt: skip
"""What SARIF 2.1.0 (OASIS, sections 3.13, 3.14, 3.27 to 3.30) asks of the parts that are used."""


def test_sarif_has_the_structure_of_2_1_0_and_regions_that_hold_the_text():
    content = json.loads(render_sarif(result_of()))
    jsonschema.validate(content, SARIF)
    run = content["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    sources = {str(DATA / name): (DATA / name).read_text("utf-8").splitlines() for name in COPY}
    for shown in run["results"]:
        assert rules[shown["ruleIndex"]]["id"] == shown["ruleId"]
        assert (shown.get("kind") == "pass") == (shown["level"] == "none")  # section 3.27.10
    first = next(shown for shown in run["results"] if "region" in
                 shown["locations"][0]["physicalLocation"])  # fmt: skip
    place = first["locations"][0]["physicalLocation"]["region"]
    line = sources[str(DATA / "changed.md")][place["startLine"] - 1]
    shown = line[place["startColumn"] - 1 : place["endColumn"] - 1]
    assert shown == "90% of CRPS patients feel better."


def test_the_page_runs_nothing_loads_nothing_and_escapes_everything():
    page = BeautifulSoup(render_html(result_of()), "html.parser")
    assert not page.find_all(["script", "img", "iframe", "link", "object", "embed", "form"])
    for tag in page.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on")]
        assert tag.get("href", "#").startswith("#") and not tag.get("src")
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert "default-src 'none'" in policy["content"]
    assert '<script>alert("100%")</script>' in page.get_text()
    assert "\u202e" not in str(page)


def test_the_page_marks_each_statement_where_it_stands():
    result = result_of()
    page = BeautifulSoup(render_html(result), "html.parser")
    notes = page.find_all("div", class_="note")
    assert len(notes) == len(result.findings)
    assert [note["id"] for note in notes] == [f"n{i}" for i in range(1, len(notes) + 1)]
    marked = [" ".join(mark.get_text().split()) for mark in page.find_all("mark")]
    assert "90% of CRPS patients feel better." in marked
    assert page.find("sup").a["href"] == "#n1"
    for rule in page.select("p.small a"):
        assert page.find(id=rule["href"][1:]), "a rule that is named is explained"


@pytest.mark.parametrize("form", RENDERERS)
def test_made_up_patients_are_said_to_be_made_up(form):
    assert "ynthetic" in RENDERERS[form](lint(CRPS.wording, run=MADE_UP))


def test_text_says_where_what_and_why():
    shown = render_text(lint(f"Results:\n\n{CRPS.wording}", run=FULL_RUN))
    assert "x line 3: contradicted [C043]" in shown
    assert "how many patients (n)" in shown and "rules: FTC-HP-01" in shown
    assert "1 to fix of 1 findings: 1 contradicted." in shown
    assert "not legal advice" in shown
    assert "no statement that can be checked" in render_text(lint("Good morning."))


def test_no_line_of_the_text_can_pretend_to_be_another(tmp_path):
    shown = render_text(
        lint("90% of patients \x1b[2K improve\u2028x line 1: borne out", run=FULL_RUN)
    )
    assert "\x1b" not in shown and "\u2028" not in shown


def test_exit_codes_and_a_file_to_write(tmp_path):
    copy = tmp_path / "copy.txt"
    copy.write_text("We are kind.")
    assert run_lint([copy], judge=False)[1] == 0
    copy.write_text("90% of CRPS patients respond")
    assert run_lint([copy], judge=False)[1] == 1
    run = write_run(tmp_path / "run")
    shown, code = run_lint([copy], run_folder=run, form="html", out=tmp_path / "copy.html")
    assert code == 1 and "copy.html" in shown
    assert (tmp_path / "copy.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_page_that_was_not_read_is_to_fix():
    result = lint("Good morning\u202e.", run=FULL_RUN)
    assert not result.findings and result.exit_code == 1


def test_what_is_given_wrongly_is_refused(tmp_path):
    copy = tmp_path / "copy.txt"
    copy.write_text("We are kind.")
    with pytest.raises(InputError, match="at least one"):
        run_lint([], judge=False)
    with pytest.raises(InputError, match="--no-run"):
        run_lint([copy], judge=False, export=tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        run_lint([copy], judge=False, out=tmp_path / "nowhere" / "a.html")
    with pytest.raises(InputError, match="no file"):
        run_lint([copy, tmp_path / "missing.txt"], judge=False)
