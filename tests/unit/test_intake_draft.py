"""Drafted mappings: exports as systems write them come out with the right patients and values."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from tests.unit.draft_exports import MAKERS, write_book, write_text
from tests.unit.exports import derive

from analysis.errors import ContractError, InputError
from analysis.intake.demo import write_demo
from analysis.intake.draft import Draft, Question, draft_mapping
from analysis.intake.load import Export, load_export
from analysis.intake.profile import mask, profile_export
from analysis.intake.recognize import condition_of, recall_of, visit_of
from analysis.intake.tables import load_conditions


def draft(path: Path, answers: dict[str, str] | None = None) -> tuple[Draft, Path]:
    """Draft a mapping for an export; ``answers`` are looked up by words of the question."""
    asked = None
    if answers is not None:

        def asked(question: Question) -> str:
            return next(a for words, a in answers.items() if words in question.text)

    made = draft_mapping(profile_export(path), name="drafted", ask=asked)
    folder = path if path.is_dir() else path.parent
    mapping = folder.parent / f"{folder.name}.yaml"
    mapping.write_text(made.text(), encoding="utf-8")
    return made, mapping


def load(path: Path, answers: dict[str, str] | None = None) -> Export:
    return load_export(path, draft(path, answers)[1])


def conditions(export: Export) -> dict[str, str]:
    patients = export.tables["patients"]
    return dict(zip(patients["patient_id"], patients["condition"], strict=True))


def scores(export: Export) -> dict[str, list[float]]:
    """Scores of each patient in the order of their time."""
    frame = export.tables["pain_scores"]
    when = "assessed_on" if "assessed_on" in frame else "study_day"
    if frame[when].isna().any():
        frame = frame.assign(study_day=frame["study_day"])
        when = "study_day"
    by_patient = frame.sort_values(when, kind="stable").groupby("patient_id")["score"]
    return {str(patient): values.tolist() for patient, values in by_patient}


class Right(NamedTuple):
    """What must come out of an export, as typed in it, and how many points stay open."""

    conditions: dict[str, str]
    scores: dict[str, list[float]]
    n_infusions: int
    todo: tuple[str, ...] = ()


RIGHT = {
    "excel_list": Right(
        {"2": "crps", "3": "fibromyalgia", "4": "crps", "5": "other"},
        {"2": [8, 4], "3": [7, 6], "4": [9, 3], "5": [6, 5]},
        0,
        ("'Low back pain'",),
    ),
    "excel_list_with_infusions": Right(
        {"1": "crps", "2": "fibromyalgia", "3": "headache"},
        {"1": [8, 4, 5], "2": [7, 6, 6], "3": [9, 3, 4]},
        6,
    ),
    "two_headers": Right(
        {"P1": "crps", "P2": "fibromyalgia"}, {"P1": [8, 4], "P2": [7, 6]}, 3
    ),
    "wide_visits": Right(
        {"S01": "crps", "S02": "neuropathic", "S03": "fibromyalgia"},
        {"S01": [8, 4, 5], "S02": [7, 6], "S03": [6, 3]},
        0,
    ),
    "long_diary": Right(
        {"A1": "crps", "A2": "fibromyalgia"},
        {"A1": [8, 9, 4, 6], "A2": [7, 7.5, 6, 7]},
        3,
    ),
    "semicolons": Right(
        {"001": "crps", "002": "headache"}, {"001": [8.5, 4], "002": [7, 6.5]}, 4
    ),
    "limesurvey": Right({"P1": "crps", "P2": "crps"}, {"P1": [8, 4], "P2": [7]}, 2),
    "qualtrics": Right({"P1": "crps", "P2": "crps"}, {"P1": [8, 4], "P2": [7]}, 2),
    "google_forms": Right({"P1": "crps", "P2": "crps"}, {"P1": [8, 4], "P2": [7, 5]}, 2),
    "redcap_raw": Right(
        {"1": "other", "2": "other"},
        {"1": [8, 3], "2": [7]},
        3,
        ("pain_dx 1 ticked", "pain_dx 2 ticked", "the codes '2', '1' are not known"),
    ),
    "redcap_labels": Right(
        {"1": "crps", "2": "fibromyalgia"}, {"1": [8, 3], "2": [7, 10]}, 2
    ),
    "two_files": Right(
        {"K01": "crps", "K02": "neuropathic"}, {"K01": [8, 4], "K02": [7, 6]}, 4
    ),
    "arms": Right(
        {"1": "crps", "2": "crps", "3": "fibromyalgia"},
        {"1": [8, 4], "2": [7, 6.5], "3": [6, 3]},
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_the_draft_gives_the_patients_and_scores_of_the_export(name, tmp_path):
    path = MAKERS[name](tmp_path / name)
    made, mapping = draft(path)
    export, right = load_export(path, mapping), RIGHT[name]
    assert conditions(export) == right.conditions
    assert scores(export) == right.scores
    assert len(export.tables.get("infusions", ())) == right.n_infusions
    assert len(made.todo) == len(right.todo)
    assert all(words in todo for words, todo in zip(right.todo, made.todo, strict=True))
    assert all(account.reconciles for account in export.intake)


LISTS = {
    "us_t0_t1": (
        "Pt No,Age,Dx,Date of First Tx,Date of Last Tx,NRS T0,NRS T1,NRS T2\n"
        "1002,54,CRPS Type I,3-Mar-25,14-Mar-25,8,3,4\n1003,61,FM,4-Mar-25,17-Mar-25,7,6,\n",
        {"baseline": 2, "end": 2, "week_4": 1},
    ),
    "us_vas": (
        "Pt ID,Condition,Baseline VAS,Post-treatment VAS,4 wk VAS,Baseline date,"
        "Post-treatment date,4 wk date\nK1,CRPS,82,30,41,01/13/2025,01/27/2025,02/24/2025\n"
        "K2,PHN,70,66,65,01/14/2025,01/28/2025,\n",
        {"baseline": 2, "end": 2, "week_4": 2},  # one by its date, one by its name
    ),
    "uk": (
        "Hospital No.,Surname,Diagnosis,Start of ketamine,End of ketamine,Worst pain pre,Worst pain"
        " post,Worst pain 1/12,Worst pain 3/12\nH1,Brown,CRPS,3/3/25,14/3/25,8/10,3/10,4/10,5/10\n"
        "H2,Jones,FBSS,4/3/25,17/3/25,7/10,6/10,6/10,7/10\n",
        {"baseline": 2, "end": 2, "week_4": 2, "week_12": 2},
    ),
    "de": (
        "Patientennummer;Geschlecht;Diagnose;Erste Infusion;Letzte Infusion;Schmerz vor Therapie;"
        "Schmerz nach Therapie;Datum nach Therapie;NRS 3 Monate\n"
        "1;w;CRPS;3. M\xe4rz 2025;14. M\xe4rz 2025;8;3,5;17. M\xe4rz 2025;4\n"
        "2;m;Fibromyalgie;4. M\xe4rz 2025;17. M\xe4rz 2025;7;6;20. M\xe4rz 2025;5,5\n",
        {"baseline": 2, "end": 2, "week_12": 2},
    ),
    "de_start_and_end": (
        "Nr;Patient;Diagnose;Beginn;Ende;Schmerzst\xe4rke vorher;Schmerzst\xe4rke nachher\n"
        "1;Weber, Anna;CRPS;03.03.2025;14.03.2025;8;3\n"
        "2;Ochs, Peter;Kopfschmerz;04.03.2025;17.03.2025;7;6\n",
        {"baseline": 2, "end": 2},
    ),
    "fr": (
        "N\xb0 patient;Sexe;Diagnostic;Date 1\xe8re perfusion;Date derni\xe8re perfusion;"
        "EVA avant;EVA apr\xe8s;EVA M1;EVA M3\n1;F;SDRC;03/03/2025;14/03/2025;8;3;4;5\n"
        "2;H;Fibromyalgie;04/03/2025;17/03/2025;7;6;6;\n",
        {"baseline": 2, "end": 2, "week_4": 2, "week_12": 1},
    ),
    "es": (
        "Paciente;Sexo;Diagn\xf3stico;Fecha de inicio;Fecha fin;Dolor basal;Dolor final;"
        "Dolor 1 mes\n"
        "P1;M;Fibromialgia;03-mar-25;14-mar-25;8;3;4\n"
        "P2;H;Dolor neurop\xe1tico;04-abr-25;17-abr-25;7;6;6\n",
        {"baseline": 2, "end": 2, "week_4": 2},
    ),
    "nobody_dated": (
        "first,last,Dx,Pain Before,Pain After\n2025-03-03,2025-03-14,CRPS,8,3\n"
        "2025-03-04,2025-03-17,FM,7,6\n",
        {"baseline": 2, "end": 2},
    ),
    "long_with_names_of_visits": (
        "id,diag,date,what,pain\n1,crps,2025-03-01,pre,8\n1,crps,2025-03-17,post,3\n"
        "1,crps,2025-04-14,1 month,4\n2,fm,2025-03-02,pre,7\n2,fm,2025-03-18,post,6\n",
        {"baseline": 2, "end": 2, "week_4": 1},
    ),
    "a_row_a_session": (
        "Client,Dx,DOS,Pain Level In,Pain Level Out\nA,CRPS,3/13/2025,8,3\n"
        "A,CRPS,3/14/2025,7,2\nA,CRPS,3/19/2025,5,2\nB,FM,3/13/2025,7,6\nB,FM,3/20/2025,6,5\n",
        {"baseline": 2, "during the series": 1, "end": 2},  # never what was said after a session
    ),
}
"""Plain lists of clinics, and how many ratings each visit must have at the first attempt."""


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_a_plain_list_comes_through_at_the_first_attempt(name, tmp_path):
    text, roles = LISTS[name]
    export = load(write_text(tmp_path / "list", {"list.csv": text}))
    ratings = derive(export).ratings
    assert ratings["ROLE"].value_counts().to_dict() == roles
    assert set(conditions(export).values()) <= {"crps", "fibromyalgia", "neuropathic", "fbss",
                                                "headache"}  # fmt: skip
    assert (ratings.loc[ratings["ROLE"] == "end", "AVAL"] >= 3).all()


@pytest.mark.slow
def test_m_is_a_woman_beside_h_and_a_man_beside_f(tmp_path):
    sexes = {}
    for name in ("fr", "es"):
        frame = load(write_text(tmp_path / name, {"list.csv": LISTS[name][0]})).tables["patients"]
        sexes[name] = frame["sex"].tolist()
    assert sexes == {"fr": ["female", "male"], "es": ["female", "male"]}


def test_numbers_of_visits_and_a_start_that_is_not_said_are_todos(tmp_path):
    made, _ = draft(write_text(tmp_path / "t", {"t.csv": LISTS["us_t0_t1"][0]}))
    assert [todo.split(":")[0] for todo in made.todo] == ["t.csv, NRS T1", "t.csv, NRS T2"]
    text = "Patient,Diagnose,Datum,NRS\nP1,CRPS,03.03.2025,8\nP1,CRPS,17.03.2025,3\n"
    made, _ = draft(write_text(tmp_path / "d", {"d.csv": text}))
    assert any("no column says when the treatment began" in todo for todo in made.todo)


@pytest.mark.parametrize("name", MAKERS)
def test_every_column_is_accounted_for_and_every_line_says_how_sure_it_is(name, tmp_path):
    path = MAKERS[name](tmp_path / name)
    made, _ = draft(path)
    columns = {(p.shown, c.name) for p in profile_export(path) for c in p.columns}
    rows = [(row.file, row.column) for row in made.understood]
    assert columns <= set(rows)
    assert len(rows) == len(set(rows))
    rules = [(line, why) for line, why in made.lines if line.lstrip().startswith("- {column")]
    assert all(
        why.split(":")[0].split()[0] in ("sure", "likely", "unsure", "TODO") for _, why in rules
    )


@pytest.mark.slow
def test_dates_come_out_as_typed(tmp_path):
    cases = {
        "excel_list": ("2", "2026-03-02", "2026-03-12"),
        "semicolons": ("001", "2026-03-01", "2026-03-13"),
        "google_forms": ("P1", "2026-01-06 07:26:53", "2026-01-13 17:02:11"),
        "two_files": ("K01", "2026-03-12", "2026-04-14"),
    }
    for name, (patient, first, last) in cases.items():
        frame = load(MAKERS[name](tmp_path / name)).tables["pain_scores"]
        dates = frame.loc[frame["patient_id"] == patient, "assessed_on"]
        assert [dates.min(), dates.max()] == [pd.Timestamp(first), pd.Timestamp(last)], name


@pytest.mark.slow
def test_subtypes_sexes_arms_and_years_are_read(tmp_path):
    def column(name: str, column: str) -> list[object]:
        return load(MAKERS[name](tmp_path / column / name)).tables["patients"][column].tolist()

    assert column("wide_visits", "sex") == ["female", "male", "female"]
    assert column("wide_visits", "age_years") == [44, 71, 39]
    assert column("long_diary", "birth_year") == [1970, 1981]
    assert column("arms", "arm") == ["Ketamine", "Saline", "Ketamine"]
    assert column("excel_list_with_infusions", "subtype")[0] == "type_2"
    assert column("two_files", "subtype") == ["type_2", "diabetic"]


@pytest.mark.slow
def test_recall_and_visits_are_read_from_headers(tmp_path):
    diary = load(MAKERS["long_diary"](tmp_path / "diary")).tables["pain_scores"]
    assert diary["recall"].value_counts().to_dict() == {"average": 4, "worst": 4}
    survey = load(MAKERS["limesurvey"](tmp_path / "survey")).tables["pain_scores"]
    assert set(survey["recall"]) == {"now"}
    wide = load(MAKERS["wide_visits"](tmp_path / "wide")).tables["pain_scores"]
    assert sorted(set(wide["visit"])) == ["baseline", "week_12", "week_4"]
    labels = load(MAKERS["redcap_labels"](tmp_path / "labels")).tables["pain_scores"]
    assert labels.loc[labels["assessed_on"].isna(), "study_day"].tolist() == [28]


@pytest.mark.parametrize(("name", "hidden"), [
    ("excel_list", ["Name"]), ("excel_list_with_infusions", ["Initials"]),
    ("two_files", ["Surname", "MRN"]),
])  # fmt: skip
def test_columns_that_name_a_person_are_not_read_and_their_values_are_not_shown(
    name, hidden, tmp_path
):
    made, _ = draft(MAKERS[name](tmp_path / name))
    shown = {row.column: row for row in made.understood}
    assert all(shown[column].meaning.startswith("not read") for column in hidden)
    everything = made.text() + str(made.understood) + str(made.todo)
    assert not any(text in everything for text in ("Weber", "Ochs", "AW", "99120034"))


def test_an_order_that_no_date_settles_is_not_guessed_into_force(tmp_path):
    path = MAKERS["ambiguous_dates"](tmp_path / "list")
    made, mapping = draft(path)
    assert ["day or the month first" in todo for todo in made.todo] == [True]
    with pytest.raises(ContractError, match="no date of the column settles it"):
        load_export(path, mapping)
    answered = load(path, {"day or the month": "month_first"})
    assert answered.tables["pain_scores"]["assessed_on"].max() == pd.Timestamp("2026-06-05")


def test_answers_go_into_the_mapping(tmp_path):
    path = MAKERS["redcap_raw"](tmp_path / "redcap")
    answers = {"pain_dx 1 ticked": "crps", "pain_dx 2 ticked": "fibromyalgia"}
    export = load(path, {**answers, "which sex is '1'": "male", "which sex is '2'": "female"})
    assert conditions(export) == {"1": "crps", "2": "fibromyalgia"}
    assert export.tables["patients"]["sex"].tolist() == ["female", "male"]


def test_a_placeholder_is_no_date_and_the_rating_without_one_is_named(tmp_path):
    path = MAKERS["limesurvey"](tmp_path / "survey")
    file = path / "results.csv"
    text = file.read_text(encoding="utf-8").replace("2026-01-12 07:00:00", "1980-01-01 00:00:00")
    file.write_text(text, encoding="utf-8")
    made, mapping = draft(path)
    assert ["1 rating has no date" in todo for todo in made.todo] == [True]
    with pytest.raises(ContractError, match="line 3"):
        load_export(path, mapping)
    answered = load(path, {"1 rating has no date": "leave_out"})
    assert scores(answered) == {"P1": [8], "P2": [7]}
    account = next(a for a in answered.intake if a.table == "pain_scores")
    assert sum(account.excluded.values()) == 2, "the unanswered one, too"


def test_a_record_number_as_the_only_id_of_two_files_is_hashed(tmp_path):
    path = write_text(
        tmp_path / "export",
        {
            "list.csv": "MRN,Diagnosis,DOB\n88120001,CRPS,12/05/1975\n88120002,CRPS,30/03/1968\n",
            "pain.csv": "MRN,Study day,Pain\n88120001,0,8\n88120001,7,4\n88120002,0,7\n",
        },
    )
    made, mapping = draft(path)
    assert made.needs_key
    (mapping.parent / "clinic.key").write_text("k" * 64, encoding="utf-8")
    export = load_export(path, mapping)
    assert sorted(map(len, scores(export).values())) == [1, 2]
    assert not any("8812" in patient for patient in conditions(export))
    assert export.tables["patients"]["birth_year"].tolist() == [1975, 1968]


def test_a_header_that_is_ragged_is_not_taken_for_a_title(tmp_path):
    path = write_text(tmp_path / "x", {"scores.csv": "id,day,pain\nA,0\nB,0,5\nC,0,6\n"})
    with pytest.raises(InputError, match="line 2: 2 fields"):
        profile_export(path)


def test_questionnaires_are_not_pain_scores(tmp_path):
    path = write_text(
        tmp_path / "x",
        {
            "c.csv": "ID,Diagnosis,PAIN_INTENSITY,PROMIS_PAIN_BEHAVIOR,GH_MENTAL_SCORE,"
            "PAIN_INTENSITY.FOLLOW_UP\n1,CRPS,8,60,40,5\n2,CRPS,6,55,45,2\n"
        },
    )
    made, mapping = draft(path)
    assert scores(load_export(path, mapping)) == {"1": [8, 5], "2": [6, 2]}
    assert ["on which study day" in todo for todo in made.todo] == [True]


@pytest.mark.slow
def test_side_effects_opioids_and_questionnaires_are_recognized(tmp_path):
    """A checklist beside the infusions, MME and T-scores beside the ratings, and a long list."""
    folder = tmp_path / "clinic"
    folder.mkdir()
    for name, text in {
        "people": "ID,Diagnosis\nP1,CRPS I\nP2,Fibromyalgia\n",
        "infusions": "ID,Infusion date,Nausea,Dizziness\n"
        "P1,2026-03-02,yes,no\nP1,2026-03-05,no,no\nP2,2026-03-04,no,yes\n",
        "visits": "ID,Visit date,NRS,MME,PROMIS Pain Interference T,PHQ-9 total\n"
        "P1,2026-03-01,8,60,66.2,12\nP1,2026-03-08,4,30,58.1,8\nP2,2026-03-03,7,0,61.0,9\n",
        "medication": "ID,Date,Opioid,Dose mg\nP1,2026-03-01,Oxycodone,40\nP2,2026-03-03,none,0\n",
        "events": "ID,Date,Adverse event,Grade\nP1,2026-03-06,tired,1\nP2,2026-03-04,rash,2\n",
    }.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    export = load(folder)
    tables = export.tables
    assert scores(export) == {"P1": [8, 4], "P2": [7]}
    events = tables["adverse_events"]
    told = events.loc[events["occurred"].fillna(True).astype(bool), ["patient_id", "term"]]
    assert sorted(told.itertuples(index=False, name=None)) == [
        ("P1", "nausea"), ("P1", "tired"), ("P2", "dizziness"), ("P2", "rash"),
    ]  # fmt: skip
    assert events["grade"].dropna().tolist() == [1, 2] and len(events) == 8
    doses = tables["opioid_use"]
    assert sorted(doses["mme_per_day"].dropna()) == [0, 30, 60]
    assert doses["drug"].dropna().tolist() == ["Oxycodone", "none"]
    forms = tables["questionnaires"].groupby("instrument")["score"].apply(list).to_dict()
    assert forms == {"promis_pi": [66.2, 58.1, 61.0], "phq9": [12, 8, 9]}


def test_an_export_without_scores_lists_its_columns(tmp_path):
    path = write_text(tmp_path / "x", {"a.csv": "who,what\nA,x\nB,y\n"})
    with pytest.raises(InputError, match=r"(?s)looks like pain scores.*a\.csv: who, what"):
        draft(path)


def test_a_scale_of_its_own_is_taken_without_an_end_until_the_clinic_gives_one(tmp_path):
    rows = "".join(f"P{i},CRPS,{100 + i},{60 + i}\n" for i in range(12))
    path = write_text(tmp_path / "x", {"a.csv": "ID,Diagnosis,Pain before,Pain after\n" + rows})
    made, mapping = draft(path)
    assert any("Give its end as `high`" in todo for todo in made.todo)
    export = load_export(path, mapping)
    assert export.scales == {"own": (0.0, None)}
    assert export.tables["pain_scores"]["score"].max() == 111


@pytest.mark.slow
def test_exactly_timed_relief_is_recognized_with_its_unit(tmp_path):
    text = (
        "ID,Diagnosis,Infusion date,Pain before,Hours to next analgesic,Still pain free\n"
        "a1,CRPS,2026-03-02,8,36,no\na2,CRPS,2026-03-03,7,12,yes\na3,CRPS,2026-03-03,7,,\n"
    )
    made, mapping = draft(write_text(tmp_path / "x", {"a.csv": text}))
    relief = load_export(tmp_path / "x", mapping).tables["relief_ends"]
    assert relief["relief_days"].tolist() == [1.5, 0.5]
    assert relief["still_relieved"].tolist() == [False, True]
    untold = text.replace("Hours to next analgesic", "Time to rescue")
    made, _ = draft(write_text(tmp_path / "y", {"a.csv": untold}))
    assert any("in which unit is relief timed" in todo for todo in made.todo)


def test_words_among_dates_are_missing_and_touch_no_other_date(tmp_path):
    path = write_text(
        tmp_path / "x",
        {
            "a.csv": "ID,Diagnosis,Infusion date,Pain before,Pain after,Date after\n"
            "1,CRPS,2026-01-05,8,4,2026-01-09\n2,CRPS,2026-01-06,7,,n/a\n"
            "3,CRPS,cancelled,6,,n/a\n4,CRPS,2026-01-08,9,5,2026-01-12\n"
            "5,CRPS,2026-01-09,6,5,2026-01-13\n6,CRPS,2026-01-09,6,5,2026-01-13\n"
            "7,CRPS,2026-01-09,6,5,2026-01-13\n8,CRPS,2026-01-09,6,5,2026-01-13\n"
        },
    )
    export = load(path)
    frame = export.tables["pain_scores"].set_index(["patient_id", "visit"])
    assert len(export.tables["infusions"]) == 7
    assert frame.loc[("1", "baseline"), "study_day"] == 0
    assert pd.isna(frame.loc[("1", "baseline"), "assessed_on"])
    assert frame.loc[("1", "end"), "assessed_on"] == pd.Timestamp("2026-01-09")
    assert ("3", "baseline") in frame.index and ("3", "end") not in frame.index


@pytest.mark.slow
def test_the_demo_needs_no_mapping_and_the_draft_changes_nothing(tmp_path):
    demo = write_demo(tmp_path / "demo", n_patients=30, seed=3)
    plain, drafted = load_export(demo), load(demo)
    for name, frame in plain.tables.items():
        mine = drafted.tables[name].drop(columns=["source_file", "source_line"])
        shared = [c for c in frame.columns if c in mine.columns]
        pd.testing.assert_frame_equal(frame[shared], mine[shared], check_dtype=False)
        assert {"patient_id", "condition", "score", "recall", "infused_at"} & set(frame) <= set(
            mine
        )


@pytest.mark.slow
def test_one_file_a_site_and_one_sheet_a_visit(tmp_path):
    head = "Pt ID,Dx,Tx date,NRS pre,NRS week 4\n"
    sites = write_text(
        tmp_path / "sites",
        {
            "north.csv": head + "N1,CRPS,2026-01-05,8,4\nN2,fibro,2026-01-06,7,6\n",
            "south.csv": head + "S1,CRPS,2026-01-07,9,3\n",
        },
    )
    assert scores(load(sites)) == {"N1": [8, 4], "N2": [7, 6], "S1": [9, 3]}
    visits = write_book(
        tmp_path / "visits" / "x.xlsx",
        {
            "Patients": [["ID", "Dx"], ["A", "CRPS"], ["B", "Fibromyalgia"]],
            "Baseline": [["ID", "NRS"], ["A", 8], ["B", 7]],
            "Week 4": [["ID", "NRS"], ["A", 4], ["B", 6]],
        },
    )
    frame = load(visits).tables["pain_scores"]
    assert sorted(zip(frame["patient_id"], frame["study_day"], frame["score"], strict=True)) == [
        ("A", 0, 8), ("A", 28, 4), ("B", 0, 7), ("B", 28, 6),
    ]  # fmt: skip


def test_numbers_that_are_no_pain_are_not_read_as_pain(tmp_path):
    path = write_text(
        tmp_path / "x",
        {
            "l.csv": "Pt ID,Dx,Age (years),Baseline BMI,Pain duration (years),Infusion date,"
            "Baseline NRS,FU1 date,FU1 NRS,FU2 date,FU2 NRS,PHQ-9 baseline\n"
            "A,CRPS,40,22,5,2026-01-05,8,2026-01-12,4,2026-02-10,5,12\n"
            "B,CRPS,50,32,2,2026-01-06,7,2026-01-13,5,2026-02-11,6,11\n"
        },
    )
    export = load(path)
    frame = export.tables["pain_scores"].query("patient_id == 'A'").set_index("score")
    assert sorted(frame.index) == [4, 5, 8]
    assert frame.loc[4, "assessed_on"] == pd.Timestamp("2026-01-12")
    assert frame.loc[5, "assessed_on"] == pd.Timestamp("2026-02-10")
    assert export.tables["patients"]["age_years"].tolist() == [40, 50]


def test_scores_written_as_fractions_are_mapped(tmp_path):
    path = write_text(
        tmp_path / "x",
        {"l.csv": "ID,Diagnosis,Pain before,Pain after\n1,CRPS,8/10,4/10\n2,CRPS,9 of 10,6\n"},
    )
    assert scores(load(path)) == {"1": [8, 4], "2": [9, 6]}


def test_cut_ids_are_a_todo_and_two_people_are_not_made_one(tmp_path):
    path = write_text(
        tmp_path / "x",
        {
            "patients.csv": "patient_id,condition\n2.02501E+11,crps\n2.02501E+11,crps\n",
            "pain_scores.csv": "patient_id,study_day,score\n2.02501E+11,0,8\n2.02501E+11,3,4\n",
        },
    )
    made, mapping = draft(path)
    assert any("a spreadsheet has cut ids" in todo for todo in made.todo)
    with pytest.raises(ContractError, match=r"2\.02501E\+11"):
        load_export(path, mapping)


@pytest.mark.slow
def test_many_unknown_diagnoses_are_listed_up_to_a_limit(tmp_path):
    rows = "".join(f"P{i},rare {chr(97 + i // 26)}{chr(97 + i % 26)},7,5\n" for i in range(60))
    path = write_text(tmp_path / "x", {"l.csv": "ID,Diagnosis,Pain before,Pain after\n" + rows})
    made, mapping = draft(path)
    assert sum("rare" in line for line, _ in made.lines) == 40
    assert [todo.count("rare") for todo in made.todo if "rare" in todo] == [6]
    assert set(conditions(load_export(path, mapping)).values()) == {"other"}


def test_profiles_mask_texts(tmp_path):
    path = write_book(
        tmp_path / "x.xlsx",
        {"A": [["Code", "When", "Pain", "Name"], ["K-07", "13.02.2026", 7, "Anna Weber"]]},
    )
    (profile,) = profile_export(path)
    described = [column.describe() for column in profile.columns]
    assert described == [
        "words as x-99",
        "dates as 99.99.9999",
        "numbers, 7 to 7",
        "name, not shown",
    ]
    assert profile.dates == ("day_first", "13.02.2026")
    assert mask("Zoë 1") == "xxx 9"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CRPS I", ("crps", "type_1")), ("crps type 2", ("crps", "type_2")),
        ("RSD left arm", ("crps", "")), ("Sudeck", ("crps", "")), ("G90.512", ("crps", "type_1")),
        ("M79.7 - fibromyalgia", ("fibromyalgia", "")), ("Fibromyalgie", ("fibromyalgia", "")),
        ("PHN", ("neuropathic", "post_herpetic")), ("DPN", ("neuropathic", "diabetic")),
        ("Migräne", ("headache", "migraine")), ("failed back", ("fbss", "")),
        ("low back pain", (None, "")), ("fibromyalgia and migraine", (None, "")),
        ("G90.5; M79.7", (None, "")),
    ],
)  # fmt: skip
def test_diagnoses_as_people_write_them(text, found):
    assert condition_of(text, load_conditions())[:2] == found


@pytest.mark.parametrize(
    ("text", "visit", "day"),
    [
        ("Pain wk4", "week_4", 4), ("W12", "week_12", 12), ("12 weeks", "week_12", 12),
        ("month 3", "month_3", 3), ("Tag 28", "", 28), ("vorher", "baseline", 0),
        ("NRS after", "end", None), ("douleur avant", "baseline", 0), ("Week 0", "baseline", 0),
        ("baseline_arm_1", "baseline", 0), ("NRS follow-up", "", None),
    ],
)  # fmt: skip
def test_visits_by_their_names(text, visit, day):
    when = visit_of(text)
    assert when is not None and (when.visit, when.day) == (visit, day)


@pytest.mark.parametrize("text", ["average pain last 7 days", "Pain (0-10)", "NRS", "arm 2"])
def test_no_visits(text):
    assert visit_of(text) is None


def test_recalls_by_their_words():
    words = ["Worst pain", "Schmerz aktuell", "average, past week", "NRS", "Douleur moyenne"]
    assert [recall_of(text) for text in words] == ["worst", "now", "average", "", "average"]
