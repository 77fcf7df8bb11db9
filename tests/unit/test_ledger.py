"""The ledger: a wrong claim names itself, the field and the rule; a wrong file names itself."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from studies import CLAIM, claim, duration_claim, mean_claim

from analysis.claims.ledger import COLUMNS, load_ledger
from analysis.errors import LedgerError


def write(path: Path, *rows: dict[str, object], columns: list[str] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: "" if v is None else v for k, v in {**CLAIM, **row}.items()})
    return path


def test_the_suites_own_ledger_has_the_four_headline_claims():
    own = {one.claim_id: one for one in load_ledger()}
    assert {"C043", "C044", "C045", "C046"} <= set(own)
    assert (own["C043"].cited_low, own["C043"].cited_high) == (0.70, 0.85)
    assert (own["C044"].cited_low, own["C044"].unit) == (40.0, "percent")
    assert (own["C046"].cited_low, own["C046"].cited_high) == (2.0, None)


def test_a_ledger_survives_writing_and_reading(tmp_path):
    path = write(tmp_path / "own.csv", {}, {"claim_id": "T2", "condition": "all"})
    first, second = load_ledger(path)
    assert first == claim()
    assert (second.claim_id, second.condition) == ("T2", "all")


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("measure", "responder_shares", "Did you mean 'responder_share'"),
        ("definition", "median_of_patients", "is none of percent_reduction, two_points"),
        ("population", "responders", "is none of all_starters, observed"),
        ("unit", "percent", "is not the unit of responder_share"),
        ("cited_low", 70.0, "70 is no share, which goes from 0 to 1"),
        ("cited_high", -0.1, "is no share"),
        ("cited_low", 0.9, "0.9 is above cited_high 0.85"),
        ("threshold_pct", None, "needs the least reduction"),
        ("threshold_pct", 130.0, "130 is not in 0 to 100"),
        ("threshold_pct", 0.0, "0 is not in 0 to 100"),
        ("wording", "  ", "it is empty"),
        ("source", "", "it is empty"),
        ("reading", "", "it is empty"),
        ("condition", "", "it is empty"),
    ],
)
def test_a_wrong_field_names_claim_field_and_rule(field, value, rule):
    with pytest.raises(LedgerError) as error:
        claim(**{field: value})
    assert str(error.value).startswith(f"claim T1, {field}: ")
    assert rule in str(error.value)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: claim(cited_low=None, cited_high=None), "cited_low"),
        (lambda: claim(definition="two_points"), "threshold_pct"),
        (lambda: mean_claim(threshold_pct=30.0), "threshold_pct"),
        (lambda: mean_claim(definition="ratio_of_means", population="all_starters"), "population"),
        (lambda: mean_claim(cited_high=160.0), "cited_high"),
        (lambda: duration_claim(visit="week_4"), "visit"),
        (lambda: duration_claim(threshold_pct=None), "threshold_pct"),
        (lambda: duration_claim(population="observed"), "population"),
        (lambda: duration_claim(cited_low=-1.0), "cited_low"),
    ],
)
def test_a_reading_that_nothing_can_answer_is_refused(make, field):
    with pytest.raises(LedgerError, match=f"^claim T1, {field}: "):
        make()


def test_a_claim_without_id_is_refused():
    with pytest.raises(LedgerError, match="no claim_id"):
        claim(claim_id="")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"cited_low": "seventy"}, "claim T1, cited_low: 'seventy' is not a number"),
        ({"cited_low": "nan"}, "claim T1, cited_low: 'nan' is not a number"),
        ({"cited_high": "inf"}, "claim T1, cited_high: 'inf' is not a number"),
        ({"condition": "crsp"}, "claim T1, condition: 'crsp' is none of all, crps"),
        ({"wording": "two\nlines"}, "claim T1, wording: a line break"),
    ],
)
def test_a_wrong_row_of_a_file(tmp_path, row, told):
    with pytest.raises(LedgerError) as error:
        load_ledger(write(tmp_path / "own.csv", row))
    assert told in str(error.value)


def test_an_unknown_condition_offers_the_nearest_and_a_mapping_may_add_one(tmp_path):
    path = write(tmp_path / "own.csv", {"condition": "knee"})
    with pytest.raises(LedgerError, match="condition"):
        load_ledger(path)
    assert load_ledger(path, more_conditions=["knee"])[0].condition == "knee"
    with pytest.raises(LedgerError, match="Did you mean 'fibromyalgia'"):
        load_ledger(write(tmp_path / "b.csv", {"condition": "fibromyalga"}))


def test_repeated_ids_are_named(tmp_path):
    with pytest.raises(LedgerError, match="claim T1, claim_id: it stands more than once"):
        load_ledger(write(tmp_path / "own.csv", {}, {}))


def test_missing_columns_are_named(tmp_path):
    columns = [name for name in COLUMNS if name not in ("unit", "visit")]
    with pytest.raises(LedgerError, match="lacks the columns visit, unit"):
        load_ledger(write(tmp_path / "own.csv", {}, columns=columns))


def test_further_columns_are_notes_for_people(tmp_path):
    path = write(tmp_path / "own.csv", {"asked": "again"}, columns=[*COLUMNS, "asked"])
    assert load_ledger(path)[0] == claim()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (",".join(COLUMNS).encode(), "holds no claims"),
        ("claim_id,wording\nC1,pain \xfcber\n".encode("latin-1"), "not a UTF-8 text file"),
        (b"PK\x03\x04\x14\x00\x06\x00\xff\xfe", "not a UTF-8 text file"),
        (b"\x00\x01\x02\n\x03", "lacks the columns"),
        (b"just a letter\nto nobody\n", "lacks the columns"),
    ],
)
def test_a_file_that_is_no_ledger(tmp_path, content, told):
    path = tmp_path / "own.csv"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=told):
        load_ledger(path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("T2,,more,than,all" + ",x" * len(COLUMNS), "more fields than columns"),
        ("T2,short", "fewer fields than columns"),
        ('T2,"never closed', "cannot be read as CSV"),
    ],
)
def test_a_stray_comma_or_quote_is_refused_not_swallowed(tmp_path, line, told):
    path = write(tmp_path / "own.csv", {})
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(LedgerError, match=told):
        load_ledger(path)


def test_a_folder_or_nothing_is_no_ledger(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(LedgerError, match="no ledger of claims"):
            load_ledger(path)


def test_errors_are_the_users_to_mend():
    assert LedgerError("x").exit_code == 2
