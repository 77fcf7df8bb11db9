"""Judgements as JSON and as a frame: read back the same, valid by the schema, damage refused."""

from __future__ import annotations

import csv
import json

import jsonschema
import pandas as pd
import pytest
from judged import results_of
from studies import clinic, study

from analysis.claims.judge import judge_claims
from analysis.claims.judgement import (
    Judgement,
    Lack,
    Limit,
    Missing,
    Readings,
    Shrunk,
    Tipping,
)
from analysis.claims.ledger import load_ledger
from analysis.claims.records import (
    claims_frame,
    claims_json,
    claims_schema,
    read_claims,
    write_claims,
)
from analysis.claims.rules import load_rules
from analysis.claims.sentences import explain_claim
from analysis.errors import InputError
from analysis.report.office import write_csv
from analysis.results import make_results
from analysis.stats.sequences import estimate_share_sequence

COMPLETE = Judgement(
    claim_id="C043", wording="=cmd|' /C calc'!A0", source="a page", condition="crps",
    reading="of all", cited_low=0.7, cited_high=0.85, cited_text="70-85%", verdict="falls short",
    position="below", value=0.54, low=0.46, high=0.62, level=0.95, n=137, n_missing=14,
    sentence="It is less.", result_id="crps.x", verdict_adjusted="falls short", p_holm=0.0005,
    robustness=Readings(n=3, n_agreeing=2, sentence="Two of three.", verdicts={
        "meets": 0, "falls short": 2, "undecided": 1, "not testable": 0}),
    tipping=Tipping(n_missing=14, n_could=14, n_to_meet=None, sentence="Impossible."),
    shrunk=Shrunk(value=0.55, low=None, high=None, n=60, label="Shrunk."),
    may_say="Of 137 ...", sayable=True, n_not_due=3, reach="missing_alike", firmness="mostly",
    missing=Missing(worst_low=0.46, worst_high=0.62, imputed=0.58, imputed_low=0.49,
                    imputed_high=0.66, best_low=0.56, best_high=0.72, judged_low=0.46,
                    judged_high=0.66, n_to_stop=12),
    limits=(Limit(name="weeks", floor=2.0, verdict="meets", share=0.8, n=50),
            Limit(name="months", floor=8.7, verdict="undecided", n=50)),
    reading_sha="446b2729ebd8", reading_date="2026-11-30", post_hoc="it is not the one registered",
    lacks=(Lack(check="time", lacks="when", rule_ids=("FTC-HP-06", "CA-651-02")),),
)  # fmt: skip


SCHEMA = jsonschema.Draft202012Validator(claims_schema())


def records(*judgements):
    return json.loads(claims_json(judgements))


def test_a_complete_judgement_comes_back_the_same(tmp_path):
    write_claims(tmp_path, [COMPLETE])
    assert read_claims(tmp_path) == (COMPLETE,)


@pytest.mark.parametrize(
    "damage",
    [
        {"verdict": "passes"}, {"n": 1.5}, {"low": "0.46"}, {"extra": 1}, {"headline": "yes"},
        {"robustness": {"n": 3}}, {"lacks": ["time"]}, {"position": "beneath"},
        {"reach": "far"}, {"undecided": "many"}, {"firmness": "hard"}, {"limits": ["weeks"]},
        {"missing": {"imputed": 0.5}},
        {"shrunk": {"value": "much", "low": None, "high": None, "n": 1, "label": "x"}},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_record_does_not_fit_and_is_refused(tmp_path, damage):
    damaged = [records(COMPLETE)[0] | damage]
    assert not SCHEMA.is_valid(damaged)
    (tmp_path / "claims.json").write_text(json.dumps(damaged), encoding="utf-8")
    with pytest.raises(InputError, match="holds no judgements of the suite"):
        read_claims(tmp_path)


@pytest.mark.parametrize("name", list(records(COMPLETE)[0]))
def test_a_record_without_one_of_its_fields_does_not_fit(name):
    record = records(COMPLETE)[0]
    del record[name]
    assert not SCHEMA.is_valid([record])


def test_a_file_of_an_earlier_version_is_read(tmp_path):
    """Files written before the other fields held the claims of the first page only."""
    names = ("claim_id", "wording", "source", "condition", "reading", "cited_low", "cited_high",
             "cited_text", "verdict", "sentence")  # fmt: skip
    record = {name: records(COMPLETE)[0][name] for name in names}
    (tmp_path / "claims.json").write_text(json.dumps([record]), encoding="utf-8")
    (one,) = read_claims(tmp_path)
    assert one.headline and one.robustness is None and one.lacks == ()
    assert "Falls short" in explain_claim(load_ledger(), "C043", judgement=one)


@pytest.mark.parametrize("text", ["{", "[1]", '[{"claim_id": "C043"}]', '{"a": 1}', "null"])
def test_a_file_that_holds_no_judgements_is_refused_in_a_sentence(tmp_path, text):
    (tmp_path / "claims.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="holds no judgements of the suite"):
        read_claims(tmp_path)


def test_a_folder_without_verdicts_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="Run the notebook 70_claims into it first"):
        read_claims(tmp_path)


def test_the_frame_has_a_row_a_claim_and_no_cell_that_runs_as_a_formula(tmp_path):
    frame = claims_frame([COMPLETE])
    assert claims_frame([]).columns.tolist() == frame.columns.tolist()
    write_csv(frame, tmp_path / "claims.csv")
    with (tmp_path / "claims.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["wording"].startswith("'=cmd")
    assert (row["readings"], row["readings_agreeing"], row["shrunk_share"]) == ("3", "2", "0.55")
    assert (row["tipping_n_could"], row["tipping_n_to_meet"]) == ("14", "")
    assert row["lacks"] == "when [FTC-HP-06 CA-651-02]"
    assert (row["imputed"], row["judged_low"], row["judged_high"]) == ("0.58", "0.46", "0.66")
    assert row["limits"] == "weeks: meets; months: undecided"
    assert (row["firmness"], row["n_not_due"], row["reading_sha"]) == (
        "mostly",
        "3",
        "446b2729ebd8",
    )


def test_a_judgement_is_explained_with_all_there_is():
    explained = explain_claim(load_ledger(), "C043", rules=load_rules(), judgement=COMPLETE)
    text = " ".join(explained.split())
    for part in (
        "Verdict: Falls short, mostly: the upper limit is below the cited floor, also with the "
        "missing imputed.",
        "The verdict stands after adjusting for all claims judged together (Holm, p <0.001).",
        "Under other readings: Two of three.",
        "Tipping point: Impossible.",
        "Shrunk toward all conditions: 55% (n = 60). Shrunk.",
        "What may be said: Of 137 ...",
        "The words do not say: how many patients (n).",
    ):
        assert part in text
    order = ["Verdict:", "What may be said:", "Read as:", "Printed:", "Rules that touch it",
             "Papers and guidelines"]  # fmt: skip
    places = [text.index(each) for each in order]
    assert places == sorted(places)
    rules, _, papers = text.partition("Papers and guidelines")
    assert rules.count("(FTC)") + rules.count("(FDA)") <= 8
    assert "IMMPACT-01" in papers and "IMMPACT-01" not in rules


@pytest.mark.slow
def test_limits_for_looking_again_go_with_the_verdict():
    """4 of 10: each limit solves the mixture's equation, 1 / 2310 being B(5, 7)."""
    made = results_of(study(clinic()))
    again = estimate_share_sequence(4, 10).row(
        measure="responder_share", definition="percent_reduction_sequence", condition="crps",
        population="all_starters", visit="end", threshold_pct=30.0,
    )  # fmt: skip
    results = pd.concat([made, make_results([again])], ignore_index=True)
    own = {one.claim_id: one for one in judge_claims(load_ledger(), results)}["C043"]
    assert own.sequence_low < own.low < own.high < own.sequence_high
    for share in (own.sequence_low, own.sequence_high):
        assert share**4 * (1 - share) ** 6 == pytest.approx(0.05 / 2310, rel=1e-6)
    assert claims_frame([own])["sequence_low"].tolist() == [own.sequence_low]
    assert records(own)[0]["sequence_high"] == own.sequence_high
    assert COMPLETE.sequence_low is None  # where no such row was made
