"""What names a person is refused at intake, unless the mapping drops or hashes it."""

from __future__ import annotations

import pytest
from tests.unit.exports import SCORES, load

from analysis.errors import ContractError, MappingError

HASHED = """
hash_key: clinic.key
tables:
  patients:
    columns: {patient_id: {from: MRN, hash: true}}
  pain_scores:
    columns: {patient_id: {from: MRN, hash: true}}
"""
KEY = "0123456789abcdef" * 2


def patients(column: str, *values: str) -> str:
    first, second = values
    return f"patient_id,condition,{column}\nA,crps,{first}\nB,fibromyalgia,{second}\n"


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("Name", ("Ann Smith", "Bo Lee")),
        ("patientName", ("Ann Smith", "")),
        ("E-mail", ("not given yet", "later")),
        ("Phone No", ("5551", "5552")),
        ("MRN", ("000123", "000124")),
        ("Date of birth", ("1975-05-12", "1968-11-03")),
        ("Street_Address", ("Elm 4", "Oak 5")),
        ("note", ("call ann@example.org", "")),
        ("remark", ("", "ring (212) 555-0142 first")),
        ("who", ("219-09-9999", "")),
    ],
)
def test_an_identifier_in_any_column_is_refused_by_column(tmp_path, column, values):
    with pytest.raises(ContractError) as caught:
        load(tmp_path, {"patients.csv": patients(column, *values)})
    told = str(caught.value)
    assert f"patients.{column}" in told
    assert "names a person" in told
    assert "`drop`" in told
    for value in filter(None, values):
        assert value not in told, "an error must not repeat what it keeps out"


def test_an_identifier_in_a_header_is_refused_by_place(tmp_path):
    with pytest.raises(ContractError, match=r"patients.column 3 .*header") as caught:
        load(tmp_path, {"patients.csv": patients("ann@example.org", "1", "2")})
    assert "ann@" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("drug name", ("ketamine", "ketamine")),
        ("visit_name", ("Week 4", "End of series")),
        ("Born", ("1975", "1968")),
        ("protocol", ("0.5 mg/kg over 40-60 min", "standard")),
        ("Name", ("", "")),
        ("icd", ("G90.521", "M79.7")),
    ],
)
def test_what_only_looks_like_one_is_let_in(tmp_path, column, values):
    assert len(load(tmp_path, {"patients.csv": patients(column, *values)}).tables["patients"]) == 2


def test_a_dropped_column_is_not_read(tmp_path):
    export = load(
        tmp_path,
        {"patients.csv": patients("Name", "Ann Smith", "Bo Lee")},
        "tables: {patients: {drop: [Name]}}",
    )
    assert "Name" not in export.intake[0].columns_not_read
    assert "Ann Smith" not in export.tables["patients"].to_csv()


def test_a_hashed_record_number_joins_the_tables_and_is_gone(tmp_path):
    (tmp_path / "clinic.key").write_text(KEY)
    table = "MRN,condition\n000123,crps\n000124,fibromyalgia\n"
    scores = "MRN,study_day,score\n000123,0,8\n000123,3,4\n000124,0,6\n"
    export = load(tmp_path, {"patients.csv": table, "pain_scores.csv": scores}, HASHED)
    ids = export.tables["patients"]["patient_id"].tolist()
    assert export.tables["pain_scores"]["patient_id"].tolist() == [ids[0], ids[0], ids[1]]
    # openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef, of "000123", first 16 digits
    assert ids[0] == "b116304f88d9d3a7"
    assert "000123" not in "".join(frame.to_csv() for frame in export.tables.values())


def test_hash_needs_a_key_that_protects(tmp_path):
    told = "tables: {patients: {columns: {patient_id: {from: patient_id, hash: true}}}}"
    with pytest.raises(MappingError, match="hash_key"):
        load(tmp_path, mapping=told)
    with pytest.raises(MappingError, match=r"clinic.key.*cannot be read.*secrets"):
        load(tmp_path, mapping="hash_key: clinic.key\n" + told)
    (tmp_path / "clinic.key").write_text("short")
    with pytest.raises(MappingError, match="5 bytes"):
        load(tmp_path, mapping="hash_key: clinic.key\n" + told)


def test_only_ids_are_hashed(tmp_path):
    with pytest.raises(MappingError, match="`hash`"):
        load(
            tmp_path,
            mapping="hash_key: k\ntables: {patients: {columns: {site: {from: a, hash: true}}}}",
        )


def test_dropping_what_is_read_is_refused(tmp_path):
    with pytest.raises(MappingError, match=r"line \d+: 'condition' is dropped and read"):
        load(
            tmp_path,
            mapping="tables: {patients: {drop: [condition], columns: {condition: condition}}}",
        )


def test_dropping_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(MappingError, match="no column 'Nmae'"):
        load(tmp_path, mapping="tables: {patients: {drop: [Nmae]}}")


def test_a_column_that_one_rule_hides_and_another_shows_is_refused(tmp_path):
    """Dropped as a patient's number, but read as the id of the same file's ratings."""
    files = {"all.csv": "MRN,condition,score\n1,crps,8\n2,crps,7\n"}
    told = (
        "tables: {patients: {file: all.csv, columns: {patient_id: MRN}}, pain_scores: {file: "
        "all.csv, drop: [MRN], columns: {patient_id: condition, study_day: {constant: 0}}}}"
    )
    with pytest.raises(ContractError, match=r"MRN.*record number"):
        load(tmp_path, files, told)


def test_ages_over_89_are_grouped(tmp_path):
    table = (
        "patient_id,condition,age_years,birth_year,enrolled_on\n"
        "A,crps,97,1927,2024-03-01\nB,fibromyalgia,89,1935,2024-03-01\n"
    )
    read = load(tmp_path, {"patients.csv": table, "pain_scores.csv": SCORES}).tables["patients"]
    assert read["age_years"].tolist() == [90, 89]
    assert read["birth_year"].tolist() == [1934, 1935]


def test_a_birth_year_without_dates_stays(tmp_path):
    table = "patient_id,condition,birth_year\nA,crps,1927\nB,crps,1990\n"
    read = load(tmp_path, {"patients.csv": table}).tables["patients"]
    assert read["birth_year"].tolist() == [1927, 1990]
