"""FHIR R4 bulk data: NDJSON files with a resource a line, as columns of text.

Resources are known by code, never by the text beside a code. DuckDB takes from each line the
elements that the contract has a place for; names, addresses, record numbers and days of birth are
not among them, and never leave the file.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from pathlib import Path

import numpy as np
import pyarrow as pa

from analysis.errors import InputError
from analysis.files import open_plain
from analysis.intake.codes import codes_for, load_clinical_codes

NDJSON = ".ndjson"

LONGEST_LINE = 64_000_000
"""Bytes of the longest resource: a picture of a patient may be one element of it."""

LINES_LOOKED_AT = 200
"""First lines whose elements are listed as read or not."""

SYSTEMS = {
    "loinc": ("http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"),
    "rxnorm": ("http://www.nlm.nih.gov/research/umls/rxnorm", "urn:oid:2.16.840.1.113883.6.88"),
    "icd10": (
        "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10",
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "urn:oid:2.16.840.1.113883.6.90",
        "urn:oid:2.16.840.1.113883.6.3",
    ),
    "snomed": ("http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.96"),
    "meddra": (
        "http://terminology.hl7.org/CodeSystem/mdr", "https://www.meddra.org",
        "http://www.meddra.org", "urn:oid:2.16.840.1.113883.6.163",
    ),
}  # fmt: skip
"""Addresses by which FHIR names a code system."""

_CONCEPT = "STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])"
_REFERENCE = "STRUCT(reference VARCHAR)"
_PERIOD = 'STRUCT("start" VARCHAR, "end" VARCHAR)'
_QUANTITY = "STRUCT(value VARCHAR, comparator VARCHAR, unit VARCHAR, code VARCHAR)"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A kind of resource: the elements that are read, with their type, and columns made of them."""

    elements: dict[str, str]
    columns: dict[str, str]


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def _code(concept: str, system: str) -> str:
    """Return SQL for the code of a concept in one system: one that is known, else its first."""
    own = f"list_filter({concept}.coding, lambda c: c.system IN ({_texts(SYSTEMS[system])}))"
    known = tuple(code.code for code in load_clinical_codes() if code.system == system)
    if not known:
        return f"{own}[1].code"
    listed = f"list_filter({own}, lambda c: c.code IN ({_texts(known)}))"
    return f"coalesce({listed}[1].code, {own}[1].code)"


def _other(concept: str) -> str:
    """Return SQL for a code of a system that is not among `SYSTEMS`, with its system."""
    known = _texts(tuple(address for own in SYSTEMS.values() for address in own))
    other = f"list_filter({concept}.coding, lambda c: coalesce(c.system, '') NOT IN ({known}))[1]"
    return f"concat_ws('|', {other}.system, {other}.code)"


def _id_of(reference: str) -> str:
    """Return SQL for the id in a reference such as Patient/7, an address, or urn:uuid:7."""
    return rf"regexp_extract({reference}, '([^/:#]+)(/_history/.*)?$', 1)"


def _component(column: str) -> str:
    """Return SQL for a value that stands in a component, or is the observation's own."""
    codes = tuple(codes_for("loinc", "infusions", column))
    of_it = f"lambda c: c.system IN ({_texts(SYSTEMS['loinc'])}) AND c.code IN ({_texts(codes)})"
    part = f"list_filter(component, lambda p: len(list_filter(p.code.coding, {of_it})) > 0)[1]"
    own = f"CASE WHEN len(list_filter(code.coding, {of_it})) > 0 THEN valueQuantity.value END"
    return f"coalesce({part}.valueQuantity.value, {own})"


def _resources() -> dict[str, Resource]:
    patient = _id_of("subject.reference")
    start = '"effectivePeriod"."start"'
    medication = {"medicationCodeableConcept": _CONCEPT, "medicationReference": _REFERENCE}
    of_medication = {
        "rxnorm": _code("medicationCodeableConcept", "rxnorm"),
        "other_code": _other("medicationCodeableConcept"),
        "medication": _id_of("medicationReference.reference"),
    }
    return {
        "Patient": Resource(
            elements={
                "id": "VARCHAR", "gender": "VARCHAR", "birthDate": "VARCHAR",
                "managingOrganization": _REFERENCE,
            },
            columns={
                "id": "id", "gender": "gender", "birth_year": "left(birthDate, 4)",
                "organization": _id_of("managingOrganization.reference"),
            },
        ),
        "Condition": Resource(
            elements={
                "subject": _REFERENCE, "code": _CONCEPT, "clinicalStatus": _CONCEPT,
                "verificationStatus": _CONCEPT, "onsetDateTime": "VARCHAR",
                "onsetPeriod": _PERIOD, "recordedDate": "VARCHAR",
            },
            columns={
                "patient": patient,
                **{system: _code("code", system) for system in ("icd10", "snomed")},
                "other_code": _other("code"),
                "clinical_status": "clinicalStatus.coding[1].code",
                "verification_status": "verificationStatus.coding[1].code",
                "recorded": 'coalesce(recordedDate, onsetDateTime, onsetPeriod."start")',
            },
        ),
        "Observation": Resource(
            elements={
                "subject": _REFERENCE, "status": "VARCHAR", "code": _CONCEPT,
                "effectiveDateTime": "VARCHAR", "effectiveInstant": "VARCHAR",
                "effectivePeriod": _PERIOD, "valueQuantity": _QUANTITY, "valueInteger": "VARCHAR",
                "valueString": "VARCHAR",
                "component": f"STRUCT(code {_CONCEPT}, valueQuantity STRUCT(value VARCHAR))[]",
            },
            columns={
                "patient": patient, "status": "status", "loinc": _code("code", "loinc"),
                "snomed": _code("code", "snomed"), "other_code": _other("code"),
                "value": "coalesce(nullif(concat(valueQuantity.comparator, valueQuantity.value), "
                "''), valueInteger, valueString)",
                "unit": "coalesce(valueQuantity.code, valueQuantity.unit)",
                "at": f"coalesce(effectiveDateTime, effectiveInstant, {start})",
                **{name: _component(name) for name in ("systolic", "diastolic", "spo2")},
            },
        ),
        "MedicationAdministration": Resource(
            elements={
                "id": "VARCHAR", "subject": _REFERENCE, "status": "VARCHAR", **medication,
                "effectiveDateTime": "VARCHAR", "effectivePeriod": _PERIOD,
                "dosage": f"STRUCT(dose {_QUANTITY})",
            },
            columns={
                "id": "id", "patient": patient, "status": "status", **of_medication,
                "start": f"coalesce(effectiveDateTime, {start})",
                "minutes": f"date_diff('minute', try_cast({start} AS TIMESTAMPTZ), "
                "try_cast(\"effectivePeriod\".\"end\" AS TIMESTAMPTZ))::VARCHAR",
                "dose": "dosage.dose.value",
                "dose_unit": "coalesce(dosage.dose.code, dosage.dose.unit)",
                "mg_per_kg": "CASE WHEN coalesce(dosage.dose.code, dosage.dose.unit) = 'mg/kg' "
                "THEN dosage.dose.value END",
            },
        ),
        "MedicationRequest": Resource(
            elements={
                "subject": _REFERENCE, "status": "VARCHAR", "intent": "VARCHAR", **medication,
                "authoredOn": "VARCHAR",
            },
            columns={
                "patient": patient, "status": "status", "intent": "intent", **of_medication,
                "start": "authoredOn",
            },
        ),
        "Medication": Resource(
            elements={"id": "VARCHAR", "code": _CONCEPT},
            columns={"id": "id", "medication_rxnorm": _code("code", "rxnorm")},
        ),
        "AdverseEvent": Resource(
            elements={
                "subject": _REFERENCE, "actuality": "VARCHAR", "event": _CONCEPT,
                "date": "VARCHAR", "detected": "VARCHAR", "seriousness": _CONCEPT,
                "severity": _CONCEPT, "outcome": _CONCEPT,
            },
            columns={
                "patient": patient, "actuality": "actuality",
                **{name: _code("event", name) for name in ("icd10", "snomed", "meddra")},
                "other_code": _other("event"), "date": "coalesce(date, detected)",
                "seriousness": "seriousness.coding[1].code", "severity": "severity.coding[1].code",
                "outcome": "outcome.coding[1].code",
            },
        ),
    }  # fmt: skip


RESOURCES = (
    "Patient", "Condition", "Observation", "MedicationAdministration", "MedicationRequest",
    "Medication", "AdverseEvent",
)  # fmt: skip
"""Kinds of resources that are read."""


def resource_of(path: Path) -> str:
    """Return the kind of the first resource of an NDJSON file, gzipped or not; empty for none."""
    try:
        with open_plain(path) as plain:
            packed = path.suffix.lower() == ".gz"
            file = GzipFile(fileobj=plain) if packed else plain
            first = next((line for line in file if not line.isspace()), b"")
        item = json.loads(first.removeprefix(b"\xef\xbb\xbf"))
        return str(item["resourceType"])
    except (ValueError, KeyError, TypeError, BadGzipFile, EOFError, zlib.error):
        return ""


def read_resources(path: Path, name: str) -> tuple[pa.Table, np.ndarray, int, tuple[str, ...]]:
    """Read an NDJSON file of one kind of resource.

    Returns
    -------
    table : pyarrow.Table
        A row a resource, texts, null where there is nothing.
    lines : ndarray of int
        Line of each resource.
    n_lines : int
        Lines of the file, blank ones included.
    unread : tuple of str
        The elements of its first lines that are not read.

    Raises
    ------
    InputError
        A line is no JSON, no resource, one of another kind, or one of another form than R4.
    """
    import duckdb  # slow to load, and few exports need it

    kind = resource_of(path)
    own = _resources().get(kind)
    if own is None:
        _refuse_broken(path, name, kind)
        raise InputError(
            f"{name} holds {kind} resources, which are not read; read are {', '.join(RESOURCES)} "
            "(docs/formats.md). Take the file out of the mapping."
        )
    with open_plain(path) as file:
        filled = np.fromiter((not line.isspace() for line in file), dtype=bool)
    lines = np.flatnonzero(filled) + 1
    types = ", ".join(f"'{element}': '{form}'" for element, form in own.elements.items())
    columns = ", ".join(f'{sql} AS "{column}"' for column, sql in own.columns.items())
    pattern = re.sub(r"[\[*?]", r"[\g<0>]", str(path)).replace("'", "''")
    query = (
        f"SELECT resourceType AS kind, {columns} FROM read_ndjson('{pattern}', "
        f"columns={{'resourceType': 'VARCHAR', {types}}}, maximum_object_size={LONGEST_LINE})"
    )
    try:
        with duckdb.connect() as connection:
            table = connection.sql(query).to_arrow_table()
    except duckdb.Error as error:
        _refuse_broken(path, name, kind)
        found = re.search(r"in line (\d+): (Expected \w+, but got \w+)", str(error))
        place, why = (f", line {found[1]}", f": {found[2].lower()}") if found else ("", "")
        raise InputError(
            f"{name}{place}: an element of a {kind} resource has another form than FHIR R4 gives "
            f"it{why}. Export it again as R4."
        ) from None
    if len(table) != len(lines) or set(table["kind"].unique().to_pylist()) != {kind}:
        _refuse_broken(path, name, kind)
        raise InputError(f"{name}: {len(lines)} lines hold {len(table)} resources; one a line is "
                         "expected. Export it again.")  # fmt: skip
    return table.drop_columns("kind"), lines, len(filled), _unread(path, own)


def _refuse_broken(path: Path, name: str, kind: str) -> None:
    """Raise InputError for the first line that is no resource of the kind."""
    with open_plain(path) as file:
        for at, line in enumerate(file, start=1):
            if line.isspace():
                continue
            try:
                item = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
                own = item.get("resourceType")
            except (ValueError, AttributeError, RecursionError):
                raise InputError(
                    f"{name}, line {at}: a FHIR resource as JSON on one line is expected, and this "
                    "line is none; it may have been cut or edited. Export the file again."
                ) from None
            if not isinstance(own, str) or not own.isalpha():
                raise InputError(
                    f"{name}, line {at}: the JSON there names no resourceType, so it is no FHIR "
                    "resource. Export the file again."
                )
            if own != kind:
                raise InputError(
                    f"{name}, line {at}: a {own} among {kind} resources; bulk data has one kind a "
                    "file. Put it in a file of its own."
                )


def _unread(path: Path, own: Resource) -> tuple[str, ...]:
    found: dict[str, None] = {}
    with open_plain(path) as file:
        for line, _ in zip(file, range(LINES_LOOKED_AT), strict=False):
            if not line.isspace():
                found |= dict.fromkeys(json.loads(line.removeprefix(b"\xef\xbb\xbf")))
    return tuple(sorted(set(found) - {"resourceType", *own.elements}))
