"""What the rows and curves on one condition's relief share, so that nothing is made twice.

A bench belongs to one study and one condition and is handed from maker to maker; what is kept on it
never outlives it, and cannot be that of other data or settings.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.ratings import Ratings
from analysis.derive.relief import derive_spans
from analysis.outcomes.losses import (
    Losses,
    conventions_of,
    losses_of,
    rated_at_start,
    ratings_of,
    spans_of,
)
from analysis.outcomes.selection import Group, groups_of, warn_of_arms
from analysis.settings import AnalysisSettings, BoosterStrategy, Clock, LossRule

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class GroupBench:
    """What is shared by the numbers of one group.

    Parameters
    ----------
    datasets, settings, group
        Not to be changed while this is in use.
    """

    datasets: Datasets
    settings: AnalysisSettings
    group: Group
    kept: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def once(self, name: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made under a name, made now if nothing was.

        ``name`` holds all that the result depends on beside the group, datasets and settings.
        """
        if name not in self.kept:
            self.kept[name] = make()
        made: Made = self.kept[name]
        return made

    @cached_property
    def spans(self) -> pd.DataFrame:
        """The relief spans of the responders, by the definitions in force."""
        return spans_of(self.datasets, self.group)

    @cached_property
    def ratings(self) -> Ratings:
        """The ratings from which spans under other definitions are made."""
        return ratings_of(self.datasets, self.group)

    @cached_property
    def is_rated(self) -> bool:
        """Whether anybody was rated where relief must be shown to be timed."""
        return rated_at_start(self.datasets, self.group, self.settings)

    @cached_property
    def arms_told(self) -> tuple[str, ...]:
        """The sentence on different treatments, where they are together."""
        return warn_of_arms(self.datasets, self.group)

    @property
    def told(self) -> tuple[str, ...]:
        """Sentences that go with every duration of the group."""
        return (*self.arms_told, *conventions_of(self.settings))

    def losses(self, strategy: BoosterStrategy) -> Losses:
        """Return the ends of relief under one booster strategy."""
        return self.once(("losses", strategy), lambda: losses_of(self.spans, strategy))

    def losses_under(self, rule: LossRule, clock: Clock) -> Losses:
        """Return them under another rule of loss or clock, and the settings' booster strategy."""
        spans = derive_spans(
            self.ratings,
            threshold_pct=self.settings.responder_threshold_pct,
            rule=rule,
            clock=clock,
        )
        return losses_of(spans, self.settings.booster_strategy)


@dataclass(frozen=True, eq=False)
class ReliefBench:
    """What is shared by all rows and curves on the relief of one condition.

    Parameters
    ----------
    datasets : Datasets
    settings : AnalysisSettings
    condition : str
        Condition code, or ``all``.

    Raises
    ------
    SettingsError
        No such condition; when groups are first asked for.
    """

    datasets: Datasets
    settings: AnalysisSettings
    condition: str

    @cached_property
    def groups(self) -> tuple[GroupBench, ...]:
        """The whole condition, then its subgroups (`analysis.outcomes.selection.groups_of`)."""
        return tuple(
            GroupBench(self.datasets, self.settings, group)
            for group in groups_of(self.datasets, self.condition)
        )

    @property
    def whole(self) -> GroupBench:
        """The whole condition."""
        return self.groups[0]


def bench_of(
    datasets: Datasets, settings: AnalysisSettings, condition: str, bench: ReliefBench | None
) -> ReliefBench:
    """Return the bench given, or a new one where none is.

    Raises
    ------
    ValueError
        The bench is of other datasets, of other settings or of another condition.
    """
    if bench is None:
        return ReliefBench(datasets, settings, condition)
    if bench.datasets is not datasets or (bench.settings, bench.condition) != (settings, condition):
        raise ValueError("the bench is of other datasets, of other settings or another condition")
    return bench
