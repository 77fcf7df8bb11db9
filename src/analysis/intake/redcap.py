"""What a REDCap project says of its own data export: fields, choices, events and arms.

The data dictionary, the list of events and the list of arms are exported beside the data, by hand
or through the API; each is known by its header. They are read for the draft of a mapping only:
choices become maps of values there, so that the mapping alone reads the next export.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from analysis.errors import InputError, suggest
from analysis.files import open_plain
from analysis.intake.read import HEAD_BYTES, FileFormat, RawTable, load_raw_table

DICTIONARY = {
    "name": ("Variable / Field Name", "field_name"),
    "label": ("Field Label", "field_label"),
    "kind": ("Field Type", "field_type"),
    "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
    "identifies": ("Identifier?", "identifier"),
}
"""Columns of a data dictionary, as it is downloaded and as the API gives it."""

OTHER_LISTS = (
    {"arm_num", "name"},
    {"arm_num", "unique_event_name", "form"},
    {"form_name", "custom_form_label"},
    {"instrument_name", "instrument_label"},
)
"""Headers of further lists of a project that hold no data."""

OF_A_LIST = (
    rb"\b(?:Variable / Field Name|field_name|event_name|arm_num|form_name|instrument_name)\b"
)
"""Names of which each list has one; data without them are not read for being one."""

CHOSEN = {"radio", "dropdown", "checkbox"}
FIXED = {
    "yesno": {"1": "Yes", "0": "No"},
    "truefalse": {"1": "True", "0": "False"},
}
FREE = {"notes", "file", "descriptive", "signature"}
"""Kinds of fields whose text is anybody's guess; they are not read."""

_OWN = re.compile(
    r"redcap_\w+|\w+_complete|\w+_timestamp|(?:survey )?(?:timestamp|identifier)|complete\?.*|"
    r"(?:event name|repeat instrument|repeat instance|data access group).*",
    re.IGNORECASE,
)
"""Columns that REDCap adds by itself."""

COLUMNS_SHOWN = 6


class Described(NamedTuple):
    """A column of the data as the dictionary has it; ``name`` where the data have the label."""

    name: str
    label: str
    choices: Mapping[str, str]
    identifies: bool
    free: bool


class Event(NamedTuple):
    """An event: its name, the number of its arm, and its day after the start, if it has one."""

    name: str
    arm: str
    day: float | None


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project by its lists: ``fields`` by name, ``events`` by unique name, ``arms`` by number.

    ``missing`` are its codes for missing data, which stand for nothing in any field.
    """

    file: str
    fields: Mapping[str, Described]
    events_file: str = ""
    events: Mapping[str, Event] = field(default_factory=dict)
    arms: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def describe(self, column: str) -> Described | None:
        """Return what the dictionary says of a column, by name or by label; None for nothing."""
        plain = re.sub(r" \(\d+\)$", "", column)
        box = re.fullmatch(r"(.+?)___(.+)", column)
        if box and (own := self.fields.get(box[1])) is not None:
            # REDCap writes a minus of a code as an underscore, and lower case.
            codes = {code.lower().replace("-", "_"): code for code in own.choices}
            said = own.choices.get(codes.get(box[2].lower(), ""), box[2])
            return Described("", f"{own.label} (choice={said})", {}, own.identifies, own.free)
        if (own := self.fields.get(column)) is not None:
            return own._replace(name="")
        stem = re.sub(r"\s*\(choice=.*\)$", "", plain)
        by_label = (each for each in self.fields.values() if each.label in (plain, stem))
        found = next(by_label, None)
        return found and found._replace(label="", choices={})

    def check(self, raw: RawTable) -> None:
        """Raise InputError where the data are of another project, or have an unknown event."""
        own = [str(n) for n in raw.frame.columns if not _OWN.fullmatch(str(n))]
        unknown = [name for name in own if self.describe(name) is None]
        if len(unknown) > len(own) / 2:
            shown = ", ".join(unknown[:COLUMNS_SHOWN]) + ", ..." * (len(unknown) > COLUMNS_SHOWN)
            raise InputError(
                f"{self.file} is the data dictionary of another project: {len(unknown)} of the "
                f"{len(own)} fields of {raw.name} are not in it ({shown}). Export dictionary and "
                "data from the same project, or take the dictionary out of the folder."
            )
        column = next((n for n in ("redcap_event_name", "Event Name") if n in raw.frame), None)
        if column is None or not self.events:
            return
        texts = raw.frame[column].astype(str)
        for text in texts[texts != ""].unique():
            if self.event(text) is None:
                line = raw.lines[(texts == text).to_numpy().argmax()]
                raise InputError(
                    f"{raw.name}, line {line}: the event '{text}' is not among the "
                    f"{len(self.events)} events of {self.events_file}."
                    f"{suggest(text, self.events)} Export the list of events again, with the data."
                )

    def event(self, text: str) -> Event | None:
        """Return an event by its unique name, or by the name that a labeled export gives it."""
        if text in self.events:
            return self.events[text]
        return next((e for e in self.events.values() if e.name in (text, _before_arm(text))), None)


def _before_arm(text: str) -> str:
    return re.sub(r" \(Arm \d+: .*\)$", "", text)


def find_project(files: Iterable[Path]) -> tuple[Project | None, set[Path]]:
    """Return the project that the lists among some files describe, and which files these are.

    None, and no files, without a data dictionary: the other lists alone may be anybody's tables.
    Codes for missing data are in the project's ODM file only, which may lie beside them.
    """
    files = list(files)
    lists: dict[str, RawTable] = {}
    known: set[Path] = set()
    for file in files:
        if file.suffix.lower() != ".csv":
            continue
        try:
            with open_plain(file) as table:
                if not re.search(OF_A_LIST, table.read(HEAD_BYTES)):
                    continue
            raw = load_raw_table(file, FileFormat(quoted_line_breaks=True))
        except (InputError, OSError):
            continue  # said by whoever reads it as data
        header = set(raw.header)
        if any(header >= {DICTIONARY["name"][at], DICTIONARY["kind"][at]} for at in (0, 1)):
            kind = "dictionary"
        elif {"event_name", "unique_event_name"} <= header:
            kind = "events"
        elif header == {"arm_num", "name"}:
            kind = "arms"
        elif any(header >= names for names in OTHER_LISTS):
            kind = "other"
        else:
            continue
        lists.setdefault(kind, raw)
        known.add(file)
    if "dictionary" not in lists:
        return None, set()
    events = lists.get("events")
    arms = lists["arms"].frame if "arms" in lists else None
    return (
        Project(
            file=lists["dictionary"].name,
            fields=_fields(lists["dictionary"]),
            events_file=events.name if events else "",
            events=_events(events) if events else {},
            arms=dict(zip(arms["arm_num"], arms["name"], strict=True)) if arms is not None else {},
            missing=_missing_codes({file.parent for file in files}),
        ),
        known,
    )


def _missing_codes(folders: Iterable[Path]) -> tuple[str, ...]:
    """Return the missing-data codes of the ODM files in some folders: "-999, Not asked", a line."""
    codes: dict[str, None] = {}
    for file in sorted(file for folder in folders for file in folder.glob("*.xml")):
        try:
            with open_plain(file) as odm:
                head = odm.read(HEAD_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
        for said in re.findall(r"<redcap:MissingDataCodes>([^<]*)<", head):
            lines = (line.partition(",")[0].strip() for line in re.split(r"[\n|]", said))
            codes |= dict.fromkeys(filter(None, lines))
    return tuple(codes)


def _fields(raw: RawTable) -> dict[str, Described]:
    names = {
        key: next((name for name in own if name in raw.frame), None)
        for key, own in DICTIONARY.items()
    }
    fields = {}
    for _, row in raw.frame.astype(str).iterrows():
        own = {key: row[name] if name else "" for key, name in names.items()}
        own = {key: "" if text == "NA" else text for key, text in own.items()}
        choices = FIXED.get(own["kind"], {})
        if own["kind"] in CHOSEN:
            pairs = (choice.partition(",") for choice in own["choices"].split("|"))
            choices = {code.strip(): said.strip() for code, comma, said in pairs if comma}
        fields[own["name"]] = Described(
            name=own["name"],
            label=" ".join(re.sub(r"<[^>]*>", " ", own["label"]).split()),
            choices=choices,
            identifies=own["identifies"].lower() in ("y", "yes", "1"),
            free=own["kind"] in FREE,
        )
    return fields


def _events(raw: RawTable) -> dict[str, Event]:
    events = {}
    for _, row in raw.frame.astype(str).iterrows():
        day = row.get("day_offset", "")
        number = float(day) if re.fullmatch(r"-?\d+(\.\d+)?", day) else None
        events[row["unique_event_name"]] = Event(row["event_name"], row.get("arm_num", ""), number)
    return events
