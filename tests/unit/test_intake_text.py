"""Texts that look alike: what is compared, what is only shown, what a header's words are."""

from __future__ import annotations

import pytest
from exports import PATIENTS, derive, load
from hypothesis import given
from hypothesis import strategies as st

from analysis.adam.checks import check_quality
from analysis.errors import ContractError, MappingError
from analysis.intake.text import folded, id_key, name_key, near_ids, plain, shape, words_of

ZERO_WIDTH, FULL_P1, E_ACUTE, E_MARK = "P\u200b1", "\uff30\uff11", "\u00e91", "e\u03011"


@pytest.mark.parametrize(
    ("text", "words"),
    [("PAT_MRN_ID", "pat mrn id"), ("patName", "pat name"), ("IPAddress", "ip address"),
     ("Geb.-Datum", "geb datum"), ("Stra\u00dfe", "strasse"), ("Pr\u00e9nom", "prenom"),
     ("address1", "address 1"), ("Phone #", "phone no"), ("N\u00ba historia", "no historia"),
     ("na\u200bme", "name"), ("\uff2e\uff21\uff2d\uff25", "name")],
)  # fmt: skip
def test_words_of_a_header(text, words):
    assert " ".join(words_of(text)) == words


@given(st.text(max_size=40))
def test_plain_and_folded_texts_stay_as_they_are(text):
    assert plain(plain(text)) == plain(text)
    assert folded(text) == folded(plain(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [("P1", "p1"), ("P1", ZERO_WIDTH), ("P1", FULL_P1), (E_ACUTE, E_MARK), ("7", "007"),
     ("P-01", "P-1"), ("123", "123.0"), ("P1", "P 1"), ("P\u20131", "P-1"), ("S1\u00a07", "S17")],
)  # fmt: skip
def test_ids_that_may_be_one_patient(one, other):
    assert near_ids([one, "Z", other]) == [[one, other]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("P1", "P10"),
        ("1-11", "11-1"),
        ("12.50", "12.5"),
        ("0", "00a"),
        ("A", "\u00c4"),
        ("1.0", "10"),
    ],
)
def test_ids_of_two_patients(one, other):
    assert near_ids([one, other]) == []
    assert id_key(one) != id_key(other)


@given(st.lists(st.text("0019aPp .-\t\x0b\x1c", max_size=9), max_size=20))
def test_many_ids_are_compared_as_one_by_one(ids):
    same = {}
    for text in dict.fromkeys(ids):
        same.setdefault(id_key(text), []).append(text)
    assert near_ids(ids) == [alike for alike in same.values() if len(alike) > 1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Smith-12", "Aaaaa-99"), ("P\u200b1", "A\\u200b9"), (FULL_P1, "\uff21\uff19"),
     (E_MARK, "a\\u03019")],
)  # fmt: skip
def test_a_shape_shows_how_and_not_what(text, shown):
    assert shape(text) == shown


@given(st.text(alphabet="ABCabc123-\u00e9", min_size=1, max_size=12))
def test_a_shape_never_repeats_a_letter_or_digit(text):
    assert set(shape(text)) <= {"A", "a", "9", "-"}


def near(tmp_path, *ids):
    people = "patient_id,condition\n" + "".join(f"{own},crps\n" for own in ids)
    scores = "patient_id,study_day,score\n" + "".join(f"{own},0,8\n{own},9,4\n" for own in ids)
    export = load(tmp_path, {"patients.csv": people, "pain_scores.csv": scores})
    checks = check_quality(derive(export))
    return next(each for each in checks.itertuples() if each.name == "ids written alike")


@pytest.mark.slow
def test_twenty_ids_of_ten_patients_are_a_finding_with_count_and_no_id(tmp_path):
    ids = [f"{letter}{n}" for n in range(71, 81) for letter in "Kk"]
    got = near(tmp_path, *ids)
    assert (got.state, got.n) == ("pass with findings", 20)
    assert "20 ids may be 10 patients" in got.sentence and "A99 and a99" in got.sentence
    assert not any(own in got.sentence for own in ids)


@pytest.mark.slow
@pytest.mark.parametrize("other", ["P\u200b1", FULL_P1, "P01", "p1"])
def test_each_way_to_write_one_id_twice_is_found(tmp_path, other):
    assert near(tmp_path, "P1", "Q2", other).n == 2


@pytest.mark.slow
def test_ids_that_differ_pass(tmp_path):
    got = near(tmp_path, "P1", "P10", "Q1")
    assert (got.state, got.n) == ("pass", 0)


def test_an_unknown_id_that_differs_in_a_mark_is_said_to_be_near(tmp_path):
    scores = f"patient_id,study_day,score\nA,0,8\n{ZERO_WIDTH},3,4\n"
    people = "patient_id,condition\nA,crps\nP1,crps\n"
    with pytest.raises(ContractError, match="marks that are not seen"):
        load(tmp_path, {"patients.csv": people, "pain_scores.csv": scores})


@pytest.mark.parametrize(
    ("header", "meant"),
    [("Recall", "recall"), ("RECALL", "recall"), ("recal", "recall"), ("re call", "recall"),
     ("Scale", "scale"), ("reca\u200bll", "recall"), ("Visit", "visit"),
     ("assesed_on", "assessed_on")],
)  # fmt: skip
def test_a_header_that_is_nearly_a_columns_is_refused_with_it(tmp_path, header, meant):
    scores = f"patient_id,study_day,score,{header}\nA,0,8,x\nA,3,4,y\nB,0,6,x\nB,3,6,y\n"
    with pytest.raises(MappingError, match=f"no column '{meant}'.*Rename it.*`drop`"):
        load(tmp_path, {"pain_scores.csv": scores})


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        ("score2", None),
        ("visits", None),
        ("series", None),
        ("AVISIT", None),
        ("VISIT", "tables: {pain_scores: {columns: {score: score}}}"),
        ("ASSESSED_ON", "tables: {pain_scores: {columns: {score: score}}}"),
        ("Recall", "tables: {pain_scores: {drop: [Recall]}}"),
        ("Recall", "tables: {pain_scores: {columns: {recall: {constant: average}}}}"),
        ("Recall", "tables: {pain_scores: {columns: {recall: {from: Recall, other: worst, "
         "values: {}}}}}"),
    ],
)  # fmt: skip
def test_other_headers_and_answered_ones_are_left_alone(tmp_path, header, mapping):
    scores = f"patient_id,study_day,score,{header}\nA,0,8,x\nA,3,4,x\nB,0,6,x\nB,3,6,x\n"
    load(tmp_path, {"pain_scores.csv": scores}, mapping)


def test_a_mapped_table_still_needs_the_recall_its_file_has(tmp_path):
    scores = "ID,study_day,score,Recall\nA,0,8,worst\nA,3,4,average\n"
    mapping = "tables: {pain_scores: {columns: {patient_id: ID}}}"
    with pytest.raises(MappingError, match="`recall: Recall` under `columns`"):
        load(tmp_path, {"pain_scores.csv": scores}, mapping)


def test_a_wide_table_names_its_own_times(tmp_path):
    mapping = (
        "tables: {pain_scores: {columns: {patient_id: ID}, wide: [{column: before, study_day: 0}, "
        "{column: after, study_day: 9}]}}"
    )
    wide = "ID,Study Day,before,after\nA,x,8,4\nB,x,6,6\n"
    load(tmp_path, {"pain_scores.csv": wide}, mapping)


def last_line(tmp_path, content):
    checks = check_quality(derive(load(tmp_path, {"patients.csv": content})))
    return next(each for each in checks.itertuples() if each.name == "last lines")


@pytest.mark.slow
def test_a_last_line_without_an_end_is_a_finding(tmp_path):
    got = last_line(tmp_path, PATIENTS.rstrip("\n"))
    assert (got.state, got.n) == ("pass with findings", 1)
    assert "patients.csv" in got.sentence and "10 becomes 1" in got.sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("encoding", "end"),
    [("utf-8", "\n"), ("utf-8", "\r\n"), ("utf-8", "\r"), ("utf-16", "\r\n"), ("utf-16-be", "\n"),
     ("utf-32", "\r")],
)  # fmt: skip
def test_a_complete_last_line_passes(tmp_path, end, encoding):
    content = PATIENTS.replace("\n", end).encode(encoding)
    mapping = f"tables: {{patients: {{encoding: {encoding}}}}}"
    checks = check_quality(derive(load(tmp_path, {"patients.csv": content}, mapping)))
    assert checks.set_index("name").loc["last lines", "state"] == "pass"


def test_keys_of_names():
    assert {name_key(text) for text in ("Assessed on", "assessed-on", "ASSESSED_ON")} == {
        "assessed_on"
    }
