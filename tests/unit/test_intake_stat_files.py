"""SPSS, Stata and SAS files: labels, missing values, dates, and files that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from click.testing import CliRunner

from analysis.cli import main
from analysis.errors import InputError
from analysis.intake.load import load_export
from analysis.intake.read import load_raw_table

SHARED = Path(os.environ.get("RELIEFCHECK_SHARED", Path(__file__).parents[3] / "shared"))
PILOT = SHARED / "real" / "adam_cdisc_pilot"

ANSWERS = pd.DataFrame(
    {
        "id": ["P1", "P2", "P3", "P4"],
        "cond": [1.0, 2.0, 1.0, 2.0],
        "pain": [8.0, 0.0, 99.0, 7.0],
        "day": pd.to_datetime(["2025-03-01", "2025-03-02", None, "2025-12-31"]).date,
    }
)
LABELS = {"cond": {1: "CRPS", 2: "Fibromyalgia"}, "pain": {0: "no pain", 10: "worst pain"}}


def cells(path) -> dict[str, list[str]]:
    frame = load_raw_table(path).frame
    return {name: frame[name].astype(str).tolist() for name in frame}


def test_spss_labels_missing_values_and_dates(tmp_path):
    path = tmp_path / "pain.sav"
    pyreadstat.write_sav(ANSWERS, path, variable_value_labels=LABELS, missing_ranges={"pain": [99]})
    assert cells(path) == {
        "id": ["P1", "P2", "P3", "P4"],
        "cond": ["CRPS", "Fibromyalgia", "CRPS", "Fibromyalgia"],
        "pain": ["8", "0", "", "7"],  # only its ends are labeled; 99 is declared missing
        "day": ["2025-03-01", "2025-03-02", "", "2025-12-31"],
    }


def test_stata_and_transport_files(tmp_path):
    plain = ANSWERS.drop(columns="day").assign(when=pd.Timestamp("2025-03-01 14:30"))
    pyreadstat.write_dta(plain, tmp_path / "a.dta", variable_value_labels=LABELS)
    pyreadstat.write_xport(plain, tmp_path / "a.xpt", file_format_version=5, table_name="A")
    stata, sas = cells(tmp_path / "a.dta"), cells(tmp_path / "a.xpt")
    assert stata["cond"][:2] == ["CRPS", "Fibromyalgia"] and stata["pain"][2] == "99"
    assert sas["cond"][:2] == ["1", "2"]  # a transport file has no labels of values
    assert stata["when"] == sas["when"] == ["2025-03-01 14:30:00"] * 4


def test_labels_that_begin_with_their_number_stay_numbers(tmp_path):
    scale = {score: f"{score} - {'mild' if score < 5 else 'severe'}" for score in range(11)}
    pyreadstat.write_sav(
        ANSWERS.assign(pain=[8.0, 0.0, 10.0, 7.0]), tmp_path / "a.sav",
        variable_value_labels={"pain": scale},
    )  # fmt: skip
    assert cells(tmp_path / "a.sav")["pain"] == ["8", "0", "10", "7"]


def test_the_almost_zero_of_sas_is_zero(tmp_path):
    dust = ANSWERS.assign(pain=[5.4e-79, -5.4e-79, 3.0, np.nan])[["id", "pain"]]
    pyreadstat.write_sav(dust, tmp_path / "a.sav")
    assert cells(tmp_path / "a.sav")["pain"] == ["0", "0", "3", ""]


def test_labels_that_collide_are_refused(tmp_path):
    pyreadstat.write_sav(
        ANSWERS, tmp_path / "a.sav", variable_value_labels={"cond": {1: "CRPS", 2: "CRPS "}}
    )
    with pytest.raises(
        InputError, match=r"column cond: the codes 1 and 2 have one label \('CRPS'\)"
    ):
        load_raw_table(tmp_path / "a.sav")


def test_a_transport_file_of_version_8_is_refused(tmp_path):
    pyreadstat.write_xport(ANSWERS[["id", "pain"]], tmp_path / "a.xpt", file_format_version=8)
    with pytest.raises(InputError, match="version 8, which is not read; save it as version 5"):
        load_raw_table(tmp_path / "a.xpt")


@pytest.mark.parametrize("ending", ["sav", "dta", "sas7bdat", "xpt", "zsav"])
def test_a_broken_file_is_a_sentence(tmp_path, ending):
    path = tmp_path / f"pain_scores.{ending}"
    path.write_bytes(b"\x00\x01 this is nothing" * 50)
    with pytest.raises(InputError, match=f"cannot be read as a .{ending} file"):
        load_raw_table(path)
    told = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert told.exit_code == 2 and "Traceback" not in told.output


def test_an_export_of_spss_files_is_read(tmp_path):
    patients = pd.DataFrame({"patient_id": ["P1", "P2"], "condition": [1.0, 2.0]})
    scores = pd.DataFrame(
        {"patient_id": ["P1", "P1", "P2"], "study_day": [0.0, 30.0, 0.0], "score": [8.0, 4.0, 7.0]}
    )
    labels = {"condition": {1: "crps", 2: "fibromyalgia"}}
    pyreadstat.write_sav(patients, tmp_path / "patients.sav", variable_value_labels=labels)
    pyreadstat.write_sav(scores, tmp_path / "pain_scores.sav")
    export = load_export(tmp_path)
    assert export.tables["patients"]["condition"].tolist() == ["crps", "fibromyalgia"]
    assert export.tables["pain_scores"]["score"].tolist() == [8, 4, 7]


@pytest.mark.skipif(not PILOT.is_dir(), reason=f"the published exports are not at {SHARED}")
def test_the_pilot_in_transport_files_is_that_in_parquet():
    for name, records in (("adsl", 254), ("adae", 1191)):
        moved, own = (load_raw_table(PILOT / f"{name}.{kind}").frame for kind in ("xpt", "parquet"))
        assert len(moved) == len(own) == records
        column = "USUBJID"
        assert moved[column].astype(str).tolist() == own[column].astype(str).tolist()
