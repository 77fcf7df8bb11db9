"""The sentence of a finding: each odd case in words, and never a word about causes."""

from __future__ import annotations

import re
from itertools import product

import pytest
from studies import claim, duration_claim, duration_row, mean_claim, number_row, share_row

from analysis.claims.judge import judge_claim
from analysis.claims.wording import middle_of_cited

CAUSAL = re.compile(
    r"\b(caus\w*|due to|because|thanks to|lead(s|ing)? to|led to|result(s|ed)? (in|from)|"
    r"effect\w*|prove\w*|proof|work(s|ed)?|help(s|ed)?|reliev\w+ by|treat(s|ed) pain|"
    r"benefit\w*|improv\w+|success\w*|achiev\w+)\b",
    re.IGNORECASE,
)
"""Verbs and nouns by which a before-and-after figure would claim what it cannot show."""


def tell(asked, row, **changed):
    return judge_claim(asked, [row], analysis_visit="end", **changed).sentence


def test_a_share_in_full():
    assert tell(claim(), share_row(54, 100, n_missing=10)) == (
        "Of 100 patients with complex regional pain syndrome who started, 54 (54 %) had at least "
        "30 % less pain at end of series; 95 % interval 44 % to 63 %. 10 were not rated and count "
        "as not responding. All of the interval is below the cited 70 %."
    )


@pytest.mark.parametrize(
    ("n_events", "n", "said"),
    [
        (0, 40, "none (0 %) had"),
        (40, 40, "all 40 (100 %) had"),
        (1, 400, "1 (<1 %) had"),
        (0, 1, "Of 1 patient with complex regional pain syndrome who started, none had"),
        (1, 1, "Of 1 patient with complex regional pain syndrome who started, 1 had"),
        (4, 9, "Of 9 patients with complex regional pain syndrome who started, 4 had"),
        (9, 9, "all 9 had"),
        (5, 10, "5 (50 %) had"),
    ],
)
def test_odd_shares(n_events, n, said):
    assert said in tell(claim(), share_row(n_events, n))


def test_a_share_beside_the_floor_never_looks_like_it():
    """696 of 1,000 is 69.6 %: printed as 70 % beside a floor of 70 % it would mislead."""
    said = tell(claim(), share_row(696, 1000))
    assert "696 (69.6 %)" in said


def test_the_level_is_that_of_the_row():
    said = tell(claim(), share_row(54, 100, level=0.8))
    assert "80 % interval" in said
    assert "95 %" not in said
    assert "99 % interval" in tell(mean_claim(), number_row(30, 20, 39, level=0.99))
    assert "90 % interval" in tell(duration_claim(), duration_row(9, 3, 10, level=0.9))


def test_observed_and_two_points_say_what_they_are():
    said = tell(claim(population="observed"), share_row(54, 90, population="observed", n_missing=1))
    assert "rated, 54 (60 %)" in said
    assert "1 more who started was not rated and is not in it." in said
    keys = {"definition": "two_points", "threshold_pct": None}
    said = tell(claim(**keys), share_row(54, 90, **keys))
    assert "had pain lower by at least 2 points of 10 at end of series" in said


def test_undecided_names_both_numbers():
    said = tell(claim(cited_low=0.6, cited_high=0.75), share_row(96, 148))
    assert re.search(
        r"About [\d,]+ more patients would decide it with 80 % probability, were the true value "
        r"the one seen; about [\d,]+, were it in the middle of the cited range \(67\.5 %\)\.$",
        said,
    )


def test_undecided_on_the_floor():
    said = tell(claim(cited_low=0.6, cited_high=0.75), share_row(89, 148))
    assert re.search(
        r"No realistic number of further patients would decide it at the value seen\. Were the "
        r"true value in the middle of the cited range \(67\.5 %\), about 4\d\d more patients would "
        r"decide it with 80 % probability\.$",
        said,
    )


def test_a_ceiling_only_is_called_so():
    rare = claim(cited_low=None, cited_high=0.1)
    assert "at or below the cited 10 %" in tell(rare, share_row(1, 100))
    assert "is above the cited 10 %" in tell(rare, share_row(40, 100))


def test_means_in_full():
    row = number_row(30.0, 25.1, 34.8, n=119, n_missing=10)
    assert tell(mean_claim(), row) == (
        "In 119 patients with complex regional pain syndrome rated at end of series, pain was "
        "lower by 30.0 % on average (mean of each patient's own percent); 95 % interval 25.1 % to "
        "34.8 %. 10 more who started were not rated and are not in it. All of the interval is "
        "below the cited 40 %."
    )


def test_means_say_which_mean_and_which_way():
    assert "pain was higher by 5.0 % on average" in tell(mean_claim(), number_row(-5, -9, -1))
    keys = {"definition": "median_of_patients"}
    said = tell(mean_claim(**keys), number_row(30, 20, 39, **keys))
    assert "median of each patient's own percent" in said
    keys = {"definition": "ratio_of_means"}
    assert "the mean pain score was lower by 30.0 %" in tell(
        mean_claim(**keys), number_row(30, 20, 39, **keys)
    )
    keys = {"population": "all_starters"}
    said = tell(mean_claim(**keys), number_row(30, 20, 39, n=50, n_missing=1, **keys))
    assert "who started" in said
    assert "1 was not rated and counts as unchanged." in said


def test_one_patient_has_no_interval():
    row = number_row(50.0, None, None, n=1, level=None,
                     warnings=("One patient: there is no interval.",))  # fmt: skip
    assert tell(mean_claim(), row) == (
        "In 1 patient with complex regional pain syndrome rated at end of series, pain was lower "
        "by 50.0 % on average (mean of each patient's own percent); there is no interval. Without "
        "an interval there is no verdict. One patient: there is no interval."
    )


def test_durations():
    said = tell(duration_claim(), duration_row(8.3, 3.9, 8.6, n=291))
    assert "with at least 30 % less pain at the end of the series" in said
    assert "half had lost it or had a booster after 8.3 weeks" in said
    assert "95 % interval 3.9 to 8.6 weeks" in said
    assert "which holds wherever between two visits relief ended" in said
    assert "weeks, not months (8.7 weeks or more)" in said
    assert "That is months." in tell(duration_claim(), duration_row(20, 9, 30))
    across = tell(duration_claim(), duration_row(9, 6, 12))
    assert "months (8.7 weeks or more) is undecided" in across


def test_durations_not_reached():
    said = tell(duration_claim(), duration_row(None, 6.0, None))
    told = "the time by which half had lost it or had a booster is not reached within the follow-up"
    assert told in said
    assert "95 % interval 6 weeks to not reached" in said
    assert "—" not in said


@pytest.mark.parametrize(
    "row",
    [
        share_row(0, 0),
        share_row(0, 0).__class__(
            **{
                **{f: getattr(share_row(1, 2), f) for f in share_row(1, 2).__dataclass_fields__},
                "value": None, "low": None, "high": None, "status": "not estimable", "n": 12,
                "n_missing": 12, "n_events": None, "warnings": ("Nobody was rated at this visit.",),
            }
        ),
    ],
    ids=["no patients", "nobody rated"],
)  # fmt: skip
def test_no_answer_is_said_and_never_as_zero(row):
    said = tell(claim(), row)
    assert said.startswith("These data cannot answer it. ")
    assert "0 %" not in said


def test_middle_of_a_range_by_hand():
    assert middle_of_cited(0.6, 0.75) == 0.675
    assert middle_of_cited(0.7, 0.85) == 0.775
    assert middle_of_cited(40.0, 60.0) == 50.0
    assert middle_of_cited(2.0, None) is None
    assert middle_of_cited(None, 0.1) is None


def every_sentence():
    """All kinds of claim and row against each other: some hundred sentences."""
    for k, n, missing in product((0, 1, 5, 66, 100), (1, 6, 100), (0, 1, 3)):
        if k <= n:
            yield tell(claim(), share_row(k, n, n_missing=missing))
    for value, half, n in product((-20, 0, 30, 39, 50, 80), (0.5, 15), (2, 50)):
        yield tell(mean_claim(), number_row(value, value - half, value + half, n=n))
    for value, high in product((None, 1, 2, 9, 30), (None, 40)):
        row = duration_row(value, None if value is None else value / 2, high if value else None)
        yield tell(duration_claim(), row)
    for definition in ("booster_as_loss", "booster_as_censoring", "booster_ignored"):
        keys = {"definition": definition}
        yield tell(duration_claim(**keys), duration_row(9, 3, 12, **keys))


def test_no_sentence_speaks_of_causes_or_prints_what_is_no_number():
    said = list(every_sentence())
    assert len(said) > 60
    for sentence in said:
        assert not CAUSAL.search(sentence), sentence
        assert not re.search(r"None|nan|inf\b|—|  ", sentence), sentence
        assert sentence.endswith("."), sentence
        assert "interval" in sentence or "cannot answer" in sentence


def test_the_causal_pattern_can_fail():
    for bad in ("Ketamine causes relief.", "It worked.", "Pain improved.", "a proven effect"):
        assert CAUSAL.search(bad)
