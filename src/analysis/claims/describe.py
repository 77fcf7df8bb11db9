"""The ledger in words: a list of claims, one claim explained, and the table of the notebook.

Nothing here needs a run: it says what was claimed, how it is read, and what would test it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from analysis.claims.claim import Claim
from analysis.claims.frequency import FREQUENCIES
from analysis.claims.judgement import Judgement
from analysis.claims.readings import ANSWERS, KINDS
from analysis.claims.rules import Rule, rules_of
from analysis.contract.codes import load_conditions
from analysis.errors import LedgerError, suggest
from analysis.wording.numbers import band_text
from analysis.wording.texts import say
from analysis.wording.words import VERDICTS, Words, condition_word, plain_text, visit_word, word

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 98
INDENT = "    "
LONGEST = 2000

KIND_WORDS = Words("kinds", within="describe")
"""What a statement is about, in words."""


def select_claims(
    claims: Sequence[Claim],
    *,
    condition: str = "",
    kind: str = "",
    answer: str = "",
    verdict: str = "",
    judgements: Iterable[Judgement] = (),
) -> tuple[Claim, ...]:
    """Return the claims that pass every filter given; an empty filter lets all pass.

    Parameters
    ----------
    claims : sequence of Claim
    condition, kind, answer : str
        A condition code or ``all``, a kind and an answer of `analysis.claims.readings`.
    verdict : str
        A verdict word; without judgements of a run only those that need no data are known.
    judgements : iterable of Judgement
        Of a run, where verdicts are asked for.

    Raises
    ------
    LedgerError
        A word that is none of its kind; the nearest known one is offered.
    """
    known: dict[str, tuple[str, Sequence[str]]] = {
        "condition": (condition, ["all", *load_conditions().labels]),
        "kind": (kind, KINDS),
        "answer": (answer, list(ANSWERS)),
        "verdict": (verdict, list(VERDICTS)),
    }
    for name, (wanted, words) in known.items():
        if wanted and wanted not in words:
            raise LedgerError(
                f"there is no {name} '{wanted}'.{suggest(wanted, words)} Known: {', '.join(words)}."
            )
    found = {judgement.claim_id: judgement.verdict for judgement in judgements}
    return tuple(
        claim
        for claim in claims
        if condition in ("", claim.condition)
        and kind in ("", claim.kind)
        and answer in ("", claim.answer)
        and verdict in ("", found.get(claim.claim_id, verdict_without_data(claim)))
    )


def verdict_without_data(claim: Claim) -> str:
    """Return the verdict that no data can change, or an empty string."""
    if claim.answer == "computed":
        return ""
    return "unfalsifiable" if claim.answer == "unfalsifiable" else "not testable"


def list_claims(claims: Sequence[Claim]) -> str:
    """Return claims as lines of text, one a claim, and how many there are of each answer."""
    if not claims:
        return say("describe.none")
    lines = [
        f"{claim.claim_id}  {claim.condition:<12.12}  {claim.kind:<13.13}  {claim.answer:<13.13}  "
        f"{plain_text(claim.wording, longest=60)}"
        for claim in claims
    ]
    counts = Counter(claim.answer for claim in claims)
    told = say("telling.between").join(
        say("describe.answers", n=counts[name], answer=name, meaning=ANSWERS[name])
        for name in ANSWERS
        if counts[name]
    )
    total = "describe.total_one" if len(claims) == 1 else "describe.total_many"
    return "\n".join([*lines, "", fill(say(total, n=len(claims), answers=told), WIDTH)])


def explain_claim(claims: Sequence[Claim], claim_id: str, *, rules: Sequence[Rule] = ()) -> str:
    """Return one claim explained: words, reading, what is open, what would test it, rules.

    Parameters
    ----------
    claims : sequence of Claim
    claim_id : str
        In any case: ``c043`` is C043.
    rules : sequence of Rule
        Rules of advertising and of trial reporting (`analysis.claims.rules.load_rules`).

    Raises
    ------
    LedgerError
        No such claim; the nearest known id is offered.
    """
    wanted = claim_id.strip().upper()
    found = [claim for claim in claims if claim.claim_id.upper() == wanted]
    if not found:
        ids = [claim.claim_id for claim in claims]
        raise LedgerError(f"there is no claim '{claim_id}' in the ledger.{suggest(wanted, ids)}")
    claim = found[0]
    words = plain_text(claim.wording, longest=LONGEST)
    parts = [say("describe.claim", claim_id=claim.claim_id, words=words)]
    parts += [tell_part(say(name), text) for name, text in _facts(claim) if text]
    told = [_tell_rule(rule) for rule in rules_of(claim, rules)]
    if told:
        parts.append("\n".join([say("describe.rules"), *told]))
    return "\n\n".join(parts)


def tell_part(name: str, text: str) -> str:
    """Return one part of an explanation for a terminal: its name, and its text indented."""
    return f"{say('describe.part', name=name)}\n{wrap(plain_text(text, longest=LONGEST))}"


def _tell_rule(rule: Rule) -> str:
    told = say(
        "describe.rule" if rule.verified else "describe.rule_not_seen",
        rule_id=rule.rule_id,
        body=rule.body,
        rule=plain_text(rule.rule, longest=LONGEST),
    )
    return wrap(told)


def _facts(claim: Claim) -> Iterable[tuple[str, str]]:
    """Give the parts of an explanation: the name of their heading, and what they say."""
    yield "describe.heads.printed", _printed(claim)
    yield "describe.heads.about", _about(claim)
    yield "describe.heads.answer", _answer(claim)
    yield "describe.heads.reading", claim.reading
    yield "describe.heads.judged", "" if claim.answer != "computed" else _judged(claim)
    yield "describe.heads.open", claim.ambiguity
    yield "describe.heads.tested_by", claim.tested_by
    yield "describe.heads.note", claim.note


def _printed(claim: Claim) -> str:
    source = claim.source
    if claim.section:
        source = say("describe.section", source=source, section=claim.section)
    known = "describe.printed" if claim.printed_on else "describe.printed_undated"
    return say(known, source=source, date=claim.printed_on)


def _about(claim: Claim) -> str:
    return say(
        "describe.about_part" if claim.group else "describe.about",
        kind=word(KIND_WORDS, claim.kind),
        condition=condition_word(claim.condition, load_conditions().labels),
        part=word({}, claim.group_keys.get("group", "")),
    )


def _answer(claim: Claim) -> str:
    return say(
        "describe.answer_needs" if claim.needs else "describe.answer",
        answer=claim.answer,
        meaning=ANSWERS[claim.answer],
        needs=claim.needs,
        reason=claim.reason,
    )


def _judged(claim: Claim) -> str:
    if claim.frequency:
        read = FREQUENCIES[claim.frequency]
        told = f"{read.told[0].upper()}{read.told[1:]}"
        return say("describe.read_as", reading=told, source=read.source)
    cited = band_text(claim.cited_low, claim.cited_high, unit=claim.unit)
    return say(
        "describe.cited_at" if claim.visit else "describe.cited",
        cited=cited,
        visit=visit_word(claim.visit),
    )


def wrap(text: str) -> str:
    """Return text in lines of the terminal's width, indented."""
    return fill(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)


def tabulate_ledger(claims: Sequence[Claim], judgements: Sequence[Judgement]) -> pd.DataFrame:
    """Return every claim with verdict, finding and what may be said, for a notebook."""
    import pandas as pd

    labels = load_conditions().labels
    return pd.DataFrame(
        [
            {
                say("describe.columns.claim"): claim.claim_id,
                say("describe.columns.wording"): claim.wording,
                say("describe.columns.condition"): condition_word(claim.condition, labels),
                say("describe.columns.verdict"): word(VERDICTS, judgement.verdict),
                say("describe.columns.finding"): judgement.sentence,
                say("describe.columns.may_say"): judgement.may_say,
            }
            for claim, judgement in zip(claims, judgements, strict=True)
        ]
    )
