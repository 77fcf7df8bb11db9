"""Forms beside the page: all there, fit their schema, and a missing library is told."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import jsonschema
import openpyxl
import pytest
from test_report_inputs import make_inputs

from analysis.report import forms, pdf_aside
from analysis.report.assemble import result_record
from analysis.report.html import FORMS, report_context, write_report
from analysis.report.pdf import MissingLibrary
from analysis.report.signoff import hash_results


@pytest.fixture
def no_pdf(monkeypatch):
    """Stand for a machine without Pango."""

    def missing(path, context):
        raise MissingLibrary("libpango-1.0-0")

    monkeypatch.setattr(forms, "write_summary_pdf", missing)


def test_without_the_library_the_rest_is_written_and_one_sentence_says_why(tmp_path, no_pdf):
    inputs = make_inputs()
    (note,) = forms.write_forms(tmp_path, inputs, report_context(inputs))
    assert "libpango-1.0-0" in note
    assert "apt install libpango-1.0-0 libpangoft2-1.0-0" in note
    assert "brew install pango" in note
    assert "MSYS2" in note
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "index.html",
        "results.schema.json",
        "results.xlsx",
    ]
    assert ".pdf" not in re.findall(r'href="([^"#]*)"', (tmp_path / "index.html").read_text())


def test_the_workbook_says_what_it_is_of(tmp_path, no_pdf):
    inputs = make_inputs()
    forms.write_forms(tmp_path, inputs, report_context(inputs))
    about = dict(
        openpyxl.load_workbook(tmp_path / "results.xlsx")["About"].iter_rows(
            min_row=2, max_col=2, values_only=True
        )
    )
    assert about["Data"] == inputs.export_name
    assert about["About the data"] == "Synthetic data: these patients do not exist"
    assert len(about) > 3  # settings, each in words


def test_paper_names_the_hash_that_a_signature_binds(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(pdf_aside.threading, "active_count", lambda: 2)  # all in this process
    for room, name in ((forms, "write_summary_pdf"), (pdf_aside, "write_report_pdf")):
        monkeypatch.setattr(room, name, lambda path, context: given.append(context))
    inputs = make_inputs()
    forms.write_forms(tmp_path, inputs, report_context(inputs))
    assert [each["results_sha256"] for each in given] == ["", ""]
    for name in ("results.json", "claims.json"):
        (tmp_path / name).write_text("[]", encoding="utf-8")
    forms.write_forms(tmp_path, inputs, report_context(inputs))
    assert given[-1]["results_sha256"] == hash_results(tmp_path)
    assert len(hash_results(tmp_path)) == 64


def test_a_release_has_no_schema_of_internal_results(tmp_path, no_pdf):
    inputs = replace(make_inputs(), run={"grade": "release"})
    forms.write_forms(tmp_path, inputs, report_context(inputs))
    assert not (tmp_path / "results.schema.json").exists()


def test_results_fit_the_schema_and_a_damaged_one_does_not():
    schema = json.loads(forms.schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    records = json.loads(json.dumps([result_record(each) for each in make_inputs().results]))
    assert sum(len(record["rows"]) for record in records) > 20
    assert list(check.iter_errors(records)) == []
    for name, value in (("n", -1), ("value", "0.5"), ("level", 95), ("unheard_of", 1)):
        damaged = json.loads(json.dumps(records))
        next(each for each in damaged if each["rows"])["rows"][0][name] = value
        assert list(check.iter_errors(damaged)), name


def test_the_page_leads_to_the_forms_that_lie_beside_it_and_no_others(tmp_path):
    inputs = make_inputs()
    assert 'href="report.pdf"' not in write_report(tmp_path, loaded=inputs).read_text("utf-8")
    for name in FORMS:
        (tmp_path / name).touch()
    text = write_report(tmp_path, loaded=inputs).read_text("utf-8")
    assert [name for name in FORMS if f'href="{name}"' not in text] == []
