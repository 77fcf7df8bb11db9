"""The suite's own ledger: every statement of the page, in its exact words, answered or reasoned."""

from __future__ import annotations

import csv
import os
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from studies import claim, mean_claim

from analysis.claims.claim import Claim, headline_claims
from analysis.claims.ledger import REQUIRED, load_ledger
from analysis.claims.readings import ALL_MEASURES, ANSWERS, HEADLINE, NEEDS
from analysis.contract.tables import TABLES
from analysis.errors import LedgerError

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
        "computed": 31,
        "no_records": 39,
        "evidence_only": 40,
        "unfalsifiable": 32,
        "opinion": 16,
        "definition": 3,
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
    assert BY_ID["C148"].ceiling == 0.0
    assert BY_ID["C082"].floor == 0.5  # often
    assert BY_ID["C156"].floor == 200.0  # hundreds
    for name in ("C071", "C072", "C077", "C079", "C100"):  # may, some, can
        assert BY_ID[name].answer == "unfalsifiable"
    assert BY_ID["C001"].answer == BY_ID["C118"].answer == "evidence_only"  # proven, effective


def test_testimonials_never_ask_for_fewer_than_the_words_say():
    assert BY_ID["C091"].threshold_pct <= 100 * (9 - 3) / 9
    assert BY_ID["C091"].threshold_pct > 66
    assert BY_ID["C096"].threshold_pct == 80.0


# a row that is wrong


def bare(answer: str, **changed) -> Claim:
    """A claim that no row answers."""
    words = dict.fromkeys(REQUIRED, "")
    words |= {"claim_id": "T1", "wording": "it is good", "source": "typed", "condition": "all",
              "threshold_pct": None, "cited_low": None, "cited_high": None,
              "answer": answer, "reason": "nobody could know"}  # fmt: skip
    if answer == "no_records":
        words["needs"] = "adverse_events"
    return Claim(**{**words, **changed})


@pytest.mark.parametrize("answer", [name for name in ANSWERS if name != "computed"])
def test_a_claim_without_answer_needs_its_reason_and_no_more(answer):
    assert bare(answer).floor is None
    with pytest.raises(LedgerError, match=r"^claim T1, reason: it is empty"):
        bare(answer, reason=" ")
    with pytest.raises(LedgerError, match=r"^claim T1, measure: it is empty, but there"):
        bare(answer, cited_low=0.5)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: bare("no_records", needs=""), "claim T1, needs: '' is none of adverse_events"),
        (lambda: bare("no_records", needs="adverse_event"), "Did you mean 'adverse_events'"),
        (lambda: bare("opinion", needs="billing"), "claim T1, needs: only a claim answered"),
        (lambda: bare("nobody knows"), "claim T1, answer: 'nobody knows' is none of computed"),
        (lambda: bare("computed", reason=""), "claim T1, reading: it is empty"),
        (lambda: bare("computed", reason="", reading="x"), "claim T1, measure: '' is none of"),
        (lambda: claim(reason="odd"), "claim T1, reason: a computed claim has none"),
        (lambda: claim(kind="rumour"), "claim T1, kind: 'rumour' is none of headline"),
        (lambda: claim(headline="maybe"), "claim T1, headline: 'maybe' is neither"),
        (lambda: claim(frequency="often"), "claim T1, frequency: the claim cites a figure"),
        (
            lambda: claim(cited_low=None, cited_high=None, frequency="often"),
            "claim T1, frequency: responder_share is judged against a cited figure",
        ),
        (lambda: claim(group="subtype=type_1"), "claim T1, group: responder_share is judged on"),
        (lambda: claim(baseline_score=9.0), "claim T1, baseline_score: only a testimonial"),
        (lambda: share(frequency="oftenish"), "Did you mean 'often'"),
        (lambda: share(group="type_1"), "claim T1, group: 'type_1' is not as subtype=diabetic"),
        (lambda: share(group="sex=female"), "claim T1, group: 'sex=female' is not as"),
        (lambda: share(frequency=""), "claim T1, cited_low: a claim needs a floor or a ceiling"),
        (lambda: flag(visit="week_4"), "claim T1, visit: flag_share is not read at a visit"),
        (lambda: flag(threshold_pct=30.0), "claim T1, threshold_pct: active_psychosis has none"),
        (lambda: flag(definition="diabetes"), "claim T1, definition: 'diabetes' is none of"),
        (lambda: flag(population="observed"), "claim T1, population: 'observed' is none of"),
        (lambda: flag(unit="percent"), "claim T1, unit: 'percent' is not the unit of flag_share"),
        (lambda: told(definition="C091"), "claim T1, definition: 'C091' is none of"),
        (lambda: told(baseline_score=11.0), "claim T1, baseline_score: 11 is not in 0 to 10"),
        (lambda: told(threshold_pct=None), "claim T1, threshold_pct: testimonial needs"),
        (lambda: kept(visit=""), "claim T1, visit: it is empty; say until when"),
        (lambda: mean_claim(group="arm=drug"), "claim T1, group: percent_reduction is judged on"),
    ],
)
def test_a_broken_claim_names_claim_field_and_rule(make, told):
    with pytest.raises(LedgerError) as error:
        make()
    assert told in str(error.value)


READ = {"cited_low": None, "cited_high": None}


def share(**changed) -> Claim:
    return claim(**{"measure": "implied_response", "frequency": "often", **READ, **changed})


def flag(**changed) -> Claim:
    return claim(**{"measure": "flag_share", "definition": "active_psychosis", "frequency": "none",
                    "population": "treated", "threshold_pct": None, **READ, **changed})  # fmt: skip


def told(**changed) -> Claim:
    return claim(**{"measure": "testimonial", "definition": "", "frequency": "typical",
                    "baseline_score": 9.0, "threshold_pct": 66.0, **READ, **changed})  # fmt: skip


def kept(**changed) -> Claim:
    return claim(**{"measure": "kept_relief", "definition": "booster_as_loss", "visit": "week_12",
                    "frequency": "typical", **READ, **changed})  # fmt: skip


def test_the_unbroken_ones_pass():
    assert (share().floor, flag().ceiling, told().floor, kept().visit) == (0.5, 0.0, 0.5, "week_12")


def test_subtypes_are_checked_on_load(tmp_path):
    from test_ledger import write

    row = {"measure": "implied_response", "frequency": "often", "cited_low": "", "cited_high": ""}
    good = write(tmp_path / "good.csv", row | {"group": "subtype=type_1"})
    assert load_ledger(good)[0].group_keys == {"group_by": "subtype", "group": "type_1"}
    bad = write(tmp_path / "bad.csv", row | {"group": "subtype=diabetic"})
    with pytest.raises(LedgerError, match="claim T1, group: 'subtype=diabetic' is no subtype of"):
        load_ledger(bad)


def test_every_measure_is_used_or_is_a_headline():
    assert {one.measure for one in OWN} - {""} == set(ALL_MEASURES)
