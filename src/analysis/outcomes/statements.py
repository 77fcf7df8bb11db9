"""All rows that claims need beyond response, reduction and duration: one small set per export."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis.derive.datasets import Datasets
from analysis.outcomes.early import tabulate_early
from analysis.outcomes.eligibility import tabulate_eligibility
from analysis.outcomes.protocol import tabulate_protocol
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.testimonials import Testimonial, tabulate_testimonials
from analysis.settings import AnalysisSettings

MAKERS = (tabulate_early, tabulate_protocol, tabulate_eligibility)


def tabulate_statements(
    datasets: Datasets,
    settings: AnalysisSettings,
    conditions: Iterable[str],
    *,
    testimonials: Sequence[Testimonial] = (),
) -> tuple[ResultRow, ...]:
    """Return the rows on early response, protocol, eligibility and testimonials.

    Parameters
    ----------
    datasets, settings
        As `analysis.outcomes.responders.tabulate_responders`.
    conditions : iterable of str
        Condition codes and ``all``.
    testimonials : sequence of Testimonial
        Those that the ledger quotes.

    Raises
    ------
    SettingsError
        No such condition.
    """
    made = [row for code in conditions for make in MAKERS for row in make(datasets, settings, code)]
    return (*made, *tabulate_testimonials(datasets, settings, testimonials))


def add_rows(rows: Iterable[ResultRow], more: Sequence[ResultRow]) -> list[ResultRow]:
    """Return rows with further ones in place of those of the same name: a result exists once."""
    names = {row.result_id for row in more}
    return [*(row for row in rows if row.result_id not in names), *more]
