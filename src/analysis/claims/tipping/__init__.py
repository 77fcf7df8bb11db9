"""Tipping points: what those not rated would have to show for the verdict to be another one."""

from analysis.claims.tipping.judge import tip_judgement
from analysis.claims.tipping.means import (
    MeanBound,
    MeanTipping,
    tip_mean,
    worst_reduction_pct,
)
from analysis.claims.tipping.shares import ShareTipping, tip_share

__all__ = [
    "MeanBound",
    "MeanTipping",
    "ShareTipping",
    "tip_judgement",
    "tip_mean",
    "tip_share",
    "worst_reduction_pct",
]
