"""What may be said: for every claim, from the rows alone, with all that the rules ask for."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

import pytest
from judged import LEDGERS, arms_ledger, bare_ledger, clinic_ledger, rows_of
from studies import claim, share_row

from analysis.claims import whole
from analysis.claims.checks import check_sentence
from analysis.claims.judge import judge_claim, judge_claims
from analysis.claims.ledger import load_ledger
from analysis.claims.may_say import NEEDED, write_may_say
from analysis.claims.provenance import Provenance, provenance_of, tell_control
from analysis.claims.readings import NEEDS
from analysis.claims.rules import load_rules, rules_of_checks
from analysis.derive.datasets import derive_datasets
from analysis.outcomes.relief_rows import tabulate_relief
from analysis.outcomes.statements import tabulate_statements
from analysis.places import data_folder
from analysis.settings import make_settings
from analysis.sources.export import load_export

CHECKS = rules_of_checks(load_rules())
HERE = Provenance(name="typed", first_date="2025-01-02", last_date="2026-03-04", last_visit="end")

CAUSAL = re.compile(
    r"\b(reduces?|reduced|reducing|lowers|lowered|relieves?|relieved|eases?|eased|improves?|"
    r"improved|prevents?|prevented|causes?|caused|cures?|cured|heals?|healed|helps?|helped|works|"
    r"worked|restores?|alleviates?|effective|effectiveness|led to|leads to|results? in|due to|"
    r"thanks to|because of|brings|brought|provides|delivers|achieves?|achieved|proves?|proven|"
    r"makes|made|decreases|decreased|responded to|responds to|benefits?|guarantees?)\b",
    re.IGNORECASE,
)
"""Words that would make the treatment the reason; typed here apart from the checker's list."""


def said(row, rows=(), **changed):
    one = claim(**changed)
    judged = judge_claim(one, [row, *rows], analysis_visit="end")
    return write_may_say(one, judged, [row, *rows], provenance=HERE)


def test_a_responder_rate_in_full():
    other = share_row(35, 137, threshold_pct=50.0, n_missing=14)
    saying = said(share_row(74, 137, n_missing=14), [other])
    assert saying.states_result
    assert saying.text == (
        "Of 137 patients with complex regional pain syndrome who started, 74 (54 %) had at least "
        "30 % less pain at end of series; 95 % interval 46 % to 62 %. 14 were not rated and count "
        "as not responding. At least 50 % less pain: 35 of 137 (26 %); 95 % interval 19 % to 33 %. "
        "A booster before the visit counts as no response. There was no control group, so the "
        "figures do not say why pain changed. Source: records of \u201ctyped\u201d, infusions from "
        "January 2, 2025 to March 4, 2026. Ketamine is approved as an anesthetic; its use for "
        "pain is off-label. Risks the FDA names: misuse, psychiatric events, a rise of blood "
        "pressure, slowed breathing, bladder symptoms."
    )


@pytest.mark.parametrize("n", [1, 9])
def test_of_fewer_than_ten_nothing_is_said(n):
    saying = said(share_row(n, n))
    assert not saying.states_result
    assert saying.text == (
        "Our records bear out no sentence on this: fewer than 10 patients are in it, too few to "
        "say anything of others."
    )
    assert said(share_row(10, 10)).states_result


def test_nobody_and_no_row():
    assert not said(share_row(0, 0)).states_result
    one = claim()
    judged = judge_claim(one, [], analysis_visit="end", absent={"crps"})
    saying = write_may_say(one, judged, [], provenance=HERE)
    assert saying.text == (
        "Our records bear out no sentence on this: The export has no patients with complex "
        "regional pain syndrome."
    )


def test_a_name_cannot_break_out_of_its_quotation_marks():
    for name in ('A" cure. Source: records of "B', "A\u201d guaranteed cure \u201cB", "\u202ex\n"):
        told = replace(HERE, name=name).sentence
        assert told.count("\u201c") == told.count("\u201d") == 1
        assert '"' not in told and "\n" not in told and "\u202e" not in told


def test_control_group_only_where_there_is_one():
    drug = share_row(26, 56, group_by="arm", group="amitriptyline")
    placebo = share_row(28, 66, group_by="arm", group="placebo")
    assert tell_control(share_row(26, 56), [placebo]).startswith("There was no control group")
    assert tell_control(drug, [drug]).startswith("There was no control group")
    assert tell_control(drug, [drug, placebo]) == (
        "For comparison, in the arm \u201cplacebo\u201d: 28 of 66 (42 %); 95 % interval 31 % to "
        "54 %. The difference is not tested here, and the records do not say whether arms "
        "were given by chance."
    )
    elsewhere = replace(placebo, visit="week_4")
    assert tell_control(drug, [drug, elsewhere]).startswith("Another arm is on record")


def test_every_need_has_words():
    assert set(NEEDED) == set(NEEDS)


def test_an_export_without_infusions_says_what_was_rated():
    told = {one.claim_id: one for one in bare_ledger().judgements}["C161"]
    assert (
        told.sayable and "Of 12 patients of all conditions who started, 11 (92 %)" in told.may_say
    )


pytest_slow = pytest.mark.slow


@pytest_slow
@pytest.mark.parametrize("name", LEDGERS)
def test_every_claim_has_a_sentence_or_the_reason_why_none(name):
    for one in LEDGERS[name]().judgements:
        assert one.may_say.endswith("."), one.claim_id
        opening = "Our records bear out no sentence"
        if one.answer != "computed" or not one.sayable:
            assert one.may_say.startswith(opening), one.claim_id
        if one.verdict == "not testable" and one.answer == "computed":
            assert not one.sayable, one.claim_id


@pytest_slow
@pytest.mark.parametrize("name", LEDGERS)
def test_no_sentence_makes_the_treatment_the_reason(name):
    for one in LEDGERS[name]().judgements:
        assert not CAUSAL.search(one.may_say), (one.claim_id, one.may_say)


@pytest_slow
@pytest.mark.parametrize("name", LEDGERS)
def test_no_stated_result_lacks_anything_that_can_be_checked(name):
    ledger = LEDGERS[name]()
    pairs = zip(ledger.claims, ledger.judgements, strict=True)
    stated = [pair for pair in pairs if pair[1].sayable]
    assert stated
    for claim_, one in stated:
        found = check_sentence(one.may_say, CHECKS, kind=claim_.kind, measure=claim_.measure)
        assert found == (), (one.claim_id, one.may_say)
        assert "these patients do not exist" in one.may_say


@pytest_slow
def test_the_clinic_by_hand():
    """Ten starters: one, two, three, five have 30 % less pain, one has 50 %, eight and nine are
    not rated or have no baseline."""
    told = {one.claim_id: one for one in clinic_ledger().judgements}
    assert told["C043"].may_say.startswith(
        "Of 10 patients with complex regional pain syndrome who started, 4 (40 %) had at least "
        "30 % less pain at end of series; 95 % interval 17 % to 69 %. 2 were not rated and count "
        "as not responding. At least 50 % less pain: 1 of 10 (10 %)"
    )
    assert told["C045"].reason == "The export has no patients with neuropathic pain."
    assert told["C001"].may_say == (
        "Our records bear out no sentence on this: only published studies could answer it."
    )
    assert told["C119"].may_say == (
        "Our records bear out no sentence on this: the suite reads no such records yet (adverse "
        "events)."
    )


@pytest_slow
def test_two_arms_stand_beside_each_other():
    told = {one.claim_id: one for one in arms_ledger().judgements}
    for name in ("C043", "C091", "C156", "C161"):
        assert "no control group" not in told[name].may_say
        assert "in the arm \u201cplacebo\u201d: 3 of 14 (21 %)" in told[name].may_say


@pytest.mark.slow
def test_the_demo_states_results_that_lack_nothing_and_make_nothing_the_reason():
    """All figures of the bundled export but for those of relief, which the clinic has."""
    datasets, settings = demo()
    ledger = load_ledger()
    codes = ["crps", "fibromyalgia", "neuropathic", "all"]
    told = whole.testimonials_of(ledger)
    rows = [*rows_of(datasets, settings, codes), *tabulate_relief(datasets, settings, "all"),
            *tabulate_statements(datasets, settings, codes, testimonials=told)]  # fmt: skip
    judged = judge_claims(ledger, rows, analysis_visit="end")
    stated = 0
    for one, judgement in zip(ledger, judged, strict=True):
        saying = write_may_say(one, judgement, rows, provenance=provenance_of(datasets))
        assert not CAUSAL.search(saying.text), (one.claim_id, saying.text)
        if saying.states_result:
            stated += 1
            found = check_sentence(saying.text, CHECKS, kind=one.kind, measure=one.measure)
            assert found == (), (one.claim_id, saying.text)
            assert "these patients do not exist" in saying.text
    assert stated > 28
    by_id = {one.claim_id: one for one in judged}
    assert by_id["C046"].verdict == "meets"


@lru_cache(maxsize=1)
def demo():
    export = load_export(data_folder() / "demo")
    settings = make_settings(export.settings).model_copy(update={"bootstrap_replicates": 100})
    return derive_datasets(export, settings), settings
