"""Releases of several clinics read as studies: by hand, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from tests.unit.releases import clinic

from analysis.errors import InputError
from analysis.report.clinics import describe_clinics, pool_clinics, read_clinics
from analysis.run.pool import PAGE, TABLE, write_pool
from analysis.stats.meta import pool_shares


def clinics(folder: Path, *counts: tuple[int | None, int]) -> list[Path]:
    return [
        clinic(folder / f"r{i}", f"Clinic {chr(65 + i)}", *count) for i, count in enumerate(counts)
    ]


@pytest.mark.slow
def test_three_clinics_are_pooled_as_three_studies(tmp_path):
    read = read_clinics(clinics(tmp_path, (75, 135), (33, 63), (15, 69), (None, 33)))
    lines = pool_clinics(read).set_index("kind")
    pooled, by_hand = lines.loc["pooled"], pool_shares([75, 33, 15], [135, 63, 69])
    assert (pooled.value, pooled.low, pooled.high) == (by_hand.value, by_hand.low, by_hand.high)
    # 75 stands for 73 to 78, 135 for 133 to 138, and so on.
    assert pooled.lowest == pool_shares([73, 31, 13], [138, 66, 72]).value
    assert pooled.highest == pool_shares([78, 36, 18], [133, 61, 67]).value
    assert lines.loc["release", "label"].tolist() == ["Clinic A", "Clinic B", "Clinic C"]
    moved = lines.loc["shrunken", "value"].to_numpy()
    assert (moved.min() > 15 / 69) and (moved.max() < 75 / 135)
    assert "predicted" not in lines.index
    text = describe_clinics(read, lines.reset_index(), "crps")
    assert text.startswith("Complex regional pain syndrome: 3 of 4 clinics give a share")
    assert "too few patients" in text and "rounding alone" in text


@pytest.mark.slow
def test_five_clinics_say_where_a_sixth_would_be(tmp_path):
    lines = pool_clinics(
        read_clinics(clinics(tmp_path, (75, 135), (33, 63), (15, 69), (45, 75), (0, 63)))
    ).set_index("kind")
    assert lines.loc["predicted", "low"] < lines.loc["pooled", "low"]
    assert lines.loc["predicted", "high"] > lines.loc["pooled", "high"]


def test_two_clinics_stand_side_by_side(tmp_path):
    read = read_clinics(clinics(tmp_path, (75, 135), (33, 63)))
    lines = pool_clinics(read)
    assert lines["kind"].tolist() == ["release"] * 2
    assert "Fewer than three are not pooled" in describe_clinics(read, lines, "crps")


def test_clinics_of_one_name_are_told_apart(tmp_path):
    folders = [clinic(tmp_path / "a", "Outcome export", 33, 63),
               clinic(tmp_path / "b", "Outcome export", 39, 63)]  # fmt: skip
    assert read_clinics(folders)["clinic"].tolist() == ["Outcome export (a)", "Outcome export (b)"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("one", "two or more"),
        ("same", "hold the same numbers"),
        ("setting", "analysis_visit is 'end' in one and 'week_12' in the other"),
        ("none", "is no release"),
    ],
)
def test_what_cannot_be_pooled_is_named(tmp_path, change, words):
    first = clinic(tmp_path / "a", "A", 33, 63)
    other = {
        "one": lambda: [],
        "same": lambda: [clinic(tmp_path / "b", "B", 33, 63)],
        "setting": lambda: [clinic(tmp_path / "b", "B", 39, 63, analysis_visit="week_12")],
        "none": lambda: [tmp_path],
    }[change]()
    with pytest.raises(InputError, match=words):
        read_clinics([first, *other])
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_page_names_every_clinic_and_no_folder(tmp_path):
    folders = clinics(tmp_path / "given", (75, 135), (33, 63), (15, 69))
    out = write_pool(folders, tmp_path / "out")
    page = (out / PAGE).read_text(encoding="utf-8")
    assert all(f"Clinic {letter}" in page for letter in "ABC")
    assert "SYNTHETIC DATA" in page and "Pooled, 3 clinics" in (out / TABLE).read_text("utf-8")
    assert str(tmp_path) not in page and "NaN" not in page
    notebook = json.loads((out / "95_clinics.ipynb").read_text(encoding="utf-8"))
    assert str(tmp_path) not in json.dumps(notebook)
    pd.testing.assert_frame_equal(
        pd.read_csv(out / TABLE), pool_clinics(read_clinics(folders)), check_dtype=False
    )
