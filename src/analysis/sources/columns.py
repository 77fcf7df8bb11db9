"""Make one typed column of the contract from text, by the rule of a mapping."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.contract.problems import Problem
from analysis.contract.tables import Column
from analysis.errors import MappingError, suggest
from analysis.sources import values as parse
from analysis.sources.mapping import UNITS_IN_DAYS, ColumnRule
from analysis.sources.values import Refusal

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
    """
    missing = work.missing if rule.missing is None else frozenset(rule.missing) | {""}
    if rule.mean_of:
        return _mean_of(work, column, rule, text)
    codes, distinct = pd.factorize(_texts_of(rule, text, missing))
    parser = _parser(work, column, rule, [t for t in distinct if t not in missing])
    understood = [None if t in missing else parser(t) for t in distinct]
    _note_refusals(work, column, rule, codes, distinct, understood)
    cleaned = [None if isinstance(v, Refusal) else v for v in understood]
    return _typed(column, pd.Series(cleaned, dtype=object).take(codes).to_numpy())


def _texts_of(rule: ColumnRule, text: pd.DataFrame, missing: frozenset[str]) -> pd.Series:
    if rule.constant is not None:
        return pd.Series([rule.constant] * len(text), index=text.index, dtype=object)
    if rule.join:
        joined = text[rule.join[0]]
        for name in rule.join[1:]:
            joined = joined + rule.with_ + text[name]
        return joined.where(~text[rule.join].isin(missing).any(axis=1), "")
    if rule.first_of:
        first = text[rule.first_of[0]]
        for name in rule.first_of[1:]:
            first = first.where(~first.isin(missing), text[name])
        return first
    if rule.from_ is None:
        raise MappingError(
            "a column rule needs `from`, `constant`, `join`, `first_of` or `mean_of`."
        )
    return text[rule.from_]


def _mean_of(work: Workbench, column: Column, rule: ColumnRule, text: pd.DataFrame) -> pd.Series:
    parts = []
    for name in rule.mean_of or []:
        one = rule.model_copy(update={"mean_of": None, "from_": name})
        parts.append(build_column(work, column, one, text))
    return pd.concat(parts, axis=1).mean(axis=1)


def _parser(work: Workbench, column: Column, rule: ColumnRule, texts: list[str]) -> parse.Parser:
    """Return the function that understands one text of this column."""
    plain = _plain_parser(work, column, rule, texts)
    words = rule.values
    if words is None:
        return plain

    def through_map(text: str) -> Any:
        if text in words:
            return plain(words[text]) if words[text] != "" else None
        if rule.other is not None:
            return plain(rule.other) if rule.other else None
        return Refusal(
            f"one of {', '.join(map(repr, list(words)[:8]))}",
            "Add the word under `values` in the mapping, or give `other:` for all further words.",
        )

    return through_map


def _plain_parser(
    work: Workbench, column: Column, rule: ColumnRule, texts: list[str]
) -> parse.Parser:
    decimal = rule.decimal or work.style.decimal or "."
    if column.kind in ("number", "integer"):
        if rule.take == "year":
            dates = _date_parser(work, rule, texts)
            return lambda t: d if isinstance(d := dates(t), Refusal) else d.year
        factor = UNITS_IN_DAYS.get(rule.unit or "", 1.0) if rule.times is None else rule.times
        shift = rule.add or 0.0
        changed = factor != 1.0 or shift != 0.0
        read = parse.parse_integer if column.kind == "integer" else parse.parse_number
        if not changed:
            return lambda t: read(t, decimal=decimal)
        return lambda t: _scaled(parse.parse_number(t, decimal=decimal), factor, shift)
    if column.kind in ("date", "datetime"):
        return _date_parser(work, rule, texts)
    if column.kind == "flag":
        return parse.parse_flag
    if column.kind == "category":
        return _category_parser(work, column)
    return lambda t: t


def _scaled(number: float | Refusal, factor: float, shift: float) -> float | Refusal:
    return number if isinstance(number, Refusal) else number * factor + shift


def _date_parser(work: Workbench, rule: ColumnRule, texts: list[str]) -> parse.Parser:
    order = rule.dates or work.style.dates or "auto"
    if rule.values is not None:
        texts = [rule.values.get(t, t) for t in texts]
    chosen = parse.choose_date_order(texts) if order == "auto" else order
    if isinstance(chosen, Refusal):
        ambiguous = chosen
        return lambda t: ambiguous
    return lambda t: parse.parse_date(t, order=chosen)


def _category_parser(work: Workbench, column: Column) -> parse.Parser:
    allowed = work.words.get(column.name, column.values)
    if not allowed:
        return lambda t: t

    def understand(text: str) -> Any:
        word = text.lower().replace(" ", "_").replace("-", "_")
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


def _typed(column: Column, objects: np.ndarray) -> pd.Series:
    if column.kind in ("number", "integer"):
        return pd.Series([np.nan if v is None else v for v in objects], dtype="float64")
    if column.kind in ("date", "datetime"):
        return pd.Series(pd.to_datetime(pd.Series(objects, dtype=object)).to_numpy("datetime64[s]"))
    if column.kind == "flag":
        return pd.Series(objects, dtype="boolean")
    return pd.Series(objects, dtype="str")
