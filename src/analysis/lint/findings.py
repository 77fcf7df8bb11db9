"""What is said of each statement: borne out or not, listed or not, and what is to mend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from analysis.claims.verdicts import judge_interval
from analysis.lint.catalogue import ALL, Listed
from analysis.lint.finding import STATUS_MEANING, STATUS_OF_VERDICT, Finding, Status, level_of
from analysis.lint.flat import flat_text
from analysis.lint.marks import NUMBERS, Mark, has_number
from analysis.lint.match import LISTED, Match, Matcher
from analysis.lint.rules import BENEFIT, lacking_in, subjects_of, touching_rules
from analysis.lint.statements import Statement
from analysis.lint.terms import (
    ALTERING,
    NARROWED,
    PAIN_OUTCOME,
    PEOPLE,
    conditions_in,
    plain_words,
)
from analysis.lint.verdicts import RunVerdict, RunVerdicts


def find_all(
    statements: Sequence[Statement], *, matcher: Matcher, run: RunVerdicts
) -> tuple[Finding, ...]:
    """Return the findings on all statements, in order; one for each claim a statement makes."""
    found: list[Finding] = []
    for statement in statements:
        matches = matcher.match(statement)
        listed = [match for match in matches if match.how in LISTED]
        found += [_listed(statement, match, run) for match in listed]
        rest = _beside(statement, listed)
        near = matches[0] if matches and not listed else None
        if near is not None or _checkable(statement, rest):
            found.append(_unlisted(statement, near, run, rest, beside=bool(listed)))
    return tuple(found)


def _beside(statement: Statement, listed: Sequence[Match]) -> tuple[Mark, ...]:
    """Return the marks that no listed claim covers; beside one, numbers and absolutes only."""
    return tuple(
        mark
        for mark in statement.marks
        if not any(match.start <= mark.start and mark.end <= match.end for match in listed)
        and (not listed or mark.quantity is not None or mark.kind == "absolute")
    )


_WEAK_IN_HEADING = re.compile(r"\b(?:all|every\w*|only)\b")
_TIME_LABEL_WORDS = 2
"""Words a heading may have beside its time ("First 30 minutes") and still be a label."""


def _checkable(statement: Statement, marks: Sequence[Mark]) -> bool:
    """Return whether marks make a statement checkable: headings and questions need strong ones."""
    if not marks:
        return False
    if not statement.is_heading and not statement.is_question:
        return True
    if statement.is_heading and all(mark.kind == "duration" for mark in marks):
        words = re.findall(r"[A-Za-z]+", statement.text)
        told = sum(len(re.findall(r"[A-Za-z]+", mark.text)) for mark in marks)
        return has_number(tuple(marks)) and len(words) - told > _TIME_LABEL_WORDS
    strong = any(
        mark.quantity is not None
        or (mark.kind == "absolute" and not _WEAK_IN_HEADING.fullmatch(mark.text.lower()))
        for mark in marks
    )
    flat = flat_text(statement.text)
    return strong or (statement.is_heading and bool(BENEFIT.search(flat) or "can treat" in flat))


def _listed(statement: Statement, match: Match, run: RunVerdicts) -> Finding:
    """Return the finding on a claim of the ledger."""
    claim = match.listed
    told = run.verdicts.get(claim.claim_id)
    statuses: list[Status] = []
    parts: list[str] = []
    stale = run.stale(claim)
    if stale:
        statuses.append("stale")
        was = f' It said "{told.verdict}".' if told else ""
        parts.append(f"{stale[0].upper()}{stale[1:]}; run again.{was}")
    elif told is not None:
        statuses.append(STATUS_OF_VERDICT.get(told.verdict, "not judged"))
        parts.append(told.sentence)
    else:
        statuses.append("not judged")
        parts.append(f"Listed as {claim.claim_id}.")
    wider = _wider(statement, claim, run)
    if wider:
        statuses.append("wider than its data")
        parts.append(wider)
    decided = {"borne out", "contradicted", "undecided"} & set(statuses)
    if _only_hedged(statement.marks) and not decided and "unfalsifiable" not in statuses:
        statuses.append("unfalsifiable")
        parts.append(_UNFALSIFIABLE)
    marks = tuple(m for m in statement.marks if match.start <= m.start and m.end <= match.end)
    verdict = told.verdict if told else ""
    made = _finding(statement, statuses, match, verdict, parts, marks)
    return made if run.asked else _not_judged(made)


def _not_judged(finding: Finding) -> Finding:
    """Without a run, what is listed is not judged, whatever else there is to say of its words."""
    rest = tuple(status for status in finding.statuses if status != "not judged")
    return replace(finding, statuses=("not judged", *rest), level="note")


_UNFALSIFIABLE = "No number could contradict these words, so none can bear them out."


def _only_hedged(marks: Sequence[Mark]) -> bool:
    """Return whether the only frequency words are hedges, and no number or absolute is there."""
    kinds = {mark.kind for mark in marks}
    firm = {"frequency", "absolute", *NUMBERS}
    vague = all(m.quantity is None for m in marks)
    return "hedge" in kinds and (not kinds & (firm - {"duration"})) and vague


def _wider(statement: Statement, claim: Listed, run: RunVerdicts) -> str:
    """Say how a statement speaks of more than its reading or the data; empty when it does not."""
    flat = flat_text(statement.text)
    narrow = {
        "observed": "those rated at the visit",
        "responders": "those who responded",
    }.get(claim.population, "")
    if narrow and PEOPLE.search(flat) and not NARROWED.search(flat):
        return f"It speaks of patients; the reading is of {narrow} only."
    if len(run.conditions) == 1 and claim.condition == ALL and not conditions_in(statement.text):
        return f"It names no condition; the data are of {run.conditions[0]} only."
    return ""


def _unlisted(
    statement: Statement,
    near: Match | None,
    run: RunVerdicts,
    marks: tuple[Mark, ...],
    *,
    beside: bool,
) -> Finding:
    """Return the finding on what no row says, with the nearest row beside it."""
    statuses: list[Status]
    if near is not None and near.how == "condition left out":
        claim = near.listed
        statuses = ["wider than its data"]
        parts = [
            f"{claim.claim_id} says this number of {claim.condition} only "
            f'("{claim.wording}"); here it is said of patients in general.'
        ]
    elif near is not None:
        statuses, parts = _other_number(statement, near, run)
    elif _only_hedged(marks):
        statuses, parts = ["unfalsifiable"], [_UNFALSIFIABLE]
    else:
        what = ", ".join(f'"{mark.text}"' for mark in marks[:5])
        where = "Beside what is listed it says" if beside else "No row of the ledger says"
        statuses, parts = ["unlisted"], [f"{where} {what}{'' if beside else ' like this'}."]
    return _finding(statement, statuses, near, "", parts, marks)


def _other_number(
    statement: Statement, near: Match, run: RunVerdicts
) -> tuple[list[Status], list[str]]:
    """Judge a changed number by the interval of the claim it was changed from."""
    claim = near.listed
    parts = [f'The number is not the one of {claim.claim_id} ("{claim.wording}").']
    told = run.verdicts.get(claim.claim_id)
    figures = [mark for mark in statement.marks if mark.quantity is not None]
    if told is None or run.stale(claim) or len(figures) != 1 or not _says_outcome(statement):
        return ["unlisted"], parts  # another time or threshold beside it is another reading
    floor = _floor_in_unit(figures[0], told)
    if floor is None or (told.low is None and told.high is None):
        return ["unlisted"], parts
    if judge_interval(told.low, told.high, floor=floor) == "falls short":
        return ["contradicted", "unlisted"], [
            *parts,
            f"Read as {claim.claim_id} is read, the data contradict it: {told.sentence}",
        ]
    return ["unlisted"], [*parts, "List it to have it judged; the data do not contradict it."]


def _says_outcome(statement: Statement) -> bool:
    """Whether a verb or noun of relief stands there: "90 % of CRPS patients" alone says nothing."""
    words = plain_words(statement.text)
    return bool(words & PAIN_OUTCOME) and not ALTERING.search(statement.text.lower())


_WEEKS = {"day": 1 / 7, "week": 1.0, "month": 365.25 / 84, "year": 365.25 / 7}


def _floor_in_unit(mark: Mark, told: RunVerdict) -> float | None:
    """Return the least value a printed figure says, in the unit of the verdict."""
    quantity = mark.quantity
    if quantity is None or quantity.low is None:
        return None
    if quantity.unit == "%" and told.unit in ("share", "percent"):
        return quantity.low * (0.01 if told.unit == "share" else 1.0)
    if told.unit == "weeks" and quantity.unit in _WEEKS:
        return quantity.low * _WEEKS[quantity.unit]
    return None


def _finding(
    statement: Statement,
    statuses: list[Status],
    match: Match | None,
    verdict: str,
    parts: list[str],
    marks: tuple[Mark, ...],
) -> Finding:
    order = list(STATUS_MEANING)
    ranked = tuple(sorted(set(statuses), key=order.index))
    listed = match.listed if match and match.how in LISTED else None
    lacks = lacking_in(statement, listed)
    if lacks:
        parts = [*parts, f"The sentence does not say: {', '.join(lacks)}."]
    subjects = subjects_of(statement, lacking=lacks)
    subjects |= {name for name in ("contradicted", "wider") if any(name in s for s in ranked)}
    return Finding(
        statement=statement,
        statuses=ranked,
        level=level_of(statement, ranked[0], marks, lacks, listed=listed is not None),
        match=match,
        verdict=verdict,
        message=" ".join(part for part in parts if part),
        rules=touching_rules(subjects),
        lacks=lacks,
        marks=marks,
    )
