"""The demo's tables written in the forms of other systems, to be read back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.intake.codes import effect_of, load_clinical_codes
from analysis.intake.tables import load_conditions

DEMO = Path(__file__).parents[2] / "data" / "demo"

LOINC, RXNORM = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
PAIN = {"average": "61583-1", "worst": "72514-3"}
BY_INSTRUMENT = {
    c.value: c.code
    for c in load_clinical_codes()
    if (c.system, c.table) == ("loinc", "questionnaires")
}
ICD10_OF = {
    c.value: c.code
    for c in load_clinical_codes()
    if (c.system, c.table) == ("icd10", "adverse_events")
}


def demo_tables(n: int = 40) -> dict[str, pd.DataFrame]:
    """The first patients of the demo, every value as text, pain from 0 to 10."""
    tables = {path.stem: pd.read_csv(path, dtype=str, keep_default_na=False)
              for path in sorted(DEMO.glob("*.csv"))}  # fmt: skip
    own = set(tables["patients"]["patient_id"].head(n))
    scores = tables["pain_scores"]
    hundred = scores["scale"] == "vas_0_100"
    scores.loc[hundred, "score"] = [f"{int(s) / 10:g}" for s in scores.loc[hundred, "score"]]
    scores["scale"] = "nrs_0_10"
    return {name: t[t["patient_id"].isin(own)].reset_index(drop=True) for name, t in tables.items()}


def write_csv(folder: Path, tables: dict[str, pd.DataFrame], settings: str = "") -> Path:
    """The tables in the contract's own form."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    if settings:
        (folder / "mapping.yaml").write_text(settings, encoding="utf-8")
    return folder


def carried(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """What FHIR and OMOP have a place for: codes, dates and numbers."""
    patients = tables["patients"][["patient_id", "icd10", "sex", "birth_year"]]
    infusions = tables["infusions"].drop(
        columns=["series", "phase", "protocol", "discharge_minutes"]
    )
    instruments = tables["questionnaires"]["instrument"]
    return {
        "patients": patients,
        "infusions": infusions,
        "pain_scores": tables["pain_scores"].drop(columns="scale"),
        "questionnaires": tables["questionnaires"][instruments.isin(BY_INSTRUMENT)],
    }


def _ndjson(path: Path, items: Iterable[dict[str, Any]]) -> None:
    kind = path.stem
    lines = [json.dumps({"resourceType": kind, "id": f"{kind}-{at}", **item})
             for at, item in enumerate(items)]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _concept(system: str, code: str, text: str = "not to be read") -> dict[str, Any]:
    """A code after one of another system, with a display that says something else."""
    others = {"system": "http://example.org/local", "code": "X1", "display": "Pain severity"}
    return {"coding": [others, {"system": system, "code": code, "display": text}]}


def _observation(
    patient: str, code: str, at: str, value: str | None, **more: Any
) -> dict[str, Any]:
    item = {
        "status": "final", "code": _concept(LOINC, code),
        "subject": {"reference": f"Patient/{patient}"}, "effectiveDateTime": at, **more,
    }  # fmt: skip
    if value is not None:
        item["valueQuantity"] = {"value": float(value), "code": "{score}"}
    return item


def write_fhir(folder: Path, tables: dict[str, pd.DataFrame]) -> Path:
    """Bulk data: codes among others, names in Patient, blood pressure as components."""
    folder.mkdir(parents=True, exist_ok=True)
    people = tables["patients"].to_dict("records")
    _ndjson(folder / "Patient.ndjson", (
        {"id": p["patient_id"], "gender": p["sex"] or "unknown",
         **({"birthDate": f"{p['birth_year']}-04-05"} if p["birth_year"] else {}),
         "name": [{"family": "Weber", "given": ["Anna"]}],
         "telecom": [{"system": "phone", "value": "(415) 555-1212"}],
         "identifier": [{"system": "urn:mrn", "value": "MRN 4711001"}]}
        for p in people
    ))  # fmt: skip
    icd = "http://hl7.org/fhir/sid/icd-10-cm"
    _ndjson(folder / "Condition.ndjson", [
        {"subject": {"reference": f"https://ehr.example.org/fhir/Patient/{p['patient_id']}"},
         "code": _concept(icd, code), "recordedDate": "2021-01-01",
         "verificationStatus": {"coding": [{"code": status}]}}
        for p in people
        for code, status in ((p["icd10"], "confirmed"), ("I10", "confirmed"), ("G35", "refuted"))
    ])  # fmt: skip
    observations, given = [], []
    for score in tables["pain_scores"].to_dict("records"):
        code = PAIN[score["recall"]]
        observations.append(
            _observation(score["patient_id"], code, score["assessed_on"], score["score"])
        )
    for score in tables["questionnaires"].to_dict("records"):
        if score["instrument"] in BY_INSTRUMENT:
            code = BY_INSTRUMENT[score["instrument"]]
            observations.append(
                _observation(score["patient_id"], code, score["assessed_on"], score["score"])
            )
    for infusion in tables["infusions"].to_dict("records"):
        patient, day = infusion["patient_id"], infusion["infused_at"]
        start = pd.Timestamp(f"{day}T09:00:00+00:00")
        minutes = int(infusion["minutes"] or 0)
        period = {"start": start.isoformat()}
        if infusion["minutes"]:
            period["end"] = (start + pd.Timedelta(minutes=minutes)).isoformat()
        dose = infusion["dose_mg_per_kg"]
        given.append({
            "status": "completed", "subject": {"reference": f"Patient/{patient}"},
            "medicationCodeableConcept": _concept(RXNORM, "6130"),
            "effectivePeriod": period,
            **({"dosage": {"dose": {"value": float(dose), "code": "mg/kg"}}} if dose else {}),
        })  # fmt: skip
        for when, name in ((-10, "before"), (20, "peak")):
            parts = [
                {"code": _concept(LOINC, code), "valueQuantity": {"value": float(value)}}
                for code, short in (("8480-6", "sbp"), ("8462-4", "dbp"))
                if (value := infusion[f"{short}_{name}"])
            ]
            at = (start + pd.Timedelta(minutes=when)).isoformat()
            observations.append(_observation(patient, "85354-9", at, None, component=parts))
        if infusion["spo2_lowest"]:
            at = (start + pd.Timedelta(minutes=30)).isoformat()
            observations.append(_observation(patient, "59408-5", at, infusion["spo2_lowest"]))
    observations.append(_observation(people[0]["patient_id"], "8302-2", "2022-01-01", "172"))
    _ndjson(folder / "Observation.ndjson", observations)
    _ndjson(folder / "MedicationAdministration.ndjson", given)
    return folder


def write_fhir_events(folder: Path, events: pd.DataFrame) -> Path:
    """AdverseEvent resources, by ICD-10 where there is a code, else by one of the clinic's own."""
    severities = {"1": "mild", "2": "moderate", "3": "severe"}
    _ndjson(folder / "AdverseEvent.ndjson", (
        {"actuality": "actual", "subject": {"reference": f"Patient/{e['patient_id']}"},
         "event": _concept("http://hl7.org/fhir/sid/icd-10-cm", ICD10_OF[effect])
         if (effect := effect_of(e["term"])) in ICD10_OF
         else {"coding": [{"system": "urn:clinic", "code": effect}]},
         "date": e["infused_at"] or e["occurred_on"],
         **({"severity": {"coding": [{"code": severities[e["grade"]]}]}}
            if e["grade"] in severities else {}),
         **({"outcome": {"coding": [{"code": {"yes": "resolved", "no": "ongoing"}[e["resolved"]]}]}}
            if e["resolved"] else {})}
        for e in events.to_dict("records")
    ))  # fmt: skip
    return folder


CONCEPTS = {"average": "2000000001", "worst": "43055141"}


def write_omop(folder: Path, tables: dict[str, pd.DataFrame], ending: str = ".csv") -> Path:
    """CDM tables with a vocabulary of their own for the LOINC codes."""
    folder.mkdir(parents=True, exist_ok=True)
    people = tables["patients"]
    number = {patient: str(at) for at, patient in enumerate(people["patient_id"], start=1)}
    sexes = {"female": "8532", "male": "8507"}
    frames = {
        "person": pd.DataFrame({
            "person_id": list(number.values()),
            "gender_concept_id": people["sex"].map(sexes).fillna("0"),
            "year_of_birth": people["birth_year"], "birth_datetime": "1980-02-03",
            "person_source_value": people["patient_id"],
        }),
        "condition_occurrence": pd.DataFrame({
            "person_id": [*number.values()] * 2, "condition_concept_id": "0",
            "condition_start_date": "2021-01-01",
            "condition_source_value": [*people["icd10"], *["I10"] * len(people)],
        }),
    }  # fmt: skip
    codes = {**{code: f"{2000000100 + at}" for at, code in enumerate(BY_INSTRUMENT.values())}}
    frames["concept"] = pd.DataFrame({
        "concept_id": [CONCEPTS["average"], *codes.values()],
        "concept_name": "not to be read", "vocabulary_id": "LOINC",
        "concept_code": [PAIN["average"], *codes],
    })  # fmt: skip
    rows = [
        (number[s.patient_id], CONCEPTS[s.recall], s.assessed_on, "", s.score)
        for s in tables["pain_scores"].itertuples()
    ]
    rows += [
        (number[s.patient_id], codes[BY_INSTRUMENT[s.instrument]], s.assessed_on, "", s.score)
        for s in tables["questionnaires"].itertuples()
        if s.instrument in BY_INSTRUMENT
    ]
    signs = (
        ("sbp_before", "3004249", "08:50"), ("dbp_before", "3012888", "08:50"),
        ("sbp_peak", "3004249", "09:20"), ("dbp_peak", "3012888", "09:20"),
        ("spo2_lowest", "40762499", "09:30"),
    )  # fmt: skip
    infusions = tables["infusions"]
    for infusion in infusions.to_dict("records"):
        rows += [
            (number[infusion["patient_id"]], concept, infusion["infused_at"],
             f"{infusion['infused_at']} {time}:00", infusion[name])
            for name, concept, time in signs
        ]  # fmt: skip
    columns = ["person_id", "measurement_concept_id", "measurement_date", "measurement_datetime",
               "value_as_number"]  # fmt: skip
    frames["measurement"] = pd.DataFrame(rows, columns=columns)
    frames["drug_exposure"] = pd.DataFrame({
        "person_id": infusions["patient_id"].map(number), "drug_concept_id": "785649",
        "drug_exposure_start_date": infusions["infused_at"],
        "drug_exposure_start_datetime": infusions["infused_at"] + " 09:00:00",
    })  # fmt: skip
    for name, frame in frames.items():
        path = folder / f"{name}{ending}"
        frame.to_csv(path, index=False) if ending == ".csv" else frame.to_parquet(path, index=False)
    return folder


# REDCap

DICTIONARY_HEADER = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note",
    "Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max",
    "Identifier?",
)  # fmt: skip


def _choices(words: Iterable[str]) -> dict[str, str]:
    return {word: str(code) for code, word in enumerate(dict.fromkeys(filter(None, words)), 1)}


def write_redcap(folder: Path, tables: dict[str, pd.DataFrame], *, labels: bool = False) -> Path:
    """An export with its dictionary: coded choices, a repeating form for each kind of record."""
    folder.mkdir(parents=True, exist_ok=True)
    known = load_conditions()
    people = tables["patients"]
    fields: list[dict[str, str]] = []
    rows: list[pd.DataFrame] = []

    def form(name: str, table: pd.DataFrame, names: dict[str, str], coded: tuple[str, ...]) -> None:
        out = pd.DataFrame({"record_id": table["patient_id"], "redcap_repeat_instrument": name})
        out["redcap_repeat_instance"] = table.groupby("patient_id").cumcount().add(1).astype(str)
        for column in (c for c in table.columns.drop("patient_id") if (table[c] != "").any()):
            field = names.get(column, column)
            kind, choices, values = "text", "", table[column]
            if set(values) <= {"yes", "no", "true", "false", ""}:
                kind = "yesno"
                words = ("Yes", "No") if labels else ("1", "0")
                values = values.map(dict(zip(("yes", "true", "no", "false", ""),
                                             (words[0],) * 2 + (words[1],) * 2 + ("",),
                                             strict=True)))  # fmt: skip
            elif column in coded:
                codes = _choices(values)
                kind, values = "radio", values if labels else values.map(codes).fillna("")
                choices = " | ".join(f"{code}, {word}" for word, code in codes.items())
            fields.append({"Variable / Field Name": field, "Form Name": name, "Field Type": kind,
                           "Field Label": field.replace("_", " ").capitalize(),
                           "Choices, Calculations, OR Slider Labels": choices})  # fmt: skip
            out[field] = values
        rows.append(out)

    fields.append({"Variable / Field Name": "record_id", "Form Name": "enrolment",
                   "Field Type": "text", "Field Label": "Record ID"})  # fmt: skip
    said = [
        known.label(c) + (f", {known.label(c, s)}" if s else "")
        for c, s in zip(people["condition"], people["subtype"], strict=True)
    ]
    own = people.drop(columns=["condition", "subtype", "icd10", "site"]).assign(pain_diagnosis=said)
    form("enrolment", own, {"birth_year": "year_of_birth"}, ("sex", "pain_diagnosis"))
    rows[0] = rows[0].assign(
        redcap_repeat_instrument="", redcap_repeat_instance="",
        redcap_data_access_group=people["site"].str.lower().str.replace(" ", "_"),
        first_name="Anna",
    )  # fmt: skip
    fields.append({"Variable / Field Name": "first_name", "Field Type": "text",
                   "Field Label": "First name", "Identifier?": "y"})  # fmt: skip
    form("infusion", tables["infusions"], {"infused_at": "infusion_date"}, ("phase", "protocol"))
    scores = tables["pain_scores"].drop(columns="scale")
    form("pain", scores, {"assessed_on": "pain_date", "score": "pain_nrs"}, ("recall",))
    scored = tables["questionnaires"].rename(columns={"score": "total"})
    form("questionnaire", scored, {"assessed_on": "filled_in_on"}, ("instrument",))
    names = {"infused_at": "infusion_it_followed", "occurred_on": "effect_began"}
    form("side_effect", tables["adverse_events"], names, ("term",))
    form("opioid", tables["opioid_use"], {"assessed_on": "opioid_date"}, ("drug", "unit", "basis"))
    data = pd.concat(rows).astype(object).fillna("")
    first = [n for n in data if n.startswith("redcap_") or n == "record_id"]
    data = data[[*first, *data.columns.drop(first)]]
    if labels:
        header = {f["Variable / Field Name"]: f["Field Label"] for f in fields}
        own = {f"redcap_{n}": n.replace("_", " ").title() for n in (
            "repeat_instrument", "repeat_instance", "data_access_group")}  # fmt: skip
        data = data.rename(columns=header | own)
    data.to_csv(folder / "data.csv", index=False)
    lines = pd.DataFrame([{**dict.fromkeys(DICTIONARY_HEADER, ""), **f} for f in fields])
    lines.to_csv(folder / "dictionary.csv", index=False)
    return folder
