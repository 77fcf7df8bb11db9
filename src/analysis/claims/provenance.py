"""What goes with every sentence that may be said: source, dates, control group, status, risks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.claims.telling import named_interval
from analysis.derive.datasets import Datasets
from analysis.outcomes.flow import export_facts
from analysis.outcomes.rows import KEYS, ResultRow, find_rows
from analysis.wording.dates import span_text
from analysis.wording.numbers import fraction_text, quantity_text
from analysis.wording.texts import say
from analysis.wording.words import plain_text, visit_word


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where the figures of a run come from.

    Parameters
    ----------
    name : str
        Name of the export.
    synthetic : bool
        The patients do not exist.
    first_date, last_date : str
        Dates of the first and the last infusion, ISO; empty where the export has none.
    last_visit : str
        Last analysis visit with a rating.
    """

    name: str
    synthetic: bool = False
    first_date: str = ""
    last_date: str = ""
    last_visit: str = ""

    @property
    def sentence(self) -> str:
        """Return source and dates as a sentence."""
        told = say("provenance.source_undated", name=_quotable(self.name))
        if self.first_date and self.last_date:
            dates = span_text(self.first_date, self.last_date)
            told = say("provenance.source_dated", name=_quotable(self.name), dates=dates)
        return f"{told} {say('provenance.synthetic')}" if self.synthetic else told

    @property
    def follow_up(self) -> str:
        """Return until when ratings go, as a sentence."""
        if not self.last_visit:
            return ""
        return say("provenance.follow_up", visit=visit_word(self.last_visit))


def _quotable(name: str) -> str:
    """Return a name whose own quotation marks do not end it: they tell where it begins and ends."""
    return plain_text(name).replace("\u201c", "'").replace("\u201d", "'").replace('"', "'")


def provenance_of(datasets: Datasets) -> Provenance:
    """Return where the figures of an export come from."""
    facts = export_facts(datasets)
    return Provenance(
        name=datasets.name,
        synthetic=datasets.synthetic,
        first_date=str(facts["first_date"] or ""),
        last_date=str(facts["last_date"] or ""),
        last_visit=datasets.visit_order[-1] if datasets.visit_order else "",
    )


def tell_control(row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return that there was no control group, or the same number in the other arms.

    Parameters
    ----------
    row : ResultRow
        The row told; only one of an arm has others beside it.
    rows : sequence of ResultRow
        All rows of the run.
    """
    if row.group_by != "arm":
        return say("provenance.no_control")
    keys = {name: getattr(row, name) for name in KEYS if name != "group"}
    others = [one for one in find_rows(rows, **keys)
              if one.group != row.group and one.value is not None]  # fmt: skip
    if not others:
        beside = find_rows(rows, condition=row.condition, group_by="arm")
        has_other = {one.group for one in beside} - {row.group}
        return say("provenance.no_row_of_arm" if has_other else "provenance.no_control")
    return " ".join([*(_tell_arm(other) for other in others), say("provenance.not_tested")])


def _tell_arm(row: ResultRow) -> str:
    value = quantity_text(row.value, unit=row.unit)
    if row.unit == "share" and row.n_events is not None:
        value = fraction_text(row.n_events, row.n)
    interval = say("provenance.no_interval")
    if row.low is not None or row.high is not None:
        interval = named_interval(row)
    return say("provenance.arm", arm=_quotable(row.group), value=value, interval=interval)
