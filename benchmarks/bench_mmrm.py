"""Speed of the mixed model and of multiple imputation, as medians and ratios of one run.

Run ``python benchmarks/bench_mmrm.py``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from timing import clock

from analysis.stats.imputation import impute_scores
from analysis.stats.mmrm import Design, build_design, fit_mmrm

GOALS_SECONDS = {5_000: 0.3, 200_000: 3.0}  # R mmrm: 8.5 to 10 s at 5,000; 40 to 50 s at 20,000
GOAL_IMPUTATION_SECONDS = 1.0
DROPOUT = 0.2


def clinic(n: int, visits: int) -> tuple[pd.DataFrame, Design]:
    """Return scores of two arms, a fifth of the patients gone by the last visit, some missed."""
    rng = np.random.default_rng(n)
    steps = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    base, arm = rng.normal(6.8, 1.4, n), rng.integers(0, 2, n)
    y = 0.6 * base[:, None] - arm[:, None] * np.linspace(2, 1, visits)
    y += rng.multivariate_normal(np.zeros(visits), 4 * 0.6**steps, n)
    leaves = rng.random((n, visits)) < 1 - (1 - DROPOUT) ** (1 / (visits - 1))
    leaves[:, 0] = False
    y[(np.cumsum(leaves, axis=1) > 0) | (rng.random(y.shape) < 0.03)] = np.nan
    scores = pd.DataFrame(y, columns=[f"visit {one}" for one in range(1, visits + 1)])
    return scores, build_design(scores.index, baseline=pd.Series(base), group=pd.Series(arm))


def report(name: str, seconds: float, goal: float) -> None:
    """Print one line."""
    print(f"{name:56s} {seconds:9.4f} s   {seconds / goal:8.4f} x goal ({goal:.1f} s)")


def main() -> None:
    """Time everything and print a line each."""
    for n, goal in GOALS_SECONDS.items():
        scores, design = clinic(n, 6)
        seconds = clock(lambda s=scores, d=design: fit_mmrm(s, d.covariates))
        report(f"MMRM unstructured, {n:,} patients x 6 visits", seconds, goal)
    scores, design = clinic(600, 5)

    def impute() -> None:
        fit = fit_mmrm(scores, design.covariates)
        impute_scores(fit, scores, design.covariates, rng=np.random.default_rng(1))

    report("Fit and 50 imputations, 600 patients x 5 visits", clock(impute),
           GOAL_IMPUTATION_SECONDS)  # fmt: skip


if __name__ == "__main__":
    main()
