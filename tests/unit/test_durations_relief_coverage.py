"""The coverage simulation: its truths, its visits, and a small run of its page."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.simulate.relief_coverage import (
    VISITS,
    even_weeks,
    measure,
    scenarios,
    visit_intervals,
    weibull_weeks,
    write_page,
)

SAMPLED = 0.05  # four standard errors of a mean of 400,000 draws with spread below 8


@pytest.mark.parametrize("index", [0, 1])
def test_true_numbers_against_draws(index):
    truth = scenarios()[index]
    weeks = truth.draw(np.random.default_rng(3), 400_000)
    assert np.median(weeks) == pytest.approx(truth.median, abs=SAMPLED)
    assert np.minimum(weeks, 26).mean() == pytest.approx(truth.mean, abs=SAMPLED)
    assert (weeks > 4).mean() == pytest.approx(truth.shares[0], abs=0.003)


def test_both_truths_agree_at_the_visits():
    rng = np.random.default_rng(4)
    one, two = weibull_weeks(rng, 400_000), even_weeks(rng, 400_000)
    for week in VISITS:
        assert (one > week).mean() == pytest.approx((two > week).mean(), abs=0.004)


@pytest.mark.parametrize("unseen", [False, True])
def test_visits_bracket_the_truth(unseen):
    rng = np.random.default_rng(5)
    true = weibull_weeks(rng, 2000)
    left, right = visit_intervals(rng, true, unseen=unseen)
    assert np.all((left < true) & (true <= right))
    assert set(np.unique(left)) <= {0.0, *VISITS}


def test_unseen_leaving_hides_losses():
    rng = np.random.default_rng(6)
    true = weibull_weeks(rng, 4000)
    seen = [np.isfinite(visit_intervals(rng, true, unseen=one)[1]).mean() for one in (False, True)]
    assert seen[0] > seen[1] + 0.05


def test_guarded_intervals_hold_the_truth_more_often_than_not():
    held = measure(scenarios()[1], 50, datasets=10, seed=1)
    assert np.mean(held["guarded median"]) >= 0.8
    assert set(held["guarded mean"]) <= {0.0, 1.0}


def test_page_says_how_sure_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.simulate.relief_coverage.SIZES", (30,))
    write_page(tmp_path / "page.md", datasets=4, seed=2)
    text = " ".join((tmp_path / "page.md").read_text(encoding="utf-8").split())
    assert "one standard Monte-Carlo error is 10.9 points" in text
    assert text.count("| 30 |") == 3
    assert "left out for want of an interval" in text
