"""Questionnaires and opioid doses by visit: scores, directions, minimal changes, MME by hand."""

import math
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from tests.unit.exports import derive, load

from analysis.adam.study import FRAMES, LABELS, Study, load_study, write_study
from analysis.intake.codes import drug_of, instrument_of, load_instruments, mme_per_day

REAL = Path(os.environ.get("RELIEFCHECK_SHARED", Path(__file__).parents[3] / "shared")) / "real"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="no folder of real exports")

PEOPLE = "patient_id,condition\nA,crps\nB,crps\nC,crps\n"
SCORES = "patient_id,study_day,score\nA,0,8\nB,0,8\nC,0,8\nA,12,4\n"
GIVEN = "patient_id,study_day\n" + "".join(f"{p},{d}\n" for p in "ABC" for d in (0, 10))


def study_of(tmp_path: Path, mapping: str | None = None, **files: str) -> Study:
    contents = {"patients.csv": PEOPLE, "pain_scores.csv": SCORES, "infusions.csv": GIVEN}
    return derive(
        load(tmp_path, {**contents, **{f"{n}.csv": t for n, t in files.items()}}, mapping)
    )


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    """Rows as plain values, missing as None, numbers without binary dust."""
    plain = frame[list(columns)].round(9).astype(object)
    return list(plain.where(plain.notna(), None).itertuples(index=False, name=None))


# questionnaires


@pytest.mark.slow
def test_change_direction_and_minimal_change(tmp_path):
    scores = (
        "patient_id,study_day,instrument,score\n"
        "A,-3,PROMIS Pain Interference,66\nA,0,PROMIS Pain Interference,68\n"  # baseline 67
        "A,13,PROMIS Pain Interference,64\n"  # 3 better: as much as matters
        "B,0,promis_pi,67\nB,13,promis_pi,70\n"  # 3 worse
        "A,0,promis_pf,35\nA,13,promis_pf,37.9\n"  # 2.9 better: higher is better here
        "B,0,promis_pf,35\nB,13,promis_pf,38\n"
        "A,13,PGIC,2\nB,13,PGIC,6\nC,13,PGIC,3\n"
    )
    adqs = study_of(tmp_path, questionnaires=scores).adqs
    columns = ("PARAMCD", "USUBJID", "BASE", "AVAL", "CHG", "BETTER", "MICFL", "WORSEFL", "ASKFL")
    at_end = adqs[adqs["AVISIT"] == "end"]
    assert rows(at_end, *columns) == [
        ("PROMPI", "A", 67, 64, -3, 3, True, False, True),
        ("PROMPI", "B", 67, 70, 3, -3, False, True, True),
        ("PROMPI", "C", None, None, None, None, None, None, False),
        ("PROMPF", "A", 35, 37.9, 2.9, 2.9, False, False, True),
        ("PROMPF", "B", 35, 38, 3, 3, True, False, True),
        ("PROMPF", "C", None, None, None, None, None, None, False),
        ("PGIC", "A", None, 2, None, None, True, False, True),
        ("PGIC", "B", None, 6, None, None, False, True, True),
        ("PGIC", "C", None, 3, None, None, False, False, True),
    ]
    assert set(adqs["AVISIT"]) == {"end"}
    assert adqs["DUEFL"].all()


@pytest.mark.slow
def test_visits_are_those_of_the_instrument_and_missed_ones_are_rows(tmp_path):
    scores = (
        "patient_id,study_day,instrument,score\n"
        "A,0,isi,20\nA,38,isi,14\nB,0,isi,20\nB,94,isi,15\nA,13,phq9,9\n"
    )
    study = study_of(tmp_path, questionnaires=scores)
    isi = study.adqs[study.adqs["PARAMCD"] == "ISI"]
    assert rows(isi, "USUBJID", "AVISIT", "AVAL", "MICFL", "RATEDFL", "ASKFL") == [
        ("A", "week_4", 14, True, True, True),
        ("A", "week_12", None, None, False, True),
        ("B", "week_4", None, None, False, True),
        ("B", "week_12", 15, False, True, True),  # 5 of the 6 that matter
        ("C", "week_4", None, None, False, False),
        ("C", "week_12", None, None, False, False),
    ]
    assert rows(study.adqs[study.adqs["PARAMCD"] == "PHQ9"], "USUBJID", "AVISIT") == [
        ("A", "end"), ("B", "end"), ("C", "end"),
    ]  # fmt: skip
    assert rows(study.qsratings, "PARAMCD", "USUBJID", "ROLE") == [
        ("ISI", "A", "baseline"), ("ISI", "A", "week_4"), ("ISI", "B", "baseline"),
        ("ISI", "B", "week_12"), ("PHQ9", "A", "end"),
    ]  # fmt: skip


@pytest.mark.slow
def test_an_unknown_instrument_is_shown_as_it_is(tmp_path):
    scores = (
        "patient_id,study_day,instrument,score\nA,0,Global Health Mental,300\n"
        "A,13,Global Health Mental,310\nA,13,Global Health Physical,1\n"
    )
    study = study_of(tmp_path, questionnaires=scores)
    first = study.adqs[study.adqs["USUBJID"] == "A"]
    columns = ("PARAMCD", "PARAM", "QSDOM", "AVAL", "CHG", "BETTER", "MICFL")
    assert rows(first, *columns) == [
        ("GLOBALHE", "Global Health Mental", None, 310, 10, None, None),
        ("GLOBALH2", "Global Health Physical", None, 1, None, None, None),
    ]
    found = next(a.findings for a in study.intake if a.table == "questionnaires")
    assert "2 names of instruments (3 rows) are not in data/codes/instruments.csv" in found[0]


@pytest.mark.slow
def test_a_column_for_each_instrument_and_visit(tmp_path):
    wide = "patient_id,ISI pre,ISI post,PHQ-9 post\nA,20,12,8\nB,18,,\n"
    mapping = (
        "tables:\n  questionnaires:\n    file: scales.csv\n    wide:\n"
        "      - {column: ISI pre, instrument: isi, visit: baseline}\n"
        "      - {column: ISI post, instrument: isi, visit: end}\n"
        "      - {column: PHQ-9 post, instrument: phq9, study_day: 13}\n"
    )
    study = study_of(tmp_path, mapping, scales=wide)
    account = next(a for a in study.intake if a.table == "questionnaires")
    assert (account.n_used, account.excluded) == (4, {"no score recorded": 2})
    assert account.reconciles
    at_end = study.adqs[study.adqs["AVAL"].notna()]
    assert rows(at_end, "PARAMCD", "USUBJID", "AVAL", "BETTER", "MICFL") == [
        ("ISI", "A", 12, 8, True),
        ("PHQ9", "A", 8, None, None),
    ]


def test_instruments_have_a_direction_a_range_and_a_source():
    instruments = load_instruments()
    codes = [each.paramcd for each in instruments.values()]
    assert len(set(codes)) == len(codes) == 13
    for code, each in instruments.items():
        assert (
            instrument_of(code) == instrument_of(each.name) == instrument_of(each.paramcd) == code
        )
        assert each.low < each.high and each.better in ("lower", "higher")
        assert (each.minimal_change is None) != (each.improved_at is None)
        assert each.change_source and len(each.paramcd) <= 8
        assert not each.is_t_score or (each.low, each.high) == (0, 100)


# opioids

BOTH = {
    # drug, dose, unit, route: MME by CDC 2022 and CDC 2016, by hand
    ("codeine", 60, "mg", ""): (9, 9),
    ("hydrocodone", 20, "mg", "oral"): (20, 20),
    ("oxycodone", 20, "", ""): (30, 30),
    ("oxymorphone", 10, "mg", ""): (30, 30),
    ("morphine", 45, "mg", ""): (45, 45),
    ("hydromorphone", 8, "mg", ""): (40, 32),
    ("tapentadol", 100, "mg", ""): (40, 40),
    ("tramadol", 200, "mg", ""): (40, 20),
    ("methadone", 20, "mg", ""): (94, 80),
    ("methadone", 30, "mg", ""): (141, 240),
    ("methadone", 50, "mg", ""): (235, 500),
    ("methadone", 80, "mg", ""): (376, 960),
    ("fentanyl", 25, "mcg_per_hour", ""): (60, 60),
    ("fentanyl", 12.5, "", "transdermal"): (30, 30),
    ("fentanyl", 400, "mcg", "buccal"): (math.nan, 52),
    ("fentanyl", 0.4, "mg", "sublingual"): (math.nan, 52),
    ("fentanyl", 400, "mcg", ""): (math.nan, math.nan),  # nasal and buccal differ
    ("fentanyl", 25, "", ""): (math.nan, math.nan),  # 25 mg nobody takes: which unit is not said
    ("levorphanol", 4, "mg", ""): (math.nan, 44),
    ("meperidine", 100, "mg", ""): (math.nan, 10),
    ("dihydrocodeine", 32, "mg", ""): (math.nan, 8),
    ("pentazocine", 100, "mg", ""): (math.nan, 37),
    ("buprenorphine", 8, "mg", "sublingual"): (math.nan, math.nan),
    ("buprenorphine", 20, "mcg_per_hour", "transdermal"): (math.nan, math.nan),
    ("morphine", 10, "mg", "parenteral"): (math.nan, math.nan),
    ("tilidine", 100, "mg", ""): (math.nan, math.nan),
    ("tilidine", 0, "mg", ""): (0, 0),
}


@pytest.mark.parametrize("given", BOTH, ids=lambda given: " ".join(map(str, given)))
def test_mme_of_each_drug_by_hand(given):
    drug, dose, unit, route = given
    found = tuple(
        mme_per_day(drug, dose, factor_set=name, unit=unit, route=route)
        for name in ("cdc_2022", "cdc_2016")
    )
    assert found == pytest.approx(BOTH[given], nan_ok=True)


@pytest.mark.parametrize(
    ("name", "drug"),
    [("OxyContin", "oxycodone"), ("Oxycodone ER 20", "oxycodone"), ("Percocet 5/325", "oxycodone"),
     ("MORPHINE SULFATE SR", "morphine"), ("Duragesic", "fentanyl"), ("Butrans", "buprenorphine"),
     ("fentanyl patch", "fentanyl"), ("Tramadol HCl", "tramadol"), ("gabapentin", ""),
     ("oxycodone and morphine", ""), ("No opioids", "none")],
)  # fmt: skip
def test_drugs_are_known_by_name_and_brand(name, drug):
    assert drug_of(name) == drug


@pytest.mark.slow
def test_doses_of_a_day_add_up_and_an_unknown_one_makes_the_day_unknown(tmp_path):
    doses = (
        "patient_id,study_day,drug,daily_dose,unit\n"
        "A,0,oxycodone ER,20,mg\nA,0,oxycodone IR,20,mg\nA,0,tramadol,100,mg\n"  # 60 + 20
        "A,13,methadone,15,mg\nA,13,Methadose,15,mg\n"  # 30 mg: one factor, for both together
        "B,0,morphine,60,mg\nB,0,buprenorphine,8,mg\n"  # not 60
        "B,13,morphine,30,mg\nB,13,hydromorphone,,mg\n"  # not 30
        "C,0,None,,mg\nC,13,oxycodone,10,mg\n"  # none is 0, also without a number
    )
    study = study_of(tmp_path, opioid_use=doses)
    columns = ("PARAMCD", "USUBJID", "BASE", "AVAL", "STARTFL", "ASKFL", "RATEDFL")
    assert rows(study.adop, *columns) == [
        ("MME22", "A", 80, 141, None, True, True),
        ("MME22", "B", None, None, None, True, False),
        ("MME22", "C", 0, 15, True, True, True),
        ("MME16", "A", 70, 240, None, True, True),
        ("MME16", "B", None, None, None, True, False),
        ("MME16", "C", 0, 15, True, True, True),
    ]
    assert set(study.adop["PARAM"]) == {
        "Opioids (MME a day, CDC 2022 factors)", "Opioids (MME a day, CDC 2016 factors)",
    }  # fmt: skip


@pytest.mark.slow
def test_tapering_stopping_and_who_was_never_asked(tmp_path):
    doses = (
        "patient_id,study_day,drug,daily_dose,mme_per_day\n"
        "A,0,oxycodone,40,\nA,13,oxycodone,28,\nA,38,,0,\n"
        "B,0,,,90\nB,13,,,120\n"
    )
    adop = study_of(tmp_path, opioid_use=doses).adop.query("PARAMCD == 'MME22'")
    columns = ("USUBJID", "AVISIT", "BASE", "AVAL", "PCHG", "CRIT30FL", "CRIT50FL", "STOPFL",
               "STARTFL", "MOREFL", "ASKFL")  # fmt: skip
    none = (None,) * 5
    assert rows(adop, *columns) == [
        ("A", "end", 60, 42, -30, True, False, False, None, False, True),
        ("A", "week_4", 60, 0, -100, True, True, True, None, False, True),
        ("B", "end", 90, 120, 33.333333333, False, False, False, None, True, True),
        ("B", "week_4", 90, None, None, *none, True),
        ("C", "end", None, None, None, *none, False),
        ("C", "week_4", None, None, None, *none, False),
    ]
    assert adop["PARAM"].unique() == ["Opioids (MME a day, CDC 2022 factors, else as recorded)"]


@pytest.mark.slow
def test_what_is_prescribed_and_what_is_taken_are_never_added(tmp_path):
    doses = (
        "patient_id,study_day,drug,daily_dose,basis\n"
        "A,0,morphine,60,prescribed\nA,0,morphine,40,taken\n"
        "A,13,morphine,60,prescribed\nA,13,morphine,20,taken\n"
    )
    adop = study_of(tmp_path, opioid_use=doses).adop
    own = adop[(adop["PARAMCD"] == "MME22") & (adop["USUBJID"] == "A")]
    assert rows(own, "OPBASIS", "ANL01FL", "BASE", "AVAL", "CRIT50FL") == [
        ("taken", True, 40, 20, True),
        ("prescribed", False, 60, 60, False),
    ]


# the frames


@pytest.mark.slow
def test_frames_have_labels_and_survive_being_written(tmp_path):
    doses = "patient_id,study_day,drug,daily_dose\nA,0,morphine,60\nA,13,morphine,20\n"
    events = "patient_id,study_day,term\nA,0,nausea\nB,0,none\n"
    scores = "patient_id,study_day,instrument,score\nA,0,isi,20\nA,13,isi,10\n"
    study = study_of(tmp_path, opioid_use=doses, adverse_events=events, questionnaires=scores)
    write_study(study, tmp_path / "datasets")
    again = load_study(tmp_path / "datasets")
    for name in FRAMES:
        frame = getattr(study, name)
        assert len(frame), name
        for column in frame:
            assert len(column) <= 8 and len(LABELS[column]) <= 40, (name, column)
        pd.testing.assert_frame_equal(getattr(again, name), frame)


@pytest.mark.slow
def test_study_days_without_a_day_0_move_in_every_table(tmp_path):
    given = "patient_id,study_day\n" + "".join(f"{p},{d}\n" for p in "ABC" for d in (1, 11))
    scores = "patient_id,study_day,instrument,score\nA,-2,isi,20\nA,14,isi,10\n"
    export = load(
        tmp_path,
        {
            "patients.csv": PEOPLE,
            "pain_scores.csv": SCORES.replace(",0,", ",-1,"),
            "infusions.csv": given,
            "questionnaires.csv": scores,
        },
    )
    assert rows(derive(export).qsratings, "ADY", "ROLE") == [(-2, "baseline"), (13, "end")]


@pytest.mark.slow
@needs_real
def test_choir_t_scores_are_read_as_recorded(tmp_path):
    shutil.copy(REAL / "choir_alter2021" / "choir_pain_clinic.csv", tmp_path / "choir.csv")
    wide = {
        "PROMIS_PHYSICAL_FUNCTION": "promis_pf",
        "PROMIS_SLEEP_DISTURB_V1_0": "promis_sd",
        "PROMIS_PAIN_INTERFERENCE": "promis_pi",
        "PROMIS_PAIN_BEHAVIOR": "PROMIS pain behavior",
    }
    columns = "".join(
        f"      - {{column: {c}, instrument: {i}, visit: baseline}}\n" for c, i in wide.items()
    )
    mapping = f"""
tables:
  patients:
    file: choir.csv
    where: {{PATIENT_NUM: {{recorded: true}}}}
    columns: {{patient_id: PATIENT_NUM, condition: {{constant: other}}}}
  pain_scores:
    file: choir.csv
    columns: {{patient_id: PATIENT_NUM, score: PAIN_INTENSITY_AVERAGE, study_day: {{constant: 0}}}}
  questionnaires:
    file: choir.csv
    columns: {{patient_id: PATIENT_NUM}}
    wide:
{columns}"""
    export = load(tmp_path, {"patients.csv": None, "pain_scores.csv": None}, mapping)
    told = pd.read_csv(tmp_path / "choir.csv", dtype={"PATIENT_NUM": "str"})
    ours = export.tables["questionnaires"].groupby("instrument")["score"]
    for column, instrument in wide.items():
        theirs = told.loc[told["PATIENT_NUM"].notna(), column].dropna()
        own = ours.get_group(instrument)
        assert len(own) == len(theirs)
        assert own.mean() == pytest.approx(theirs.mean(), rel=1e-12)  # the same sum, reordered
    found = next(a.findings for a in export.intake if a.table == "questionnaires")
    assert "PROMIS pain behavior" in found[0]
