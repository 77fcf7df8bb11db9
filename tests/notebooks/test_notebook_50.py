"""Notebooks 50 and 52 on a typed export: opioid doses, instruments, agreement, by hand."""

from __future__ import annotations

import shutil
import os
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis.adam.study import Study, derive_study, narrow, write_study
from analysis.intake.load import load_export
from analysis.results import Row, find, find_one, read_extras, read_results
from analysis.settings import AnalysisSettings, data_folder, make_settings

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from cells import run_code

pytestmark = pytest.mark.slow

REAL = Path(os.environ.get("RELIEFCHECK_SHARED", Path(__file__).parents[3] / "shared")) / "real"
WHO = "ABCDEFG"
FILES = {
    "patients.csv": "patient_id,condition\n" + "".join(f"{one},crps\n" for one in WHO),
    "infusions.csv": "patient_id,study_day\n" + "".join(f"{p},{d}\n" for p in WHO for d in (0, 10)),
    # A, B, D and G respond at the end; at week 4 C is worse than at entry
    "pain_scores.csv": "patient_id,study_day,score\n"
    + "".join(f"{one},0,8\n" for one in WHO)
    + "A,13,4\nB,13,4\nC,13,8\nD,13,4\nE,13,8\nG,13,2\nA,38,4\nB,38,4\nC,38,9\nG,38,2\n",
    "opioid_use.csv": "patient_id,study_day,drug,daily_dose,unit,basis\n"
    "A,0,oxycodone,40,mg,taken\nA,38,oxycodone,20,mg,taken\n"  # 60 to 30 MME
    "B,0,oxycodone,20,mg,taken\nB,38,oxycodone,25,mg,taken\n"  # 30 to 37.5: more
    "C,0,morphine,10,mg,taken\nC,38,,0,,taken\n"  # stopped, with more pain
    "D,0,,0,,taken\nD,38,tramadol,50,mg,taken\n"  # begun
    "E,0,morphine,30,mg,taken\n"  # not recorded again
    # 10 to 8 MME by the factors of 2022, to 4 by those of 2016; F was never asked
    "G,0,morphine,10,mg,taken\nG,38,tramadol,40,mg,taken\n",
    "questionnaires.csv": "patient_id,study_day,instrument,score\n"
    "A,0,promis_pf,35\nA,13,promis_pf,38\nB,0,promis_pf,35\nB,13,promis_pf,31\n"
    "C,0,promis_pf,35\nC,13,promis_pf,36\nD,0,promis_pf,35\n"
    "A,38,promis_pf,40\nB,38,promis_pf,35\n"
    "A,13,pgic,2\nB,13,pgic,4\nC,13,pgic,6\nG,13,pgic,1\n",
}


def run(notebook: str, files: dict[str, str], folder: Path, **settings: object) -> pd.DataFrame:
    (folder / "export").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "export" / name).write_text(text)
    run_code(notebook, export=str(folder / "export"), results_dir=str(folder / "r"), **settings)
    return read_results(folder / "r")


def test_no_notebook_has_a_row_or_an_error_where_there_are_no_tables(tmp_path):
    bare = {name: FILES[name] for name in ("patients.csv", "infusions.csv", "pain_scores.csv")}
    for notebook in ("50_function_sleep_opioids", "52_domains"):
        assert run(notebook, bare, tmp_path).empty
    said = [each["text"] for extra in read_extras(tmp_path / "r") for each in extra["sentences"]]
    assert said == [
        f"The export has no {what}: nothing is said of them."
        for what in ("opioid doses", "questionnaires")
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> pd.DataFrame:
    return run("50_function_sleep_opioids", FILES, tmp_path_factory.mktemp("fifty"))


def one(results: pd.DataFrame, measure: str, definition: str, population: str, visit: str,
        pct: float | None = None) -> Row:  # fmt: skip
    row = find_one(results, measure=measure, definition=definition, population=population,
                   visit=visit, threshold_pct=pct, condition="crps", group_by="all")  # fmt: skip
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("definition", "events"),
    [("cdc_2022", 2), ("cdc_2016", 3), ("cdc_2022_pain_no_worse", 1)],
)
def test_halved_doses_of_users_at_entry_by_each_set(made, definition, events):
    """A, B, C, E and G took some; the set alone makes G's dose a reduction."""
    what = ("opioid_reduction_share", definition)
    least, seen, most = (
        one(made, *what, population, "week_4", 50.0)
        for population in ("all_starters", "observed", "best_case")
    )
    assert (least.n_events, least.n, least.n_missing) == (events, 5, 1)
    assert (seen.n_events, seen.n) == (events, 4)
    assert (most.n_events, most.n) == (events + 1, 5)


def test_stopped_more_begun_and_the_change_in_mme(made):
    for measure, counted in [("opioid_stopped_share", (1, 5)), ("opioid_more_share", (1, 5)),
                             ("opioid_started_share", (1, 1))]:  # fmt: skip
        row = one(made, measure, "cdc_2022", "all_starters", "week_4")
        assert (row.n_events, row.n) == counted, measure
    for name, value in [("mean", (-30 + 7.5 - 10 - 2) / 4), ("median", -6.0)]:
        row = one(made, "opioid_change", f"cdc_2022_{name}", "observed", "week_4")
        assert (row.value, row.n, row.unit) == (pytest.approx(value), 4, "MME a day")


def test_who_was_never_asked_is_in_no_share(made):
    assert one(made, "recorded_share", "function", "all_starters", "end").n == 7
    better = one(made, "improved_share", "function", "all_starters", "end")
    assert (better.n_events, better.n, better.n_missing) == (1, 4, 1)
    assert one(made, "improved_share", "function", "observed", "end").n_events == 1
    assert one(made, "worsened_share", "function", "observed", "end").n_events == 1
    change = one(made, "questionnaire_change", "function", "observed", "end")
    assert change.value == pytest.approx((3 - 4 + 1) / 3)
    later = one(made, "further_change", "function", "observed", "week_4")
    assert (later.value, later.n) == (pytest.approx(3.0), 2)


def test_agreement_with_pgic_and_responders_with_a_higher_dose(tmp_path):
    """A and G respond and say so, C neither, B responds only: kappa is 0.5."""
    found = run("52_domains", FILES, tmp_path)
    row = find_one(found, measure="pgic_agreement", visit="end")
    assert row is not None and (row.n, row.n_events) == (4, 3)
    assert row.value == pytest.approx(0.5)
    shares = {
        definition: find_one(found, measure="responder_opioid_share", definition=definition,
                             condition="crps", visit="week_4")
        for definition in ("increase_ignored", "increase_ends_response")
    }  # fmt: skip
    # A, B and G respond at week 4 and B takes more
    assert {name: (row.n_events, row.n) for name, row in shares.items()} == {
        "increase_ignored": (3, 4), "increase_ends_response": (2, 4)}  # fmt: skip


def demo() -> Study:
    export = load_export(data_folder() / "demo")
    return narrow(derive_study(export, make_settings(export.settings)), "all")


def test_the_planted_tapering_is_found():
    """Of users relieved at the end 65% take 30% less from week 4 on, of the others 18%."""
    study = demo()
    doses = study.adop.query("ANL01FL and PARAMCD == 'MME22' and AVISIT == 'week_4' and BASE > 0")
    pain = study.adpain.set_index(["USUBJID", "AVISIT"]).CRIT30FL
    end = pain.xs("end", level="AVISIT").reindex(doses["USUBJID"]).array
    for state, planted in {True: 0.65, False: 0.18}.items():
        own = doses[(pd.Series(end, doses.index) == state).fillna(False)]
        share, n = own["CRIT30FL"].mean(), own["CRIT30FL"].notna().sum()
        assert abs(share - planted) < 3 * (planted * (1 - planted) / n) ** 0.5, (state, share, n)


@pytest.mark.skipif(not REAL.is_dir(), reason="no folder of real exports")
def test_choir_has_t_scores_at_entry_only_and_says_nothing_of_change(tmp_path):
    shutil.copy(REAL / "choir_alter2021" / "choir_pain_clinic.csv", tmp_path / "choir.csv")
    (tmp_path / "mapping.yaml").write_text(
        "name: CHOIR\ntables:\n"
        "  patients:\n    file: choir.csv\n    columns:\n      patient_id: PATIENT_NUM\n"
        "      condition: {constant: other}\n"
        "  pain_scores:\n    file: choir.csv\n    columns:\n      patient_id: PATIENT_NUM\n"
        "      scale: {constant: nrs_0_10}\n      recall: {constant: average}\n    wide:\n"
        "      - {column: PAIN_INTENSITY_AVERAGE, study_day: 0, visit: baseline}\n"
        "      - {column: PAIN_INTENSITY_AVERAGE.FOLLOW_UP, study_day: 91, visit: week_12}\n"
        "  questionnaires:\n    file: choir.csv\n    columns:\n      patient_id: PATIENT_NUM\n"
        "      instrument: {constant: promis_pf}\n    wide:\n"
        "      - {column: PROMIS_PHYSICAL_FUNCTION, study_day: 0, visit: baseline}\n"
    )
    export = load_export(tmp_path, tmp_path / "mapping.yaml")
    write_study(derive_study(export, AnalysisSettings()), tmp_path / "data")
    made = run_code("50_function_sleep_opioids", datasets=str(tmp_path / "data"),
                    results_dir=str(tmp_path / "r"))  # fmt: skip
    assert "questionnaires at no visit after treatment" in made["printed"]
    found = read_results(tmp_path / "r")
    assert find(found, measure=["improved_share", "questionnaire_change"]).empty
