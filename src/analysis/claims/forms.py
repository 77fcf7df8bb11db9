"""Forms that ask for what claims need: a REDCap data dictionary with its events, and a FHIR form.

Only scores are asked for (a T-score, a total), never the items of a questionnaire. Fields have the
names of the contract where there is one, so that `reliefcheck map` reads what comes back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.claims.ask import Asked, Field
from analysis.errors import InputError
from analysis.files import write_file
from analysis.settings import Visit

DICTIONARY = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note",
    "Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max",
    "Identifier?", "Branching Logic (Show field only if...)", "Required Field?",
    "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
"""Columns of a REDCap data dictionary, as REDCap uploads it."""

VALIDATIONS = {
    "date": "date_ymd", "datetime": "datetime_ymd", "integer": "integer", "number": "number",
}  # fmt: skip
FHIR_TYPES = {
    "date": "date", "datetime": "dateTime", "integer": "integer", "number": "decimal",
    "radio": "choice", "yesno": "boolean",
}  # fmt: skip

REPEATED = {"infusion": "at each infusion", "event": "for each side effect"}
"""Forms that are filled in as often as it happens."""

SERIES_DAYS = 14
"""Usual length of an initial series, for the offsets of events; visits count from its end."""


def write_forms(
    asked: Sequence[Asked], folder: Path, *, schedule: Sequence[Visit]
) -> tuple[Path, ...]:
    """Write dictionary, events, which form is filled in at which event, and the FHIR form.

    Raises
    ------
    InputError
        The folder is there already.
    """
    if folder.exists():
        raise InputError(f"{folder} is already there; name another folder with --out.")
    folder.mkdir(parents=True)
    fields = _fields(asked)
    visits = tuple(dict.fromkeys(visit for one in asked for visit in one.visits))
    events = _events(visits, fields, schedule)
    offsets = dict.fromkeys((name, 1, f"{day:g}", 0, 0, unique) for unique, name, day, _ in events)
    form = json.dumps(_questionnaire(fields, visits), indent=1, ensure_ascii=False)
    forms = tuple(dict.fromkeys(field.form for field in fields))
    pairs = [
        (1, unique, name)
        for unique, _, _, when in events
        for name in forms
        if when == _when(name, fields)
    ]
    return (
        write_file(folder / "redcap_dictionary.csv", _dictionary(fields)),
        write_file(
            folder / "redcap_events.csv",
            _csv(("event_name", "arm_num", "day_offset", "offset_min", "offset_max",
                  "unique_event_name"),
                 offsets),
        ),
        write_file(folder / "redcap_forms.csv",
                   _csv(("arm_num", "unique_event_name", "form"), pairs)),
        write_file(folder / "questionnaire.json", form + "\n"),
    )  # fmt: skip


def _fields(asked: Sequence[Asked]) -> list[Field]:
    """Return the fields of all claims, each once, form by form."""
    own = dict.fromkeys(field for one in asked for field in one.fields)
    forms = list(dict.fromkeys(field.form for field in own))
    return sorted(own, key=lambda field: forms.index(field.form))


def _when(form: str, fields: Iterable[Field]) -> str:
    return next(field.when for field in fields if field.form == form)


def _events(
    visits: Sequence[str], fields: Sequence[Field], schedule: Sequence[Visit]
) -> list[tuple[str, str, float, str]]:
    """Return unique name, name, day after the first infusion, and what is filled in there."""
    days = {visit.name: SERIES_DAYS + visit.target_day for visit in schedule}
    days |= {"baseline": 0, "end": SERIES_DAYS, "day_14": 14, "day_28": 28}
    events = [("enrolment_arm_1", "Enrolment", 0.0, "once")]
    there = {field.when for field in fields}
    events += [("treatment_arm_1", "Treatment", 0.0, when) for when in REPEATED if when in there]
    events += [
        (f"{visit}_arm_1", visit.replace("_", " ").capitalize(), days[visit], "visit")
        for visit in sorted(visits, key=lambda visit: days[visit])
    ]
    return events


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> str:
    frame = pd.DataFrame(list(rows), columns=list(header), dtype=object).fillna("")
    return frame.to_csv(index=False, lineterminator="\n")


def _dictionary(fields: Sequence[Field]) -> str:
    first = {"Variable / Field Name": "record_id", "Form Name": fields[0].form,
             "Field Type": "text", "Field Label": "Record ID"}  # fmt: skip
    rows = [first]
    for field in fields:
        rows.append({
            "Variable / Field Name": field.name,
            "Form Name": field.form,
            "Field Type": field.type if field.type in ("radio", "yesno") else "text",
            "Field Label": field.label,
            "Choices, Calculations, OR Slider Labels": " | ".join(
                f"{code}, {word}" for code, word in field.choices
            ),
            "Text Validation Type OR Show Slider Number": VALIDATIONS.get(field.type, ""),
            "Text Validation Min": field.low if field.type in ("integer", "number") else "",
            "Text Validation Max": field.high if field.type in ("integer", "number") else "",
        })  # fmt: skip
    return _csv(DICTIONARY, rows)


def _questionnaire(fields: Sequence[Field], visits: Sequence[str]) -> dict[str, Any]:
    """Return the form as a FHIR R4 Questionnaire: a group a form, filled in as its text says."""
    groups = []
    for form in dict.fromkeys(field.form for field in fields):
        when = _when(form, fields)
        said = ", ".join(visit.replace("_", " ") for visit in dict.fromkeys(visits))
        often = REPEATED.get(when) or (f"at {said}" if when == "visit" else "once")
        groups.append({
            "linkId": form,
            "text": f"{form.replace('_', ' ').capitalize()} ({often})",
            "type": "group",
            "repeats": when != "once",
            "item": [_item(field) for field in fields if field.form == form],
        })  # fmt: skip
    return {
        "resourceType": "Questionnaire",
        "status": "draft",
        "title": "Records that would make claims testable",
        "subjectType": ["Patient"],
        "item": groups,
    }


def _item(field: Field) -> dict[str, Any]:
    item: dict[str, Any] = {
        "linkId": f"{field.form}.{field.name}", "text": field.label, "type": FHIR_TYPES[field.type],
    }  # fmt: skip
    if field.loinc:
        item["code"] = [{"system": "http://loinc.org", "code": field.loinc}]
    if field.choices:
        item["answerOption"] = [
            {"valueCoding": {"code": code, "display": word}} for code, word in field.choices
        ]
    ends = [("minValue", field.low), ("maxValue", field.high)]
    if field.type in ("integer", "number") and field.high:
        kind, number = ("Integer", int) if field.type == "integer" else ("Decimal", float)
        item["extension"] = [
            {"url": f"http://hl7.org/fhir/StructureDefinition/{name}", f"value{kind}": number(end)}
            for name, end in ends
        ]
    return item
