"""Mapping files: what they say is understood as written, and what is wrong is refused by line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from tests.unit.exports import derive, used

from analysis.errors import MappingError
from analysis.intake.load import load_export
from analysis.intake.mapping import (
    ColumnRule,
    Condition,
    ExcludeCode,
    Format,
    Mapping,
    TableRule,
    WideColumn,
    load_mapping,
    load_yaml,
)
from analysis.intake.tables import TABLES


def mapping(folder: Path, content: str | bytes) -> Mapping:
    path = folder / "m.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return load_mapping(path)


def refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(MappingError) as refused:
        mapping(folder, content)
    assert str(refused.value).startswith("m.yaml")
    return str(refused.value)


def test_words_and_codes_stay_as_they_are_written(tmp_path):
    """YAML would make No false, 010 eight, 12:30 a number of seconds, and a date a date."""
    rule = mapping(
        tmp_path,
        """
        tables:
          patients:
            where: {arv: No, visit: 010, on: 2026-03-28}
            columns:
              sex: {from: 1, values: {01: female, 1: male, 12:30: other, Y: null, 1.0: ~}}
        """,
    ).tables["patients"][0]
    assert rule.where["arv"].is_ == ["No"]
    assert rule.where["visit"].is_ == ["010"]
    assert rule.where["on"].is_ == ["2026-03-28"]
    sex = rule.columns["sex"]
    assert sex.from_ == "1"
    assert sex.values == {"01": "female", "1": "male", "12:30": "other", "Y": "", "1.0": ""}


def test_numbers_where_numbers_are_meant(tmp_path):
    read = mapping(
        tmp_path,
        """
        scales: {sum_0_40: [0, 40]}
        tables:
          pain_scores:
            skip_lines: 2
            where: {week: {min: 1, max: 12.5}}
            columns: {score: {times: 0.1}, study_day: {from: week, unit: weeks}}
            wide:
              - {column: w6, study_day: 6, unit: weeks}
              - {column: m1, study_day: 1, unit: months}
        settings: {minimum_baseline_score: 0, analysis_visit: week_12}
        """,
    )
    rule = read.tables["pain_scores"][0]
    assert read.all_scales["sum_0_40"] == (0.0, 40.0)
    assert rule.skip_lines == 2
    assert (rule.where["week"].min, rule.where["week"].max) == (1.0, 12.5)
    assert [wide.day for wide in rule.wide] == [42.0, 30.4375]
    assert read.settings == {"minimum_baseline_score": 0, "analysis_visit": "week_12"}


def test_short_forms(tmp_path):
    rule = mapping(tmp_path, "tables: {patients: {file: a.csv, columns: {patient_id: ID}}}")
    assert rule.tables["patients"][0].file == ["a.csv"]
    assert rule.tables["patients"][0].columns["patient_id"].from_ == "ID"
    assert mapping(tmp_path, "exclude: unknown_patient").exclude == ["unknown_patient"]
    assert mapping(tmp_path, "name: 12").name == "12"


@pytest.mark.parametrize(
    ("condition", "words"),
    [({"is": ["1"]}, "is 1"), ({"is": ["1", "2"]}, "is 1 or 2"),
     ({"not": ["x", ""]}, "is not x or empty"), ({"min": 4}, "is at least 4"),
     ({"min": 4, "max": 10}, "is at least 4 and is at most 10"),
     ({"recorded": True}, "is recorded"), ({"recorded": False}, "is not recorded")],
)  # fmt: skip
def test_filters_in_words(condition, words):
    assert Condition.model_validate(condition).in_words() == words


PATIENTS = "tables:\n  patients:\n    columns:\n"
SCORES = "tables:\n  pain_scores:\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("name: [", "line 1, column 8"),
        ("name: x\ntables:\n\tpatients: y\n", "line 3, column 1: found character '\\t'"),
        ("name: x\ntables:\n\tpatients: y\n", "has a tab"),
        ("name: a\nname: b\n", "line 2: 'name' stands twice"),
        ("tables: {patients: {where: {a: 1, a: 2}}}", "'a' stands twice"),
        ("name: a\n---\nname: b\n", "line 2"),
        ("- a\n", "holds no mapping"),
        ("hello", "holds no mapping"),
        ("", "holds no mapping"),
        (b"\xff\xfe\x00", "not a UTF-8 text file"),
        (b"name: a\x00b", "special characters are not allowed"),
        ("a: &a [*a]\n", "an anchor contains itself"),
        ("[" * 500, "no mapping is"),
        ("? [a]\n: b\n", "line 1: a name is expected before the colon"),
        ("nmae: a\n", "line 1: there is no field 'nmae'. Did you mean 'name'?"),
        ("tables:\n  patients:\n    fil: a\n", "line 3: there is no field 'fil'"),
        (PATIENTS + "      sex: {form: a}\n", "line 4: there is no field 'form'"),
        (PATIENTS + "      patientid: a\n", "line 4: patients has no column 'patientid'. Did you"),
        ("tables:\n  patient:\n    file: a\n", "line 2: there is no table 'patient'. Did you mean"),
        ("tables: {opioids: {file: a}}", "there is no table 'opioids'. Did you mean 'opioid_use'"),
        ("tables:\n", "line 1: tables has nothing after it"),
        ("tables:\n  patients:\n", "line 2"),
        ("synthetic: perhaps\n", "line 1: synthetic is 'perhaps'"),
        ("format: {dates: us}\n", "format.dates is 'us'"),
        ("exclude: [unknown_patients]\n", "Did you mean 'unknown_patient'?"),
        ("settings:\n  analysis_visits: end\n", "line 2: settings: there is no setting"),
        ("settings:\n  minimum_baseline_score: high\n", "line 2: settings: minimum_baseline"),
        ("settings:\n  minimum_baseline_score: 11\n", "line 2: settings: minimum_baseline"),
        (PATIENTS + "      sex: {from: a, constant: male}\n", "line 4: sex has both `from` and"),
        (PATIENTS + "      sex: {from: a, other: male}\n", "nothing without `values`"),
        (PATIENTS + "      sex: {from: a, with: '-'}\n", "nothing without `join`"),
        (PATIENTS + "      sex: {from: a, dates: iso}\n", "`dates` is not for such a column"),
        (PATIENTS + "      sex: {from: a, times: 2}\n", "`times` is not for such a column"),
        (
            PATIENTS + "      age_years: {from: a, unit: months}\n",
            "`unit` is for study_day and relief_days only",
        ),
        (SCORES + "    columns: {score: {times: 0}}\n", "line 3: `times: 0` would make"),
        (SCORES + "    columns: {score: {times: .inf}}\n", "line 3"),
        (SCORES + "    columns: {study_day: {unit: weeks, times: 7}}\n", "both `unit` and `times`"),
        (SCORES + "    where: {a: {}}\n", "line 3: the filter on 'a' says nothing"),
        (SCORES + "    wide: [{column: a}, {column: a}]\n", "'a' is listed twice"),
        (SCORES + "    wide: [{study_day: 3}]\n", "column is missing"),
        (SCORES + "    wide: [{column: a, recall: avg}]\n", "Did you mean 'average'?"),
        (SCORES + "    wide: [{column: a, scale: nrs}]\n", "one of nrs_0_10, vas_0_100"),
        (SCORES + "    wide: [{column: a, phase: initial}]\n", "`phase` does nothing"),
        (SCORES + "    wide: [{column: a, study_day: 1, assessed_on: b}]\n", "keep one"),
        (SCORES + "    columns: {score: b}\n    wide: [{column: a}]\n", "comes from `wide`"),
        (
            "tables: {patients: {wide: [{column: a}]}}",
            "`wide` belongs to pain_scores, infusions, adverse_events",
        ),
        ("tables: {infusions: {wide: [{column: a, visit: b}]}}", "`visit` does nothing"),
        ("scales: {nrs_0_10: [0, 100]}", "the suite's own"),
        ("scales: {a: [1, 1]}", "begins and ends at 1"),
        ("scales: {a: [0]}", "two ends are expected, as [0, 140]"),
        ("scales: {a: {high: 3}}", "scales.a.low is missing"),
        ("scales: {a: {low: 0, hihg: 3}}", "Did you mean 'high'"),
        ("conditions: {all: Every pain}", "'all' cannot be the code"),
        ("conditions: {../up: Every pain}", "'../up' cannot be the code"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(tmp_path, content, words):
    assert words in refusal(tmp_path, content)


def test_a_mapping_that_is_not_there_or_a_directory(tmp_path):
    with pytest.raises(MappingError, match="there is no file"):
        load_mapping(tmp_path / "none.yaml")
    with pytest.raises(MappingError, match="is a directory"):
        load_mapping(tmp_path)


def test_plain_yaml_keeps_its_types(tmp_path):
    """Settings files are read by the same reader: numbers are numbers there."""
    (tmp_path / "s.yaml").write_text("a: 30.0\nb: No\nc: true\nd: 2026-03-28\n")
    file = load_yaml(tmp_path / "s.yaml")
    assert file.values == {"a": 30.0, "b": "No", "c": True, "d": "2026-03-28"}
    assert file.line(("d",)) == 4


GUIDE = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_worked_example_of_the_guide(tmp_path):
    """Files as printed; counts and percentages as the text says."""
    for name, content in re.findall(r"^`([\w.]+)`\n```\w+\n(.*?)```$", GUIDE, re.M | re.S):
        (tmp_path / name).write_text(content, encoding="utf-8")
    export = load_export(tmp_path, tmp_path / "clinic.yaml")
    assert used(export, "patients") == (4, {"blank row": 1})
    assert used(export, "infusions") == (8, {"blank row": 3, "no infusion recorded": 4})
    assert used(export, "pain_scores") == (
        7,
        {"filter: Withdrawn is no": 3, "no score recorded": 2},
    )
    for table in ("patients", "infusions", "pain_scores"):
        n, gone = used(export, table)
        reasons = "; ".join(f"{why}: {k}" for why, k in gone.items())
        assert re.search(rf"^\| {table} \| \d+ \| \d \| {n} \| {reasons} \|$", GUIDE, re.M)
    patients = export.tables["patients"].set_index("patient_id")
    assert patients["condition"].tolist() == ["crps", "fibromyalgia", "crps", "fibromyalgia"]
    assert patients["subtype"].fillna("").tolist() == ["type_1", "", "type_2", ""]
    assert patients["birth_year"].tolist() == [1975, 1968, 1981, 1990]
    study = derive(export)
    outcome = study.adpain.dropna(subset="PCHG").set_index(["USUBJID", "AVISIT"])["PCHG"]
    assert outcome.to_dict() == pytest.approx(
        {
            ("N-001", "end"): -56.25,
            ("N-001", "week_4"): -50.0,
            ("N-002", "week_4"): -20.0,
            ("S-001", "end"): -100 / 3,
        }
    )
    assert study.adsl.set_index("USUBJID").loc["S-002", "FASREAS"] == "never treated"


def test_every_field_filter_code_and_column_is_explained_in_the_guide():
    rows = [line for line in GUIDE.splitlines() if line.startswith("| `")]
    explained = set(re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in rows)))
    for model in (Mapping, Format, TableRule, ColumnRule, WideColumn):
        assert {field.alias or name for name, field in model.model_fields.items()} <= explained
    assert all(f"| `{code}` |" in GUIDE for code in get_args(ExcludeCode))
    fields = {field.alias or name for name, field in Condition.model_fields.items()}
    assert all(f"{field}:" in GUIDE for field in fields)
    listed = GUIDE.split("## Columns of the contract")[1]
    for table in TABLES.values():
        row = next(line for line in listed.splitlines() if line.startswith(f"| {table.name} |"))
        assert set(table.names) <= set(re.findall(r"\w+", row))
