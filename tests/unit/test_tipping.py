"""Tipping points: by hand, by judging every case, and where nothing can tip."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import claim, frame, judge, mean_claim, results_of, share_row
from studies import clinic, patient, study

from analysis.claims.intervals import judge_interval
from analysis.claims.judge import judge_claims
from analysis.claims.tipping import (
    MeanTipping,
    ShareTipping,
    tip_judgement,
    tip_mean,
    tip_row,
    tip_share,
)
from analysis.stats.rates import estimate_share

SAME = 1e-9  # percent points


def test_shares_by_hand():
    """60 of 100, 20 not rated, floor 0.7. R, prop.test(k, 100, correct = FALSE): the upper end
    is 0.6998 at 61 and 0.7090 at 62, the lower one 0.6893 at 78 and 0.7002 at 79."""
    got = tip_share(60, 100, n_missing=20, floor=0.7)
    assert got.verdicts[0] == "falls short"
    assert (got.n_to_stop_falling_short, got.n_to_meet, got.n_to_change) == (2, 19, 2)
    assert (got.summary.n_missing, got.summary.n_could, got.summary.n_to_meet) == (20, 20, 19)
    assert got.sentence == (
        "20 of 100 had no rating; it falls short if fewer than 2 of 20 (10%) responded; to meet "
        "the claim, 19 of 20 (95%) would have to respond; of those rated, 60 of 80 (75%) did."
    )


def test_impossible_is_an_answer():
    got = tip_share(10, 100, n_missing=20, floor=0.7)
    assert (got.n_to_stop_falling_short, got.n_to_meet) == (None, None)
    assert "it falls short even if all of them had responded" in got.sentence
    assert "to meet" not in got.sentence
    closed = tip_share(60, 100, n_missing=20, n_cannot=20, floor=0.7)
    assert closed.n_to_meet is None
    assert "of whom 20 had a booster before and cannot respond" in closed.sentence


def test_a_met_claim_needs_nobody_and_all_rated_has_no_tipping_point():
    met = tip_share(95, 100, n_missing=2, floor=0.7)
    assert (met.n_to_meet, met.n_to_change) == (0, None)
    assert "to meet the claim, none would have to respond" in met.sentence
    all_rated = tip_share(60, 100, n_missing=0, floor=0.7)
    assert all_rated.sentence == "All 100 were rated: nobody's outcome is unknown."


def test_a_ceiling_is_judged_the_other_way_round():
    """At most 10%. R, prop.test: the upper end of 0 of 50 is 0.0713, of 1 of 50 0.1050."""
    got = tip_share(0, 50, n_missing=5, floor=None, ceiling=0.1)
    assert got.verdicts[0] == "meets"
    assert (got.n_to_change, got.verdicts[1]) == (1, "undecided")
    assert "it is 'undecided'" in got.sentence
    flat = tip_share(40, 50, n_missing=5, floor=None, ceiling=0.1)
    assert "stays 'falls short' however many" in flat.sentence


@pytest.mark.slow
@given(
    st.integers(1, 60).flatmap(
        lambda n: st.integers(0, n).flatmap(
            lambda missing: st.tuples(
                st.just(n), st.just(missing), st.integers(0, n - missing), st.integers(0, missing)
            )
        )
    ),
    st.sampled_from([0.2, 0.6, 0.7, 0.95]),
)
def test_shares_by_judging_every_case(counts, floor):
    n, missing, events, cannot = counts
    got = tip_share(events, n, n_missing=missing, n_cannot=cannot, floor=floor)
    said = []
    for more in range(missing - cannot + 1):
        estimate = estimate_share(events + more, n)
        said.append(judge_interval(estimate.low, estimate.high, floor=floor))
    assert list(got.verdicts) == said
    assert got.n_to_meet == (said.index("meets") if "meets" in said else None)
    assert got.sentence.endswith(".")


@pytest.mark.parametrize(
    ("events", "n", "missing", "cannot"), [(5, 4, 0, 0), (3, 4, 2, 0), (0, 4, 2, 3), (0, 0, 0, 0)]
)
def test_counts_that_cannot_be(events, n, missing, cannot):
    with pytest.raises(ValueError, match="cannot be"):
        tip_share(events, n, n_missing=missing, n_cannot=cannot, floor=0.5)


def test_means_by_hand():
    """60 rated: 30 (24 to 36); 20 not rated, a quarter of all. Floor 40: high needs 4 more, so the
    missing 16 more each: 46; low needs 16 more: 64 more each, 94."""
    got = tip_mean(30, 24, 36, n=60, n_missing=20, floor=40)
    assert got.verdict == "falls short"
    assert got.delta_to_stop_falling_short == pytest.approx(16, abs=SAME)
    assert got.delta_to_meet == pytest.approx(64, abs=SAME)
    assert got.best_verdict == "meets"  # 100 for the missing quarter: 47.5 (41.5 to 53.5)
    assert got.summary.delta_to_meet_pct == got.delta_to_meet
    assert got.sentence == (
        "20 had no rating; the 60 rated had a mean reduction of 30.0%; to stop falling short, "
        "their mean would have to be 46.0%, 16.0 points above that of those rated; to meet the "
        "claim, their mean would have to be 94.0%, 64.0 points above that of those rated."
    )


def test_means_that_cannot_tip():
    got = tip_mean(30, 24, 36, n=95, n_missing=5, floor=60)
    assert got.best_verdict == "falls short"
    assert got.sentence.endswith("to stop falling short is impossible, whatever their pain.")
    all_rated = tip_mean(30, 24, 36, n=95, n_missing=0, floor=60)
    assert all_rated.delta_to_meet is None
    assert "nobody's outcome is unknown" in all_rated.sentence


def test_a_met_mean_holds_until_the_missing_are_so_much_worse():
    """Low 45 may fall by 5: the missing tenth by 50, to 0."""
    got = tip_mean(50, 45, 55, n=90, n_missing=10, floor=40)
    assert got.verdict == "meets"
    assert got.delta_to_meet == pytest.approx(-50, abs=SAME)
    assert "met until their mean is 0.0%, 50.0 points below" in got.sentence


@given(
    st.floats(-20, 80), st.floats(0.1, 30), st.integers(1, 200), st.integers(1, 200),
    st.floats(5, 60),
)  # fmt: skip
def test_means_turn_at_the_delta_and_not_before(value, half, n, missing, floor):
    got = tip_mean(value, value - half, value + half, n=n, n_missing=missing, floor=floor)
    part = missing / (n + missing)
    for delta, wanted in ((got.delta_to_meet, "meets"), (got.delta_to_stop_falling_short, None)):
        for step, beyond in ((1e-6, True), (-1e-6, False)):
            moved = part * (delta + step)
            verdict = judge_interval(value - half + moved, value + half + moved, floor=floor)
            reached = verdict == "meets" if wanted else verdict != "falls short"
            assert reached == beyond


def test_impossible_means_are_refused():
    with pytest.raises(ValueError, match="cannot be"):
        tip_mean(30, 24, 36, n=0, n_missing=3, floor=40)
    with pytest.raises(ValueError, match="floor or a ceiling"):
        tip_mean(30, 24, 36, n=9, n_missing=3, floor=None)


@pytest.mark.slow
def test_judgements_of_the_typed_clinic():
    """Ten starters, eight rated at the end or not for want of a baseline: eight and nine are
    unknown; five of the rest respond, ten of them only after a booster."""
    results = results_of(study([*clinic(), patient("boosted", 8, booster_on=11)]))
    asked = {
        "share": claim(),
        "observed": claim(population="observed"),
        "mean": mean_claim(),
        "everyone": mean_claim(population="all_starters"),
    }
    judgements = judge_claims(list(asked.values()), results)
    of = dict(zip(asked, judgements, strict=True))
    got = tip_judgement(of["share"], results)
    assert isinstance(got, ShareTipping)
    assert (got.n, got.n_events) == (11, of["share"].value * 11)
    assert got.n_open == got.n_missing == of["share"].n_missing
    assert tip_judgement(of["observed"], results) == got
    tipped = tip_judgement(of["mean"], results)
    assert isinstance(tipped, MeanTipping)
    assert tipped.value == of["mean"].value
    assert tip_judgement(of["everyone"], results) == tipped


def test_a_booster_before_the_visit_closes_the_question():
    """Of seven, two were not rated; one of them had a booster: the best case is one more."""
    results = frame(share_row(5, 7, n_missing=2), share_row(6, 7, population="best_case"))
    (judged,) = judge_claims([claim()], results)
    got = tip_judgement(judged, results)
    assert (got.n_missing, got.n_open) == (2, 1)


@pytest.mark.slow
@settings(max_examples=30)
@given(st.integers(0, 60), st.integers(0, 30), st.integers(0, 60))
def test_rounded_counts_need_not_add_up(events, missing, best):
    """A release rounds each count by itself: 87 and 3 missing of 147, but 93 in the best case."""
    row = share_row(min(events, 60), 60, n_missing=missing)
    got = tip_row(
        row, frame(row, share_row(best, 60, population="best_case")), floor=0.7, ceiling=None
    )
    assert 0 <= got.n_open <= got.n_missing <= 60 - row.n_events


def test_no_tipping_point_without_a_number():
    assert tip_judgement(judge(claim()), frame()) is None
    alone = share_row(5, 10, population="observed")
    assert tip_judgement(judge(claim(population="observed"), alone), frame(alone)) is None
