"""What a statement speaks of, read from its words: conditions, people, measure, plain words.

Word lists, not a model: every answer can be traced to a word on the page.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from analysis.contract.codes import load_conditions
from analysis.lint.flat import flat_text
from analysis.lint.marks import Mark, find_marks

Measure = Literal["share", "mean", "duration", ""]
MEASURE_OF_LEDGER: dict[str, Measure] = {
    "responder_share": "share",
    "percent_reduction": "mean",
    "relief_duration": "duration",
}

_SYNONYMS: dict[str, str] = {
    "crps": r"crps|rsd|complex regional pain|reflex sympathetic|causalgia",
    "fibromyalgia": r"fibromyalgia|fibro\b",
    "neuropathic": r"neuropath\w*|neuralgia|shingles|nerve (?:pain|damage|injur\w+)|post-?herpetic",
    "central": r"central pain|post-?stroke|spinal cord|multiple sclerosis|thalamic",
    "headache": r"headaches?|migraines?",
    "fbss": r"failed back|fbss|(?:back|spine|spinal) surgery",
}
PEOPLE = re.compile(
    r"\b(?:patients?|people|persons?|cases?|individuals|sufferers|participants?|clients?|everyone|"
    r"those|veterans|women|men|adults|users)\b"
)
NARROWED = re.compile(
    r"\b(?:complet\w+|finish\w+|respond(?:ers?|ed)|who respond|rated|were seen|followed[ -]up|"
    r"observed|assessed|with (?:a )?follow-?up|who stayed|who continued|attend\w+)\b"
)
"""Words by which copy says that its number is made of fewer than all who started."""

ALTERING = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|false|untrue|myths?|without|placebo|sham|unless|except|"
    r"excluding|hardly|fail\w*|worse\w*|increas\w*|doubt\w*|only|sadly|contrary)\b|n't\b"
)
"""Words that turn a claim round or bound it: with one to spare, it is not the same claim."""

OTHER_OUTCOME = re.compile(
    r"\b(?:opioids?|medications?|drugs|sleep\w*|function\w*|mood|depress\w+|anxiety|"
    r"quality of life|cost\w*|insurance|side effects?|adverse|nausea|dizz\w+|dissociat\w+|fatigue|"
    r"hangover|satisf\w+|recommend\w*|complet\w+|finish\w*|return\w*|relaps\w+|recur\w*|inflamm\w+|"
    r"tolerance|disability|work days|complications?|stress|energy)\b"
)
"""What else a share or a reduction can be of: such words must be equal for two claims to be one."""

PAIN_OUTCOME = frozenset({"pain", "reduction", "respond", "help", "benefit"})
"""Plain words of response and pain relief, of which the ledger's figures are."""

_WORDS = re.compile(r"[a-z0-9\u00df-\u024f]+")
_STOP = {
    "a", "an", "the", "of", "in", "on", "at", "to", "for", "from", "by", "with", "and", "or",
    "that", "which", "who", "is", "are", "was", "were", "be", "been", "being", "has", "have",
    "had", "do", "does", "did", "it", "its", "this", "these", "their", "our", "your", "my",
    "his", "her", "as", "per", "about", "up", "than", "then", "so", "such", "can", "may",
    "might", "could", "will", "would", "experience", "experiences", "report", "reports", "see",
    "sees", "saw", "get", "gets", "feel", "feels", "felt", "find", "finds", "there", "they",
    "we", "you", "i", "between", "us",
}  # fmt: skip
_SAME_WORD = {
    **dict.fromkeys((
        "people", "person", "persons", "individuals", "sufferers", "participants", "clients",
        "case", "cases", "adults", "patients",
    ), "patient"),
    **dict.fromkeys((
        "reductions", "decrease", "decreases", "decreased", "decline", "relief", "less",
        "lower", "lowered", "drop", "improvement", "improved", "improve", "improves", "better",
        "ease", "eased", "relieved", "reduce", "reduces", "reduced",
    ), "reduction"),
    **dict.fromkeys((
        "meaningful", "substantial", "considerable", "major", "clinically", "marked",
        "significantly",
    ), "significant"),
    **dict.fromkeys((
        "responds", "respond", "responded", "response", "responders", "responder", "success",
        "successful", "succeed", "works", "work",
    ), "respond"),
    **dict.fromkeys((
        "mean", "averages",
    ), "average"),
    **dict.fromkeys((
        "lasts", "lasted", "lasting", "last",
    ), "last"),
}  # fmt: skip


@lru_cache(maxsize=1)
def _condition_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Synonyms, and every label of data/conditions.csv, so that a new condition is known."""
    known = load_conditions()
    words: dict[str, list[str]] = {code: [text] for code, text in _SYNONYMS.items()}
    for code, label in known.labels.items():
        if code != "other":
            words.setdefault(code, []).append(re.escape(flat_text(label)))
    return tuple((code, re.compile(rf"\b(?:{'|'.join(text)})")) for code, text in words.items())


def conditions_in(text: str) -> frozenset[str]:
    """Return the codes of the conditions a text names."""
    flat = flat_text(text)
    return frozenset(code for code, pattern in _condition_patterns() if pattern.search(flat))


_SHARE_AFTER = re.compile(
    r"^\W{0,3}(?:(?:of|in|among) (?:\w+[ -]){0,5}?|(?:\w+[ -]){0,2}?)(?:patients?|people|persons?|"
    r"cases?|individuals|sufferers|participants?|clients?|those|women|men|adults)\b"
    r"|^\W{0,3}(?:success|response|responder|remission)\b"
)
"""After a percentage: of whom it is. "70 % less pain in patients" is none: see `_is_share`."""

_SHARE_NEAR = re.compile(r"\b(?:success rate|response rate|respon[ds]\w*)\b")
_REDUCTION = re.compile(
    r"\b(?:reduc\w+|decreas\w+|declin\w+|less|lower\w*|drop\w*|relief|better|improv\w+|fell|fall)\b"
)
_LASTING = re.compile(r"\b(?:lasts?|lasting|lasted|sustain\w*|relief|effects?|benefits?|durable)\b")


def _is_share(after: str) -> bool:
    found = _SHARE_AFTER.search(after)
    return bool(found) and not _REDUCTION.search(found[0])  # type: ignore[index]


def measure_in(text: str, marks: tuple[Mark, ...]) -> Measure:
    """Return what kind of number a statement gives.

    Returns
    -------
    {"share", "mean", "duration", ""}
        A share of patients and a mean reduction are never taken for one another (Dworkin 2009,
        PAIN 146:238): "70 % of patients" and "70 % less pain" both have a sign and differ.
    """
    flat = flat_text(text)
    percents = [mark for mark in marks if mark.kind == "percentage"]
    if percents:
        after = [flat[mark.end : mark.end + 60] for mark in percents]
        if any(map(_is_share, after)) or _SHARE_NEAR.search(flat):
            return "share"
        return "mean" if _REDUCTION.search(flat) else ""
    lasts = any(mark.kind == "duration" for mark in marks) and _LASTING.search(flat)
    return "duration" if lasts else ""


def plain_words(text: str) -> frozenset[str]:
    """Return the words that carry meaning, equal for words of one meaning; no numbers."""
    found = set()
    for word in _WORDS.findall(flat_text(text).replace("'", "")):
        if word in _STOP or word.isdigit() or word in ("percent", "cent", "pct"):
            continue
        same = _SAME_WORD.get(word)
        found.add(same or _SAME_WORD.get(word.rstrip("s")) or word.rstrip("s"))
    return frozenset(found)


def tokens_of(text: str, marks: tuple[Mark, ...] | None = None) -> list[tuple[str, int, int]]:
    """Return words and numbers in order, each with its place; equal however they are written.

    A number in words, digits or with another dash is one and the same token; so is "percent".
    """
    flat = flat_text(text)
    found = find_marks(text) if marks is None else marks
    numbers = [mark for mark in found if mark.quantity is not None]
    tokens, at = [], 0
    for mark in numbers:
        tokens += _words_between(flat, at, mark.start)
        if mark.start >= at:
            tokens.append((mark.quantity.token, mark.start, mark.end))  # type: ignore[union-attr]
            at = mark.end
    return tokens + _words_between(flat, at, len(flat))


_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def _words_between(flat: str, start: int, end: int) -> list[tuple[str, int, int]]:
    return [
        (match[0].replace("'", ""), match.start(), match.end())
        for match in _TOKEN.finditer(flat, start, end)
    ]
