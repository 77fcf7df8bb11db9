"""What would name a person: patterns in text and in column headers.

A pattern is kept only if ordinary clinic data (visit names, scores, study days, ICD codes, doses)
do not look like it: a check that cries wolf is switched off by those it should protect. A pattern
cannot know a name without a title before it; columns of names are found by their header.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Found(NamedTuple):
    """An identifier in a text: its kind in words, and where it begins and ends."""

    kind: str
    start: int
    end: int


_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DATE = (
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}"
    rf"|{_MONTH}\s+\d{{1,2}},?\s+\d{{4}}|\d{{1,2}}\s+{_MONTH},?\s+\d{{4}})"
)
_STREET = (
    r"(?:Street|St|Avenue|Ave|Boulevard|Blvd|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Terrace"
    r"|Parkway|Pkwy|Highway|Hwy|Square|Sq|Way|Circle|Cir|Trail|Trl)"
)
_NAME = r"[A-Z][a-z'\N{RIGHT SINGLE QUOTATION MARK}-]+"

PATTERNS: dict[str, re.Pattern[str]] = {
    "email address": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,24}\b"),
    "phone number": re.compile(
        # Three numbers with only blanks between them are a row of a table, not a phone.
        r"(?<![\w.+-])(?:\+?1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])"
        r"[2-9]\d{2}[ .-]\d{4}(?![\w-])"
        r"|(?<![\w.+-])\+1 ?[2-9]\d{2} ?[2-9]\d{2} ?\d{4}(?![\w-])"
        r"|(?<![\w.+])(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?"
        r"\d{2,4}(?:[ .-]?\d{2,4}){2,4}(?![\w-]|\.\d)"
        r"|(?i:\b(?:phone|tel|telephone|mobile|cell|fax)(?: (?:no|number))?[.:# ]{1,3}"
        r"[+(]?\d[\d ().-]{5,18}\d)(?!\w)"
    ),
    "social security number": re.compile(
        r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"
        r"|(?i:\b(?:ssn|social security(?: (?:no|number))?)[.:# ]{1,3}\d{9})\b"
    ),
    "record number": re.compile(
        r"(?i)(?<![a-z])(?:mrn|medical record(?: (?:no|number|id))?|patient (?:no|number)"
        r"|(?:chart|account|member|policy|record) (?:no|number))[.:#= ]{1,3}"
        r"(?=[\w-]*\d{4})[a-z]{0,4}-?\d[\w-]{3,}"
    ),
    "date of birth": re.compile(
        rf"(?i)(?<![a-z])(?:d\.?o\.?b\.?|date of birth|birth ?date|born(?: on)?)[:= ]{{1,3}}{_DATE}"
    ),
    "street address": re.compile(
        rf"(?<![\w.,-])\d{{1,6}}[A-Z]? (?:[NSEW]\.? )?(?:{_NAME} |\d{{1,3}}(?:st|nd|rd|th) ){{1,3}}"
        rf"{_STREET}\b(?:\.|(?!\w))"
        r"|(?i:\bp\. ?o\. ?box \d+)"
    ),
    "address with a user": re.compile(
        r"(?i)\b[a-z][a-z0-9+.-]{1,12}://(?:[^\s/@:]{1,64}(?::[^\s/@]{0,64})?@[^\s/]+"
        r"|[^\s\"'<>?]*/~[a-z][\w-]*"
        r"|[^\s\"'<>]*[?&](?:user|username|email|patient|patient_id|mrn|token)=[^\s&\"'<>]+)"
    ),
    "name with a title": re.compile(
        rf"(?<!\w)(?:Mr|Mrs|Ms|Miss)\.? (?!Sclerosis){_NAME}(?: {_NAME})?(?!\w)"
        rf"|(?i:\bpatient(?:'s)? name)[:= ]{{1,3}}{_NAME}(?:,? {_NAME})?"
    ),
}
"""Kind of identifier in words, and what it looks like in a text."""

PATHS = re.compile(
    r"(?<![\w.~:/<-])/(?:home|Users|root|tmp|var|mnt|media|srv|opt|work|data|private|Volumes|scratch"
    r"|workspace|usr|etc)/[^\s\"'<>|,;)]+"
    r"|(?<![\w])[A-Za-z]:\\{1,2}[^\s\\\"'<>|]+(?:\\{1,2}[^\\\"'<>|\n]+)+"
    r"|(?<!\\)\\\\[\w.-]+\\[\w$.-]+"
    r"|(?i:file):///?[^\s\"'<>]+"
)
"""A place on the disk or network of whoever made a file: it holds user and host names."""

_HEADER_WORDS: dict[str, tuple[str, ...]] = {
    "name": (
        "name", "first name", "last name", "given name", "middle name", "family name", "surname",
        "full name", "patient name", "subject name", "maiden name", "forename", "initials",
        "patient initials", "next of kin", "firstname", "lastname", "fullname",
    ),
    "email address": ("email", "e mail", "email address", "mail address", "patient email"),
    "phone number": (
        "phone", "telephone", "tel", "mobile", "cell", "cell phone", "phone number", "home phone",
        "mobile phone", "work phone", "fax", "fax number", "telephone number", "patient phone",
    ),
    "social security number": ("ssn", "social security", "social security number", "national id"),
    "record number": (
        "mrn", "medical record", "medical record number", "record number", "chart number",
        "chart no", "account number", "insurance number", "member number", "policy number",
        "health plan number", "patient mrn", "nhs number",
    ),
    "date of birth": (
        "dob", "date of birth", "birth date", "birthdate", "birthday", "birth day", "born",
        "born on", "patient dob", "dateofbirth",
    ),
    "street address": (
        "address", "street", "street address", "home address", "postal address", "mailing address",
        "address line 1", "address line 2", "zip", "zip code", "zipcode", "postcode", "postal code",
    ),
}  # fmt: skip

_HEADERS = {text: kind for kind, texts in _HEADER_WORDS.items() for text in texts}


def find_identifiers(text: str) -> list[Found]:
    """Return every identifier that a text holds, in the order of their places.

    Parameters
    ----------
    text : str
        A cell, a line or a page; numbers are given as text.

    Returns
    -------
    list of Found
        Kind in words, start and end; overlapping finds of several kinds are all told.

    Notes
    -----
    Kinds follow the identifiers that 45 CFR 164.514(b)(2) asks to remove, as far as a pattern can
    tell them. Nothing found does not mean nothing there: free names have no pattern.
    """
    found = [
        Found(kind, match.start(), match.end())
        for kind, pattern in PATTERNS.items()
        for match in pattern.finditer(text)
    ]
    return sorted(found, key=lambda each: (each.start, each.end, each.kind))


def find_paths(text: str) -> list[Found]:
    """Return every absolute path (POSIX, Windows, network share, file address) in a text."""
    return [Found("absolute path", m.start(), m.end()) for m in PATHS.finditer(text)]


def header_identifier(header: str) -> str:
    """Return the kind of identifier that a column of this name holds; empty for none.

    ``patient_id``, ``birth_year``, ``site`` and the other columns of the contract hold none.
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header.strip())
    plain = re.sub(r"[^a-z0-9]+", " ", spaced.lower()).strip()
    return _HEADERS.get(plain) or _HEADERS.get(re.sub(r" (?:no|nr|num)$", " number", plain), "")
