"""The mapping file: how an export's files, columns and words become the tables of the contract.

Described for users in docs/mapping.md. Parsed by pydantic, then checked for names that exist and
rules that do not contradict; every error names the file and the line. A field that would be
ignored is refused: the analyst who wrote it believes that it works.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from analysis.errors import MappingError, SettingsError, suggest
from analysis.files import open_plain
from analysis.intake.codes import instrument_of, load_instruments
from analysis.intake.tables import SCALES, TABLES, Column, Ends
from analysis.intake.values import AS_WRITTEN, Inexact, Partial
from analysis.settings import check_setting

MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")
"""Texts read as "nothing recorded" unless the mapping gives its own list."""

UNITS_IN_DAYS = {
    "minutes": 1 / 1440, "hours": 1 / 24, "days": 1.0,
    "weeks": 7.0, "months": 30.4375, "years": 365.25,
}  # fmt: skip

OF_DAYS = ("study_day", "relief_days")
"""Columns in days, which may be written in another unit."""

AS_IS = "as_is"
"""``other: as_is``: words not under ``values`` are read as they stand."""

MOST_RULES = 500
"""Rules of a table: each reads its columns anew, a few milliseconds of each."""

YAML_BYTES, YAML_NODES = 500_000, 50_000
"""Most bytes of a mapping, and most fields and values once its anchors are written out: a column
takes ten, and a file of nine anchors inside each other would take hundreds of millions."""

YAML_MARKS = ",:\n"
"""No field or value is without one of these."""

Unit = Literal["minutes", "hours", "days", "weeks", "months", "years"]
Dates = Literal["auto", "iso", "day_first", "month_first", "excel_serial", "excel_serial_1904"]
ExcludeCode = Literal[
    "missing_id", "unknown_patient", "duplicate_patient", "score_outside_scale",
    "unreadable_value", "repeated_infusion", "value_out_of_range", "unknown_infusion",
    "resolved_before_it_began", "dose_without_drug", "repeated_dose",
]  # fmt: skip
Place = tuple[Any, ...]
"""Steps to a field: names and places in lists."""


# YAML as it is written


@dataclass(frozen=True)
class YamlFile:
    """A YAML file: its values, the same as text, and the line of every field.

    YAML reads ``010`` as a number and ``2026-03-28`` as a date. In a mapping these are words and
    codes of an export, so ``texts`` has every scalar as it stands in the file, None for null. In
    ``values`` numbers are numbers; dates stay text there too.
    """

    name: str
    values: Any
    texts: Any
    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """Return the line of a field; of the nearest enclosing one when it is not in the file."""
        at: Place = ()
        for step in place:  # pydantic adds steps that the file does not have
            at = (*at, step) if (*at, step) in self.lines else at
        return self.lines[at]


def load_yaml(path: Path) -> YamlFile:
    """Read a YAML file; MappingError, with the line, when it is none or a key stands twice."""
    try:
        with open_plain(path) as file:
            data = file.read(YAML_BYTES + 1)
        if len(data) > YAML_BYTES:
            raise MappingError(f"{path.name}: larger than {YAML_BYTES:,} bytes, as no mapping is.")
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MappingError(f"{path.name} is not a UTF-8 text file; save it as UTF-8.") from None
    except FileNotFoundError:
        raise MappingError(f"there is no file {path}.") from None
    except OSError as error:
        raise MappingError(f"{path} cannot be read: {error.strerror}.") from None
    if sum(map(text.count, YAML_MARKS)) > YAML_NODES:  # known before it is parsed, which takes long
        raise MappingError(
            f"{path.name}: more than {YAML_NODES:,} fields and values, as no mapping has."
        )
    lines: dict[Place, int] = {(): 1}
    try:
        reader = YAML(typ="safe", pure=True)
        reader.allow_duplicate_keys = True  # 01 and 1 are two words, and alike as numbers only
        node = reader.compose(text)
        texts = _as_written(node, (), lines, path.name, ())
        values = None if node is None else reader.constructor.construct_document(node)
        values = _dates_as_text(values)
    except YAMLError as error:
        raise MappingError(_not_yaml(error, text, path.name)) from None
    except (RecursionError, ValueError, TypeError, LookupError, AttributeError):
        raise MappingError(f"{path.name}: nested or written in a way no mapping is.") from None
    return YamlFile(path.name, values, texts, lines)


def refuse_outside(path: Path, folders: Iterable[Path], *, what: str) -> None:
    """Raise MappingError unless a path leads into one of the folders, links followed.

    A mapping, or a link in an export, may have come with the data: it must not choose which other
    files of this machine are read.
    """
    place = path
    try:
        place = path.resolve()
        if any(place.is_relative_to(folder.resolve()) for folder in folders):
            return
    except (OSError, ValueError, RuntimeError):  # a loop of links, or no name of a file
        pass
    raise MappingError(
        f"{what}, which lies outside the folder that it may read from. If it is meant, allow it on "
        f"the command line: --also {place}"
    )


def _as_written(
    node: Any, place: Place, lines: dict[Place, int], name: str, inside: tuple[Any, ...]
) -> Any:
    """Return a node's content with every scalar as text, and note the lines of its fields."""
    if node is None or str(node.tag) == "tag:yaml.org,2002:null":
        return None
    if any(node is outer for outer in inside):
        raise MappingError(f"{name}: an anchor contains itself; write it out.")
    inside = (*inside, node)
    if len(lines) > YAML_NODES:
        raise MappingError(
            f"{name}: more than {YAML_NODES:,} fields and values once its anchors (`&x`, `*x`) are "
            "written out, as no mapping has."
        )
    if isinstance(node, SequenceNode):
        items = []
        for at, item in enumerate(node.value):
            lines[*place, at] = item.start_mark.line + 1
            items.append(_as_written(item, (*place, at), lines, name, inside))
        return items
    if not isinstance(node, MappingNode):
        return node.value
    content: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode):
            raise MappingError(f"{name}, line {line}: a name is expected before the colon.")
        if key.value in content:
            raise MappingError(
                f"{name}, line {line}: '{key.value}' stands twice; the first would be lost. "
                "Keep one."
            )
        if key.value == "<<":
            raise MappingError(
                f"{name}, line {line}: merged fields (`<<`) are not read; write them out. An "
                "anchor (`&x`) with its `*x` works."
            )
        lines[*place, key.value] = line
        content[key.value] = _as_written(value, (*place, key.value), lines, name, inside)
    return content


def _dates_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _not_yaml(error: YAMLError, text: str, name: str) -> str:
    mark = getattr(error, "problem_mark", None)
    at = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    lines = text.splitlines()
    if mark and mark.line < len(lines) and "\t" in lines[mark.line]:
        why += " (the line has a tab; YAML is indented with spaces only)"
    return f"{name}{at}: {why}. YAML wants `name: value` lines, indented with spaces."


# What a mapping may say


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _without_nulls(value: Any) -> Any:
    """Return a map or list with "" where the file has nothing."""
    if isinstance(value, dict):
        return {key: "" if item is None else item for key, item in value.items()}
    return ["" if item is None else item for item in value] if isinstance(value, list) else value


def _short_for(field: str) -> BeforeValidator:
    """Let ``name: text`` stand for ``name: {field: text}``."""
    return BeforeValidator(lambda value: value if isinstance(value, dict) else {field: value})


TextList = Annotated[list[str], BeforeValidator(lambda value: _without_nulls(_listed(value)))]
UtcOffset = Annotated[str, Field(pattern=rf"^([+-]\d{{2}}:\d{{2}}|{AS_WRITTEN})$")]
TextMap = Annotated[dict[str, str], BeforeValidator(_without_nulls)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )


class _Values(_Strict):
    decimal: Literal[".", ","] | None = None
    dates: Dates | None = None
    missing: TextList | None = None
    pivot_year: int | None = Field(None, ge=1900, le=2000)
    partial_dates: Partial | None = None
    utc_offset: UtcOffset | None = None


class Format(_Values):
    """How files are written; given once for all files, or with a table."""

    encoding: str | None = None
    separator: str | None = None
    skip_lines: int | None = Field(None, ge=0)
    header_lines: int | None = Field(None, ge=1, le=9)
    skip_after_header: int | None = Field(None, ge=0)
    footer_lines: int | None = Field(None, ge=0)
    quoted_line_breaks: bool | None = None
    sheet: str | None = None

    @property
    def missing_texts(self) -> frozenset[str]:
        """Texts that stand for nothing; an empty one always does."""
        return frozenset(self.missing or MISSING_WORDS) | {""}


class Condition(_Strict):
    """A row filter on one column of the file: every part given must hold."""

    is_: TextList | None = Field(None, alias="is")
    not_: TextList | None = Field(None, alias="not")
    min: float | None = None
    max: float | None = None
    since: date | None = None
    until: date | None = None
    recorded: bool | None = None

    @property
    def has_dates(self) -> bool:
        """Whether the column is read as dates."""
        return self.since is not None or self.until is not None

    @property
    def limits(self) -> tuple[float, float] | None:
        """Least and greatest number, of dates the ordinal of the day; None without limits."""
        low: float | None = self.since.toordinal() if self.since else self.min
        high: float | None = self.until.toordinal() if self.until else self.max
        if low is None and high is None:
            return None
        return -inf if low is None else low, inf if high is None else high

    def in_words(self) -> str:
        """Return the filter as people say it: "is 1 or 2", "is at least 4"."""

        def either(words: list[str] | None) -> str | None:
            return None if words is None else " or ".join(word or "empty" for word in words)

        said = {
            "is": either(self.is_),
            "is not": either(self.not_),
            "is at least": None if self.min is None else f"{self.min:g}",
            "is at most": None if self.max is None else f"{self.max:g}",
            "is since": self.since,
            "is until": self.until,
        }
        parts = [f"{verb} {what}" for verb, what in said.items() if what is not None]
        if self.recorded is not None:
            parts.append("is recorded" if self.recorded else "is not recorded")
        return " and ".join(parts)


class ColumnRule(_Values):
    """Where a column of the contract comes from."""

    from_: str | None = Field(None, alias="from")
    constant: str | None = None
    join: TextList | None = None
    with_: str | None = Field(None, alias="with")
    first_of: TextList | None = None
    mean_of: TextList | None = None
    items_of: TextList | None = None
    values: TextMap | None = None
    values_from: str | None = None
    other: str | None = None
    unit: Unit | None = None
    times: float | None = None
    add: float | None = None
    take: Literal["year"] | None = None
    hash: bool | None = None
    written_as: str | None = Field(None, pattern=r"^[^0]*0+[^0]*$")
    strip: str | None = None
    inexact: Inexact | None = None

    def sources(self) -> list[str]:
        """Return the file's columns this rule reads."""
        named = [] if self.from_ is None else [self.from_]
        several = (self.join, self.first_of, self.mean_of, self.items_of)
        return [*named, *(name for names in several for name in names or [])]

    def given_sources(self) -> list[str]:
        """Return which fields say where values come from; a rule has at most one of them."""
        fields = ("from_", "constant", "join", "first_of", "mean_of", "items_of")
        return [name.strip("_") for name in fields if getattr(self, name) is not None]


class WideColumn(_Strict):
    """One of several columns with a value each: a rating, an infusion, an effect asked about."""

    column: str
    study_day: float | None = None
    unit: Unit = "days"
    assessed_on: str | None = None
    visit: str | None = None
    recall: str | None = None
    scale: str | None = None
    phase: str | None = None
    term: str | None = None
    instrument: str | None = None

    @property
    def day(self) -> float | None:
        """Study day in days, whatever unit it was written in."""
        return None if self.study_day is None else self.study_day * UNITS_IN_DAYS[self.unit]


class MoreColumns(Format):
    """A second file with further columns of the same records, found by what both have."""

    file: str
    by: Annotated[dict[str, str], BeforeValidator(lambda v: v if isinstance(v, dict) else {v: v})]


Filters = dict[str, Annotated[Condition, _short_for("is")]]
"""Conditions on columns, which a row must meet to count."""


class Diagnoses(Format):
    """A file with diagnoses, several a patient: the pain condition is found among them by code.

    ``several`` says which counts where a patient has diagnoses of several pain conditions.
    """

    file: TextList
    by: dict[str, str]
    code: TextList
    map: str | None = None
    recorded: str | None = None
    several: Literal["refuse", "first", "last"] = "refuse"
    where: Filters = {}


class Reading(_Strict):
    """A column with readings of one vital sign, and which of its rows are readings of it."""

    from_: str = Field(alias="from")
    where: Filters = {}


class Vitals(Format):
    """A file with blood pressure and oxygen saturation by time; those around an infusion count."""

    file: TextList
    by: dict[str, str]
    at: dict[str, str]
    systolic: Annotated[Reading, _short_for("from")] | None = None
    diastolic: Annotated[Reading, _short_for("from")] | None = None
    spo2: Annotated[Reading, _short_for("from")] | None = None
    where: Filters = {}


class TableRule(Format):
    """One source of one table: its files, their columns, and which of their rows count."""

    file: TextList | None = None
    more_columns: MoreColumns | None = None
    diagnoses: Diagnoses | None = None
    vitals: Vitals | None = None
    fill_down: TextList | None = None
    given: TextMap = {}
    columns: dict[str, Annotated[ColumnRule, _short_for("from")]] = {}
    wide: list[WideColumn] = []
    where: Filters = {}
    one_row_per_patient: bool = False
    drop: TextList | None = None


class ScaleRule(_Strict):
    """Ends of a pain scale: ``low`` is no pain; without ``high`` the other one is not known."""

    low: float
    high: float | None = None


def _ends(value: Any) -> Any:
    """Let ``[0, 40]`` stand for ``{low: 0, high: 40}``."""
    if isinstance(value, dict | ScaleRule):
        return value
    if isinstance(value, list) and len(value) == 2:
        return dict(zip(("low", "high"), value, strict=True))
    raise ValueError(
        "two ends are expected, as [0, 140], or {low: 0} where the end is not known",
    )


class Mapping(_Strict):
    """What a mapping file says."""

    name: str | None = None
    source: str | None = None
    synthetic: bool = False
    format: Format = Format()
    conditions: dict[str, str] = {}
    scales: dict[str, Annotated[ScaleRule, BeforeValidator(_ends)]] = {}
    tables: dict[
        str, Annotated[list[TableRule], BeforeValidator(_listed), Field(max_length=MOST_RULES)]
    ] = {}
    settings: dict[str, Any] = {}
    hash_key: str | None = None
    exclude: Annotated[list[ExcludeCode], BeforeValidator(_listed)] = []

    @property
    def all_scales(self) -> dict[str, Ends]:
        """Ends of every scale that the export may name: the suite's own, and the mapping's."""
        return {**SCALES, **{name: (own.low, own.high) for name, own in self.scales.items()}}


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    MappingError says which file, line and field is wrong, what was expected, and the nearest
    known name.
    """
    file = load_yaml(path)
    if not isinstance(file.values, dict):
        raise MappingError(f"{path.name} holds no mapping: it begins with `name:` and `tables:`.")
    content = dict(file.texts)
    if "settings" in content:
        content["settings"] = file.values["settings"]  # settings are typed: 30.0 is a number there
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        sentences = [_field_error(item, file) for item in error.errors()[:6]]
        raise MappingError("\n".join(sentences)) from None
    _check_mapping(mapping, file)
    return mapping


def _field_error(item: Any, file: YamlFile) -> str:
    loc = tuple(item["loc"])
    field = ".".join(str(step) for step in loc) or "the file"
    place = f"{file.name}, line {file.line(loc)}"
    if item["type"] == "extra_forbidden":
        known = _known_fields(loc)
        inside = f" in {'.'.join(map(str, loc[:-1]))}" if len(loc) > 1 else ""
        return (
            f"{place}: there is no field '{loc[-1]}'{inside}.{suggest(str(loc[-1]), known)} "
            f"Known here: {', '.join(sorted(known))}."
        )
    why = item["msg"].removeprefix("Value error, ")
    why = why[0].lower() + why[1:]
    if item["type"] == "missing":
        return f"{place}: {field} is missing."
    if item["input"] is None:
        return f"{place}: {field} has nothing after it: {why}."
    shown = repr(item["input"])
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    hint = suggest(str(item["input"]), get_args(ExcludeCode)) if loc[0] == "exclude" else ""
    return f"{place}: {field} is {shown}: {why}.{hint}"


def _known_fields(loc: Place) -> list[str]:
    model: Any = Mapping
    if loc[0] == "format" and len(loc) > 1:
        model = Format
    elif loc[0] == "scales" and len(loc) > 2:
        model = ScaleRule
    elif loc[0] == "tables" and len(loc) > 2:
        inside = [step for step in loc[:-1] if isinstance(step, str)]
        parts = {
            "columns": ColumnRule, "wide": WideColumn, "where": Condition,
            "more_columns": MoreColumns, "diagnoses": Diagnoses, "vitals": Vitals,
        }  # fmt: skip
        model = next((parts[step] for step in inside[2:3] if step in parts), TableRule)
    return [field.alias or name for name, field in model.model_fields.items()]


# What a mapping must mean

Refuse = Callable[[Place, str], NoReturn]
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _check_mapping(mapping: Mapping, file: YamlFile) -> None:
    def refuse(loc: Place, why: str) -> NoReturn:
        raise MappingError(f"{file.name}, line {file.line(loc)}: {why}")

    for code in mapping.conditions:
        if code == "all" or not _CODE.fullmatch(code):
            refuse(
                ("conditions", code),
                f"'{code}' cannot be the code of a condition: write lower-case letters, digits and "
                "underscores, as low_back_pain ('all' is taken).",
            )
    for name, ends in mapping.scales.items():
        if name in SCALES:
            refuse(("scales", name), f"the scale '{name}' is the suite's own; use another name.")
        if ends.low == ends.high:
            refuse(("scales", name), f"the scale '{name}' begins and ends at {ends.low:g}.")
    for name, rules in mapping.tables.items():
        if name not in TABLES:
            refuse(
                ("tables", name),
                f"there is no table '{name}'.{suggest(name, TABLES)} The tables are "
                f"{', '.join(TABLES)}.",
            )
        for at, rule in enumerate(rules):
            loc = ("tables", name, at)
            _check_columns(name, rule, mapping, loc, refuse)
            _check_wide(name, rule, mapping, loc, refuse)
            for column in set(rule.drop or []) & set(columns_read(rule)):
                refuse((*loc, "drop"), f"'{column}' is dropped and read; keep one of the two.")
    for name, value in mapping.settings.items():
        try:
            check_setting(name, value, where="settings")
        except SettingsError as error:
            refuse(("settings", name), str(error))


def columns_read(rule: TableRule) -> list[str]:
    """Return every column of the file that a rule reads, in the order an analyst wrote them."""
    own = [name for column in rule.columns.values() for name in column.sources()]
    wide = [w.column for w in rule.wide] + [w.assessed_on for w in rule.wide if w.assessed_on]
    second = (rule.more_columns, rule.diagnoses, rule.vitals)
    by = [name for file in second if file for name in file.by]
    at = [*rule.vitals.at] if rule.vitals else []
    return [*own, *wide, *rule.where, *by, *at, *(rule.fill_down or [])]


def _check_columns(
    name: str, rule: TableRule, mapping: Mapping, loc: Place, refuse: Refuse
) -> None:
    known = TABLES[name].names
    for column, own in rule.columns.items():
        here = (*loc, "columns", column)
        if column not in known:
            refuse(
                here,
                f"{name} has no column '{column}'.{suggest(column, known)} Its columns are "
                f"{', '.join(known)}.",
            )
        if why := _contradiction(TABLES[name].column(column), own):
            refuse(here, why)
        if why := _no_total(name, column, rule):
            refuse(here, why)
        if own.hash and not mapping.hash_key:
            refuse(here, "`hash` needs a key: name its file under `hash_key` (docs/mapping.md).")
    for column, condition in rule.where.items():
        if not condition.in_words():
            refuse((*loc, "where", column), f"the filter on '{column}' says nothing to hold.")
        if condition.has_dates and (condition.min, condition.max) != (None, None):
            refuse((*loc, "where", column), f"'{column}' is filtered as number and date; keep one.")
    for field, only in (("more_columns", name), ("diagnoses", "patients"), ("vitals", "infusions")):
        second = getattr(rule, field)
        if second and name != only:
            refuse((*loc, field), f"`{field}` belongs to {only}, not to {name}; leave it out.")
        for pair in ("by", "at") if second else ():
            if len(getattr(second, pair, {0: 0})) != 1:
                refuse((*loc, field), f"`{pair}` names one column, as {{ID: record}}.")


def _no_total(name: str, column: str, rule: TableRule) -> str:
    """Return why the items named for a score make no total of an instrument, "" where they do."""
    named = rule.columns[column].items_of
    if named is None:
        return ""
    if (name, column) != ("questionnaires", "score"):
        return f"`items_of` is for the score of questionnaires only, not for {name}.{column}."
    constant = rule.columns.get("instrument", ColumnRule()).constant
    totals = {own.code: own for own in load_instruments().values() if own.n_items}
    instrument = totals.get(instrument_of(constant or ""))
    if instrument is None:
        return (
            "`items_of` needs an instrument with a rule for missing items: say `instrument: "
            f"{{constant: ...}}` with one of {', '.join(totals)}. Scores of others are given as "
            "totals."
        )
    if len(set(named)) != instrument.n_items or len(named) != instrument.n_items:
        return (
            f"{instrument.name} has {instrument.n_items} items, and `items_of` names {len(named)} "
            f"columns ({len(set(named))} different); name each item once."
        )
    return ""


_OF_DATES = ("dates", "pivot_year", "partial_dates", "utc_offset")


def _contradiction(column: Column, rule: ColumnRule) -> str:
    """Return which fields contradict each other or do nothing for such a column, "" for none."""
    given = rule.given_sources()
    if len(given) > 1:
        return f"{column.name} has both `{given[0]}` and `{given[1]}`; keep one."
    if rule.with_ is not None and rule.join is None:
        return f"{column.name} has `with`, which does nothing without `join`."
    if rule.other is not None and rule.values is None and rule.values_from is None:
        return f"{column.name} has `other`, which does nothing without `values`."
    if rule.times is not None and rule.unit is not None:
        return f"{column.name} has both `unit` and `times`; keep one."
    if rule.times == 0:
        return f"`times: 0` would make every {column.name} 0."
    number, date_ = column.kind in ("number", "integer"), column.kind in ("date", "datetime")
    fits = {
        "unit": column.name in OF_DAYS,
        **dict.fromkeys(("times", "add", "mean_of", "decimal", "take", "strip"), number),
        **dict.fromkeys(_OF_DATES, date_ or rule.take is not None),
        **dict.fromkeys(("hash", "written_as"), column.kind == "id"),
        "inexact": column.name == "score",
    }
    for field, works in fits.items():
        if getattr(rule, field) is not None and not works:
            only = {"unit": f"for {' and '.join(OF_DAYS)} only", "inexact": "for score only"}.get(
                field, "not for such a column"
            )
            return f"`{field}` is {only}; {column.name} is a {column.kind}. Leave it out."
    return ""


def _check_wide(name: str, rule: TableRule, mapping: Mapping, loc: Place, refuse: Refuse) -> None:
    if not rule.wide:
        return
    into = TABLES[name].wide
    if not into:
        others = ", ".join(name for name, table in TABLES.items() if table.wide)
        refuse((*loc, "wide"), f"`wide` belongs to {others}, not to {name}; leave it out.")
    seen: set[str] = set()
    for at, wide in enumerate(rule.wide):
        here = (*loc, "wide", at)
        if wide.column in seen:
            refuse(here, f"'{wide.column}' is listed twice under `wide`: its values would be too.")
        seen.add(wide.column)
        fields = {field for table in TABLES.values() for field in table.wide_says}
        for field in sorted(fields - {*TABLES[name].wide_says}):
            if getattr(wide, field) is not None:
                refuse(here, f"`{field}` does nothing in a wide table of {name}; leave it out.")
        if wide.study_day is not None and wide.assessed_on is not None:
            refuse(here, f"'{wide.column}' has both `study_day` and `assessed_on`; keep one.")
        for field in ("recall", "scale", "phase"):
            value = getattr(wide, field)
            known = next(t.column(field).values for t in TABLES.values() if field in t.names)
            known = (*known, *mapping.scales) if field == "scale" else known
            if value is not None and value not in known:
                refuse(
                    here,
                    f"{field} is {value!r}; it is one of {', '.join(known)}."
                    f"{suggest(value, known)}",
                )
    given = rule.columns.get(into, ColumnRule()).given_sources()
    if given:
        refuse(
            (*loc, "columns", into),
            f"{into} comes from `wide` here; `{given[0]}` would do nothing.",
        )
