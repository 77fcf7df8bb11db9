"""Numbers and verdicts stay what they were: three runs against the values frozen before."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.claims.records import read_claims
from analysis.cli import main
from analysis.results import KEYS
from analysis.settings import data_folder

HERE = Path(__file__).parent
MAPPINGS = HERE.parent / "mappings"
SHARED = Path(os.environ.get("RELIEFCHECK_SHARED", HERE.parents[2] / "shared"))
REAL = SHARED / "real"

EXPORTS = {
    "demo": (data_folder() / "demo", None),
    "choir_alter2021": (REAL / "choir_alter2021", MAPPINGS / "choir_alter2021.yaml"),
    "amitriptyline_period1": (
        REAL / "amitriptyline_hivsn",
        MAPPINGS / "amitriptyline_period1.yaml",
    ),
}

SAME = 1e-9
"""Sums in another order differ in the last digits; nothing else may differ."""

NUMBERS = ["value", "low", "high", "level", "n", "n_events", "n_missing"]
VERDICT = ["verdict", "position", "status", "answer", "verdict_adjusted", "result_id", "sayable"]
CLAIM_NUMBERS = [
    "value", "low", "high", "n", "n_missing", "further_patients", "further_patients_if_cited",
    "p_holm",
]  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=EXPORTS)
def run(request, tmp_path_factory) -> tuple[str, Path]:
    """Run the suite on one export; the name of the export and the run folder."""
    export, mapping = EXPORTS[request.param]
    if not export.is_dir():
        pytest.skip(f"the published cohorts are not at {REAL}; see RELIEFCHECK_SHARED")
    out = tmp_path_factory.mktemp("golden") / "report"
    words = ["run", str(export), "--quiet", "--no-cache", "--out", str(out)]
    result = CliRunner().invoke(main, [*words, *(["--mapping", str(mapping)] if mapping else [])])
    assert result.exit_code == 0, result.output
    return request.param, out


def by_keys(frame: pd.DataFrame) -> pd.DataFrame:
    keys = [frame[key].astype(object).where(frame[key].notna(), "") for key in KEYS]
    return frame.set_index(pd.MultiIndex.from_arrays(keys, names=KEYS)).sort_index()


def differing(was: pd.Series, now: pd.Series) -> pd.Series:
    a, b = was.astype(float), now.astype(float)
    return (a.isna() != b.isna()) | ((a - b).abs() > SAME * np.maximum(1.0, a.abs()))


def test_every_number_is_what_it_was(run):
    name, out = run
    was = by_keys(pd.read_parquet(HERE / f"{name}.results.parquet"))
    now = by_keys(pd.read_parquet(out / "results.parquet"))
    assert not list(was.index.difference(now.index))
    now = now.loc[was.index]
    assert (was["status"] == now["status"]).all()
    for column in NUMBERS:
        moved = differing(was[column], now[column])
        assert not moved.any(), f"{column}: {list(was.index[moved])[:5]}"


def test_every_verdict_is_what_it_was(run):
    name, out = run
    was = pd.read_parquet(HERE / f"{name}.claims.parquet").set_index("claim_id")
    judged = {each.claim_id: each for each in read_claims(out)}
    assert list(judged) == list(was.index)
    for claim_id, before in was.iterrows():
        now = judged[claim_id]
        for field in VERDICT:
            assert getattr(now, field) == before[field], (claim_id, field)
        for field in CLAIM_NUMBERS:
            value = getattr(now, field)
            assert (value is None) == pd.isna(before[field]), (claim_id, field)
            if value is not None:
                assert value == pytest.approx(before[field], abs=SAME, rel=SAME), (claim_id, field)
        assert ";".join(each.check for each in now.lacks) == before["lacks"], claim_id
        n = 0 if now.robustness is None else now.robustness.n
        agreeing = 0 if now.robustness is None else now.robustness.n_agreeing
        assert (n, agreeing) == tuple(before[["readings", "readings_agreeing"]].fillna(0)), claim_id
        if now.tipping is not None:
            for field in ("n_missing", "n_could", "n_to_meet", "delta_to_meet_pct"):
                value, old = getattr(now.tipping, field), before[f"tipping_{field}"]
                assert (value is None) == pd.isna(old), (claim_id, field)
                assert value is None or value == pytest.approx(old, abs=SAME), (claim_id, field)
