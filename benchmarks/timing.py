"""The clock of the benchmarks."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def clock(work: Callable[[], object], repeats: int = 7, *, warm_up: bool = False) -> float:
    """Return the median seconds of several calls, after one that does not count if asked for."""
    if warm_up:
        work()
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return median(seconds)
