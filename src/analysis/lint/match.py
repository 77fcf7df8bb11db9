"""Match a statement to listed claims: by exact words, by the same words, by what it says.

Deterministic: the same copy and ledger give the same match, and each match says why. A number that
differs never matches; it is reported with the claim it differs from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from rapidfuzz.distance import Indel

from analysis.claims.ledger import ALL, Claim
from analysis.intake.tables import load_conditions
from analysis.lint.quantities import Cue, Quantity, find_cues, flat_text, has_number
from analysis.lint.text import Statement

# What a statement speaks of, read from its words: conditions, people, measure, plain words

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
"""Words that reverse or limit a claim: with one to spare, it is not the same claim."""

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
    "we", "you", "i", "between", "us", "percent", "cent", "pct",
}  # fmt: skip
_SAME_WORD = {
    word: plain
    for plain, words in {
        "patient": "people person persons individuals sufferers participants clients case cases "
        "adults patients",
        "reduction": "reductions decrease decreases decreased decline relief less lower lowered "
        "drop improvement improved improve improves better ease eased relieved reduce reduces "
        "reduced",
        "significant": "meaningful substantial considerable major clinically marked significantly",
        "respond": "responds respond responded response responders responder success successful "
        "succeed works work",
        "average": "mean averages",
        "last": "lasts lasted lasting last",
    }.items()
    for word in words.split()
}


@lru_cache(maxsize=1)
def _condition_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Synonyms, and every label of data/conditions.csv, so that a new condition is known."""
    words: dict[str, list[str]] = {code: [text] for code, text in _SYNONYMS.items()}
    for code, label in load_conditions().labels.items():
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
"""After a percentage: of whom it is; not "70 % less pain in patients"."""

_SHARE_NEAR = re.compile(r"\b(?:success rate|response rate|respon[ds]\w*)\b")
_REDUCTION = re.compile(
    r"\b(?:reduc\w+|decreas\w+|declin\w+|less|lower\w*|drop\w*|relief|better|improv\w+|fell|fall)\b"
)
_LASTING = re.compile(r"\b(?:lasts?|lasting|lasted|sustain\w*|relief|effects?|benefits?|durable)\b")


def measure_in(text: str, cues: Sequence[Cue]) -> Measure:
    """Return what kind of number a statement gives, empty for none of the ledger's.

    A share of patients and a mean reduction are never taken for one another (Dworkin 2009, PAIN
    146:238): "70 % of patients" and "70 % less pain" both have a sign and differ.
    """
    flat = flat_text(text)
    percents = [cue for cue in cues if cue.kind == "percentage"]
    if percents:
        of_whom = [_SHARE_AFTER.search(flat[cue.end : cue.end + 60]) for cue in percents]
        share = any(found and not _REDUCTION.search(found[0]) for found in of_whom)
        if share or _SHARE_NEAR.search(flat):
            return "share"
        return "mean" if _REDUCTION.search(flat) else ""
    lasts = any(cue.kind == "duration" for cue in cues) and _LASTING.search(flat)
    return "duration" if lasts else ""


def plain_words(text: str) -> frozenset[str]:
    """Return the words that carry meaning, equal for words of one meaning; no numbers."""
    return frozenset(
        _SAME_WORD.get(word) or _SAME_WORD.get(word.rstrip("s")) or word.rstrip("s")
        for word in _WORDS.findall(flat_text(text).replace("'", ""))
        if word not in _STOP and not word.isdigit()
    )


_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
Token = tuple[str, int, int]


def tokens_of(text: str, cues: Sequence[Cue]) -> list[Token]:
    """Return words and numbers in order, each with its place; equal however they are written.

    A number in words, digits or with another dash is one and the same token; so is "percent".
    """
    flat = flat_text(text)

    def words(start: int, end: int) -> list[Token]:
        found = _TOKEN.finditer(flat, start, end)
        return [(match[0].replace("'", ""), *match.span()) for match in found]

    tokens, at = [], 0
    for cue in cues:
        if cue.quantity is not None:
            tokens += words(at, cue.start)
            if cue.start >= at:
                tokens.append((cue.quantity.token, cue.start, cue.end))
                at = cue.end
    return tokens + words(at, len(flat))


# Matching

How = Literal["exact words", "same words", "same meaning", "condition left out", "number differs"]
_ORDER: tuple[How, ...] = get_args(How)
LISTED = _ORDER[:3]
"""Ways by which a statement counts as listed; the others only name the nearest claim."""

LEAST_WORDS = 4  # a claim of fewer and no number ("Diabetic neuropathy") must be all of it
LEAST_ALIKE = 0.5  # share of words in common for the same meaning, figures being equal


@dataclass(frozen=True, kw_only=True)
class Match:
    """How a statement and a listed claim belong together."""

    listed: Claim
    how: How
    score: float  # in [0, 1]; docs/linter.md says what gives how much
    why: str  # what was equal, in words
    start: int  # part of the statement it covers
    end: int


class _Row:
    """A listed claim with what matching needs of it."""

    def __init__(self, listed: Claim) -> None:
        wording = listed.wording
        cues = find_cues(wording)
        self.listed = listed
        self.tokens = [token for token, _, _ in tokens_of(wording, cues)]
        self.text = f" {' '.join(self.tokens)} "
        self.figures = _figures(cues)
        self.conditions = conditions_in(wording) | ({listed.condition} - {ALL})
        self.measure = MEASURE_OF_LEDGER.get(listed.measure) or measure_in(wording, cues)
        self.words = _outcome_words(wording)


class Matcher:
    """Matches statements to a fixed list of claims."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self._rows = [_Row(claim) for claim in claims if claim.wording.strip()]

    def match(self, statement: Statement) -> tuple[Match, ...]:
        """Return the claims a statement makes; else at most one that it comes near to.

        Two rows with the same wording both match: one sentence may make two claims.
        """
        tokens = tokens_of(statement.text, statement.cues)
        text = f" {' '.join(token for token, _, _ in tokens)} "
        rows = (row for row in self._rows if row.tokens and row.text in text)
        worded = [match for row in rows if (match := _worded(statement, tokens, row))]
        if worded:
            return tuple(match for match in worded if not _inside_another(match, worded))
        if not has_number(statement.cues):
            return ()
        meant = [match for row in self._rows if (match := _by_meaning(statement, row))]
        nearest = sorted(meant, key=lambda m: (_ORDER.index(m.how), -m.score, m.listed.claim_id))
        return tuple(nearest[:1])


def _inside_another(match: Match, others: Sequence[Match]) -> bool:
    return any(
        other.start <= match.start
        and match.end <= other.end
        and (other.start, other.end) != (match.start, match.end)
        for other in others
    )


def _worded(statement: Statement, tokens: list[Token], row: _Row) -> Match | None:
    """Return the match of a claim whose words stand in the statement, unless the rest alters it."""
    size, names = len(row.tokens), [token for token, _, _ in tokens]
    complete = len(tokens) == size
    if not complete and size < LEAST_WORDS and not row.figures:
        return None
    at = next(i for i in range(len(names) - size + 1) if names[i : i + size] == row.tokens)
    start, end = tokens[at][1], tokens[at + size - 1][2]
    rest = f"{statement.text[:start]} {statement.text[end:]}"
    if ALTERING.search(rest.lower()) or conditions_in(rest) - row.conditions:
        return None
    exact = row.listed.wording in statement.text
    part = "the statement" if complete else "part of it"
    return Match(
        listed=row.listed,
        how="exact words" if exact else "same words",
        score=1.0 if exact else 0.95,
        why=f"{part} has {'exactly the words' if exact else 'the words'} of {row.listed.claim_id}",
        start=start,
        end=end,
    )


def _by_meaning(statement: Statement, row: _Row) -> Match | None:
    """Return a match by number, condition and measure, or the nearest claim it differs from."""
    text, wording, claim_id = statement.text, row.listed.wording, row.listed.claim_id
    measure = measure_in(text, statement.cues)
    if not row.figures or not measure or measure != row.measure:
        return None
    if _all_of(OTHER_OUTCOME, text) != _all_of(OTHER_OUTCOME, wording):
        return None
    named = conditions_in(text) or conditions_in(statement.heading)
    if len(named) > 1:
        return None
    same_condition = named == row.conditions
    left_out = not named and bool(row.conditions)
    words, figures = _outcome_words(text), _figures(statement.cues)
    # The share of words in common (Dice): 1 for the same words, 0 for none at all.
    alike = 0.0
    if words and row.words:
        alike = float(Indel.normalized_similarity(sorted(words), sorted(row.words)))
    if figures == row.figures and (same_condition or left_out) and alike >= LEAST_ALIKE:
        if _all_of(ALTERING, text) != _all_of(ALTERING, wording):
            return None
        how: How = "condition left out" if left_out else "same meaning"
        whom = "no condition named" if left_out else "same condition"
        score = 0.5 + (0.0 if left_out else 0.2) + 0.3 * alike
        why = (
            f"same number and measure as {claim_id}, {whom}, {100 * alike:.0f} % of words in common"
        )
    else:
        speaks_of_pain = bool(words & PAIN_OUTCOME) or words <= {"patient"}
        same_unit = {figure.unit for figure in figures} & {figure.unit for figure in row.figures}
        if not (same_condition and figures != row.figures and speaks_of_pain and same_unit):
            return None
        how, score = "number differs", 0.2 + 0.3 * alike
        why = f"same condition and measure as {claim_id}, but another number"
    return Match(listed=row.listed, how=how, score=round(score, 3), why=why, start=0, end=len(text))


def _figures(cues: Iterable[Cue]) -> frozenset[Quantity]:
    return frozenset(cue.quantity for cue in cues if cue.quantity is not None)


def _all_of(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    return frozenset(pattern.findall(text.lower()))


_CONDITION_WORDS = frozenset({
    "crp", "fibromyalgia", "neuropathic", "neuropathy", "complex", "regional", "syndrome",
    "migraine", "headache", "fbss", "central", "failed", "back", "surgery",
})  # fmt: skip


def _outcome_words(text: str) -> frozenset[str]:
    """Return the plain words but for those that only name the condition, which is compared too."""
    return plain_words(text) - (_CONDITION_WORDS if conditions_in(text) else frozenset())
