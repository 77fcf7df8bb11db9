"""What the words of a release tell: identifiers, places on a disk, and small counts."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Collection, Iterator
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path

from analysis.contract.identifiers import Found, find_identifiers, find_paths
from analysis.release.check_rows import Finding

SMALL_IN_WORDS = re.compile(
    r"(?<![\d,.])(?:10|[1-9]) of \d[\d,]*(?= \(| patients| who\b)"
    r"|\bn = (?:10|[1-9])(?![\d,.]\d|\d)"
    r"|(?<![\d,.-])(?<!to )(?<!than )(?<!least )(?<!below )(?<!least a )"
    r"(?:10|[1-9]) (?:patients?|starters?|responders?|more (?:who|were)|(?:was|were) not rated)\b"
)
"""A count of 1 to 10 as the suite's sentences write it: "3 of 8 (38 %)", "n = 7", "4 patients"."""

ROWS = re.compile(r"\bpatient_id\b|\bsubject_id\b|\busubjid\b", re.IGNORECASE)
"""Names of the column that tells patients apart: where it is printed, rows of patients are."""

ORDINARY_NAMES = frozenset(
    ["root", "user", "admin", "localhost", "runner", "jovyan", "ubuntu", "debian", "home", "test"]
)
"""User and host names that name nobody."""

PROPERTIES = ("creator", "lastModifiedBy", "title", "subject", "description", "keywords")
"""What a workbook says of itself beside its sheets."""

NAME_KIND = "name with a title"
"""Kind of identifier that may stand where its owner signed."""

READ_ATTRIBUTES = ("alt", "aria-label", "title", "href", "content")


class _Words(HTMLParser):
    """Text and spoken attributes of a page, a piece with its line."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[tuple[int, str]] = []
        self.quiet = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.quiet += tag in ("style", "script")
        for name, value in attrs:
            if name in READ_ATTRIBUTES and value and not value.startswith("data:"):
                self.pieces.append((self.getpos()[0], value))

    def handle_endtag(self, tag: str) -> None:
        self.quiet -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self.quiet and data.strip():
            self.pieces.append((self.getpos()[0], " ".join(data.split())))


def read_pieces(path: Path) -> list[tuple[str, str]]:
    """Return the text of a file in pieces, each with its place.

    Raises
    ------
    ValueError
        The file cannot be read as what its name says; such a file cannot be checked.
    """
    if path.suffix in (".html", ".svg"):
        words = _Words()
        words.feed(path.read_text(encoding="utf-8", errors="replace"))
        return [(f"line {line}", text) for line, text in words.pieces]
    if path.suffix == ".xlsx":
        return list(_workbook(path))
    if path.suffix == ".pdf":
        return list(_pdf(path))
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [(f"line {number}", line) for number, line in enumerate(lines, start=1)]


def _workbook(path: Path) -> Iterator[tuple[str, str]]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True)
    except Exception as error:
        raise ValueError(f"cannot be read as a workbook ({type(error).__name__})") from None
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    yield f"{sheet.title} {cell.coordinate}", str(cell.value)
    for name in PROPERTIES:
        if value := getattr(book.properties, name, None):
            yield f"properties, {name}", str(value)
    book.close()


def _pdf(path: Path) -> Iterator[tuple[str, str]]:
    try:
        from pypdf import PdfReader
    except ImportError:
        raise ValueError("cannot be checked: reading PDF needs the package pypdf") from None
    try:
        reader = PdfReader(path)
        pages = [page.extract_text() for page in reader.pages]
        about = {str(name): str(value) for name, value in (reader.metadata or {}).items()}
    except Exception as error:
        raise ValueError(f"cannot be read as PDF ({type(error).__name__})") from None
    for number, text in enumerate(pages, start=1):
        yield f"page {number}", " ".join(text.split())
    for name, text in about.items():
        if name not in ("/CreationDate", "/ModDate"):
            yield f"properties, {name.strip('/')}", text


def find_in_words(
    file: str,
    pieces: list[tuple[str, str]],
    *,
    subjects: Collection[str] = (),
    code: bool = False,
    made_by: Collection[str] = (),
    signers: Collection[str] = (),
) -> Iterator[Finding]:
    """Return identifiers, paths, names of maker and machine, subject ids and small counts in text.

    Parameters
    ----------
    file : str
    pieces : list of (place, text)
    subjects : collection of str
        Ids of the patients, where the internal run is at hand.
    code : bool
        True for source code, which counts and names columns without printing a patient.
    made_by : collection of str
        Names of files and people that the internal run knows, where it is at hand.
    signers : collection of str
        Names that may be printed, since their owners signed.
    """
    names = maker_names()
    for place, text in pieces:
        told = [each for each in find_identifiers(text) if not _is_signer(text, each, signers)]
        for found in [*told, *find_paths(text)]:
            yield Finding(file, place, f"holds what looks like an identifier ({found.kind})")
        words = set(re.findall(r"[\w-]{3,}", text))
        if names & words:
            yield Finding(file, place, "names the maker's login or computer")
        if any(name in text for name in made_by):
            yield Finding(file, place, "names a file of the export, or who made the run")
        if words & set(subjects):
            yield Finding(file, place, "holds the id of a patient of the run")
        if code:
            continue
        if ROWS.search(text):
            yield Finding(file, place, "shows rows of patients (a column of their ids)")
        if small := SMALL_IN_WORDS.search(text):
            yield Finding(file, place, f"tells a small count: '{small[0]}'")


def _is_signer(text: str, found: Found, signers: Collection[str]) -> bool:
    """Whether what looks like a person's name is that of somebody who signed; nothing else is."""
    if found.kind != NAME_KIND:
        return False
    return any(
        start <= found.start and found.end <= start + len(name)
        for name in signers
        for start in [at.start() for at in re.finditer(re.escape(name), text)]
    )


def maker_names() -> set[str]:
    """Return login and host name of whoever runs the check, where they name somebody."""
    found = {socket.gethostname()}
    with suppress(OSError, KeyError, ImportError):
        found.add(getpass.getuser())
    return {name for name in found if len(name) > 3 and name.lower() not in ORDINARY_NAMES}
