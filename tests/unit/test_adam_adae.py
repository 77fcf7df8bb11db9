"""Adverse events: what is one, which infusion it belongs to, how long it lasted, who was asked."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from tests.unit.exports import derive, load

from analysis.adam.adae import asked_about
from analysis.adam.study import Study

pytestmark = pytest.mark.slow

REAL = Path(os.environ.get("RELIEFCHECK_SHARED", Path(__file__).parents[3] / "shared")) / "real"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="no folder of real exports")

PEOPLE = "patient_id,condition\nA,crps\nB,crps\nC,crps\n"
SCORES = "patient_id,assessed_on,score\nA,2024-01-01,8\nB,2024-01-01,8\nC,2024-01-01,8\n"
GIVEN = (
    "patient_id,infused_at,dose_mg_per_kg,minutes,sbp_before,sbp_peak,dbp_before,dbp_peak,"
    "discharge_minutes\n"
    "A,2024-01-02 09:00,0.5,60,120,150,80,90,45\n"
    "A,2024-01-05 09:00,0.5,60,120,,80,,45\n"
    "A,2024-01-09 09:00,0.7,60,130,190,80,112,60\n"
    "B,2024-01-03,,50,118,131,70,75,\n"
    "B,2024-01-06,0.5,50,118,131,70,75,30\n"
    "C,2024-01-04,0.5,50,118,131,70,75,30\n"
)


def study_of(tmp_path: Path, events: str | None, mapping: str | None = None, **files) -> Study:
    export = load(
        tmp_path,
        {
            "patients.csv": files.get("people", PEOPLE),
            "pain_scores.csv": SCORES,
            "infusions.csv": files.get("given", GIVEN),
            "adverse_events.csv": events,
        },
        mapping,
    )
    return derive(export)


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    """Rows as plain values, missing as None."""
    plain = frame[list(columns)].astype(object)
    return list(plain.where(plain.notna(), None).itertuples(index=False, name=None))


def test_exposure_and_vital_signs_of_each_infusion(tmp_path):
    infusions = study_of(tmp_path, None).infusions
    assert rows(infusions, "USUBJID", "INFNO", "GAPDY", "DOSE", "CUMDOSE", "SBPCHG", "DBPCHG") == [
        ("A", 1, None, 0.5, 0.5, 30, 10),
        ("A", 2, 3, 0.5, 1.0, None, None),
        ("A", 3, 4, 0.7, 1.7, 60, 32),
        ("B", 1, None, None, None, 13, 5),  # an unknown dose: the sum is unknown from there on
        ("B", 2, 3, 0.5, None, 13, 5),
        ("C", 1, None, 0.5, 0.5, 13, 5),
    ]


def test_an_event_belongs_to_the_infusion_it_names_or_to_the_last_one_before_it(tmp_path):
    events = study_of(
        tmp_path,
        "patient_id,infused_at,occurred_on,term,grade\n"
        "A,2024-01-05,,Nausea,1\n"
        "A,,2024-01-06,tired,1\n"
        "A,2024-01-05,2024-01-06,Head ache,2\n"
        "B,,2024-01-01,Dizzy,1\n"
        "B,,2024-03-06,painful urination,3\n"
        "A,,2024-01-02 09:20,Odd taste,1\n",
    ).adae
    columns = ("USUBJID", "AESEQ", "AEDECOD", "AECODE", "AEGRP", "INFNO", "ASTDY", "AEINFDY",
               "TRTEMFL")  # fmt: skip
    urinary = "Urgency, frequency or pain on passing urine"
    assert rows(events, *columns) == [
        ("A", 1, "Odd taste", None, "other", 1, 0, 0, True),
        ("A", 2, "Nausea", "nausea", "gastrointestinal", 2, 3, 0, True),
        ("A", 3, "Fatigue", "fatigue", "general", 2, 4, 1, True),
        ("A", 4, "Headache", "headache", "nervous_system", 2, 4, 1, True),
        ("B", 1, "Dizziness", "dizziness", "nervous_system", None, -2, None, False),
        ("B", 2, urinary, "urinary_symptoms", "urinary", 2, 63, 60, True),
    ]


def test_minutes_to_resolution_and_who_is_censored(tmp_path):
    events = study_of(
        tmp_path,
        "patient_id,infused_at,term,minutes_to_resolution,resolved,resolved_on\n"
        "A,2024-01-02 09:00,nausea,20,,\n"  # as recorded
        "A,2024-01-02 09:00,dizzy,15,no,\n"  # not resolved when last looked at, after 15 minutes
        "A,2024-01-02 09:00,drowsy,,no,\n"  # unresolved at discharge, 45 minutes after the end
        "A,2024-01-02 09:00,floating,,yes,2024-01-02 10:25\n"  # ended 10:00: 25 minutes
        "A,2024-01-02 09:00,vomiting,,,2024-01-02 09:40\n"  # over before the end
        "A,2024-01-02 09:00,anxious,,yes,\n"  # resolved, nobody wrote when
        "A,2024-01-02 09:00,headache,,,2024-01-03\n"  # a date without a time
        "B,2024-01-03,nausea,,no,\n",  # no time of discharge
    ).adae
    assert rows(events, "AECODE", "ADURN", "CNSR") == [
        ("nausea", 20, 0),
        ("dizziness", 15, 1),
        ("drowsiness", 45, 1),
        ("dissociation", 25, 0),
        ("vomiting", 0, 0),
        ("anxiety", None, None),
        ("headache", None, None),
        ("nausea", None, None),
    ]


def asked_of(study: Study) -> tuple[list, list]:
    """AEASKFL of A, B, C and of their infusions A1 A2 A3 B1 B2 C1."""
    return (
        [flag for (flag,) in rows(study.adsl, "AEASKFL")],
        [flag for (flag,) in rows(study.infusions, "AEASKFL")],
    )


def test_nobody_is_taken_to_have_been_asked(tmp_path):
    nothing = [None] * 3, [None] * 6
    assert asked_of(study_of(tmp_path / "none", None)) == nothing
    volunteered = "patient_id,infused_at,term,solicited\nA,2024-01-05,nausea,no\n"
    study = study_of(tmp_path / "told", volunteered)
    assert asked_of(study) == nothing
    assert len(study.adae) == 1 and study.asked.empty
    unsaid = "patient_id,infused_at,term\nA,2024-01-05,nausea\n"
    assert asked_of(study_of(tmp_path / "unsaid", unsaid)) == nothing


def test_none_reported_is_an_answer_about_all_effects_and_no_event(tmp_path):
    events = (
        "patient_id,infused_at,term,solicited\n"
        "A,2024-01-02,None,\nA,2024-01-05,Nausea,yes\nB,2024-01-03,No side effects,\n"
    )
    study = study_of(tmp_path, events)
    # The export never writes down what did not occur: a solicited event shows the list was put.
    assert asked_of(study) == ([True, True, None], [True, True, None, True, None, None])
    assert rows(study.adae, "USUBJID", "AECODE", "AEASKFL") == [("A", "nausea", True)]
    assert len(asked_about(study.asked, "Vomiting")) == 3


def test_answers_by_name_are_about_their_own_effect(tmp_path):
    events = (
        "patient_id,infused_at,term,solicited,occurred\n"
        "A,2024-01-02,nausea,yes,yes\nA,2024-01-02,dizziness,yes,no\n"
        "A,2024-01-05,nausea,yes,\n"  # on the list, not asked that day
        "B,2024-01-03,nausea,yes,no\nB,2024-01-03,rash,,\n"  # the rash was volunteered
    )
    study = study_of(tmp_path, events)
    assert rows(study.adae, "USUBJID", "AECODE") == [("A", "nausea"), ("B", "allergic_reaction")]
    assert asked_of(study) == ([True, True, None], [True, None, None, True, None, None])
    assert rows(asked_about(study.asked, "Nausea"), "USUBJID", "INFNO") == [("A", 1), ("B", 1)]
    assert rows(asked_about(study.asked, "Dizziness"), "USUBJID", "INFNO") == [("A", 1)]
    assert asked_about(study.asked, "Headache").empty


def test_a_checklist_does_not_silence_a_list_beside_it(tmp_path):
    """Each file has its own way: an event of the list has no `occurred`, and stays an event."""
    given = "patient_id,infused_at,Nausea\nA,2024-01-02,no\nB,2024-01-03,\n"
    told = (
        "patient_id,infused_at,term,solicited,grade\n"
        "A,2024-01-02,dizziness,yes,2\nB,2024-01-03,vomiting,yes,\n"
    )
    mapping = (
        "tables:\n  adverse_events:\n    - file: infusions.csv\n"
        "      wide: [{column: Nausea, term: nausea}]\n    - file: adverse_events.csv\n"
    )
    study = study_of(tmp_path, told, mapping, given=given)
    assert rows(study.adae, "USUBJID", "AECODE") == [("A", "dizziness"), ("B", "vomiting")]
    assert rows(asked_about(study.asked, "Headache"), "USUBJID") == [("A",), ("B",)]


def test_an_answer_with_a_grade_is_an_event_whatever_is_left_blank(tmp_path):
    events = (
        "patient_id,infused_at,term,solicited,occurred,grade\n"
        "A,2024-01-02,nausea,yes,,2\nA,2024-01-02,dizziness,yes,no,\n"
        "A,2024-01-02,headache,yes,,\n"
    )
    study = study_of(tmp_path, events)
    assert rows(study.adae, "AECODE", "ATOXGRN") == [("nausea", 2)]
    assert set(study.asked["AEDECOD"]) == {"Nausea", "Dizziness"}


def test_infusions_and_patients_can_say_that_they_were_asked(tmp_path):
    given = GIVEN.replace("discharge_minutes\n", "discharge_minutes,ae_assessed\n")
    given = given.replace(",45\n", ",45,yes\n").replace(",60\n", ",60,no\n")
    given = given.replace("70,75,\n", "70,75,,\n").replace(",30\n", ",30,\n")
    assert asked_of(study_of(tmp_path / "infusions", None, given=given)) == (
        [True, None, None], [True, True, False, None, None, None],
    )  # fmt: skip
    people = "patient_id,condition,ae_assessed\nA,crps,no\nB,crps,yes\nC,crps,\n"
    study = study_of(tmp_path / "patients", None, people=people)
    assert asked_of(study) == ([False, True, None], [False] * 3 + [True] * 2 + [None])
    assert rows(asked_about(study.asked, "Nausea"), "USUBJID", "INFNO") == [("B", None)]


def test_a_checklist_with_a_column_for_each_effect(tmp_path):
    given = (
        "patient_id,infused_at,Nausea,Dizziness\n"
        "A,2024-01-02,yes,no\nA,2024-01-05,,no\nB,2024-01-03,,\nC,2024-01-04,no,no\n"
    )
    mapping = (
        "tables:\n  adverse_events:\n    file: infusions.csv\n    columns:\n"
        "      solicited: {constant: 'yes'}\n"
        "    wide:\n      - {column: Nausea, term: nausea}\n"
        "      - {column: Dizziness, term: dizziness}\n"
    )
    study = study_of(tmp_path, None, mapping, given=given)
    account = next(each for each in study.intake if each.table == "adverse_events")
    assert (account.n_records, account.per_record, account.n_used) == (4, 2, 5)
    assert account.excluded == {"no effect recorded": 3} and account.reconciles
    assert rows(study.adae, "USUBJID", "INFNO", "AECODE") == [("A", 1, "nausea")]
    assert len(asked_about(study.asked, "Nausea")) == 2
    assert len(asked_about(study.asked, "Dizziness")) == 3
    assert asked_of(study) == ([True, None, True], [True, True, None, True])


# real data


@needs_real
def test_cdisc_pilot_counts_by_term_and_arm_are_those_of_the_file(tmp_path):
    folder = REAL / "adam_cdisc_pilot"
    subjects = pd.read_parquet(folder / "adsl.parquet")
    told = pd.read_parquet(folder / "adae.parquet")
    subjects.to_parquet(tmp_path / "adsl.parquet")
    told.to_parquet(tmp_path / "adae.parquet")
    # The pilot has no pain scores; the contract asks for some.
    subjects[["USUBJID"]].assign(day=0, score=5).to_csv(tmp_path / "scores.csv", index=False)
    mapping = """
tables:
  patients:
    file: adsl.parquet
    columns:
      patient_id: USUBJID
      condition: {constant: other}
      arm: TRT01A
      enrolled_on: TRTSDT
      ae_assessed: {constant: "yes"}
  pain_scores:
    file: scores.csv
    columns: {patient_id: USUBJID, study_day: day}
  adverse_events:
    file: adae.parquet
    columns:
      patient_id: USUBJID
      occurred_on: ASTDT
      study_day: {from: ASTDY, add: -1}
      term: AETERM
      preferred_term: AEDECOD
      body_system: AEBODSYS
      grade: {from: AESEV, values: {MILD: 1, MODERATE: 2, SEVERE: 3}}
      serious: AESER
      resolved_on: AENDT
"""
    study = derive(load(tmp_path, {"patients.csv": None, "pain_scores.csv": None}, mapping))
    adae, adsl = study.adae, study.adsl
    assert len(adsl) == 254 and len(adae) == 1191
    assert adsl["AEASKFL"].all()
    with_arm = adae.merge(adsl[["USUBJID", "ARM"]], on="USUBJID")
    ours = with_arm.groupby(["ARM", "AEDECOD"])["USUBJID"].agg(["size", "nunique"])
    theirs = told.groupby(["TRTA", "AEDECOD"])["USUBJID"].agg(["size", "nunique"])
    pd.testing.assert_frame_equal(ours, theirs, check_names=False)
    assert adae["ATOXGRN"].value_counts().to_dict() == {1: 770, 2: 378, 3: 43}
    assert adae["TRTEMFL"].sum() == (told["TRTEMFL"] == "Y").sum() == 1126
    assert adae["TRTEMFL"].isna().sum() == told["ASTDT"].isna().sum() == 11


@needs_real
def test_amitriptyline_side_effects_are_the_published_counts(tmp_path):
    """9 v 1 dry mouth, 7 v 3 drowsy, 0 v 1 chest pain; 122 patients asked under each treatment."""
    folder = REAL / "amitriptyline_hivsn"
    for name in ("SideEffects.csv", "xoverPP.csv"):
        shutil.copy(folder / name, tmp_path)
    for arm, found in (("Ami", (9, 7, 0)), ("Placebo", (1, 3, 1))):
        words = "{No: no, Dry: yes, Drowsy: yes, Chest: yes}"
        mapping = f"""
tables:
  patients:
    file: xoverPP.csv
    where: {{Period: 1}}
    columns: {{patient_id: ID, condition: {{constant: neuropathic}}}}
  pain_scores:
    file: xoverPP.csv
    where: {{Period: 1}}
    columns: {{patient_id: ID, score: Time1, study_day: {{constant: 0}}}}
  adverse_events:
    file: SideEffects.csv
    columns:
      patient_id: ID
      occurred: {{values: {words}}}
    wide:
      - {{column: {arm}.DryMouth, term: dry mouth, study_day: 35}}
      - {{column: {arm}.Drowsy, term: drowsy, study_day: 35}}
      - {{column: {arm}.ChestPain, term: chest pain, study_day: 35}}
"""
        study = derive(load(tmp_path, {"patients.csv": None, "pain_scores.csv": None}, mapping))
        counts = study.adae.groupby("AECODE")["USUBJID"].nunique()
        codes = ("dry_mouth", "drowsiness", "chest_pain")
        assert tuple(int(counts.get(code, 0)) for code in codes) == found
        assert asked_about(study.asked, "Chest pain")["USUBJID"].nunique() == 122
        assert study.adsl["AEASKFL"].all()
