"""A complete export: files found, mapping applied, contract checked, every record accounted for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.exports import PATIENTS, SCORES, load, used

from analysis.errors import InputError, ReliefcheckError
from analysis.intake.load import load_export


def refusal(folder: Path, files=None, mapping=None) -> str:
    with pytest.raises(InputError) as refused:
        load(folder, files, mapping)
    return str(refused.value)


def test_two_files_named_after_the_tables(tmp_path):
    export = load(tmp_path)
    assert export.name == tmp_path.name
    assert (export.synthetic, export.source, export.settings) == (False, "", {})
    assert used(export, "patients") == (2, {})
    assert used(export, "pain_scores") == (4, {})
    scores = export.tables["pain_scores"]
    assert scores["scale"].unique().tolist() == ["nrs_0_10"]
    assert scores["recall"].unique().tolist() == ["not_stated"]
    assert {path.name for path in export.files} == {"patients.csv", "pain_scores.csv"}
    own = hashlib.sha256((tmp_path / "patients.csv").read_bytes()).hexdigest()
    assert export.files[tmp_path / "patients.csv"] == own


def test_own_mapping_and_names_in_capitals_or_other_forms(tmp_path):
    own = {"mapping.yaml": "name: North clinic\nsynthetic: true\n"}
    export = load(tmp_path, {"patients.csv": None, "Patients.TSV": PATIENTS, **own})
    assert (export.name, export.synthetic) == ("North clinic", True)
    assert tmp_path / "mapping.yaml" in export.files
    assert used(export, "patients") == (2, {})


def workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "notes"
    for name, text in (("patients", PATIENTS), ("pain_scores", SCORES)):
        sheet = book.create_sheet(name)
        for line in text.splitlines():
            sheet.append(line.split(","))
    book.save(path)


def test_a_workbook_with_sheets_named_after_the_tables(tmp_path):
    workbook(tmp_path / "book.xlsx")
    assert used(load_export(tmp_path / "book.xlsx"), "pain_scores") == (4, {})
    (tmp_path / "m.yaml").write_text("tables: {patients: {columns: {sex: {constant: other}}}}")
    export = load_export(tmp_path / "book.xlsx", tmp_path / "m.yaml")
    assert export.tables["patients"]["sex"].tolist() == ["other", "other"]
    assert used(export, "pain_scores") == (4, {})


def test_sheets_that_nothing_reads_are_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "patients"
    for title, rows in {
        "patients": [["patient_id", "condition"], ["A", "crps"], ["B", "crps"]],
        "pain_scores": [["patient_id", "study_day", "score"], ["A", 0, 8], ["B", 0, 7]],
        "patients ": [["patient_id", "condition"], ["C", "crps"]],
        "Weber, Anna": [["x"]],
    }.items():
        sheet = book[title] if title in book.sheetnames else book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "export.xlsx")
    named = load_export(tmp_path / "export.xlsx").not_read
    assert named == (
        "export.xlsx: sheet 'patients '", "export.xlsx: sheet (a name of a person)",
    )  # fmt: skip


def test_one_file_for_both_tables(tmp_path):
    (tmp_path / "all.csv").write_text("id,base,w4\nA,8,4\nB,6,\n")
    (tmp_path / "m.yaml").write_text(
        """
        tables:
          patients: {columns: {patient_id: id, condition: {constant: crps}}}
          pain_scores:
            columns: {patient_id: id}
            wide: [{column: base, study_day: 0}, {column: w4, study_day: 28}]
        """
    )
    export = load_export(tmp_path / "all.csv", tmp_path / "m.yaml")
    assert used(export, "patients") == (2, {})
    assert used(export, "pain_scores") == (3, {"no score recorded": 1})


def test_several_files_of_one_table(tmp_path):
    files = {
        "patients.csv": None,
        "north/p.csv": "id,condition\n1,crps\n",
        "south/p.csv": "id,condition\n1,crps\n2,crps\n",
        "pain_scores.csv": "site,id,study_day,score\nnorth,1,0,8\nsouth,1,0,5\n",
    }
    mapping = """
        tables:
          patients:
            - {file: north/*.csv, given: {site: north}, columns: {patient_id: {join: [site, id]}}}
            - {file: [south/p.csv], given: {site: south}, columns: {patient_id: {join: [site, id]}}}
          pain_scores: {columns: {patient_id: {join: [site, id]}}}
    """
    export = load(tmp_path, files, mapping)
    assert export.tables["patients"]["patient_id"].tolist() == ["north-1", "south-1", "south-2"]
    assert export.tables["patients"]["site"].tolist() == ["north", "south", "south"]
    assert [account.file for account in export.intake][:2] == ["north/p.csv", "south/p.csv"]
    mapping = "tables: {patients: {file: '*/p.csv', columns: {patient_id: id}}}"
    files["pain_scores.csv"] = "patient_id,study_day,score\n1,0,8\n"
    assert "patients.patient_id (south/p.csv): 1 row" in refusal(tmp_path, files, mapping)


def test_rows_left_out_are_counted_with_the_source_they_came_from(tmp_path):
    """Two rules read one file: a baseline that is good and a follow-up that is none."""
    files = {"patients.csv": "patient_id,condition,base,later\nA,crps,8,11\nB,crps,6,12\n"}
    mapping = """
        exclude: score_outside_scale
        tables:
          pain_scores:
            - {file: patients.csv, columns: {score: base, study_day: {constant: 0}}}
            - {file: patients.csv, columns: {score: later, study_day: {constant: 9}}}
    """
    export = load(tmp_path, files, mapping)
    counted = [(a.n_used, a.excluded) for a in export.intake if a.table == "pain_scores"]
    assert counted == [(2, {}), (0, {"score outside scale": 2})]
    assert all(account.reconciles for account in export.intake)


def test_scores_of_every_scale_are_brought_to_one(tmp_path):
    files = {
        "pain_scores.csv": "patient_id,study_day,score,scale\n"
        "A,0,70,vas_0_100\nA,3,4.9,nrs_0_10\nB,0,10,wellness\nB,3,40,wellness\n"
    }
    export = load(tmp_path, files, "scales: {wellness: [50, 0]}")
    assert export.tables["pain_scores"]["score"].tolist() == pytest.approx([7.0, 4.9, 8.0, 2.0])


SITE_IDS = "patient_id,site,condition\n1,north,crps\n1,south,crps\n"


@pytest.mark.parametrize(
    ("files", "mapping", "words"),
    [
        ({"pain_scores.csv": None}, None, "the export has no pain_scores"),
        ({"pain_scores.csv": b""}, None, "pain_scores.csv is empty"),
        (
            {"patients.csv": lambda path: path.mkdir()},
            None,
            "patients.csv cannot be read: it is a directory, not a file",
        ),
        ({"patients.csv": b"PK\x03\x04"}, None, "patients.csv is an Excel or zip file"),
        ({"patients.csv": "patient_id,condition\n"}, None, "nothing is left of 0 records"),
        ({"infusions.csv": "patient_id,infused_at\n"}, None, "or leave infusions out"),
        ({"pain_scores.csv": SCORES + "A,9,11\n"}, None, "(line 6: '11')"),
        ({"pain_scores.csv": SCORES + "C,9,1\n"}, None, "(line 6: 'C')"),
        ({"patients.csv": PATIENTS + "A,crps\n"}, None, "(line 4: 'A')"),
        ({"patients.csv": SITE_IDS}, None, "join: [site, id]"),
        ({"patients.csv": PATIENTS + "C,gout\n"}, None, "line 4: 'gout'"),
        ({}, "name: [", "map.yaml, line 1"),
        ({}, "tables: {patients: {file: none.csv}}", "there is no file"),
        ({}, "tables: {patients: {file: 'x*.csv'}}", "fits 'x*.csv'"),
        ({}, "tables: {patients: {file: '/x/*.csv'}}", "outside the folder that it may read from"),
        (
            {},
            "tables: {pain_scores: {file: ['pain*.csv', pain_scores.csv]}}",
            "pain_scores.csv twice",
        ),
        ({}, "tables: {infusions: {columns: {}}}", "none is called infusions"),
        (
            {},
            "tables: {patients: {columns: {sex: gender}}}",
            "map.yaml: patients: patients.csv has",
        ),
        (
            {},
            "tables: {pain_scores: {where: {study_day: 99}}}",
            "nothing is left of 4 records (filter: study_day is 99: 4)",
        ),
        ({}, "settings: {analysis_visits: end}", "map.yaml, line 1: settings: there is no setting"),
        ({"patients.txt": PATIENTS}, None, "both patients.csv and patients.txt"),
        ({"infusion.csv": "a,b\n"}, None, "infusion.csv is not read, but its name is nearly"),
        (
            {"patients.csv": None, "pain_scores.csv": None},
            None,
            "holds no table: a folder with CSV",
        ),
    ],
)
def test_what_cannot_be_read_says_where_and_what_to_do(tmp_path, files, mapping, words):
    assert words in refusal(tmp_path, files, mapping)


def test_an_export_that_is_not_there_or_no_table(tmp_path):
    with pytest.raises(InputError, match="there is no export at nowhere"):
        load_export(Path("nowhere"))
    with pytest.raises(InputError, match="cannot be read"):
        load_export(Path("x" * 5000))
    (tmp_path / "all.csv").write_text(PATIENTS)
    with pytest.raises(InputError, match="nothing in this file is named after a table"):
        load_export(tmp_path / "all.csv")


def test_ids_of_a_spreadsheet_are_not_those_of_a_text(tmp_path):
    """Excel keeps 001 as the number 1: the ids differ, and the error says how."""

    def sheet(path: Path) -> None:
        book = openpyxl.Workbook()
        for row in (["patient_id", "study_day", "score"], [1, 0, 8]):
            book.active.append(row)
        book.save(path)

    files = {
        "patients.csv": "patient_id,condition\n001,crps\n",
        "pain_scores.csv": None,
        "pain_scores.xlsx": sheet,
    }
    assert "001 is not 1" in refusal(tmp_path, files)


JUNK = st.text(st.sampled_from('A,B;1780."\n\r\t -/NAcrps#é'), max_size=60)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patients=JUNK, scores=JUNK, mapping=JUNK)
def test_no_input_gives_anything_but_tables_or_one_of_our_errors(
    tmp_path, patients, scores, mapping
):
    files = {
        "patients.csv": f"patient_id,condition\nA,crps\n{patients}",
        "pain_scores.csv": f"patient_id,study_day,score\nA,0,7\n{scores}",
    }
    for own in (None, f"tables: {{patients: {{where: {{condition: {mapping}}}}}}}"):
        try:
            export = load(tmp_path, files, own)
        except ReliefcheckError as error:
            assert len(str(error)) > 20
        else:
            assert all(account.reconciles for account in export.intake)
