"""Draft a mapping for exports whose form is a standard: FHIR bulk data and OMOP tables.

What they hold is known by code, so nothing has to be guessed from headers: the codes of
data/codes/clinical_codes.csv are looked for, and those that are there become filters of the draft,
where a clinic adds its own. An export without a pain score is refused, with the codes it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from analysis.errors import InputError
from analysis.intake.codes import ClinicalCode, codes_for, load_clinical_codes
from analysis.intake.draft import Draft, flow, scalar
from analysis.intake.fhir import NDJSON, RESOURCES, resource_of
from analysis.intake.read import PACKED, PARQUET_ENDINGS, RawTable, load_raw_table
from analysis.intake.second_files import most_frequent
from analysis.intake.tables import FIRST_YEAR, load_conditions

MAP_OF_CONDITIONS = (
    "write a CSV of yours with the columns code, condition and subtype (SNOMED CT needs a license "
    "and does not come with the suite), put it into the export, and name it under `map`"
)


@dataclass(kw_only=True)
class _Coded(Draft):
    name: str
    files: dict[str, list[Path]]
    raws: dict[Path, RawTable] = field(default_factory=dict)

    def raw(self, path: Path) -> RawTable:
        if path not in self.raws:
            self.raws[path] = load_raw_table(path)
        return self.raws[path]

    def named(self, kind: str) -> str:
        names = [path.name for path in self.files[kind]]
        return scalar(names[0]) if len(names) == 1 else flow(names)

    def column(self, kind: str, name: str) -> pd.Series:
        """Return a column of all files of a kind; empty texts where a file has none of it."""
        parts = [
            raw.frame[own].astype(object)
            for raw in map(self.raw, self.files.get(kind, []))
            if (own := self.spelled(kind, name)) in raw.frame
        ]
        return pd.concat(parts) if parts else pd.Series(dtype=object)

    def records(self, kind: str, *names: str) -> Iterator[tuple[str, ...]]:
        """Yield the rows of some columns; none where a file lacks one of them."""
        for raw in map(self.raw, self.files[kind]):
            own = [self.spelled(kind, name) for name in names]
            if set(own) <= {*raw.frame}:
                yield from zip(*(raw.frame[name].astype(object) for name in own), strict=True)

    def spelled(self, kind: str, name: str) -> str:
        """Return a column's name as the files write it: some write all in capitals."""
        have = self.raw(self.files[kind][0]).frame.columns
        return next((str(own) for own in have if str(own).lower() == name.lower()), name)

    def found(self, kind: str, name: str, codes: Mapping[str, ClinicalCode]) -> dict[str, int]:
        counts = self.column(kind, name).value_counts() if kind in self.files else pd.Series()
        there = {code: int(counts[code]) for code in codes if code in counts}
        for code, n in there.items():
            self.note(kind, f"{name} {code}", f"{n:,} records", codes[code].meaning)
        return there

    def note(self, kind: str, column: str, holds: str, meaning: str) -> None:
        names = ", ".join(path.name for path in self.files[kind])
        self.understand(names, column, meaning, holds=holds)

    def since(self, kind: str, columns: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the filter that leaves out what is older than any date that is read."""
        for name in columns:
            texts = self.column(kind, name)
            if (texts[texts != ""] < str(FIRST_YEAR)).any():
                return {self.spelled(kind, name): {"since": f"{FIRST_YEAR}-01-01"}}
        return {}

    def start(self, source: str) -> None:
        self.begin(self.name)
        self.add(
            "exclude: [unknown_patient]",
            "ratings of patients without a diagnosis of pain are left out, and counted",
        )
        self.add("tables:", source)

    def without_start(self, kind: str, what: str) -> None:
        self.add("      # enrolled_on:", "TODO day 0: the column with the start of treatment")
        self.open(
            f"{kind}: no ketamine ({what}), so no infusion and no day 0 is known; add the codes "
            "that your system gives ketamine to the filter of `infusions`, or name a date under "
            "`enrolled_on`."
        )

    def diagnosed(self, kind: str, columns: Iterable[str]) -> None:
        """Say what the diagnoses are coded in, where none of the codes is known."""
        known = load_conditions().from_icd10
        texts = {name: self.column(kind, name) for name in columns}
        counts = {name: int((own != "").sum()) for name, own in texts.items()}
        of_pain = sum(int(own.isin([t for t in own.unique() if known(t)]).sum())
                      for own in texts.values())  # fmt: skip
        shown = ", ".join(f"{name}: {n:,}" for name, n in counts.items() if n) or "no code"
        self.note(kind, "diagnoses", shown, f"{of_pain:,} ICD-10-CM codes of pain conditions")
        if of_pain:
            self.add("      # map: pain_map.csv", "your own map for codes that are not ICD-10-CM")
            return
        self.add("      # map: pain_map.csv", "TODO a map of your codes to conditions")
        self.open(
            f"{kind}: none of its codes is an ICD-10-CM code of a pain condition ({shown}); "
            f"{MAP_OF_CONDITIONS}."
        )


def draft_coded(path: Path, *, name: str) -> Draft | None:
    """Return the draft for an export that is FHIR bulk data or OMOP tables, None for any other.

    Raises
    ------
    InputError
        It holds no pain score by a code that is known, or no patients; the codes are listed.
    """
    files = [path] if path.is_file() else sorted(p for p in path.iterdir() if p.is_file())
    plain = {f: Path(f.stem if f.suffix.lower() == PACKED else f.name) for f in files}
    resources: dict[str, list[Path]] = {}
    for file in (f for f in files if plain[f].suffix.lower() == NDJSON and f.name[0] != "."):
        resources.setdefault(resource_of(file), []).append(file)
    if resources:
        return _draft_fhir(_Coded(name=name, files=resources))
    endings = (".csv", *PARQUET_ENDINGS)
    tables = {p.stem.lower(): [f] for f, p in plain.items() if p.suffix.lower() in endings}
    if "person" in tables and not {"measurement", "observation"}.isdisjoint(tables):
        return _draft_omop(_Coded(name=name, files=tables))
    return None


def _refuse_without_pain(known: str, holds: Iterable[tuple[str, pd.Series]]) -> None:
    listed = []
    for name, texts in holds:
        if codes := most_frequent(texts[~texts.isin(["", "0"])]):
            listed.append(f"{name}: {codes}")
    there = "; ".join(listed) or "none"
    raise InputError(
        f"no record has the code of a pain score ({known}). The codes there are {there}. If one "
        "of them is your pain score, add it as a row to data/codes/clinical_codes.csv, or write "
        "it into a mapping by hand (docs/formats.md)."
    )


# FHIR

NOT_MADE = ["entered-in-error", "cancelled"]
SERIOUS = (
    "Serious", "SeriousResultsInDeath", "SeriousIsLifeThreatening", "SeriousIsBirthDefect",
    "SeriousResultsInHospitalization", "SeriousResultsInDisability",
    "SeriousRequiresPreventImpairment",
)  # fmt: skip
"""Codes of FHIR's adverse-event-seriousness that stand for a serious event."""


def _draft_fhir(own: _Coded) -> Draft:
    if "Patient" not in own.files:
        kinds = ", ".join(kind or "no resources" for kind in own.files)
        raise InputError(
            f"the NDJSON files hold {kinds}, and no Patient resources: export Patient, "
            "Observation, Condition and MedicationAdministration together."
        )
    pain = own.found("Observation", "loinc", codes_for("loinc", "pain_scores", "score"))
    if not pain:
        known = "LOINC " + ", ".join(codes_for("loinc", "pain_scores", "score"))
        names = ["loinc", "snomed", "other_code"] if "Observation" in own.files else []
        _refuse_without_pain(known, ((n, own.column("Observation", n)) for n in names))
    add = own.add
    own.start("FHIR R4 bulk data, read by code; docs/formats.md")
    add("  patients:")
    add(f"    file: {own.named('Patient')}", f"{len(own.column('Patient', 'id')):,} patients")
    own.note("Patient", "id", "ids", "patient_id")
    own.note("Patient", "gender, birthDate", "", "sex, birth_year (only the year)")
    if "Condition" in own.files:
        add("    diagnoses:")
        add(f"      file: {own.named('Condition')}")
        add("      by: {id: patient}")
        add("      code: [icd10, snomed, other_code]", "by code, never by its text")
        own.diagnosed("Condition", ("icd10", "snomed", "other_code"))
        add("      recorded: recorded")
        add("      where: {verification_status: {not: [refuted, entered-in-error]}}")
        add("    where: {condition: {recorded: true}}", "patients with a pain condition")
    add("    columns:")
    add("      patient_id: id")
    words = {word: word for word in ("female", "male", "other")}
    add(f'      sex: {{from: gender, values: {flow(words)}, other: ""}}')
    add("      birth_year: birth_year")
    if "Condition" not in own.files:
        add("      condition: {constant: other}", "TODO no Condition file tells the diagnosis")
        own.open("Patient: no Condition file tells the diagnosis; taken for now: other.")
    own.lines += _fhir_infusions(own)
    made = {"status": {"not": NOT_MADE}, **own.since("Observation", ["at"])}
    for table, what in (("pain_scores", "recall"), ("questionnaires", "instrument")):
        codes = codes_for("loinc", table, "score")
        if scored := pain if what == "recall" else own.found("Observation", "loinc", codes):
            rule = flow({"from": "loinc", "values": {code: codes[code].value for code in scored}})
            columns = f"patient_id: patient, assessed_on: at, score: value, {what}: {rule}"
            add(f"  {table}:")
            add(f"    file: {own.named('Observation')}")
            add(f"    where: {flow({'loinc': list(scored), **made})}", _counted(scored))
            add(f"    columns: {{{columns}}}")
    if "AdverseEvent" in own.files:
        _fhir_events(own)
    for kind in (kind for kind in own.files if kind not in RESOURCES):
        own.note(kind, f"{kind or 'unknown'} resources", "", "not read")
    return own


def _counted(codes: Mapping[str, int]) -> str:
    """Return how many records have each code, and whether all of them were seen elsewhere."""
    unseen = {code.code for code in load_clinical_codes() if code.verified != "yes"}
    sure = "likely" if unseen & {*codes} else "sure"
    return f"{sure}: " + ", ".join(f"{n:,} with {code}" for code, n in codes.items())


def _fhir_infusions(own: _Coded) -> list[tuple[str, str]]:
    """Return the lines of the infusions, by ingredient; says where there are none."""
    codes = codes_for("rxnorm", "infusions", "infused_at")
    lines: list[tuple[str, str]] = []
    medications = own.found("Medication", "medication_rxnorm", codes)
    for kind, statuses, more in (
        ("MedicationAdministration", ["completed", "stopped", "in-progress"],
         ", minutes: minutes, dose_mg_per_kg: mg_per_kg"),
        ("MedicationRequest", ["completed"], ""),
    ):  # fmt: skip
        if kind not in own.files or lines:  # what was ordered says nothing more of what was given
            continue
        inline = own.found(kind, "rxnorm", codes)
        referred = medications if own.column(kind, "medication").ne("").any() else {}
        for column, there in (("rxnorm", inline), ("medication_rxnorm", referred)):
            if not there:
                continue
            ordered = kind == "MedicationRequest"
            why = _counted(there)
            if ordered:
                why = "TODO orders, taken for infusions given on their day"
                own.open(
                    "MedicationRequest: no MedicationAdministration says what was given; each "
                    "completed order of ketamine is taken for one infusion on the day it was "
                    "written. Export the administrations."
                )
            where = {column: list(there), "status": statuses}
            lines.append((f"    - file: {own.named(kind)}", ""))
            if column == "medication_rxnorm":
                second = own.named("Medication")
                lines.append(
                    (f"      more_columns: {{file: {second}, by: {{medication: id}}}}", "")
                )
            lines.append((f"      where: {flow(where)}", why))
            lines.append((f"      columns: {{patient_id: patient, infused_at: start{more}}}", ""))
            signs = [c.column for c in load_clinical_codes() if c.table == "infusions"]
            signs = [s for s in ("systolic", "diastolic", "spo2") if s in signs]
            if not ordered and any(own.column("Observation", s).ne("").any() for s in signs):
                readings = ", ".join(f"{sign}: {sign}" for sign in signs)
                vitals = f"file: {own.named('Observation')}, by: {{patient: patient}}"
                made = flow({"status": {"not": NOT_MADE}})
                line = f"      vitals: {{{vitals}, at: {{start: at}}, {readings}, where: {made}}}"
                lines.append((line, "readings around the infusion"))
    if lines:
        return [("  infusions:", ""), *lines]
    kinds = [k for k in ("MedicationAdministration", "MedicationRequest") if k in own.files]
    what = f"{' and '.join(kinds) or 'no file of medications'}; RxNorm {', '.join(codes)}"
    own.without_start("infusions", what)
    return []


def _fhir_events(own: _Coded) -> None:
    add = own.add
    codes = codes_for("icd10", "adverse_events", "term")
    terms = {code: codes[code].value for code in own.found("AdverseEvent", "icd10", codes)}
    add("  adverse_events:")
    add(f"    file: {own.named('AdverseEvent')}")
    add("    where: {actuality: {not: [potential]}}", "events that did happen")
    add("    columns:")
    add("      patient_id: patient")
    add("      occurred_on: date")
    add("      term:")
    add("        first_of: [icd10, snomed, meddra, other_code]")
    add(f"        values: {flow(terms)}")
    add("        other: as_is", "a code that is not known is shown as it is")
    add("        # values_from: event_map.csv", "your own map, code and term, for other codes")
    add("      grade: {from: severity, values: {mild: 1, moderate: 2, severe: 3}}")
    serious = {**dict.fromkeys(SERIOUS, "yes"), "Non-serious": "no"}
    add(f"      serious: {{from: seriousness, values: {flow(serious)}}}")
    outcomes = {
        "resolved": "yes", "resolvedWithSequelae": "yes", "recovering": "no", "ongoing": "no",
        "fatal": "no", "unknown": "",
    }  # fmt: skip
    add(f"      resolved: {{from: outcome, values: {flow(outcomes)}}}")
    own.open(
        "AdverseEvent: FHIR does not say who was asked; a patient without an event is not "
        "assessed, unless `ae_assessed` says so (docs/mapping.md)."
    )


# OMOP

PERSONAL = (
    "month_of_birth", "day_of_birth", "birth_datetime", "person_source_value", "location_id",
    "provider_id",
)  # fmt: skip
"""Columns of person that say more of a patient than is needed."""


def _vocabulary(own: _Coded) -> dict[str, ClinicalCode]:
    """Return the OMOP concepts of the code list, and of the export's own vocabulary tables.

    ``concept`` gives the concept of a LOINC or RxNorm code, ``concept_ancestor`` the products that
    hold an ingredient.
    """
    known = {code.code: code for code in load_clinical_codes() if code.system == "omop"}
    by_code = {(c.system, c.code): c for c in load_clinical_codes() if c.system != "omop"}
    if "concept" in own.files:
        names = ("concept_id", "vocabulary_id", "concept_code")
        for concept, vocabulary, code in own.records("concept", *names):
            if (found := by_code.get((vocabulary.lower(), code))) is not None:
                known.setdefault(concept, found)
    if "concept_ancestor" in own.files:
        drugs = {code for code, own_code in known.items() if own_code.column == "infused_at"}
        pair = ("ancestor_concept_id", "descendant_concept_id")
        for ancestor, concept in own.records("concept_ancestor", *pair):
            if ancestor in drugs:
                known.setdefault(concept, known[ancestor])
    return known


def _those(
    concepts: Mapping[str, ClinicalCode], table: str, column: str
) -> dict[str, ClinicalCode]:
    return {c: own for c, own in concepts.items() if (own.table, own.column) == (table, column)}


def _draft_omop(own: _Coded) -> Draft:
    concepts = _vocabulary(own)
    those = partial(_those, concepts)
    places = [k for k in ("measurement", "observation") if k in own.files]
    pain = {k: own.found(k, f"{k}_concept_id", those("pain_scores", "score")) for k in places}
    if not any(pain.values()):
        columns = [(f"{k}_concept_id", own.column(k, f"{k}_concept_id")) for k in places]
        _refuse_without_pain(f"concept {', '.join(those('pain_scores', 'score'))}", columns)
    add = own.add

    def written(kind: str, name: str) -> str:
        return scalar(own.spelled(kind, name))

    own.start("OMOP CDM, read by concept; docs/formats.md")
    add("  patients:")
    add(f"    file: {own.named('person')}", f"{len(own.column('person', 'person_id')):,} patients")
    have = [own.spelled("person", name) for name in PERSONAL]
    drop = [name for name in have if name in own.raw(own.files["person"][0]).frame]
    add(f"    drop: {flow(drop)}", "says more of a patient than is needed")
    own.note("person", "person_id", "ids", "patient_id")
    person = written("person", "person_id")
    if "condition_occurrence" in own.files:
        kind = "condition_occurrence"
        add("    diagnoses:")
        add(f"      file: {own.named(kind)}")
        add(f"      by: {{{person}: {written(kind, 'person_id')}}}")
        names = ("condition_concept_id", "condition_source_value")
        add(f"      code: {flow([own.spelled(kind, name) for name in reversed(names)])}",
            "by code, never by its text")  # fmt: skip
        own.diagnosed(kind, names)
        add(f"      recorded: {written(kind, 'condition_start_date')}")
        add("    where: {condition: {recorded: true}}", "patients with a pain condition")
    add("    columns:")
    add(f"      patient_id: {person}")
    sexes = {code: own_code.value for code, own_code in those("patients", "sex").items()}
    add(f"      sex: {{from: {written('person', 'gender_concept_id')}, values: {flow(sexes)}, "
        'other: ""}')  # fmt: skip
    add(f"      birth_year: {written('person', 'year_of_birth')}")
    if "condition_occurrence" not in own.files:
        add("      condition: {constant: other}", "TODO no condition_occurrence: the diagnosis")
        own.open("person: no condition_occurrence tells the diagnosis; taken for now: other.")
    drugs = own.found("drug_exposure", "drug_concept_id", those("infusions", "infused_at"))
    if drugs:
        _omop_infusions(own, drugs, concepts)
    else:
        what = f"drug_exposure; concept {', '.join(those('infusions', 'infused_at'))}"
        own.without_start("infusions", what)
    for table, what in (("pain_scores", "recall"), ("questionnaires", "instrument")):
        codes = those(table, "score")
        rules = pain if what == "recall" else {
            k: own.found(k, f"{k}_concept_id", codes) for k in places
        }  # fmt: skip
        if any(rules.values()):
            add(f"  {table}:")
        for kind, there in rules.items():
            if not there:
                continue
            concept = own.spelled(kind, f"{kind}_concept_id")
            values = {"from": concept, "values": {code: codes[code].value for code in there}}
            where = {concept: list(there), **own.since(kind, [f"{kind}_date"])}
            add(f"    - file: {own.named(kind)}")
            add(f"      where: {flow(where)}", _counted(there))
            add(f"      columns: {{patient_id: {written(kind, 'person_id')}, "
                f"assessed_on: {_when(own, kind, kind)}, "
                f"score: {written(kind, 'value_as_number')}, {what}: {flow(values)}}}")  # fmt: skip
    return own


def _when(own: _Coded, kind: str, stem: str) -> str:
    """Return the rule for a time: the time of day where it is recorded, else the date."""
    have = own.raw(own.files[kind][0]).frame.columns
    names = [own.spelled(kind, f"{stem}_{end}") for end in ("datetime", "date")]
    names = [name for name in names if name in have]
    return scalar(names[0]) if len(names) == 1 else f"{{first_of: {flow(names)}}}"


def _omop_infusions(
    own: _Coded, drugs: Mapping[str, int], concepts: Mapping[str, ClinicalCode]
) -> None:
    kind = "drug_exposure"
    start = _when(own, kind, "drug_exposure_start")
    person = own.spelled(kind, "person_id")
    own.add("  infusions:")
    own.add(f"    file: {own.named(kind)}")
    concept = scalar(own.spelled(kind, "drug_concept_id"))
    own.add(f"    where: {{{concept}: {flow(list(drugs))}}}", _counted(drugs))
    own.add(f"    columns: {{patient_id: {scalar(person)}, infused_at: {start}}}")
    if "measurement" not in own.files:
        return
    here = own.spelled("measurement", "measurement_concept_id")
    value = own.spelled("measurement", "value_as_number")
    readings = []
    for sign in ("systolic", "diastolic", "spo2"):
        codes = _those(concepts, "infusions", sign)
        if there := own.found("measurement", "measurement_concept_id", codes):
            readings.append(f"{sign}: {{from: {scalar(value)}, where: "
                            f"{{{scalar(here)}: {flow(list(there))}}}}}")  # fmt: skip
    if readings:
        at = own.spelled("measurement", "measurement_datetime")
        begun = own.spelled(kind, "drug_exposure_start_datetime")
        theirs = own.spelled("measurement", "person_id")
        own.add("    vitals:", "readings around the infusion, where it has a time of day")
        own.add(f"      file: {own.named('measurement')}")
        own.add(f"      by: {{{scalar(person)}: {scalar(theirs)}}}")
        own.add(f"      at: {{{scalar(begun)}: {scalar(at)}}}")
        for reading in readings:
            own.add(f"      {reading}")
