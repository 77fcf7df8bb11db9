"""What is said of a statement: listed or not, and with which verdict; never a silent match."""

from __future__ import annotations

import json
import time

import pytest
from tests.unit.lint_samples import (
    CLAIMS,
    CRPS,
    DATA,
    FIBRO,
    FULL_RUN,
    SHARED,
    SUCCESS,
    claim,
    inventory,
    lint,
    listed_inventory,
    one,
    plain,
    run_of,
    verdict,
    write_run,
)

from analysis.errors import InputError
from analysis.lint.findings import lint_documents, load_run, touching_rules
from analysis.lint.match import Matcher
from analysis.lint.text import load_document, split_statements


def found_on_the_page():
    claims = listed_inventory()
    return lint_documents([load_document(SHARED / "page.txt")], claims=claims)


def test_the_page_has_21_statements_with_a_number_and_each_gets_its_row():
    """With a number: a low or high figure in the inventory; two have it from a heading."""
    numbered = [row for row in inventory() if row["low"] or row["high"]]
    assert len(numbered) == 21
    result = found_on_the_page()
    for row in numbered:
        found = [f for f in result.findings if f.claim_id == row["claim_id"]]
        assert found, row["claim_id"]
        for finding in found:
            assert finding.match.how in ("exact words", "same words")
            cues = [*finding.cues, *finding.statement.heading_cues]
            assert any(cue.quantity for cue in cues), (row["claim_id"], finding.statement.text)


def test_every_statement_of_the_inventory_is_found_on_the_page():
    found = {finding.match.listed.claim_id for finding in found_on_the_page().findings
             if finding.match}  # fmt: skip
    named = {row["claim_id"] for row in inventory()}
    assert named <= found


def test_what_the_page_says_outside_its_inventory_is_found():
    unlisted = [f for f in found_on_the_page().findings if not f.claim_id]
    assert {f.statement.first.line for f in unlisted} == {
        8, 16, 239, 241, 338, 344, 371, 375,
    }  # fmt: skip
    assert all(f.statuses[0] in ("unlisted", "unfalsifiable") for f in unlisted)


def test_every_row_of_the_own_ledger_matches_its_own_words():
    from analysis.claims.ledger import load_ledger

    claims = load_ledger()
    text = "\n\n".join(f"  \u2022 {each.wording}" for each in claims)
    found = {finding.claim_id for finding in lint(text, claims=claims).findings}
    assert {each.claim_id for each in claims} <= found


@pytest.mark.parametrize(
    "text",
    [
        CRPS.wording,
        "70\u201385% of CRPS patients experience significant pain reduction",
        "70 to 85 percent of CRPS patients experience significant pain reduction.",
        "Seventy to eighty-five per cent of CRPS patients experience significant pain reduction",
        "70-85% of people with complex regional pain syndrome see meaningful pain relief",
    ],
)
def test_the_same_claim_however_written(text):
    finding = one(text, run=FULL_RUN)
    assert (finding.claim_id, finding.statuses) == ("C043", ("contradicted",))
    assert finding.to_fix and "Seen: falls short." in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "90% of CRPS patients experience significant pain reduction",
        "90% of CRPS patients",
        "Eight in ten CRPS patients respond",
        "70-95% of CRPS patients experience significant pain reduction",
        "70% of CRPS patients experience significant pain reduction",
        "Up to 85% of CRPS patients experience significant pain reduction",
        "170-85% of CRPS patients experience significant pain reduction",
        "70-85% of CRPS patients experience no significant pain reduction",
        "70-85% of fibromyalgia patients experience significant pain reduction",
        "70-85% of CRPS patients experience significant opioid reduction",
        "70-85% of CRPS patients complete the series",
        "70-85% less pain in CRPS patients on average",
        "It is a myth that 70-85% of CRPS patients experience significant pain reduction",
        "85% success rate in fibromyalgia",
        "Up to 85% success rate",
        "40-60% of fibromyalgia patients report pain decrease",
    ],
)
def test_another_number_condition_measure_or_sense_is_never_listed(text):
    for run in (run_of(), FULL_RUN):
        found = lint(text, run=run).findings
        assert found and not any(f.claim_id for f in found)
        assert all("unlisted" in f.statuses and f.level == "error" for f in found)


def test_a_changed_number_is_judged_by_the_interval_of_the_claim_it_was_changed_from():
    higher = one("Eight in ten CRPS patients respond", run=FULL_RUN)  # interval 46 to 62%
    assert higher.statuses == ("contradicted", "unlisted")
    assert higher.match.how == "number differs" and higher.match.listed is CRPS
    inside = one("55% of CRPS patients respond", run=FULL_RUN)
    lower = one("40% of CRPS patients respond", run=FULL_RUN)
    assert inside.statuses == lower.statuses == ("unlisted",)
    assert "do not contradict" in lower.message


@pytest.mark.parametrize(
    "text",
    [
        "90% of CRPS patients",  # of what?
        "90% of CRPS patients respond at week 26",  # another time
        "90% of CRPS patients have at least 50% less pain",  # another threshold
        "90% of CRPS patients do not respond",
        "Up to 90% of CRPS patients respond",
    ],
)
def test_the_interval_contradicts_only_what_it_is_of(text):
    assert one(text, run=FULL_RUN).statuses == ("unlisted",)


def test_what_is_said_next_to_a_listed_claim_is_found_too():
    found = lint(f"{CRPS.wording}, and 95% stay so for years.").findings
    assert [f.statuses[0] for f in found] == ["not judged", "unlisted"]
    assert '"95%"' in found[1].message


def test_two_rows_of_one_wording_and_two_claims_of_one_sentence():
    again = claim("C999", CRPS.wording, condition="crps")
    found = lint(f"{CRPS.wording}.", claims=(*CLAIMS, again)).findings
    assert [f.claim_id for f in found] == ["C043", "C999"]
    both = "We have an 85% success rate, and some patients feel pain relief during infusion."
    assert [f.claim_id for f in lint(both).findings] == ["C161", "C072"]


def test_a_rate_without_condition_next_to_a_condition_is_not_the_general_rate():
    found = lint(f"{CRPS.wording} and we have an {SUCCESS.wording}").findings
    assert [f.claim_id for f in found] == ["C043", ""]


def test_a_claim_of_few_words_is_not_found_inside_another_sentence():
    assert [f.claim_id for f in lint("Diabetic neuropathy").findings] == ["C006"]
    assert not lint("Diabetic neuropathy in my feet was bad.").findings


def test_wider_than_its_data_when_the_condition_is_left_out():
    finding = one("70-85% of patients experience significant pain reduction", run=FULL_RUN)
    assert finding.statuses == ("wider than its data",)
    assert finding.level == "error" and not finding.claim_id and "crps only" in finding.message


def test_a_heading_may_name_the_condition():
    text = "70-85% of patients experience significant pain reduction."
    assert one(f"Complex Regional Pain Syndrome\n\n{text}", run=FULL_RUN).claim_id == "C043"


def test_wider_than_its_data_when_the_reading_is_of_those_rated():
    finding = one(FIBRO.wording, run=FULL_RUN)
    assert finding.statuses == ("wider than its data", "borne out") and finding.to_fix
    narrowed = one(f"{FIBRO.wording} among those rated", run=FULL_RUN)
    assert narrowed.statuses == ("borne out",)


def test_wider_than_its_data_when_the_data_are_of_one_condition():
    only = run_of(verdict(SUCCESS, "meets", 0.86, 0.95), conditions=("crps",))
    assert one(SUCCESS.wording, run=only).statuses == ("wider than its data", "borne out")


@pytest.mark.parametrize(
    ("said", "status", "level"),
    [("meets", "borne out", "warning"), ("falls short", "contradicted", "error"),
     ("undecided", "undecided", "warning"), ("not testable", "not testable", "warning")],
)  # fmt: skip
def test_the_verdict_of_the_run_is_the_status(said, status, level):
    finding = one(SUCCESS.wording, run=run_of(verdict(SUCCESS, said, 0.5, 0.6)))
    assert (finding.statuses, finding.level) == ((status,), level)


def test_a_borne_out_sentence_is_done_when_it_says_all_it_must():
    complete = claim(
        claim_id="C200", measure="responder_share", population="all_starters", condition="crps",
        wording="Of 137 CRPS patients who started, 54% had at least 30% less pain at the end of "
        "the series; there was no control group",
    )  # fmt: skip
    run = run_of(verdict(complete, "meets", 0.55, 0.6))
    result = lint(complete.wording, claims=(complete,), run=run)
    assert [(f.statuses, f.lacks, f.level) for f in result.findings] == [
        (("borne out",), (), "none")
    ]
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("85% success rate", 4),
        ("70-85% of CRPS patients respond", 3),
        ("70-85% of CRPS patients respond at 4 weeks", 2),
        ("70-85% of 137 CRPS patients respond at 4 weeks", 1),
        ("70-85% of 137 CRPS patients respond at 4 weeks, without a control group", 0),
        ("45-60 minute sessions", 0),
    ],
)
def test_what_a_sentence_lacks(text, lacks):
    assert len(lint(text, claims=()).findings[0].lacks) == lacks


def test_without_a_run_nothing_is_judged():
    assert one(CRPS.wording).statuses == ("not judged",)
    assert lint(CRPS.wording).exit_code == 0
    hedged = one("Some patients feel pain relief during infusion")
    assert (hedged.statuses, hedged.level) == (("not judged", "unfalsifiable"), "note")


@pytest.mark.parametrize(
    ("text", "level"),
    [("You may feel better after treatment.", "warning"), ("Ketamine can help.", "warning"),
     ("You may experience nausea.", "note")],
)  # fmt: skip
def test_words_that_nothing_can_contradict_are_no_pass(text, level):
    finding = one(text)
    assert (finding.statuses, finding.level) == (("unfalsifiable",), level)


@pytest.mark.parametrize(
    "text", ["Most patients get relief", "Nothing works better", "Effects last for years"],
)  # fmt: skip
def test_absolutes_and_frequency_words_without_a_row_are_unlisted(text):
    assert one(text).statuses == ("unlisted",)


@pytest.mark.parametrize(
    "text", ["Week 3-4:", "Our Team", "All About Us", "First 30 Minutes", "What can I expect?",
             "Is it often used?", "Infusions cost $400-600.", "Open 24/7"],
)  # fmt: skip
def test_labels_questions_and_prices_are_no_findings(text):
    assert lint(text).findings == ()


def test_a_heading_with_a_number_or_a_promise_is_a_statement():
    assert one("90% Success Rate").statuses == ("unlisted",)
    assert one("Conditions We Can Treat").statuses == ("unfalsifiable",)


def test_a_label_gives_its_bullets_their_time():
    text = "Week 3-4:\n\n  \u2022 Pain levels often decrease noticeably\n"
    statement = one(text).statement
    assert [cue.quantity for cue in statement.heading_cues] == [(3, 4, "week")]


def test_a_file_of_changed_claims():
    result = lint_documents([load_document(DATA / "changed.md")], claims=CLAIMS, run=FULL_RUN)
    assert [(f.statement.first.line, f.statuses, f.claim_id) for f in result.findings] == [
        (7, ("contradicted", "unlisted"), ""), (8, ("contradicted",), "C043"),
        (9, ("wider than its data",), ""), (10, ("contradicted", "unlisted"), ""),
        (11, ("unlisted",), ""), (12, ("unlisted",), ""),
    ]  # fmt: skip


def test_the_same_copy_gives_the_same_result():
    text = (DATA / "changed.md").read_text(encoding="utf-8")
    assert lint(text).findings == lint(text).findings


HUGE_SECONDS = 200.0
"""Each takes about a second, so this says nothing of speed, only that the reading ends: a step that
grows by the square would take far longer."""


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["70-85% of CRPS patients, ", "9", "1,", ".", "a.B ", "no ", '"'])
def test_a_huge_line_is_read_in_time(piece):
    started = time.perf_counter()
    result = lint((piece * 100_000)[:100_000])
    assert len(result.files[0].document.blocks) == 1
    assert time.perf_counter() - started < HUGE_SECONDS


def test_rules_touch_by_their_subject():
    assert "FDA-LBL-02" in one("No respiratory depression").rules
    assert "CA-BOARD" in one("Only board-certified physicians").rules
    assert "FTC-HP-03" in one("Restores normal pain processing pathways").rules
    shown = one("\u201cI had 80% less pain in my feet.\u201d")
    assert {"FTC-END-01", "AMA-01"} <= set(shown.rules) and shown.lacks == ()
    assert "IMMPACT-04" in one(FIBRO.wording).rules and "MISS-03" not in one(FIBRO.wording).rules
    assert "MISS-03" in one(CRPS.wording).rules


def test_rules_are_those_of_the_evidence_and_were_all_seen():
    inventory()  # skips where the folder is absent
    import csv

    text = (SHARED / "evidence" / "rules.csv").read_text(encoding="utf-8")
    seen = {row["rule_id"] for row in csv.DictReader(text.splitlines()) if row["verified"] == "yes"}
    assert {rule.rule_id for rule in touching_rules()} <= seen


def test_a_match_says_how_and_how_well():
    matcher = Matcher(CLAIMS)
    exact, written, meant = (
        matcher.match(split_statements(plain(text))[0])[0]
        for text in (
            CRPS.wording,
            "70 to 85 percent of CRPS patients experience significant pain reduction",
            "In CRPS, 70-85% of people see meaningful pain relief",
        )
    )
    assert (exact.how, exact.score) == ("exact words", 1.0)
    assert (written.how, written.score) == ("same words", 0.95)
    assert (meant.how, meant.score) == ("same meaning", 0.9)
    assert "every part of C043" in meant.why


def test_a_run_is_read(tmp_path):
    run = load_run(write_run(tmp_path / "run"))
    assert (run.name, run.export, run.synthetic) == ("run", "clinic", True)
    assert run.verdicts["C043"].verdict == "falls short"
    assert one(CRPS.wording, run=run).statuses == ("contradicted",)


def test_a_verdict_is_stale_when_the_ledger_moved(tmp_path):
    run = load_run(write_run(tmp_path / "run"))
    changed = CRPS.model_copy(update={"cited_low": 0.6})
    finding = one(CRPS.wording, claims=(changed,), run=run)
    assert finding.statuses == ("stale",) and "cited_low" in finding.message
    assert 'It said "falls short"' in finding.message
    new = one(SUCCESS.wording, run=run)
    assert new.statuses[0] == "stale" and "no verdict on C161" in new.message


def test_a_verdict_is_stale_when_a_newer_run_is_there(tmp_path):
    run = write_run(tmp_path / "one")
    write_run(tmp_path / "other", started="2026-02-01T00:00:00", export="another clinic")
    assert load_run(run).outdated == ()
    write_run(tmp_path / "two", started="2026-02-01T00:00:00")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "run.json").write_text("{")
    assert "newer run" in load_run(run).outdated[0]
    assert one(CRPS.wording, run=load_run(run)).statuses == ("stale",)
    assert load_run(tmp_path / "two").outdated == ()


def test_a_verdict_is_stale_when_a_data_file_changed(tmp_path):
    export = tmp_path / "export"
    export.mkdir()
    (export / "patients.csv").write_text("abc")
    # SHA-256 of "abc": FIPS 180-2, appendix B.1
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    run = write_run(tmp_path / "run", inputs={"patients.csv": digest})
    assert load_run(run, export=export).outdated == ()
    (export / "patients.csv").write_text("abd")
    assert "patients.csv has changed" in load_run(run, export=export).outdated[0]
    (export / "patients.csv").unlink()
    assert "patients.csv is gone" in load_run(run, export=export).outdated[0]
    with pytest.raises(InputError, match="no folder of an export"):
        load_run(run, export=tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["{", "[1]", "{}", json.dumps([{"nothing": 1}])])
def test_a_broken_run_is_refused(tmp_path, content):
    run = write_run(tmp_path / "run")
    (run / "claims.json").write_text(content)
    with pytest.raises(InputError, match="not what a run writes"):
        load_run(run)
    with pytest.raises(InputError, match="--no-run"):
        load_run(tmp_path / "nowhere")
