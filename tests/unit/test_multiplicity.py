"""Many claims: Holm against R and by hand, tests against the intervals they stand for."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import (
    claim,
    duration_claim,
    duration_row,
    frame,
    judge,
    mean_claim,
    number_row,
    results_of,
    share_row,
)
from scipy.stats import norm
from studies import clinic, study

from analysis.claims.intervals import judge_interval
from analysis.claims.judgement import Judgement
from analysis.claims.multiplicity import (
    NO_TEST,
    adjust_holm,
    adjust_verdicts,
    shrink_conditions,
    shrink_small,
)
from analysis.results import make_results, rows_of
from analysis.stats.rates import estimate_share, estimate_share_exact
from analysis.stats.reductions import estimate_mean

PRINTED = 5e-11  # ten decimals of R


def judgement_of(one, row):
    """The judgement of a claim on a row, without the number of further patients."""
    return Judgement(
        claim_id=one.claim_id, wording=one.wording, source=one.source, condition=one.condition,
        reading=one.reading, cited_text=one.cited_text, cited_low=one.cited_low,
        cited_high=one.cited_high, value=row.value, low=row.low, high=row.high, level=row.level,
        n=row.n, unit=row.unit, result_id=row.result_id,
        verdict=judge_interval(row.low, row.high, floor=one.cited_low, ceiling=one.cited_high),
    )  # fmt: skip


def adjust(*pairs):
    """Judge claims, each on a row, and adjust them together."""
    results = frame(*(row for _, row in pairs))
    return adjust_verdicts([judgement_of(*pair) for pair in pairs], results)


def shares(*counts, floor=0.6):
    """One claim a condition, with its row."""
    names = ["crps", "fibromyalgia", "neuropathic", "central", "headache", "fbss"]
    one, typed = claim(cited_low=floor, cited_high=None), share_row(1, 2)
    pairs = []
    for i, ((k, n), name) in enumerate(zip(counts, names[: len(counts)], strict=True)):
        share = estimate_share(k, n)
        numbers = {"value": share.value, "low": share.low, "high": share.high, "n": n}
        row = typed._replace(condition=name, n_events=k, **numbers)
        pairs.append((one.model_copy(update={"claim_id": f"T{i}", "condition": name}), row))
    return pairs


@pytest.mark.slow
def test_holm_matches_r_and_hand():
    """R 4.2.2: p.adjust(c(.01, .04, .03, .005), "holm")."""
    assert adjust_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjust_holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert adjust_holm([]) == [] and adjust_holm([0.7, 0.9]) == [1.0, 1.0]


def test_p_of_a_share_matches_r():
    """R: prop.test(74, 137, p = .7, alternative = "less" / "greater", correct = FALSE)."""
    (got,) = adjust(*shares((74, 137), floor=0.7))
    assert got.test.p_below == pytest.approx(0.0000222337, abs=PRINTED)
    assert got.test.p_above == pytest.approx(0.9999777663, abs=PRINTED)
    assert got.p_holm == pytest.approx(2 * 0.0000222337, abs=2 * PRINTED)
    assert got.adjusted == "falls short"


def test_p_of_an_exact_share_matches_r():
    """R: binom.test(74, 137, .5, alternative = "greater")."""
    estimate = estimate_share_exact(74, 137)
    row = share_row(74, 137, low=estimate.low, high=estimate.high, method=estimate.method)
    (got,) = adjust((claim(cited_low=0.5), row))
    assert got.test.p_above == pytest.approx(0.1964937773, abs=PRINTED)


def test_p_of_a_mean_matches_r():
    """R: t.test(c(10, 20, 60, 45, 30), mu = 20, alternative = "greater")."""
    mean = estimate_mean(pd.Series([10.0, 20, 60, 45, 30]))
    row = number_row(mean.value, mean.low, mean.high, n=mean.n, method=mean.method)
    (got,) = adjust((mean_claim(cited_low=20.0), row))
    assert got.test.p_above == pytest.approx(0.1086983117, abs=PRINTED)


@pytest.mark.slow
def test_holm_takes_a_decision_back_and_says_so_next_to_the_plain_one():
    """p = 0.0226 each way doubled is 0.045: decided alone, not as one of six."""
    many = shares((70, 100), (60, 100), (61, 100), (59, 100), (58, 100), (100, 100))
    got = adjust(*many)
    assert got[0].adjusted == "undecided"
    assert got[5].adjusted == "meets"
    (alone,) = adjust(*shares((70, 100)))
    assert alone.adjusted == "meets"


@pytest.mark.slow
@given(
    st.lists(
        st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([0.1, 0.37, 0.6, 0.85]),
)
@settings(max_examples=12, deadline=None)
def test_adjusting_only_takes_back_and_alone_changes_nothing(counts, floor):
    pairs = shares(*counts, floor=floor)
    judgements = [judgement_of(*pair) for pair in pairs]
    results = make_results([row._asdict() for _, row in pairs])
    for one, got in zip(judgements, adjust_verdicts(judgements, results), strict=True):
        (alone,) = adjust_verdicts([one], results)
        assert alone.adjusted == one.verdict
        assert got.adjusted in (one.verdict, "undecided")
        assert got.p_holm >= alone.p_holm


def test_falling_short_stands_only_as_far_as_with_the_missing_imputed():
    """54 of 100 with 14 missing; imputed 60% (51 to 68.5): the limit judged is 68.5, not 63.4."""
    row = share_row(54, 100, n_missing=14)
    imputed = {"population": "imputed", "value": 0.6, "low": 0.51, "high": 0.685}
    results = frame(row, row._replace(**imputed, n_events=None, method="multiple_imputation"))
    one = judge(claim(), row, row._replace(**imputed, n_events=None, method="multiple_imputation"))
    assert (one.verdict, one.judged_limits[1]) == ("falls short", 0.685)
    (got,) = adjust_verdicts([one], results)
    z = (0.6 - 0.7) / ((0.685 - 0.6) / norm.ppf(0.975))
    assert got.test.p_below == pytest.approx(norm.cdf(z))
    assert got.test.p_below > norm.cdf((0.54 - 0.7) / (0.7 * 0.3 / 100) ** 0.5)
    assert got.adjusted == "falls short"


def test_a_duration_is_read_back_on_the_log_scale_and_agrees_at_the_border():
    """Low end on the floor: one-sided p is 0.025, whatever the scale."""
    (got,) = adjust((duration_claim(), duration_row(6.0, 2.0, 18.0)))
    assert got.test.p_above == pytest.approx(0.025, abs=1e-12)
    assert got.adjusted == "meets"


@pytest.mark.slow
def test_a_verdict_without_a_test_counts_but_does_not_stand():
    """A median not reached has a verdict by its lower limit and no p-value."""
    open_ = (duration_claim(claim_id="T9"), duration_row(None, 5.0, None))
    other = (claim(cited_low=0.6), share_row(70, 100))
    got = adjust(open_, other)
    assert (got[0].p_holm, got[0].test) == (None, NO_TEST)
    assert got[0].adjusted == "undecided"
    (alone,) = adjust(other)
    assert got[1].p_holm == pytest.approx(2 * alone.p_holm)


@pytest.mark.slow
def test_what_is_not_testable_is_no_part_of_the_family():
    nothing = judge(claim(claim_id="T9"))
    (pair,) = shares((70, 100))
    got = adjust_verdicts([nothing, judgement_of(*pair)], frame(pair[1]))
    assert (got[0].adjusted, got[0].p_holm) == ("not testable", None)
    assert got[1] == adjust(pair)[0]
    assert adjust() == ()


@pytest.mark.parametrize(("k", "floor", "verdict"), [(9, 1.0, "falls short"), (0, 0.0, "meets")])
def test_floors_of_none_and_all(k, floor, verdict):
    pair = (claim(cited_low=floor, cited_high=None), share_row(k, 100))
    (got,) = adjust(pair)
    assert judgement_of(*pair).verdict == verdict
    assert 0 <= got.p_holm <= 1


def test_a_ceiling_is_adjusted_in_its_own_direction():
    (got,) = adjust((claim(cited_low=None, cited_high=0.1), share_row(2, 200)))
    assert got.adjusted == "meets"
    assert got.test.p_below < 0.001 < got.test.p_above


def test_limits_of_something_else_than_the_counts_are_read_back():
    """Bounds carry counts, but their interval is not that of the counts."""
    row = number_row(0.5, 0.4, 0.6, unit="share", n_events=20, measure="responder_share",
                     definition="percent_reduction", population="all_starters",
                     threshold_pct=30.0, method="bounds")  # fmt: skip
    (got,) = adjust((claim(cited_low=0.4, cited_high=None), row))
    assert got.test.p_above == pytest.approx(0.025, abs=1e-12)


def test_shrunk_conditions_are_rows_of_their_own():
    """R, as in test_shrinkage: 74 of 137 becomes 0.5294; all together are not shrunk."""
    counts = ((74, 137), (60, 129), (89, 148), (22, 57), (20, 69), (26, 46))
    rows = [row for _, row in shares(*counts)]
    everyone = share_row(291, 586, condition="all")
    results = frame(*rows, everyone)
    got = rows_of(shrink_conditions(results, visit="end"))
    assert [row.condition for row in got] == [row.condition for row in rows]
    assert got[0].value == pytest.approx(0.52939879, abs=5e-8)
    assert {row.definition for row in got} == {"percent_reduction_shrunk"}
    assert all(row.low is None and row.method == "shrunk" for row in got)
    assert not {row.result_id for row in got} & {row.result_id for row in rows}
    small = shrink_small(rows[3], results)
    assert (small.value, small.n) == (got[3].value, 57) and "Shrunk" in small.label
    assert shrink_small(rows[0], results) is None, "137 patients are not few"
    assert shrink_small(None, results) is shrink_small(everyone, results) is None


@pytest.mark.slow
def test_one_condition_is_not_shrunk():
    results = results_of(study(clinic()))
    (got,) = rows_of(shrink_conditions(results, visit="end"))
    assert (got.value, got.status) == (None, "not estimable")
    assert shrink_conditions(frame(), visit="end").empty
