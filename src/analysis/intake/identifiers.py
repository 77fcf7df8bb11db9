"""Refuse what identifies a person, and replace patients' numbers by keyed hashes where asked to.

Nobody here needs names, addresses and numbers of patients, so they are not let in: not even in a
column that nothing reads, because the export is kept, mailed and asked about.

A pattern is kept only if ordinary clinic data (visit names, scores, study days, ICD codes, doses,
drugs, hospitals) do not look like it: a check that cries wolf gets switched off. How often it is
right is measured on the labelled lists of ``tests/data/identifiers``. Texts are compared without
invisible marks and full-width forms (`analysis.intake.text`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.errors import InputError, MappingError
from analysis.files import read_plain
from analysis.intake.codes import GIVEN_NAMES, SURNAMES, THINGS, read_patterns, words_for
from analysis.intake.header_words import header_identifier, may_name_people
from analysis.intake.mapping import Mapping, TableRule, refuse_outside
from analysis.intake.read import RawTable
from analysis.intake.rules import Problem
from analysis.intake.tables import TABLES
from analysis.intake.text import folded, plain, words_of

_QUOTE = "'\N{RIGHT SINGLE QUOTATION MARK}"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def is_nhs_number(text: str) -> bool:
    """Return whether ten digits end in the check digit of the NHS number (modulus 11; also CHI)."""
    digits = _digits(text)
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    total = sum(int(c) * weight for c, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(digits[9])  # a check of 10 is given to nobody


def _is_insurance_number(text: str) -> bool:
    """German health insurance number: a letter as two digits, weights 1 and 2, sums of digits."""
    digits = f"{ord(text[0]) - 64:02d}{text[1:]}"
    products = [int(c) * (1 + at % 2) for at, c in enumerate(digits[:-1])]
    return sum(n // 10 + n % 10 for n in products) % 10 == int(digits[-1])


def _is_french_number(text: str) -> bool:
    digits = _digits(text)
    return int(digits[:13]) % 97 + int(digits[13:]) == 97


def _is_iban(text: str) -> bool:
    """ISO 13616: the first four signs moved to the end, letters as two digits, modulus 97 is 1."""
    bare = text.replace(" ", "")
    return int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1


def _is_spanish_number(text: str) -> bool:
    number = text[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def _is_phone(text: str) -> bool:
    return 9 <= len(_digits(text)) <= 12


def _is_address_of_a_computer(text: str) -> bool:
    parts = [int(part) for part in text.split(".")]
    return max(parts) < 256 and (parts[0] == 10 or sum(part > 9 for part in parts) > 1)


def _has_given_name(text: str) -> bool:
    return any(_is_given(word) for word in words_of(text))


def _is_given(word: str) -> bool:
    return word in GIVEN_NAMES or re.sub("(?<=[aou])e", "", word) in GIVEN_NAMES


class Found(NamedTuple):
    """An identifier in a text: its kind in words, and the part of the text that is it."""

    kind: str
    part: str


_CHECKS: dict[str, Callable[[str], bool]] = {
    "is_phone": _is_phone,
    "is_french_number": _is_french_number,
    "is_spanish_number": _is_spanish_number,
    "is_insurance_number": _is_insurance_number,
    "is_iban": _is_iban,
    "is_nhs_number": is_nhs_number,
    "is_address_of_a_computer": _is_address_of_a_computer,
    "has_given_name": _has_given_name,
}
"""What decides where the look does not, by its name in the table."""

_PARTS, _PATTERNS = read_patterns("codes/identifiers.csv")

PATTERNS = tuple(
    (kind, re.compile(pattern, re.MULTILINE), _CHECKS.get(check))
    for kind, check, pattern in _PATTERNS
)
"""Kind of identifier in words, what it looks like, and what decides where the look does not. Three
numbers with blanks between them are a row of a table unless they stand alone."""


def _without_lookarounds(pattern: str) -> str:
    """Return a pattern that fits at least what this one fits, for an engine without lookarounds."""
    while found := re.search(r"\(\?<?[=!]", pattern):
        depth, at, in_class = 1, found.end(), False
        while depth:
            c = pattern[at]
            if c == "\\":
                at += 1
            elif in_class:
                in_class = c != "]"
            else:
                in_class = c == "["
                depth += {"(": 1, ")": -1}.get(c, 0)
            at += 1
        pattern = pattern[: found.start()] + pattern[at:]
    return pattern


_LOOSE = tuple(f"(?m){_without_lookarounds(pattern)}" for *_, pattern in _PATTERNS)


_FEW = 100
"""Texts; with fewer, Python has read them before another engine has read the patterns."""


def _fitting(texts: Collection[str], patterns: Iterable[str], *, fit: bool = True) -> list[str]:
    """Return the texts that fit one of the patterns, or do not, for an engine without lookarounds.

    Millions of ids and notes are distinct; Python reads them ten times as long. Texts that are not
    ASCII are among those returned, after the others, and all where they are few.
    """
    if len(texts) < _FEW:
        return [t for t in texts if fit or not any(re.search(p, t) for p in patterns)]
    ascii_ones = [text for text in texts if text.isascii()]
    column = pa.array(ascii_ones, pa.string())
    fits = pa.array(np.zeros(len(column), dtype=bool))
    for pattern in patterns:
        fits = pc.or_(fits, pc.match_substring_regex(column, pattern))
    others = [] if len(column) == len(texts) else [t for t in texts if not t.isascii()]
    return [*column.filter(fits if fit else pc.invert(fits)).to_pylist(), *others]


_NAME_FORM = re.compile(
    r"(?:[A-Za-z']+[ .,;_^-]+)+[A-Za-z']+\.?(?:[ _-]?\d{2,8})?"
    r"|[A-Z][a-z]+(?:[A-Z][a-z]+)+(?:[ _-]?\d{2,8})?"
)


def is_person_name(text: str) -> bool:
    """Return whether a complete text is a person's name: "Smith, John", "John Smith", "smith_john".

    One part is a common given name; the other may be anything but a word of hospitals, tests and
    diseases. Names in small letters with a blank between also need a common surname, so that "ruth
    better" is none.
    """
    text = plain(text).strip()
    if not 6 <= len(text) <= 60 or (text.isascii() and not _NAME_FORM.fullmatch(text)):
        return False
    bare = re.sub(
        r"(?<=[a-z])(?=[A-Z])|[_.^,;-]|[ -]?\d{2,8}$", " ", re.sub(r"\b[A-Z]\.", " ", text)
    )
    if not re.fullmatch(rf"[^\W\d_{_QUOTE}][^\W\d_]*(?:[ {_QUOTE}]+[^\W\d_]+)+ *", bare):
        return False
    parts = [part for part in bare.split() if len(part) > 1]
    words = [folded(part).replace(_QUOTE[1], "'") for part in parts]
    if not 2 <= len(words) <= 4 or not THINGS.isdisjoint(words):
        return False
    given = [_is_given(word) for word in words]
    if "," in text or "^" in text:
        return text.count(",") < 2 and any(given)
    reversed_ = parts[0].isupper() or " " not in text or words[0] in SURNAMES
    ends = given[0] or (given[-1] and reversed_)
    if " " in text and text.islower():
        return given[0] and words[-1] in SURNAMES
    capitals = " " not in text or all(part[0].isupper() for part in parts)
    return ends and capitals and len(words) <= 3 + ("-" in text)


_ID_WITH_BIRTH_DATE = re.compile(r"[A-Za-z]{1,4}[_-]?((?:19|20)\d{2})(\d{2})(\d{2})")
YOUNGEST_BIRTH_YEAR = 2010
"""An id such as AB20240301 holds a day of treatment; one before this year a day of birth."""


def _is_id_with_birth_date(text: str) -> bool:
    found = _ID_WITH_BIRTH_DATE.fullmatch(text)
    if not found or int(found[1]) >= YOUNGEST_BIRTH_YEAR:
        return False
    try:
        date(*map(int, found.groups()))
    except ValueError:
        return False
    return True


def find_identifiers(text: str) -> list[Found]:
    """Return every identifier in a text, in the order of their places; kinds may overlap.

    Kinds follow the identifiers that 45 CFR 164.514(b)(2) asks to remove, as far as a pattern can
    know them. Nothing found does not mean nothing there: a name within a sentence has no pattern.
    """
    text = plain(text)
    places = sorted(
        (match.start(), -match.end(), kind)
        for kind, pattern, check in PATTERNS
        for match in pattern.finditer(text)
        if check is None or check(match.group())
    )
    found, ends = [], dict[str, int]()
    for start, minus_end, kind in places:
        if -minus_end > ends.get(kind, 0):  # not within another of its kind
            found.append(Found(kind, text[start:-minus_end]))
            ends[kind] = -minus_end
    return found


def identified_by(header: str) -> str:
    """Return the kind of identifier that a header itself is: a column for each patient."""
    if found := find_identifiers(header):
        return found[0].kind
    return "name" if " " in header and is_person_name(header) else ""


_OF_THINGS = words_for("thing")
"""Words of headers under which "Henry Ford" is a hospital and no person."""

_NUMBER_OR_DATE = (
    r"^(?:[+-]?\d{0,8}(?:[.,]\d*)?|\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?: \d{1,2}:\d{2}(?::\d{2})?)?)$"
)
"""Texts that no pattern fits, so that long columns of scores and dates cost nothing."""


def identifying_values(texts: Collection[str], *, header: str = "") -> tuple[str, set[str]] | None:
    """Return a kind of identifier among the distinct texts of a column, and all that hold it.

    That is the first kind found; None when there is none. The ``header`` matters: under "site" a
    text of two words is no person's name.
    """
    if texts and all(len(t) == 10 and t.isdecimal() and is_nhs_number(t) for t in texts):
        return "record number", set(texts)
    rest = _fitting(texts, [_NUMBER_OR_DATE], fit=False)
    kind, holding = "", set[str]()
    for text in _fitting(rest, _LOOSE):
        kinds = {found.kind for found in find_identifiers(text)}
        kind = kind or min(kinds, default="")
        if kind and kind in kinds:
            holding.add(text)
    if not holding and not _OF_THINGS.search(" ".join(words_of(header))):
        likely = _fitting(
            rest, [rf"^[\s\x0b\x1c-\x1f]*(?:{_NAME_FORM.pattern})[\s\x0b\x1c-\x1f]*$"]
        )
        kind, holding = "name", {text for text in likely if is_person_name(text)}
    if not holding and may_name_people(header):
        holding = {text for text in rest if _is_given(folded(text.strip()))}
    if not holding:
        likely = _fitting(rest, [f"^(?:{_ID_WITH_BIRTH_DATE.pattern})$"])
        kind, holding = "date of birth", {text for text in likely if _is_id_with_birth_date(text)}
    return (kind, holding) if holding else None


SHORTEST_KEY = 32
"""Bytes. A hash without a secret key hides nothing: whoever knows how record numbers look tries
them all, and a key that can be guessed protects nobody. The key's file stays with the clinic."""

PSEUDONYM_DIGITS = 16
"""Hex digits of a pseudonym: 64 bits, so that a million patients collide with chance 3e-8."""

_MAKE_ONE = 'Make one: python3 -c "import secrets; print(secrets.token_hex(32))" > clinic.key'


def load_key(mapping: Path, name: str, also: Iterable[Path] = ()) -> tuple[Path, bytes]:
    """Return the key file that ``hash_key`` names, from the mapping's folder on, and its key.

    MappingError when it lies outside that folder and ``also``, or is no key.
    """
    path = mapping.parent / Path(name).expanduser()
    refuse_outside(path, (mapping.parent, *also), what=f"`hash_key` names {name}")
    try:
        key = read_plain(path).strip()
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


_ANSWER = re.compile(r"(?i)yes|no|y|n|true|false|(?:un)?checked|ja|nein|oui|non|s[i\xed]")
_NOTHING_OF = {
    "date of birth": re.compile(r"\d{4}(?:\.0)?"),  # a year of birth is what the contract asks for
    "name": re.compile(
        rf"{_ANSWER.pattern}|[\W\d_]+|\d{{1,2}}[ .-]{_PARTS['month']}[ .,-]*\d{{2,4}}.*"
    ),
}
"""Values that make of a column with an identifier's header none: answers, years, numbers, and
dates under "first" and "last"."""

_HASH_OR_DROP = (
    "Take the column out of the export; or list it under `drop` in the mapping, and it is not "
    "read; or, where it identifies patients, give it `hash: true` (docs/mapping.md)."
)


def names_nobody(kind: str, texts: Iterable[str]) -> bool:
    """Whether a column whose header is that of an identifier holds answers, years or dates."""
    return all(_NOTHING_OF.get(kind, _ANSWER).fullmatch(text) for text in texts)


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
    if in_header := identified_by(name):
        return in_header, []
    texts = raw.frame[name]
    distinct = [text for text in texts.unique() if text not in missing]
    kind = header_identifier(name)
    if names_nobody(kind, distinct):
        kind = ""
    if kind and distinct:
        return kind, raw.lines[~texts.isin([*missing, ""]).to_numpy()].tolist()
    found = identifying_values(distinct, header=name)
    if found is None:
        return None
    kind, holding = found
    return kind, raw.lines[texts.isin(holding).to_numpy()].tolist()


def refuse_identifying_texts(mapping: Mapping) -> None:
    """Raise MappingError when a text that a mapping brings in names a person.

    Looked at are the name and source of the export, labels of conditions, constants, words and
    their meanings, texts of filters and of ``given``: all of them reach tables, reports or errors.
    """
    for place, column, text in _texts_of(mapping):
        found = identifying_values([text], header=column)
        if found is not None:
            raise MappingError(
                f"{place} holds a text that names a person ({found[0]}). Take it out of the "
                "mapping: patients are known by an id that names nobody."
            )


def _texts_of(mapping: Mapping) -> Iterator[tuple[str, str, str]]:
    """Yield place, column and text of everything a mapping writes out."""
    yield from (
        (f"`{field}`", "", text)
        for field, text in (("name", mapping.name), ("source", mapping.source))
        if text
    )
    yield from (("`conditions`", "", label) for label in mapping.conditions.values())
    for table, rules in mapping.tables.items():
        for rule in rules:
            yield from ((f"{table}: `given`", name, text) for name, text in rule.given.items())
            for name, own in rule.columns.items():
                words = (own.values or {}).items()
                texts = [own.constant, own.other, *(text for pair in words for text in pair)]
                yield from ((f"{table}: `{name}`", name, text) for text in texts if text)
            for name, condition in rule.where.items():
                texts = [*(condition.is_ or []), *(condition.not_ or [])]
                yield from ((f"{table}: `where`", name, text) for text in texts if text)
            for wide in rule.wide:
                if wide.visit:
                    yield f"{table}: `wide`", "visit", wide.visit


def refuse_identifying_files(shown: Iterable[str]) -> None:
    """Raise InputError when the name of a file names a person; accounts and reports repeat it."""
    for at, name in enumerate(shown, start=1):
        if identifying_values([PurePath(name).stem]) is not None:
            raise InputError(
                f"the name of file {at} of the export names a person. Rename the file: accounts "
                "and reports repeat its name."
            )
