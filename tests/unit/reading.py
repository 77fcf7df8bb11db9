"""The reading grade of a text."""

from __future__ import annotations

import re

VOWELS = re.compile(r"[aeiouy]+")


def syllables(word: str) -> int:
    """Groups of vowels, a silent e at the end not counted; at least one."""
    word = word.lower()
    n = len(VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and n > 1:
        n -= 1
    return max(1, n)


def grade(text: str) -> float:
    """Flesch-Kincaid grade (Kincaid 1975): years of school a reader needs.

    Numbers are left out of the syllables: they are read as figures.
    """
    sentences = [each for each in re.split(r"[.!?]+(?:\s|$)", text) if re.search("[a-z]", each)]
    words = re.findall(r"[A-Za-z][A-Za-z\'’-]*", text)
    return (
        0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    )
