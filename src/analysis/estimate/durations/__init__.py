"""How long relief lasts: estimators that take arrays of times and return frozen results."""

from __future__ import annotations

from analysis.estimate.durations.aft_refits import refit_weibull
from analysis.estimate.durations.aft_result import AftFit
from analysis.estimate.durations.bootstrap import (
    ReliefBootstrap,
    ReliefIntervals,
    bootstrap_relief,
)
from analysis.estimate.durations.competing import (
    CumulativeIncidence,
    estimate_cumulative_incidence,
)
from analysis.estimate.durations.curve import ReliefCurve
from analysis.estimate.durations.interval_curve import Bounds, IntervalCurve
from analysis.estimate.durations.kaplan_meier import estimate_kaplan_meier
from analysis.estimate.durations.log_rank import LogRank, compare_log_rank
from analysis.estimate.durations.npmle import estimate_npmle
from analysis.estimate.durations.parametric import fit_lognormal, fit_weibull
from analysis.estimate.durations.recurrent import (
    GapTimes,
    MeanCount,
    estimate_mean_count,
    gap_times,
)
from analysis.estimate.durations.replicates import resample_masses
from analysis.estimate.durations.restricted import RestrictedMean

__all__ = [
    "AftFit",
    "Bounds",
    "CumulativeIncidence",
    "GapTimes",
    "IntervalCurve",
    "LogRank",
    "MeanCount",
    "ReliefBootstrap",
    "ReliefCurve",
    "ReliefIntervals",
    "RestrictedMean",
    "bootstrap_relief",
    "compare_log_rank",
    "estimate_cumulative_incidence",
    "estimate_kaplan_meier",
    "estimate_mean_count",
    "estimate_npmle",
    "fit_lognormal",
    "fit_weibull",
    "gap_times",
    "refit_weibull",
    "resample_masses",
]
