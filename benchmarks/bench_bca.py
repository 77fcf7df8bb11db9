"""BCa intervals of distinct values beside SciPy's: seconds and their ratio.

python benchmarks/bench_bca.py
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from scipy.stats import bootstrap
from timing import clock

from analysis.stats.reductions import bca_interval, weighted_mean, weighted_median

PATIENTS, REPLICATES, REPEATS = (20, 50, 100, 200, 500, 1000, 2000), 2000, 15


def main() -> None:
    """Print seconds and ratios of the mean and the median."""
    values = np.random.default_rng(1).normal(40, 30, max(PATIENTS))
    for n in PATIENTS:
        for own, theirs in ((weighted_mean, np.mean), (weighted_median, np.median)):
            ours = clock(
                lambda n=n, own=own: bca_interval(
                    values[:n, None], own, level=0.95, replicates=REPLICATES,
                    rng=np.random.default_rng(1),
                ),
                REPEATS,
            )  # fmt: skip
            scipy = clock(
                lambda n=n, theirs=theirs: bootstrap(
                    (values[:n],), theirs, n_resamples=REPLICATES, rng=np.random.default_rng(1)
                ),
                REPEATS,
            )
            name = theirs.__name__
            print(f"{n:>6,} {name:<7} {ours:.4f} s, SciPy {scipy:.4f} s, ratio {ours / scipy:.2f}")


if __name__ == "__main__":
    main()
