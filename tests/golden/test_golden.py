"""Three exports through the suite: numbers and verdicts stay as frozen, cohorts as published."""

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

COUNTS = {
    "choir_alter2021": {
        ("all", "all", 30.0, "observed"): (1178, 7135),
        ("all", "all", 50.0, "observed"): (588, 7135),
        ("all", "all", 30.0, "all_starters"): (1178, 21611),
        ("all", "all", 50.0, "all_starters"): (588, 21611),
    },
    "amitriptyline_period1": {
        ("arm", "amitriptyline", 30.0, "all_starters"): (26, 56),
        ("arm", "amitriptyline", 50.0, "all_starters"): (18, 56),
        ("arm", "placebo", 30.0, "all_starters"): (28, 66),
        ("arm", "placebo", 50.0, "all_starters"): (21, 66),
    },
}
"""Responders and patients of the one visit, as the cohorts' READMEs print them."""

ON_PAGE = {
    "demo": ("Synthetic data",),
    "choir_alter2021": ("21,658", "blank row: 1", "1,178"),
    "amitriptyline_period1": ("amitriptyline", "placebo", "filter: Period is 1"),
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


def test_responders_are_those_published(run):
    name, out = run
    rows = pd.read_csv(out / "results.csv")
    keys = ["group_by", "group", "threshold_pct", "population"]
    shares = rows[
        (rows["measure"] == "responder_share")
        & (rows["definition"] == "percent_reduction")
        & (rows["condition"] == {"choir_alter2021": "other"}.get(name, "neuropathic"))
        & rows["visit"].isin(["end", "week_12"])
    ].set_index(keys)
    for key, expected in COUNTS.get(name, {}).items():
        found = shares.loc[[key], ["n_events", "n"]]
        assert found.to_numpy().tolist() == [list(expected)], key


def test_the_page_says_what_was_read(run):
    name, out = run
    page = (out / "index.html").read_text(encoding="utf-8")
    assert [part for part in ON_PAGE[name] if part not in page] == []
    assert ("Synthetic data" in page) == (name == "demo")
