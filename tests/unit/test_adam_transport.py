"""Datasets as SAS transport files: read back equal, and what the form cannot hold."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from click.testing import CliRunner

from analysis.adam.study import LABELS, write_study
from analysis.adam.transport import NAMES, write_transport
from analysis.cli import main
from analysis.errors import InputError

sys.path.insert(0, str(Path(__file__).parent))
from studies import patient, responder, study

STUDY = study([responder("p1", w4=4, w8=8), responder("p2", booster_on=40, w4=4), patient("p3", 7)])


def back(folder, name):
    return pyreadstat.read_xport(folder / f"{name.lower()}.xpt")


@pytest.mark.slow
def test_every_dataset_comes_back_equal(tmp_path):
    paths = write_transport(STUDY, tmp_path)
    assert [path.stem for path in paths] == [name.lower() for name, _ in NAMES.values()]
    for frame_name, (name, label) in NAMES.items():
        frame = getattr(STUDY, frame_name)
        moved, meta = back(tmp_path, name)
        assert list(moved.columns) == list(frame.columns) and len(moved) == len(frame)
        assert meta.column_names_to_labels == {column: LABELS[column] for column in frame}
        assert meta.file_label == label
        for column in frame.select_dtypes("number"):
            own = frame[column].astype(float).replace([np.inf, -np.inf], np.nan)
            pd.testing.assert_series_equal(moved[column].astype(float), own, check_names=False)
        for column in frame.select_dtypes(["bool", "boolean"]):
            words = frame[column].astype(object).map({True: "Y", False: "N"}).fillna("")
            assert moved[column].fillna("").tolist() == words.tolist(), column
    first = (tmp_path / "adsl.xpt").read_bytes()[:80]
    assert first.startswith(b"HEADER RECORD*******LIBRARY HEADER RECORD")  # version 5


def test_the_command_writes_a_runs_datasets(tmp_path):
    write_study(STUDY, tmp_path / "run" / "data")
    told = CliRunner().invoke(
        main, ["datasets", str(tmp_path / "run"), "--out", str(tmp_path / "x")]
    )
    assert told.exit_code == 0, told.output
    assert len(list((tmp_path / "x").glob("*.xpt"))) == len(NAMES)
    told = CliRunner().invoke(main, ["datasets", str(tmp_path), "--out", str(tmp_path / "y")])
    assert told.exit_code == 2 and "no analysis datasets" in told.output


def test_a_text_too_long_for_the_form_is_named(tmp_path):
    adsl = STUDY.adsl.assign(SITEID="é" * 101)
    with pytest.raises(InputError, match=r"ADSL.SITEID has a text of 202 bytes"):
        write_transport(replace(STUDY, adsl=adsl), tmp_path)
