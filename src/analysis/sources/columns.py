"""Make one typed column of the contract from text, by the rule of a mapping."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.contract.problems import Problem
from analysis.contract.tables import Column
from analysis.errors import MappingError, suggest
from analysis.sources.dates import choose_date_order, parse_date
from analysis.sources.mapping import AS_IS, UNITS_IN_DAYS, ColumnRule
from analysis.sources.pseudonyms import pseudonym
from analysis.sources.values import (
    SPREADSHEET_ERROR,
    SPREADSHEET_ERRORS,
    Parser,
    Refusal,
    parse_flag,
    parse_integer,
    parse_number,
)

if TYPE_CHECKING:
    from analysis.sources.mapping import Format


@dataclass
class Workbench:
    """What making columns needs to know, and what it finds out.

    ``unreadable`` marks rows with a value that is none, when the mapping asks to leave them out;
    otherwise each such value is one of ``problems``.
    """

    table: str
    file: str
    style: Format
    words: dict[str, tuple[str, ...]]
    missing: frozenset[str]
    lines: np.ndarray
    leave_out_unreadable: bool = False
    key: bytes = b""
    problems: list[Problem] = field(default_factory=list)
    unreadable: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        self.unreadable = np.zeros(len(self.lines), dtype=bool)


def build_column(
    work: Workbench, column: Column, rule: ColumnRule, text: pd.DataFrame
) -> pd.Series:
    """Return one typed column, shape (n_records,); missing where the file has nothing.

    A text that is no value becomes a problem of ``work`` (or marks its row as unreadable, when the
    mapping leaves such rows out); it never becomes a missing value unseen.

    Raises
    ------
    MappingError
        A constant that is no value of the column, or joined ids that would fall together.
    """
    missing = work.missing if rule.missing is None else frozenset(rule.missing) | {""}
    if rule.mean_of:
        return _mean_of(work, column, rule, text)
    codes, distinct = pd.factorize(_texts_of(work, column, rule, text, missing))
    parser = _parser(work, column, rule, [t for t in distinct if t not in missing])
    understood = [None if t in missing else parser(t) for t in distinct]
    if rule.hash:
        understood = [None if t is None else pseudonym(t, work.key) for t in understood]
    _refuse_constant(work, column, rule, understood)
    _note_refusals(work, column, rule, codes, distinct, understood)
    cleaned = [None if isinstance(v, Refusal) else v for v in understood]
    return _typed(column, cleaned).take(codes).reset_index(drop=True)


def _texts_of(
    work: Workbench, column: Column, rule: ColumnRule, text: pd.DataFrame, missing: frozenset[str]
) -> pd.Series:
    if rule.constant is not None:
        return pd.Series(rule.constant, index=text.index, dtype=object)
    if rule.join:
        return _joined(work, column, rule, text[rule.join], missing)
    if rule.first_of:
        first = text[rule.first_of[0]]
        for name in rule.first_of[1:]:
            first = first.where(~first.isin(missing), text[name])
        return first
    return text[rule.from_]


def _joined(
    work: Workbench, column: Column, rule: ColumnRule, parts: pd.DataFrame, missing: frozenset[str]
) -> pd.Series:
    """Join columns into one text; nothing where any part is missing."""
    between = "-" if rule.with_ is None else rule.with_
    joined = parts.iloc[:, 0]
    for at in range(1, parts.shape[1]):
        joined = joined + between + parts.iloc[:, at]
    distinct = parts.drop_duplicates()
    if joined.nunique() < len(distinct):
        again = joined[distinct.index]
        raise MappingError(
            f"{work.table}.{column.name}: joining {', '.join(rule.join or [])} with '{between}' "
            f"gives {again[again.duplicated()].iloc[0]!r} for two different records. Choose "
            "another text with `with:`."
        )
    return joined.where(~parts.isin(missing).any(axis=1), "")


def _mean_of(work: Workbench, column: Column, rule: ColumnRule, text: pd.DataFrame) -> pd.Series:
    """Return the mean of the columns that hold a number, missing where none does."""
    parts = []
    for name in rule.mean_of or []:
        one = rule.model_copy(update={"mean_of": None, "from_": name})
        parts.append(build_column(work, column, one, text))
    return pd.concat(parts, axis=1).mean(axis=1)


def _refuse_constant(
    work: Workbench, column: Column, rule: ColumnRule, understood: list[Any]
) -> None:
    refused = next((v for v in understood if isinstance(v, Refusal)), None)
    if rule.constant is not None and refused is not None:
        raise MappingError(
            f"{work.table}.{column.name}: the constant {rule.constant!r} is not "
            f"{refused.expected}. Correct it in the mapping."
        )


def _parser(work: Workbench, column: Column, rule: ColumnRule, texts: list[str]) -> Parser:
    """Return the function that understands one text of this column."""
    plain = _plain_parser(work, column, rule, texts)
    words = rule.values or {}

    def through_map(text: str) -> Any:
        if text in words:
            return plain(words[text]) if words[text] != "" else None
        if text in SPREADSHEET_ERRORS:
            return SPREADSHEET_ERROR
        if rule.values is None or rule.other == AS_IS:
            return plain(text)
        if rule.other is not None:
            return plain(rule.other) if rule.other else None
        return Refusal(
            f"one of {', '.join(map(repr, list(words)[:8]))}",
            "Add the word under `values` in the mapping, or give `other:` for all further words.",
        )

    return through_map


def _plain_parser(work: Workbench, column: Column, rule: ColumnRule, texts: list[str]) -> Parser:
    if column.kind in ("number", "integer"):
        return _number_parser(work, column, rule, texts)
    if column.kind in ("date", "datetime"):
        return _date_parser(work, rule, texts)
    if column.kind == "flag":
        return parse_flag
    if column.kind == "category":
        return _category_parser(work, column)
    if column.kind == "word":
        return lambda t: word if (word := _spelled(t)) in column.values else t
    return lambda t: t


def _number_parser(work: Workbench, column: Column, rule: ColumnRule, texts: list[str]) -> Parser:
    decimal = rule.decimal or work.style.decimal or "."
    if rule.take == "year":
        dates = _date_parser(work, rule, texts)
        return lambda t: d if isinstance(d := dates(t), Refusal) else d.year
    factor = UNITS_IN_DAYS.get(rule.unit or "", 1.0) if rule.times is None else rule.times
    shift = rule.add or 0.0
    read = parse_integer if column.kind == "integer" else parse_number
    if factor == 1.0 and shift == 0.0:
        return lambda t: read(t, decimal=decimal)
    return lambda t: _scaled(parse_number(t, decimal=decimal), factor, shift)


def _scaled(number: float | Refusal, factor: float, shift: float) -> float | Refusal:
    return number if isinstance(number, Refusal) else number * factor + shift


def _date_parser(work: Workbench, rule: ColumnRule, texts: list[str]) -> Parser:
    order = rule.dates or work.style.dates or "auto"
    if rule.values is not None:
        texts = [rule.values.get(t, t) for t in texts]
    chosen = choose_date_order(texts) if order == "auto" else order
    if not isinstance(chosen, Refusal):
        return lambda t: parse_date(t, order=chosen)
    return lambda t: _date_in_no_order(t, chosen)


def _date_in_no_order(text: str, refusal: Refusal) -> Any:
    """Read what is plain in any order (ISO, a named month); refuse the rest with one reason."""
    read = parse_date(text, order="iso")
    return refusal if isinstance(read, Refusal) else read


def _spelled(text: str) -> str:
    return "_".join(text.lower().replace("-", " ").split())


def _category_parser(work: Workbench, column: Column) -> Parser:
    allowed = work.words.get(column.name, column.values)
    if not allowed:
        return lambda t: t

    def understand(text: str) -> Any:
        word = _spelled(text)
        if text in allowed or word in allowed:
            return text if text in allowed else word
        near = suggest(word, allowed).strip()
        return Refusal(
            f"one of {', '.join(allowed)}",
            f"{near} Map the word with `values: {{{text!r}: ...}}` in the mapping.".strip(),
        )

    return understand


def _note_refusals(
    work: Workbench,
    column: Column,
    rule: ColumnRule,
    codes: np.ndarray,
    distinct: Any,
    understood: list[Any],
) -> None:
    """Turn refusals into problems, one per distinct reason; or mark the rows to put aside."""
    by_reason: dict[Refusal, list[int]] = {}
    for at, value in enumerate(understood):
        if isinstance(value, Refusal):
            by_reason.setdefault(value, []).append(at)
    for refusal, which in by_reason.items():
        rows = np.flatnonzero(np.isin(codes, which))
        if work.leave_out_unreadable:
            work.unreadable[rows] = True
            continue
        named = (rule.sources() or [column.name])[0]
        work.problems.append(
            Problem(
                table=work.table,
                column=column.name if named == column.name else f"{column.name} ('{named}')",
                code="unreadable_value",
                file=work.file,
                expected=refusal.expected,
                remedy=refusal.remedy,
                lines=work.lines[rows].tolist(),
                examples=[str(distinct[codes[row]]) for row in rows[:10]],
            )
        )


def _typed(column: Column, values: list[Any]) -> pd.Series:
    if column.kind in ("number", "integer"):
        return pd.Series([np.nan if v is None else v for v in values], dtype="float64")
    if column.kind in ("date", "datetime"):
        return pd.Series(np.array(values, dtype="datetime64[s]"))
    return pd.Series(values, dtype="boolean" if column.kind == "flag" else "str")
