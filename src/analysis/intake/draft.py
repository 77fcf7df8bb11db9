"""Draft a mapping for an export that has none: a proposal, with its reasons, to be read and kept.

Every line of the draft has a comment that says how sure it is and why. What cannot be settled from
the files is asked, or left as a TODO with the best guess; an order of day and month that no date
settles is never guessed into force, because it would move every follow-up unseen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from analysis.errors import InputError
from analysis.intake.build import LINE_COLUMN
from analysis.intake.draft_records import Found, find_records
from analysis.intake.mapping import MISSING_WORDS, WIDE_INTO
from analysis.intake.profile import (
    DATE_WORDS,
    PIVOT,
    ColumnProfile,
    FileProfile,
    list_columns,
    mask,
    plain_words,
)
from analysis.intake.recognize import (
    INFUSED,
    SCORE,
    START_OR_END,
    Confidence,
    Role,
    When,
    condition_of,
    may_be_id,
    rank_id,
    recall_of,
    recognize,
    visit_of,
)
from analysis.intake.tables import TABLES, Conditions, load_conditions
from analysis.intake.values import Refusal, parse_number
from analysis.settings import AnalysisSettings

SENTINELS = (-1, -8, -9, -77, -88, -99, -999, 77, 88, 99, 98, 888, 998, 999, 9999)
"""Numbers that forms write for "not asked"; proposed as such only where no score can be one."""

MOST_QUESTIONS, MOST_LISTED = 12, 40
"""Unknown diagnoses that are asked about, the most frequent first, and that are listed."""

SEX_WORDS = {
    **dict.fromkeys(("f", "female", "w", "woman", "weiblich", "femme", "mujer"), "female"),
    **dict.fromkeys(("m", "male", "man", "mannlich", "homme", "hombre"), "male"),
    **dict.fromkeys(("d", "x", "o", "other", "divers", "nonbinary", "non binary"), "other"),
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something the files do not settle.

    ``choices`` are answers with what they mean; ``guess`` is the one that seems likely, empty when
    nothing does. ``free`` says that another number may be the answer.
    """

    about: str
    text: str
    choices: tuple[tuple[str, str], ...]
    guess: str = ""
    free: bool = False


Ask = Callable[[Question], str]
"""Returns the choice of whoever is asked."""


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A row of what is shown: a column of the export, what it holds, and what was made of it."""

    file: str
    column: str
    holds: str
    meaning: str
    confidence: Confidence
    problem: str = ""
    remedy: str = ""


@dataclass
class Draft:
    """A mapping as lines of YAML with comments, and what was understood of every column.

    ``todo`` are the open points, a sentence each; ``needs_key`` says that ids are hashed, with a
    key that is yet to be made.
    """

    lines: list[tuple[str, str]] = field(default_factory=list)
    understood: list[Understood] = field(default_factory=list)
    todo: list[str] = field(default_factory=list)
    needs_key: bool = False

    def begin(self, name: str) -> None:
        """Add the first line, the export's name."""
        self.add(f"name: {scalar(name)}", "printed at the head of the report")

    def add(self, line: str, why: str = "") -> None:
        """Add a line and the comment after it."""
        self.lines.append((line, why))

    def text(self) -> str:
        """Return the YAML, comments in one column."""
        width = min(64, max((len(line) for line, why in self.lines if why), default=0))
        rows = [f"{line:<{width}}  # {why}" if why else line for line, why in self.lines]
        return "\n".join(row.rstrip() for row in rows) + "\n"


KEY_FILE = "clinic.key"
UNIT_OF_RELIEF = {1: "hours", 2: "minutes", 3: "days"}


def draft_mapping(profiles: list[FileProfile], *, name: str, ask: Ask | None = None) -> Draft:
    """Return a mapping drafted from the profiles of an export's files.

    Parameters
    ----------
    profiles : list of FileProfile
        `analysis.intake.profile.profile_export`.
    name : str
        What the report calls the export.
    ask : callable, optional
        Asked about what is unsure; without it the best guess stands as a TODO.

    Raises
    ------
    InputError
        No column holds pain scores, so that there is nothing to draft; the columns are listed.
    """
    return _Drafting(profiles, ask).draft(name)


# YAML


def scalar(value: Any) -> str:
    """Return a text or number as YAML that reads back as the same text."""
    text = str(value)
    plain = re.fullmatch(r"[^\W\d_](?:[\w ()/.+-]*[\w)])?|\(\w+\)|-?\d+(?:\.\d+)?", text)
    word = text.lower() in ("null", "true", "false")
    return text if plain and not word else json.dumps(text, ensure_ascii=False)


def flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else scalar(value)


# One file with its roles


@dataclass
class _File:
    """A file's profile with what its columns seem to be."""

    profile: FileProfile
    roles: dict[str, Role]
    id: str = ""
    ids_repeat: bool = False
    sessions: bool = False
    records: list[Found] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)

    def with_field(self, *fields: str) -> list[ColumnProfile]:
        return [
            c
            for c in self.profile.columns
            if c.name in self.roles and self.roles[c.name].field in fields
        ]

    @property
    def conditions(self) -> list[ColumnProfile]:
        """Columns of the diagnosis; several for a form with a box for each."""
        return self.with_field("icd10") or self.with_field("condition")

    def ids(self) -> pd.Series:
        return self.profile.frame[self.id] if self.id in self.profile.frame else pd.Series()


@dataclass
class _Drafting:
    """The draft as it is being made."""

    profiles: list[FileProfile]
    ask: Ask | None
    conditions: Conditions = field(default_factory=load_conditions)
    draft_: Draft = field(default_factory=Draft)
    files: list[_File] = field(default_factory=list)
    orders: dict[str, str] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    has_infusions: bool = False
    dated_start: bool = False
    own_scale: bool = False
    left_out: str = ""
    noted: set[tuple[str, str]] = field(default_factory=set)
    with_birth: list[_File] = field(default_factory=list)

    def draft(self, name: str) -> Draft:
        out = self.draft_
        self.files = [self._recognized(profile) for profile in self.profiles]
        self._find_records()
        self._choose_ids()
        for file in self.files:
            self._sessions(file)
        scored = [f for f in self.files if f.with_field("score")]
        if not scored:
            raise InputError(
                "no column looks like pain scores (numbers under a header such as pain, NRS, VAS, "
                f"Schmerz, douleur, or a visit). The columns are:\n{list_columns(self.profiles)}\n"
                "Rename the column, or write the mapping by hand (docs/mapping.md). Where pain is "
                "not recorded, `reliefcheck ask C043 --out forms` writes the fields for it."
            )
        patients = self._patients_files()
        infused = [f for f in self.files if self._infusion_columns(f)]
        others = [file for file in self.files if file.records]
        relieved = [f for f in self.files if f.with_field("relief_days", "ended_at")]
        self.used = {id(f) for f in (*patients, *infused, *scored, *relieved, *others)}
        out.begin(name)
        project = next((f.profile.project for f in self.files if f.profile.project), None)
        if project is not None and project.missing:
            missing = [*MISSING_WORDS, *project.missing]
            why = "sure: the project's codes for missing data"
            out.add(f"format: {flow({'missing': missing})}", why)
        at = len(out.lines)
        out.add("tables:")
        self.has_infusions = self.dated_start = bool(infused)
        self._list("patients", patients, self._draft_patients)
        self._list("infusions", infused, self._draft_infusions)
        self._list("pain_scores", scored, self._draft_scores)
        self._list("relief_ends", relieved, self._draft_relief)
        for table in WIDE_INTO:
            own = [f for f in others if any(found.table == table for found in f.records)]
            self._list(table, own, partial(self._draft_records, table))
        self._missing_table_lines(infused)
        if self.own_scale:
            why = "TODO unsure: where it ends is not known; give `high` if it is"
            out.lines.insert(at, ("scales: {own: {low: 0}}", why))
        if self.left_out:
            out.lines.insert(at, ("exclude: [unreadable_value]", f"as answered: {self.left_out}"))
        if out.needs_key:
            out.lines.insert(at, (f"hash_key: {KEY_FILE}", "secret; made beside this file"))
        self._name_the_rest()
        return out

    def _add(self, line: str, why: str = "") -> None:
        self.draft_.add(line, why)

    # Questions

    def _settle(self, question: Question) -> tuple[str, bool]:
        """Return the answer, and whether it was given; else the guess, noted as a TODO."""
        if self.ask is not None:
            return self.ask(question), True
        meaning = dict(question.choices).get(question.guess, question.guess)
        guess = f" Taken for now: {meaning}." if question.guess else ""
        self.draft_.todo.append(f"{question.about}: {question.text}{guess}")
        return question.guess, False

    def _note(
        self,
        file: _File,
        column: str,
        meaning: str,
        confidence: Confidence = "sure",
        problem: str = "",
        remedy: str = "",
    ) -> None:
        there = column in file.profile.frame
        row = Understood(
            file=file.profile.shown,
            column=column,
            holds=file.profile.column(column).describe() if there else "",
            meaning=meaning,
            confidence=confidence,
            problem=problem,
            remedy=remedy,
        )
        if (row.file, column) not in self.noted:
            self.noted.add((row.file, column))
            self.draft_.understood.append(row)

    # Roles

    def _recognized(self, profile: FileProfile) -> _File:
        roles = {}
        for column in profile.columns:
            role = recognize(column, self.conditions)
            if column.identifier and not (role and role.field == "birth_year"):
                continue
            if role is not None:
                roles[column.name] = role
        file = _File(profile, roles)
        for box in [c for c in profile.columns if _box(c) and not c.identifier]:
            if re.search(r"\b(?:dx|diagnos\w*|conditions?)\b", plain_words(box.name)):
                roles[box.name] = Role("condition", "likely", "a box of the diagnosis")
        boxes = [c.name for c in file.conditions if _box(c)]
        if boxes:  # a form's boxes stand for the diagnosis together
            for other in file.with_field("condition"):
                if other.name not in boxes:
                    roles.pop(other.name)
        if not file.with_field("score"):
            self._long_measures(file)
        dates = file.with_field("assessed_on")
        names = [profile.file, profile.sheet or profile.part, *(c.name for c in profile.columns)]
        infused = any(INFUSED.search(plain_words(name)) for name in names)
        if infused and len(dates) == 1 and not file.with_field("score", "infused_at", "condition"):
            roles[dates[0].name] = Role("infused_at", "likely", "the only date beside infusions")
        if not file.with_field("visit"):
            for column in profile.columns:
                free = column.kind == "word" and not column.identifier
                visits = sum(visit_of(column.said(text)) is not None for text in column.texts)
                if free and column.name not in roles and visits > len(column.texts) / 2:
                    roles[column.name] = Role("visit", "likely", "its values are visits")
        if not file.with_field("infused_at"):
            for column in dates:
                if START_OR_END.fullmatch(column.words):
                    why = "TODO the treatment's start or end, by all looks"
                    roles[column.name] = Role("infused_at", "unsure", why)
        return file

    def _sessions(self, file: _File) -> None:
        """Mark a file with a row a session and pain before and after it.

        Pain after a session is no follow-up of the series: before each session is what is read.
        """
        scores = file.with_field("score")
        names = {w.visit if (w := visit_of(c.words)) else "" for c in scores}
        dates = file.with_field("infused_at") or file.with_field("assessed_on")
        if not file.ids_repeat or names != {"baseline", "end"} or len(dates) != 1:
            return
        file.sessions = True
        if not file.with_field("infused_at"):
            why = "TODO a row a session, by all looks"
            file.roles[dates[0].name] = Role("infused_at", "unsure", why)
            self._todo_once(
                f"{file.profile.shown}, {dates[0].name}: are these the dates of infusions? Each "
                "row is taken for a session"
            )
        for column in scores:
            if (w := visit_of(column.words)) and w.visit == "end":
                file.roles.pop(column.name)
                why = "it is pain after a session of the same day, and no follow-up"
                self._note(file, column.name, "not read", "likely", why, "none needed")

    def _long_measures(self, file: _File) -> None:
        """A column of numbers beside one that names the measure: pain among others."""
        values = [
            c
            for c in file.profile.columns
            if c.kind == "number" and re.fullmatch(r"value|result|aval|wert|answer|valeur", c.words)
        ]
        for column in file.profile.columns:
            if (
                column.kind == "word"
                and values
                and any(map(_is_pain, map(column.said, column.texts)))
            ):
                file.roles[values[0].name] = Role("score", "likely", "values of several measures")
                file.roles[column.name] = Role("(measure)", "likely", "names the measure")
                return

    def _choose_ids(self) -> None:
        """Find each file's id: by its header, and by how its values come back in other files."""
        texts = {
            (at, c.name): (frozenset(c.texts), rank_id(c))
            for at, file in enumerate(self.files)
            for c in file.profile.columns
            if may_be_id(c)
        }

        ranked = [(at, ids) for (at, _), (ids, rank) in texts.items() if rank]

        def score(at: int, column: ColumnProfile) -> float:
            own, rank = texts[at, column.name]
            others = (len(own & ids) / len(own) for other, ids in ranked if other != at)
            shared = max(others, default=0.0)
            return rank * column.share_filled + (60 * shared if rank or shared > 0.5 else 0.0)

        for at, file in enumerate(self.files):
            columns = [c for c in file.profile.columns if (at, c.name) in texts]
            best = max(columns, key=lambda c: score(at, c), default=None)
            if best is None or not score(at, best):
                file.id = LINE_COLUMN
                continue
            file.id = best.name
            file.roles.pop(best.name, None)
            file.ids_repeat = bool(file.ids()[file.ids() != ""].duplicated().any())

    def _patients_files(self) -> list[_File]:
        """Return the files of the diagnosis: with a row a patient if one has that.

        Several where each has patients of its own, as one file per site.
        """
        with_condition = [f for f in self.files if f.conditions]
        known = with_condition or [f for f in self.files if not f.ids_repeat] or self.files
        chosen: list[_File] = []
        for file in sorted(known, key=lambda f: (f.ids_repeat, -len(f.roles))):
            others = {patient for other in chosen for patient in other.ids()}
            own = file.id != LINE_COLUMN and with_condition and others.isdisjoint(file.ids())
            if not chosen or own:
                chosen.append(file)
        return chosen

    # Parts that all tables have

    def _list(self, table: str, files: list[_File], make: Callable[[_File, str], None]) -> None:
        if files:
            self._add(f"  {table}:")
        for file in files:
            file.tables.add(table)
            make(file, "      ")

    def _head(self, file: _File, indent: str, *, item: bool) -> None:
        """Add the lines that say which file and how it is written."""
        profile, form = file.profile, file.profile.form
        add = self._add
        first = f"{indent[:-2]}- " if item else indent
        add(f"{first}file: {scalar(profile.file)}", f"{len(profile.frame)} records")
        if profile.sheet:
            add(f"{indent}sheet: {scalar(profile.sheet)}")
        if form.skip_lines:
            why = "the names of visits above the header" if profile.two_headers else "a title"
            add(f"{indent}skip_lines: {form.skip_lines}", why)
        if form.encoding != "auto":
            add(f"{indent}encoding: {form.encoding}", "likely: it is not UTF-8")
        if form.quoted_line_breaks:
            add(f"{indent}quoted_line_breaks: true", "sure: quoted texts run over lines")
        if profile.decimal == ",":
            add(f'{indent}decimal: ","', "sure: numbers have a decimal comma")
        if short := profile.short_year:
            text = mask(short)
            add(f"{indent}pivot_year: {PIVOT}", f"likely: {text} is of {PIVOT} to {PIVOT + 99}")
        self._dates_line(file, indent)

    def _dates_line(self, file: _File, indent: str) -> None:
        order, evidence = file.profile.dates
        add = self._add
        if order is None:
            return
        if not isinstance(order, Refusal):
            add(f"{indent}dates: {order}", f"sure: {_settled_by(evidence)}")
            return
        if "mixes two orders" in order.remedy:
            add(f"{indent}# dates:", f"TODO {order.remedy}")
            self._todo_once(f"{file.profile.shown}: {order.remedy}")
            return
        others = [f.profile.dates[0] for f in self.files if f is not file]
        settled = {o for o in others if isinstance(o, str)}
        guess = str(settled.pop()) if len(settled) == 1 else ""
        points = [t for c in file.profile.columns if c.kind == "date" for t in c.texts if "." in t]
        guess = guess or ("day_first" if points else "")
        question = Question(
            about=file.profile.shown,
            text=f"is the day or the month first in its dates? {order.remedy.split('. Say')[0]}.",
            choices=(("day_first", "day first"), ("month_first", "month first")),
            guess=guess,
        )
        known = self.orders.get(file.profile.shown)
        if known is None and self.ask is not None:
            known = self.orders[file.profile.shown] = self.ask(question)
        if known:
            add(f"{indent}dates: {known}", "as answered")
            return
        likely = f"{guess.replace('_', ' ')} seems likely" if guess else "nothing settles it"
        add(
            f"{indent}# dates: {guess or 'day_first'}",
            f"TODO day_first or month_first ({likely}); take the # away when you know",
        )
        self._todo_once(f"{question.about}: {question.text}")

    def _todo_once(self, sentence: str) -> None:
        if sentence not in self.draft_.todo:
            self.draft_.todo.append(sentence)

    def _where(self, file: _File, indent: str, more: dict[str, Any] | None = None) -> None:
        """Add the filter: no lines of totals or second headers, and what the table needs."""
        filters: dict[str, Any] = {n: {"not": list(t)} for n, t in file.profile.not_rows.items()}
        filters |= {name: dict(own) for name, own in file.profile.only.items()}
        for column, condition in (more or {}).items():
            filters[column] = {**filters.get(column, {}), **condition}
        if filters:
            why = "lines of totals or a second header" if file.profile.not_rows else ""
            own = "rows of this table" if more or file.profile.only else ""
            why = "; ".join(w for w in (why, own) if w)
            self._add(f"{indent}where: {flow(filters)}", f"sure: {why}")

    def _drop(self, file: _File, indent: str, *, used: Iterable[str]) -> None:
        """Add the columns that are not read because they name a person."""
        used = set(used)
        named = [c for c in file.profile.columns if c.identifier and c.name not in used]
        for column in named:
            self._note(
                file,
                column.name,
                f"not read: {column.identifier}",
                problem="names a person",
                remedy="none needed; best left out of the export",
            )
        if named:
            self._add(
                f"{indent}drop: {flow([c.name for c in named])}",
                "sure: " + ", ".join(dict.fromkeys(c.identifier for c in named)),
            )

    def _missing_line(self, file: _File, indent: str, dates: list[ColumnProfile]) -> None:
        """Add the texts among dates that are none, for the table: its filters need them, too."""
        odd = list(dict.fromkeys(text for column in dates for text in column.odd))
        if odd:
            missing = _missing(file, list(file.profile.columns), odd)
            self._add(f"{indent}missing: {flow(missing)}", "likely: texts that are no date")

    def _used_ids(self, file: _File) -> list[str]:
        """Return the columns that name a person and are read all the same, hashed or as a year."""
        born = file.with_field("birth_year") if any(file is f for f in self.with_birth) else []
        return [file.id, *(c.name for c in born[:1])]

    def _id_line(self, file: _File, indent: str) -> None:
        add = self._add
        if file.id == LINE_COLUMN:
            why = "likely: no id; each row is a patient"
            if len(self.used) > 1:
                why = "TODO unsure: no column has the ids of the other files"
                self._todo_once(
                    f"{file.profile.shown}: no column has the patients' ids of the other files; "
                    "name it under `patient_id`, or add it to the file"
                )
            add(f"{indent}patient_id: {scalar(LINE_COLUMN)}", why)
            self._note(file, LINE_COLUMN, "patient_id: the line's number; there is no id", "likely")
            return
        column = file.profile.column(file.id)
        if cut := [t for t in column.texts if re.fullmatch(r"\d(?:\.\d+)?[eE]\+?\d+", t)]:
            self._todo_once(
                f"{file.profile.shown}, {file.id}: a spreadsheet has cut ids such as {cut[0]}, so "
                "that several patients may be one; export the column again as text"
            )
        if column.identifier:
            self.draft_.needs_key = True
            why = f"sure: a {column.identifier}, hashed"
            add(f"{indent}patient_id: {{from: {scalar(file.id)}, hash: true}}", why)
            self._note(file, file.id, "patient_id, hashed")
            return
        repeat = "several rows a patient" if file.ids_repeat else "a row a patient"
        why = f"{'sure' if rank_id(column) >= 75 else 'likely'}: {len(column.texts)} ids, {repeat}"
        add(f"{indent}patient_id: {scalar(file.id)}", why)
        self._note(file, file.id, "patient_id", "sure" if rank_id(column) >= 75 else "likely")

    # Patients

    def _draft_patients(self, file: _File, indent: str) -> None:
        self._head(file, indent, item=True)
        columns = file.conditions
        where: dict[str, Any] = {}
        if file.ids_repeat and columns:
            recorded = file.profile.frame[columns[0].name] != ""
            if not recorded.all():
                where = {columns[0].name: {"recorded": True}}
        first_day = {} if self.has_infusions else self._baseline_rows(file)
        where |= first_day
        self._where(file, indent, where)
        birth = file.with_field("birth_year")[:1]
        self.with_birth.append(file)
        self._drop(file, indent, used=self._used_ids(file))
        rows = file.profile.frame
        for name, condition in where.items():
            rows = rows[rows[name].isin(condition["is"]) if "is" in condition else rows[name] != ""]
        fixed = self._constant_columns(file, rows)
        visits_differ = len(fixed) < len(file.profile.columns) - 1
        if file.ids_repeat and rows[file.id].duplicated().any() and visits_differ:
            why = "sure: the rows of a patient agree in these columns"
            self._add(f"{indent}one_row_per_patient: true", why)
        self._add(f"{indent}columns:")
        self._id_line(file, indent + "  ")
        self._condition_lines(file, columns)
        for name in ("site", "sex", "age_years", "arm", "pain_since", "enrolled_on"):
            for column in [c for c in file.with_field(name) if c.name in fixed][:1]:
                self._patient_line(file, column, name)
        self._coded_lines("patients", file, "        ", rows)
        self._arm_line(file)
        if first_day:
            date = file.with_field("assessed_on")[0].name
            why = "likely: no infusion is dated, so the baseline's date stands for the start"
            self._add(f"        enrolled_on: {scalar(date)}", why)
            fixed.add(date)
        elif not self.has_infusions and not file.with_field("enrolled_on"):
            self._start_line(file)
        self.dated_start |= any("enrolled_on:" in line for line, _ in self.draft_.lines)
        for column in [c for c in birth if c.name in fixed]:
            rule = f"{{from: {scalar(column.name)}, take: year}}"
            is_date = column.kind == "date"
            text = rule if is_date else scalar(column.name)
            why = "sure: only the year is read" if is_date else "likely: years"
            self._add(f"        birth_year: {text}", why)
            self._note(file, column.name, "birth_year" + (", only the year" if is_date else ""))

    def _coded_lines(
        self, table: str, file: _File, indent: str, rows: pd.DataFrame | None = None
    ) -> None:
        """Map coded columns that have a name of the contract, which would be read by it.

        Of ``rows``, those of the table, something must be recorded in them.
        """
        done = set()
        for line, _ in reversed(self.draft_.lines):
            done.add(line.strip().split(":")[0])
            if line.strip() == "columns:":
                break
        for column in file.profile.columns:
            name = column.field or column.name
            known = column.meanings or column.field
            there = column.kind != "empty" and (rows is None or (rows[column.name] != "").any())
            if known and there and name in {*TABLES[table].names} - done:
                self._add(f"{indent}{name}: {_rule_of(column)}", "sure: by its dictionary")
                self._note(file, column.name, name)

    def _arm_line(self, file: _File) -> None:
        """Add the arm that a project's events are of, where there are several."""
        project = file.profile.project
        for column in file.profile.columns if project else ():
            assert project is not None
            events = {text: project.event(text) for text in column.texts}
            arms = {text: e.arm for text, e in events.items() if e is not None and e.arm}
            if len(set(arms.values())) > 1 and len(arms) == len(events):
                names = {t: project.arms.get(arm, f"arm {arm}") for t, arm in arms.items()}
                rule = flow({"from": column.name, "values": names})
                self._add(f"        arm: {rule}", "sure: the arm of each event")

    def _baseline_rows(self, file: _File) -> dict[str, Any]:
        """Return the filter for the rows of the baseline, where their date must stand for day 0."""
        visits, dates = file.with_field("visit"), file.with_field("assessed_on")
        if not file.ids_repeat or len(visits) != 1 or not dates or file.with_field("enrolled_on"):
            return {}
        first = [t for t in visits[0].texts if (w := visit_of(visits[0].said(t))) and w.day == 0]
        rows = file.profile.frame[file.profile.frame[visits[0].name].isin(first)]
        everyone = set(rows[file.id]) == set(file.ids())
        if not first or not everyone or (rows[dates[0].name] == "").any():
            return {}
        return {visits[0].name: {"is": first}}

    def _start_line(self, file: _File) -> None:
        """Take the date of the baseline for the start where no infusion and no entry is dated."""
        scores = file.with_field("score")
        dates = file.with_field("assessed_on")
        if dates and file.ids_repeat and not self._has_study_days():
            why = "TODO day 0: the column with the date on which the treatment began"
            self._add("        # enrolled_on:", why)
            self._todo_once(
                f"{file.profile.shown}: no column says when the treatment began (day 0); the date "
                "of a first rating is not taken for it. Add one, and name it under `enrolled_on`"
            )
        if not scores or not dates or file.ids_repeat:
            return
        paired = pair_dates(scores, dates)
        first = next((c for c in scores if (w := visit_of(c.words)) and w.day == 0), None)
        date = paired.get(first.name) if first is not None else None
        why = "likely: no infusion is dated, so the baseline's date stands for the start"
        if date is None:
            date = next((c.name for c in dates if c.name not in paired.values()), None)
            why = "TODO unsure: is this when the treatment began?"
            if date is None:
                return
            self._todo_once(
                f"{file.profile.shown}, {date}: is this when the treatment began? It stands for "
                "day 0 (`enrolled_on`); if these are infusions, give them as `infusions`"
            )
            self._note(file, date, "enrolled_on: day 0", "unsure", "what date it is, is not said")
        self._add(f"        enrolled_on: {scalar(date)}", why)

    def _has_study_days(self) -> bool:
        return any(f.with_field("study_day") for f in self.files)

    def _constant_columns(self, file: _File, rows: pd.DataFrame) -> set[str]:
        """Return the columns in which a patient's rows agree."""
        names = [c.name for c in file.profile.columns]
        if not file.ids_repeat:
            return set(names)
        n = rows.groupby(file.id)[[x for x in names if x != file.id]].nunique()
        return {str(name) for name in n.columns[(n <= 1).all()]}

    def _patient_line(self, file: _File, column: ColumnProfile, name: str) -> None:
        role = file.roles[column.name]
        text, why = scalar(column.name), f"{role.confidence}: {role.why}"
        problem = remedy = ""
        if name == "sex":
            texts = dict.fromkeys((*column.texts, *column.meanings))
            words = {t: SEX_WORDS.get(plain_words(column.said(t)), "") for t in texts}
            if "h" in (used := {plain_words(t) for t in words}):  # hombre, mujer; homme, femme
                own = {"h": "male"} | ({} if used & {"f", "w"} else {"m": "female"})
                words = {t: own.get(plain_words(t), word) for t, word in words.items()}
            asked = [t for t, word in words.items() if not word] if self.ask else []
            for code in asked:
                assert self.ask is not None
                sex = self.ask(_sex_question(f"{file.profile.shown}, {column.name}", code))
                words[code] = "" if sex == "unknown" else sex
                why = "as answered"
            unknown = [t for t, word in words.items() if not word and self.ask is None]
            if unknown:
                problem = f"the codes {', '.join(map(repr, unknown[:4]))} are not known"
                remedy = "map them under `values`: female, male, other"
                why = f"TODO unsure: {problem}; missing until mapped"
                self.draft_.todo.append(f"{file.profile.shown}, {column.name}: {problem}; {remedy}")
            if set(words.items()) != {(w, w) for w in words}:
                text = f"{{from: {scalar(column.name)}, values: {flow(words)}}}"
        elif column.odd:
            missing = _missing(file, [column], column.odd)
            text = f"{{from: {scalar(column.name)}, missing: {flow(missing)}}}"
            why += "; texts that are no value are missing"
        elif column.meanings:
            text = _rule_of(column)
        if name == "arm" and all(re.fullmatch(r"\d+", column.said(t)) for t in column.texts):
            problem, remedy = "arms have numbers for names", "name them under `values`"
            why = f"TODO {why}; {remedy}: {{0: placebo, 1: drug}}"
            self.draft_.todo.append(f"{file.profile.shown}, {column.name}: {problem}; {remedy}")
        self._add(f"        {name}: {text}", why)
        self._note(file, column.name, name, role.confidence, problem, remedy)

    def _condition_lines(self, file: _File, columns: list[ColumnProfile]) -> None:
        add = self._add
        if not columns:
            known = " ".join([file.profile.file, file.profile.sheet or ""])
            guess = condition_of(known, self.conditions)[0]
            question = Question(
                about=file.profile.shown,
                text="no column holds the diagnosis; which condition do these patients have?",
                choices=tuple(self.conditions.labels.items()),
                guess=guess or "other",
            )
            code, answered = self._settle(question)
            why = "as answered" if answered else "TODO unsure: no column holds the diagnosis"
            add(f"        condition: {{constant: {scalar(code)}}}", why)
            return
        if len(columns) > 1 and all(map(_box, columns)):
            self._box_lines(file, columns)
            return
        column, *more = columns
        if file.roles[column.name].field == "icd10":
            known_codes = [t for t in column.texts if self.conditions.from_icd10(column.said(t))]
            rest = [t for t in column.texts if t not in known_codes]
            add(f"        icd10: {_rule_of(column)}", f"sure: {len(known_codes)} known codes")
            self._note(file, column.name, "icd10: " + ", ".join(column.texts[:6]))
            if not rest:
                return
            self.draft_.lines.pop()  # codes the list does not have need a condition by words
        if all(text in self.conditions.labels for text in column.texts):
            add(f"        condition: {scalar(column.name)}", "sure: the contract's own words")
            self._note(file, column.name, "condition")
        else:
            self._word_lines(file, column)
        for other in more:
            self._note(file, other.name, "not read: a further diagnosis", "unsure")

    def _word_lines(self, file: _File, column: ColumnProfile) -> None:
        """Map the texts of a diagnosis to conditions and subtypes, a line each."""
        add = self._add
        add("        condition:", f"likely: {file.roles[column.name].why}")
        add(f"          from: {scalar(column.name)}")
        add("          values:")
        subtypes, unknown, asked = {}, [], 0
        for text in dict.fromkeys((*column.texts, *column.meanings)):
            said = column.said(text)
            code, subtype, why = condition_of(said, self.conditions)
            if code is None and self.ask is not None and asked < MOST_QUESTIONS:
                asked += 1
                question = Question(
                    about=f"{file.profile.shown}, {column.name}",
                    text=f"which condition is {said!r} ({why})?",
                    choices=tuple(self.conditions.labels.items()),
                    guess="other",
                )
                code, why = self.ask(question), "as answered"
            elif code is None:
                unknown.append(text)
                if len(unknown) > MOST_LISTED:
                    continue
                code, why = "other", f"TODO unsure: {why}; one of the codes"
            else:
                why = f"{'sure' if why.startswith('the') else 'likely'}: {why}"
            why += f" ({said})" if said != text else ""
            add(f"            {scalar(text)}: {code}", why)
            if subtype:
                subtypes[text] = subtype
        if len(unknown) > MOST_LISTED:
            more = len(unknown) - MOST_LISTED
            add("          other: other", f"TODO unsure: {more} further texts")
        if unknown:
            first = [repr(column.said(text)) for text in unknown[:6]]
            shown = ", ".join(first) + (", ..." if len(unknown) > 6 else "")
            self.draft_.todo.append(
                f"{file.profile.shown}, {column.name}: which condition is {shown}? Taken for "
                f"'other' for now; the codes are {', '.join(self.conditions.labels)}"
            )
        if subtypes:
            rule = {"from": column.name, "values": subtypes, "other": ""}
            add(f"        subtype: {flow(rule)}", "likely: by the same words")
        if n_blank := 0 if file.ids_repeat else column.n_rows - column.n_filled:
            self.draft_.todo.append(
                f"{file.profile.shown}, {column.name}: {n_blank} "
                f"{'patient has' if n_blank == 1 else 'patients have'} no diagnosis; complete "
                "the list, every patient needs one"
            )
        problem = (
            f"{len(unknown)} of {len(column.texts)} diagnoses are not known" if unknown else ""
        )
        remedy = "give each its condition under `values`" if unknown else ""
        self._note(file, column.name, "condition", "likely", problem, remedy)

    def _box_lines(self, file: _File, columns: list[ColumnProfile]) -> None:
        """Map a form with a box for each diagnosis: the boxes joined, a line a combination."""
        add = self._add
        names = [c.name for c in columns]
        boxes = file.profile.frame[names]
        boxes = boxes[~boxes.isin(MISSING_WORDS).any(axis=1)]
        add("        condition:", "likely: a box for each diagnosis, joined")
        add(f"          join: {flow(names)}")
        add("          values:")
        n_todo = 0
        for row in boxes.drop_duplicates().sort_values(names, ascending=False).itertuples(False):
            ticked = [
                _box(own) for own, text in zip(columns, row, strict=True) if _is_ticked(str(text))
            ]
            found = {condition_of(choice, self.conditions)[0] for choice in ticked}
            code = found.pop() if len(found) == 1 else None
            why = f"sure: {ticked[0]}" if code else ""
            if code is None:
                shown = " and ".join(ticked) or "no box"
                question = Question(
                    about=f"{file.profile.shown}, {_stem(names[0])}",
                    text=f"which condition has a patient with {shown} ticked?",
                    choices=tuple(self.conditions.labels.items()),
                    guess="other",
                )
                code, answered = self._settle(question)
                why = "as answered" if answered else f"TODO unsure: {shown} ticked"
                n_todo += not answered
            add(f"            {scalar('-'.join(map(str, row)))}: {code}", why)
        problem = f"{n_todo} combinations of boxes are not known" if n_todo else ""
        for name in names:
            self._note(
                file, name, "condition, a box", "likely", problem, "name them" if problem else ""
            )

    # Infusions

    def _infusion_columns(self, file: _File) -> list[ColumnProfile]:
        """Return the columns with dates of infusions; in a form of repeats, the date of those."""
        if any(found.names_rows for found in file.records) and not _repeats(file):
            return []  # dates of events and doses; the infusions are listed elsewhere
        columns = file.with_field("infused_at")
        if columns or not self._infusion_repeat(file):
            return columns
        name, text = self._infusion_repeat(file)  # type: ignore[misc]
        rows = file.profile.frame[file.profile.frame[name] == text]
        dated = [c for c in file.with_field("assessed_on") if (rows[c.name] != "").all()]
        return dated[:1]

    def _infusion_repeat(self, file: _File) -> tuple[str, str] | None:
        """Return column and text that mark a form's rows of infusions (REDCap's repeats)."""
        for column in file.profile.columns:
            if re.search(r"repeat instrument", column.words):
                for text in column.texts:
                    if re.search(r"infus|treat|ketamin", plain_words(column.said(text))):
                        return column.name, text
        return None

    def _draft_infusions(self, file: _File, indent: str) -> None:
        columns = self._infusion_columns(file)
        self._head(file, indent, item=True)
        rows = file.profile.frame[columns[0].name]
        rows = rows.mask(rows.isin([*MISSING_WORDS, *columns[0].odd]), "")
        wide = len(columns) > 1 or (bool((rows == "").any()) and not file.ids_repeat)
        repeat = self._infusion_repeat(file)
        more: dict[str, Any] = {}
        if repeat and not file.with_field("infused_at"):
            more = {repeat[0]: {"is": [repeat[1]]}}
        elif not wide and not (rows != "").all():
            more = {columns[0].name: {"recorded": True}}
        self._missing_line(file, indent, columns)
        self._where(file, indent, more)
        self._drop(file, indent, used=self._used_ids(file))
        if (
            file.ids_repeat
            and not wide
            and columns[0].name in self._constant_columns(file, file.profile.frame)
            and file.profile.frame.loc[rows != "", file.id].duplicated().any()
        ):
            why = "likely: every row of a patient repeats the date"
            self._add(f"{indent}one_row_per_patient: true", why)
        self._add(f"{indent}columns:")
        self._id_line(file, indent + "  ")
        if not wide:
            role = file.roles[columns[0].name]
            why = f"{role.confidence}: {role.why}" if not more or not repeat else "sure: their date"
            self._add(f"{indent}  infused_at: {scalar(columns[0].name)}", why)
            self._note(file, columns[0].name, "infused_at")
            for name in ("dose_mg_per_kg", "minutes", "series", "phase", "protocol", "study_day"):
                for column in file.with_field(name)[:1]:
                    low = TABLES["infusions"].column(name)
                    if low.high and column.high is not None and column.high > low.high:
                        self._note(file, column.name, "not read", "unsure", f"beyond {low.high:g}")
                        continue
                    self._add(f"{indent}  {name}: {_rule_of(column)}", "likely: by its header")
                    self._note(file, column.name, name, "likely")
            self._coded_lines("infusions", file, indent + "  ")
            return
        self._add(f"{indent}wide:", "a column per infusion")
        for column in columns:
            role = file.roles[column.name]
            self._add(
                f"{indent}  - {{column: {scalar(column.name)}}}", f"{role.confidence}: {role.why}"
            )
            self._note(file, column.name, "infused_at", role.confidence)
        if len(columns) == 2 and re.search(r"\b(?:last|letzte|final)\b", columns[1].words):
            self._add(f"{indent}  # infusions between the first and the last are not in the file")

    # Ends of relief

    def _draft_relief(self, file: _File, indent: str) -> None:
        """Add the exactly dated ends of relief: a length with its unit, or a date."""
        self._head(file, indent, item=True)
        self._where(file, indent)
        self._drop(file, indent, used=self._used_ids(file))
        self._add(f"{indent}columns:")
        self._id_line(file, indent + "  ")
        for column in file.with_field("relief_days")[:1]:
            found = re.search(r"\b(?:(h(?:ou)?rs?|h)|(min(?:ute)?s?)|(days?))\b", column.words)
            unit = UNIT_OF_RELIEF[found.lastindex] if found and found.lastindex else ""
            rule, why = {"from": column.name, "unit": unit or "hours"}, "likely: by its header"
            if not unit:
                why = "TODO unsure: hours, minutes or days?"
                self._todo_once(
                    f"{file.profile.shown}, {column.name}: in which unit is relief timed? Taken "
                    "for hours; say it under `unit`"
                )
            self._add(f"{indent}  relief_days: {flow(rule)}", why)
            self._note(file, column.name, f"relief_days, in {unit or 'hours'}", "likely")
        for name in ("ended_at", "still_relieved", "infused_at"):
            column, *_ = [*file.with_field(name), None]
            if column is not None:
                self._add(f"{indent}  {name}: {scalar(column.name)}", "likely: by its header")
                self._note(file, column.name, name, "likely")

    # Scores

    def _draft_scores(self, file: _File, indent: str) -> None:
        scores = file.with_field("score")
        whens = {c.name: visit_of(c.words) for c in scores}
        names = {when for when in whens.values() if when is not None}
        wide = len(scores) > 1 and (len(names) > 1 or not file.ids_repeat)
        wide = (wide or (len(scores) == 1 and bool(names))) and not file.sessions
        wide = wide and (len(scores) > 1 or not file.ids_repeat)
        self._head(file, indent, item=True)
        if wide:
            self._missing_line(file, indent, file.with_field("assessed_on", "infused_at"))
        measure = file.with_field("(measure)")[:1]
        more: dict[str, Any] = {}
        if measure:
            pain = [t for t in measure[0].texts if _is_pain(measure[0].said(t))]
            more = {measure[0].name: {"is": pain}}
            self._note(file, measure[0].name, "filter: only pain")
        self._where(file, indent, more)
        self._drop(file, indent, used=self._used_ids(file))
        self._add(f"{indent}columns:")
        self._id_line(file, indent + "  ")
        if wide:
            self._wide_scores(file, scores, whens, indent)
        else:
            self._long_scores(file, scores, indent)

    def _score_rule(self, scores: list[ColumnProfile], file: _File) -> tuple[dict[str, Any], str]:
        """Return what must be done to the texts of scores: words for numbers, and for nothing."""
        values: dict[str, str] = {}
        missing: list[str] = []
        todo: list[str] = []
        numbers = {t: n for c in scores for t in c.texts if (n := _number(t)) is not None}
        others = [n for n in numbers.values() if not 0 <= n <= 10]
        of_ten = all(n in SENTINELS for n in others)
        for text in dict.fromkeys(t for c in scores for t in c.odd):
            found = re.fullmatch(
                r"(\d+(?:[.,]\d+)?)(?:\s*(?:/|of|out of)\s*10\b.*|\s*[-=:]?\s+\D+)", text
            )
            if found:
                values[text] = found[1].replace(",", ".")
            elif re.search(r"\d", text):
                todo.append(text)
            else:
                missing.append(text)
        for text, number in numbers.items():
            if number in others and (
                number < 0 or (number in SENTINELS and (of_ten or number > 100))
            ):
                missing.append(text)
        for text in todo:
            self._todo_once(
                f"{file.profile.shown}: the score {text!r} is not one number; correct it, or give "
                "it a number under `values` or list it under `missing`"
            )
        for column in scores:
            missing += [t for t, said in column.meanings.items() if _NOT_SAID.search(said)]
        missing = list(dict.fromkeys(missing))
        rule: dict[str, Any] = {}
        if any(c.decimal_comma for c in scores) and file.profile.decimal != ",":
            rule["decimal"] = ","
        if values:
            rule |= {"values": values, "other": "as_is"}
        if missing:
            rule["missing"] = _missing(file, scores, missing)
        why = []
        if values:
            why.append("the number before the words")
        if missing:
            why.append(f"{', '.join(missing[:4])}: not asked, by all looks")
        return rule, "likely: " + "; ".join(why) if why else "sure: numbers"

    def _scale_line(self, file: _File, scores: list[ColumnProfile], rule: dict[str, Any]) -> str:
        """Add the scale where it is not 0 to 10; return the problem if none fits."""
        missing = set(rule.get("missing", ()))
        numbers = [
            n for c in scores for t in c.texts if t not in missing and (n := _number(t)) is not None
        ]
        headers = " ".join(c.words for c in scores)
        above = sum(n > 10 for n in numbers)
        if any(r.field == "scale" for r in file.roles.values()):
            return ""
        return self._scale_of(file, numbers, headers, above)

    def _scale_of(self, file: _File, numbers: list[float], headers: str, above: int) -> str:
        add, indent = self._add, "        "
        if re.search(r"\b0 (?:to )?100\b", headers) or (
            0.1 * len(numbers) < above and max(numbers) <= 100
        ):
            why = "sure: its header says so" if "100" in headers else "likely: scores up to "
            why += "" if "100" in headers else f"{max(numbers):g}"
            add(f"{indent}scale: {{constant: vas_0_100}}", why)
            return ""
        if numbers and max(numbers) > 100 and above > 0.1 * len(numbers):
            end = f"{max(numbers):g}"
            add(f"{indent}scale: {{constant: own}}", "likely: see `scales` above")
            self.own_scale = True
            self._todo_once(
                f"{file.profile.shown}: scores go up to {end}; taken for a scale from 0 (no pain) "
                "without a known end, on which no points of 10 are counted. Give its end as `high` "
                "under `scales` if it is known (docs/mapping.md)"
            )
            return "a scale of its own"
        return ""

    def _long_scores(self, file: _File, scores: list[ColumnProfile], indent: str) -> None:
        add, inner = self._add, indent + "  "
        recalls = {c.name: recall_of(c.words) for c in scores}
        rule, why = self._score_rule(scores, file)
        several = len(scores) > 1 and len(set(recalls.values())) == len(scores)
        column = scores[0]
        if several:
            if rule:
                add(f"{inner}score: {flow(rule)}", why)
        else:
            text = flow({"from": column.name, **rule}) if rule else scalar(column.name)
            add(
                f"{inner}score: {text}",
                why
                if rule
                else f"{file.roles[column.name].confidence}: {file.roles[column.name].why}",
            )
            for other in scores[1:]:
                self._note(
                    file,
                    other.name,
                    "not read: a second score of the same rating",
                    "unsure",
                    "two scores in a row",
                    "choose one, or give each its `recall` under `wide`",
                )
            if recalls[column.name] and not file.with_field("recall"):
                why = "sure: its header says so"
                add(f"{inner}recall: {{constant: {recalls[column.name]}}}", why)
        problem = self._scale_line(file, scores, rule)
        self._time_lines(file, scores, inner)
        for name in ("scale", "recall"):
            for own in file.with_field(name)[:1]:
                add(f"{inner}{name}: {_rule_of(own)}", "sure: the contract's own name")
                self._note(file, own.name, name)
        if several:
            add(f"{indent}wide:", "a column per kind of rating")
        for own in scores if several else scores[:1]:
            if several:
                entry = {"column": own.name, "recall": recalls[own.name] or "not_stated"}
                add(f"{inner}- {flow(entry)}", "likely: by its header")
            self._note(
                file,
                own.name,
                "score " + recalls[own.name],
                file.roles[own.name].confidence,
                problem,
            )

    def _time_lines(self, file: _File, scores: list[ColumnProfile], inner: str) -> None:
        """Add when the ratings of a long table were made: date, study day, visit."""
        add = self._add
        rated = file.profile.frame
        rated = rated[~rated[[c.name for c in scores]].isin(MISSING_WORDS).all(axis=1)]
        dates = file.with_field("infused_at" if file.sessions else "assessed_on")
        best = max(dates, key=lambda c: (_date_rank(c), (rated[c.name] != "").mean()), default=None)
        days = file.with_field("study_day")[:1]
        gaps = False
        if best is not None and days and not self.dated_start:
            self._note(file, best.name, "not read: no date of a start, so study days are", "likely")
            best = None
        if best is not None:
            role = file.roles[best.name]
            placeholder = [t for t in best.texts if re.match(r"(?:000|1[0-8]\d|19[0-8])\d-", t)]
            missing = [*best.odd, *placeholder]
            text: Any = best.name
            if missing:
                text = {"from": best.name, "missing": _missing(file, [best], missing)}
            gaps = bool(rated[best.name].isin(["", *missing]).any())
            why = f"{role.confidence}: {role.why}"
            why += f"; {', '.join(missing[:3])} stands for nothing" if missing else ""
            add(f"{inner}assessed_on: {flow(text)}", why)
            n = int(rated[best.name].isin(["", *missing]).sum())
            problem = f"{n} {'rating has' if n == 1 else 'ratings have'} no date" if n else ""
            if n and not days and not file.with_field("visit"):
                question = Question(
                    about=f"{file.profile.shown}, {best.name}",
                    text=f"{problem}; complete them, or leave them out with `exclude: "
                    "[unreadable_value]`?",
                    choices=(
                        ("complete", "refused until they are complete"),
                        ("leave_out", f"left out and counted, {n} of {len(rated)}"),
                    ),
                    guess="complete",
                )
                if self._settle(question)[0] == "leave_out":
                    self.left_out = problem
            remedy = "complete them, or leave them out with `exclude: [unreadable_value]`"
            self._note(
                file,
                best.name,
                "assessed_on",
                role.confidence,
                problem,
                remedy if n else "",
            )
        visits = file.with_field("visit")[:1]
        if best is not None and not gaps:
            for column in days:
                self._note(file, column.name, "not read: every rating has its date")
            days = []
        for column in days:
            unit = _unit_of(column.words)
            rule = column.name if unit == "days" else {"from": column.name, "unit": unit}
            add(f"{inner}study_day: {flow(rule)}", f"likely: {unit} since the start")
            self._note(file, column.name, f"study_day, in {unit}", "likely")
        for column in visits:
            self._visit_lines(file, column, inner, rated, day=not days and (best is None or gaps))
        when = visit_of(file.profile.sheet or "") or visit_of(file.profile.file.rsplit(".")[0])
        if best is None and not days and not visits and when is not None and when.day is not None:
            day = f"{when.day * _DAYS[when.unit]:g}"
            add(f"{inner}study_day: {{constant: {day}}}", "likely: by the name of the file")
            if when.visit:
                add(f"{inner}visit: {{constant: {when.visit}}}", "likely: by the name of the file")
        elif best is None and not days and not visits:
            add(f"{inner}# assessed_on:", "TODO no column says when a rating was made")
            self._todo_once(
                f"{file.profile.shown}: no column says when a rating was made; add a date, a study "
                "day or the name of the visit"
            )

    def _visit_lines(
        self, file: _File, column: ColumnProfile, inner: str, rated: pd.DataFrame, *, day: bool
    ) -> None:
        add = self._add
        texts = [t for t in column.texts if (rated[column.name] == t).any()]
        whens = {t: visit_of(column.said(t)) for t in texts}
        names = {t: _planned(w) or w.visit for t, w in whens.items() if w is not None and w.visit}
        if any(plain_words(t) != plain_words(names.get(t, t)) for t in texts):
            rule = {"from": column.name, "values": names, "other": ""}
            add(f"{inner}visit: {flow(rule)}", "likely: by the names of visits")
        else:
            add(f"{inner}visit: {scalar(column.name)}", "sure: names of visits")
        problem = ""
        if day and texts:
            known = {t: w.day * _DAYS[w.unit] for t, w in whens.items() if w and w.day is not None}
            known = {t: column.days[t] for t in texts if t in column.days} | known
            values: dict[str, str] = {t: f"{d:g}" for t, d in known.items()}
            add(f"{inner}study_day:", "likely: for ratings without a date, by the visit's name")
            add(f"{inner}  from: {scalar(column.name)}")
            add(f"{inner}  values:")
            for text in texts:
                if text not in values:
                    guess = "7" if whens[text] is not None else ""
                    question = Question(
                        about=f"{file.profile.shown}, {column.name}",
                        text=f"how many days after the first infusion is {text!r}?",
                        choices=((guess, f"day {guess}"),) if guess else (("", "not known"),),
                        guess=guess,
                        free=True,
                    )
                    value, answered = self._settle(question)
                    why = "as answered" if answered else "TODO unsure: on which study day?"
                    problem = "" if answered else "a visit without a day"
                else:
                    value, why = values[text], "likely: by its name"
                add(f"{inner}    {scalar(text)}: {flow(value)}", why)
            if len(texts) < len(column.texts):
                add(f'{inner}  other: ""', "visits without a score")
        remedy = "give it a study day under `values`" if problem else ""
        self._note(file, column.name, "visit", "likely", problem, remedy)

    def _wide_scores(
        self,
        file: _File,
        scores: list[ColumnProfile],
        whens: dict[str, When | None],
        indent: str,
    ) -> None:
        add, inner = self._add, indent + "  "
        dates = pair_dates(scores, file.with_field("assessed_on"))
        numbered = _numbered(scores, whens, dates)
        for name, visit in numbered.items():
            whens[name] = When(visit, 0.0 if visit == "baseline" else None)
        unnamed = [c.name for c in scores if whens[c.name] is None and c.name not in dates]
        if len(unnamed) == 1 and not any(w and w.day == 0 for w in whens.values()):
            whens[unnamed[0]] = When("baseline", 0.0)  # the one that needed no name
        scores = self._one_a_rating(file, scores, whens, dates)
        rule, why = self._score_rule(scores, file)
        if rule:
            add(f"{inner}score: {flow(rule)}", why)
        self._scale_line(file, scores, rule)
        recalls = {c.name: recall_of(c.words) for c in scores}
        shared = set(recalls.values())
        if len(shared) == 1 and "" not in shared:
            add(f"{inner}recall: {{constant: {shared.pop()}}}", "sure: the headers say so")
            recalls = {}
        last = self._infusion_columns(file)[-1:]
        add(f"{indent}wide:", "a column per rating")
        for column in scores:
            when = whens[column.name]
            entry: dict[str, Any] = {"column": column.name}
            dated = column.name in dates
            confidence: Confidence = "sure" if when else "likely" if dated else "unsure"
            problem = remedy = ""
            todo = ""
            if column.name in dates:
                entry["assessed_on"] = dates[column.name]
                self._note(file, dates[column.name], f"date of '{column.name}'")
            elif when is not None and when.day != 0 and (planned := _planned(when)):
                entry["visit"] = planned
                confidence = "likely"
                if column.name in numbered:
                    confidence, todo = "unsure", "which visit is it? By their order for now"
                    problem, remedy = "its header has a number", "name its `visit`"
                    self._todo_once(
                        f"{file.profile.shown}, {column.name}: which visit is it? Taken for now: "
                        f"{planned}, by the order of the numbers."
                    )
            elif when is not None and when.day is not None:
                entry |= {"study_day": f"{when.day:g}"}
                entry |= {"unit": when.unit} if when.unit != "days" else {}
                confidence = "sure" if when.day == 0 else "likely"
            elif last:
                entry["assessed_on"] = last[0].name
                todo = "no date of its own; the last infusion's stands in"
            else:
                question = Question(
                    about=f"{file.profile.shown}, {column.name}",
                    text="on which study day was it rated (days after the first infusion)?",
                    choices=(("7", "day 7"), ("14", "day 14"), ("28", "day 28")),
                    guess="7",
                    free=True,
                )
                value, answered = self._settle(question)
                entry["study_day"] = value
                todo = "" if answered else "on which study day was it rated?"
                problem = "" if answered else "no date and no day"
                remedy = "give its `study_day` or a column of dates" if problem else ""
            if last and todo.startswith("no date"):
                problem, remedy = todo, "give a column of dates under `assessed_on`"
                self._todo_once(f"{file.profile.shown}, {column.name}: {todo}; {remedy}")
            if when is not None and when.visit in ("baseline", "end"):
                entry["visit"] = when.visit
            elif when is not None and dated and self._undated(file, column, dates):
                entry |= {"visit": planned} if (planned := _planned(when)) else {}
            elif when is None and not dated:
                problem = problem or "its header names no visit"
            if recalls.get(column.name):
                entry["recall"] = recalls[column.name]
            what = f"TODO {todo}" if todo else f"{confidence}: {_reason(when, column, dates)}"
            add(f"{inner}- {flow(entry)}", what)
            meaning = "score" + (f", {when.visit.replace('_', ' ')}" if when and when.visit else "")
            self._note(file, column.name, meaning, confidence, problem, remedy)

    def _undated(self, file: _File, column: ColumnProfile, dates: dict[str, str]) -> bool:
        """Whether a score has no date beside it, so that the visit's name must place it."""
        frame = file.profile.frame
        scored = ~frame[column.name].isin([*MISSING_WORDS, *column.odd])
        return bool((scored & frame[dates[column.name]].isin(MISSING_WORDS)).any())

    def _one_a_rating(
        self,
        file: _File,
        scores: list[ColumnProfile],
        whens: dict[str, When | None],
        dates: dict[str, str],
    ) -> list[ColumnProfile]:
        """Keep one column for each time and recall; a second one is named, and not read."""
        kept: dict[tuple[Any, ...], ColumnProfile] = {}
        for column in sorted(scores, key=lambda c: not _is_pain(c.name)):
            key = (whens[column.name], dates.get(column.name), recall_of(column.words))
            if key in kept and not _is_baseline(whens[column.name]):
                self._note(
                    file,
                    column.name,
                    "not read: a second score of the same time",
                    "unsure",
                    f"'{kept[key].name}' is read",
                    "choose one in the mapping",
                )
            else:
                kept[(*key, column.name) if key in kept else key] = column
        return [column for column in scores if column in kept.values()]

    # Side effects, opioids, questionnaires

    def _find_records(self) -> None:
        """Note what a file holds besides, and take those columns for nothing else."""
        for file in self.files:
            file.records = find_records(file.profile)
            for name in {name for found in file.records for name in found.names}:
                file.roles.pop(name, None)

    def _draft_records(self, table: str, file: _File, indent: str) -> None:
        for found in [found for found in file.records if found.table == table]:
            self._head(file, indent, item=True)
            dates = self._dates_of(table, file, found)
            self._missing_line(file, indent, list(dates.values()))
            names = [found.columns[n] for n in ("term", "drug", "instrument") if n in found.columns]
            sparse = [n for n in names if (file.profile.frame[n] == "").any() and _repeats(file)]
            self._where(file, indent, {name: {"recorded": True} for name in sparse})
            self._drop(file, indent, used=self._used_ids(file))
            self._add(f"{indent}columns:")
            self._id_line(file, indent + "  ")
            timed = bool(found.wide) and all({"visit", "study_day"} & set(w) for _, w in found.wide)
            for when, date in dates.items() if not timed else ():
                self._add(f"{indent}  {when}: {scalar(date.name)}", "likely: the file's date")
                self._note(file, date.name, when, "likely")
            if not dates and not timed:
                self._add(f"{indent}  # study_day:", "TODO no column says when this was")
                self._todo_once(
                    f"{file.profile.shown}: no column says when {table.replace('_', ' ')} were "
                    "recorded; add a date, a study day or the name of the visit"
                )
            for name, column in found.columns.items():
                rule = _rule_of(file.profile.column(column))
                self._add(f"{indent}  {name}: {rule}", "likely: by its header or values")
                self._note(file, column, name, "likely")
            self._coded_lines(table, file, indent + "  ")
            if found.wide and table == "adverse_events":
                why = "TODO was every effect asked about by name? A blank is then no answer"
                self._add(f'{indent}  solicited: {{constant: "yes"}}', why)
            if found.wide:
                self._add(f"{indent}wide:", "a column for each")
            for column, said in found.wide:
                entry = {"column": column, **said}
                self._add(f"{indent}  - {flow(entry)}", "likely: by its header")
                what = said.get("term") or said.get("instrument") or "MME a day"
                self._note(file, column, f"{table.replace('_', ' ')}: {what}", "likely")

    def _dates_of(self, table: str, file: _File, found: Found) -> dict[str, ColumnProfile]:
        """Return the dates of a file's records by column of the contract: those most of them have.

        Of side effects in rows of their own both are read: the infusion's, and the effect's.
        """
        frame = file.profile.frame
        own = frame[(frame[list(found.names)] != "").any(axis=1)]
        dates: dict[str, ColumnProfile] = {}
        counts = {c.name: int((own[c.name] != "").sum()) for c in file.profile.columns}
        for column in sorted(file.with_field("infused_at", "assessed_on", "occurred_on"),
                             key=lambda c: -counts[c.name]):  # fmt: skip
            when = "assessed_on"
            if table == "adverse_events":
                infused = file.roles[column.name].field == "infused_at"
                when = "infused_at" if infused else "occurred_on"
            if not dates or (found.names_rows and counts[column.name]):
                dates.setdefault(when, column)
        return dates

    # The rest

    def _missing_table_lines(self, infused: list[_File]) -> None:
        if not infused:
            why = "day 0 is the date of entry, or study day 0"
            self._add(f"  # no column looks like dates of infusions: {why}")

    def _name_the_rest(self) -> None:
        """Note every column that the draft leaves out, in the order of the files."""
        for file in self.files:
            for column in file.profile.columns:
                if column.identifier:
                    self._note(
                        file,
                        column.name,
                        f"not read: {column.identifier}",
                        "sure",
                        "names a person",
                    )
                elif column.kind == "empty":
                    self._note(file, column.name, "not read: empty")
                else:
                    if column.kind in ("word", "text") and DATE_WORDS.search(column.words):
                        self._note(
                            file,
                            column.name,
                            "not read",
                            "unsure",
                            "its header says date, but its values are none that are read",
                            "write them as 2026-03-28",
                        )
                    if any(column.name in TABLES[table].names for table in file.tables):
                        self._note(file, column.name, column.name)
                    role = file.roles.get(column.name)
                    seems = f"; it looks like {role.field}" if role else ""
                    self._note(
                        file, column.name, "not read" + seems, "unsure" if role else "likely"
                    )
        order = {
            (f.profile.shown, c.name): (at, k)
            for at, f in enumerate(self.files)
            for k, c in enumerate(f.profile.columns)
        }
        self.draft_.understood.sort(key=lambda row: order.get((row.file, row.column), (99, 0)))


def _sex_question(about: str, code: str) -> Question:
    choices = (("female", "female"), ("male", "male"), ("other", "other"), ("unknown", ""))
    return Question(about=about, text=f"which sex is {code!r}?", choices=choices, guess="unknown")


def _is_baseline(when: When | None) -> bool:
    return when is not None and when.day == 0


def _planned(when: When) -> str:
    """Return the visit of the schedule that a rating without a date is named after, if any."""
    weeks = {visit.name: visit.week for visit in AnalysisSettings().schedule}
    if when.visit in weeks or when.day is None:
        return when.visit
    week = when.day * _DAYS[when.unit] / 7
    near = min(weeks, key=lambda name: abs(weeks[name] - week))
    months = when.unit == "months" and near != "end" and abs(weeks[near] - week) <= 1
    return near if months else ""


def _numbered(
    scores: list[ColumnProfile], whens: dict[str, When | None], dates: dict[str, str]
) -> dict[str, str]:
    """Return the visits of columns that have a number for one, as T0, T1, T2: by their order."""
    found = {
        c.name: int(n[1])
        for c in scores
        if c.name not in dates and (n := re.search(r"\b(?:t|v|visit|nrs|vas|score) (\d)$", c.words))
        and (whens[c.name] is None or c.words.endswith(" t 0"))
    }  # fmt: skip
    order = sorted(found, key=lambda name: found[name])
    if len(order) < 2 or len(set(found.values())) < len(order):
        return {}
    visits = [visit.name for visit in AnalysisSettings().schedule]
    named = any(_is_baseline(w) for name, w in whens.items() if name not in found)
    return dict(zip(order, visits if named else ["baseline", *visits], strict=False))


_DAYS = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}


def _missing(file: _File, columns: list[ColumnProfile], more: Iterable[str]) -> list[str]:
    """Return a list for `missing`, which takes the place of the usual words: with those in use."""
    used = file.profile.frame[[c.name for c in columns]]
    usual = [word for word in MISSING_WORDS if word == "" or used.isin([word]).any(axis=None)]
    project = file.profile.project
    return list(dict.fromkeys([*usual, *(project.missing if project else ()), *more]))


_NOT_SAID = re.compile(r"(?i)\b(?:refus|declin|unknown|missing|not (?:asked|done|app)|don.t know)")
"""Choices that stand for no answer."""


def _rule_of(column: ColumnProfile) -> str:
    """Return the rule that reads a column; the choices of its dictionary become its values."""
    if not column.meanings:
        return scalar(column.name)
    return flow({"from": column.name, "values": dict(column.meanings), "other": "as_is"})


def _number(text: str) -> float | None:
    for mark in (".", ","):
        if not isinstance(number := parse_number(text, decimal=mark), Refusal):
            return number
    return None


def _is_pain(text: str) -> bool:
    return bool(SCORE.search(plain_words(text))) and "interference" not in text.lower()


def _unit_of(words: str) -> str:
    for unit, pattern in (
        ("weeks", r"\b(?:weeks?|wk|woche|semaine|semana)\b"),
        ("months", r"\b(?:months?|monat|mois|mes)\b"),
    ):
        if re.search(pattern, words):
            return unit
    return "days"


def _choice(name: str) -> str:
    """Return what a box of a form stands for, from the names REDCap gives; empty for no box."""
    found = re.fullmatch(r".*\(choice=(.*)\)|(.*)___(\w+)", name)
    return (found[1] or f"{found[2]} {found[3]}") if found else ""


def _repeats(file: _File) -> bool:
    """Return whether a file holds the rows of several forms, as REDCap's repeating ones."""
    return any("repeat instrument" in column.words for column in file.profile.columns)


def _box(column: ColumnProfile) -> str:
    """Return what a column's box stands for, by a dictionary's label or by its name."""
    return _choice(column.label) or _choice(column.name)


def _stem(name: str) -> str:
    return re.split(r"___|\s*\(choice=", name)[0]


def _is_ticked(text: str) -> bool:
    return text.lower() in ("1", "checked", "yes", "true", "x")


def _settled_by(evidence: str) -> str:
    return f"{evidence} fits no other order" if re.search(r"\d", evidence) else evidence


def _reason(when: When | None, column: ColumnProfile, dates: dict[str, str]) -> str:
    if column.name in dates:
        return "its date stands beside it"
    return "by its header" if when else "its header names no visit"


def _date_rank(column: ColumnProfile) -> int:
    """Return how much a date looks like that of a rating, by its header."""
    for rank, pattern in (
        (5, r"assess|rated|record|submit|nrs|pain|score|survey"),
        (4, r"visit|timestamp|complet"),
        (3, r"date|datum|fecha"),
    ):
        if re.search(pattern, column.words):
            return rank
    return 0


_FILLERS = re.compile(
    r"\b(?:pain|nrs|vas|nprs|score|rating|date|datum|fecha|of|the|on|at|day|scale|average|avg|mean"
    r"|worst|least|now|current|0|10|100|schmerz|douleur|dolor|\d?assess\w*|rated)\b"
)


def pair_dates(scores: list[ColumnProfile], dates: list[ColumnProfile]) -> dict[str, str]:
    """Return, by column of scores, the column with the dates of its ratings.

    Paired are columns that name the same visit, or are alike but for words such as "pain" and
    "date"; then, where there are as many of both, neighbors.
    """

    def key(column: ColumnProfile) -> tuple[str, ...]:
        when = visit_of(column.words)
        if when is not None and (when.visit or when.day is not None):
            return (f"{when.visit or when.day}", when.unit)
        return tuple(_FILLERS.sub(" ", column.words).split())

    by_key = {key(date): date.name for date in reversed(dates)}
    paired = {s.name: by_key[key(s)] for s in scores if key(s) and key(s) in by_key}
    left = [date for date in dates if date.name not in paired.values()]
    rest = [score for score in scores if score.name not in paired]
    if left and len(left) == len(rest) and not paired:
        paired |= {s.name: d.name for s, d in zip(rest, left, strict=True)}
    return paired
