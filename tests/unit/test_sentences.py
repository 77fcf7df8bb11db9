"""Sentences of findings, of what may be said and of the ledger: each odd case in words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import product

import jsonschema
import pandas as pd
import pytest
from exports import derive, load
from judged import (
    LEDGERS,
    arms_ledger,
    bare_claim,
    bare_ledger,
    claim,
    clinic_ledger,
    duration_claim,
    duration_row,
    flag_claim,
    frame,
    judge,
    kept_claim,
    mean_claim,
    number_row,
    results_of,
    share_row,
    treated,
)
from studies import SETTINGS

from analysis.adam.study import open_study
from analysis.claims.judge import judge_claims
from analysis.claims.judgement import headlines_of
from analysis.claims.ledger import load_ledger, select_claims
from analysis.claims.mail import MOST_WORDS as MAIL_WORDS
from analysis.claims.mail import write_mail
from analysis.claims.may_say import (
    MOST_WITH_ARMS,
    MOST_WORDS,
    Provenance,
    provenance_of,
    write_may_say,
    write_note,
)
from analysis.claims.records import read_claims, write_claims
from analysis.claims.rules import check_sentence, load_rules, rules_of_checks
from analysis.claims.sentences import (
    describe_allocation,
    describe_departures,
    describe_result,
    describe_subgroups,
    explain_claim,
    list_claims,
    write_summary,
)
from analysis.claims.testimonials import estimate_testimonials
from analysis.claims.verdict import judge_claim, middle_of_cited
from analysis.errors import LedgerError
from analysis.settings import AnalysisSettings

OWN, RULES = load_ledger(), load_rules()

STRICT_CAUSAL = re.compile(
    r"\b(caus\w*|due to|because|thanks to|lead(s|ing)? to|led to|result(s|ed)? (in|from)|"
    r"effect\w*|prove\w*|proof|work(s|ed)?|help(s|ed)?|reliev\w+ by|treat(s|ed) pain|"
    r"benefit\w*|improv\w+|success\w*|achiev\w+)\b",
    re.IGNORECASE,
)
"""Verbs and nouns by which a before-and-after figure would claim what it cannot show."""


def finding(asked, *rows):
    return judge(asked, *rows).sentence


SHORT_OF_70 = (
    "Of 100 patients with complex regional pain syndrome who started, 54 (54%) had at least "
    "30% less pain at end of series; 95% CI 44% to 63%. 10 had no rating. All of the "
    "interval is below the cited 70%"
)
"""The interval of 61 of 100 ends at 69.98%, that of 62 of 100 at 70.9%."""


def imputed_row(value: float, low: float, high: float):
    return share_row(0, 100, population="imputed", n_missing=10)._replace(
        value=value, low=low, high=high, n_events=None
    )


def test_a_share_in_full():
    assert finding(claim(), share_row(54, 100, n_missing=10), imputed_row(0.6, 0.5, 0.69)) == (
        f"{SHORT_OF_70}. It falls short if the missing resemble those seen with the same course "
        "(imputed 60%, interval 50% to 69%); it would not, had 8 or more of the 10 responded."
    )


def test_an_interval_below_the_floor_that_the_missing_leave_open():
    """A printed interval is never said to reach a figure that it does not reach."""
    said = finding(claim(), share_row(54, 100, n_missing=10), imputed_row(0.62, 0.51, 0.71))
    assert said.startswith(f"{SHORT_OF_70}, but the missing outcomes leave it open. Too few ")
    assert "(imputed 62%, interval 51% to 71%, if the missing resemble" in said
    assert "probability, were the true value the one seen" in said
    said = finding(claim(), share_row(54, 100, n_missing=10))
    assert said == (
        f"{SHORT_OF_70}, but the missing outcomes leave it open. Too few patients, and too many "
        "outcomes missing. The missing outcomes could not be imputed, so no number of further "
        "patients can be named."
    )


def test_a_median_on_one_side_of_its_floor_that_other_dates_of_loss_leave_open():
    asked = duration_claim(cited_low=3.0)
    early, late = (
        duration_row(value, low, high, population=f"responders_{name}")
        for name, value, low, high in (("early", 4.0, 0.5, 8.0), ("late", 9.0, 6.0, 12.0))
    )
    above = finding(asked, duration_row(7.0, 4.0, 9.0), early, late)
    assert (
        "All of the interval is at or above the cited 3 weeks, but not if those not seen again "
        "lost relief right after they were last seen."
    ) in above
    below = finding(duration_claim(cited_low=10.0), duration_row(7.0, 4.0, 9.0), early, late)
    assert (
        "All of the interval is below the cited 10 weeks, but not with each loss dated at the "
        "visit that showed it."
    ) in below


CRPS = "patients with complex regional pain syndrome"
OBSERVED = {"population": "observed"}
TWO_POINTS = {"definition": "two_points", "threshold_pct": None}
MEDIAN = {"definition": "median_of_patients"}
RATIO = {"definition": "ratio_of_means"}
EVERYONE = {"population": "all_starters"}
RARE = claim(cited_low=None, cited_high=0.1)


@pytest.mark.parametrize(
    ("asked", "row", "said"),
    [
        (claim(), share_row(0, 40), "none (0%) had"),
        (claim(), share_row(40, 40), "all 40 (100%) had"),
        (claim(), share_row(1, 400), "1 (<1%) had"),
        (claim(), share_row(0, 1), "Of 1 patient with complex regional pain syndrome who started, "
                                   "none had"),
        (claim(), share_row(1, 1), "who started, 1 had"),
        (claim(), share_row(4, 9), f"Of 9 {CRPS} who started, 4 had"),
        (claim(), share_row(9, 9), "all 9 had"),
        (claim(), share_row(5, 10), "5 (50%) had"),
        # 69.6% printed as 70% next to a floor of 70% would mislead
        (claim(), share_row(696, 1000), "696 (69.6%)"),
        (claim(), share_row(54, 100, level=0.8), "80% CI"),
        (claim(**OBSERVED), share_row(54, 90, **OBSERVED), "rated, 54 (60%)"),
        (claim(**OBSERVED), share_row(54, 90, n_missing=1, **OBSERVED),
         "1 more who started had no rating and is not in it."),
        (claim(**TWO_POINTS), share_row(54, 90, **TWO_POINTS),
         "had pain lower by at least 2 points of 10 at end of series"),
        (RARE, share_row(1, 100), "at or below the cited 10%"),
        (RARE, share_row(40, 100), "is above the cited 10%"),
        (mean_claim(), number_row(30, 20, 39, level=0.99), "99% CI"),
        (mean_claim(), number_row(-5, -9, -1), "pain was higher by 5.0% on average"),
        (mean_claim(**MEDIAN), number_row(30, 20, 39, **MEDIAN),
         "median of each patient's own percent"),
        (mean_claim(**RATIO), number_row(30, 20, 39, **RATIO),
         "the mean pain score was lower by 30.0%"),
        (mean_claim(**EVERYONE), number_row(30, 20, 39, **EVERYONE), "who started"),
        (mean_claim(**EVERYONE), number_row(30, 20, 39, n_missing=1, **EVERYONE),
         "1 had no rating."),
        (duration_claim(), duration_row(9, 3, 10, level=0.9), "90% CI"),
        (duration_claim(), duration_row(8.3, 3.9, 8.6),
         "with at least 30% less pain at the end of the series, half had lost it or had a booster "
         "after 8.3 weeks; 95% CI 3.9 to 8.6 weeks, which holds wherever between two visits "
         "relief ended. That is weeks, not months (8.7 weeks or more)."),
        (duration_claim(), duration_row(None, 6.0, None),
         "the time by which half had lost it or had a booster is not reached within the follow-up; "
         "95% CI 6 weeks to not reached"),
    ],
)  # fmt: skip
def test_what_a_finding_says(asked, row, said):
    found = finding(asked, row)
    assert said in found
    assert "—" not in found
    assert row.level == 0.95 or "95%" not in found


def test_undecided_names_both_numbers():
    said = finding(claim(cited_low=0.6, cited_high=0.75), share_row(96, 148))
    assert re.search(
        r"About [\d,]+ more patients would decide it with 80% probability, were the true value "
        r"the one seen; about [\d,]+, were it in the middle of the cited range \(67\.5%\)\.$",
        said,
    )


@pytest.mark.slow
def test_undecided_on_the_floor():
    said = finding(claim(cited_low=0.6, cited_high=0.75), share_row(89, 148))
    assert re.search(
        r"No realistic number of further patients would decide it at the value seen\. Were the "
        r"true value in the middle of the cited range \(67\.5%\), about 4\d\d more patients would "
        r"decide it with 80% probability\.$",
        said,
    )


def test_means_in_full():
    one = number_row(30.0, 25.1, 34.8, n=119, n_missing=10)
    assert finding(mean_claim(), one) == (
        "In 119 patients with complex regional pain syndrome rated at end of series, pain was "
        "lower by 30.0% on average (mean of each patient's own percent); 95% CI 25.1% to "
        "34.8%. 10 more who started had no rating and are not in it. All of the interval is "
        "below the cited 40%."
    )


def test_one_patient_has_no_interval():
    one = number_row(50.0, None, None, n=1, level=None,
                     notes="one_patient")  # fmt: skip
    assert finding(mean_claim(), one) == (
        "In 1 patient with complex regional pain syndrome who started, at end of series, pain was "
        "lower by 50.0% on average (mean of each patient's own percent); there is no interval. "
        "There is no interval, so there is no verdict. One patient: there is no interval."
    )


@pytest.mark.parametrize(
    "nobody",
    [
        share_row(0, 0),
        share_row(1, 2)._replace(value=None, low=None, high=None, status="not estimable", n=12,
                                 n_missing=12, n_events=None, notes="nobody_seen"),
    ],
    ids=["no patients", "nobody rated"],
)  # fmt: skip
def test_no_answer_is_said_and_never_as_zero(nobody):
    said = finding(claim(), nobody)
    assert said.startswith("These data cannot answer it. ")
    assert "0%" not in said


def test_middle_of_a_range_by_hand():
    assert middle_of_cited(0.6, 0.75) == 0.675
    assert middle_of_cited(0.7, 0.85) == 0.775
    assert middle_of_cited(40.0, 60.0) == 50.0
    assert middle_of_cited(2.0, None) is None
    assert middle_of_cited(None, 0.1) is None


def every_sentence():
    """All kinds of claim and row against each other: some hundred sentences."""
    for k, n, missing in product((0, 1, 5, 66, 100), (1, 6, 100), (0, 1, 3)):
        if k + missing <= n:
            yield finding(claim(), share_row(k, n, n_missing=missing))
    for value, half, n in product((-20, 0, 30, 39, 50, 80), (0.5, 15), (2, 50)):
        yield finding(mean_claim(), number_row(value, value - half, value + half, n=n))
    for value, high in product((None, 1, 2, 9, 30), (None, 40)):
        one = duration_row(value, None if value is None else value / 2, high if value else None)
        yield finding(duration_claim(), one)
    for definition in ("booster_as_loss", "booster_as_censoring", "booster_ignored"):
        keys = {"definition": definition}
        yield finding(duration_claim(**keys), duration_row(9, 3, 12, **keys))


@pytest.mark.slow
def test_no_sentence_speaks_of_causes_or_prints_what_is_no_number():
    said = list(every_sentence())
    assert len(said) > 60
    for sentence in said:
        assert not STRICT_CAUSAL.search(sentence), sentence
        assert not re.search(r"None|nan|inf\b|—|  ", sentence), sentence
        assert sentence.endswith("."), sentence
        assert "interval" in sentence or "cannot answer" in sentence


def test_the_causal_pattern_can_fail():
    for bad in ("Ketamine causes relief.", "It worked.", "Pain improved.", "a proven effect"):
        assert STRICT_CAUSAL.search(bad)


# durations

CLOSER_VISITS = (
    "No number of further patients can be named: part of the interval is the time between two "
    "visits, which only closer visits narrow."
)


def often_row(week: str, value: float | None, low: float | None, high: float | None):
    return duration_row(value, low, high, measure="relieved_share", visit=week, unit="share",
                        status="estimated" if value is not None else "not estimable")  # fmt: skip


def finding_of(*rows, asked=None):
    return judge(asked or duration_claim(), *rows).sentence


HEAD = duration_row(8.0, 6.0, 12.0)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.5, 0.8, "often"),
        (0.45, 0.8, "undecided"),
        (0.2, 0.49, "not often"),
        (0.2, 0.5, "undecided"),
    ],
)
def test_often_is_at_least_half(low, high, word):
    said = finding_of(HEAD, often_row("week_2", (low + high) / 2, low, high))
    ends = f"{low * 100:.0f}% to {high * 100:.0f}%"
    assert f"kept it for more than 2 weeks (95% CI {ends}: {word})" in said


def test_both_words_are_looked_at():
    said = finding_of(
        HEAD, often_row("week_2", 0.9, 0.8, 0.95), often_row("week_8.7", 0.4, 0.3, 0.45)
    )
    assert (
        "“Often” read as at least half of them: 90% kept it for more than 2 weeks (95% CI "
        "80% to 95%: often); 40% kept it for more than 8.7 weeks (95% CI 30% to 45%: "
        "not often)."
    ) in said


def test_a_share_without_interval_decides_nothing():
    said = finding_of(HEAD, often_row("week_2", 1.0, None, None))
    assert "100% kept it for more than 2 weeks (no interval: undecided)" in said
    assert "—" not in said


def test_a_share_not_known_is_left_out():
    assert "Often" not in finding_of(HEAD, often_row("week_2", None, None, None))
    assert "Often" not in finding_of(HEAD)


@pytest.mark.parametrize(
    "changed",
    [
        {"population": "all_starters"},
        {"condition": "fbss"},
        {"group_by": "site", "group": "north"},
        {"definition": "booster_ignored"},
        {"threshold_pct": 50.0},
    ],
)
def test_a_share_of_other_patients_is_left_out(changed):
    assert "Often" not in finding_of(HEAD, often_row("week_2", 0.9, 0.8, 0.95)._replace(**changed))


def four(**changed):
    made = {
        "booster_as_loss": (8.0, 6.0, 12.0),
        "booster_competing": (9.0, 7.0, 14.0),
        "booster_as_censoring": (9.5, 7.0, None),
        "booster_ignored": (11.0, 8.0, 20.0),
    } | changed
    return [duration_row(*numbers, definition=name) for name, numbers in made.items()]


def test_all_four_readings_with_their_range():
    assert (
        "By how boosters are read, the median is 8 weeks (6 to 12 weeks) if a booster ends relief; "
        "9 weeks (7 to 14 weeks) if boosters compete with loss; 9.5 weeks (7 weeks to not reached) "
        "if nothing is known after a booster; 11 weeks (8 to 20 weeks) if boosters are ignored "
        "(range 8 weeks to 11 weeks); the verdict is the same in all."
    ) in finding_of(*four())


def test_verdicts_and_ranges_that_hang_on_the_reading_say_so():
    said = finding_of(*four(booster_as_loss=(3.0, 1.0, 5.0)))
    assert "the verdict is not the same: undecided if a booster ends relief; meets if" in said
    said = finding_of(*four(booster_competing=(None, 9.0, None)))
    assert "not reached if boosters compete with loss" in said
    assert "(range 8 weeks to not reached)" in said
    at_most = finding_of(*four(), asked=duration_claim(cited_low=None, cited_high=13.0))
    assert "the verdict is not the same: meets if a booster ends relief" in at_most


def test_readings_that_agree_are_not_listed_and_one_alone_is_not_compared():
    alike = [duration_row(8.0, 6.0, 12.0, definition=one.definition) for one in four()]
    assert "How boosters are read makes no difference to it." in finding_of(*alike)
    assert "boosters are read" not in finding_of(HEAD)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (9.0, 30.0, "That is months."),
        (8.7, None, "That is months."),
        (2.0, 8.6, "That is weeks, not months (8.7 weeks or more)."),
        (0.5, 1.9, "That is less than weeks (2 or more)."),
        (0.0, 8.0, "That is not months (8.7 weeks or more); whether it is weeks (2 or more) is "
                   "undecided."),
        (4.0, 12.0, "That is weeks at least; whether it is months (8.7 weeks or more) is "
                    "undecided."),
        (0.0, None, "Whether it is weeks (2 or more), or months (8.7 weeks or more), is "
                    "undecided."),
    ],
)  # fmt: skip
def test_weeks_or_months(low, high, said):
    assert said in finding_of(duration_row(max(low, 1.0), low, high))


def test_no_interval_bears_no_word_out():
    said = finding_of(duration_row(3.0, None, None))
    assert "there is no interval." in said
    assert "That is" not in said
    assert "which holds" not in said


def test_no_number_of_patients_closes_the_gap_between_visits():
    got = judge(duration_claim(), duration_row(3.0, 0.0, 8.0))
    assert (got.verdict, got.further_patients, got.further_patients_if_cited) == (
        "undecided", None, None,
    )  # fmt: skip
    assert got.reason == CLOSER_VISITS
    assert CLOSER_VISITS in got.sentence


# departures


def departures(asked, **changed) -> str:
    return describe_departures(asked, AnalysisSettings(**changed))


def test_the_suites_own_settings_depart_from_nothing():
    for asked in (claim(), mean_claim(), duration_claim()):
        assert departures(asked) == ""


@pytest.mark.parametrize(
    ("changed", "said", "touches"),
    [
        ({"minimum_baseline_score": 5.5}, "the least baseline pain is 5.5", "SMD"),
        ({"series_gap_days": 14}, "a series ends at a gap of more than 14 days", "SMD"),
        ({"baseline_window_days": 7}, "the baseline is of the 7 days up to day 0", "SMD"),
    ],
)
def test_a_setting_departs_from_the_readings_it_touches(changed, said, touches):
    asked = {"S": claim(), "M": mean_claim(), "D": duration_claim()}
    for kind, one in asked.items():
        wanted = f"This run departs from the reading: {said}." if kind in touches else ""
        assert departures(one, **changed) == wanted


def test_what_a_reading_fixes_itself_departs_from_nothing():
    """Visit, threshold, rule of loss, clock and booster of a claim are those of its reading."""
    own = {"analysis_visit": "week_12", "responder_threshold_pct": 50.0, "loss_rule": "confirmed",
           "relief_clock": "first_response", "booster_strategy": "ignored"}  # fmt: skip
    for asked in (claim(), mean_claim(), duration_claim()):
        assert departures(asked, **own) == ""


def test_several_are_one_sentence():
    said = departures(
        duration_claim(), minimum_baseline_score=5.0, baseline_window_days=7, series_gap_days=14
    )
    assert said.count("departs") == 1
    assert said.count(";") == 2


def test_seed_and_replicates_are_no_definitions():
    assert departures(duration_claim(), seed=1, bootstrap_replicates=500) == ""


def test_only_an_answer_departs():
    own = SETTINGS.model_copy(update={"series_gap_days": 14})
    asked = [duration_claim(), claim()]
    rows = [duration_row(8, 6, 12), share_row(0, 0)]
    duration, share = judge_claims(asked, frame(*rows), settings=own)
    assert "departs" in duration.sentence
    assert "departs" not in share.sentence  # no patient: there is nothing that could depart


# may say

CHECKS = rules_of_checks(RULES)
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


def said(*rows, asked=None, absent=()):
    asked, results = asked or claim(), frame(*rows)
    judgement, row = judge_claim(asked, results, absent=absent)
    return write_may_say(asked, judgement, row, results, provenance=HERE)


def test_a_responder_rate_in_full():
    other = share_row(35, 137, threshold_pct=50.0, n_missing=14)
    saying = said(share_row(74, 137, n_missing=14), other)
    assert saying.states_result
    assert saying.text == (
        "Of 137 patients with complex regional pain syndrome who started, 74 (54%) had at least "
        "30% less pain at end of series; 95% CI 46% to 62%; 35 (26%) had at least 50% less pain; "
        "14 had no rating; no control group."
    )


def test_the_shared_note_in_full():
    assert write_note(HERE) == (
        "Source: records of \u201ctyped\u201d, infusions from January 2, 2025 to March 4, 2026. "
        "There was no control group, so the figures do not say why pain changed. A booster before "
        "the visit counts as no response; averages include ratings after a booster. A patient who "
        "is no longer rated counts up to the last rating. Ratings go to end of series. Ketamine is "
        "approved as an anesthetic; its use for pain is off-label. The FDA warns of these risks: "
        "misuse, mental health effects, higher blood pressure, slow breathing and bladder problems."
    )


def test_the_note_reads_at_about_grade_nine():
    """Flesch-Kincaid (Kincaid 1975, RBR 8-75), syllables as groups of vowels."""
    text = write_note(HERE).replace(";", ".")
    words = re.findall(r"[A-Za-z]+", text)
    sentences = len(re.findall(r"[.](?:\s|$)", text))
    syllables = sum(
        max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower())))) for word in words
    )
    grade = 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59
    assert grade < 9.5


@pytest.mark.parametrize("n", [1, 9])
def test_of_fewer_than_ten_nothing_is_said(n):
    saying = said(share_row(n, n))
    assert not saying.states_result
    assert saying.text == (
        "Our records bear out no sentence on this: fewer than 10 patients are in it, too few to "
        "say anything of others."
    )
    assert said(share_row(10, 10)).states_result


def test_nobody_and_no_result():
    assert not said(share_row(0, 0)).states_result
    assert said(absent={"crps"}).text == (
        "Our records bear out no sentence on this: The export has no patients with complex "
        "regional pain syndrome."
    )


def test_a_name_cannot_break_out_of_its_quotation_marks():
    for name in ('A" cure. Source: records of "B', "A\u201d guaranteed cure \u201cB", "\u202ex\n"):
        text = Provenance(name=name).sentence
        assert text.count("\u201c") == text.count("\u201d") == 1
        assert '"' not in text and "\n" not in text and "\u202e" not in text


def control(row, *rows, allocation="unknown", asked=None) -> str:
    asked, here = asked or claim(), replace(HERE, allocation=allocation)
    judgement, _ = judge_claim(asked, frame(row))
    judged = replace(judgement, verdict="undecided")
    return write_may_say(asked, judged, row, frame(*rows), provenance=here).text


DRUG = share_row(26, 56, group_by="arm", group="amitriptyline")
PLACEBO = share_row(28, 66, group_by="arm", group="placebo")


def test_control_group_only_where_there_is_one():
    assert control(share_row(26, 56), PLACEBO).endswith("; no control group.")
    assert control(DRUG, DRUG).endswith("; no control group.")
    assert control(DRUG, DRUG, PLACEBO).endswith(
        "; arm 'placebo': 28 of 66 (42%), 95% CI 31% to 54%; randomized: unknown."
    )
    said = control(DRUG, DRUG, PLACEBO._replace(visit="week_4"))
    assert "arm 'placebo': no such figure" in said
    assert "no control group" not in said


def test_figures_of_all_patients_say_that_arms_are_together():
    said = control(share_row(54, 122), share_row(54, 122), DRUG, PLACEBO, allocation="randomized")
    assert said.endswith("; patients of different arms (randomized) are counted together.")
    assert "no control group" not in said


@pytest.mark.parametrize(
    ("allocation", "said"),
    [
        ("randomized", "Patients were randomized to the arms ('a', 'b'); the difference is not "
                       "tested here."),
        ("not_randomized", "Patients were not randomized to the arms ('a', 'b'), which may differ "
                           "in other ways; the difference is not tested here."),
        ("unknown", "The records do not say whether patients were randomized to the arms "
                    "('a', 'b'); the difference is not tested here."),
    ],
)  # fmt: skip
def test_every_sentence_on_arms_says_the_allocation(allocation, said):
    assert describe_allocation(allocation, ["a", "b"]) == said
    assert said in write_note(replace(HERE, allocation=allocation), ["a", "b"])
    *_, last = write_summary("Typed.", [], allocation=allocation, arms=["a", "b"])
    assert last[2].endswith(said)
    alone = describe_allocation(allocation, ["a"])
    assert "no control group" in alone
    assert "do not say why pain changed" in alone


def test_subgroups_by_allocation():
    assert "not to subtypes" in describe_subgroups("randomized")
    assert "were not randomized to them" in describe_subgroups("not_randomized")
    assert "do not say whether" in describe_subgroups("unknown")
    assert "by chance" not in "".join(map(describe_subgroups, ("randomized", "unknown")))


def kept_row(n_events: int, n: int, value: float, **keys):
    """A share that kept relief to week 12; its events are those seen with relief."""
    return duration_row(value, 0.01, 0.99, measure="relieved_share", visit="week_12", unit="share",
                        n=n, n_events=n_events, **keys)  # fmt: skip


def test_arms_that_kept_relief_are_compared_like_for_like():
    """Drug: 8 of 10 kept it, 2 lost it; placebo: 1 of 6 kept it and 5 lost it."""
    drug = kept_row(8, 10, 0.8, group_by="arm", group="drug")
    placebo = kept_row(1, 6, 1 / 6, group_by="arm", group="placebo")
    began = {"group_by": "arm", "group": "placebo"}
    said = control(drug, drug, placebo, share_row(6, 12, **began), asked=kept_claim())
    assert "; arm 'placebo': 1 of 6, 95% CI 1% to 99%; they are 6 of 12 (50%) who started" in said


def test_a_median_not_reached_in_the_other_arm_is_stated():
    drug = duration_row(11.5, 4.0, None, n=15, group_by="arm", group="drug")
    sham = duration_row(None, None, None, n=5, group_by="arm", group="sham", level=None)
    said = control(drug, drug, sham, asked=duration_claim())
    assert "arm 'sham': not reached, no interval" in said
    assert "no control group" not in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (kept_row(15, 20, 0.75), "15 of 20 (75%) kept it to week 12 without a booster"),
        (kept_row(0, 20, 0.0), "0 of 20 (0%) kept it"),
        (kept_row(11, 20, 0.62), "62% (estimated) kept it"),  # some were not looked at
        (kept_row(1, 12, 1 / 12, population="all_starters"),
         "who started, 1 of 12 (8%) had at least 30% less pain at the end of the series and kept "
         "it to week 12 without a booster"),
        (kept_row(3, 4, 0.75, definition="booster_ignored"), "with boosters or without"),
    ],
)  # fmt: skip
def test_a_share_that_kept_relief_prints_who_kept_it(row, said):
    assert said in describe_result(kept_claim(), row)


@pytest.mark.slow
def test_an_export_without_infusions_says_what_was_rated():
    text = {one.claim_id: one for one in bare_ledger().judgements}["C161"]
    assert text.sayable and "Of 12 patients of all conditions who started, 11 (92%)" in text.may_say


@pytest.mark.slow
@pytest.mark.parametrize("name", LEDGERS)
def test_every_claim_has_a_sentence_or_the_reason_why_none(name):
    for one in LEDGERS[name]().judgements:
        assert one.may_say.endswith("."), one.claim_id
        refused = one.may_say.startswith("Our records bear out no sentence on this: ")
        assert refused != one.sayable, one.claim_id
        assert bool(one.say_note) == one.sayable
        if one.sayable:
            most = MOST_WITH_ARMS if "arm '" in one.may_say else MOST_WORDS
            assert len(one.may_say.split()) <= most, one.may_say
        if one.verdict == "not testable" and one.answer == "computed":
            assert not one.sayable, one.claim_id


@pytest.mark.slow
@pytest.mark.parametrize("name", LEDGERS)
def test_no_sentence_makes_the_treatment_the_reason(name):
    for one in LEDGERS[name]().judgements:
        assert not CAUSAL.search(one.may_say), (one.claim_id, one.may_say)


@pytest.mark.slow
@pytest.mark.parametrize("name", LEDGERS)
def test_no_stated_result_lacks_anything_that_can_be_checked(name):
    pairs = zip(OWN, LEDGERS[name]().judgements, strict=True)
    stated = [pair for pair in pairs if pair[1].sayable]
    assert stated
    for claim_, one in stated:
        text = f"{one.may_say} {one.say_note}"
        found = check_sentence(text, CHECKS, kind=claim_.kind, measure=claim_.measure)
        assert found == (), (one.claim_id, text)
        assert "these patients do not exist" in one.say_note


@pytest.mark.slow
@pytest.mark.parametrize("name", LEDGERS)
def test_no_note_to_paste_is_longer_than_150_words(name):
    for one in LEDGERS[name]().judgements:
        text = write_mail(one, synthetic=True)
        assert len(text.split()) <= MAIL_WORDS, text
        assert "Verdict: " in text and "What may be said: " in text


@pytest.mark.slow
def test_what_a_run_writes_fits_its_schema_and_comes_back_the_same(tmp_path):
    judgements = bare_ledger().judgements
    path = write_claims(tmp_path / "results", judgements)
    written = json.loads(path.read_text(encoding="utf-8"))
    assert len(written) == 161
    schema = json.loads((path.parent / "claims.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(written)
    assert read_claims(tmp_path / "results") == judgements
    assert [one.claim_id for one in headlines_of(judgements)] == ["C043", "C044", "C045", "C046"]


@pytest.mark.slow
def test_the_clinic_by_hand():
    """Ten starters: one, two, three, five have 30% less pain, one has 50%, eight and nine are
    not rated or have no baseline."""
    text = {one.claim_id: one for one in clinic_ledger().judgements}
    assert text["C043"].may_say.startswith(
        "Of 10 patients with complex regional pain syndrome who started, 4 (40%) had at least "
        "30% less pain at end of series; 95% CI 17% to 69%; 1 (10%) had at least 50% less pain; "
        "2 had no rating"
    )
    assert text["C045"].reason == "The export has no patients with neuropathic pain."
    assert text["C001"].may_say == (
        "Our records bear out no sentence on this: only published studies could answer it."
    )
    assert text["C060"].may_say == (
        "Our records bear out no sentence on this: the suite reads no such records yet (timed "
        "vital signs)."
    )


@pytest.mark.slow
def test_two_arms_are_stated_together():
    text = {one.claim_id: one for one in arms_ledger().judgements}
    for name in ("C043", "C091", "C156", "C161"):
        assert "no control group" not in text[name].may_say
        assert "; arm 'placebo': " in text[name].may_say
        assert "randomized: unknown" in text[name].may_say
    assert "arm 'placebo': 3 of 14 (21%)" in text["C043"].may_say


@pytest.mark.slow
def test_dates_are_of_infusions_or_else_of_ratings(tmp_path):
    """No dates are on record only where no infusion and no rating has one."""
    dated = "patient_id,assessed_on,score\nA,2026-03-01,8\nA,2026-03-12,4\nB,2026-03-02,6\n"
    people = "patient_id,condition,enrolled_on\nA,crps,2026-03-01\nB,crps,2026-03-02\n"
    given = "patient_id,infused_at\nA,2026-03-01\nA,2026-03-05\nB,2026-03-02\n"
    files = {"pain_scores.csv": dated, "patients.csv": people}
    rated = provenance_of(derive(load(tmp_path / "a", files)))
    dates = (rated.dated, rated.first_date, rated.last_date)
    assert dates == ("ratings", "2026-03-01", "2026-03-12")
    assert "ratings from" in rated.sentence and "no dates" not in rated.sentence
    treated = provenance_of(derive(load(tmp_path / "b", {**files, "infusions.csv": given})))
    assert (treated.dated, treated.last_date) == ("infusions", "2026-03-05")
    assert "no dates on record" in provenance_of(derive(load(tmp_path / "c"))).sentence


@pytest.mark.slow
def test_the_demo_states_results_that_lack_nothing_and_make_nothing_the_reason():
    """All figures of the bundled export but for those of relief, which the clinic has."""
    study = open_study(export="data/demo", settings={"bootstrap_replicates": 200})
    results = pd.concat([results_of(study), estimate_testimonials(OWN, study)], ignore_index=True)
    stated, provenance = 0, provenance_of(study)
    note = write_note(provenance)
    assert "these patients do not exist" in note
    for one in OWN:
        judgement, row = judge_claim(one, results)
        saying = write_may_say(one, judgement, row, results, provenance=provenance)
        assert not CAUSAL.search(saying.text), (one.claim_id, saying.text)
        if saying.states_result:
            stated += 1
            text = f"{saying.text} {note}"
            found = check_sentence(text, CHECKS, kind=one.kind, measure=one.measure)
            assert found == (), (one.claim_id, saying.text)
            assert len(saying.text.split()) <= MOST_WORDS, saying.text
    assert stated > 25


# ledger


def test_a_list_has_a_line_a_claim_and_a_tally():
    text = list_claims(select_claims(OWN, condition="fbss"))
    assert text.startswith("C020  fbss")
    assert "\n\n2 claims: 1 evidence_only (" in text
    assert "1 claim: " in list_claims(select_claims(OWN, condition="fbss", kind="headline"))
    assert list_claims(()) == "No claim passes these filters."
    assert all(len(line) <= 110 for line in list_claims(OWN).splitlines())


def test_one_claim_explained():
    text = explain_claim(OWN, " c043 ", rules=RULES)
    for part in (
        "70-85% of CRPS patients experience significant pain reduction",
        "“Evidence and Clinical Results”",
        "The cited 70% to 85%.",
        "Source not cited",
        "thresholds 30 and 50 percent",
        "IMMPACT-01",
    ):
        assert part in " ".join(text.split()), part
    assert "IMMPACT-01" not in explain_claim(OWN, "C043")


def test_a_claim_without_records_names_the_table():
    assert "(infusions.monitoring)" in explain_claim(OWN, "C060")
    assert "CIOMS" in explain_claim(OWN, "C125")


def test_every_claim_can_be_explained():
    for one in OWN:
        text = explain_claim(OWN, one.claim_id, rules=RULES)
        assert max(map(len, text.splitlines()[1:]), default=0) <= 98
        assert text.count("\n\n") >= 3


def test_an_id_that_does_not_exist():
    with pytest.raises(LedgerError, match="no claim 'C999' in the ledger"):
        explain_claim(OWN, "C999")


def test_markup_and_control_characters_of_a_ledger_are_not_passed_on():
    nasty = bare_claim("opinion", wording="good\x1b[31m \u202e words")
    text = explain_claim([nasty], "T1")
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(("n", "most"), [(1, "95.0%"), (100, "3.0%"), (1000, "0.3%")])
def test_rule_of_three(n, most):
    """Hanley and Lippman-Hand (1983): 0 of 100 is compatible with 3%; one patient with 95%."""
    none_seen = treated("flag_share", "active_psychosis", 0, n, condition="crps")
    said = judge(flag_claim(), none_seen).sentence
    assert f"were the true share {most} (the rule of three), none of" in said


def test_the_summary_to_paste_into_a_mail():
    first, second, last = write_summary("Typed: 100 patients.", [judge(claim(), share_row(5, 100))])
    assert first == ("data", "all", "Typed: 100 patients.")
    assert second[:2] == ("claim_T1", "crps")
    assert second[2].startswith('"70-85% of CRPS patients respond": falls short. Of 100 patients')
    assert "There was no control group" in last[2]


def test_a_ceiling_without_a_word_is_named():
    most = flag_claim(frequency="", cited_low=None, cited_high=0.05)
    assert judge(
        most, treated("flag_share", "active_psychosis", 0, 200, condition="crps")
    ).sentence == (
        "Of 200 patients with complex regional pain syndrome treated, none (0%) had an active "
        "psychosis; 95% CI 0% to 2%. All of the interval is at or below the cited 5%."
    )
    none = flag_claim(frequency="", cited_low=None, cited_high=0.0)
    seen = judge(none, treated("flag_share", "active_psychosis", 1, 200, condition="crps"))
    assert seen.sentence.endswith("95% CI 0.1% to 3%. There is one.")


def test_boosters_a_mean_month_to_a_quarter_apart_have_a_sentence():
    counts = treated("booster_gap_share", "mean_month_to_quarter", 9, 40, population="boosted")
    assert "9 (23%) had them 30.4 to 91.3 days apart" in describe_result(
        claim(condition="all"), counts
    )
