"""What a sentence of copy lacks: each check by a sentence that says it and one that does not."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from analysis.claims.ledger import ALL_MEASURES, load_ledger
from analysis.claims.rules import (
    CHECKS,
    COLUMNS,
    check_sentence,
    flat_words,
    load_rules,
    rules_of,
    rules_of_checks,
    subject_of,
)
from analysis.errors import LedgerError

OWN, TABLE = load_ledger(), load_rules()
RULES = rules_of_checks(TABLE)


def lacking(text: str, **about: str) -> set[str]:
    return {lack.check for lack in check_sentence(text, RULES, **about)}


BARE = "70-85% of CRPS patients experience significant pain reduction"
COMPLETE = (
    "Of 137 patients with CRPS who started, 74 (54%) had at least 30% less pain and 35 (26%) at "
    "least 50% less pain at the end of the series; 95% CI 46% to 62% of the first. 14 "
    "were not rated and count as not responding; so does a booster before. There was no control "
    "group. Source: records of the clinic, 2022 to 2025. Use for pain is off-label. Risks: misuse."
)


def test_a_bare_marketing_sentence_is_said_what_it_lacks():
    found = check_sentence(BARE, RULES)
    assert [lack.check for lack in found] == [
        "patients", "denominator", "time", "interval", "missing", "control", "thresholds",
        "boosters", "source", "date", "risk", "off_label",
    ]  # fmt: skip
    found = {lack.check: lack for lack in found}
    assert found["time"].lacks == "when: at which visit or after how many weeks"
    assert found["time"].rule_ids == ("FTC-HP-06", "CA-651-02")
    assert found["control"].rule_ids == ("FTC-HP-02",)
    assert found["denominator"].rule_ids == ("FTC-HP-06", "CA-651-02", "MISS-03")


def test_a_complete_sentence_lacks_nothing():
    assert lacking(COMPLETE) == set()


@pytest.mark.parametrize(
    ("cut", "check"),
    [
        ("14 were not rated and count as not responding; so does a booster before. ", "boosters"),
        ("14 were not rated and count as not responding; so does a booster before. ", "missing"),
        ("There was no control group. ", "control"),
        ("; 95% CI 46% to 62% of the first", "interval"),
        (" at the end of the series", "time"),
        (" who started", "denominator"),
        (", 2022 to 2025", "date"),
        ("Source: records of the clinic, ", "source"),
        (" Risks: misuse.", "risk"),
        ("Use for pain is off-label. ", "off_label"),
        (" and 35 (26%) at least 50% less pain", "thresholds"),
    ],
)
def test_without_its_part_the_same_sentence_lacks_it(cut, check):
    assert cut in COMPLETE
    assert check in lacking(COMPLETE.replace(cut, ""))


@pytest.mark.parametrize(
    ("text", "about", "check"),
    [
        ("Ketamine reduced the pain of our patients", {}, "cause"),
        ("Effective for neuropathic pain", {}, "cause"),
        ("Has helped hundreds of patients", {}, "cause"),
        ("A proven alternative", {}, "expectation"),
        ("A guaranteed cure of chronic pain", {}, "expectation"),
        ("Promising relief in a pilot series", {}, "numbers"),
        ("Pain fell by 40% on average", {}, "mean_kind"),
        ("Relief often lasts weeks to months", {}, "follow_up"),
        ("My pain went from 9/10 to 3/10", {}, "typical"),
        ("My pain went from 9/10 to 3/10. Results not typical.", {}, "typical"),
        ("My pain went from 9/10 to 3/10. Results may vary.", {}, "comparable"),
        ("No respiratory depression", {}, "asked"),
        ("Reduces neuroinflammation", {"kind": "mechanism"}, "studies"),
        ("Our board-certified physicians", {}, "board"),
        ("45-60 minute sessions", {"measure": "session_minutes_share"}, "interval"),
    ],
)
def test_what_else_is_found(text, about, check):
    assert check in lacking(text, **about)


def test_descriptions_are_no_causes():
    for text in (
        "Pain was lower by 30% on average", "74 had at least 30% less pain",
        "the fall of the mean score", "patients given six infusions",
    ):  # fmt: skip
        assert "cause" not in lacking(text, kind="efficacy_rate"), text


def test_what_is_about_nothing_that_is_measured_needs_nothing():
    for text in ("Free initial consultation", "Comfortable private treatment room", "", " ", "!?"):
        assert lacking(text) <= {"control"} - {"control"}, text


def test_names_of_clinics_and_arms_are_no_words_of_the_sentence():
    named = COMPLETE.replace(
        "records of the clinic", "records of \u201cPain-Free Cure Center\u201d"
    )
    assert lacking(named) == set()
    assert (
        lacking(COMPLETE.replace("who started", "in the arm 'guaranteed cure' who started"))
        == set()
    )
    assert "expectation" in lacking(COMPLETE + " A guaranteed cure.")


def test_other_dashes_spaces_and_letters_are_read_alike():
    assert flat_words("N\u202f=\u00a012\u2013A") == "n = 12-a"
    assert lacking(COMPLETE.upper()) == set()
    assert lacking(COMPLETE.replace(" %", "\u202f%")) == set()


def test_every_check_rests_on_a_rule_that_was_seen_and_is_asked_of_some_sentence():
    assert all(check.lacks and check.subjects for check in CHECKS.values())
    assert all(check.says or check.spoils for check in CHECKS.values())
    assert all(RULES[name] for name in CHECKS)
    assert not {"FTC-END-04", "CA-651-04"} & {one for ids in RULES.values() for one in ids}


def test_a_check_without_a_rule_is_not_made():
    assert check_sentence(BARE, {"time": ("X-1",)})[0].rule_ids == ("X-1",)
    assert check_sentence(BARE, {}) == ()


def test_every_measure_and_every_claim_has_a_subject():
    subjects = {"other", *(one.subject for one in ALL_MEASURES.values())}
    subjects = subjects.union(*(check.subjects for check in CHECKS.values())) - {"every"}
    for one in load_ledger():
        found = subject_of(flat_words(one.wording), kind=one.kind, measure=one.measure)
        assert found in subjects, one.claim_id


# the table of rules


def test_rules_are_complete_and_touch_claims():
    assert len(TABLE) == 59
    assert all(rule.url.startswith("http") and rule.rule and rule.asks for rule in TABLE)
    unseen = [rule.rule_id for rule in TABLE if not rule.verified]
    assert unseen == ["FTC-END-04", "CA-651-04"]
    known = {one.claim_id for one in OWN}
    named = {one for rule in TABLE for one in rule.applies_to if one.startswith("C")}
    assert named <= known


def test_every_claim_is_touched_by_the_rules_for_all_and_testimonials_by_theirs():
    by_id = {one.claim_id: one for one in OWN}
    assert all(rules_of(one, TABLE) for one in OWN)
    touching = {rule.rule_id for rule in rules_of(by_id["C091"], TABLE)}
    assert {"FTC-END-01", "FTC-END-02", "AMA-01", "HIPAA-01"} <= touching
    assert "FDA-LBL-02" in {rule.rule_id for rule in rules_of(by_id["C101"], TABLE)}


def write(path, **changed):
    rule = dict.fromkeys(COLUMNS, "x") | {
        "applies_to": "every", "checks": "", "verified": "yes", "form": "rule",
    }  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerow(rule | changed)
    return path


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"form": "gossip"}, "rule x, form: 'gossip' is none of rule, paper"),
        ({"verified": "perhaps"}, "rule x, verified: 'perhaps'"),
        ({"applies_to": "rumours"}, "rule x, applies_to: 'rumours'"),
        ({"checks": "patients rumours"}, "rule x, checks: 'rumours' is none of patients"),
    ],
)
def test_a_wrong_rule(tmp_path, changed, found):
    with pytest.raises(LedgerError, match=found):
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
    silent = replace(TABLE[0], applies_to=())
    assert rules_of(OWN[0], [silent]) == ()
