"""Draft a mapping for an export that has none: a proposal, with its reasons, to be read and kept.

Every line of the draft has a comment that says how sure it is and why. What cannot be settled from
the files is asked, or left as a TODO with the best guess; an order of day and month that no date
settles is never guessed into force, because it would move every follow-up unseen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from analysis.errors import InputError
from analysis.intake.build import LINE_COLUMN
from analysis.intake.codes import words_for
from analysis.intake.draft_records import Found, find_records
from analysis.intake.mapping import MISSING_WORDS, UNITS_IN_DAYS
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

    def open(self, point: str) -> None:
        """Note a point that is open, once."""
        if point not in self.todo:
            self.todo.append(point)

    def understand(self, file: str, column: str, meaning: str, **more: Any) -> None:
        """Note what was made of a column, sure unless ``more`` says otherwise."""
        row = {"holds": "", "confidence": "sure", **more}
        self.understood.append(Understood(file=file, column=column, meaning=meaning, **row))

    def text(self) -> str:
        """Return the YAML, comments in one column."""
        width = min(64, max((len(line) for line, why in self.lines if why), default=0))
        rows = [f"{line:<{width}}  # {why}" if why else line for line, why in self.lines]
        return "\n".join(row.rstrip() for row in rows) + "\n"


KEY_FILE = "clinic.key"
UNIT_OF_RELIEF = {1: "hours", 2: "minutes", 3: "days"}


def draft_mapping(profiles: list[FileProfile], *, name: str, ask: Ask | None = None) -> Draft:
    """Return a mapping for an export from the profiles of its files; ``name`` is for the report.

    ``ask`` is asked about what is unsure; without it the best guess stands as a TODO. InputError,
    with the columns, where none holds pain scores, so that there is nothing to draft.
    """
    return _Drafting(profiles=profiles, ask=ask).draft(name)


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
    profile: FileProfile
    roles: dict[str, Role] = field(default_factory=dict)
    id: str = ""
    ids_repeat: bool = False
    sessions: bool = False
    records: list[Found] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)

    @property
    def frame(self) -> pd.DataFrame:
        return self.profile.frame

    @property
    def columns(self) -> tuple[ColumnProfile, ...]:
        return self.profile.columns

    @property
    def conditions(self) -> list[ColumnProfile]:
        """Columns of the diagnosis; several for a form with a box for each."""
        return self.with_field("icd10") or self.with_field("condition")

    def with_field(self, *fields: str) -> list[ColumnProfile]:
        return [
            c for c in self.columns if c.name in self.roles and self.roles[c.name].field in fields
        ]

    def take(self, column: ColumnProfile, name: str, confidence: Confidence, why: str) -> None:
        self.roles[column.name] = Role(name, confidence, why)

    def why(self, column: ColumnProfile) -> str:
        role = self.roles[column.name]
        return f"{role.confidence}: {role.why}"

    def about(self, column: str = "") -> str:
        return f"{self.profile.shown}, {column}" if column else self.profile.shown

    def ids(self) -> pd.Series:
        """Return the id of each record; nothing where the file has none."""
        return self.frame[self.id] if self.id in self.frame else pd.Series()

    def missing(self, columns: Iterable[ColumnProfile], more: Iterable[str]) -> list[str]:
        """Return a list for `missing`, which takes the place of the usual words: those in use."""
        used = self.frame[[c.name for c in columns]]
        usual = [word for word in MISSING_WORDS if word == "" or used.isin([word]).any(axis=None)]
        project = self.profile.project
        return list(dict.fromkeys([*usual, *(project.missing if project else ()), *more]))

    def constant(self, rows: pd.DataFrame) -> set[str]:
        """Return the columns in which a patient's rows agree."""
        names = [c.name for c in self.columns]
        if not self.ids_repeat:
            return set(names)
        n = rows.groupby(self.id)[[x for x in names if x != self.id]].nunique()
        return {str(name) for name in n.columns[(n <= 1).all()]}

    def infusions(self) -> list[ColumnProfile]:
        if any(found.names_rows for found in self.records):
            return []  # dates of events and doses; the infusions are listed elsewhere
        return self.with_field("infused_at")


@dataclass(kw_only=True)
class _Drafting(Draft):
    """The draft as it is being made."""

    profiles: list[FileProfile]
    ask: Ask | None
    conditions: Conditions = field(default_factory=load_conditions)
    files: list[_File] = field(default_factory=list)
    orders: dict[str, str] = field(default_factory=dict)
    n_used: int = 0
    has_infusions: bool = False
    dated_start: bool = False
    own_scale: bool = False
    left_out: str = ""
    noted: set[tuple[str, str]] = field(default_factory=set)
    with_birth: list[_File] = field(default_factory=list)

    def draft(self, name: str) -> Draft:
        self.files = [self._recognized(profile) for profile in self.profiles]
        for file in self.files:  # what a file holds besides is taken for nothing else
            file.records = find_records(file.profile)
            for taken in {taken for found in file.records for taken in found.names}:
                file.roles.pop(taken, None)
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
        infused = [f for f in self.files if f.infusions()]
        others = [file for file in self.files if file.records]
        relieved = [f for f in self.files if f.with_field("relief_days", "ended_at")]
        self.n_used = len({id(f) for f in (*patients, *infused, *scored, *relieved, *others)})
        self.begin(name)
        project = next((f.profile.project for f in self.files if f.profile.project), None)
        if project is not None and project.missing:
            missing = [*MISSING_WORDS, *project.missing]
            why = "sure: the project's codes for missing data"
            self.add(f"format: {flow({'missing': missing})}", why)
        at = len(self.lines)
        self.add("tables:")
        self.has_infusions = self.dated_start = bool(infused)
        tables: list[tuple[str, list[_File], Callable[[_File], None]]] = [
            ("patients", patients, self._draft_patients),
            ("infusions", infused, self._draft_infusions),
            ("pain_scores", scored, self._draft_scores),
            ("relief_ends", relieved, self._draft_relief),
        ]
        for table in (own.name for own in TABLES.values() if own.wide):
            holding = [f for f in others if any(found.table == table for found in f.records)]
            tables.append((table, holding, partial(self._draft_records, table)))
        for table, files, make in tables:
            if files:
                self.add(f"  {table}:")
            for file in files:
                file.tables.add(table)
                make(file)
        if not infused:
            why = "day 0 is the date of entry, or study day 0"
            self.add(f"  # no column looks like dates of infusions: {why}")
        if self.own_scale:
            why = "TODO unsure: where it ends is not known; give `high` if it is"
            self.lines.insert(at, ("scales: {own: {low: 0}}", why))
        if self.left_out:
            self.lines.insert(at, ("exclude: [unreadable_value]", f"as answered: {self.left_out}"))
        if self.needs_key:
            self.lines.insert(at, (f"hash_key: {KEY_FILE}", "secret; made beside this file"))
        self._name_the_rest()
        return self

    # Lines, questions and notes

    def _add(self, line: str, why: str = "") -> None:
        self.add(f"      {line}", why)

    def _column(self, line: str, why: str = "") -> None:
        self.add(f"        {line}", why)

    def _read(
        self,
        file: _File,
        column: ColumnProfile,
        name: str,
        rule: str = "",
        why: str = "likely: by its header",
        confidence: Confidence = "likely",
    ) -> None:
        """Add the rule that reads a column, by default as it stands, and note it."""
        self._column(f"{name}: {rule or _rule_of(column)}", why)
        self._note(file, column.name, name, confidence)

    def _todo(self, file: _File, sentence: str, column: str = "") -> None:
        self.open(f"{file.about(column)}: {sentence}")

    def _settle(self, file: _File, column: str, text: str, **more: Any) -> tuple[str, bool]:
        """Return the answer to a question, and whether it was given; else the guess, as a TODO."""
        question = Question(about=file.about(column), text=text, **more)
        if self.ask is not None:
            return self.ask(question), True
        meaning = dict(question.choices).get(question.guess, question.guess)
        self._todo(file, f"{text} Taken for now: {meaning}." if question.guess else text, column)
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
        """Note what was made of a column; what was noted first stands."""
        place = (file.profile.shown, column)
        if place in self.noted:
            return
        self.noted.add(place)
        holds = file.profile.column(column).describe() if column in file.frame else ""
        self.understand(
            *place, meaning, holds=holds, confidence=confidence, problem=problem, remedy=remedy
        )

    # Roles

    def _recognized(self, profile: FileProfile) -> _File:
        file = _File(profile)
        for column in file.columns:
            role = recognize(column, self.conditions)
            if role is not None and (not column.identifier or role.field == "birth_year"):
                file.roles[column.name] = role
        for box in [c for c in file.columns if _box(c) and not c.identifier]:
            if re.search(r"\b(?:dx|diagnos\w*|conditions?)\b", plain_words(box.name)):
                file.take(box, "condition", "likely", "a box of the diagnosis")
        boxes = [c.name for c in file.conditions if _box(c)]
        for other in file.with_field("condition") if boxes else ():
            if other.name not in boxes:  # a form's boxes stand for the diagnosis together
                file.roles.pop(other.name)
        if not file.with_field("score"):
            _long_measures(file)
        dates = file.with_field("assessed_on")
        names = [profile.file, profile.sheet or profile.part, *(c.name for c in file.columns)]
        infused = any(INFUSED.search(plain_words(name)) for name in names)
        if infused and len(dates) == 1 and not file.with_field("score", "infused_at", "condition"):
            file.take(dates[0], "infused_at", "likely", "the only date beside infusions")
        if not file.with_field("visit"):
            for column in file.columns:
                free = column.kind == "word" and not column.identifier
                visits = sum(visit_of(column.said(text)) is not None for text in column.texts)
                if free and column.name not in file.roles and visits > len(column.texts) / 2:
                    file.take(column, "visit", "likely", "its values are visits")
        if not file.with_field("infused_at"):
            for column in dates:
                if START_OR_END.fullmatch(column.words):
                    why = "TODO the treatment's start or end, by all looks"
                    file.take(column, "infused_at", "unsure", why)
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
            file.take(dates[0], "infused_at", "unsure", "TODO a row a session, by all looks")
            sentence = "are these the dates of infusions? Each row is taken for a session"
            self._todo(file, sentence, dates[0].name)
        for column in scores:
            if (w := visit_of(column.words)) and w.visit == "end":
                file.roles.pop(column.name)
                why = "it is pain after a session of the same day, and no follow-up"
                self._note(file, column.name, "not read", "likely", why, "none needed")

    def _choose_ids(self) -> None:
        """Find each file's id: by its header, and by how its values come back in other files."""
        texts = {
            (at, c.name): (frozenset(c.texts), rank_id(c))
            for at, file in enumerate(self.files)
            for c in file.columns
            if may_be_id(c)
        }
        ranked = [(at, ids) for (at, _), (ids, rank) in texts.items() if rank]

        def score(at: int, column: ColumnProfile) -> float:
            own, rank = texts[at, column.name]
            others = (len(own & ids) / len(own) for other, ids in ranked if other != at)
            shared = max(others, default=0.0)
            return rank * column.share_filled + (60 * shared if rank or shared > 0.5 else 0.0)

        for at, file in enumerate(self.files):
            columns = [c for c in file.columns if (at, c.name) in texts]
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

    def _source(
        self,
        file: _File,
        dates: Iterable[ColumnProfile] = (),
        where: Mapping[str, Any] | None = None,
        once: str = "",
    ) -> None:
        """Add the lines from `file` to `columns` with the id.

        Texts among ``dates`` that are none are missing for the table: its filters need them, too.
        ``where`` is the filter of this table, and ``once`` why a patient's rows are one.
        """
        profile, form = file.profile, file.profile.form
        self.add(f"    - file: {scalar(profile.file)}", f"{len(file.frame)} records")
        if profile.sheet:
            self._add(f"sheet: {scalar(profile.sheet)}")
        if form.skip_lines:
            why = "the names of visits above the header" if profile.two_headers else "a title"
            self._add(f"skip_lines: {form.skip_lines}", why)
        if form.encoding != "auto":
            self._add(f"encoding: {form.encoding}", "likely: it is not UTF-8")
        if form.quoted_line_breaks:
            self._add("quoted_line_breaks: true", "sure: quoted texts run over lines")
        if profile.decimal == ",":
            self._add('decimal: ","', "sure: numbers have a decimal comma")
        if short := profile.short_year:
            why = f"likely: {mask(short)} is of {PIVOT} to {PIVOT + 99}"
            self._add(f"pivot_year: {PIVOT}", why)
        self._dates_line(file)
        if odd := [text for column in dates for text in column.odd]:
            self._add(f"missing: {flow(file.missing(file.columns, odd))}",
                      "likely: texts that are no date")  # fmt: skip
        self._where(file, where or {})
        self._drop(file)
        if once:
            self._add("one_row_per_patient: true", once)
        self._add("columns:")
        self._id_line(file)

    def _dates_line(self, file: _File) -> None:
        order, evidence = file.profile.dates
        if order is None:
            return
        if not isinstance(order, Refusal):
            settled = f"{evidence} fits no other order" if re.search(r"\d", evidence) else evidence
            self._add(f"dates: {order}", f"sure: {settled}")
            return
        if "mixes two orders" in order.remedy:
            self._add("# dates:", f"TODO {order.remedy}")
            self._todo(file, order.remedy)
            return
        others = {f.profile.dates[0] for f in self.files if f is not file}
        known = [other for other in others if isinstance(other, str)]
        points = any("." in t for c in file.columns if c.kind == "date" for t in c.texts)
        guess = known[0] if len(known) == 1 else "day_first" if points else ""
        text = f"is the day or the month first in its dates? {order.remedy.split('. Say')[0]}."
        answer = self.orders.get(file.profile.shown)
        if answer is None and self.ask is not None:
            choices = (("day_first", "day first"), ("month_first", "month first"))
            question = Question(about=file.about(), text=text, choices=choices, guess=guess)
            answer = self.orders[file.profile.shown] = self.ask(question)
        if answer:
            self._add(f"dates: {answer}", "as answered")
            return
        likely = f"{guess.replace('_', ' ')} seems likely" if guess else "nothing settles it"
        self._add(
            f"# dates: {guess or 'day_first'}",
            f"TODO day_first or month_first ({likely}); take the # away when you know",
        )
        self._todo(file, text)

    def _where(self, file: _File, more: Mapping[str, Any]) -> None:
        """Add the filter: no lines of totals or second headers, and what the table needs."""
        profile = file.profile
        filters: dict[str, Any] = {n: {"not": list(t)} for n, t in profile.not_rows.items()}
        filters |= {name: dict(own) for name, own in profile.only.items()}
        for column, condition in more.items():
            filters[column] = {**filters.get(column, {}), **condition}
        if filters:
            why = ["lines of totals or a second header"] if profile.not_rows else []
            why += ["rows of this table"] if more or profile.only else []
            self._add(f"where: {flow(filters)}", f"sure: {'; '.join(why)}")

    def _drop(self, file: _File) -> None:
        """Add the columns that are not read because they name a person.

        The id, and a date of birth of which the year is read, are read all the same.
        """
        born = file.with_field("birth_year") if any(file is f for f in self.with_birth) else []
        used = {file.id, *(c.name for c in born[:1])}
        named = [c for c in file.columns if c.identifier and c.name not in used]
        remedy = "none needed; best left out of the export"
        for c in named:
            self._note(file, c.name, f"not read: {c.identifier}", "sure", "names a person", remedy)
        if named:
            kinds = ", ".join(dict.fromkeys(c.identifier for c in named))
            self._add(f"drop: {flow([c.name for c in named])}", f"sure: {kinds}")

    def _id_line(self, file: _File) -> None:
        if file.id == LINE_COLUMN:
            why = "likely: no id; each row is a patient"
            if self.n_used > 1:
                why = "TODO unsure: no column has the ids of the other files"
                self._todo(
                    file,
                    "no column has the patients' ids of the other files; name it under "
                    "`patient_id`, or add it to the file",
                )
            self._column(f"patient_id: {scalar(LINE_COLUMN)}", why)
            self._note(file, LINE_COLUMN, "patient_id: the line's number; there is no id", "likely")
            return
        column = file.profile.column(file.id)
        if cut := [t for t in column.texts if re.fullmatch(r"\d(?:\.\d+)?[eE]\+?\d+", t)]:
            self._todo(
                file,
                f"a spreadsheet has cut ids such as {cut[0]}, so that several patients may be one; "
                "export the column again as text",
                file.id,
            )
        if column.identifier:
            self.needs_key = True
            why = f"sure: a {column.identifier}, hashed"
            self._column(f"patient_id: {{from: {scalar(file.id)}, hash: true}}", why)
            self._note(file, file.id, "patient_id, hashed")
            return
        repeat = "several rows a patient" if file.ids_repeat else "a row a patient"
        sure: Confidence = "sure" if rank_id(column) >= 75 else "likely"
        why = f"{sure}: {len(column.texts)} ids, {repeat}"
        self._read(file, column, "patient_id", scalar(file.id), why, sure)

    def _coded_lines(self, table: str, file: _File, rows: pd.DataFrame | None = None) -> None:
        """Map coded columns that have a name of the contract, which would be read by it.

        Of ``rows``, those of the table, something must be recorded in them.
        """
        done = set()
        for line, _ in reversed(self.lines):
            done.add(line.strip().split(":")[0])
            if line.strip() == "columns:":
                break
        for column in file.columns:
            name = column.field or column.name
            known = column.meanings or column.field
            there = column.kind != "empty" and (rows is None or (rows[column.name] != "").any())
            if known and there and name in {*TABLES[table].names} - done:
                self._read(file, column, name, why="sure: by its dictionary", confidence="sure")

    # Patients

    def _draft_patients(self, file: _File) -> None:
        columns = file.conditions
        where: dict[str, Any] = {}
        if file.ids_repeat and columns and not (file.frame[columns[0].name] != "").all():
            where = {columns[0].name: {"recorded": True}}
        first_day = {} if self.has_infusions else self._baseline_rows(file)
        where |= first_day
        self.with_birth.append(file)
        rows = file.frame
        for name, condition in where.items():
            rows = rows[rows[name].isin(condition["is"]) if "is" in condition else rows[name] != ""]
        fixed = file.constant(rows)
        several = file.ids_repeat and rows[file.id].duplicated().any()
        differ = several and len(fixed) < len(file.columns) - 1
        once = "sure: the rows of a patient agree in these columns" if differ else ""
        self._source(file, where=where, once=once)
        self._condition_lines(file, columns)
        for name in ("site", "sex", "age_years", "arm", "pain_since", "enrolled_on"):
            for column in [c for c in file.with_field(name) if c.name in fixed][:1]:
                self._patient_line(file, column, name)
        self._coded_lines("patients", file, rows)
        self._arm_line(file)
        if first_day:
            date = file.with_field("assessed_on")[0].name
            self._column(f"enrolled_on: {scalar(date)}", BASELINE_STANDS)
            fixed.add(date)
        elif not self.has_infusions and not file.with_field("enrolled_on"):
            self._start_line(file)
        self.dated_start |= any("enrolled_on:" in line for line, _ in self.lines)
        for column in [c for c in file.with_field("birth_year")[:1] if c.name in fixed]:
            text, why, year = scalar(column.name), "likely: years", ""
            if column.kind == "date":
                text, why = f"{{from: {text}, take: year}}", "sure: only the year is read"
                year = ", only the year"
            self._column(f"birth_year: {text}", why)
            self._note(file, column.name, f"birth_year{year}")

    def _arm_line(self, file: _File) -> None:
        project = file.profile.project
        for column in file.columns if project else ():
            assert project is not None
            events = {text: project.event(text) for text in column.texts}
            arms = {text: e.arm for text, e in events.items() if e is not None and e.arm}
            if len(set(arms.values())) > 1 and len(arms) == len(events):
                names = {t: project.arms.get(arm, f"arm {arm}") for t, arm in arms.items()}
                rule = flow({"from": column.name, "values": names})
                self._column(f"arm: {rule}", "sure: the arm of each event")

    def _baseline_rows(self, file: _File) -> dict[str, Any]:
        visits, dates = file.with_field("visit"), file.with_field("assessed_on")
        if not file.ids_repeat or len(visits) != 1 or not dates or file.with_field("enrolled_on"):
            return {}
        first = [t for t in visits[0].texts if _is_baseline(visit_of(visits[0].said(t)))]
        rows = file.frame[file.frame[visits[0].name].isin(first)]
        everyone = set(rows[file.id]) == set(file.ids())
        if not first or not everyone or (rows[dates[0].name] == "").any():
            return {}
        return {visits[0].name: {"is": first}}

    def _start_line(self, file: _File) -> None:
        """Take the date of the baseline for the start where no infusion and no entry is dated."""
        scores, dates = file.with_field("score"), file.with_field("assessed_on")
        if dates and file.ids_repeat and not any(f.with_field("study_day") for f in self.files):
            why = "TODO day 0: the column with the date on which the treatment began"
            self._column("# enrolled_on:", why)
            self._todo(
                file,
                "no column says when the treatment began (day 0); the date of a first rating is "
                "not taken for it. Add one, and name it under `enrolled_on`",
            )
        if not scores or not dates or file.ids_repeat:
            return
        paired = pair_dates(scores, dates)
        first = next((c for c in scores if _is_baseline(visit_of(c.words))), None)
        date = paired.get(first.name) if first is not None else None
        why = BASELINE_STANDS
        if date is None:
            date = next((c.name for c in dates if c.name not in paired.values()), None)
            why = "TODO unsure: is this when the treatment began?"
            if date is None:
                return
            self._todo(
                file,
                "is this when the treatment began? It stands for day 0 (`enrolled_on`); if these "
                "are infusions, give them as `infusions`",
                date,
            )
            self._note(file, date, "enrolled_on: day 0", "unsure", "what date it is, is not said")
        self._column(f"enrolled_on: {scalar(date)}", why)

    def _patient_line(self, file: _File, column: ColumnProfile, name: str) -> None:
        text, why = scalar(column.name), file.why(column)
        problem = remedy = ""
        if name == "sex":
            words = _sexes(column)
            for code in [t for t, word in words.items() if not word] if self.ask else ():
                assert self.ask is not None
                sex = self.ask(_sex_question(file.about(column.name), code))
                words[code] = "" if sex == "unknown" else sex
                why = "as answered"
            if unknown := [repr(t) for t, word in words.items() if not word and self.ask is None]:
                problem = f"the codes {', '.join(unknown[:4])} are not known"
                remedy = "map them under `values`: female, male, other"
                why = f"TODO unsure: {problem}; missing until mapped"
            if any(word != text for text, word in words.items()):
                text = f"{{from: {scalar(column.name)}, values: {flow(words)}}}"
        elif column.odd:
            missing = file.missing([column], column.odd)
            text = f"{{from: {scalar(column.name)}, missing: {flow(missing)}}}"
            why += "; texts that are no value are missing"
        elif column.meanings:
            text = _rule_of(column)
        if name == "arm" and all(re.fullmatch(r"\d+", column.said(t)) for t in column.texts):
            problem, remedy = "arms have numbers for names", "name them under `values`"
            why = f"TODO {why}; {remedy}: {{0: placebo, 1: drug}}"
        if problem:
            self._todo(file, f"{problem}; {remedy}", column.name)
        self._column(f"{name}: {text}", why)
        confidence = file.roles[column.name].confidence
        self._note(file, column.name, name, confidence, problem, remedy)

    def _condition_lines(self, file: _File, columns: list[ColumnProfile]) -> None:
        if not columns:
            known = " ".join([file.profile.file, file.profile.sheet or ""])
            code, answered = self._settle(
                file, "", "no column holds the diagnosis; which condition do these patients have?",
                choices=tuple(self.conditions.labels.items()),
                guess=condition_of(known, self.conditions)[0] or "other",
            )  # fmt: skip
            why = "as answered" if answered else "TODO unsure: no column holds the diagnosis"
            self._column(f"condition: {{constant: {scalar(code)}}}", why)
            return
        if len(columns) > 1 and all(map(_box, columns)):
            self._box_lines(file, columns)
            return
        column, *more = columns
        if file.roles[column.name].field == "icd10":
            codes = [t for t in column.texts if self.conditions.from_icd10(column.said(t))]
            if len(codes) == len(column.texts):
                self._column(f"icd10: {_rule_of(column)}", f"sure: {len(codes)} known codes")
            self._note(file, column.name, "icd10: " + ", ".join(column.texts[:6]))
            if len(codes) == len(column.texts):
                return
        if all(text in self.conditions.labels for text in column.texts):
            why = "sure: the contract's own words"
            self._read(file, column, "condition", scalar(column.name), why, "sure")
        else:
            self._word_lines(file, column)
        for other in more:
            self._note(file, other.name, "not read: a further diagnosis", "unsure")

    def _word_lines(self, file: _File, column: ColumnProfile) -> None:
        add = self._column
        add("condition:", f"likely: {file.roles[column.name].why}")
        add(f"  from: {scalar(column.name)}")
        add("  values:")
        subtypes, unknown, asked = {}, [], 0
        for text in dict.fromkeys((*column.texts, *column.meanings)):
            said = column.said(text)
            code, subtype, why = condition_of(said, self.conditions)
            if code is None and self.ask is not None and asked < MOST_QUESTIONS:
                asked += 1
                question = Question(
                    about=file.about(column.name),
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
            add(f"    {scalar(text)}: {code}", why)
            if subtype:
                subtypes[text] = subtype
        if len(unknown) > MOST_LISTED:
            more = len(unknown) - MOST_LISTED
            add("  other: other", f"TODO unsure: {more} further texts")
        problem = remedy = ""
        if unknown:
            first = [repr(column.said(text)) for text in unknown[:6]]
            shown = ", ".join(first) + (", ..." if len(unknown) > 6 else "")
            codes = ", ".join(self.conditions.labels)
            sentence = (
                f"which condition is {shown}? Taken for 'other' for now; the codes are {codes}"
            )
            self._todo(file, sentence, column.name)
            problem = f"{len(unknown)} of {len(column.texts)} diagnoses are not known"
            remedy = "give each its condition under `values`"
        if subtypes:
            rule = {"from": column.name, "values": subtypes, "other": ""}
            add(f"subtype: {flow(rule)}", "likely: by the same words")
        if n_blank := 0 if file.ids_repeat else column.n_rows - column.n_filled:
            have = "patient has" if n_blank == 1 else "patients have"
            sentence = f"{n_blank} {have} no diagnosis; complete the list, every patient needs one"
            self._todo(file, sentence, column.name)
        self._note(file, column.name, "condition", "likely", problem, remedy)

    def _box_lines(self, file: _File, columns: list[ColumnProfile]) -> None:
        """Map a form with a box for each diagnosis: the boxes joined, a line a combination."""
        add = self._column
        names = [c.name for c in columns]
        boxes = file.frame[names]
        boxes = boxes[~boxes.isin(MISSING_WORDS).any(axis=1)]
        add("condition:", "likely: a box for each diagnosis, joined")
        add(f"  join: {flow(names)}")
        add("  values:")
        n_todo = 0
        for row in boxes.drop_duplicates().sort_values(names, ascending=False).itertuples(False):
            ticked = [
                _box(own) for own, text in zip(columns, row, strict=True)
                if str(text).lower() in TICKED
            ]  # fmt: skip
            found = {condition_of(choice, self.conditions)[0] for choice in ticked}
            code = found.pop() if len(found) == 1 else None
            why = f"sure: {ticked[0]}" if code else ""
            if code is None:
                shown = " and ".join(ticked) or "no box"
                code, answered = self._settle(
                    file, re.split(r"___|\s*\(choice=", names[0])[0],
                    f"which condition has a patient with {shown} ticked?",
                    choices=tuple(self.conditions.labels.items()), guess="other",
                )  # fmt: skip
                why = "as answered" if answered else f"TODO unsure: {shown} ticked"
                n_todo += not answered
            add(f"    {scalar('-'.join(map(str, row)))}: {code}", why)
        problem = f"{n_todo} combinations of boxes are not known" if n_todo else ""
        remedy = "name them" if problem else ""
        for name in names:
            self._note(file, name, "condition, a box", "likely", problem, remedy)

    # Infusions

    def _draft_infusions(self, file: _File) -> None:
        columns = file.infusions()
        first = columns[0]
        dated = ~file.frame[first.name].isin([*MISSING_WORDS, *first.odd])
        wide = len(columns) > 1 or (not dated.all() and not file.ids_repeat)
        gaps = not wide and not dated.all()
        more = {first.name: {"recorded": True}} if gaps else {}
        again = (
            file.ids_repeat
            and not wide
            and first.name in file.constant(file.frame)
            and file.frame.loc[dated, file.id].duplicated().any()
        )
        once = "likely: every row of a patient repeats the date" if again else ""
        self._source(file, columns, more, once)
        if wide:
            self._add("wide:", "a column per infusion")
            for column in columns:
                self._column(f"- {{column: {scalar(column.name)}}}", file.why(column))
                confidence = file.roles[column.name].confidence
                self._note(file, column.name, "infused_at", confidence)
            if len(columns) == 2 and re.search(r"\b(?:last|letzte|final)\b", columns[1].words):
                self._column("# infusions between the first and the last are not in the file")
            return
        self._read(file, first, "infused_at", scalar(first.name), file.why(first), "sure")
        for name in ("dose_mg_per_kg", "minutes", "series", "phase", "protocol", "study_day"):
            for column in file.with_field(name)[:1]:
                most = TABLES["infusions"].column(name).high
                if most and column.high is not None and column.high > most:
                    self._note(file, column.name, "not read", "unsure", f"beyond {most:g}")
                else:
                    self._read(file, column, name)
        self._coded_lines("infusions", file)

    # Ends of relief

    def _draft_relief(self, file: _File) -> None:
        self._source(file)
        for column in file.with_field("relief_days")[:1]:
            found = re.search(r"\b(?:(h(?:ou)?rs?|h)|(min(?:ute)?s?)|(days?))\b", column.words)
            unit = UNIT_OF_RELIEF[found.lastindex] if found and found.lastindex else ""
            rule, why = {"from": column.name, "unit": unit or "hours"}, "likely: by its header"
            if not unit:
                why = "TODO unsure: hours, minutes or days?"
                sentence = "in which unit is relief timed? Taken for hours; say it under `unit`"
                self._todo(file, sentence, column.name)
            self._column(f"relief_days: {flow(rule)}", why)
            self._note(file, column.name, f"relief_days, in {unit or 'hours'}", "likely")
        for name in ("ended_at", "still_relieved", "infused_at"):
            for column in file.with_field(name)[:1]:
                self._read(file, column, name, scalar(column.name))

    # Scores

    def _draft_scores(self, file: _File) -> None:
        scores = file.with_field("score")
        whens = {c.name: visit_of(c.words) for c in scores}
        names = {when for when in whens.values() if when is not None}
        wide = len(scores) > 1 and (len(names) > 1 or not file.ids_repeat)
        wide = (wide or (len(scores) == 1 and bool(names))) and not file.sessions
        wide = wide and (len(scores) > 1 or not file.ids_repeat)
        dates = file.with_field("assessed_on", "infused_at") if wide else []
        more: dict[str, Any] = {}
        for measure in file.with_field("(measure)")[:1]:
            more = {measure.name: {"is": [t for t in measure.texts if _is_pain(measure.said(t))]}}
            self._note(file, measure.name, "filter: only pain")
        self._source(file, dates, more)
        if wide:
            self._wide_scores(file, scores, whens)
        else:
            self._long_scores(file, scores)

    def _score_rule(self, scores: list[ColumnProfile], file: _File) -> tuple[dict[str, Any], str]:
        """Return what must be done to the texts of scores: words for numbers, and for nothing."""
        values: dict[str, str] = {}
        missing: list[str] = []
        numbers = {t: n for c in scores for t in c.texts if (n := _number(t)) is not None}
        others = [n for n in numbers.values() if not 0 <= n <= 10]
        of_ten = all(n in SENTINELS for n in others)
        for text in dict.fromkeys(t for c in scores for t in c.odd):
            found = re.fullmatch(
                r"(\d+(?:[.,]\d+)?)(?:\s*(?:/|of|out of)\s*10\b.*|\s*[-=:]?\s+\D+)", text
            )
            if found:
                values[text] = found[1].replace(",", ".")
            elif not re.search(r"\d", text):
                missing.append(text)
            else:
                self._todo(
                    file,
                    f"the score {text!r} is not one number; correct it, or give it a number under "
                    "`values` or list it under `missing`",
                )
        for text, number in numbers.items():
            sentinel = number in SENTINELS and (of_ten or number > 100)
            if number in others and (number < 0 or sentinel):
                missing.append(text)
        for column in scores:
            missing += [t for t, said in column.meanings.items() if _NOT_SAID.search(said)]
        missing = list(dict.fromkeys(missing))
        rule: dict[str, Any] = {}
        if any(c.decimal_comma for c in scores) and file.profile.decimal != ",":
            rule["decimal"] = ","
        why = []
        if values:
            rule |= {"values": values, "other": "as_is"}
            why.append("the number before the words")
        if missing:
            rule["missing"] = file.missing(scores, missing)
            why.append(f"{', '.join(missing[:4])}: not asked, by all looks")
        return rule, "likely: " + "; ".join(why) if why else "sure: numbers"

    def _scale_line(self, file: _File, scores: list[ColumnProfile], rule: dict[str, Any]) -> str:
        """Add the scale where it is not 0 to 10; return the problem if none fits."""
        missing = set(rule.get("missing", ()))
        numbers = [
            n for c in scores for t in c.texts if t not in missing and (n := _number(t)) is not None
        ]
        if any(r.field == "scale" for r in file.roles.values()):
            return ""
        headers = " ".join(c.words for c in scores)
        many = sum(n > 10 for n in numbers) > 0.1 * len(numbers)
        if re.search(r"\b0 (?:to )?100\b", headers) or (many and max(numbers) <= 100):
            stated = "sure: its header says so" if "100" in headers else ""
            why = stated or f"likely: scores up to {max(numbers):g}"
            self._column("scale: {constant: vas_0_100}", why)
            return ""
        if not many:
            return ""
        self._column("scale: {constant: own}", "likely: see `scales` above")
        self.own_scale = True
        self._todo(
            file,
            f"scores go up to {max(numbers):g}; taken for a scale from 0 (no pain) without a known "
            "end, on which no points of 10 are counted. Give its end as `high` under `scales` if "
            "it is known (docs/mapping.md)",
        )
        return "a scale of its own"

    def _long_scores(self, file: _File, scores: list[ColumnProfile]) -> None:
        recalls = {c.name: recall_of(c.words) for c in scores}
        rule, why = self._score_rule(scores, file)
        several = len(scores) > 1 and len(set(recalls.values())) == len(scores)
        column = scores[0]
        if several:
            if rule:
                self._column(f"score: {flow(rule)}", why)
        else:
            text = flow({"from": column.name, **rule}) if rule else scalar(column.name)
            self._column(f"score: {text}", why if rule else file.why(column))
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
                recall = recalls[column.name]
                self._column(f"recall: {{constant: {recall}}}", "sure: its header says so")
        problem = self._scale_line(file, scores, rule)
        self._time_lines(file, scores)
        for name in ("scale", "recall"):
            for own in file.with_field(name)[:1]:
                why = "sure: the contract's own name"
                self._read(file, own, name, why=why, confidence="sure")
        if several:
            self._add("wide:", "a column per kind of rating")
        for own in scores if several else scores[:1]:
            recall = recalls[own.name]
            if several:
                entry = {"column": own.name, "recall": recall or "not_stated"}
                self._column(f"- {flow(entry)}", "likely: by its header")
            confidence = file.roles[own.name].confidence
            self._note(file, own.name, "score " + recall, confidence, problem)

    def _time_lines(self, file: _File, scores: list[ColumnProfile]) -> None:
        """Add when the ratings of a long table were made: date, study day, visit."""
        rated = file.frame
        rated = rated[~rated[[c.name for c in scores]].isin(MISSING_WORDS).all(axis=1)]
        dates = file.with_field("infused_at" if file.sessions else "assessed_on")
        best = max(dates, key=lambda c: (_date_rank(c), (rated[c.name] != "").mean()), default=None)
        days, visits = file.with_field("study_day")[:1], file.with_field("visit")[:1]
        if best is not None and days and not self.dated_start:
            self._note(file, best.name, "not read: no date of a start, so study days are", "likely")
            best = None
        n_gaps = 0
        if best is not None:
            n_gaps = self._date_line(file, best, rated, alone=not days and not visits)
            if not n_gaps:
                for column in days:
                    self._note(file, column.name, "not read: every rating has its date")
                days = []
        for column in days:
            unit = _unit_of(column.words)
            rule = column.name if unit == "days" else {"from": column.name, "unit": unit}
            self._column(f"study_day: {flow(rule)}", f"likely: {unit} since the start")
            self._note(file, column.name, f"study_day, in {unit}", "likely")
        for column in visits:
            self._visit_lines(file, column, rated, day=not days and bool(best is None or n_gaps))
        if best is not None or days or visits:
            return
        when = visit_of(file.profile.sheet or "") or visit_of(file.profile.file.rsplit(".")[0])
        if when is not None and when.day is not None:
            day = f"{when.day * UNITS_IN_DAYS[when.unit]:g}"
            self._column(f"study_day: {{constant: {day}}}", "likely: by the name of the file")
            if when.visit:
                rule = f"{{constant: {when.visit}}}"
                self._column(f"visit: {rule}", "likely: by the name of the file")
        else:
            self._column("# assessed_on:", "TODO no column says when a rating was made")
            self._todo(
                file,
                "no column says when a rating was made; add a date, a study day or the name of the "
                "visit",
            )

    def _date_line(
        self, file: _File, date: ColumnProfile, rated: pd.DataFrame, *, alone: bool
    ) -> int:
        """Add the dates of ratings; return how many ratings have none. ``alone``: no other time."""
        placeholder = [t for t in date.texts if re.match(r"(?:000|1[0-8]\d|19[0-8])\d-", t)]
        missing = [*date.odd, *placeholder]
        text: Any = date.name
        why = file.why(date)
        if missing:
            text = {"from": date.name, "missing": file.missing([date], missing)}
            why += f"; {', '.join(missing[:3])} stands for nothing"
        self._column(f"assessed_on: {flow(text)}", why)
        n = int(rated[date.name].isin(["", *missing]).sum())
        problem = f"{n} {'rating has' if n == 1 else 'ratings have'} no date" if n else ""
        remedy = "complete them, or leave them out with `exclude: [unreadable_value]`" if n else ""
        if n and alone:
            answer, _ = self._settle(
                file, date.name, f"{problem}; {remedy}?",
                choices=(
                    ("complete", "refused until they are complete"),
                    ("leave_out", f"left out and counted, {n} of {len(rated)}"),
                ),
                guess="complete",
            )  # fmt: skip
            if answer == "leave_out":
                self.left_out = problem
        confidence = file.roles[date.name].confidence
        self._note(file, date.name, "assessed_on", confidence, problem, remedy)
        return n

    def _visit_lines(
        self, file: _File, column: ColumnProfile, rated: pd.DataFrame, *, day: bool
    ) -> None:
        texts = [t for t in column.texts if (rated[column.name] == t).any()]
        whens = {t: visit_of(column.said(t)) for t in texts}
        names = {t: _planned(w) or w.visit for t, w in whens.items() if w is not None and w.visit}
        if any(plain_words(t) != plain_words(names.get(t, t)) for t in texts):
            rule = {"from": column.name, "values": names, "other": ""}
            self._column(f"visit: {flow(rule)}", "likely: by the names of visits")
        else:
            self._column(f"visit: {scalar(column.name)}", "sure: names of visits")
        problem = ""
        if day and texts:
            known = {
                t: w.day * UNITS_IN_DAYS[w.unit]
                for t, w in whens.items()
                if w and w.day is not None
            }
            known = {t: column.days[t] for t in texts if t in column.days} | known
            why = "likely: for ratings without a date, by the visit's name"
            self._column("study_day:", why)
            self._column(f"  from: {scalar(column.name)}")
            self._column("  values:")
            for text in texts:
                value, why = f"{known.get(text, 0):g}", "likely: by its name"
                if text not in known:
                    guess = "7" if whens[text] is not None else ""
                    value, answered = self._settle(
                        file, column.name,
                        f"how many days after the first infusion is {text!r}?",
                        choices=((guess, f"day {guess}"),) if guess else (("", "not known"),),
                        guess=guess, free=True,
                    )  # fmt: skip
                    why = "as answered" if answered else "TODO unsure: on which study day?"
                    problem = "" if answered else "a visit without a day"
                self._column(f"    {scalar(text)}: {flow(value)}", why)
            if len(texts) < len(column.texts):
                self._column('  other: ""', "visits without a score")
        remedy = "give it a study day under `values`" if problem else ""
        self._note(file, column.name, "visit", "likely", problem, remedy)

    def _wide_scores(
        self, file: _File, scores: list[ColumnProfile], whens: dict[str, When | None]
    ) -> None:
        dates = pair_dates(scores, file.with_field("assessed_on"))
        numbered = _numbered(scores, whens, dates)
        for name, visit in numbered.items():
            whens[name] = When(visit, 0.0 if visit == "baseline" else None)
        unnamed = [c.name for c in scores if whens[c.name] is None and c.name not in dates]
        if len(unnamed) == 1 and not any(map(_is_baseline, whens.values())):
            whens[unnamed[0]] = When("baseline", 0.0)  # the one that needed no name
        scores = self._one_a_rating(file, scores, whens, dates)
        rule, why = self._score_rule(scores, file)
        if rule:
            self._column(f"score: {flow(rule)}", why)
        self._scale_line(file, scores, rule)
        recalls = {c.name: recall_of(c.words) for c in scores}
        shared = set(recalls.values())
        if len(shared) == 1 and "" not in shared:
            self._column(f"recall: {{constant: {shared.pop()}}}", "sure: the headers say so")
            recalls = {}
        self._add("wide:", "a column per rating")
        for column in scores:
            date = dates.get(column.name)
            by_number = column.name in numbered
            self._wide_score(file, column, whens[column.name], date, recalls, by_number)

    def _wide_score(
        self,
        file: _File,
        column: ColumnProfile,
        when: When | None,
        date: str | None,
        recalls: dict[str, str],
        by_number: bool,
    ) -> None:
        """Add one column of ratings: by its date, the visit or day of its header, or a guess."""
        entry: dict[str, Any] = {"column": column.name}
        last = file.infusions()[-1:]
        planned = _planned(when) if when is not None else ""
        confidence: Confidence = "sure" if when else "likely" if date else "unsure"
        why = "by its header" if when else "its header names no visit"
        todo = problem = remedy = ""
        if date:
            why = "its date stands beside it"
            entry["assessed_on"] = date
            self._note(file, date, f"date of '{column.name}'")
        elif when is not None and when.day != 0 and planned:
            entry["visit"] = planned
            confidence = "likely"
            if by_number:
                confidence, todo = "unsure", "which visit is it? By their order for now"
                problem, remedy = "its header has a number", "name its `visit`"
                self._todo(
                    file,
                    f"which visit is it? Taken for now: {planned}, by the order of the numbers.",
                    column.name,
                )
        elif when is not None and when.day is not None:
            entry["study_day"] = f"{when.day:g}"
            entry |= {"unit": when.unit} if when.unit != "days" else {}
            confidence = "sure" if when.day == 0 else "likely"
        elif last:
            entry["assessed_on"] = last[0].name
            problem = todo = "no date of its own; the last infusion's stands in"
            remedy = "give a column of dates under `assessed_on`"
            self._todo(file, f"{todo}; {remedy}", column.name)
        else:
            entry["study_day"], answered = self._settle(
                file, column.name,
                "on which study day was it rated (days after the first infusion)?",
                choices=(("7", "day 7"), ("14", "day 14"), ("28", "day 28")),
                guess="7", free=True,
            )  # fmt: skip
            if not answered:
                todo, problem = "on which study day was it rated?", "no date and no day"
                remedy = "give its `study_day` or a column of dates"
        if when is not None and when.visit in ("baseline", "end"):
            entry["visit"] = when.visit
        elif when is not None and date and planned and _undated(file, column, date):
            entry["visit"] = planned
        elif when is None and not date:
            problem = problem or "its header names no visit"
        if recalls.get(column.name):
            entry["recall"] = recalls[column.name]
        self._column(f"- {flow(entry)}", f"TODO {todo}" if todo else f"{confidence}: {why}")
        meaning = "score" + (f", {when.visit.replace('_', ' ')}" if when and when.visit else "")
        self._note(file, column.name, meaning, confidence, problem, remedy)

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
                meaning = "not read: a second score of the same time"
                problem, remedy = f"'{kept[key].name}' is read", "choose one in the mapping"
                self._note(file, column.name, meaning, "unsure", problem, remedy)
            else:
                kept[(*key, column.name) if key in kept else key] = column
        return [column for column in scores if column in kept.values()]

    # Side effects, opioids, questionnaires

    def _draft_records(self, table: str, file: _File) -> None:
        what = table.replace("_", " ")
        for found in [found for found in file.records if found.table == table]:
            dates = _dates_of(table, file, found)
            self._source(file, dates.values())
            timed = bool(found.wide) and all({"visit", "study_day"} & set(w) for _, w in found.wide)
            for when, date in dates.items() if not timed else ():
                self._read(file, date, when, scalar(date.name), "likely: the file's date")
            if not dates and not timed:
                self._column("# study_day:", "TODO no column says when this was")
                self._todo(
                    file,
                    f"no column says when {what} were recorded; add a date, a study day or the "
                    "name of the visit",
                )
            for name, own in found.columns.items():
                why = "likely: by its header or values"
                self._read(file, file.profile.column(own), name, why=why)
            self._coded_lines(table, file)
            if found.wide and table == "adverse_events":
                why = "TODO was every effect asked about by name? A blank is then no answer"
                self._column('solicited: {constant: "yes"}', why)
            if found.wide:
                self._add("wide:", "a column for each")
            for own, said in found.wide:
                self._column(f"- {flow({'column': own, **said})}", "likely: by its header")
                meant = said.get("term") or said.get("instrument") or "MME a day"
                self._note(file, own, f"{what}: {meant}", "likely")

    # The rest

    def _name_the_rest(self) -> None:
        """Note every column that the draft leaves out, in the order of the files."""
        places: dict[tuple[str, str], tuple[int, int]] = {}
        for at, file in enumerate(self.files):
            for k, column in enumerate(file.columns):
                places[file.profile.shown, column.name] = (at, k)
                role = file.roles.get(column.name)
                seems = f"not read; it looks like {role.field}" if role else "not read"
                confidence: Confidence = "unsure" if role else "likely"
                problem = remedy = ""
                if column.identifier:
                    seems, confidence = f"not read: {column.identifier}", "sure"
                    problem = "names a person"
                elif column.kind == "empty":
                    seems, confidence = "not read: empty", "sure"
                elif column.kind in ("word", "text") and DATE_WORDS.search(column.words):
                    seems, confidence = "not read", "unsure"
                    problem = "its header says date, but its values are none that are read"
                    remedy = "write them as 2026-03-28"
                elif any(column.name in TABLES[table].names for table in file.tables):
                    seems, confidence = column.name, "sure"
                self._note(file, column.name, seems, confidence, problem, remedy)
        self.understood.sort(key=lambda row: places.get((row.file, row.column), (99, 0)))


BASELINE_STANDS = "likely: no infusion is dated, so the baseline's date stands for the start"
TICKED = ("1", "checked", "yes", "true", "x")


def _long_measures(file: _File) -> None:
    """Take a column of numbers beside one that names the measure for pain among others."""
    values = [
        c
        for c in file.columns
        if c.kind == "number" and re.fullmatch(r"value|result|aval|wert|answer|valeur", c.words)
    ]
    named = [
        c for c in file.columns if c.kind == "word" and any(map(_is_pain, map(c.said, c.texts)))
    ]
    if values and named:
        file.take(values[0], "score", "likely", "values of several measures")
        file.take(named[0], "(measure)", "likely", "names the measure")


def _dates_of(table: str, file: _File, found: Found) -> dict[str, ColumnProfile]:
    """Return the dates of a file's records by column of the contract: those most of them have.

    Of side effects in rows of their own both are read: the infusion's, and the effect's.
    """
    own = file.frame[(file.frame[list(found.names)] != "").any(axis=1)]
    dates: dict[str, ColumnProfile] = {}
    counts = {c.name: int((own[c.name] != "").sum()) for c in file.columns}
    dated = file.with_field("infused_at", "assessed_on", "occurred_on")
    for column in sorted(dated, key=lambda c: -counts[c.name]):
        when = "assessed_on"
        if table == "adverse_events":
            infused = file.roles[column.name].field == "infused_at"
            when = "infused_at" if infused else "occurred_on"
        if not dates or (found.names_rows and counts[column.name]):
            dates.setdefault(when, column)
    return dates


def _undated(file: _File, column: ColumnProfile, date: str) -> bool:
    """Return whether a score has no date beside it, so that the visit's name must place it."""
    scored = ~file.frame[column.name].isin([*MISSING_WORDS, *column.odd])
    return bool((scored & file.frame[date].isin(MISSING_WORDS)).any())


def _sexes(column: ColumnProfile) -> dict[str, str]:
    """Return the sex that each text of a column stands for, "" for one that is not known."""
    texts = dict.fromkeys((*column.texts, *column.meanings))
    words = {t: SEX_WORDS.get(plain_words(column.said(t)), "") for t in texts}
    if "h" in (used := {plain_words(t) for t in words}):  # hombre, mujer; homme, femme
        own = {"h": "male"} | ({} if used & {"f", "w"} else {"m": "female"})
        words = {t: own.get(plain_words(t), word) for t, word in words.items()}
    return words


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
    week = when.day * UNITS_IN_DAYS[when.unit] / 7
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


def _box(column: ColumnProfile) -> str:
    return _choice(column.label) or _choice(column.name)


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


_FILLERS = words_for("fillers")
"""Words that say nothing of which date belongs to which score."""


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
