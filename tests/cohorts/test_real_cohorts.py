"""Two real cohorts, through mappings alone, against the figures their READMEs print.

The data are not part of the project. They are looked for in ``../shared/real`` beside the checkout,
or in ``real`` under the folder that RELIEFCHECK_SHARED names; where they are absent the tests skip.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from analysis.adam.adpain import reaches
from analysis.adam.study import Study, derive_study
from analysis.intake.load import Export, load_export
from analysis.intake.read import load_raw_table
from analysis.intake.values import parse_number
from analysis.settings import make_settings

CHECKOUT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("RELIEFCHECK_SHARED", CHECKOUT.parent / "shared"))
REAL = SHARED / "real"
CHOIR = REAL / "choir_alter2021"
DINAT = REAL / "amitriptyline_hivsn"
MAPPINGS = CHECKOUT / "tests" / "mappings"

PRINTED_3 = 5e-4  # half a unit of the third decimal, the last one the README prints
PRINTED_2 = 5e-3  # of the second

pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"the real cohorts are not at {REAL}; see RELIEFCHECK_SHARED"
)

FILES = sorted([*CHOIR.glob("*.csv"), *DINAT.glob("*.csv")]) or [REAL / "absent.csv"]


def cohort(folder: Path, mapping: str) -> tuple[Export, Study]:
    export = load_export(folder, MAPPINGS / mapping)
    assert all(account.reconciles for account in export.intake)
    return export, derive_study(export, make_settings(export.settings))


def outcome(own: Study, visit: str, arm: str | None = None) -> pd.DataFrame:
    """Ratings at a visit, one row a patient rated, of one arm or all."""
    rows = own.adpain[(own.adpain["AVISIT"] == visit) & own.adpain["AVAL"].notna()]
    rows = rows if arm is None else rows[rows["ARM"] == arm]
    return rows.set_index("USUBJID")


def responders(rows: pd.DataFrame, threshold_pct: float) -> tuple[int, int]:
    flags = reaches(rows["PCHG"], threshold_pct)
    return int(flags.sum()), int(flags.notna().sum())


@pytest.fixture(scope="module")
def choir() -> tuple[Export, Study]:
    return cohort(CHOIR, "choir_alter2021.yaml")


@pytest.fixture(scope="module")
def period1() -> Study:
    return cohort(DINAT, "amitriptyline_period1.yaml")[1]


@pytest.fixture(scope="module")
def period2() -> Study:
    return cohort(DINAT, "amitriptyline_period2.yaml")[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_read_line_for_line(path):
    """The bare-CR files too; README gives the number of rows of each."""
    rows = {
        "Baselines.csv": 244,
        "Demographics.csv": 124,
        "Dose.csv": 244,
        "NNT.csv": 215,
        "PainChange.csv": 122,
        "PainDoseReg.csv": 244,
        "Parallel.csv": 244,
        "RescueMeds.csv": 122,
        "ResponderAnalysis.csv": 122,
        "SideEffects.csv": 122,
        "choir_pain_clinic.csv": 21_659,
        "xoverBOCF.csv": 248,
        "xoverPP.csv": 244,
    }
    assert len(load_raw_table(path).frame) == rows[path.name]


@pytest.mark.slow
def test_choir_patients_and_the_blank_row(choir):
    export, own = choir
    account = next(a for a in export.intake if a.table == "patients")
    assert (account.n_records, account.n_used) == (21_659, 21_658)
    assert account.excluded == {"blank row": 1}
    assert len(own.adsl) == 21_658
    assert int((own.adsl["SEX"] == "female").sum()) == 13_102
    scores = next(a for a in export.intake if a.table == "pain_scores")
    assert scores.excluded == {"blank row": 2, "no score recorded": 14_520}


@pytest.mark.slow
def test_choir_scores_of_those_followed(choir):
    rows = outcome(choir[1], "week_12")
    assert len(rows) == 7_138
    assert rows["BASE"].mean() == pytest.approx(6.325, abs=PRINTED_3)
    assert rows["AVAL"].mean() == pytest.approx(5.988, abs=PRINTED_3)
    assert rows["CHG"].mean() == pytest.approx(-0.338, abs=PRINTED_3)
    assert rows["CHG"].std() == pytest.approx(1.931, abs=PRINTED_3)


@pytest.mark.slow
def test_choir_baseline_of_everyone(choir):
    baseline = choir[1].adsl["BASE"]
    assert baseline.notna().all()
    assert baseline.mean() == pytest.approx(6.485, abs=PRINTED_3)
    assert baseline.std() == pytest.approx(2.012, abs=PRINTED_3)


@pytest.mark.slow
def test_choir_responders_among_those_seen_and_among_all_starters(choir):
    own = choir[1]
    rows = outcome(own, "week_12")
    rows = rows[rows["FASFL"]]
    assert responders(rows, 30) == (1_178, 7_135)
    assert responders(rows, 50) == (588, 7_135)
    assert int(reaches(rows["CHG"], 2).sum()) == 1_598
    # All starters: 21,658 patients less those with nothing to reduce, counted in the raw file.
    frame = load_raw_table(CHOIR / "choir_pain_clinic.csv").frame
    zero = int((frame["PAIN_INTENSITY_AVERAGE"] == "0").sum())
    assert zero > 0
    assert own.adsl["FASFL"].sum() == 21_658 - zero
    assert int((own.adsl["FASREAS"] == "zero").sum()) == zero


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arm", "n", "at_30", "at_50", "before", "after"),
    [("amitriptyline", 56, 26, 18, 7.86, 4.93), ("placebo", 66, 28, 21, 7.97, 5.48)],
)
def test_dinat_period_1(period1, arm, n, at_30, at_50, before, after):
    rows = outcome(period1, "end", arm)
    assert responders(rows, 30) == (at_30, n)
    assert responders(rows, 50) == (at_50, n)
    assert rows["BASE"].mean() == pytest.approx(before, abs=PRINTED_2)
    assert rows["AVAL"].mean() == pytest.approx(after, abs=PRINTED_2)


@pytest.mark.slow
def test_dinat_period_2_has_20_baselines_of_0(period2):
    zero = period2.adsl["FASREAS"] == "zero"
    assert (len(zero), int(zero.sum())) == (122, 20)
    rows = outcome(period2, "end")
    assert int(rows["PCHG"].isna().sum()) == 20
    assert rows["CHG"].notna().all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mapping", "arm", "mean", "sd"),
    [
        ("amitriptyline_arv_naive.yaml", "amitriptyline", 2.77, 3.28),
        ("amitriptyline_arv_naive.yaml", "placebo", 2.80, 3.49),
        ("amitriptyline_arv_users.yaml", "amitriptyline", 2.69, 3.38),
        ("amitriptyline_arv_users.yaml", "placebo", 2.05, 2.81),
    ],
)
def test_dinat_mean_reductions_as_published(mapping, arm, mean, sd):
    rows = outcome(cohort(DINAT, mapping)[1], "end", arm)
    assert len(rows) == 61
    assert -rows["CHG"].mean() == pytest.approx(mean, abs=PRINTED_2)
    assert rows["CHG"].std() == pytest.approx(sd, abs=PRINTED_2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arm", "n", "at_30", "at_50"), [("amitriptyline", 105, 62, 47), ("placebo", 110, 55, 42)]
)
def test_dinat_table_for_numbers_needed_to_treat(arm, n, at_30, at_50):
    rows = outcome(cohort(DINAT, "amitriptyline_nnt.yaml")[1], "end", arm)
    assert responders(rows, 30) == (at_30, n)
    assert responders(rows, 50) == (at_50, n)


@pytest.mark.slow
def test_dinat_all_randomized_with_baseline_carried_forward():
    own = cohort(DINAT, "amitriptyline_bocf.yaml")[1]
    assert len(own.adsl) == 124
    rows = outcome(own, "end")
    assert rows.loc[["E026", "E100"], "PCHG"].tolist() == [0.0, 0.0]
    assert len(rows) == 124


def test_dinat_dose():
    """A dose in mg of another drug is no column of the contract; the table itself is read."""
    frame = load_raw_table(DINAT / "Dose.csv").frame
    doses = frame.loc[frame["Treatment"] == "A", "Dose"].map(parse_number).astype(float)
    assert doses.quantile([0.25, 0.5, 0.75]).tolist() == [25.0, 50.0, 50.0]
