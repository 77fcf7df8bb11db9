"""Findings, what may be said and the ledger in words: each sentence from the file of texts."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest
from studies import claim, duration_claim, duration_row, mean_claim, number_row, share_row
from test_judge_kinds import row
from test_ledger_whole import bare, flag, kept, share, told
from test_texts import SHARES, bracketed, language_file, quoted

from analysis.claims.departures import tell_departures
from analysis.claims.describe import explain_claim, list_claims, tabulate_ledger
from analysis.claims.describe_judgement import explain_judgement
from analysis.claims.judge import judge_claim
from analysis.claims.judgement import Lack, Shrunk
from analysis.claims.may_say import write_may_say
from analysis.claims.provenance import Provenance, tell_control
from analysis.claims.rules import load_rules
from analysis.claims.telling import tell_reading, tell_row
from analysis.outcomes.rows import ResultRow
from analysis.settings import AnalysisSettings
from analysis.wording.texts import CHOICE, load_texts

HERE = Provenance(name="typed", synthetic=True, first_date="2025-01-02", last_date="2026-03-04",
                  last_visit="end")  # fmt: skip


@pytest.fixture
def in_brackets(tmp_path, monkeypatch):
    """A language in which every text stands in square brackets."""
    content = "\n".join(f"{quoted(name)} = {bracketed(t)}" for name, t in load_texts().items())
    monkeypatch.setenv(CHOICE, language_file(tmp_path, content))


def outside(text: str) -> str:
    """Return what no pair of brackets holds, without spaces."""
    while (left := re.sub(r"\[[^\[\]]*\]", "", text)) != text:
        text = left
    return "".join(left.split())


def judged(asked, *rows):
    return judge_claim(asked, rows, analysis_visit="end")


def other(measure, value, unit, **keys) -> ResultRow:
    base = {"condition": "crps", "low": value, "high": None, "n": 40, "n_missing": 2,
            "method": "typed", "level": 0.95}  # fmt: skip
    return ResultRow(**{**base, "measure": measure, "value": value, "unit": unit, **keys})


def findings():
    """Claims beside the rows that answer them: every way of telling a figure."""
    for n, missing in product((1, 9, 40), (0, 1, 3)):
        counts = share_row(min(n, 30), n, n_missing=missing)
        yield claim(cited_low=0.6, cited_high=0.8), counts
        yield share(), counts
        yield flag(), row("flag_share", "active_psychosis", n % 3, n, condition="crps")
    seen = {"population": "observed"}
    yield (
        claim(**seen, definition="two_points", threshold_pct=None),
        share_row(3, 40, **seen, definition="two_points", threshold_pct=None, n_missing=1),
    )
    for name, value in product(
        ("mean_of_patients", "median_of_patients", "ratio_of_means"), (9, -9)
    ):
        yield mean_claim(definition=name), number_row(value, -10, 10, definition=name, n_missing=1)
    yield (
        mean_claim(**{"population": "all_starters"}),
        number_row(50, 39, 60, population="all_starters", n_missing=2),
    )
    for low, high in ((1, 1.5), (1, 3), (3, 5), (3, 30), (9, 12), (1, 30)):
        yield duration_claim(), duration_row(8, low, high)
    yield duration_claim(), duration_row(None, 3, None)
    yield kept(), row("relieved_share", "booster_as_loss", 9, 40, condition="crps",
                      visit="week_12", threshold_pct=30.0, population="responders")  # fmt: skip


def test_the_search_finds_what_stands_outside():
    assert outside("[Of [53 [patients]], 3] had") == "had"


@pytest.mark.usefixtures("in_brackets")
def test_no_part_of_a_finding_is_english_in_another_language():
    n = 0
    for asked, answer in findings():
        one = judged(asked, answer)
        saying = write_may_say(asked, one, [answer], provenance=HERE)
        assert outside(one.sentence) == outside(saying.text) == "", (one.sentence, saying.text)
        n += one.verdict != "not testable"
    assert n > 35


@pytest.mark.usefixtures("in_brackets")
def test_rows_without_a_headline_claim_are_not_english_either():
    asked = share(group="subtype=type_1")
    for measure, definition in SHARES:
        for population in ("all_starters", "observed", "bounds"):
            counts = row(measure, definition, 9, 40, condition="crps", n_missing=3,
                         population=population, group_by="arm", group="drug")  # fmt: skip
            assert outside(tell_row(asked, counts)) == ""
    for measure, value, unit in (("infusion_slope", -0.4, "score"), ("relief_duration", 6, "weeks"),
                                 ("series_time_ratio", 1.1, "ratio"),
                                 ("relieved_patients", 200, "count")):  # fmt: skip
        number = other(measure, value, unit)
        assert outside(tell_row(asked, number)) == ""
        for verdict in ("meets", "falls short", "undecided"):
            assert outside(tell_reading(asked, verdict, number)) == ""


@pytest.mark.usefixtures("in_brackets")
def test_no_answer_is_not_english_either():
    for answer in ("unfalsifiable", "opinion", "definition", "evidence_only", "no_records"):
        asked = bare(answer)
        one = judged(asked)
        assert outside(one.sentence) == ""
        assert outside(write_may_say(asked, one, [], provenance=HERE).text) == ""
    for asked in (claim(), share(), share(group="subtype=type_1"), kept()):
        assert outside(judged(asked).sentence) == ""
    unknown = share_row(9, 40, population="observed", n_missing=90)
    assert outside(judged(share(population="observed"), unknown).reason) == ""


@pytest.mark.usefixtures("in_brackets")
def test_what_stands_beside_is_not_english_either():
    account = told()
    keys = {"definition": account.claim_id, "threshold_pct": None}
    typical = share_row(20, 40, **keys | {"measure": "typical_response_share", "threshold_pct": 50})
    fall = number_row(30, 20, 40, measure="typical_reduction", definition=account.claim_id)
    rows = [share_row(12, 40, measure="testimonial_share", **keys), typical,
            replace(fall, population="")]  # fmt: skip
    one = judged(account, *rows)
    assert "[What such patients can generally expect:" in one.sentence
    assert outside(one.sentence) == ""
    for few in (rows, [replace(rows[0], n_events=3, n_missing=0), *rows[1:]]):
        assert outside(write_may_say(account, one, few, provenance=HERE).text) == ""
    success = claim(measure="success", cited_low=0.9, cited_high=None, kind="testimonial")
    rows = [share_row(30, 40), share_row(37, 40, measure="success_share", definition="any_relief",
                                         threshold_pct=None, population="")]  # fmt: skip
    one = judged(success, *rows)
    assert "[At or above [90 %] lies: [any less pain at all].]" in one.sentence
    assert outside(one.sentence) == ""
    arms = [share_row(9, 40, group_by="arm", group=name) for name in ("drug", "placebo")]
    for beside in (arms, [arms[0], replace(arms[1], visit="week_4")], arms[:1]):
        assert outside(tell_control(arms[0], beside)) == ""
    settings = AnalysisSettings(loss_rule="confirmed", relief_clock="start", series_gap_days=14,
                                minimum_baseline_score=5, analysis_visit="week_12")  # fmt: skip
    assert outside(tell_departures(duration_claim(), settings)) == ""
    assert outside(tell_departures(claim(), settings)) == ""


@pytest.mark.usefixtures("in_brackets")
def test_the_ledger_in_words_is_not_english_either():
    asked = share(group="subtype=type_1", visit="week_4", kind="efficacy_rate", section="Results")
    own = {str(value) for value in vars(asked).values() if value}
    rules = [replace(rule, applies_to=("every",), verified=seen)
             for rule, seen in zip(load_rules()[:2], (True, False), strict=True)]  # fmt: skip
    for one in (asked, claim(visit="week_4"), bare("no_records")):
        text = " ".join(explain_claim([one], one.claim_id, rules=rules).split())
        for words in {*own, *map(str, vars(one).values())} - {""}:
            text = text.replace(f" {words} ", " ")
        assert outside(text) == ""
    for few in ([], [asked]):
        assert outside(list_claims(few).splitlines()[-1]) == ""
    one = replace(judged(claim(), share_row(30, 40)), verdict_adjusted="meets", p_holm=0.01,
                  shrunk=Shrunk(value=0.5, low=None, high=None, n=9, label="typed"),
                  lacks=(Lack(check="x", lacks="y", rule_ids=("A", "B")),))  # fmt: skip
    for p in (0.01, 0.0001, None):
        assert outside(explain_judgement(replace(one, p_holm=p))) == ""
    assert all(outside(name) == "" for name in tabulate_ledger([claim()], [one]).columns)


def test_a_sentence_in_another_order(tmp_path, monkeypatch):
    own = """[telling]
    not_rated_many = "Nicht befragt und als ohne Wirkung gezählt: {n}."
    interval = "{interval} ({level})"
    some = "{share}, das sind {events},"
    [telling.patients]
    many_with = "{n} Kranken mit {condition}"
    [telling.share.responder_share]
    percent_reduction = "Zum Zeitpunkt {visit} hatten {counted} von {patients} mindestens {pct} % weniger Schmerz ({interval})."
    [telling.cited]
    below = "Das liegt unter den genannten {cited}."
    [numbers]
    span = "{low} bis {high}"
    interval_level = "{percent}-Intervall"
    [words.visits]
    end = "Ende der Serie"
    """  # noqa: E501
    monkeypatch.setenv(CHOICE, language_file(tmp_path, own))
    assert judged(claim(), share_row(54, 100, n_missing=10)).sentence == (
        "Zum Zeitpunkt Ende der Serie hatten 54 %, das sind 54, von 100 Kranken mit complex "
        "regional pain syndrome mindestens 30 % weniger Schmerz (44 % bis 63 % "
        "(95 %-Intervall)). Nicht befragt und als ohne Wirkung "
        "gezählt: 10. Das liegt unter den genannten 70 %."
    )


# told since the texts stand in the file


def test_a_ceiling_without_a_word_is_named():
    most = flag(frequency="", cited_low=None, cited_high=0.05)
    assert judged(
        most, row("flag_share", "active_psychosis", 0, 200, condition="crps")
    ).sentence == (
        "Of 200 patients with complex regional pain syndrome treated, none had an active "
        "psychosis; 95 % interval 0 % to 2 %. All of the interval is at or below the cited 5 %."
    )
    none = flag(frequency="", cited_low=None, cited_high=0.0)
    seen = judged(none, row("flag_share", "active_psychosis", 1, 200, condition="crps"))
    assert seen.sentence.endswith("95 % interval 0.1 % to 3 %. There is one.")


def test_boosters_a_mean_month_to_a_quarter_apart_have_a_sentence():
    counts = row("booster_gap_share", "mean_month_to_quarter", 9, 40, population="boosted")
    assert "9 (23 %) had them 30.4 to 91.3 days apart" in tell_row(claim(condition="all"), counts)
