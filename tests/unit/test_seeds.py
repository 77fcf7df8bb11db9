"""Chance: the same patients and quantity have the same, whatever they are called."""

from __future__ import annotations

import pandas as pd
import pytest
from relief_studies import relief_groups
from studies import SETTINGS, responder, study

from analysis.errors import EstimationError
from analysis.labels import METHODS
from analysis.numbers import count_text
from analysis.results import find, make_results, rows_of
from analysis.stats.reductions import estimate_mean_bca
from analysis.stats.relief import MOST_REPLICATES, relief_rows
from analysis.stats.seeds import seeded

CHANGES = pd.Series([30.0, 55.0, 10.0, 80.0, 41.0])


def drawn(*args) -> int:
    return int(seeded(*args).integers(1 << 60))


def test_order_index_zeros_and_rounding_do_not_matter():
    first = drawn(7, "mean", CHANGES)
    assert drawn(7, "mean", CHANGES[::-1]) == first
    assert drawn(7, "mean", CHANGES.to_numpy() + 1e-13) == first
    assert drawn(7, "mean", [*CHANGES, None]) == first  # not resampled
    assert drawn(7, "mean", [0.0, 1.0]) == drawn(7, "mean", [1.0, -0.0])
    assert drawn(7, "pairs", [1, 2], [3, 4]) == drawn(7, "pairs", [2, 1], [4, 3])


def test_quantities_patients_and_seeds_have_chances_of_their_own():
    seen = {
        drawn(7, "mean", CHANGES),
        drawn(7, "median", CHANGES),
        drawn(8, "mean", CHANGES),
        drawn(7, "mean", CHANGES[1:]),
        drawn(7, "mean", CHANGES + 1e-6),
        drawn(7, "pairs", [1, 2], [3, 4]),
        drawn(7, "pairs", [1, 2], [4, 3]),
    }
    assert len(seen) == 7


def test_what_has_no_patients_to_seed_is_named():
    with pytest.raises(EstimationError, match="values are needed"):
        seeded(7, "mean")
    with pytest.raises(EstimationError, match="column 1 has 1 rows where 2"):
        seeded(7, "pairs", [1, 2], [3])
    with pytest.raises(EstimationError, match="seed must be a whole number"):
        seeded(None, "mean", [1.0])


@pytest.mark.slow
def test_the_same_patients_have_one_interval_on_a_page():
    """One condition: as itself, and as all conditions together."""
    people = [responder(f"a{i}", w4=4, w8=8 if i % 3 else 4) for i in range(12)]
    people += [responder(f"b{i}", w4=8) for i in range(6)]
    groups = relief_groups(study(people))
    tables = []
    for condition in ("all", "crps"):
        group, own = groups[condition, "all", "all"]
        tables.append(find(make_results(relief_rows(own, group)), condition=condition))
    first, second = (
        [(r.measure, r.definition, r.visit, r.value, r.low, r.high) for r in rows_of(table)]
        for table in tables
    )
    assert first == second
    assert any(low != high for *_, low, high in first)


def test_a_bca_interval_is_one_with_its_patients():
    def interval(values):
        found = estimate_mean_bca(values, rng=seeded(SETTINGS.seed, "mean", values))
        return found.low, found.high

    assert interval(CHANGES) == interval(CHANGES[::-1].set_axis(list("abcde")))


def test_the_cap_on_resamples_is_said_with_the_method():
    assert f"at most {count_text(MOST_REPLICATES)} resamples" in METHODS["npmle"]
