"""What must never be said is found without a ledger, and its legitimate forms are left alone."""

from __future__ import annotations

import pytest
from tests.unit.lint_samples import CRPS, lint, one, run_of, verdict

from analysis.claims.rules import load_rules
from analysis.errors import LedgerError
from analysis.lint import never
from analysis.lint.never import find_never_said, load_never_said

SAID = {
    "approved-pain": ["FDA approved for chronic pain.", "Our FDA-cleared pain therapy",
        "Ketamine is approved by the FDA.", "FDA approved as an anesthetic and for chronic pain"],
    "approved-for": ["Ketamine is approved for neuropathic pain", "Indicated for CRPS"],
    "breakthrough": ["A breakthrough for nerve pain", "This miracle drug", "Revolutionary care",
        "It is a game-changer for fibromyalgia"],
    "cure": ["Cure your CRPS", "The cure for pain is here", "We end your pain", "a curative drug",
        "Ketamine eliminates pain"],
    "no-side-effects": ["No side effects", "zero side effects!", "without any side effects",
        "no serious side effects", "Side-effect free relief"],
    "risk-free": ["A risk-free treatment", "There is no risk", "completely safe", "100% safe"],
    "guaranteed": ["Relief is guaranteed", "We guarantee results", "100% success"],
    "lasting": ["Find lasting relief.", "Long-lasting pain relief", "relief that lasts",
        "permanent pain relief", "pain-free for life"],
    "proven": ["Clinically proven", "proven results", "Science proves it works"],
    "not-addictive": ["Non-addictive pain care", "It is not addictive", "No risk of addiction"],
}  # fmt: skip
ALLOWED = [
    "FDA approved as an anesthetic",
    "Ketamine is FDA-approved as an anesthetic; its use for pain is off-label.",
    "Ketamine is not FDA approved for chronic pain.",
    "Ketamine has never been approved by the FDA for pain",
    "Your insurer must have approved treatment for migraine.",
    "We also treat breakthrough pain", "It is no miracle",
    "There is no cure for CRPS.", "Ketamine is not a cure", "Treatment cannot eliminate pain",
    "A secure portal", "No treatment is without side effects", "No therapy is risk-free",
    "Results cannot be guaranteed.", "There is no guarantee of relief", "We guarantee your privacy",
    "Lasting relief: half of responders kept it for 6 weeks", "Relief is not permanent",
    "It remains to be proven", "Ketamine has not been clinically proven in fibromyalgia",
    "Book a risk-free consultation", "Is ketamine a cure?",
]  # fmt: skip


@pytest.mark.parametrize(
    ("phrase", "text"), [(p, t) for p, several in SAID.items() for t in several]
)
def test_what_must_never_be_said_is_found_without_a_ledger(phrase, text):
    assert phrase in {row.phrase_id for row, _, _ in find_never_said(text)}
    finding = lint(text, claims=()).findings[0]
    assert (finding.status, finding.level) == ("must not be said", "error")
    assert set(finding.rules) >= {
        next(r.rule_id for r in load_never_said() if r.phrase_id == phrase)
    }


@pytest.mark.parametrize("text", ALLOWED)
def test_legitimate_forms_are_left_alone(text):
    assert not any("must not be said" in f.statuses for f in lint(text, claims=()).findings)


def test_every_phrase_has_a_seen_rule_and_cases():
    seen = {rule.rule_id for rule in load_rules() if rule.verified}
    assert {row.rule_id for row in load_never_said()} <= seen
    assert set(SAID) == {row.phrase_id for row in load_never_said()}


def test_a_borne_out_claim_does_not_make_it_good():
    text = f"{CRPS.wording}, guaranteed."
    found = lint(text, run=run_of(verdict(CRPS, "meets", 0.71, 0.85))).findings
    assert found[0].status == "must not be said" and "borne out" not in found[0].statuses
    assert one("Relief is guaranteed.", claims=()).statuses[0] == "must not be said"


@pytest.mark.parametrize(
    ("row", "shown"),
    [("x,(,CA-651-03,why,,cure", "no regular expression"), ("x,cure,NO-RULE,why,,cure", "no rule"),
     ("x,cure,CA-651-03,why,,relief", "does not find its example")],
)  # fmt: skip
def test_a_wrong_row_is_refused(tmp_path, monkeypatch, row, shown):
    (tmp_path / "claims").mkdir()
    head = ",".join(never.COLUMNS)
    (tmp_path / "claims" / "never_said.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    monkeypatch.setattr(never, "data_folder", lambda: tmp_path)
    with pytest.raises(LedgerError, match=shown):
        load_never_said.__wrapped__()
