"""What is said of each statement of the copy: listed or not, borne out or not, what is to fix.

Statements (`text`) are matched to the ledger (`match`) and compared with the verdicts of a run. No
wording is suggested, and a rule that touches a sentence is a reason to look, not a breach.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from analysis.claims.approvals import Approval, State
from analysis.claims.intervals import judge_interval
from analysis.claims.judgement import Judgement
from analysis.claims.ledger import ALL, TO_CONFIRM, Claim
from analysis.claims.may_say import OFF_LABEL, RISKS
from analysis.claims.reasons import describe_firmness
from analysis.claims.records import FILE as CLAIMS_FILE
from analysis.claims.records import read_claims
from analysis.claims.rules import (
    BENEFIT,
    CHECKS,
    CREDENTIAL,
    HARM,
    LASTING,
    MECHANISM,
    SOFT,
    Rule,
    load_rules,
)
from analysis.errors import InputError
from analysis.files import read_plain, sha256_of
from analysis.labels import plain_text
from analysis.lint.match import (
    LISTED,
    MEASURE_OF_LEDGER,
    NARROWED,
    PEOPLE,
    Match,
    Matcher,
    conditions_in,
    measure_in,
)
from analysis.lint.never import find_never_said
from analysis.lint.quantities import (
    PATTERNS,
    WEEKS_OF,
    Cue,
    Quantity,
    flat_text,
    has_number,
    listed_words,
)
from analysis.lint.text import Document, Statement, sentences_in, split_statements
from analysis.numbers import date_text
from analysis.settings import data_rows

# The verdicts of a run, and whether they still hold for this ledger and these data

RUN_FILE = "run.json"
_SAME = ("wording", "reading", "condition", "cited_low", "cited_high", "unit")
"""Fields of a claim that a verdict rests on."""

_MAY_BE_EMPTY = ("unit", "reading", "cited_low", "cited_high")
"""Fields that a claim may leave empty and a judgement fills: of claims no data can test, and of
figures that a word such as "often" is read as."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """The verdicts of a run by claim id, and whether they still hold."""

    name: str = ""  # of its folder; empty when there is no run
    export: str = ""
    started: str = ""
    synthetic: bool = False
    conditions: tuple[str, ...] = ()  # codes with patients in the data
    verdicts: Mapping[str, Judgement]
    outdated: tuple[str, ...] = ()  # why no verdict holds any more: a newer run, changed data
    approvals: Mapping[str, tuple[Approval, State]] = field(default_factory=dict)  # of claims

    def stale(self, claim: Claim) -> str:
        """Return why the verdict on a claim no longer holds; empty when it does."""
        if not self.name:
            return ""
        judged = self.verdicts.get(claim.claim_id)
        if judged is None:
            return f"the run has no verdict on {claim.claim_id}: the ledger is newer than the run"
        changed = []
        for name in _SAME:
            then, now = getattr(judged, name), getattr(claim, name)
            if (then or now) and then != now and (now or name not in _MAY_BE_EMPTY):
                changed.append(name)
        if changed:
            return f"{claim.claim_id} was changed since the run ({', '.join(changed)})"
        return self.outdated[0] if self.outdated else ""


NO_RUN = Run(verdicts={})


def load_run(folder: Path, *, export: Path | None = None) -> Run:
    """Read the verdicts of a folder that ``reliefcheck run`` wrote.

    The files of an export, where one is given, are compared with the checksums of the run.
    InputError for no such folder, no verdicts in it, or files that a run does not write.
    """
    shown = plain_text(str(folder), longest=200)
    if not (folder / CLAIMS_FILE).is_file() or not (folder / RUN_FILE).is_file():
        raise InputError(
            f"{shown} holds no {CLAIMS_FILE} and {RUN_FILE} of a run; make one with `reliefcheck "
            "run`, name another folder with --run, or check wording alone with --no-run."
        )
    about = _read_json(folder / RUN_FILE)
    if about is None:
        raise InputError(f"{shown}: {RUN_FILE} is not what a run writes.")
    try:
        judgements = read_claims(folder)
    except InputError as error:
        raise InputError(f"{shown}: {CLAIMS_FILE} is not what a run writes. {error}") from None
    return Run(
        name=folder.resolve().name,
        export=str(about.get("export", "")),
        started=str(about.get("started", "")),
        synthetic=bool(about.get("synthetic", False)),
        conditions=tuple(map(str, about.get("conditions", ()))),
        verdicts={judged.claim_id: judged for judged in judgements},
        outdated=(*_newer_runs(folder, about), *(_changed_data(about, export) if export else ())),
    )


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(read_plain(path))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _newer_runs(folder: Path, about: Mapping[str, Any]) -> list[str]:
    own, started = folder.resolve(), str(about.get("started", ""))
    later = []
    for path in own.parent.glob(f"*/{RUN_FILE}"):
        other = _read_json(path)  # None: no run, or one being written; it cannot outdate this one
        if other is None or path.parent.resolve() == own or "started" not in other:
            continue
        if other.get("export") == about.get("export") and str(other["started"]) > started:
            later.append((str(other["started"]), path.parent.resolve().name))
    return [f"a newer run of the same export is there ({max(later)[1]})"] if later else []


def _changed_data(about: Mapping[str, Any], export: Path) -> list[str]:
    if not export.is_dir():
        raise InputError(f"{plain_text(str(export), longest=200)} is no folder of an export.")
    changed = []
    for name, digest in dict(about.get("inputs", {})).items():
        path = export / Path(str(name)).name
        if not path.is_file():
            changed.append(f"{name} is gone")
        elif sha256_of(path) != digest:
            changed.append(f"{name} has changed")
    return [f"the data are not those of the run: {', '.join(changed)}"] if changed else []


# Which rules touch a statement, and what it lacks


@lru_cache(maxsize=1)
def touching_rules() -> tuple[Rule, ...]:
    """Return the rules of data/claims/rules.csv that can touch a sentence of copy."""
    return tuple(rule for rule in load_rules() if rule.touches)


_SUBJECTS = {
    "benefit": BENEFIT, "safety": HARM, "mechanism": MECHANISM, "lasting": LASTING, "soft": SOFT,
    "credential": CREDENTIAL,
    **{name: re.compile(pattern) for name, pattern in listed_words("subject").items()},
}  # fmt: skip
"""Words that show what a statement is about; a rule names the subjects it touches."""


def _rules_of(statement: Statement, *, lacks: bool, statuses: Sequence[str]) -> tuple[str, ...]:
    flat = flat_text(statement.text)
    subjects = {name for name, pattern in _SUBJECTS.items() if pattern.search(flat)}
    subjects |= {measure_in(statement.text, statement.cues)} - {""}
    subjects |= {"testimonial"} if statement.is_testimonial else set()
    subjects |= {"lacking"} if lacks else set()
    subjects |= {name for name in ("contradicted", "wider") if any(name in s for s in statuses)}
    return tuple(rule.rule_id for rule in touching_rules() if subjects & set(rule.touches))


def lacking_in(statement: Statement, listed: Claim | None = None) -> tuple[str, ...]:
    """Return what a statement about outcomes does not say: of whom, when, how many, control group.

    Empty for statements about anything else (how long a session is, who may come).
    """
    if not _is_of_outcome(statement, listed):
        return ()
    flat = flat_text(statement.text)

    def says(check: str) -> bool:
        return (pattern := CHECKS[check].says) is not None and bool(pattern.search(flat))

    dated_above = any(cue.kind == "duration" for cue in statement.heading_cues)
    said = {
        "of whom (denominator)": PATTERNS["of whom"].search(flat),
        "when (time)": dated_above or says("time"),
        "how many patients (n)": says("patients"),
        "that there was or was not a control group": says("control"),
    }
    return tuple(name for name, is_said in said.items() if not is_said)


def _is_of_outcome(statement: Statement, listed: Claim | None) -> bool:
    if statement.is_testimonial or statement.is_question:
        return False
    if listed is not None:
        outcomes = ("efficacy_rate", "efficacy_mean", "duration")
        if listed.measure in MEASURE_OF_LEDGER or listed.kind in outcomes:
            return True
        if listed.kind in ("mechanism", "protocol", "cost", "testimonial"):
            return False
    if measure_in(statement.text, statement.cues):
        return True
    flat, kinds = flat_text(statement.text), {cue.kind for cue in statement.cues}
    counted = has_number(statement.cues) or kinds & {"frequency", "absolute"}
    return bool(counted and BENEFIT.search(flat) and (PEOPLE.search(flat) or "pain" in flat))


# The sentences that the run itself wrote


class OwnSentences:
    """Follows statements that are the run's own: "what may be said", or its finding on a claim.

    A sentence on its own must be the first of its text, so that "35 of 137 (26%)" cannot be moved
    under another claim; those after it follow in their order. Words that hold for all (source,
    risks, no control group) may stand anywhere.
    """

    def __init__(self, judgements: Iterable[Judgement]) -> None:
        self._first: dict[str, list[tuple[Judgement, list[str]]]] = {}
        judgements = tuple(judgements)
        notes = {judged.say_note for judged in judgements}  # true beside whatever claim
        known = (f"{OFF_LABEL} {RISKS}", *notes)
        self._anywhere = {_same_words(part) for text in known for part in sentences_in(text)}
        for judged in judgements:
            texts = [judged.may_say] if judged.sayable else []
            for text in (*texts, judged.sentence):
                parts = [_same_words(part) for part in sentences_in(text)]
                if parts:
                    self._first.setdefault(parts[0], []).append((judged, parts))
        self._open: list[tuple[Judgement, list[str]]] = []

    def follow(self, statement: Statement) -> tuple[Judgement | None, str] | None:
        """Return the judgement a statement is of, and its text; None where it is not the run's."""
        words = _same_words(statement.text)
        going_on = [
            (judged, parts[parts.index(words) + 1 :]) for judged, parts in self._open
            if words in parts
        ]  # fmt: skip
        begun = [(judged, parts[1:]) for judged, parts in self._first.get(words, ())]
        self._open = going_on or begun
        if self._open:
            judged = self._open[0][0]
            return judged, judged.may_say
        return (None, "") if words in self._anywhere else None


def _same_words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+|%", flat_text(text)))


# Findings

Status = Literal[
    "must not be said",
    "stale", "contradicted", "unlisted", "wider than its data", "undecided", "unfalsifiable",
    "not testable", "not judged", "borne out",
]  # fmt: skip
Level = Literal["error", "warning", "note", "none"]

_STATUSES = data_rows("claims/statuses.csv")

STATUSES = {
    cast(Status, row["status"]): (cast(Level, row["level"]), row["meaning"]) for row in _STATUSES
}
"""Usual level and meaning of every status, the gravest first: the first that holds is the main
one."""

STATUS_OF_VERDICT = {row["verdict"]: cast(Status, row["status"]) for row in _STATUSES}
_UNFALSIFIABLE = "No number could contradict these words, so none can bear them out."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is said of a statement, or of one of the claims it makes."""

    statement: Statement
    statuses: tuple[Status, ...]  # the main one first
    level: Level  # error and warning are to fix
    match: Match | None  # the listed claim, or the nearest one
    verdict: str  # verdict word of the run, empty without one
    message: str  # in plain sentences
    rules: tuple[str, ...]  # ids of rules that touch it
    lacks: tuple[str, ...]  # what the sentence does not say
    cues: tuple[Cue, ...]  # the words and numbers it is about
    firmness: str = ""  # of the verdict: firm, mostly, fragile, few patients

    @property
    def status(self) -> Status:
        """The main status."""
        return self.statuses[0]

    @property
    def to_fix(self) -> bool:
        """Whether someone should change the copy, the ledger or the run."""
        return self.level in ("error", "warning")

    @property
    def claim_id(self) -> str:
        """Id of the claim it is listed as; empty when it is not listed."""
        return self.match.listed.claim_id if self.match and self.match.how in LISTED else ""


def find_all(statements: Sequence[Statement], *, matcher: Matcher, run: Run) -> tuple[Finding, ...]:
    """Return the findings on all statements, in order; one for each claim a statement makes."""
    found: list[Finding] = []
    own = OwnSentences(run.verdicts.values())
    for statement in statements:
        if said := own.follow(statement):
            found.append(_own(statement, *said, run))
        else:
            found += _with_never_said(statement, _find(statement, matcher, run))
    return tuple(found)


def _with_never_said(statement: Statement, found: list[Finding]) -> list[Finding]:
    """Return the findings on a statement, the first with what must never be said in it."""
    never = [] if statement.is_question else [*find_never_said(statement.text)]
    if not never:
        return found
    cues = tuple(
        Cue(kind="absolute", start=start, end=end, text=statement.text[start:end])
        for _, start, end in never
    )
    why = {f"{row.why} ({row.rule_id})" for row, _, _ in never}
    said = ", ".join(f'"{cue.text}"' for cue in cues)
    message = f"{said} must not be said: {'; '.join(sorted(why))}."
    first, *rest = found or [_finding(statement, ["must not be said"], None, "", [], cues)]
    others = [s for s in first.statuses if s not in ("must not be said", "borne out")]
    made = replace(
        first,
        statuses=("must not be said", *others),
        level="error",
        message=f"{message} {first.message}".strip(),
        rules=tuple(sorted({*first.rules, *(row.rule_id for row, _, _ in never)})),
        cues=tuple(sorted({*cues, *first.cues}, key=lambda cue: (cue.start, cue.end))),
    )
    return [made, *rest]


def _find(statement: Statement, matcher: Matcher, run: Run) -> list[Finding]:
    found: list[Finding] = []
    matches = matcher.match(statement)
    listed = [match for match in matches if match.how in LISTED]
    covered = bytearray(len(statement.text))
    for match in listed:
        covered[match.start : match.end] = b"\x01" * (match.end - match.start)
    # A claim said again in the same statement is one finding.
    listed = list({match.listed.claim_id: match for match in reversed(listed)}.values())[::-1]
    # Next to a listed claim, only numbers and absolutes that it does not cover.
    rest = tuple(
        cue
        for cue in statement.cues
        if not all(covered[cue.start : cue.end])
        and (not listed or cue.text.split()[0] in listed[0].beyond)
        and (not listed or cue.quantity is not None or cue.kind == "absolute")
    )
    judged = [_listed(statement, match, run) for match in listed]
    # Where more is said than a row, nothing is borne out: the rest may bound or turn it.
    kept = [
        one for one, match in zip(judged, listed, strict=True)
        if "borne out" not in one.statuses or not match.beyond
    ]  # fmt: skip
    found += kept
    if len(kept) < len(judged):
        near = next(one.match for one in judged if one not in kept)
        found.append(_unlisted(statement, near, run, rest, also=bool(kept)))
    elif (rest and listed) or (not listed and is_claim(statement)):
        near = next((match for match in matches if match.how not in LISTED), None)
        found.append(_unlisted(statement, near, run, rest, also=bool(listed)))
    return found


# Which statements are claims. A claim speaks of an outcome, a harm, a mechanism, evidence or rank;
# instructions, questions, prices, hours, navigation, terms and definitions do not, whatever numbers
# stand in them: they are furniture of the page (data/claims/furniture.csv).

_LINES: dict[str, list[str]] = {}
for _row in data_rows("claims/furniture.csv"):
    _LINES.setdefault(_row["kind"], []).append(_row["pattern"])

_SAYS = re.compile(rf"\b(?:{'|'.join(_LINES['says'])})\b")
"""Words by which copy says that something is gained, avoided, shown or ranked."""

_OF_CARE = re.compile(rf"\b(?:{'|'.join(_LINES['care'])})\b")
"""The treatment and its patients, of which a number, frequency or absolute is a claim."""

_FURNITURE = re.compile("|".join([rf"^(?:{'|'.join(_LINES['begins'])})\b", *_LINES["holds"]]))
"""What a page says to guide, inform or instruct its reader, at the start of a line or in it."""


def speaks_of_outcomes(text: str) -> bool:
    """Return whether a line says something of the treatment that could be right or wrong."""
    flat = flat_text(text).strip()
    return not _FURNITURE.search(flat) and _SAYS.search(flat) is not None


def is_furniture(text: str, cues: Sequence[Cue]) -> bool:
    """Return whether numbers and absolutes in a line are no claim: nothing in it is of the care.

    A share or multiple of an outcome is a claim, whatever else the line says.
    """
    flat = flat_text(text).strip()
    says = _SAYS.search(flat) is not None
    if says and any(cue.kind in ("percentage", "multiple") for cue in cues):
        return False
    return _FURNITURE.search(flat) is not None or not (says or _OF_CARE.search(flat))


_WEAK_IN_HEADING = re.compile(r"\b(?:all|every\w*|only)\b")
_TIME_LABEL_WORDS = 2  # that a heading may have besides its time: "First 30 minutes" is a label


def is_claim(statement: Statement) -> bool:
    """Return whether a statement is a claim: headings and questions need strong cues."""
    cues = statement.cues
    if not statement.is_heading and not statement.is_question:
        if not cues:
            return speaks_of_outcomes(statement.text)
        return not is_furniture(statement.text, cues)
    if not cues:
        return False
    if statement.is_heading and all(cue.kind == "duration" for cue in cues):
        words = len(re.findall(r"[A-Za-z]+", statement.text))
        of_time = sum(len(re.findall(r"[A-Za-z]+", cue.text)) for cue in cues)
        return has_number(cues) and words - of_time > _TIME_LABEL_WORDS
    strong = has_number(cues) or any(
        cue.kind == "absolute" and not _WEAK_IN_HEADING.fullmatch(cue.text.lower()) for cue in cues
    )
    flat = flat_text(statement.text)
    return strong or (statement.is_heading and bool(BENEFIT.search(flat) or "can treat" in flat))


def _own(statement: Statement, judged: Judgement | None, text: str, run: Run) -> Finding:
    """Return the finding on a sentence the run wrote; old when the run is."""
    stale = run.outdated[0] if run.outdated else ""
    message = f"{stale[0].upper()}{stale[1:]}; run again." if stale else "The run's own words."
    said = f" They are on {judged.claim_id}." if judged else ""
    return Finding(
        statement=statement, statuses=("stale",) if stale else ("borne out",),
        level="error" if stale else "none", match=None, message=message + said,
        verdict=judged.verdict if judged else "", rules=(), lacks=(), cues=statement.cues,
    )  # fmt: skip


def _listed(statement: Statement, match: Match, run: Run) -> Finding:
    claim = match.listed
    judged = run.verdicts.get(claim.claim_id)
    if stale := run.stale(claim):
        statuses: list[Status] = ["stale"]
        was = f' It said "{judged.verdict}".' if judged else ""
        parts = [f"{stale[0].upper()}{stale[1:]}; run again.{was}"]
    elif judged is not None:
        statuses = [STATUS_OF_VERDICT[judged.verdict]]
        parts = [part for part in (judged.sentence, describe_firmness(judged)) if part]
    else:
        statuses, parts = ["not judged"], [f"Listed as {claim.claim_id}."]
    if claim.reading.startswith(TO_CONFIRM):
        parts.append("Its reading is proposed, and nobody has confirmed it.")
    if claim.claim_id in run.approvals:
        approval, found = run.approvals[claim.claim_id]
        ended = f"; it no longer holds: {found.why}. Approve it again" if found.why else ""
        if found.state == "void":
            statuses.append("stale")
        else:
            ended = f" until {date_text(approval.until)}"
        parts.append(f"Approved by {approval.by}{ended}.")
    if wider := _wider(statement, claim, run):
        statuses.append("wider than its data")
        parts.append(wider)
    decided = {"borne out", "contradicted", "undecided", "unfalsifiable"} & set(statuses)
    if _only_hedged(statement.cues) and not decided:
        statuses.append("unfalsifiable")
        parts.append(_UNFALSIFIABLE)
    cues = tuple(c for c in statement.cues if match.start <= c.start and c.end <= match.end)
    verdict = judged.verdict if judged else ""
    made = _finding(statement, statuses, match, verdict, parts, cues)
    made = replace(made, firmness=judged.firmness if judged else "")
    if run.name:
        return made
    # Without a run, what is listed is not judged, whatever else there is to say of its words.
    rest = tuple(status for status in made.statuses if status != "not judged")
    return replace(made, statuses=("not judged", *rest), level="note")


def _only_hedged(cues: Sequence[Cue]) -> bool:
    """Return whether the only frequency words are hedges, and no number or absolute is there."""
    kinds = {cue.kind for cue in cues}
    return "hedge" in kinds and not kinds & {"frequency", "absolute"} and not has_number(cues)


_NARROW = {"observed": "those rated at the visit", "responders": "those who responded"}


def _wider(statement: Statement, claim: Claim, run: Run) -> str:
    """Say how a statement speaks of more than its reading or the data; empty when it does not."""
    flat = flat_text(statement.text)
    narrow = _NARROW.get(claim.population)
    if narrow and PEOPLE.search(flat) and not NARROWED.search(flat):
        return f"It speaks of patients; the reading is of {narrow} only."
    if len(run.conditions) == 1 and claim.condition == ALL and not conditions_in(statement.text):
        return f"It names no condition; the data are of {run.conditions[0]} only."
    return ""


def _unlisted(
    statement: Statement, near: Match | None, run: Run, cues: tuple[Cue, ...], *, also: bool
) -> Finding:
    statuses: list[Status] = ["unlisted"]
    if near is not None and near.how == "condition left out":
        claim = near.listed
        statuses = ["wider than its data"]
        parts = [
            f"{claim.claim_id} says this number of {claim.condition} only "
            f'("{claim.wording}"); here it is said of patients in general.'
        ]
    elif near is not None and near.how == "number differs":
        statuses, parts = _other_number(near, run)
    elif near is not None and (has_number(cues) or not _only_hedged(cues)):
        more = ", ".join(f'"{word}"' for word in near.beyond[:5])
        what = f"; beside it stands {more}" if more else ""
        wording = f'{near.listed.claim_id} ("{near.listed.wording}")'
        if near.how in (*LISTED, "more is said"):
            parts = [f"It says {wording} and more{what}. A claim is judged in its own words only."]
        else:
            parts = [f"The nearest row is {wording}{what}. Say what it says, or list this."]
    elif _only_hedged(cues):
        near, statuses, parts = None, ["unfalsifiable"], [_UNFALSIFIABLE]
    else:
        what = ", ".join(f'"{cue.text}"' for cue in cues[:5])
        says = f"Besides what is listed it says {what}."
        alone = f"No row of the ledger says {what} like this." if cues else "No row says this."
        parts = [says if also else alone]
    made = replace(near, how="more is said") if near and near.how in LISTED else near
    return _finding(statement, statuses, made, "", parts, cues)


def _other_number(near: Match, run: Run) -> tuple[list[Status], list[str]]:
    """Judge a changed number by the interval of the claim it was changed from."""
    claim = near.listed
    parts = [f'The number is not the one of {claim.claim_id} ("{claim.wording}").']
    judged = run.verdicts.get(claim.claim_id)
    numbers = near.numbers
    if judged is None or run.stale(claim) or len(numbers) != 1:
        return ["unlisted"], parts  # another time or threshold is another reading
    floor = _floor_in_unit(numbers[0].quantity, judged)
    if floor is None or (judged.low is None and judged.high is None):
        return ["unlisted"], parts
    if _is_own_number(numbers[0], judged):
        return ["borne out"], [f"It is the number of the run itself. {judged.sentence}"]
    if judge_interval(judged.low, judged.high, floor=floor) == "falls short":
        against = f"Read as {claim.claim_id} is read, the data contradict it: {judged.sentence}"
        return ["contradicted", "unlisted"], [*parts, against]
    return ["unlisted"], [*parts, "List it to have it judged; the data do not contradict it."]


def _is_own_number(cue: Cue, judged: Judgement) -> bool:
    """Return whether a single figure is the value of a judgement, to the digits printed."""
    quantity = cue.quantity
    if not judged.sayable or judged.value is None or quantity is None:
        return False
    if quantity.low != quantity.high or quantity.low is None or quantity.unit != "%":
        return False
    digits = re.search(r"\.(\d+)", cue.text)
    value = judged.value * (100.0 if judged.unit == "share" else 1.0)
    return round(value, len(digits[1]) if digits else 0) == quantity.low


def _floor_in_unit(quantity: Quantity | None, judged: Judgement) -> float | None:
    """Return the least value a printed figure says, in the unit of the verdict."""
    if quantity is None or quantity.low is None:
        return None
    if quantity.unit == "%" and judged.unit in ("share", "percent"):
        return quantity.low * (0.01 if judged.unit == "share" else 1.0)
    if judged.unit == "weeks" and quantity.unit in WEEKS_OF:
        return quantity.low * WEEKS_OF[quantity.unit]
    return None


def _finding(
    statement: Statement,
    statuses: list[Status],
    match: Match | None,
    verdict: str,
    parts: list[str],
    cues: tuple[Cue, ...],
) -> Finding:
    ranked = tuple(sorted(set(statuses), key=list(STATUSES).index))
    listed = match.listed if match and match.how in LISTED else None
    lacks = lacking_in(statement, listed)
    if lacks:
        parts = [*parts, f"The sentence does not say: {', '.join(lacks)}."]
    firm = has_number(cues) or any(cue.kind == "absolute" for cue in cues)
    warns = HARM.search(flat_text(statement.text)) and not statement.is_testimonial
    levels: dict[Status, Level] = {
        "unlisted": "error" if firm else "warning",
        "wider than its data": "warning" if listed else "error",
        # A hedged warning of harm is no fault, a hedged benefit is.
        "unfalsifiable": "note" if warns else "warning",
        "not testable": "warning" if firm else "note",
        "borne out": "warning" if lacks else "none",
    }
    level = levels.get(ranked[0], STATUSES[ranked[0]][0])
    return Finding(
        statement=statement,
        statuses=ranked,
        level=level,
        match=match,
        verdict=verdict,
        message=" ".join(part for part in parts if part),
        rules=_rules_of(statement, lacks=bool(lacks), statuses=ranked),
        lacks=lacks,
        cues=cues,
    )


# Linting files


@dataclass(frozen=True, kw_only=True)
class Linted:
    """One file with its statements and what is said of them."""

    document: Document
    statements: tuple[Statement, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class LintResult:
    """All files, and the run and number of claims they were compared with."""

    files: tuple[Linted, ...]
    run: Run
    n_claims: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of all files, in order."""
        return tuple(finding for one in self.files for finding in one.findings)

    @property
    def n_to_fix(self) -> int:
        """How many findings ask for a change."""
        return sum(finding.to_fix for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 when there is nothing to fix, 1 otherwise; parts that were not read count as to fix."""
        return int(self.n_to_fix > 0 or any(one.document.warnings for one in self.files))


def lint_documents(
    documents: Sequence[Document], *, claims: Sequence[Claim], run: Run = NO_RUN
) -> LintResult:
    """Return the findings on documents (`analysis.lint.text.load_document`).

    Without a run every statement that is listed in the ledger is "not judged".
    """
    matcher = Matcher(claims, run.verdicts)
    files = []
    for document in documents:
        statements = split_statements(document)
        findings = find_all(statements, matcher=matcher, run=run)
        files.append(Linted(document=document, statements=statements, findings=findings))
    return LintResult(files=tuple(files), run=run, n_claims=len(claims))
