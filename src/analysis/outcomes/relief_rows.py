"""All result rows on the duration of relief, in the order in which they are told."""

from __future__ import annotations

from analysis.derive.datasets import Datasets
from analysis.outcomes.boosters import tabulate_boosters
from analysis.outcomes.comparisons import tabulate_comparisons
from analysis.outcomes.competing import tabulate_competing
from analysis.outcomes.interval_relief import tabulate_definitions, tabulate_interval_relief
from analysis.outcomes.parametric_relief import tabulate_parametric
from analysis.outcomes.relief import tabulate_kaplan_meier
from analysis.outcomes.relief_bench import ReliefBench, bench_of
from analysis.outcomes.rows import ResultRow
from analysis.settings import AnalysisSettings

MAKERS = (
    tabulate_interval_relief,
    tabulate_kaplan_meier,
    tabulate_competing,
    tabulate_definitions,
    tabulate_comparisons,
    tabulate_parametric,
    tabulate_boosters,
)


def tabulate_relief(
    datasets: Datasets,
    settings: AnalysisSettings,
    condition: str,
    *,
    bench: ReliefBench | None = None,
) -> tuple[ResultRow, ...]:
    """Return every row on the duration of relief of a condition.

    Parameters
    ----------
    datasets, settings, condition
        As `analysis.outcomes.responders.tabulate_responders`.
    bench : ReliefBench, optional
        Work shared with other makers on the same condition, as
        `analysis.outcomes.relief_picture.make_picture`; one of its own where not given.

    Returns
    -------
    tuple of ResultRow
        The headline from losses between visits, Kaplan-Meier, competing boosters, other
        definitions, comparisons, fitted shapes, and boosters.
    """
    shared = bench_of(datasets, settings, condition, bench)
    return tuple(
        row for make in MAKERS for row in make(datasets, settings, condition, bench=shared)
    )
