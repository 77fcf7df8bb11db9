"""FHIR R4 bulk data: NDJSON files with a resource a line, as columns of text.

Resources are known by code, never by the text beside a code. DuckDB takes from each line the
elements that the contract has a place for; names, addresses, record numbers and days of birth are
not among them, and never leave the file.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable
from gzip import BadGzipFile, GzipFile
from pathlib import Path

import numpy as np
import pyarrow as pa

from analysis.errors import InputError
from analysis.files import open_plain
from analysis.intake.codes import codes_for, load_clinical_codes
from analysis.settings import data_rows

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
_QUANTITY = "STRUCT(value VARCHAR, comparator VARCHAR, unit VARCHAR, code VARCHAR)"
_TYPES = {
    "text": "VARCHAR", "concept": _CONCEPT, "quantity": _QUANTITY,
    "reference": "STRUCT(reference VARCHAR)",
    "period": 'STRUCT("start" VARCHAR, "end" VARCHAR)', "dosage": f"STRUCT(dose {_QUANTITY})",
    "components": f"STRUCT(code {_CONCEPT}, valueQuantity STRUCT(value VARCHAR))[]",
}  # fmt: skip
"""Types of elements in DuckDB by their name in data/codes/fhir.csv."""

_TABLE = data_rows("codes/fhir.csv")
"""The elements that are read of each kind of resource, and the columns made of them: SQL, or a
function below with what it takes."""

RESOURCES = tuple(dict.fromkeys(row["resource"] for row in _TABLE))
"""Kinds of resources that are read."""


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


_FUNCTIONS: dict[str, Callable[..., str]] = {
    "code": _code, "other": _other, "id": _id_of, "component": _component,
}  # fmt: skip


def _parts_of(kind: str, part: str) -> dict[str, str]:
    """Return the elements with their types, or the columns with their SQL, of a resource."""
    return {r["name"]: r["is"] for r in _TABLE if (r["resource"], r["part"]) == (kind, part)}


def _sql_of(column: str) -> str:
    function, _, given = column.partition(": ")
    return _FUNCTIONS[function](*given.split(", ")) if given else column


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
    """Return resources of a kind as a table of texts with a row each, null where there is nothing.

    With it come the line of each resource, the number of lines of the file, blank ones included,
    and the elements of its first lines that are not read. InputError where a line is no JSON, no
    resource, one of another kind, or one of another form than R4.
    """
    import duckdb  # slow to load, and few exports need it

    kind = resource_of(path)
    if kind not in RESOURCES:
        _refuse_broken(path, name, kind)
        raise InputError(
            f"{name} holds {kind} resources, which are not read; read are {', '.join(RESOURCES)} "
            "(docs/formats.md). Take the file out of the mapping."
        )
    with open_plain(path) as file:
        filled = np.fromiter((not line.isspace() for line in file), dtype=bool)
    lines = np.flatnonzero(filled) + 1
    elements = _parts_of(kind, "element")
    types = ", ".join(f"'{element}': '{_TYPES[form]}'" for element, form in elements.items())
    made = _parts_of(kind, "column").items()
    columns = ", ".join(f'{_sql_of(own)} AS "{column}"' for column, own in made)
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
    return table.drop_columns("kind"), lines, len(filled), _unread(path, elements)


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


def _unread(path: Path, elements: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    with open_plain(path) as file:
        for line, _ in zip(file, range(LINES_LOOKED_AT), strict=False):
            if not line.isspace():
                found |= dict.fromkeys(json.loads(line.removeprefix(b"\xef\xbb\xbf")))
    return tuple(sorted(set(found) - {"resourceType", *elements}))
