"""Approvals: who let a claim or a page be printed, until when, and whether that still holds.

Each approval is a line of an append-only file beside the runs. It keeps what was approved (a hash
of the words), on what (reading, verdict, published evidence), by whom and until when. It ends by
its date, or as soon as one of these is another. Run and firmness stand in it for the record.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from analysis.claims.evidence import judge_question, load_evidence, load_questions, published_of
from analysis.claims.judgement import Judgement
from analysis.claims.ledger import Claim
from analysis.claims.records import hash_results, read_claims, signer
from analysis.errors import InputError, SettingsError, suggest
from analysis.files import read_plain
from analysis.labels import plain_text
from analysis.numbers import date_text

FILE = "approvals.jsonl"
DUE_DAYS = 30
"""Days before its end from which on an approval is due to be looked at again."""


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What the approval of a claim rests on."""

    wording: str  # SHA-256 of the words
    reading: str  # hash of the reading
    verdict: str
    firmness: str  # for the record
    published: str  # SHA-256 of what published evidence says of it


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One line of the file."""

    target: str  # id of a claim, or name of a page
    kind: Literal["claim", "page"]
    name: str
    role: str
    approved: str  # ISO day
    until: str  # ISO day
    run: str  # name of its folder, for the record
    run_sha256: str  # of its results and verdicts (`hash_results`), for the record
    page_sha256: str = ""  # of the words of a page
    claims: Mapping[str, Basis] = field(default_factory=dict)

    @property
    def by(self) -> str:
        """Who approved it, and when."""
        return f"{plain_text(self.name)}, {plain_text(self.role)}, {date_text(self.approved)}"


class State(NamedTuple):
    """Whether an approval holds, and why not."""

    state: Literal["approved", "due", "void"]
    why: str = ""


def approvals_file(run: Path) -> Path:
    """Return where approvals on a run are kept: beside the run folders."""
    return run.resolve().parent / FILE


def hash_words(texts: Iterable[str]) -> str:
    """Return the SHA-256 of words; spaces and line ends do not count."""
    return sha256(" ".join(" ".join(texts).split()).encode("utf-8", "replace")).hexdigest()


def bases_of(claims: Sequence[Claim], judgements: Iterable[Judgement]) -> dict[str, Basis]:
    """Return what approvals of these claims rest on today: ledger, run and published evidence.

    A claim that the run does not hold is left out.
    """
    judged = {one.claim_id: one for one in judgements}
    evidence = load_evidence()
    questions = {one.claim_id: one for one in load_questions(claims)}
    found = {}
    for claim in claims:
        one, question = judged.get(claim.claim_id), questions.get(claim.claim_id)
        if one is None:
            continue
        said = [] if question is None else judge_question(evidence, question)
        published = json.dumps([asdict(published_of(each)) for each in said], sort_keys=True)
        found[claim.claim_id] = Basis(
            wording=hash_words([claim.wording]), reading=claim.reading_hash, verdict=one.verdict,
            firmness=one.firmness, published=sha256(published.encode()).hexdigest(),
        )  # fmt: skip
    return found


def approve(
    file: Path,
    *,
    run: Path,
    claims: Sequence[Claim],
    target: str,
    name: str,
    role: str,
    until: date,
    today: date,
    page: Sequence[str] | None = None,
) -> Approval:
    """Add an approval to the file, made where it is not there, and return it.

    ``target`` is the id of the claim or the name of the page; ``claims`` are the claim, or those
    that the page makes, and ``page`` its words.

    Raises
    ------
    InputError
        The run holds no verdict on the claim, or the file cannot be written.
    SettingsError
        A day in the past, or no name or role.
    """
    name, role = signer(name, role)
    if until < today:
        raise SettingsError(
            f"--until {until} is in the past (today is {today}); an approval ends on a later day."
        )
    judgements = read_claims(run)
    bases = bases_of(claims, judgements)
    if page is None and target not in bases:
        known = [one.claim_id for one in judgements]
        raise InputError(
            f"the run {run.resolve().name} has no verdict on '{plain_text(target)}', so there is "
            f"nothing to approve.{suggest(target, known)}"
        )
    made = Approval(
        target=target, kind="claim" if page is None else "page", name=name, role=role,
        approved=today.isoformat(), until=until.isoformat(), run=run.resolve().name,
        run_sha256=hash_results(run), page_sha256="" if page is None else hash_words(page),
        claims=bases,
    )  # fmt: skip
    _append(file, json.dumps(asdict(made) | {"written": datetime.now(UTC).isoformat()}))
    return made


def _append(file: Path, line: str) -> None:
    """Add a line by one write at the end, which others at the same time cannot come between.

    It begins with a line end too: what a full disk or a kill cut off stays a line of its own.
    """
    data = f"\n{line}\n".encode()
    try:
        held = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            written = os.write(held, data)
            os.fsync(held)
        finally:
            os.close(held)
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror}).") from None
    if written != len(data):
        raise InputError(f"{file} could not be written to its end: is the disk full?")


def read_approvals(file: Path) -> tuple[tuple[Approval, ...], tuple[str, ...]]:
    """Return the approvals in force or ended, the last of each target, and what is no approval.

    A line that is cut off counts as none and is named.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    if not file.exists():
        return (), ()
    try:
        lines = read_plain(file).decode("utf-8", "replace").split("\n")
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}).") from None
    last: dict[tuple[str, str], Approval] = {}
    broken = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
            bases = {key: Basis(**each) for key, each in content.pop("claims").items()}
            content.pop("written", None)
            one = Approval(**content, claims=bases)
            date.fromisoformat(one.until)
        except (ValueError, TypeError, KeyError, AttributeError):
            broken.append(f"{file.name}, line {number}: no approval; it counts as none.")
            continue
        last.pop((one.kind, one.target), None)
        last[one.kind, one.target] = one
    return tuple(last.values()), tuple(broken)


def state_of(
    approval: Approval,
    bases: Mapping[str, Basis],
    *,
    run: str,
    today: date,
    page_sha256: str | None = None,
) -> State:
    """Return whether an approval holds, with what its claims rest on now (`bases_of`).

    ``run`` is the name of the newest run, for the reason; ``page_sha256`` is of the page's words
    now, None where they were not looked at.
    """
    if page_sha256 is not None and page_sha256 != approval.page_sha256:
        return State("void", "its words were changed since")
    for claim_id, then in approval.claims.items():
        now = bases.get(claim_id)
        it = claim_id if approval.kind == "page" else "it"
        if now is None:
            return State("void", f"the run {run} has no verdict on {claim_id}")
        if now.wording != then.wording:
            return State("void", f"the words of {claim_id} were changed since")
        if now.reading != then.reading:
            return State("void", f"{claim_id} is read otherwise since")
        if now.verdict != then.verdict:
            return State("void", f"{it} was “{then.verdict}”; the run {run} says “{now.verdict}”")
        if now.published != then.published:
            return State("void", f"published evidence on {claim_id} has changed since")
    end = date.fromisoformat(approval.until)
    if end < today:
        return State("void", f"it ended on {date_text(end)}")
    if end - today < timedelta(days=DUE_DAYS):
        return State("due", f"it ends on {date_text(end)}")
    return State("approved")


def list_states(states: Sequence[tuple[Approval, State]], broken: Sequence[str] = ()) -> str:
    """Return a line for each approval, the void ones first, and how many there are of each."""
    order = ("void", "due", "approved")
    lines = []
    for approval, found in sorted(states, key=lambda each: order.index(each[1].state)):
        verdicts = ""
        if approval.kind == "claim":
            verdicts = f"; {', '.join(one.verdict for one in approval.claims.values())}"
        why = f" ({found.why})" if found.why else ""
        lines.append(
            f"{found.state:<9} {plain_text(approval.target)}{verdicts}; until "
            f"{date_text(approval.until)}; {approval.by}{why}"
        )
    counts = {name: sum(found.state == name for _, found in states) for name in order}
    noun = "approval" if len(states) == 1 else "approvals"
    tally = ", ".join(f"{counts[name]} {name}" for name in reversed(order) if counts[name])
    total = f"{len(states)} {noun}: {tally}." if states else "Nothing has been approved."
    return "\n".join([*broken, *lines, *([""] if lines else []), total])
