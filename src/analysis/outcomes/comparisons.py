"""Log-rank tests: does relief last equally long in arms, protocols, subtypes and conditions?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.estimate.durations import compare_log_rank
from analysis.outcomes.losses import RESPONDERS, Losses, conventions_of
from analysis.outcomes.relief_bench import ReliefBench, bench_of
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.selection import ALL, ARM
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say


def tabulate_comparisons(
    datasets: Datasets,
    settings: AnalysisSettings,
    condition: str,
    *,
    bench: ReliefBench | None = None,
) -> tuple[ResultRow, ...]:
    """Return log-rank tests between arms, protocols, subtypes and, for ``all``, conditions.

    Returns
    -------
    tuple of ResultRow
        log_rank (value: the p-value; ``definition`` names what is compared, ``by_<column>``; for
        all conditions together stratified by condition). Responders whose group is blank are left
        out and counted as missing. None where only one group has responders.
    """
    losses = bench_of(datasets, settings, condition, bench).whole.losses(settings.booster_strategy)
    subjects = datasets.subjects.loc[losses.patient_ids]
    rows = []
    for column in (ARM, "protocol", "subtype", "condition"):
        if column not in subjects or (column == "subtype" and condition == ALL):
            continue
        if subjects[column].nunique() < 2:
            continue
        strata = subjects["condition"] if condition == ALL and column != "condition" else None
        rows.append(_row(losses, subjects[column], strata, condition, settings))
    return tuple(rows)


def _row(
    losses: Losses,
    names: pd.Series,
    strata: pd.Series | None,
    condition: str,
    settings: AnalysisSettings,
) -> ResultRow:
    known = names.notna().to_numpy()
    test = compare_log_rank(
        losses.time[known],
        losses.is_event[known],
        np.asarray(names)[known],
        strata=None if strata is None else np.asarray(strata)[known],
    )
    method = "log_rank" if strata is None else "log_rank_stratified"
    reason = (test.reason,) if test.reason else ()
    allocated = () if names.name == ARM else (say("outcomes.told.not_by_chance"),)
    return ResultRow(
        measure="log_rank",
        definition=f"by_{names.name}",
        condition=condition,
        population=RESPONDERS,
        value=test.p_value,
        n=int(known.sum()),
        n_missing=int((~known).sum()),
        n_events=int(losses.is_event[known].sum()),
        unit="p",
        method=say(f"outcomes.method.{method}", n=len(test.groups)),
        status="estimated" if test.p_value is not None else "not estimable",
        warnings=(*reason, *allocated, *conventions_of(settings)),
    )
