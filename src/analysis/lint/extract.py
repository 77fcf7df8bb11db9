"""Read a file of copy: which kind it is, its encoding, its text with places."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from analysis.errors import InputError
from analysis.lint.document import Document, Gatherer
from analysis.lint.lines import gather_plain, split_lines
from analysis.lint.markup import gather_html, gather_markdown
from analysis.lint.office import finish_document, read_docx, read_pdf
from analysis.wording.words import plain_text

MOST_BYTES = 20_000_000
FORMS = {
    ".txt": "txt", ".text": "txt", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".md": "md", ".markdown": "md", ".docx": "docx", ".pdf": "pdf",
}  # fmt: skip
_SIGNATURES = {
    b"%PDF": "pdf",
    b"PK\x03\x04": "docx",
    b"\xd0\xcf\x11\xe0": "an old Office file; save it as .docx",
    b"{\\rtf": "a rich-text file; save it as .docx",
    b"\x89PNG": "a picture; give the text on it",
    b"\xff\xd8\xff": "a picture; give the text on it",
    b"GIF8": "a picture; give the text on it",
}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.I)
_WEB_PAGE = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype html|html)\b", re.I)


def load_document(path: Path, *, encoding: str = "") -> Document:
    """Read a file of copy.

    Parameters
    ----------
    path : Path
        Text, HTML, Markdown, DOCX or PDF; told by what it begins with, else by its ending.
    encoding : str
        Encoding of a text file; found out when empty (byte order mark, what a web page declares,
        else UTF-8, never guessed).

    Returns
    -------
    Document

    Raises
    ------
    InputError
        No such file, a folder, too large, of a kind that is not read, in another encoding, binary,
        or without any text.
    """
    name = plain_text(str(path), longest=200)
    data = _bytes_of(path, name)
    form = _form_of(path, data, name)
    if form == "docx":
        made = read_docx(data, name=name)
    elif form == "pdf":
        made = read_pdf(data, name=name)
    else:
        made = _read_text(_decode(data, encoding, name), form, name)
    if not made.blocks:
        raise InputError(f"{name} holds no text to check.")
    return made


def _bytes_of(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"{name} is a folder; name the files in it.")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(f"{name} has {size:,} bytes; at most {MOST_BYTES:,} are read.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no file {name}.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{name} cannot be opened ({error}).") from None
    if not data.strip():
        raise InputError(f"{name} is empty; there is no text to check.")
    return data


def _form_of(path: Path, data: bytes, name: str) -> str:
    for signature, form in _SIGNATURES.items():
        if data.startswith(signature):
            if form in ("pdf", "docx"):
                return form
            raise InputError(f"{name} is {form}.")
    form = FORMS.get(path.suffix.lower(), "")
    if form in ("pdf", "docx"):
        raise InputError(f"{name} ends in {path.suffix} but is no {form.upper()} file.")
    if not form:
        raise InputError(
            f"{name}: files ending in '{plain_text(path.suffix)}' are not read; give .txt, .html, "
            ".md, .docx or .pdf."
        )
    return form


def _decode(data: bytes, encoding: str, name: str) -> str:
    chosen = encoding or _declared(data)
    try:
        text = data.decode(chosen)
    except (LookupError, TypeError):
        raise InputError(f"{name}: there is no text encoding '{chosen}'.") from None
    except UnicodeError as error:
        if b"\x00" in data:
            raise InputError(f"{name} is a binary file, not text.") from None
        at = getattr(error, "start", 0)
        raise InputError(
            f"{name} is not {chosen.upper()} text (line {_line(data, at)}); save "
            "it as UTF-8, or name its encoding, such as --encoding cp1252."
        ) from None
    if "\x00" in text:
        raise InputError(f"{name} is a binary file, not text.")
    return text.removeprefix("\ufeff")


def _declared(data: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return encoding
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    declared = _CHARSET.search(data[:2048])
    return declared[1].decode("ascii") if declared else "utf-8"


def _read_text(source: str, form: str, name: str) -> Document:
    gatherer = Gatherer()
    if form == "html" or _WEB_PAGE.match(source):
        try:
            form, blocks = "html", gather_html(source, gatherer)
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
    elif form == "md":
        blocks = list(gather_markdown(source, gatherer))
    else:
        blocks = list(gather_plain(split_lines(source), gatherer))
    return finish_document(name, form, source, blocks, gatherer)


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1
