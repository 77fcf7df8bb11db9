"""One letter for one letter: dashes, quotes, full-width digits as plain ones, in small letters."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_SAME = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    "\u066a": "%",
    "\u2044": "/",
    "\u2215": "/",
}


def flat_text(text: str) -> str:
    """Return text of the same length in which equal things are written equally.

    Parameters
    ----------
    text : str
        As extracted.

    Returns
    -------
    str
        Place ``i`` of it is place ``i`` of ``text``.
    """
    if text.isascii():
        return text.lower()
    return "".join(c.lower() if c.isascii() else _flat(c) for c in text)


@lru_cache(maxsize=4096)
def _flat(character: str) -> str:
    if character in _SAME:
        return _SAME[character]
    plain = unicodedata.normalize("NFKC", character).lower()
    if len(plain) == 1 and plain.isdigit() and not plain.isascii():
        return str(unicodedata.digit(plain))
    return plain if len(plain) == 1 else (character.lower()[0] or character)
