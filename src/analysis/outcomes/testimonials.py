"""Testimonials: how many comparable patients did as well, and what is typical of them.

Nothing here points at a person: below ten comparable patients no number leaves, only that there
are too few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.response import derive_responder
from analysis.estimate.proportions import estimate_responder_share
from analysis.estimate.reductions import estimate_median_bca
from analysis.outcomes.chance import generator
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import Group, at_visit, warn_of_arms
from analysis.outcomes.shares import eligible_groups
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say

SIMILAR_SCORE = 1.0
"""Points. Comparable patients began within one point of the one quoted: 8 to 10 beside a 9."""

LEAST_COMPARABLE = 10
"""Fewer comparable patients are too few to call a result typical, and may be recognised."""

TYPICAL_PCT = (30.0, 50.0)


@dataclass(frozen=True, kw_only=True)
class Testimonial:
    """The outcome a testimonial tells, as numbers.

    Parameters
    ----------
    name : str
        Id of the claim that quotes it.
    condition, subtype : str
        Condition code; subtype code, or empty for any.
    baseline_score : float or None
        Pain before, 0 to 10; None where it is not told, and patients of any baseline compare.
    fall_pct : float in (0, 100]
        Reduction told, percent.
    """

    name: str
    condition: str
    subtype: str = ""
    baseline_score: float | None = None
    fall_pct: float


def tabulate_testimonials(
    datasets: Datasets, settings: AnalysisSettings, testimonials: Sequence[Testimonial]
) -> tuple[ResultRow, ...]:
    """Return where each testimonial lies among comparable patients, as result rows.

    Parameters
    ----------
    datasets : Datasets
    settings : AnalysisSettings
        The analysis visit is where outcomes are compared.
    testimonials : sequence of Testimonial

    Returns
    -------
    tuple of ResultRow
        For each, by arm too: testimonial_share (comparable starters who did as well or better; not
        rated counts as not), typical_response_share at 30 and 50 %, and typical_reduction (median
        of those rated). ``definition`` is the name of the testimonial. With fewer than ten
        comparable patients: one row without a number that says so.

    Raises
    ------
    SettingsError
        No such condition.

    Notes
    -----
    The percentile of the testimonial is 100 minus the share, in percent.

    References
    ----------
    16 CFR 255.2(b): a testimonial is read as what consumers generally achieve.
    """
    return tuple(
        row
        for told in testimonials
        for group in eligible_groups(datasets, told.condition)
        for row in _place(datasets, settings, group, told)
    )


def _comparable(datasets: Datasets, group: Group, told: Testimonial) -> Group:
    people = datasets.subjects.reindex(group.patient_ids)
    alike = pd.Series(True, index=people.index)
    if told.subtype and "subtype" in people:
        alike &= (people["subtype"] == told.subtype).fillna(False).astype(bool)
    elif told.subtype:
        alike &= False  # no subtype is recorded: nobody is known to be comparable
    if told.baseline_score is not None:
        apart = (people["baseline_score"] - told.baseline_score).abs()
        alike &= (apart <= SIMILAR_SCORE).fillna(False).astype(bool)
    return Group(group.condition, group.group_by, group.group, people.index[alike])


def _place(
    datasets: Datasets, settings: AnalysisSettings, group: Group, told: Testimonial
) -> Iterator[ResultRow]:
    own = _comparable(datasets, group, told)
    keys: dict[str, Any] = {"definition": told.name, "visit": settings.analysis_visit}
    keys |= own.keys
    mixed = warn_of_arms(datasets, own)
    if len(own.patient_ids) < LEAST_COMPARABLE:
        why = say("outcomes.why.few_comparable", least=LEAST_COMPARABLE)
        yield ResultRow(
            measure="testimonial_share", population="all_starters", value=None, n=0, unit="share",
            method=say("outcomes.method.not_computed"), status="not estimable", warnings=(why,),
            **keys,
        )  # fmt: skip
        return
    seen = at_visit(datasets, own, settings.analysis_visit)
    for measure, pct in (
        ("testimonial_share", told.fall_pct),
        *(("typical_response_share", pct) for pct in TYPICAL_PCT),
    ):
        flags = derive_responder(seen["reduction_pct"], threshold_pct=pct)
        flags = flags.mask(seen["boosted"] & flags.notna(), False)
        estimate = estimate_responder_share(
            flags, missing="nonresponse", level=settings.confidence_level
        )
        yield row_from_estimate(
            estimate, measure=measure, threshold_pct=pct, population="all_starters",
            warnings=(*estimate.warnings, *mixed), **keys,
        )  # fmt: skip
    yield _median(settings, own, told, seen, mixed, keys)


def _median(
    settings: AnalysisSettings,
    own: Group,
    told: Testimonial,
    seen: pd.DataFrame,
    mixed: tuple[str, ...],
    keys: dict[str, Any],
) -> ResultRow:
    estimate = estimate_median_bca(
        seen["reduction_pct"],
        rng=generator(settings, own, "testimonial", told.name),
        replicates=settings.bootstrap_replicates,
        level=settings.confidence_level,
    )
    return row_from_estimate(
        estimate, measure="typical_reduction", population="observed",
        warnings=(*estimate.warnings, *mixed), **keys,
    )  # fmt: skip
