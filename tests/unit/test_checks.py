"""What a sentence of copy lacks: each check by a sentence that says it and one that does not."""

from __future__ import annotations

import pytest

from analysis.claims.checks import CHECKS, check_sentence, flat_words
from analysis.claims.ledger import load_ledger
from analysis.claims.readings import ALL_MEASURES
from analysis.claims.rules import load_rules, rules_of_checks
from analysis.claims.subjects import NEEDS, OF_MEASURE, subject_of

RULES = rules_of_checks(load_rules())


def lacking(text: str, **about: str) -> set[str]:
    return {lack.check for lack in check_sentence(text, RULES, **about)}


BARE = "70-85% of CRPS patients experience significant pain reduction"
WHOLE = (
    "Of 137 patients with CRPS who started, 74 (54 %) had at least 30 % less pain and 35 (26 %) at "
    "least 50 % less pain at the end of the series; 95 % interval 46 % to 62 % of the first. 14 "
    "were not rated and count as not responding; so does a booster before. There was no control "
    "group. Source: records of the clinic, 2022 to 2025. Use for pain is off-label. Risks: misuse."
)


def test_a_bare_marketing_sentence_is_told_what_it_lacks():
    found = check_sentence(BARE, RULES)
    assert [lack.check for lack in found] == [
        "patients", "denominator", "time", "interval", "missing", "control", "thresholds",
        "boosters", "source", "date", "risk", "off_label",
    ]  # fmt: skip
    told = {lack.check: lack for lack in found}
    assert told["time"].lacks == "when: at which visit or after how many weeks"
    assert told["time"].rule_ids == ("FTC-HP-06", "CA-651-02")
    assert told["control"].rule_ids == ("FTC-HP-02",)
    assert told["denominator"].rule_ids == ("FTC-HP-06", "CA-651-02", "MISS-03")


def test_a_whole_sentence_lacks_nothing():
    assert lacking(WHOLE) == set()


@pytest.mark.parametrize(
    ("cut", "check"),
    [
        ("14 were not rated and count as not responding; so does a booster before. ", "boosters"),
        ("14 were not rated and count as not responding; so does a booster before. ", "missing"),
        ("There was no control group. ", "control"),
        ("; 95 % interval 46 % to 62 % of the first", "interval"),
        (" at the end of the series", "time"),
        (" who started", "denominator"),
        (", 2022 to 2025", "date"),
        ("Source: records of the clinic, ", "source"),
        (" Risks: misuse.", "risk"),
        ("Use for pain is off-label. ", "off_label"),
        (" and 35 (26 %) at least 50 % less pain", "thresholds"),
    ],
)
def test_without_its_part_the_same_sentence_lacks_it(cut, check):
    assert cut in WHOLE
    assert check in lacking(WHOLE.replace(cut, ""))


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
        "Pain was lower by 30 % on average", "74 had at least 30 % less pain",
        "the fall of the mean score", "patients given six infusions",
    ):  # fmt: skip
        assert "cause" not in lacking(text, kind="efficacy_rate"), text


def test_what_is_about_nothing_that_is_measured_needs_nothing():
    for text in ("Free initial consultation", "Comfortable private treatment room", "", " ", "!?"):
        assert lacking(text) <= {"control"} - {"control"}, text


def test_names_of_clinics_and_arms_are_no_words_of_the_sentence():
    named = WHOLE.replace("records of the clinic", "records of \u201cPain-Free Cure Center\u201d")
    assert lacking(named) == set()
    assert (
        lacking(WHOLE.replace("who started", "in the arm 'guaranteed cure' who started")) == set()
    )
    assert "expectation" in lacking(WHOLE + " A guaranteed cure.")


def test_other_dashes_spaces_and_letters_are_read_alike():
    assert flat_words("N\u202f=\u00a012\u2013A") == "n = 12-a"
    assert lacking(WHOLE.upper()) == set()
    assert lacking(WHOLE.replace(" %", "\u202f%")) == set()


def test_every_check_rests_on_a_rule_that_was_seen_and_is_asked_of_some_sentence():
    asked = frozenset().union(*NEEDS.values())
    assert asked == set(CHECKS)
    assert all(RULES[name] for name in CHECKS)
    assert not {"FTC-END-04", "CA-651-04"} & {one for ids in RULES.values() for one in ids}


def test_a_check_without_a_rule_is_not_made():
    assert check_sentence(BARE, {"time": ("X-1",)})[0].rule_ids == ("X-1",)
    assert check_sentence(BARE, {}) == ()


def test_every_measure_and_every_claim_has_a_subject():
    assert set(OF_MEASURE) == set(ALL_MEASURES)
    for one in load_ledger():
        told = subject_of(flat_words(one.wording), kind=one.kind, measure=one.measure)
        assert told in NEEDS, one.claim_id
