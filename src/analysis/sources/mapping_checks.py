"""What a mapping must mean beyond its form: names that exist, rules that do not contradict.

A field that would be ignored is refused: the analyst who wrote it believes that it works.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from analysis.contract.tables import LATER_TABLES, SCALES, TABLES, Column
from analysis.errors import MappingError, SettingsError, suggest
from analysis.settings import make_settings
from analysis.sources.yaml_text import line_of

if TYPE_CHECKING:
    from analysis.sources.mapping import ColumnRule, Mapping, TableRule, WideColumn

WIDE_INTO = {"pain_scores": "score", "infusions": "infused_at"}
"""Column of the contract that a column per visit fills, by table."""

RATING_FIELDS = ("study_day", "assessed_on", "visit", "recall", "scale")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")

Place = tuple[Any, ...]
Refuse = Callable[[Place, str], NoReturn]


def check_mapping(mapping: Mapping, node: yaml.Node | None, path: Path) -> None:
    """Check names, contradictions and settings of a parsed mapping.

    Raises
    ------
    MappingError
        With file, line, what is wrong and what to do.
    """

    def refuse(loc: Place, why: str) -> NoReturn:
        raise MappingError(f"{path.name}, line {line_of(node, loc)}: {why}")

    _check_codes(mapping, refuse)
    for name, rules in mapping.tables.items():
        _check_table_name(name, refuse)
        for at, rule in enumerate(rules):
            _check_table(name, rule, mapping, ("tables", name, at), refuse)
    for name, value in mapping.settings.items():
        try:
            make_settings({name: value}, where="settings")
        except SettingsError as error:
            refuse(("settings", name), str(error))


def _check_codes(mapping: Mapping, refuse: Refuse) -> None:
    for code in mapping.conditions:
        if code == "all" or not _CODE.fullmatch(code):
            refuse(
                ("conditions", code),
                f"'{code}' cannot be the code of a condition: write lower-case letters, digits and "
                "underscores, as low_back_pain ('all' is taken).",
            )
    for name, (start, end) in mapping.scales.items():
        if name in SCALES:
            refuse(("scales", name), f"the scale '{name}' is the suite's own; use another name.")
        if start == end:
            refuse(("scales", name), f"the scale '{name}' begins and ends at {start:g}.")


def _check_table_name(name: str, refuse: Refuse) -> None:
    if name in TABLES:
        return
    later = " It is not read yet; leave it out." if name in LATER_TABLES else ""
    refuse(
        ("tables", name),
        f"there is no table '{name}'.{suggest(name, TABLES)}{later} The tables are "
        f"{', '.join(TABLES)}.",
    )


def _check_table(name: str, rule: TableRule, mapping: Mapping, loc: Place, refuse: Refuse) -> None:
    known = TABLES[name].names
    for column, own in rule.columns.items():
        here = (*loc, "columns", column)
        if column not in known:
            refuse(
                here,
                f"{name} has no column '{column}'.{suggest(column, known)} Its columns are "
                f"{', '.join(known)}.",
            )
        _check_sources(column, own, here, refuse)
        if own.hash and not mapping.hash_key:
            refuse(here, "`hash` needs a key: name its file under `hash_key` (docs/mapping.md).")
        _check_fields(TABLES[name].column(column), own, here, refuse)
    for column, condition in rule.where.items():
        if not condition.in_words():
            refuse((*loc, "where", column), f"the filter on '{column}' says nothing to hold.")
    _check_wide(name, rule, mapping, loc, refuse)
    _check_drop(rule, loc, refuse)


def _check_drop(rule: TableRule, loc: Place, refuse: Refuse) -> None:
    read = {source for own in rule.columns.values() for source in own.sources()}
    read |= {*rule.where, *(w.column for w in rule.wide), *(w.assessed_on or "" for w in rule.wide)}
    for column in rule.drop or []:
        if column in read:
            refuse((*loc, "drop"), f"'{column}' is dropped and read; keep one of the two.")


def _check_sources(column: str, rule: ColumnRule, loc: Place, refuse: Refuse) -> None:
    given = rule.given_sources()
    if len(given) > 1:
        refuse(loc, f"{column} has both `{given[0]}` and `{given[1]}`; keep one.")
    for field, wanted in (("with", "join"), ("other", "values")):
        value = rule.with_ if field == "with" else rule.other
        if value is not None and getattr(rule, wanted) is None:
            refuse(loc, f"{column} has `{field}`, which does nothing without `{wanted}`.")
    if rule.times is not None and rule.unit is not None:
        refuse(loc, f"{column} has both `unit` and `times`; keep one.")
    if rule.times == 0:
        refuse(loc, f"`times: 0` would make every {column} 0.")


def _check_fields(column: Column, rule: ColumnRule, loc: Place, refuse: Refuse) -> None:
    """Refuse fields that do nothing for a column of this kind."""
    number, date = column.kind in ("number", "integer"), column.kind in ("date", "datetime")
    fits = {
        "unit": column.name == "study_day",
        "times": number,
        "add": number,
        "mean_of": number,
        "decimal": number,
        "take": number,
        "dates": date or rule.take is not None,
        "hash": column.kind == "id",
    }
    for field, works in fits.items():
        if getattr(rule, field) is not None and not works:
            only = "for study_day only" if field == "unit" else "not for such a column"
            refuse(loc, f"`{field}` is {only}; {column.name} is a {column.kind}. Leave it out.")


def _check_wide(name: str, rule: TableRule, mapping: Mapping, loc: Place, refuse: Refuse) -> None:
    if rule.wide and name not in WIDE_INTO:
        refuse(
            (*loc, "wide"), f"`wide` belongs to pain_scores or infusions, not to {name}; leave it."
        )
    seen: set[str] = set()
    for at, wide in enumerate(rule.wide):
        here = (*loc, "wide", at)
        if wide.column in seen:
            refuse(here, f"'{wide.column}' is listed twice under `wide`: its values would be too.")
        seen.add(wide.column)
        _check_wide_fields(name, wide, mapping, here, refuse)
    into = rule.columns.get(WIDE_INTO.get(name, ""))
    if rule.wide and into is not None and into.given_sources():
        refuse(
            (*loc, "columns", WIDE_INTO[name]),
            f"{WIDE_INTO[name]} comes from `wide` here; `{into.given_sources()[0]}` would do "
            "nothing.",
        )


def _check_wide_fields(
    name: str, wide: WideColumn, mapping: Mapping, loc: Place, refuse: Refuse
) -> None:
    wrong = ("phase",) if name == "pain_scores" else RATING_FIELDS
    for field in wrong:
        if getattr(wide, field) is not None:
            refuse(loc, f"`{field}` does nothing in a wide table of {name}; leave it out.")
    if wide.study_day is not None and wide.assessed_on is not None:
        refuse(loc, f"'{wide.column}' has both `study_day` and `assessed_on`; keep one.")
    words: dict[str, tuple[str, ...]] = {"scale": (*SCALES, *mapping.scales)}
    for field in ("recall", "scale", "phase"):
        value = getattr(wide, field)
        column = next(t.column(field) for t in TABLES.values() if field in t.names)
        known = words.get(field, column.values)
        if value is not None and value not in known:
            refuse(
                loc,
                f"{field} is {value!r}; it is one of {', '.join(known)}.{suggest(value, known)}",
            )
