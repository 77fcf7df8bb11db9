"""The ledger: a wrong claim names itself, the field and the rule; a wrong file names itself."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from judged import (
    CLAIM,
    account_claim,
    bare_claim,
    claim,
    duration_claim,
    flag_claim,
    judge,
    kept_claim,
    mean_claim,
    share_claim,
)

from analysis.claims.evidence import load_questions
from analysis.claims.ledger import (
    ALL_MEASURES,
    ANSWERS,
    COLUMNS,
    FREQUENCIES,
    HEADLINE,
    NEEDS,
    READING_FIELDS,
    REQUIRED,
    Claim,
    headline_claims,
    load_ledger,
    select_claims,
)
from analysis.claims.rules import load_rules, rules_of
from analysis.errors import LedgerError
from analysis.intake.tables import TABLES


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


def test_every_reading_of_the_suites_own_ledger_is_registered():
    """Date, revision, and the hash of what decides: a reading cannot change without a trace."""
    for one in load_ledger():
        if one.measure:
            assert one.reading_sha == one.reading_hash, one.claim_id
            assert one.reading_date and one.reading_revision >= 1, one.claim_id
        else:
            assert not one.reading_sha
    limits = {one.claim_id: one.named_limits for one in load_ledger() if one.limits}
    assert limits == {"C046": (("weeks", 2.0), ("months", 8.7))}


READ_OTHERWISE = {
    "condition": "fbss", "measure": "success", "definition": "two_points", "threshold_pct": 50.0,
    "visit": "week_4", "population": "observed", "cited_low": 0.6, "cited_high": 0.9,
    "unit": "percent", "frequency": "often", "group": "arm=drug", "baseline_score": 9.0,
    "limits": "weeks=2", "reading": "of those rated",
}  # fmt: skip


def test_the_hash_is_of_what_decides_and_of_nothing_else():
    """Twelve digits of the SHA-256 of the fields as JSON; the page's words do not decide."""
    own = claim()
    assert set(READ_OTHERWISE) == set(READING_FIELDS)
    decides = json.dumps({name: getattr(own, name) for name in READING_FIELDS}, sort_keys=True)
    assert own.reading_hash == sha256(decides.encode()).hexdigest()[:12]
    for name, value in READ_OTHERWISE.items():
        assert own.model_copy(update={name: value}).reading_hash != own.reading_hash, name
    for words in ({"wording": "x"}, {"source": "x"}, {"claim_id": "X"}, {"cited_text": "x"}):
        assert claim(**words).reading_hash == own.reading_hash


CUT = date(2026, 6, 30)


@pytest.mark.parametrize(
    ("changed", "cut", "why"),
    [
        ({}, CUT, ""),
        ({"reading_date": "2026-07-01", "reading_revision": 1.0}, CUT, ""),  # first, if late
        ({"reading_date": "2026-07-01", "reading_revision": 2.0}, CUT,
         "its reading was reworded on 2026-07-01, after these data"),
        ({"reading_date": "2026-06-30", "reading_revision": 2.0}, CUT, ""),
        ({"reading_date": "2026-07-01", "reading_revision": 2.0}, None, ""),  # no dates on record
        ({"reading_date": "2026-01-01", "reading_sha": "0" * 12}, None,
         "its reading is not the one registered on 2026-01-01"),
        ({"reading_sha": "0" * 12}, CUT, "its reading is not the one registered"),
        ({"reading_sha": claim().reading_hash}, CUT, ""),
    ],
)  # fmt: skip
def test_a_reading_chosen_after_the_data_is_post_hoc(changed, cut, why):
    assert claim(**changed).post_hoc(cut) == why


def test_a_ledger_survives_writing_and_reading(tmp_path):
    path = write(tmp_path / "own.csv", {}, {"claim_id": "T2", "condition": "all"})
    first, second = load_ledger(path)
    assert first == claim()
    assert (second.claim_id, second.condition) == ("T2", "all")


def test_a_claim_without_id_is_refused():
    with pytest.raises(LedgerError, match="no claim_id"):
        claim(claim_id="")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"cited_low": "seventy"}, "claim T1, cited_low: 'seventy' is not a number"),
        ({"cited_low": "nan"}, "claim T1, cited_low: 'nan' is not a number"),
        ({"cited_high": "inf"}, "claim T1, cited_high: 'inf' is not a number"),
        ({"condition": "crsp"}, "claim T1, condition: 'crsp' is none of all, crps"),
        ({"wording": "two\nlines"}, "claim T1, wording: a line break"),
    ],
)
def test_a_wrong_row_of_a_file(tmp_path, row, message):
    with pytest.raises(LedgerError) as error:
        load_ledger(write(tmp_path / "own.csv", row))
    assert message in str(error.value)


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
    ("content", "message"),
    [
        (b"", "is empty"),
        (",".join(COLUMNS).encode(), "holds no claims"),
        ("claim_id,wording\nC1,pain \xfcber\n".encode("latin-1"), "not a UTF-8 text file"),
        (b"PK\x03\x04\x14\x00\x06\x00\xff\xfe", "not a UTF-8 text file"),
        (b"\x00\x01\x02\n\x03", "lacks the columns"),
        (b"just a letter\nto nobody\n", "lacks the columns"),
    ],
)
def test_a_file_that_is_no_ledger(tmp_path, content, message):
    path = tmp_path / "own.csv"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=message):
        load_ledger(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("T2,,more,than,all" + ",x" * len(COLUMNS), "more fields than columns"),
        ("T2,short", "fewer fields than columns"),
        ('T2,"never closed', "cannot be read as CSV"),
    ],
)
def test_a_stray_comma_or_quote_is_refused_not_swallowed(tmp_path, line, message):
    path = write(tmp_path / "own.csv", {})
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(LedgerError, match=message):
        load_ledger(path)


def test_a_folder_or_nothing_is_no_ledger(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(LedgerError, match="no ledger of claims"):
            load_ledger(path)


def test_errors_are_the_users_to_mend():
    assert LedgerError("x").exit_code == 2


# the suite's own ledger

SHARED = Path(os.environ.get("RELIEFCHECK_SHARED", Path(__file__).parents[3] / "shared"))
INVENTORY = SHARED / "evidence" / "claims_inventory.csv"

WORDS_SHA256 = "cff5edd1f402587545108ce2d5b1fca985b54cd3d0f1d379ca0b945b43d1551a"
"""Of "id <tab> wording" of all 161 statements, one a line, as read from the page."""

OWN = load_ledger()
BY_ID = {one.claim_id: one for one in OWN}


def digest(pairs) -> str:
    return sha256("\n".join(f"{name}\t{words}" for name, words in pairs).encode()).hexdigest()


def test_all_161_statements_in_their_exact_words():
    assert [one.claim_id for one in OWN] == [f"C{n:03}" for n in range(1, 162)]
    assert digest((one.claim_id, one.wording) for one in OWN) == WORDS_SHA256


@pytest.mark.skipif(not INVENTORY.exists(), reason="the inventory of the page is not here")
def test_words_sections_and_kinds_are_those_of_the_inventory():
    with INVENTORY.open(encoding="utf-8", newline="") as file:
        inventory = list(csv.DictReader(file))
    names = ("claim_id", "wording", "section", "kind")
    assert [[row[name] for name in names] for row in inventory] == [
        [getattr(one, name) for name in names] for one in OWN
    ]


def test_every_statement_has_a_reading_or_a_reason():
    for one in OWN:
        assert bool(one.reading) == bool(one.measure), one.claim_id
        assert bool(one.reason) == (one.answer != "computed"), one.claim_id
    assert {one.answer for one in OWN} == set(ANSWERS)


def test_how_many_are_answered_how():
    """A claim that moves from one answer to another is a decision, not an accident."""
    assert Counter(one.answer for one in OWN) == {
        "computed": 46,
        "no_records": 6,
        "evidence_only": 41,
        "unfalsifiable": 43,
        "opinion": 13,
        "definition": 3,
        "heading": 2,
        "repeated": 1,
        "not_outcomes": 6,
    }


def test_the_four_headline_claims_are_untouched():
    four = headline_claims(OWN)
    assert [one.claim_id for one in four] == ["C043", "C044", "C045", "C046"]
    assert [(one.measure, one.cited_low, one.cited_high) for one in four] == [
        ("responder_share", 0.70, 0.85),
        ("percent_reduction", 40.0, 60.0),
        ("responder_share", 0.60, 0.75),
        ("relief_duration", 2.0, None),
    ]
    assert all(one.answer == "computed" and one.measure in HEADLINE for one in four)


def test_no_other_claim_takes_a_headline_measure_of_a_rate_or_mean():
    """Figures take their cited band from the claim on that measure and condition."""
    keys = [
        (one.measure, one.condition)
        for one in OWN
        if one.measure in ("responder_share", "percent_reduction")
    ]
    assert len(keys) == len(set(keys)) == 3


def test_what_is_lacking_is_really_lacking():
    """A claim may not say that a column is not read while the subjects or sessions hold it."""
    for name in NEEDS:
        table, _, column = name.partition(".")
        if table not in TABLES:
            continue
        assert column not in ("minutes", "prior_treatments_failed"), name
    assert {one.needs for one in OWN} - {""} == set(NEEDS)


def test_absolutes_and_soft_words_are_read_as_such():
    assert BY_ID["C063"].ceiling == 0.0  # prevents
    assert BY_ID["C101"].ceiling == BY_ID["C129"].ceiling == 0.0  # no, no
    assert BY_ID["C082"].floor == 0.5  # often
    assert BY_ID["C156"].floor == 200.0  # hundreds
    assert BY_ID["C125"].ceiling == 0.001  # rare
    for name in ("C071", "C072", "C077", "C079", "C100"):  # may, some, can
        assert BY_ID[name].answer == "unfalsifiable"
    assert BY_ID["C001"].answer == BY_ID["C118"].answer == "evidence_only"  # proven, effective


def test_testimonials_never_ask_for_fewer_than_the_words_say():
    assert BY_ID["C091"].threshold_pct <= 100 * (9 - 3) / 9
    assert BY_ID["C091"].threshold_pct > 66
    assert BY_ID["C096"].threshold_pct == 80.0


# a row that is wrong


@pytest.mark.parametrize("answer", [name for name in ANSWERS if name != "computed"])
def test_a_claim_without_answer_needs_its_reason_and_no_more(answer):
    assert bare_claim(answer).floor is None
    with pytest.raises(LedgerError, match=r"^claim T1, reason: it is empty"):
        bare_claim(answer, reason=" ")
    with pytest.raises(LedgerError, match=r"^claim T1, measure: it is empty, but there"):
        bare_claim(answer, cited_low=0.5)


@pytest.mark.parametrize(
    ("make", "changed", "message"),
    [
        (claim, {"measure": "responder_shares"}, "measure: 'responder_shares' is none of"),
        (claim, {"measure": "responder_shares"}, "Did you mean 'responder_share'"),
        (claim, {"definition": "median_of_patients"},
         "definition: 'median_of_patients' is none of percent_reduction, two_points"),
        (claim, {"population": "responders"}, "is none of all_starters, observed"),
        (claim, {"unit": "percent"}, "unit: 'percent' is not the unit of responder_share"),
        (claim, {"cited_low": 70.0}, "cited_low: 70 is no share, which goes from 0 to 1"),
        (claim, {"cited_high": -0.1}, "cited_high: -0.1 is no share"),
        (claim, {"cited_low": 0.9}, "cited_low: 0.9 is above cited_high 0.85"),
        (claim, {"cited_low": None, "cited_high": None}, "cited_low: a claim needs a floor"),
        (claim, {"threshold_pct": None}, "threshold_pct: responder_share needs the least"),
        (claim, {"threshold_pct": 130.0}, "threshold_pct: 130 is not in 0 to 100"),
        (claim, {"threshold_pct": 0.0}, "threshold_pct: 0 is not in 0 to 100"),
        (claim, {"definition": "two_points"}, "threshold_pct: two_points has none"),
        (claim, {"wording": "  "}, "wording: it is empty"),
        (claim, {"source": ""}, "source: it is empty"),
        (claim, {"reading": ""}, "reading: it is empty"),
        (claim, {"condition": ""}, "condition: it is empty"),
        (claim, {"reason": "odd"}, "reason: a computed claim has none"),
        (claim, {"kind": "rumour"}, "kind: 'rumour' is none of headline"),
        (claim, {"headline": "maybe"}, "headline: 'maybe' is neither"),
        (claim, {"frequency": "often"}, "frequency: the claim cites a figure"),
        (claim, {"frequency": "often", "cited_low": None, "cited_high": None},
         "frequency: responder_share is judged against a cited figure"),
        (claim, {"group": "subtype=type_1"}, "group: responder_share is judged on"),
        (claim, {"baseline_score": 9.0}, "baseline_score: only a testimonial"),
        (mean_claim, {"threshold_pct": 30.0}, "threshold_pct: mean_of_patients has none"),
        (mean_claim, {"definition": "ratio_of_means", "population": "all_starters"},
         "population: ratio_of_means is made of those observed only"),
        (mean_claim, {"cited_high": 160.0}, "cited_high: 160 is no percent"),
        (mean_claim, {"group": "arm=drug"}, "group: percent_reduction is judged on"),
        (duration_claim, {"visit": "week_4"}, "visit: a duration is not read at a visit"),
        (duration_claim, {"threshold_pct": None}, "threshold_pct: relief_duration needs"),
        (duration_claim, {"population": "observed"}, "population: 'observed' is none of"),
        (duration_claim, {"cited_low": -1.0}, "cited_low: -1 is no weeks"),
        (bare_claim, {"answer": "no_records", "needs": ""}, "needs: '' is none of "),
        (bare_claim, {"answer": "no_records", "needs": "testimonial_record"},
         "Did you mean 'testimonial_records'"),
        (bare_claim, {"answer": "opinion", "needs": "billing"}, "needs: only a claim answered"),
        (bare_claim, {"answer": "nobody knows"}, "answer: 'nobody knows' is none of computed"),
        (bare_claim, {"answer": "computed", "reason": ""}, "reading: it is empty"),
        (bare_claim, {"answer": "computed", "reason": "", "reading": "x"},
         "measure: '' is none of"),
        (share_claim, {"frequency": "oftenish"}, "Did you mean 'often'"),
        (share_claim, {"frequency": ""}, "cited_low: a claim needs a floor or a ceiling"),
        (share_claim, {"group": "type_1"}, "group: 'type_1' is not as subtype=diabetic"),
        (share_claim, {"group": "sex=female"}, "group: 'sex=female' is not as"),
        (flag_claim, {"visit": "week_4"}, "visit: flag_share is not read at a visit"),
        (flag_claim, {"threshold_pct": 30.0}, "threshold_pct: active_psychosis has none"),
        (flag_claim, {"definition": "diabetes"}, "definition: 'diabetes' is none of"),
        (flag_claim, {"population": "observed"}, "population: 'observed' is none of"),
        (flag_claim, {"unit": "percent"}, "unit: 'percent' is not the unit of flag_share"),
        (account_claim, {"definition": "C091"}, "definition: 'C091' is none of"),
        (account_claim, {"baseline_score": 11.0}, "baseline_score: 11 is not in 0 to 10"),
        (account_claim, {"threshold_pct": None}, "threshold_pct: testimonial needs"),
        (kept_claim, {"visit": ""}, "visit: it is empty; say until when"),
        (duration_claim, {"limits": "weeks;months"}, "limits: 'weeks;months' is not as weeks=2"),
        (duration_claim, {"limits": "months=8.7;weeks=2"}, "does not rise from cited_low"),
        (duration_claim, {"limits": "weeks=1;months=8.7"}, "does not rise from cited_low"),
        (claim, {"limits": "some=0.7;most=0.8"}, "limits: only a duration names limits"),
        (claim, {"reading_date": "31.01.2026"}, "'31.01.2026' is no day as 2026-01-31"),
    ],
)  # fmt: skip
def test_a_broken_claim_names_claim_field_and_rule(make, changed, message):
    with pytest.raises(LedgerError, match=r"^claim T1, \w+: ") as error:
        make(**changed)
    assert message in str(error.value)


def test_the_unbroken_ones_pass():
    assert (
        share_claim().floor,
        flag_claim().ceiling,
        account_claim().floor,
        kept_claim().visit,
    ) == (0.5, 0.0, 0.5, "week_12")


def test_subtypes_are_checked_on_load(tmp_path):
    row = {"measure": "implied_response", "frequency": "often", "cited_low": "", "cited_high": ""}
    good = write(tmp_path / "good.csv", row | {"group": "subtype=type_1"})
    assert load_ledger(good)[0].group_keys == {"group_by": "subtype", "group": "type_1"}
    bad = write(tmp_path / "bad.csv", row | {"group": "subtype=diabetic"})
    with pytest.raises(LedgerError, match="claim T1, group: 'subtype=diabetic' is no subtype of"):
        load_ledger(bad)


def test_every_measure_is_used_or_is_a_headline():
    assert {one.measure for one in OWN} - {""} == set(ALL_MEASURES)


def test_a_word_needs_a_floor_or_a_ceiling():
    assert all(None in one[:2] and {*one[:2]} != {None} for one in FREQUENCIES.values())
    assert all(one.reading and one.source for one in FREQUENCIES.values())


def test_the_ledger_has_a_json_schema():
    schema = Claim.model_json_schema()
    assert schema["required"][0] == "claim_id"
    assert schema["properties"]["wording"]["description"] == "Exact words."


def ids(claims):
    return [one.claim_id for one in claims]


def test_filters_join():
    assert len(select_claims(OWN)) == 161
    assert ids(select_claims(OWN, condition="fbss")) == ["C020", "C022"]
    assert ids(select_claims(OWN, kind="testimonial", answer="computed")) == [
        "C091", "C094", "C096",
    ]  # fmt: skip
    assert ids(select_claims(OWN, condition="fbss", kind="safety")) == []


@pytest.mark.slow
def test_verdicts_without_a_run_are_those_no_data_can_change():
    soft = select_claims(OWN, verdict="unfalsifiable")
    assert {one.answer for one in soft} == {"unfalsifiable"}
    assert not select_claims(OWN, verdict="meets")
    judged = [judge(one) for one in OWN]
    assert "C043" in ids(select_claims(OWN, verdict="not testable", judgements=judged))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"condition": "crsp"}, "no condition 'crsp'. Did you mean 'crps'"),
        ({"kind": "safty"}, "no kind 'safty'. Did you mean 'safety'"),
        ({"answer": "computd"}, "no answer 'computd'. Did you mean 'computed'"),
        ({"verdict": "passes"}, "no verdict 'passes'"),
    ],
)
def test_a_filter_that_does_not_exist(wanted, message):
    with pytest.raises(LedgerError) as error:
        select_claims(OWN, **wanted)
    assert message in str(error.value)


# another page's ledger


def test_a_wrong_row_names_row_column_rule_and_allowed_values(tmp_path):
    path = write(tmp_path / "ours.csv", {}, {"claim_id": "P2", "population": "everybody"})
    with pytest.raises(LedgerError) as wrong:
        load_ledger(path)
    assert str(wrong.value).startswith(
        "ours.csv, row 3: claim P2, population: 'everybody' is none of all_starters, observed"
    )


def test_a_misspelled_column_is_not_passed_over(tmp_path):
    path = write(tmp_path / "ours.csv", {}, columns=[*REQUIRED, "frequncy"])
    with pytest.raises(LedgerError, match=r"no column 'frequncy'.*frequency"):
        load_ledger(path)


def test_rules_and_evidence_named_by_id_are_not_taken_for_another_pages_rows():
    own = BY_ID["C074"]
    other = own.model_copy(update={"wording": "Something else"})
    named = {rule.rule_id for rule in rules_of(own, load_rules())}
    assert "FDA-REMS" in named
    assert "FDA-REMS" not in {rule.rule_id for rule in rules_of(other, load_rules())}


def test_another_pages_claim_has_the_question_of_the_row_with_its_reading():
    crps = BY_ID["C043"].model_copy(
        update={"claim_id": "P001", "wording": "72% of CRPS patients respond", "cited_low": 0.72}
    )
    wrong = BY_ID["C044"].model_copy(update={"claim_id": "C001", "wording": "Pain falls by half"})
    (asked, mean) = load_questions([crps, wrong])
    assert (asked.claim_id, asked.outcome, asked.limit) == ("P001", "responder_rate", 0.72)
    assert (mean.claim_id, mean.outcome) == ("C001", "pct_pain_reduction")
