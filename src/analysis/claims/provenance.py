"""What goes with every sentence that may be said: source, dates, control group, status, risks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.derive.datasets import Datasets
from analysis.outcomes.flow import export_facts
from analysis.outcomes.rows import KEYS, ResultRow, find_rows
from analysis.wording.dates import span_text
from analysis.wording.numbers import fraction_text, interval_text, level_text, quantity_text
from analysis.wording.words import plain_text, visit_word

OFF_LABEL = "Ketamine is approved as an anesthetic; its use for pain is off-label."
"""KETALAR prescribing information, 10/2024 (rule FDA-LBL-01)."""

RISKS = (
    "Risks the FDA names: misuse, psychiatric events, a rise of blood pressure, slowed breathing, "
    "bladder symptoms."
)
"""Warning on compounded ketamine products, October 2023 (rule FDA-CMP-01)."""

NO_CONTROL = "There was no control group, so the figures do not say why pain changed."
NO_ROW_OF_ARM = (
    "Another arm is on record, but there is no such figure of it: there is no control group here, "
    "and the figures do not say why pain changed."
)


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
        # Its own quotation marks may not end the name: they tell where it begins and ends.
        name = plain_text(self.name).replace("\u201c", "'").replace("\u201d", "'").replace('"', "'")
        dates = "no dates on record"
        if self.first_date and self.last_date:
            dates = f"infusions from {span_text(self.first_date, self.last_date)}"
        made_up = " Synthetic data: these patients do not exist." if self.synthetic else ""
        return f"Source: records of \u201c{name}\u201d, {dates}.{made_up}"

    @property
    def follow_up(self) -> str:
        """Return until when ratings go, as a sentence."""
        return f"Ratings go to {visit_word(self.last_visit)}." if self.last_visit else ""


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
        return NO_CONTROL
    keys = {name: getattr(row, name) for name in KEYS if name != "group"}
    others = [one for one in find_rows(rows, **keys)
              if one.group != row.group and one.value is not None]  # fmt: skip
    if not others:
        beside = find_rows(rows, condition=row.condition, group_by="arm")
        return NO_ROW_OF_ARM if {one.group for one in beside} - {row.group} else NO_CONTROL
    told = " ".join(_tell_arm(other) for other in others)
    return (
        f"{told} The difference is not tested here, and the records do not say whether "
        "arms were given by chance."
    )


def _tell_arm(row: ResultRow) -> str:
    value = quantity_text(row.value, unit=row.unit)
    if row.unit == "share" and row.n_events is not None:
        value = fraction_text(row.n_events, row.n)
    interval = "no interval"
    if row.low is not None or row.high is not None:
        interval = f"{level_text(row.level)} {interval_text(row)}"
    arm = plain_text(row.group).replace("\u201c", "'").replace("\u201d", "'").replace('"', "'")
    return f"For comparison, in the arm \u201c{arm}\u201d: {value}; {interval}."
