"""Texts that look alike: one spelling for comparison, without invisible marks and full-width forms.

Values are kept as the file has them; these forms only decide whether two texts mean the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_INVISIBLE = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u3164", "\uffa0"}
"""Marks without a shape that are not of Unicode's category Cf: joiners and Hangul fillers."""

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")


_WHOLE_LETTERS = str.maketrans("\u0142\u00f8\u0111\u0131\u00f0", "lodid")
"""Letters with a stroke, which Unicode does not take apart: Polish l, Danish o and their kin."""


def plain(text: str) -> str:
    """Return a text in Unicode's form NFKC, without invisible marks, with every dash a hyphen."""
    if text.isascii():
        return text
    shown = (
        c
        for c in unicodedata.normalize("NFKC", text).translate(_DASHES)
        if unicodedata.category(c) != "Cf" and c not in _INVISIBLE and not "\ufe00" <= c <= "\ufe0f"
    )
    return "".join(shown)


def folded(text: str) -> str:
    """Return a text in lower case and without accents: "Größe" and "GROSSE" are "grosse"."""
    text = plain(text).casefold()
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFD", text.translate(_WHOLE_LETTERS))
    return "".join(c for c in letters if unicodedata.category(c) != "Mn")


def words_of(text: str) -> list[str]:
    """Return the words of a name: cut at capitals, between letters and digits, and at marks.

    "PAT_NAME", "patName" and "Pat. Name" have the words pat and name; "#" is the word "no".
    """
    text = re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain(text))
    text = re.sub(
        r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", " ", folded(text).replace("#", " no ")
    )
    return re.findall(r"[^\W_]+", text)


def name_key(name: str) -> str:
    """Return what a column's name has in common with its slips: "Assessed on" is assessed_on."""
    return "_".join(re.findall(r"[^\W_]+", folded(name)))


LOOK_ALIKES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455"
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7",
    "abekmhopctyxijsabezhikmnoptyx",
)
"""Cyrillic and Greek letters, of which the capital or small one looks as a Latin one (Unicode
TR 39)."""


def id_key(text: str) -> str:
    """Return what is left of an id when what programs lose or add on the way is taken off.

    That is capitals, blanks, invisible marks, full-width and decomposed letters, letters that look
    alike (a Cyrillic Er for P), leading zeros of each number, and ".0" after one: "P01" and "p1"
    are the same, and so are "123" and "123.0".
    """
    text = re.sub(r"\s", "", unicodedata.normalize("NFC", plain(text)).casefold())
    text = text.translate(LOOK_ALIKES)
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    return re.sub(r"(?<!\d)0+(?=\d)", "", text)


def near_ids(ids: Iterable[str]) -> list[list[str]]:
    """Return the sets of different ids that may be one patient, each in the order of the ids."""
    texts = list(dict.fromkeys(ids))
    same: dict[str, list[str]] = {}
    for text, key in zip(texts, _id_keys(texts), strict=True):
        same.setdefault(key, []).append(text)
    return [alike for alike in same.values() if len(alike) > 1]


def _id_keys(ids: list[str]) -> list[str]:
    """Return the `id_key` of each; of ids in ASCII all at once, for an engine without lookarounds.

    Only digits with zeros before them, or the whole, change there.
    """
    if not all(map(str.isascii, ids)):
        return [id_key(text) for text in ids]
    import pyarrow as pa  # not before it is needed: an unchanged run loads none
    import pyarrow.compute as pc

    keys = pc.ascii_lower(
        pc.replace_substring_regex(pa.array(ids, pa.string()), r"[\s\x0b\x1c-\x1f]", "")
    )
    keys = pc.replace_substring_regex(keys, r"^(\d+)\.0+$", r"\1")
    return pc.replace_substring_regex(keys, r"(^|\D)0+(\d)", r"\1\2").to_pylist()


def shape(text: str) -> str:
    """Return how a text is written without what it says: "P-0012" is A-9999.

    Marks outside ASCII are shown by their number, so that an invisible one is seen, and so are
    letters that only look as Latin ones.
    """
    return "".join(map(_shape_of, text))


def _shape_of(c: str) -> str:
    wide = "\uff01" <= c <= "\uff5e"
    if c.isdigit():
        return "\N{FULLWIDTH DIGIT NINE}" if wide else "9"
    if c.isalpha() and ord(c.casefold()[0]) not in LOOK_ALIKES:
        letter = "A" if c.isupper() else "a"
        return chr(ord(letter) + 0xFEE0) if wide else letter
    return c if c.isascii() else f"\\u{ord(c):04x}"
