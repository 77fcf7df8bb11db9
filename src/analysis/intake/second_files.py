"""What a table takes from a second file: the pain diagnosis of many, an infusion's vital signs.

Electronic records keep both as long lists: every diagnosis of a patient, every reading of a day.
Each function returns the first file with columns of the contract added, and an account of the
second one: its records are used, or left out by a named reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.errors import MappingError, suggest
from analysis.intake.build import Context, Intake, holds, leave_out
from analysis.intake.mapping import Diagnoses, Format, Vitals
from analysis.intake.read import RawTable
from analysis.intake.tables import Conditions

BEFORE, AFTER = pd.Timedelta(hours=1), pd.Timedelta(hours=4)
"""A reading up to an hour before an infusion is from before it, one up to four hours after its
start belongs to it: the longest usual infusion with its recovery, and no visit of another day."""

NO_PAIN = "no code of a pain condition"
FURTHER = "further diagnosis of the patient"

CODES_SHOWN = 6
"""Codes that a refusal lists, the most frequent first."""


def load_map(raw: RawTable, *, columns: int = 2) -> dict[str, tuple[str, ...]]:
    """Return a clinic's own map of codes: the code in the first column, its meanings after it.

    MappingError for fewer than two columns, or a code twice with different meanings.
    """
    rows = raw.frame.iloc[:, :columns].astype(str)
    if rows.shape[1] < 2:
        raise MappingError(
            f"{raw.name}: a map has a column of codes and a column of what they mean, with a "
            "line of names above."
        )
    meanings: dict[str, tuple[str, ...]] = {}
    for line, (code, *own) in zip(raw.lines, rows.itertuples(index=False), strict=True):
        meant = (*own, *[""] * (columns - 1 - len(own)))
        if code and meanings.setdefault(code, meant) != meant:
            raise MappingError(
                f"{raw.name}, line {line}: the code {code} stands there twice, with two meanings."
            )
    return meanings


def account_of_map(raw: RawTable, table: str) -> Intake:
    """Return the account of a map: every row of it is used."""
    return Intake.of(raw, table=table, per_record=1, n_used=len(raw.frame),
                     notes=("a map of codes, kept by the clinic",))  # fmt: skip


def _check(raw: RawTable, names: list[str], table: str, what: str) -> None:
    for name in names:
        if name not in raw.frame:
            raise MappingError(
                f"{table}: {raw.name} has no column '{name}', which `{what}` names."
                f"{suggest(name, raw.frame.columns)}"
            )


def _kept(
    raw: RawTable,
    rule: Diagnoses | Vitals,
    style: Format,
    table: str,
) -> tuple[pd.DataFrame, Context, Counter[str]]:
    """Return the records of a second file that its filters keep, by line, and those left out."""
    context = Context(table=table, file=raw.name, style=style, words={},
                      missing=style.missing_texts)  # fmt: skip
    frame, left = raw.frame.set_axis(raw.lines), Counter[str]()
    for name, condition in rule.where.items():
        fails = ~holds(frame[name], condition, context)
        frame = leave_out(frame, fails, f"filter: {name} {condition.in_words()}", left)
    return frame, context, left


def with_diagnoses(
    raw: RawTable,
    more: list[RawTable],
    rule: Diagnoses,
    *,
    style: Format,
    conditions: Conditions,
    own_map: Mapping[str, tuple[str, ...]],
) -> tuple[RawTable, list[Intake]]:
    """Return the patients with ``condition`` and ``subtype`` of the pain diagnosis of each.

    Codes are ICD-10-CM of data/conditions.csv, or those of the clinic's own map, which wins. A
    specific condition goes before "other"; subtypes of one condition that differ give none.
    MappingError for a column that is not there, or patients with diagnoses of several pain
    conditions where the rule does not say which counts.
    """
    mine, theirs = next(iter(rule.by.items()))
    _check(raw, [mine], "patients", "by")
    dated = [rule.recorded] if rule.recorded else []
    ids = raw.frame[mine].astype(str)
    found: list[pd.DataFrame] = []
    excluded: list[Counter[str]] = []
    for file in more:
        _check(file, [theirs, *rule.code, *dated, *rule.where], "patients", "diagnoses")
        frame, _, left = _kept(file, rule, style, "patients")
        pairs = pd.Series(None, index=frame.index, dtype=object)
        for name in rule.code:
            known = {code: pair for code in frame[name].unique()
                     if (pair := own_map.get(code) or conditions.from_icd10(code))}  # fmt: skip
            pairs = pairs.where(pairs.notna(), frame[name].astype(object).map(known))
        patient = frame[theirs].astype(str)
        listed = patient.isin(ids)
        left[f"no such patient in {raw.name}"] = int((~listed).sum())
        left[NO_PAIN] = int((listed & pairs.isna()).sum())
        kept = listed & pairs.notna()
        own = pd.DataFrame({
            "patient": patient[kept], "condition": [pair[0] for pair in pairs[kept]],
            "subtype": [pair[1] for pair in pairs[kept]], "file": len(found),
            "recorded": frame.loc[kept, rule.recorded].astype(str) if rule.recorded else "",
        })  # fmt: skip
        found.append(own.rename_axis("line").reset_index())
        excluded.append(left)
    each = pd.concat(found, ignore_index=True)
    if each.empty:
        _refuse_unknown(more, rule)
    specific = each["condition"] != "other"
    each = each[specific | ~each["patient"].isin(each.loc[specific, "patient"])]
    _refuse_several(each, more, rule)
    if rule.recorded:
        each = each.sort_values("recorded", kind="stable", na_position="last")
    by = each.groupby("patient", sort=False)
    chosen = by.tail(1) if rule.several == "last" else by.head(1)
    if rule.several == "refuse":
        same = by["subtype"].nunique()
        chosen = chosen.assign(
            subtype=chosen["subtype"].where(chosen["patient"].map(same) == 1, "")
        )
    accounts = []
    for at, (file, left) in enumerate(zip(more, excluded, strict=True)):
        n_used = int((chosen["file"] == at).sum())
        rest = len(file.frame) - n_used - sum(left.values())
        left[FURTHER] = rest
        accounts.append(
            Intake.of(file, table="patients", per_record=1, n_used=n_used, excluded=dict(+left))
        )
    columns = chosen.set_index("patient")[["condition", "subtype"]].astype(object).reindex(ids)
    return _with(raw, columns.fillna(""), "diagnoses"), accounts


def most_frequent(texts: pd.Series) -> str:
    """Return the most frequent of some codes with their counts; empty for none."""
    counts = texts.value_counts()
    first = ", ".join(f"{code} ({n:,})" for code, n in counts.head(CODES_SHOWN).items())
    return first + ", ..." * (len(counts) > CODES_SHOWN)


def _refuse_unknown(more: list[RawTable], rule: Diagnoses) -> None:
    """Raise MappingError with the codes that there are, none of which is a pain condition's."""
    listed = []
    for name in rule.code:
        texts = pd.concat([file.frame[name].astype(str) for file in more])
        if codes := most_frequent(texts[texts != ""]):
            listed.append(f"{name}: {codes}")
    raise MappingError(
        f"patients: no patient of the file has a diagnosis in {more[0].name} whose code is that of "
        f"a pain condition. The codes are {'; '.join(listed) or 'none'}. Codes that are not "
        "ICD-10-CM need a map of yours, a CSV with the columns code, condition and subtype, named "
        "under `map` of `diagnoses` (docs/formats.md)."
    )


def _refuse_several(each: pd.DataFrame, more: list[RawTable], rule: Diagnoses) -> None:
    n = each.groupby("patient")["condition"].nunique()
    several = each[each["patient"].isin(n[n > 1].index)]
    if several.empty or rule.several != "refuse":
        return
    names = " and ".join(sorted(several["condition"].unique()))
    lines = ", ".join(map(str, several["line"].head(3)))
    k = int((n > 1).sum())
    whose = "1 patient" if k == 1 else f"{k:,} patients"
    raise MappingError(
        f"patients: {more[0].name} has diagnoses of several pain conditions ({names}) for "
        f"{whose} (first lines: {lines}); which one was treated is not "
        "said. Narrow `where` under `diagnoses`, or say `several: first` or `several: last` "
        "there, with `recorded` for their date: each patient then counts once, with that one."
    )


def _with(raw: RawTable, columns: pd.DataFrame, what: str) -> RawTable:
    if both := [name for name in columns if name in raw.frame]:
        raise MappingError(f"{raw.name} has the column '{both[0]}' itself; `{what}` gives it too.")
    new = {name: pd.Categorical(columns[name].astype(object).to_numpy()) for name in columns}
    return replace(raw, frame=raw.frame.assign(**new), header=(*raw.header, *columns))


def _moments(texts: pd.Series) -> pd.Series:
    """Return ISO times in UTC; NaT for none, and for a date without a time of day."""
    timed = texts.astype(str).where(texts.astype(str).str.contains(r"\d[T ]\d\d:\d\d"))
    return pd.to_datetime(timed, utc=True, errors="coerce", format="ISO8601").dt.as_unit("us")


def with_vitals(
    raw: RawTable, more: list[RawTable], rule: Vitals, *, style: Format
) -> tuple[RawTable, list[Intake]]:
    """Return the infusions with blood pressure before and at its peak, and the lowest SpO2.

    Before is the last reading in the hour up to the start; the peak and the lowest are of the
    readings after the start, up to four hours. Only times with a time of day can tell.
    """
    mine, theirs = next(iter(rule.by.items()))
    start, at = next(iter(rule.at.items()))
    _check(raw, [mine, start], "infusions", "vitals")
    signs = {
        name: own for name in ("systolic", "diastolic", "spo2")
        if (own := getattr(rule, name)) is not None
    }  # fmt: skip
    infused = pd.DataFrame({
        "patient": raw.frame[mine].astype(str), "start": _moments(raw.frame[start]),
        "row": np.arange(len(raw.frame)),
    }).dropna().sort_values("start")  # fmt: skip
    readings, accounts = [], []
    for file in more:
        needed = [own.from_ for own in signs.values()]
        filters = [name for own in signs.values() for name in own.where]
        _check(file, [theirs, at, *needed, *filters, *rule.where], "infusions", "vitals")
        frame, context, left = _kept(file, rule, style, "infusions")
        own = pd.DataFrame({"patient": frame[theirs].astype(str), "at": _moments(frame[at])})
        for name, sign in signs.items():
            right = np.ones(len(frame), dtype=bool)
            for column, condition in sign.where.items():
                right &= holds(frame[column], condition, context)
            values = pd.to_numeric(frame[sign.from_].astype(object), errors="coerce")
            own[name] = values.where(right)
        none = own[list(signs)].isna().all(axis=1)
        left["no blood pressure or oxygen saturation"] = int(none.sum())
        own = own[~none]
        own = own[own["patient"].isin(infused["patient"]) & own["at"].notna()].sort_values("at")
        near, ahead = (
            pd.merge_asof(
                own, infused, left_on="at", right_on="start", by="patient", tolerance=tolerance,
                direction=direction,
            )
            for tolerance, direction in ((AFTER, "backward"), (BEFORE, "forward"))
        )  # fmt: skip
        before = ahead["row"].notna() & (near["row"].isna() | (ahead["at"] == ahead["start"]))
        row = near["row"].where(~before, ahead["row"])
        near = near.assign(row=row, before=before)[row.notna()]
        readings.append(near)
        left["not within 1 hour before or 4 hours after an infusion"] = int(
            len(frame) - none.sum() - len(near)
        )
        accounts.append(
            Intake.of(file, table="infusions", per_record=1, n_used=len(near), excluded=dict(+left))
        )
    return _with(raw, _at_infusions(pd.concat(readings), list(signs), len(raw.frame)), "vitals"), (
        accounts
    )


def _at_infusions(near: pd.DataFrame, signs: list[str], n: int) -> pd.DataFrame:
    near = near.sort_values("at")
    before, during = near[near["before"]].groupby("row"), near[~near["before"]].groupby("row")
    columns = {}
    for name, short in (("systolic", "sbp"), ("diastolic", "dbp")):
        if name in signs:
            columns[f"{short}_before"] = before[name].last()
            columns[f"{short}_peak"] = during[name].max()
    if "spo2" in signs:
        columns["spo2_lowest"] = during["spo2"].min()
    frame = pd.DataFrame(columns).reindex(range(n))
    return frame.map(lambda value: "" if pd.isna(value) else f"{value:g}")
