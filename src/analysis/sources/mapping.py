"""The mapping file: how an export's files, columns and words become the tables of the contract.

Described for users in docs/mapping.md. Parsed by pydantic; every error names the file and the line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from analysis.contract.tables import LATER_TABLES, TABLES
from analysis.errors import MappingError, suggest

MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")
"""Texts read as "nothing recorded" unless the mapping gives its own list."""

UNITS_IN_DAYS = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}

ExcludeCode = Literal[
    "missing_id",
    "unknown_patient",
    "duplicate_patient",
    "score_outside_scale",
    "unreadable_value",
    "repeated_infusion",
    "value_out_of_range",
]


def _text(value: Any) -> Any:
    return value if isinstance(value, (dict, list)) or value is None else _plain(value)


def _plain(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _texts(value: Any) -> Any:
    return [_text(item) for item in value] if isinstance(value, list) else [_text(value)]


def _text_map(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {_plain(key): "" if item is None else _text(item) for key, item in value.items()}


Text = Annotated[str, BeforeValidator(_text)]
TextList = Annotated[list[str], BeforeValidator(_texts)]
TextMap = Annotated[dict[str, str], BeforeValidator(_text_map)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Format(_Strict):
    """How files are written; given once for all files or with a table."""

    encoding: str | None = None
    separator: str | None = None
    decimal: Literal[".", ","] | None = None
    dates: Literal["auto", "iso", "day_first", "month_first", "excel_serial"] | None = None
    missing: TextList | None = None
    skip_lines: int | None = Field(None, ge=0)
    quoted_line_breaks: bool | None = None
    sheet: str | int | None = None


class Condition(_Strict):
    """A row filter on one column of the file: every part given must hold."""

    is_: TextList | None = Field(None, alias="is")
    not_: TextList | None = Field(None, alias="not")
    min: float | None = None
    max: float | None = None
    recorded: bool | None = None


class ColumnRule(_Strict):
    """Where a column of the contract comes from."""

    from_: Text | None = Field(None, alias="from")
    constant: Text | None = None
    join: TextList | None = None
    with_: str = Field("-", alias="with")
    first_of: TextList | None = None
    mean_of: TextList | None = None
    values: TextMap | None = None
    other: Text | None = None
    unit: Literal["days", "weeks", "months", "years"] | None = None
    times: float | None = None
    add: float | None = None
    take: Literal["year"] | None = None
    decimal: Literal[".", ","] | None = None
    dates: Literal["auto", "iso", "day_first", "month_first", "excel_serial"] | None = None
    missing: TextList | None = None

    def sources(self) -> list[str]:
        """Return the file's columns this rule reads."""
        named = [self.from_] if self.from_ else []
        return [*named, *(self.join or []), *(self.first_of or []), *(self.mean_of or [])]


class WideColumn(_Strict):
    """One rating column of a table with a column per visit."""

    column: Text
    study_day: float | None = None
    assessed_on: Text | None = None
    visit: str | None = None
    recall: str | None = None
    scale: str | None = None


def _rule(value: Any) -> Any:
    return {"from": value} if not isinstance(value, dict) else value


def _condition(value: Any) -> Any:
    return value if isinstance(value, dict) else {"is": value}


class TableRule(Format):
    """One source of one table: a file, its columns, and which of its rows count."""

    file: str | None = None
    columns: dict[str, Annotated[ColumnRule, BeforeValidator(_rule)]] = Field(default_factory=dict)
    wide: list[WideColumn] = Field(default_factory=list)
    where: dict[str, Annotated[Condition, BeforeValidator(_condition)]] = Field(
        default_factory=dict
    )
    one_row_per_patient: bool = False


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
    exclude: list[ExcludeCode] = Field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """YAML 1.2 words: only true and false are booleans, so ``No`` and ``Y`` stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if not (tag.endswith(":timestamp") or (tag.endswith(":bool") and first not in "tTfF"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(path: Path) -> tuple[Any, yaml.Node | None]:
    """Return a YAML file's content and its node tree (for line numbers).

    Raises
    ------
    MappingError
        No such file, not text, or not YAML; the line is named.
    """
    if not path.is_file():
        raise MappingError(f"there is no file {path}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        node = yaml.compose(text, Loader=_Loader)
        content = yaml.load(text, Loader=_Loader)  # a SafeLoader: builds plain values only
    except UnicodeDecodeError:
        raise MappingError(f"{path.name} is not a UTF-8 text file.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        why = getattr(error, "problem", None) or "not YAML"
        raise MappingError(
            f"{path.name}{at}: {why}. YAML wants `name: value` lines, indented with spaces."
        ) from None
    _refuse_repeated_keys(node, path)
    return content, node


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises
    ------
    MappingError
        The file, line and field that is wrong, what was expected, and the nearest known name.
    """
    content, node = load_yaml(path)
    if not isinstance(content, dict):
        raise MappingError(f"{path.name} holds no mapping: it begins with `name:` and `tables:`.")
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        told = [_tell(item, node, path) for item in error.errors()[:6]]
        raise MappingError("\n".join(told)) from None
    _check_names(mapping, node, path)
    return mapping


def _check_names(mapping: Mapping, node: yaml.Node | None, path: Path) -> None:
    for name, rules in mapping.tables.items():
        at = _line_of(node, ("tables", name))
        if name not in TABLES:
            later = " It is not read yet; leave it out." if name in LATER_TABLES else ""
            raise MappingError(
                f"{path.name}, line {at}: there is no table '{name}'.{suggest(name, TABLES)}{later} "
                f"The tables are {', '.join(TABLES)}."
            )
        known = TABLES[name].names
        for rule in rules:
            for column in rule.columns:
                if column not in known:
                    raise MappingError(
                        f"{path.name}, line {_line_of(node, ('tables', name, 'columns', column))}: "
                        f"{name} has no column '{column}'.{suggest(column, known)} "
                        f"Its columns are {', '.join(known)}."
                    )
            if rule.wide and name != "pain_scores":
                raise MappingError(
                    f"{path.name}, line {at}: `wide` belongs to pain_scores, not to {name}."
                )


def _tell(item: Any, node: yaml.Node | None, path: Path) -> str:
    loc = tuple(item["loc"])
    field = ".".join(str(step) for step in loc) or "the file"
    if item["type"] == "extra_forbidden":
        known = _fields_beside(loc)
        return (
            f"{path.name}, line {_line_of(node, loc)}: there is no field '{loc[-1]}'"
            f"{' in ' + '.'.join(map(str, loc[:-1])) if len(loc) > 1 else ''}."
            f"{suggest(str(loc[-1]), known)} Known here: {', '.join(sorted(known))}."
        )
    why = item["msg"][0].lower() + item["msg"][1:]
    return f"{path.name}, line {_line_of(node, loc)}: {field} is {item['input']!r}: {why}."


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


def _line_of(node: yaml.Node | None, loc: tuple[Any, ...]) -> int:
    """Return the line of a field; of the nearest enclosing one when it is not in the file."""
    line = 1
    for step in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next((p for p in node.value if p[0].value == str(step)), None)
            if pair is None:
                continue  # a step pydantic adds, not one of the file's
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step] if step < len(node.value) else None
            line = node.start_mark.line + 1 if node is not None else line
    return line


def _refuse_repeated_keys(node: yaml.Node | None, path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise MappingError(
                    f"{path.name}, line {key.start_mark.line + 1}: '{key.value}' stands twice; the "
                    "first would be lost. Keep one."
                )
            seen.add(key.value)
            _refuse_repeated_keys(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, path)
