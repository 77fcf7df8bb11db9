"""The plan of a run: which notebook runs on which condition, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.run.tasks import Task

ALL = "all"


WHOLE_EXPORT = ("10_data_quality",)
PER_CONDITION = ("20_responders", "30_pain_reduction", "40_relief_duration")
FROM_RESULTS = ("70_claims", "80_director_summary")


def make_plan(conditions: Sequence[str], *, datasets: Path, results: Path) -> tuple[Task, ...]:
    """Return the tasks of a run in the order to start them.

    Parameters
    ----------
    conditions : sequence of str
        Condition codes; ``all`` (every patient) is added where it is not among them.
    datasets : Path
        Folder of prepared analysis datasets.
    results : Path
        Folder the notebooks write to.
    """
    shared = {"datasets": str(datasets), "results_dir": str(results)}
    wanted = [*dict.fromkeys([ALL, *conditions])]
    first = [Task(notebook=n, condition=ALL, stage=1, parameters=shared) for n in WHOLE_EXPORT]
    each = [
        Task(notebook=n, condition=c, stage=1, parameters={**shared, "condition": c})
        for c in wanted
        for n in PER_CONDITION
    ]
    reading = shared | {"results_from": str(results)}
    last = [
        Task(notebook=n, condition=ALL, stage=stage, parameters=reading)
        for stage, n in enumerate(FROM_RESULTS, start=2)
    ]
    return (*each, *first, *last)
