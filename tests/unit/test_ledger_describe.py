"""The ledger in words, and the rules that touch a claim."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest
from test_judge_kinds import bare

from analysis.claims.describe import (
    explain_claim,
    list_claims,
    select_claims,
    tabulate_ledger,
)
from analysis.claims.judge import judge_claims
from analysis.claims.ledger import load_ledger
from analysis.claims.rules import COLUMNS, load_rules, rules_of
from analysis.errors import LedgerError

OWN, RULES = load_ledger(), load_rules()


def ids(claims):
    return [one.claim_id for one in claims]


def test_filters_join():
    assert len(select_claims(OWN)) == 161
    assert ids(select_claims(OWN, condition="fbss")) == ["C020", "C022"]
    assert ids(select_claims(OWN, kind="testimonial", answer="computed")) == [
        "C091", "C094", "C096",
    ]  # fmt: skip
    assert ids(select_claims(OWN, condition="fbss", kind="safety")) == []


def test_verdicts_without_a_run_are_those_no_data_can_change():
    soft = select_claims(OWN, verdict="unfalsifiable")
    assert {one.answer for one in soft} == {"unfalsifiable"}
    assert not select_claims(OWN, verdict="meets")
    judged = judge_claims(OWN, (), analysis_visit="end")
    assert "C043" in ids(select_claims(OWN, verdict="not testable", judgements=judged))


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"condition": "crsp"}, "no condition 'crsp'. Did you mean 'crps'"),
        ({"kind": "safty"}, "no kind 'safty'. Did you mean 'safety'"),
        ({"answer": "computd"}, "no answer 'computd'. Did you mean 'computed'"),
        ({"verdict": "passes"}, "no verdict 'passes'"),
    ],
)
def test_a_filter_that_does_not_exist(wanted, told):
    with pytest.raises(LedgerError) as error:
        select_claims(OWN, **wanted)
    assert told in str(error.value)


def test_a_list_has_a_line_a_claim_and_a_tally():
    text = list_claims(select_claims(OWN, condition="fbss"))
    assert text.startswith("C020  fbss")
    assert "\n\n2 claims: 1 evidence_only (" in text
    assert "1 claim: " in list_claims(select_claims(OWN, condition="fbss", kind="headline"))
    assert list_claims(()) == "No claim passes these filters."
    assert all(len(line) <= 110 for line in list_claims(OWN).splitlines())


def test_one_claim_explained():
    told = explain_claim(OWN, " c043 ", rules=RULES)
    for part in (
        "70-85% of CRPS patients experience significant pain reduction",
        "“Evidence and Clinical Results”",
        "The cited 70 % to 85 %.",
        "Source not cited",
        "thresholds 30 and 50 percent",
        "IMMPACT-01",
    ):
        assert part in " ".join(told.split()), part
    assert "IMMPACT-01" not in explain_claim(OWN, "C043")


def test_a_claim_without_records_names_the_table():
    assert "(adverse_events)" in explain_claim(OWN, "C125")
    assert "CIOMS" in explain_claim(OWN, "C125")


def test_every_claim_can_be_explained():
    for one in OWN:
        told = explain_claim(OWN, one.claim_id, rules=RULES)
        assert max(map(len, told.splitlines()[1:]), default=0) <= 98
        assert told.count("\n\n") >= 3


def test_an_id_that_does_not_exist():
    with pytest.raises(LedgerError, match="no claim 'C999' in the ledger"):
        explain_claim(OWN, "C999")


def test_markup_and_control_characters_of_a_ledger_are_not_passed_on():
    nasty = bare("opinion", wording="good\x1b[31m \u202e words")
    told = explain_claim([nasty], "T1")
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_table():
    judged = judge_claims(OWN, (), analysis_visit="end")
    frame = tabulate_ledger(OWN, judged)
    assert frame.shape == (161, 6)


# rules


def test_rules_are_whole_and_touch_claims():
    assert len(RULES) == 59
    assert all(rule.url.startswith("http") and rule.rule and rule.asks for rule in RULES)
    unseen = [rule.rule_id for rule in RULES if not rule.verified]
    assert unseen == ["FTC-END-04", "CA-651-04"]
    known = set(ids(OWN))
    named = {one for rule in RULES for one in rule.applies_to if one.startswith("C")}
    assert named <= known


def test_every_claim_is_touched_by_the_rules_for_all_and_testimonials_by_theirs():
    by_id = {one.claim_id: one for one in OWN}
    assert all(rules_of(one, RULES) for one in OWN)
    touching = {rule.rule_id for rule in rules_of(by_id["C091"], RULES)}
    assert {"FTC-END-01", "FTC-END-02", "AMA-01", "HIPAA-01"} <= touching
    assert "FDA-LBL-02" in {rule.rule_id for rule in rules_of(by_id["C101"], RULES)}


def write(path, **changed):
    rule = dict.fromkeys(COLUMNS, "x") | {
        "applies_to": "every", "checks": "", "verified": "yes",
    }  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerow(rule | changed)
    return path


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"verified": "perhaps"}, "rule x, verified: 'perhaps'"),
        ({"applies_to": "rumours"}, "rule x, applies_to: 'rumours'"),
        ({"checks": "patients rumours"}, "rule x, checks: 'rumours' is none of patients"),
    ],
)
def test_a_wrong_rule(tmp_path, changed, told):
    with pytest.raises(LedgerError, match=told):
        load_rules(write(tmp_path / "rules.csv", **changed))


def test_a_file_that_is_no_list_of_rules(tmp_path):
    with pytest.raises(LedgerError, match="there are no rules at"):
        load_rules(tmp_path / "none.csv")
    (tmp_path / "bare.csv").write_text("rule_id\nx\n", encoding="utf-8")
    with pytest.raises(LedgerError, match="lacks the columns body"):
        load_rules(tmp_path / "bare.csv")
    twice = write(tmp_path / "twice.csv")
    twice.write_text(twice.read_text() + twice.read_text().splitlines()[1] + "\n")
    with pytest.raises(LedgerError, match="rule x, rule_id: it stands more than once"):
        load_rules(twice)


def test_a_rule_on_methods_touches_no_claim():
    silent = replace(RULES[0], applies_to=())
    assert rules_of(OWN[0], [silent]) == ()
