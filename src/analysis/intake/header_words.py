"""The kind of identifier that a column's header announces, read by its words.

A header is cut into words: at capitals and marks, glued words, a letter before a word. Each word
has classes (English, German, French, Spanish; what begins a known word stands for it), and classes
close to each other decide: a person and "name", "birth" and a date, a kind of file and a number.
So a header nobody listed is known, in whatever order its words are.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from analysis.intake.text import words_of
from analysis.settings import data_rows

_OF = {
    row["word"]: frozenset(row["classes"].split()) for row in data_rows("codes/header_words.csv")
}
"""What words can mean in a header, without accents: data/codes/header_words.csv."""

_OF_PERSON = {"name", "own", "part", "init", "phone", "mobile", "email", "place", "birth", "born"}
"""Classes of which one must be in a word that begins with a single letter: "lname"."""

_PHRASES = [(row["phrase"], row["words"]) for row in data_rows("codes/header_phrases.csv")]
"""Words that mean something only together, and what stands for them."""

_RULES = [(row["kind"], row["terms"], row["absent"]) for row in data_rows("codes/header_rules.csv")]
"""A kind, alternatives of which one must hold, and a class that must be absent.

``a`` is a word of this class, ``!a`` none, ``a-b`` and ``a~b`` are words of two classes next to
each other or with one between, ``=a`` is a word of this class beside which nothing has weight.
"""


_OF_WHO_ACTS = ("er", "or", "eur", "trice", "ist", "ista", "iste", "ian", "ante", "ee")
"""Endings of words for who does a thing (rater, createur, acompanante), known or not."""


@cache
def _classes(word: str) -> frozenset[str]:
    stems = [word, *(word.removesuffix(end) for end in ("s", "n", "r", "a", "e", "es", "en"))]
    for stem in stems:
        if stem in _OF and (len(stem) > 3 or stem == word):
            return _OF[stem]
    if len(word) == 1:
        return _OF["text"]
    begun = [_OF[w] for w in _OF if w.startswith(word) and 3 < len(word) < len(w) - 1]
    said = frozenset.intersection(*begun) if begun else frozenset()
    if said := said & {"person", "own", "birth", "phone", "place", "number"}:
        return said
    return frozenset(("agent",) if len(word) > 4 and word.endswith(_OF_WHO_ACTS) else ())


@cache
def _cut(word: str) -> tuple[str, ...]:
    """Return the known words glued together in one ("patientssn", "lname"); else the word."""
    if _classes(word) - {"agent"} or not 4 <= len(word) <= 40:
        return (word,)
    best: dict[int, tuple[str, ...]] = {0: (), 1: (word[0],)}
    for end in range(2, len(word) + 1):
        for start in range(max(0, end - 16), end):
            piece = word[start:end]
            known = piece in _OF and (len(piece) > 2 or "short" in _OF[piece])
            joint = piece in ("s", "n", "en", "es") and start > 2 and end < len(word)
            if start in best and (known or joint):
                cut = best[start] if joint else (*best[start], piece)
                if end not in best or len(cut) < len(best[end]):
                    best[end] = cut
    cut = best.get(len(word), (word,))
    return cut if len(cut[0]) > 1 or any(_OF[p] & _OF_PERSON for p in cut[1:]) else (word,)


def _holds(term: str, found: list[frozenset[str]]) -> bool:
    if "&" in term:
        return all(_holds(part, found) for part in term.split("&"))
    if term[0] == "!":
        return not _holds(term[1:], found)
    if term[0] == "=":
        light = {term[1:], "noise", "number", "person"}
        return _holds(term[1:], found) and not any(classes.isdisjoint(light) for classes in found)
    for mark, furthest in (("-", 1), ("~", 2)):
        one, _, other = term.partition(mark)
        if other:
            return any(
                one in a and other in b and 0 < abs(i - j) <= furthest
                for i, a in enumerate(found)
                for j, b in enumerate(found)
            )
    return any(term in classes for classes in found)


def _read(header: str) -> list[frozenset[str]]:
    """Return the classes of a header's words, but for words that say nothing."""
    text = re.sub(
        r"\b[a-z](?: [a-z])+\b", lambda found: found[0].replace(" ", ""), " ".join(words_of(header))
    )
    for phrase, word in _PHRASES:
        text = re.sub(phrase, word, text)
    words = [piece for word in text.split() for piece in _cut(word) if not piece.isdecimal()]
    if len(words) > 3 and any(_classes(word) & {"ask", "sentence"} for word in words):
        asked = [at for at, word in enumerate(words) if "ask" in _classes(word)]
        words = words[asked[-1] + 1 :][:5] if asked else []
    return [classes for word in words if "stop" not in (classes := _classes(word))]


@lru_cache(10_000)
def header_identifier(header: str) -> str:
    """Return the kind of identifier that a column of this name holds; empty for none.

    ``patient_id``, ``birth_year``, ``site`` and the other columns of the contract hold none.
    """
    found = _read(header)
    if not any(found) or not _holds("!fact", found):
        return ""
    if len(found) > 1 and all("number" in classes for classes in found):
        return "social security number"  # "ID number"
    for kind, terms, absent in _RULES:
        if not (absent and _holds(absent, found)) and any(
            _holds(term, found) for term in terms.split()
        ):
            return kind
    return ""


def may_name_people(header: str) -> bool:
    """Whether a header says "name" and not of what, so that its values decide."""
    return _holds("name&!thing&!fact", _read(header))
