"""Robustness: every verdict recomputed over all defensible readings."""

from analysis.claims.robustness.durations import Bench, Benches
from analysis.claims.robustness.judge import judge_arrays, judge_readings
from analysis.claims.robustness.result import RobustnessResult, what_is_common

__all__ = [
    "Bench",
    "Benches",
    "RobustnessResult",
    "judge_arrays",
    "judge_readings",
    "what_is_common",
]
