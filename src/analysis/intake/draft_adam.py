"""Draft a mapping for CDISC ADaM datasets: ADSL, BDS of pain and questionnaires, ADAE, ADTTE.

Variables have their standard names, so that columns need no guess. Parameters do not: which one is
pain is known by its words, and asked where none says so. Study days have ADaM's calendar, in which
treatment begins on day 1 and the day before is -1. The suite's own datasets, as ``reliefcheck
datasets`` writes them, are known by DAY0 in ADSL and read with every rating and infusion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import InputError
from analysis.intake.codes import adam_names, instrument_of
from analysis.intake.draft import Draft, flow, scalar
from analysis.intake.profile import plain_words, profile_column
from analysis.intake.read import TYPED_ENDINGS, load_raw_table
from analysis.intake.recognize import NO_SCORE, RELIEF_LASTED, recall_of
from analysis.intake.tables import load_conditions
from analysis.intake.values import Refusal, parse_number

ENDINGS = (".csv", *TYPED_ENDINGS)

SEXES = {"F": "female", "M": "male", "U": "", "UNDIFFERENTIATED": "other"}
SEVERITIES = {"MILD": "1", "MODERATE": "2", "SEVERE": "3"}
OUTCOMES = {
    "RECOVERED/RESOLVED": "yes", "RECOVERED/RESOLVED WITH SEQUELAE": "yes", "UNKNOWN": "",
    "NOT RECOVERED/NOT RESOLVED": "no", "RECOVERING/RESOLVING": "no", "FATAL": "no",
}  # fmt: skip
"""Terms of CDISC for sex, severity (AESEV) and outcome (AEOUT)."""

MOST_GAP_DAYS = 28
"""First and last day of treatment within as many days make one series of two dates."""

PARAMETERS_SHOWN = 12

PAIN = re.compile(r"\b(?:pain|nrs\w*|nprs|bpi)\b")
"""Words of a parameter that is a pain score."""


@dataclass(kw_only=True)
class _Adam(Draft):
    frames: dict[str, pd.DataFrame]
    files: dict[str, Path]
    dropped: dict[str, list[str]] = field(default_factory=dict)

    @property
    def own(self) -> bool:
        return "DAY0" in self.frames["adsl"] and "painrate" in self.frames

    def has(self, name: str, *columns: str) -> list[str]:
        frame = self.frames[name]
        return [c for c in columns if c in frame and (frame[c] != "").any()]

    def texts(self, name: str, column: str) -> list[str]:
        frame = self.frames[name]
        return [t for t in frame[column].unique() if t] if column in frame else []

    def params(self, name: str) -> dict[str, str]:
        frame = self.frames[name]
        return dict(zip(frame["PARAMCD"], frame.get("PARAM", frame["PARAMCD"]), strict=True))

    def note(self, name: str, column: str, meaning: str, problem: str = "") -> None:
        holds = f"{len(self.frames[name]):,} records"
        self.understand(self.files[name].name, column, meaning, holds=holds, problem=problem)

    def rule(
        self, name: str, columns: dict[str, Any], *, where: dict[str, Any] | None = None,
        once: bool = False, why: str = "",
    ) -> None:  # fmt: skip
        """Add a source of a table: columns that the dataset does not have are left out."""
        self.add(f"    - file: {scalar(self.files[name].name)}",
                 f"{len(self.frames[name]):,} records")  # fmt: skip
        if where:
            self.add(f"      where: {flow(where)}", why)
        if once:
            self.add("      one_row_per_patient: true", "each row of a patient repeats it")
        if drop := self.identifying(name):
            self.add(f"      drop: {flow(drop)}", "names a person, or looks like it")
        self.add("      columns:")
        for column, source in columns.items():
            text = flow(source) if isinstance(source, dict) else scalar(source)
            self.add(f"        {column}: {text}")
        read = ", ".join(f"{source['from']}" if isinstance(source, dict) and "from" in source
                         else str(source) for source in columns.values()
                         if not isinstance(source, dict) or "from" in source)  # fmt: skip
        self.note(name, read, ", ".join(columns))

    def coded(
        self, name: str, column: str, words: dict[float, str], *, other: str = ""
    ) -> dict[str, Any]:
        """Return the rule for a variable of codes, as the file writes them: 1, or 1.0."""
        texts = {t: n for t in self.texts(name, column)
                 if not isinstance(n := parse_number(t), Refusal)}  # fmt: skip
        values = {text: words[n] for text, n in texts.items() if n in words}
        rule = {"from": column, "values": values}
        return rule | {"other": other} if other else rule

    def identifying(self, name: str) -> list[str]:
        if name not in self.dropped:
            frame = self.frames[name].drop(columns="USUBJID", errors="ignore")
            self.dropped[name] = [c for c in frame if profile_column(c, frame[c]).identifier]
        return self.dropped[name]

    def when(self, name: str, day: str, *dates: str) -> dict[str, Any]:
        """Return the rules for the time of a record: its date, and its study day without one."""
        columns: dict[str, Any] = {}
        if dated := self.has(name, *dates):
            columns[day] = dated[0] if len(dated) == 1 else {"first_of": dated}
        undated = not dated or (self.frames[name][dated] == "").all(axis=1).any()
        if undated and (days := self.has(name, "ADY", "ASTDY")):
            columns["study_day"] = days[0]
        return columns


def draft_adam(path: Path, *, name: str) -> Draft | None:
    """Return the draft for a folder with ADSL, None for any other export.

    Raises
    ------
    InputError
        No dataset has analysis values by parameter, so that there can be no pain score.
    """
    if not path.is_dir():
        return None
    files = {
        f.stem.lower(): f for f in sorted(path.iterdir(), key=_rank)
        if f.suffix.lower() in ENDINGS
    }  # fmt: skip
    if "adsl" not in files:
        return None
    frames = {stem: load_raw_table(file).frame.astype(str) for stem, file in files.items()}
    adam = _Adam(frames=frames, files=files)
    if "USUBJID" not in frames["adsl"]:
        return None
    measures = [
        n for n in frames
        if {"PARAMCD", "AVAL"} <= {*frames[n]} and "CNSR" not in frames[n] and n != "adpain"
    ]  # fmt: skip
    if not measures and "painrate" not in frames:
        raise InputError(
            f"{path.name} has the datasets {', '.join(f.name for f in files.values())}, and none "
            "with analysis values by parameter (PARAMCD, AVAL): there is no pain score. Add the "
            "dataset of pain (ADQS, ADPAIN), or draft the mapping by hand (docs/formats.md)."
        )
    adam.begin(name)
    if not adam.own:
        adam.add("settings: {day0_study_day: 1}", "ADaM's calendar: treatment begins on day 1")
    adam.add("tables:", "CDISC ADaM; docs/formats.md")
    _patients(adam)
    _infusions(adam)
    _pain(adam, measures)
    _questionnaires(adam, measures)
    _opioids(adam)
    _events(adam)
    _relief(adam)
    return adam


def _rank(file: Path) -> tuple[bool, str]:
    """Of a dataset that is there in several forms, the transport file comes last and is read."""
    return file.suffix.lower() == ".xpt", file.name


def _patients(adam: _Adam) -> None:
    columns: dict[str, Any] = {"patient_id": "USUBJID"}
    labels = load_conditions().labels
    coded = adam.texts("adsl", "COND")
    if coded and set(coded) <= {*labels}:
        columns |= {"condition": "COND", "subtype": "SUBTYP"}
    else:
        columns["condition"] = {"constant": "other"}
        adam.open(
            f"ADSL: no variable tells the condition; taken for now: other. The codes are "
            f"{', '.join(labels)}."
        )
    columns["site"] = "SITEID"
    sexes = adam.texts("adsl", "SEX")
    known = {code: word for code, word in SEXES.items() if code in sexes}
    columns["sex"] = {"from": "SEX", "values": known} if known else "SEX"
    columns["age_years"] = "AGE"
    arms = next((c for c in ("TRT01P", "ARM") if len(adam.texts("adsl", c)) > 1), None)
    if arms:
        columns["arm"] = arms
    own = {"ICD10": "icd10", "PAINSDT": "pain_since", "NFAILED": "prior_treatments_failed"}
    own |= {**adam_names("flags"), **adam_names("care"), "ENRDT": "enrolled_on"}
    columns |= {column: name for name, column in own.items() if adam.own}
    columns = {
        column: source for column, source in columns.items()
        if isinstance(source, dict) or adam.has("adsl", source)
    }  # fmt: skip
    if not adam.own and not _is_short(adam) and adam.has("adsl", "TRTSDT"):
        columns["enrolled_on"] = "TRTSDT"
    adam.add("  patients:")
    adam.rule("adsl", columns)


def _is_short(adam: _Adam) -> bool:
    if not adam.has("adsl", "TRTSDT") or not adam.has("adsl", "TRTEDT"):
        return False
    dates = adam.frames["adsl"][["TRTSDT", "TRTEDT"]].apply(pd.to_datetime, errors="coerce")
    return bool((dates["TRTEDT"] - dates["TRTSDT"]).dt.days.median() <= MOST_GAP_DAYS)


def _infusions(adam: _Adam) -> None:
    if adam.own:
        own = adam_names("exposure") | {"PROTOCOL": "protocol", "AEASKFL": "ae_assessed"}
        there = adam.has("adex", *own)
        columns = {
            "patient_id": "USUBJID", **adam.when("adex", "infused_at", "ADTM"),
            "phase": adam.coded("adex", "SERIES", {1: "initial"}, other="maintenance"),
            **{own[name]: name for name in there},
        }  # fmt: skip
        adam.add("  infusions:")
        adam.rule("adex", columns)
    elif _is_short(adam):
        adam.add("  infusions:")
        adam.add(f"    - file: {scalar(adam.files['adsl'].name)}")
        adam.add("      columns: {patient_id: USUBJID}")
        adam.add("      wide:", "first and last day of treatment; those between are not in ADSL")
        adam.add("        - {column: TRTSDT}")
        adam.add("        - {column: TRTEDT}")
        adam.note("adsl", "TRTSDT, TRTEDT", "first and last infusion")
    else:
        adam.open(
            "ADSL: TRTSDT is day 0; treatment lasted longer than a series of infusions, so visits "
            "count from its first day. Name the infusions, if the datasets have them."
        )


def _known(adam: _Adam, name: str, *, pain: bool) -> dict[str, str]:
    """Return the parameters of a dataset that are pain scores, or instruments, with their name."""
    found = {}
    for code, param in adam.params(name).items():
        instrument = instrument_of(code) or instrument_of(param)
        words = plain_words(f"{code} {param}")
        if pain and not instrument and PAIN.search(words) and not NO_SCORE.search(words):
            found[code] = param
        elif instrument and not pain:
            found[code] = instrument
    return found


def _pain(adam: _Adam, measures: Iterable[str]) -> None:
    adam.add("  pain_scores:")
    if adam.own:
        columns = {
            "patient_id": "USUBJID", "score": "AVAL", **adam.when("painrate", "assessed_on", "ADT"),
            "recall": "RECALL",
        }  # fmt: skip
        adam.rule("painrate", columns)
        return
    found = {name: codes for name in measures if (codes := _known(adam, name, pain=True))}
    for name, codes in found.items():
        recalls: dict[str, str] = {}
        for code, param in codes.items():
            recall = recall_of(param) or "not_stated"
            if recall in recalls.values():
                adam.open(
                    f"{adam.files[name].name}: {code} ({param}) looks back as a parameter before "
                    "it does, and is not read; two measures are never mixed. Name the one that is "
                    "meant."
                )
            else:
                recalls[code] = recall
        where, columns = _measure(adam, name, list(recalls))
        adam.rule(name, {**columns, "recall": {"from": "PARAMCD", "values": recalls}}, where=where,
                  why="pain, as it was rated: derived rows (DTYPE) are none")  # fmt: skip
    if not found:
        name = next(iter(measures))
        params = adam.params(name).items()
        listed = [f"{code} ({param})" for code, param in params][:PARAMETERS_SHOWN]
        where, columns = _measure(adam, name, ["TODO"])
        adam.rule(name, columns, where=where, why="TODO which parameter is the pain score?")
        adam.open(
            f"{adam.files[name].name}: no parameter says pain, so there is no pain score; it has "
            f"{', '.join(listed)}. Name the one that is, or add the dataset that has it."
        )


def _measure(adam: _Adam, name: str, codes: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    where: dict[str, Any] = {"PARAMCD": codes}
    if adam.has(name, "DTYPE"):
        where["DTYPE"] = {"recorded": False}
    where["AVAL"] = {"recorded": True}
    columns = {
        "patient_id": "USUBJID", "score": "AVAL",
        **adam.when(name, "assessed_on", "ADTM", "ADT"),
    }  # fmt: skip
    return where, columns


def _questionnaires(adam: _Adam, measures: Iterable[str]) -> None:
    found = {name: codes for name in measures if (codes := _known(adam, name, pain=False))}
    if found:
        adam.add("  questionnaires:")
    for name, codes in found.items():
        instrument = {"from": "PARAMCD", "values": codes}
        where, columns = _measure(adam, name, list(codes))
        adam.rule(name, {**columns, "instrument": instrument}, where=where)
        if adam.own:
            where["AVAL"], where["BASE"] = None, {"recorded": True}
            columns = {"patient_id": "USUBJID", "score": "BASE", "instrument": instrument,
                       "visit": {"constant": "baseline"}}  # fmt: skip
            adam.rule(name, columns, where={k: v for k, v in where.items() if v}, once=True)


def _opioids(adam: _Adam) -> None:
    if not adam.own or "adop" not in adam.frames or not adam.has("adop", "AVAL", "BASE"):
        return
    codes = [code for code in adam.texts("adop", "PARAMCD") if code.startswith("MME22")]
    adam.add("  opioid_use:")
    shared = {"patient_id": "USUBJID", "basis": "OPBASIS"}
    if adam.has("adop", "AVAL"):
        columns = {**shared, "mme_per_day": "AVAL", **adam.when("adop", "assessed_on", "ADT")}
        adam.rule("adop", columns, where={"PARAMCD": codes, "AVAL": {"recorded": True}})
    columns = {**shared, "mme_per_day": "BASE", "visit": {"constant": "baseline"}}
    where = {"PARAMCD": codes, "BASE": {"recorded": True}}
    adam.rule("adop", columns, where=where, once=True)


def _events(adam: _Adam) -> None:
    name = next((n for n, frame in adam.frames.items() if {"AETERM", "USUBJID"} <= {*frame}), None)
    if name is None:
        return
    columns: dict[str, Any] = {
        "patient_id": "USUBJID", "term": "AETERM",
        **adam.when(name, "occurred_on", "ASTDTM", "ASTDT"),
    }  # fmt: skip
    for variable, column in (
        ("AEDECOD", "preferred_term"), ("AEBODSYS", "body_system"), ("AESER", "serious"),
        ("AESHOSP", "hospital_transfer"), ("AENDT", "resolved_on"),
    ):  # fmt: skip
        if adam.has(name, variable) and not (adam.own and column == "preferred_term"):
            columns[column] = variable
    if grades := adam.has(name, "ATOXGRN", "AETOXGRN", "ATOXGR", "AETOXGR"):
        columns["grade"] = grades[0]
    elif set(adam.texts(name, "AESEV")) & {*SEVERITIES}:
        columns["grade"] = {"from": "AESEV", "values": SEVERITIES}
    if set(adam.texts(name, "AEOUT")) & {*OUTCOMES}:
        columns["resolved"] = {"from": "AEOUT", "values": OUTCOMES, "other": ""}
    if adam.own:
        more = {"ADURN": "minutes_to_resolution", "AESOLFL": "solicited",
                "AESTOPFL": "stopped_infusion"}  # fmt: skip
        columns |= {more[variable]: variable for variable in adam.has(name, *more)}
        columns["resolved"] = adam.coded(name, "CNSR", {0: "yes", 1: "no"})
    adam.add("  adverse_events:")
    adam.rule(name, columns)
    if not adam.own:
        adam.open(
            "ADAE: ADaM does not say who was asked; in a trial all were: say `ae_assessed: "
            '{constant: "yes"}` under the columns of patients.'
        )


def _relief(adam: _Adam) -> None:
    """Read times to an event that are lengths of relief; others are named as not read."""
    for name, frame in adam.frames.items():
        if not {"PARAMCD", "AVAL", "CNSR"} <= {*frame} or adam.own:
            continue
        params = adam.params(name)
        codes = [code for code, param in params.items() if RELIEF_LASTED.search(plain_words(param))]
        if not codes:
            listed = ", ".join(params.values())
            adam.note(name, "AVAL, CNSR", "not read", f"no length of relief: {listed}")
            continue
        adam.add("  relief_ends:")
        lasts = adam.coded(name, "CNSR", {0: "no"}, other="yes")
        columns = {"patient_id": "USUBJID", "relief_days": "AVAL", "still_relieved": lasts}
        adam.rule(name, columns, where={"PARAMCD": codes}, why="days, as ADaM has them by default")
