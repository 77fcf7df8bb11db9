"""Shared work on relief: made once, the same numbers as without, never that of other data."""

from __future__ import annotations

import pytest
from relief_studies import WEEK, four, responder
from studies import SETTINGS, patient, study

from analysis.outcomes import interval_relief, parametric_relief
from analysis.outcomes.losses import losses_of, spans_of
from analysis.outcomes.relief_bench import ReliefBench, bench_of
from analysis.outcomes.relief_picture import make_picture
from analysis.outcomes.relief_rows import MAKERS, tabulate_relief
from analysis.outcomes.selection import whole_group


def clinic() -> list[dict]:
    """Losses in every gap, boosters, and some who did not respond."""
    out = []
    for place in range(5):
        out += [
            responder(f"a{place}", w4=8),
            responder(f"b{place}", w4=4, w8=8, w12=8),
            responder(f"c{place}", w4=4, w8=4, w12=8, booster_on=WEEK[10]),
            responder(f"d{place}", w4=5, w8=4, w12=5, w26=4),
            patient(f"e{place}", 8, later={WEEK[0]: 7}),
        ]
    return out


@pytest.fixture(scope="module")
def datasets():
    return study(clinic())


def test_a_shared_bench_changes_no_row_and_no_curve(datasets):
    alone = [row for make in MAKERS for row in make(datasets, SETTINGS, "crps")]
    bench = ReliefBench(datasets, SETTINGS, "crps")
    assert list(tabulate_relief(datasets, SETTINGS, "crps", bench=bench)) == alone
    assert list(tabulate_relief(datasets, SETTINGS, "crps", bench=bench)) == alone
    shared = make_picture(datasets, SETTINGS, "crps", bench=bench)
    own = make_picture(datasets, SETTINGS, "crps")
    assert shared.curve is not None and own.curve is not None
    assert shared.curve.mass.tolist() == own.curve.mass.tolist()
    assert shared.mean_count is not None and own.mean_count is not None
    assert shared.mean_count.mean.tolist() == own.mean_count.mean.tolist()
    assert shared.still_followed((0, 4, 12)) == own.still_followed((0, 4, 12))


def test_each_curve_is_resampled_once_and_each_shape_fitted_once(monkeypatch):
    drawn, fitted = [], []

    def draw(curve, **how):
        drawn.append((curve.intervals.left.tobytes(), curve.intervals.right.tobytes(),
                      curve.intervals.counts.tobytes(), how["replicates"], curve.n))  # fmt: skip
        return resample(curve, **how)

    def fit(losses, **how):
        fitted.append(losses)
        return shapes(losses, **how)

    resample, shapes = interval_relief.bootstrap_relief, parametric_relief.fit_shapes
    monkeypatch.setattr(interval_relief, "bootstrap_relief", draw)
    monkeypatch.setattr(parametric_relief, "fit_shapes", fit)
    datasets = study(four())  # nobody boosted: every strategy, and competing, is one curve
    bench = ReliefBench(datasets, SETTINGS, "crps")
    tabulate_relief(datasets, SETTINGS, "crps", bench=bench)
    make_picture(datasets, SETTINGS, "crps", bench=bench)
    assert len(drawn) == len(set(drawn)) + 1  # all four responded: as all starters from a new seed
    assert len(fitted) == 1


def test_groups_keep_their_work_apart(datasets):
    whole, *parts = ReliefBench(datasets, SETTINGS, "all").groups
    assert whole.group.group_by == "all"
    for own in (whole, *parts):
        losses = own.losses("loss")
        assert losses is own.losses("loss")
        assert losses.content == losses_of(spans_of(datasets, own.group), "loss").content
    assert whole.losses("loss").content != whole.losses("ignored").content


def test_a_bench_of_anything_else_is_refused(datasets):
    bench = ReliefBench(datasets, SETTINGS, "crps")
    assert bench_of(datasets, SETTINGS, "crps", bench) is bench
    assert bench_of(datasets, SETTINGS, "crps", None) is not bench
    other = SETTINGS.model_copy(update={"seed": SETTINGS.seed + 1})
    for given in (
        (study(clinic()), SETTINGS, "crps"),
        (datasets, other, "crps"),
        (datasets, SETTINGS, "all"),
    ):
        with pytest.raises(ValueError, match="other"):
            tabulate_relief(*given, bench=bench)


def test_content_tells_losses_apart_by_what_happened(datasets):
    spans = spans_of(datasets, whole_group(datasets, "crps"))
    loss = losses_of(spans, "loss")
    assert loss.content == losses_of(spans.copy(), "loss").content
    assert loss.content != losses_of(spans[::-1], "loss").content
    assert loss.content != loss.with_nonresponders(1).content
