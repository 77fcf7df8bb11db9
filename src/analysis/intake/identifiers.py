"""Refuse what identifies a person, and replace patients' numbers by keyed hashes where asked to.

Nobody here needs names, addresses and numbers of patients, so they are not let in: not even in a
column that nothing reads, because the file that holds it is kept with the results.

A pattern is kept only if ordinary clinic data (visit names, scores, study days, ICD codes, doses)
do not look like it: a check that cries wolf gets switched off. No pattern knows a name without a
title before it; columns of names are found by their header.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from analysis.errors import MappingError
from analysis.intake.mapping import TableRule
from analysis.intake.read import RawTable
from analysis.intake.rules import Problem
from analysis.intake.tables import TABLES


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
    """Return every identifier in a text, in the order of their places; kinds may overlap.

    Kinds follow the identifiers that 45 CFR 164.514(b)(2) asks to remove, as far as a pattern can
    know them. Nothing found does not mean nothing there: free names have no pattern.
    """
    found = [
        Found(kind, match.start(), match.end())
        for kind, pattern in PATTERNS.items()
        for match in pattern.finditer(text)
    ]
    return sorted(found, key=lambda each: (each.start, each.end, each.kind))


def header_identifier(header: str) -> str:
    """Return the kind of identifier that a column of this name holds; empty for none.

    ``patient_id``, ``birth_year``, ``site`` and the other columns of the contract hold none.
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header.strip())
    plain = re.sub(r"[^a-z0-9]+", " ", spaced.lower()).strip()
    return _HEADERS.get(plain) or _HEADERS.get(re.sub(r" (?:no|nr|num)$", " number", plain), "")


SHORTEST_KEY = 32
"""Bytes. A hash without a secret key hides nothing: whoever knows how record numbers look tries
them all, and a key that can be guessed protects nobody. The key's file stays with the clinic."""

PSEUDONYM_DIGITS = 16
"""Hex digits of a pseudonym: 64 bits, so that a million patients collide with chance 3e-8."""

_MAKE_ONE = 'Make one: python3 -c "import secrets; print(secrets.token_hex(32))" > clinic.key'


def load_key(mapping: Path, name: str) -> tuple[Path, bytes]:
    """Return the key file that ``hash_key`` names, from the mapping's folder on, and its key."""
    path = mapping.parent / Path(name).expanduser()
    try:
        key = path.read_bytes().strip()
    except OSError:
        raise MappingError(f"`hash_key` names {name}, which cannot be read. {_MAKE_ONE}") from None
    if len(key) < SHORTEST_KEY:
        raise MappingError(
            f"the key in {name} has {len(key)} bytes; at least {SHORTEST_KEY} are needed. "
            f"{_MAKE_ONE}"
        )
    return path, key


def pseudonym(text: str, key: bytes) -> str:
    """Return the keyed hash (HMAC-SHA-256, RFC 2104) of an id, as 16 hex digits."""
    digest = hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    return digest[:PSEUDONYM_DIGITS]


_YEAR = re.compile(r"\d{4}(?:\.0)?")
_HASH_OR_DROP = (
    "Take the column out of the export; or list it under `drop` in the mapping, and it is not "
    "read; or, where it identifies patients, give it `hash: true` (docs/mapping.md)."
)


def find_identifying(
    raw: RawTable, *, readers: Sequence[tuple[str, TableRule]], missing: Collection[str]
) -> list[Problem]:
    """Return the columns of a file that hold identifiers, a problem each.

    ``readers`` are table and rule of everything that reads this file. A column is safe when one
    of them drops it, hashes it or takes only its year, and none lets more of it through.
    """
    problems = []
    for place, name in enumerate(raw.frame.columns, start=1):
        uses = {use for table, rule in readers if (use := _use(name, table, rule))}
        found = None if uses == {"hidden"} else _find(raw, str(name), missing)
        if found is not None:
            kind, lines = found
            where = "" if lines else " in the header"
            problems.append(
                Problem(
                    table=readers[0][0],
                    column=str(name) if lines else f"column {place}",
                    code="identifier",
                    file=raw.name,
                    expected=f"no {kind}{where} (what names a person)",
                    remedy=_HASH_OR_DROP,
                    lines=lines,
                )
            )
    return problems


def _use(name: str, table: str, rule: TableRule) -> str:
    """Return what a rule does with a column: hides it, shows it, or nothing."""
    if name in (rule.drop or []):
        return "hidden"
    uses = [own for own in rule.columns.values() if name in own.sources()]
    as_it_is = name in TABLES[table].names and name not in rule.columns
    elsewhere = name in rule.where or any(name in (w.column, w.assessed_on) for w in rule.wide)
    if as_it_is or elsewhere or not all(own.hash or own.take == "year" for own in uses):
        return "shown"
    return "hidden" if uses else ""


def _find(raw: RawTable, name: str, missing: Collection[str]) -> tuple[str, list[int]] | None:
    """Return the kind of identifier in a column and its lines, none for one in the header.

    Values are never repeated in an error.
    """
    if in_header := find_identifiers(name):
        return in_header[0].kind, []
    texts = raw.frame[name]
    distinct = [text for text in texts.unique() if text not in missing]
    kind = header_identifier(name)
    if kind == "date of birth" and all(_YEAR.fullmatch(text) for text in distinct):
        kind = ""  # a year of birth is what the contract asks for
    if kind and distinct:
        return kind, raw.lines[~texts.isin([*missing, ""]).to_numpy()].tolist()
    # One pass over all of them; only a column with a hit is looked at value by value.
    if find_identifiers("\n".join(distinct)):
        for text in distinct:
            if found := find_identifiers(text):
                return found[0].kind, raw.lines[(texts == text).to_numpy()].tolist()
    return None
