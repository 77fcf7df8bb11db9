"""The real cohorts go through the whole suite: mapping, notebooks, report."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.cli import main
from tests.cohorts.test_real_cohorts import MAPPINGS, REAL

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not REAL.is_dir(), reason=f"the real cohorts are not at {REAL}; see RELIEFCHECK_SHARED"
    ),
]

CASES = {
    "choir_alter2021": {
        "folder": "choir_alter2021",
        "condition": "other",
        # group_by, group, threshold, population -> responders, n
        "counts": {
            ("all", "all", "30.0", "observed"): (1178, 7135),
            ("all", "all", "50.0", "observed"): (588, 7135),
            ("all", "all", "30.0", "all_starters"): (1178, 21611),
            ("all", "all", "50.0", "all_starters"): (588, 21611),
        },
        "page": ("21,658", "blank row: 1", "1,178"),
    },
    "amitriptyline_period1": {
        "folder": "amitriptyline_hivsn",
        "condition": "neuropathic",
        "counts": {
            ("arm", "amitriptyline", "30.0", "all_starters"): (26, 56),
            ("arm", "amitriptyline", "50.0", "all_starters"): (18, 56),
            ("arm", "placebo", "30.0", "all_starters"): (28, 66),
            ("arm", "placebo", "50.0", "all_starters"): (21, 66),
        },
        "page": ("amitriptyline", "placebo", "filter: Period is 1"),
    },
}


@pytest.mark.parametrize("name", CASES)
def test_cohort_runs_to_a_report(name, tmp_path):
    case = CASES[name]
    out = tmp_path / "report"
    export = REAL / case["folder"]
    words = ["run", str(export), "--mapping", str(MAPPINGS / f"{name}.yaml")]
    result = CliRunner().invoke(main, [*words, "--out", str(out), "--quiet"])
    assert result.exit_code == 0, result.output
    rows = pd.read_csv(out / "results.csv", keep_default_na=False, dtype=str)
    shares = rows[
        (rows["measure"] == "responder_share")
        & (rows["definition"] == "percent_reduction")
        & (rows["condition"] == case["condition"])
    ]
    for (group_by, group, threshold, population), expected in case["counts"].items():
        found = shares[
            (shares["group_by"] == group_by)
            & (shares["group"] == group)
            & (shares["threshold_pct"] == threshold)
            & (shares["population"] == population)
            & (shares["visit"].isin(["end", "week_12"]))
        ]
        assert [(int(float(r.n_events)), int(r.n)) for r in found.itertuples()] == [expected]
    page = Path(out / "index.html").read_text(encoding="utf-8")
    for part in case["page"]:
        assert part in page
    assert "Synthetic data" not in page
