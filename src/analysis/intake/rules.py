"""Rules of the contract across columns, rows and tables.

Everything that is wrong is gathered before it is refused, so that one look repairs a file. Rows
that break a rule are a problem, or are left out by name when the mapping lists the rule's code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from math import inf
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import ContractError
from analysis.intake.codes import instrument_of, load_instruments
from analysis.intake.tables import (
    DEFAULT_SCALE,
    SCALES,
    TABLES,
    VISIT_NAME,
    Column,
    Conditions,
    Ends,
    Table,
)
from analysis.intake.text import id_key
from analysis.intake.values import Refusal
from analysis.settings import data_rows

SHOWN_PROBLEMS, SHOWN_ROWS, EXAMPLES = 12, 5, 10

DAY = pd.Timedelta(days=1)
LAST_MOMENT = pd.Timedelta(seconds=86399)

TOLERATED_DAYS = 1.0
"""A length and two dates of one relief may differ by a day, as dates without a time of day do."""

SENTINELS = tuple(
    np.datetime64(day)
    for day in ("1899-12-30", "1900-01-01", "1901-01-01", "1970-01-01", "9999-12-31", "0001-01-01")
)
"""Dates that systems write for "unknown"; none is a day of treatment."""

EXCLUDE = "Correct the export, or list `{code}` under `exclude` in the mapping to leave them out."
"""What to do about rows that break a rule, where `REMEDIES` has nothing better."""

REMEDIES = {row["code"]: row["remedy"] for row in data_rows("codes/remedies.csv")}
"""What to do, by the code of a problem."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Rows of a table that break one rule, or a table that does.

    ``column`` is named as in the export; ``code`` is the rule's short name, which a mapping may
    list under ``exclude``; ``expected`` and ``remedy`` are phrases of the sentence; ``lines`` are
    the file's lines on which the rows stand, with the first offending texts as ``examples``.
    """

    table: str
    column: str
    code: str
    file: str
    expected: str
    remedy: str
    lines: Sequence[int] = ()
    examples: Sequence[str] = ()

    def sentence(self) -> str:
        """Return the problem as one sentence: place, finding, rule and remedy."""
        place = f"{self.table}.{self.column}" if self.column else self.table
        place += f" ({self.file})" if self.file else ""
        n = len(self.lines)
        if not n:
            return f"{place}: {self.expected}. {self.remedy}"
        texts = [*self.examples, *[""] * SHOWN_ROWS]
        found = [
            f"line {line}" + (f": {_short(text)}" if text else "")
            for line, text in zip(self.lines, texts, strict=False)
        ]
        shown = "; ".join(list(dict.fromkeys(found))[:SHOWN_ROWS])
        more = f"; and {n - SHOWN_ROWS} more" if n > SHOWN_ROWS else ""
        return (
            f"{place}: {n} {'row' if n == 1 else 'rows'} where {self.expected} is expected "
            f"({shown}{more}). {self.remedy}"
        )


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def refuse(problems: Sequence[Problem]) -> None:
    """Raise ContractError with a sentence for each problem; return when there is none."""
    if not problems:
        return
    sentences = [problem.sentence() for problem in problems[:SHOWN_PROBLEMS]]
    if len(problems) > SHOWN_PROBLEMS:
        sentences.append(f"... and {len(problems) - SHOWN_PROBLEMS} more problems of this kind.")
    raise ContractError("\n".join(sentences))


@dataclass
class Checked:
    """Tables on their way through the rules.

    The typed ``tables`` have ``source_file``, ``source_line`` and ``source_no`` (which rule of the
    mapping read them). Rows that break a rule whose code is in ``exclude`` are gone from them, and
    counted in ``excluded`` by ``source_no`` and name.
    """

    tables: dict[str, pd.DataFrame]
    conditions: Conditions
    scales: dict[str, Ends]
    exclude: Collection[str] = ()
    excluded: dict[int, Counter[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse_table(self, table: str, code: str, expected: str, remedy: str) -> None:
        """Note a problem of a complete table."""
        frame = self.tables.get(table)
        file = str(frame["source_file"].iloc[0]) if frame is not None and len(frame) else ""
        self.problems.append(
            Problem(table=table, column="", code=code, file=file, expected=expected, remedy=remedy)
        )

    def refuse_rows(
        self,
        table: str,
        column: str,
        code: str,
        bad: np.ndarray | pd.Series,
        expected: str,
        remedy: str = "",
        *,
        reason: str = "",
    ) -> None:
        """Note the rows marked in ``bad``, or leave them out when the mapping says so.

        The remedy is by default that of the code in `REMEDIES`, else `EXCLUDE`; ``reason`` is the
        name they are left out under, by default the code in words.
        """
        bad = np.asarray(bad, dtype=bool)
        if not bad.any():
            return
        frame = self.tables[table]
        if code in self.exclude:
            name = reason or code.replace("_", " ")
            for source, n in frame.loc[bad, "source_no"].value_counts().items():
                self.excluded.setdefault(int(str(source)), Counter())[name] += int(n)
            self.tables[table] = frame[~bad].reset_index(drop=True)
            return
        remedy = remedy or REMEDIES.get(code, EXCLUDE.format(code=code))
        if "`exclude`" in remedy:
            remedy += _loss(frame, bad)
        for file, rows in frame[bad].groupby("source_file", sort=False):
            examples = rows[column].head(EXAMPLES) if column in rows else ()
            self.problems.append(
                Problem(
                    table=table,
                    column=column,
                    code=code,
                    file=str(file),
                    expected=expected,
                    remedy=remedy,
                    lines=rows["source_line"].tolist(),
                    examples=[_example(value) for value in examples],
                )
            )


def _loss(frame: pd.DataFrame, bad: np.ndarray) -> str:
    """Return what would be lost if the rows marked in ``bad`` were left out."""
    theirs = frame.loc[bad, "patient_id"]
    kept = frame.loc[~bad, "patient_id"]
    gone = int((~theirs.dropna().drop_duplicates().isin(kept)).sum())
    n, patients = int(bad.sum()), theirs.nunique()
    of = f" of {patients} patient{'s' * (patients != 1)}" if patients else ""
    none = f"; {gone} of them would keep none" if gone else ""
    return f" Left out, {n} of {len(frame)} rows would be lost,{of}{none}.".replace(",.", ".")


def _example(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def check_tables(
    tables: dict[str, pd.DataFrame],
    *,
    conditions: Conditions,
    scales: dict[str, Ends] | None = None,
    exclude: Collection[str] = (),
) -> Checked:
    """Check typed tables against the contract.

    Parameters are those of `Checked`; the contract's own scales when none are given. Condition and
    subtype are filled in from ICD-10 codes where the export gives only those.
    """
    check = Checked(dict(tables), conditions, scales or SCALES, exclude)
    for name, table in TABLES.items():
        if table.required and name not in tables:
            expected = f"the export has no {name}"
            check.refuse_table(name, "missing_table", expected, REMEDIES["missing_table"])
    for step in (_check_columns, _check_values):
        for name in list(check.tables) if not check.problems else []:
            step(check, TABLES[name])
    if check.problems:
        return check
    _check_patients(check)
    for name in [name for name in check.tables if name != "patients"]:
        _check_patient_is_listed(check, name)
    for name, own_rules in _RULES_OF.items():
        if name in check.tables:
            own_rules(check)
    return check


def _check_columns(check: Checked, table: Table) -> None:
    """Rows, required columns, and one of each set of alternatives must be there."""
    frame = check.tables[table.name]
    if frame.empty:
        optional = "" if table.required else f", or leave {table.name} out if there were none"
        expected = f"no row of {table.name} is left to read"
        remedy = f"Check the file and the filters{optional}."
        check.refuse_table(table.name, "no_rows", expected, remedy)
        return
    for names in [(c.name,) for c in table.columns if c.required] + list(table.one_of):
        if not any(name in frame for name in names):
            expected = f"there is no column {' or '.join(names)}"
            remedy = REMEDIES["missing_column"].format(table=table.name)
            check.refuse_table(table.name, "missing_column", expected, remedy)


def _check_values(check: Checked, table: Table) -> None:
    """Every row needs an id and a time; a visit of the schedule stands for its time."""
    refuse_rows = partial(check.refuse_rows, table.name)
    no_id = check.tables[table.name]["patient_id"].isna()
    refuse_rows("patient_id", "missing_id", no_id, "a patient id", reason="no patient id")
    for names in table.one_of:
        if "study_day" not in names or table.may_be_unknown.issuperset(names):
            continue
        frame = check.tables[table.name]
        have = [name for name in names if name in frame]
        known = frame[have].notna()
        if "visit" in have:
            known["visit"] = frame["visit"].str.fullmatch(VISIT_NAME.pattern).fillna(False)
        expected = f"a value of {' or '.join(n for n in names if n != 'visit')}"
        expected += ", or a visit such as baseline, end, week_4," if "visit" in names else ""
        reason = "no date and no study day"
        refuse_rows(have[0], "unreadable_value", ~known.any(axis=1), expected, reason=reason)


def _check_relief_ends(check: Checked) -> None:
    """Relief ends after an infusion, once, and its length agrees with its dates."""

    def times() -> pd.DataFrame:
        return time_relief(check.tables["relief_ends"], check.tables.get("infusions"))

    refuse_ends = partial(check.refuse_rows, "relief_ends")
    ended = "an end of relief after the infusion it followed"
    remedy = "Correct the date or time, or the infusion it belongs to."
    refuse_ends("ended_at", "relief_before_infusion", times()["DATED"] < 0, ended, remedy)
    infusions = check.tables.get("infusions")
    if infusions is not None and "infused_at" in infusions:
        bad = times()["BEGAN"].isna() & times()["DAYS"].isna()
        refuse_ends("ended_at", "relief_before_infusion", bad, ended, remedy)
    else:
        bad = times()["DAYS"].isna()
        refuse_ends(
            "ended_at", "relief_without_infusion", bad, "an infusion from which to count",
            "Add infusions with dates, `infused_at`, or the length of relief (`relief_days`).",
        )  # fmt: skip
    apart = (times()["DAYS"] - times()["DATED"]).abs() > TOLERATED_DAYS
    refuse_ends(
        "relief_days", "relief_contradicts", apart, "a length that agrees with the dates",
        "Correct one of them, look at the `unit`, or leave one of the columns out.",
    )  # fmt: skip
    frame = check.tables["relief_ends"].assign(BEGAN=times()["BEGAN"])
    again = frame.duplicated(subset=["patient_id", "BEGAN"])
    refuse_ends(
        "patient_id", "repeated_relief", again, "one end of relief after an infusion",
        "Say which infusion each followed (`infused_at`), or keep one row.",
    )  # fmt: skip


def moment(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return times in UTC where they name their offset, else as they are."""
    offset = frame.get(f"{name}_offset", pd.Series(0.0, index=frame.index)).fillna(0.0)
    return frame[name] - pd.to_timedelta(offset, unit="min")


def time_relief(relief: pd.DataFrame, infusions: pd.DataFrame | None) -> pd.DataFrame:
    """Return when each relief began and how many days it lasted, by the index of ``relief``.

    BEGAN is the infusion named, else the patient's last one by then, NaT where neither is dated;
    DATED the days from it to ``ended_at``; DAYS ``relief_days``, else DATED. Where the infusion or
    the end has no time of day, whole days are counted.
    """
    none = pd.Series(pd.NaT, index=relief.index, dtype="datetime64[s]")
    ended = moment(relief, "ended_at") if "ended_at" in relief else none
    began = moment(relief, "infused_at") if "infused_at" in relief else none
    if infusions is not None and "infused_at" in infusions:
        given = infusions[["patient_id"]].assign(infused_at=moment(infusions, "infused_at"))
        given = given.astype({"patient_id": "str", "infused_at": "datetime64[s]"})
        given = given.dropna().sort_values("infused_at")
        # An end without a time of day may be at any hour of it.
        by = ended.mask(ended == ended.dt.normalize(), ended + LAST_MOMENT).astype("datetime64[s]")
        ids = relief["patient_id"].astype("str")
        asked = pd.DataFrame({"patient_id": ids, "by": by, "row": relief.index})
        asked = asked.dropna(subset=["by", "patient_id"]).sort_values("by")
        last = pd.merge_asof(asked, given, left_on="by", right_on="infused_at", by="patient_id")
        began = began.fillna(last.set_index("row")["infused_at"].reindex(relief.index))
    timed = (began != began.dt.normalize()) & (ended != ended.dt.normalize())
    whole = ended.dt.normalize() - began.dt.normalize()
    dated = (ended - began).where(timed, whole) / DAY
    days = relief["relief_days"].astype(float) if "relief_days" in relief else dated * np.nan
    return pd.DataFrame({"BEGAN": began, "DATED": dated, "DAYS": days.fillna(dated)})


def out_of_range(column: Column, value: Any) -> Refusal | None:
    """Return why a number or date is none that the column can hold, None where it can."""
    if column.low is None or column.high is None or value is None:
        return None
    if isinstance(value, datetime):
        day = np.datetime64(value.date())
        if column.low <= value.year <= column.high and day not in SENTINELS:
            return None
        expected = f"a date from {column.low:.0f} to {column.high:.0f} that is no placeholder"
        return Refusal(expected, REMEDIES["placeholder_date"], "value_out_of_range")
    if column.low <= value <= column.high:
        return None
    expected = f"{column.meaning}, {column.low:g} to {column.high:g},"
    return Refusal(expected, REMEDIES["value_out_of_range"], "value_out_of_range")


def _check_patients(check: Checked) -> None:
    again = check.tables["patients"]["patient_id"].duplicated()
    expected = "an id not used before"
    check.refuse_rows(
        "patients", "patient_id", "duplicate_patient", again, expected, _of_duplicates(check)
    )
    frame = with_conditions(check.tables["patients"], check.conditions)
    check.tables["patients"] = frame
    known = frame["condition"].isin(list(check.conditions.labels))
    codes = ", ".join(check.conditions.labels)
    column, expected = "condition", f"a condition of data/conditions.csv ({codes})"
    if "icd10" in frame and frame.loc[~known, "condition"].isna().all():
        column, expected = "icd10", f"an ICD-10-CM code of data/conditions.csv (for {codes})"
    check.refuse_rows("patients", column, "unknown_condition", ~known, expected)


def _of_duplicates(check: Checked) -> str:
    """Return what to do about repeated patients: what loses nothing, or what would be lost."""
    frame = check.tables["patients"]
    repeated = frame[frame["patient_id"].duplicated(keep=False)]
    own = [n for n in frame if n not in ("patient_id", "source_file", "source_line", "source_no")]
    counts = repeated.groupby("patient_id")[own].nunique(dropna=False)
    differ = [name for name in own if (counts[name] > 1).any()]
    if not differ:
        return REMEDIES["duplicate_patient"] + (
            " If they are one person, `one_row_per_patient: true` loses nothing: the rows are "
            "alike in every column that is read."
        )
    n = int((counts[differ] > 1).any(axis=1).sum())
    return REMEDIES["duplicate_patient"] + (
        f" If they are one person, correct the rows of the {n} who differ in {', '.join(differ)} "
        "and say `one_row_per_patient: true`; or list `duplicate_patient` under `exclude`: the "
        "first row of each is then kept."
    )


def with_conditions(frame: pd.DataFrame, conditions: Conditions) -> pd.DataFrame:
    """Fill in condition and subtype from ICD-10-CM where the export does not give them.

    A subtype is taken from the code only where the condition is the code's; a condition the
    export gives is never overruled.
    """
    frame = frame.copy()
    for name in ("condition", "subtype"):
        own = frame[name] if name in frame else pd.Series(pd.NA, index=frame.index)
        frame[name] = own.astype("str")
    if "icd10" not in frame:
        return frame
    found = {code: conditions.from_icd10(code) for code in frame["icd10"].dropna().unique()}
    by_code = {code: pair for code, pair in found.items() if pair is not None}
    condition = frame["icd10"].map({code: pair[0] for code, pair in by_code.items()}).astype("str")
    subtype = frame["icd10"].map({code: pair[1] or None for code, pair in by_code.items()})
    frame["condition"] = frame["condition"].fillna(condition)
    same = frame["condition"] == condition
    frame["subtype"] = frame["subtype"].fillna(subtype.where(same).astype("str"))
    return frame


def _check_patient_is_listed(check: Checked, table: str) -> None:
    known = check.tables["patients"]["patient_id"]
    ids = check.tables[table]["patient_id"]
    bad = ~ids.isin(known)
    remedy = REMEDIES["unknown_patient"]
    if bad.any() and not set(map(id_key, ids[bad].dropna())).isdisjoint(
        map(id_key, known.dropna())
    ):
        remedy = f"{REMEDIES['nearly_known_patient']} {remedy}"
    expected = "the id of a patient in patients"
    check.refuse_rows(table, "patient_id", "unknown_patient", bad, expected, remedy)


def _check_scores(check: Checked) -> None:
    """Every score lies on its scale; where no scale is named, all are 0 to 10."""
    refuse_scores = partial(check.refuse_rows, "pain_scores")
    frame = check.tables["pain_scores"]
    if "scale" in frame and not {*frame["scale"].dropna().unique()} <= {DEFAULT_SCALE}:
        # 7 could be 7 of 10 or 7 of 100
        unnamed, remedy = frame["scale"].isna(), REMEDIES["no_scale"]
        code, reason = "unreadable_value", "no scale named"
        refuse_scores("scale", code, unnamed, "a scale", remedy, reason=reason)
    for name, (none, worst) in check.scales.items():
        frame = check.tables["pain_scores"]
        low, high = sorted((none, inf if worst is None else worst))
        bad = (frame["score"] < low) | (frame["score"] > high)
        if "scale" in frame:
            unnamed = frame["scale"].isna() & (name == DEFAULT_SCALE)
            bad &= (frame["scale"] == name) | unnamed
        elif name != DEFAULT_SCALE:
            continue
        span = f"of at least {low:g}" if worst is None else f"from {low:g} to {high:g}"
        refuse_scores("score", "score_outside_scale", bad, f"a score {span} (scale {name})")
    _check_one_scale(check)


def _check_one_scale(check: Checked) -> None:
    """Scores of a scale without a known end stand beside no others of the same recall."""
    frame = check.tables["pain_scores"]
    if "scale" not in frame or not any(worst is None for _, worst in check.scales.values()):
        return
    pairs = frame.reindex(columns=["recall", "scale"]).drop_duplicates().astype("str")
    for _, own in pairs.fillna({"recall": "", "scale": DEFAULT_SCALE}).groupby("recall")["scale"]:
        names = list(dict.fromkeys(own))
        open_ended = [name for name in names if check.scales[name][1] is None]
        if open_ended and len(names) > 1:
            others = ", ".join(name for name in names if name != open_ended[0])
            expected = (
                f"scores are on {open_ended[0]}, which has no known end, and on {others}, so that "
                "they cannot be compared"
            )
            check.refuse_table("pain_scores", "mixed_scales", expected, REMEDIES["mixed_scales"])


def _check_infusions(check: Checked) -> None:
    frame = check.tables["infusions"]
    when = [name for name in ("infused_at", "study_day") if name in frame]
    again = frame.duplicated(subset=["patient_id", *when])
    expected = "an infusion not listed before"
    check.refuse_rows("infusions", when[0], "repeated_infusion", again, expected)


def _check_events(check: Checked) -> None:
    refuse_events = partial(check.refuse_rows, "adverse_events")
    unnamed = check.tables["adverse_events"]["term"].isna()
    expected = "the name of what happened (`none reported` where nothing did)"
    reason = "no name of the event"
    refuse_events("term", "unreadable_value", unnamed, expected, reason=reason)
    frame = check.tables["adverse_events"]
    given = check.tables.get("infusions", pd.DataFrame())
    if "infused_at" in frame and "infused_at" in given:
        known = _days_infused(given.dropna(subset="infused_at"))
        # Before all times are on one clock, the same moment may be on the day before or after.
        clocks = any("infused_at_offset" in table for table in (frame, given))
        around = known.union(_days_infused(given, 1)).union(_days_infused(given, -1))
        listed = frame["patient_id"].isin(check.tables["patients"]["patient_id"])
        bad = frame["infused_at"].notna() & listed
        bad &= ~_days_infused(frame).isin(around if clocks else known)
        expected = "the day of an infusion of the patient"
        refuse_events("infused_at", "unknown_infusion", bad, expected)
    frame = check.tables["adverse_events"]
    begins = [name for name in ("occurred_on", "infused_at") if name in frame]
    if begins and "resolved_on" in frame:
        start = moment(frame, begins[0]).fillna(moment(frame, begins[-1]))
        ends_on_a_day = frame["resolved_on"].eq(frame["resolved_on"].dt.normalize())
        bad = moment(frame, "resolved_on") < start.where(~ends_on_a_day, start.dt.normalize())
        expected = "a time not before the event began"
        refuse_events("resolved_on", "resolved_before_it_began", bad, expected)


def _days_infused(frame: pd.DataFrame, later: int = 0) -> pd.MultiIndex:
    days = frame["infused_at"].dt.normalize() + pd.Timedelta(days=later)
    return pd.MultiIndex.from_arrays([frame["patient_id"].astype("str"), days])


def _check_doses(check: Checked) -> None:
    """A dose is a dose of something, and the same line is not there twice."""
    frame = check.tables["opioid_use"]

    def given(name: str) -> pd.Series:
        return frame[name] if name in frame else pd.Series(np.nan, index=frame.index)

    bad = given("drug").isna() & (given("daily_dose") > 0) & given("mme_per_day").isna()
    expected = "the drug of the dose"
    check.refuse_rows("opioid_use", "drug", "dose_without_drug", bad, expected)
    frame = check.tables["opioid_use"]
    own = [name for name in TABLES["opioid_use"].names if name in frame]
    again = frame.duplicated(subset=own)
    column = "drug" if "drug" in frame else "mme_per_day"
    expected = "a dose not listed before (two prescriptions alike are one line with their sum)"
    check.refuse_rows("opioid_use", column, "repeated_dose", again, expected)


def _check_questionnaires(check: Checked) -> None:
    frame = check.tables["questionnaires"]
    names = {name: instrument_of(str(name)) for name in frame["instrument"].dropna().unique()}
    for code in dict.fromkeys(code for code in names.values() if code):
        own = load_instruments()[code]
        frame = check.tables["questionnaires"]
        mine = frame["instrument"].isin([name for name, known in names.items() if known == code])
        bad = mine & ~frame["score"].between(own.low, own.high)
        kind = "T-score" if own.is_t_score else "score"
        expected = f"a {kind} from {own.low:g} to {own.high:g} ({own.name})"
        remedy = (
            "If these scores are in another unit, give the instrument a name of its own with "
            "`instrument` in the mapping (it is then shown as it is); if the number stands for "
            "'not recorded', list it under `missing`; if they are typing errors correct them, or "
            "list `score_outside_scale` under `exclude`."
        )
        check.refuse_rows("questionnaires", "score", "score_outside_scale", bad, expected, remedy)


_RULES_OF = {
    "pain_scores": _check_scores,
    "infusions": _check_infusions,
    "adverse_events": _check_events,
    "opioid_use": _check_doses,
    "questionnaires": _check_questionnaires,
    "relief_ends": _check_relief_ends,
}
"""Rules of single tables, in the order in which they are looked at."""
