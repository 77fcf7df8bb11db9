"""Diagnoses and vital signs in files of their own, as docs/mapping.md prints them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.draft_exports import write_text

from analysis.errors import MappingError
from analysis.intake.load import Export, load_export

GUIDE = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
SECTION = GUIDE.split("### Diagnoses and vital signs in files of their own")[1]
PRINTED = re.search(r"```yaml\n(.*?)```", SECTION, re.DOTALL)[1]  # type: ignore[index]

FILES = {
    "patients.csv": "ID\nA\nB\nC\nD\n",
    "problems.csv": "Patient,Date,Status,icd10,local_code\n"
    "A,2020-01-01,active,I10,\nA,2021-01-01,active,G90.511,\nA,2019-01-01,active,,GB9\n"
    "A,2018-01-01,refuted,G43.1,\nB,2020-01-01,active,M79.7,\nB,2021-01-01,active,G43.1,\n"
    "C,2020-01-01,active,J45,\nX,2020-01-01,active,M79.7,\nD,2020-01-01,active,G43.1,FM\n",
    "our_codes.csv": "code,condition,subtype\nGB9,other,\nFM,fibromyalgia,\n",
    "infusions.csv": "ID,Start\nA,2026-03-02 09:00\nA,2026-03-02 15:00\nB,2026-03-03\n",
    "monitor.csv": "Patient,Time,Sys,Dia,SpO2\n"
    "A,2026-03-02 07:59,199,99,80\n"  # more than an hour before
    "A,2026-03-02 08:00,130,80,97\nA,2026-03-02 09:00,120,70,96\n"  # the last one up to the start
    "A,2026-03-02 09:20,140,,\nA,2026-03-02 10:00,135,85,93\nA,2026-03-02 13:00,,90,\n"
    "A,2026-03-02 13:01,190,99,81\n"  # more than four hours after
    "A,2026-03-02 14:30,125,75,\nA,2026-03-02 16:00,150,95,98\n"
    "B,2026-03-03,180,99,85\nX,2026-03-02 09:10,180,99,85\n",
    "pain_scores.csv": "patient_id,assessed_on,score\nA,2026-03-01,8\nB,2026-03-01,7\n",
}  # fmt: skip


def load(tmp_path: Path, *edits: tuple[str, str]) -> Export:
    text = PRINTED
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    mapping = tmp_path / "clinic.yaml"
    mapping.write_text(text, encoding="utf-8")
    return load_export(write_text(tmp_path / "export", FILES), mapping)


def account(export: Export, file: str) -> dict[str, int]:
    return next(a for a in export.intake if a.file == file).excluded


def test_the_pain_condition_is_found_among_all_diagnoses(tmp_path):
    export = load(tmp_path)
    patients = export.tables["patients"].set_index("patient_id")
    assert patients["condition"].to_dict() == {
        "A": "crps", "B": "fibromyalgia", "D": "headache",
    }  # fmt: skip
    assert patients.loc["A", "subtype"] == "type_1"
    assert account(export, "problems.csv") == {
        "filter: Status is not refuted": 1, "no such patient in patients.csv": 1,
        "no code of a pain condition": 2, "further diagnosis of the patient": 2,
    }  # fmt: skip
    assert account(export, "patients.csv") == {"filter: condition is recorded": 1}


def test_the_last_diagnosis_counts_where_that_is_said_and_none_is_guessed(tmp_path):
    last = load(tmp_path, ("several: first ", "several: last "))
    patients = last.tables["patients"].set_index("patient_id")["condition"]
    assert patients["B"] == "headache" and patients["A"] == "crps"
    with pytest.raises(
        MappingError, match=r"\(fibromyalgia and headache\) for 1 patient "
    ) as error:
        load(tmp_path, ("several: first ", "several: refuse "))
    assert "first lines: 6, 7" in str(error.value)


def test_an_infusion_has_the_readings_around_it(tmp_path):
    infusions = load(tmp_path).tables["infusions"]
    signs = ["sbp_before", "dbp_before", "sbp_peak", "dbp_peak", "spo2_lowest"]
    rows = infusions[signs].astype(object).where(infusions[signs].notna(), None).values.tolist()
    assert rows == [
        [120, 70, 140, 90, 93],
        [125, 75, 150, 95, 98],
        [None] * 5,  # a date alone does not say what was before
    ]
    assert account(load(tmp_path), "monitor.csv") == {
        "not within 1 hour before or 4 hours after an infusion": 4
    }
