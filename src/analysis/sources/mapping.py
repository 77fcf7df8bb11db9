"""The mapping file: how an export's files, columns and words become the tables of the contract.

Described for users in docs/mapping.md. Parsed by pydantic; every error names the file and the line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from analysis.errors import MappingError, suggest
from analysis.sources.mapping_checks import check_mapping
from analysis.sources.yaml_text import as_written, line_of, load_yaml

MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")
"""Texts read as "nothing recorded" unless the mapping gives its own list."""

UNITS_IN_DAYS = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}

AS_IS = "as_is"
"""``other: as_is``: words not under ``values`` are read as they stand."""

Unit = Literal["days", "weeks", "months", "years"]
Dates = Literal["auto", "iso", "day_first", "month_first", "excel_serial"]
ExcludeCode = Literal[
    "missing_id",
    "unknown_patient",
    "duplicate_patient",
    "score_outside_scale",
    "unreadable_value",
    "repeated_infusion",
    "value_out_of_range",
]
SOURCES = ("from", "constant", "join", "first_of", "mean_of")
"""Fields of a column rule that say where values come from; a rule has at most one of them."""


def _texts(value: Any) -> Any:
    listed = value if isinstance(value, list) else [value]
    return ["" if item is None else item for item in listed]


def _text_map(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: "" if item is None else item for key, item in value.items()}


TextList = Annotated[list[str], BeforeValidator(_texts)]
TextMap = Annotated[dict[str, str], BeforeValidator(_text_map)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )


class Format(_Strict):
    """How files are written; given once for all files or with a table."""

    encoding: str | None = None
    separator: str | None = None
    decimal: Literal[".", ","] | None = None
    dates: Dates | None = None
    missing: TextList | None = None
    skip_lines: int | None = Field(None, ge=0)
    quoted_line_breaks: bool | None = None
    sheet: str | None = None


class Condition(_Strict):
    """A row filter on one column of the file: every part given must hold."""

    is_: TextList | None = Field(None, alias="is")
    not_: TextList | None = Field(None, alias="not")
    min: float | None = None
    max: float | None = None
    recorded: bool | None = None

    @property
    def has_limits(self) -> bool:
        """Whether the column is read as numbers."""
        return self.min is not None or self.max is not None

    def in_words(self) -> str:
        """Return the filter as people say it: "is 1 or 2", "is at least 4"."""
        parts = []
        if self.is_ is not None:
            parts.append(f"is {' or '.join(word or 'empty' for word in self.is_)}")
        if self.not_ is not None:
            parts.append(f"is not {' or '.join(word or 'empty' for word in self.not_)}")
        if self.min is not None:
            parts.append(f"is at least {self.min:g}")
        if self.max is not None:
            parts.append(f"is at most {self.max:g}")
        if self.recorded is not None:
            parts.append("is recorded" if self.recorded else "is not recorded")
        return " and ".join(parts)


class ColumnRule(_Strict):
    """Where a column of the contract comes from."""

    from_: str | None = Field(None, alias="from")
    constant: str | None = None
    join: TextList | None = None
    with_: str | None = Field(None, alias="with")
    first_of: TextList | None = None
    mean_of: TextList | None = None
    values: TextMap | None = None
    other: str | None = None
    unit: Unit | None = None
    times: float | None = None
    add: float | None = None
    take: Literal["year"] | None = None
    hash: bool | None = None
    decimal: Literal[".", ","] | None = None
    dates: Dates | None = None
    missing: TextList | None = None

    def sources(self) -> list[str]:
        """Return the file's columns this rule reads."""
        named = [] if self.from_ is None else [self.from_]
        return [*named, *(self.join or []), *(self.first_of or []), *(self.mean_of or [])]

    def given_sources(self) -> list[str]:
        """Return which of ``from``, ``constant``, ``join``, ``first_of``, ``mean_of`` are given."""
        fields = {"from": self.from_, "constant": self.constant, "join": self.join}
        fields |= {"first_of": self.first_of, "mean_of": self.mean_of}
        return [name for name in SOURCES if fields[name] is not None]


class WideColumn(_Strict):
    """One column of a table with a column per visit: a rating each, or an infusion each."""

    column: str
    study_day: float | None = None
    unit: Unit = "days"
    assessed_on: str | None = None
    visit: str | None = None
    recall: str | None = None
    scale: str | None = None
    phase: str | None = None

    @property
    def day(self) -> float | None:
        """Study day in days, whatever unit it was written in."""
        return None if self.study_day is None else self.study_day * UNITS_IN_DAYS[self.unit]


def _rule(value: Any) -> Any:
    return {"from": value} if not isinstance(value, dict) else value


def _condition(value: Any) -> Any:
    return value if isinstance(value, dict) else {"is": value}


class TableRule(Format):
    """One source of one table: its files, their columns, and which of their rows count."""

    file: TextList | None = None
    given: TextMap = Field(default_factory=dict)
    columns: dict[str, Annotated[ColumnRule, BeforeValidator(_rule)]] = Field(default_factory=dict)
    wide: list[WideColumn] = Field(default_factory=list)
    where: dict[str, Annotated[Condition, BeforeValidator(_condition)]] = Field(
        default_factory=dict
    )
    one_row_per_patient: bool = False
    drop: TextList | None = None


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class Mapping(_Strict):
    """The whole mapping file."""

    name: str | None = None
    source: str | None = None
    synthetic: bool = False
    format: Format = Field(default_factory=Format)
    conditions: dict[str, str] = Field(default_factory=dict)
    scales: dict[str, tuple[float, float]] = Field(default_factory=dict)
    tables: dict[str, Annotated[list[TableRule], BeforeValidator(_listed)]] = Field(
        default_factory=dict
    )
    settings: dict[str, Any] = Field(default_factory=dict)
    hash_key: str | None = None
    exclude: Annotated[list[ExcludeCode], BeforeValidator(_listed)] = Field(default_factory=list)


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises
    ------
    MappingError
        The file, line and field that is wrong, what was expected, and the nearest known name.
    """
    plain, node = load_yaml(path)
    if not isinstance(plain, dict):
        raise MappingError(f"{path.name} holds no mapping: it begins with `name:` and `tables:`.")
    try:
        content = as_written(node)
        if "settings" in plain:
            content["settings"] = plain["settings"]  # settings are typed: 30.0 is a number there
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        told = [_tell(item, node, path) for item in error.errors()[:6]]
        raise MappingError("\n".join(told)) from None
    except RecursionError:
        raise MappingError(f"{path.name}: an anchor contains itself; write it out.") from None
    check_mapping(mapping, node, path)
    return mapping


def _tell(item: Any, node: yaml.Node | None, path: Path) -> str:
    loc = tuple(item["loc"])
    field = ".".join(str(step) for step in loc) or "the file"
    place = f"{path.name}, line {line_of(node, loc)}"
    if item["type"] == "extra_forbidden":
        known = _fields_beside(loc)
        inside = f" in {'.'.join(map(str, loc[:-1]))}" if len(loc) > 1 else ""
        return (
            f"{place}: there is no field '{loc[-1]}'{inside}.{suggest(str(loc[-1]), known)} "
            f"Known here: {', '.join(sorted(known))}."
        )
    why = item["msg"][0].lower() + item["msg"][1:]
    if item["type"] == "missing":
        return f"{place}: {field} is missing."
    if item["input"] is None:
        return f"{place}: {field} has nothing after it: {why}."
    hint = f"{suggest(str(item['input']), get_args(ExcludeCode))}" if loc[0] == "exclude" else ""
    return f"{place}: {field} is {_shown(item['input'])}: {why}.{hint}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _fields_beside(loc: tuple[Any, ...]) -> list[str]:
    """Return the fields known where an unknown one was found."""
    model: type[BaseModel] = Mapping
    if loc[0] == "format" and len(loc) > 1:
        model = Format
    elif loc[0] == "tables" and len(loc) > 2:
        inside = [step for step in loc[:-1] if isinstance(step, str)]
        parts: dict[str, type[BaseModel]] = {
            "columns": ColumnRule,
            "wide": WideColumn,
            "where": Condition,
        }
        model = next((parts[step] for step in inside[2:3] if step in parts), TableRule)
    return [field.alias or name for name, field in model.model_fields.items()]
