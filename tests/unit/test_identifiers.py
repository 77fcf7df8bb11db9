"""What names a person is found; what clinic data look like is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.contract.identifiers import find_identifiers, find_paths, header_identifier
from analysis.contract.tables import TABLES

HOME = "/" + "home"  # in two parts: no file of the project names a place on a machine

PLANTED = [
    ("to jane.d+pain@clinic.example.org now", "email address", "jane.d+pain@clinic.example.org"),
    ("call (512) 555-0142", "phone number", "(512) 555-0142"),
    ("512-555-0142", "phone number", "512-555-0142"),
    ("+1 512.555.0142", "phone number", "+1 512.555.0142"),
    ("+44 20 7946 0958", "phone number", "+44 20 7946 0958"),
    ("+49 (0)30 901820", "phone number", "+49 (0)30 901820"),
    ("Tel: 5125550142", "phone number", "Tel: 5125550142"),
    ("123-45-6789", "social security number", "123-45-6789"),
    ("SSN 123456789", "social security number", "SSN 123456789"),
    ("MRN: 00123456", "record number", "MRN: 00123456"),
    ("MRN=A1234567", "record number", "MRN=A1234567"),
    ("medical record number 4471902", "record number", "medical record number 4471902"),
    ("DOB 03/04/1961", "date of birth", "DOB 03/04/1961"),
    ("date of birth: 1961-03-04", "date of birth", "date of birth: 1961-03-04"),
    ("born on 4 March 1961", "date of birth", "born on 4 March 1961"),
    ("born March 4, 1961", "date of birth", "born March 4, 1961"),
    ("lives at 1200 Barton Springs Road, Austin", "street address", "1200 Barton Springs Road"),
    ("44 W 5th Street", "street address", "44 W 5th Street"),
    ("P.O. Box 771", "street address", "P.O. Box 771"),
    ("https://jane:secret@host.example/x", "address with a user", None),
    ("https://host.example/~jane/x", "address with a user", None),
    ("https://host.example/x?patient_id=77", "address with a user", None),
    ("seen with Mrs. Halloran", "name with a title", "Mrs. Halloran"),
    ("Patient name: Jane Doe", "name with a title", "Patient name: Jane Doe"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "part"), PLANTED, ids=[text for text, *_ in PLANTED])
def test_planted_identifier_is_found_with_its_place(text, kind, part):
    found = [each for each in find_identifiers(text) if each.kind == kind]
    assert len(found) == 1
    if part is not None:
        assert text[found[0].start : found[0].end] == part


ORDINARY = [
    "week_4", "end of series", "study day -14 to 0", "2026-03-04", "03/04/2026", "8.7 weeks",
    "G90.521", "M79.7", "G56.41 G57.70 G89.4", "0.5 mg/kg over 45 to 60 minutes", "72514-3",
    "NRS 0-10, VAS 0-100", "95 % interval 52 % to 68 %", "P-0012", "A1234567", "600 of 612",
    "0.5401459854014599", "1971", "sbp 120-140 / dbp 70-90", "2026-06-01T10:30:00", "1,204",
    "Multiple Sclerosis (MS)", "4 infusions in 14 days", "-0.4 (-1.2 to 0.3)", "2.4.6",
    "+2 points", "10 20 30 40 50 60 70", "545 559 586 600", "+10 % to +20 %", "12 Weeks",
    "70-85% of CRPS patients", "100 200 300 4000", "2000 samples of patients", "born",
    "a9858750cda8fe4489177b261db1abe4868a0dada6a552391a91f6fd35e4f96b",
    "https://klarityclinic.com/managing-chronic-pain", "Dr. Farrar 2001", "J Am Stat Assoc 22:209",
    "Wilson score interval", "record of 12 patients", "1. 2. 3.", "555 0142", "20260101",
    "doi 10.1080/01621459.1927.10502953", "300-400-500", "Schmidt St 2 points", "",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_clinic_text_is_left_alone(text):
    assert find_identifiers(text) == []
    assert find_paths(text) == []


@pytest.mark.parametrize(
    "text",
    [HOME + "/jane/exports/a.csv", "C:" + "\\Users\\jane\\a.csv", "\\\\clinic01\\exports", "file:///x/y",
     "see /" + "Users/jane/x.", "/" + "root/out"],
)  # fmt: skip
def test_absolute_paths_are_found(text):
    assert [each.kind for each in find_paths(text)] == ["absolute path"]


@pytest.mark.parametrize(
    "text", ["mg/kg", "and/or", "notebooks/20.html", "../x", "<" + HOME + "/x>", "a/b/c"]
)
def test_relative_paths_and_slashes_are_left_alone(text):
    assert find_paths(text) == []


@pytest.mark.parametrize(
    ("header", "kind"),
    [("Patient Name", "name"), ("last_name", "name"), ("LastName", "name"),
     ("EMAIL", "email address"),
     ("Mobile Phone", "phone number"), ("MRN", "record number"), ("DOB", "date of birth"),
     ("date-of-birth", "date of birth"), ("Zip Code", "street address"),
     ("SSN", "social security number")],
)  # fmt: skip
def test_headers_of_identifiers_are_told(header, kind):
    assert header_identifier(header) == kind


@pytest.mark.parametrize(
    "header", [column.name for table in TABLES.values() for column in table.columns]
)
def test_columns_of_the_contract_are_no_identifiers(header):
    assert header_identifier(header) == ""


@given(st.text(alphabet=" .-0123456789", max_size=6))
def test_short_numbers_are_never_identifiers(text):
    assert find_identifiers(text) == []


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_read_and_places_lie_in_it(before, after):
    text = f"{before} jane@clinic.example.org {after}"
    found = find_identifiers(text)
    assert any(each.kind == "email address" for each in found)
    assert all(0 <= each.start < each.end <= len(text) for each in found)


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "1 " * 50_000, "A. " * 30_000, "/" * 100_000, "1-" * 50_000]
)
def test_long_text_takes_no_time(text):
    find_identifiers(text)
    find_paths(text)
