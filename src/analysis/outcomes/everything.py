"""All result rows of some conditions at once: for the claims notebook when it runs alone."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.derive.datasets import Datasets
from analysis.outcomes.flow import tabulate_flow
from analysis.outcomes.pain import tabulate_reductions
from analysis.outcomes.responders import tabulate_responders
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.statements import tabulate_statements
from analysis.settings import AnalysisSettings


def tabulate_everything(
    datasets: Datasets, settings: AnalysisSettings, conditions: Iterable[str]
) -> tuple[ResultRow, ...]:
    """Return every result row of the conditions, as the notebooks one by one would."""
    # here: it loads all of the duration estimators, which a notebook that reads results never needs
    from analysis.outcomes.relief_rows import tabulate_relief

    makers = (tabulate_flow, tabulate_responders, tabulate_reductions, tabulate_relief)
    codes = tuple(conditions)
    made = [row for code in codes for make in makers for row in make(datasets, settings, code)]
    return (*made, *tabulate_statements(datasets, settings, codes))
