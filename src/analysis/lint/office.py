"""Blocks of DOCX and PDF files. The readers are imported only when such a file is given."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from analysis.errors import InputError
from analysis.lint.document import Block, BlockKind, Document, Gatherer
from analysis.lint.lines import gather_plain, split_lines

MOST_UNPACKED_BYTES = 200_000_000
"""A DOCX that unpacks to more than this is no advertisement."""

MOST_PAGES = 500
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_docx(data: bytes, *, name: str) -> Document:
    """Return a Word document: body, tables (a row a block), text boxes, headers, footers, notes.

    Raises
    ------
    InputError
        python-docx is absent, or the file cannot be read as DOCX.
    """
    try:
        import docx
    except ImportError:
        raise InputError(f"{name}: to read DOCX, install python-docx.") from None
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            if sum(item.file_size for item in packed.infolist()) > MOST_UNPACKED_BYTES:
                raise InputError(f"{name} unpacks to more than 200 MB; it was not read.")
        opened = docx.Document(BytesIO(data))
        found = [item for root in _docx_parts(opened) for item in _docx_paragraphs(root)]
    except InputError:
        raise
    except Exception as error:  # a broken package fails in any of a dozen ways
        raise InputError(f"{name} cannot be read as a Word document ({_first(error)}).") from None
    return _from_paragraphs(found, name)


def _docx_parts(opened: Any) -> Iterator[Any]:
    """Yield the roots of all parts with text: the body first."""
    from docx.oxml import parse_xml

    yield opened.element.body
    for part in opened.part.package.iter_parts():
        kind = part.content_type
        if any(f".{word}+xml" in kind for word in ("header", "footer", "footnotes", "endnotes")):
            yield parse_xml(part.blob)


def _docx_paragraphs(root: Any) -> Iterator[tuple[str, BlockKind]]:
    """Yield text and kind; the paragraphs of a table row are one."""
    row, cells = None, []
    for paragraph in root.iter(f"{_W}p"):
        above = list(paragraph.iterancestors())
        if any(element.tag == _FALLBACK for element in above):
            continue
        now = next((element for element in above if element.tag == f"{_W}tr"), None)
        if row is not None and now is not row:
            yield " ".join(cells), "bullet"
            cells = []
        row = now
        if row is not None:
            cells.append(_docx_text(paragraph))
        else:
            yield _docx_text(paragraph), _docx_kind(paragraph)
    if cells:
        yield " ".join(cells), "bullet"


def _docx_text(paragraph: Any) -> str:
    parts = []
    for element in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}noBreakHyphen"):
        owner = next(up for up in element.iterancestors() if up.tag == f"{_W}p")
        if owner is paragraph:
            told = {f"{_W}t": element.text or "", f"{_W}noBreakHyphen": "-"}
            parts.append(told.get(element.tag, " "))
    return "".join(parts).replace("\r", " ").replace("\n", " ")


def _docx_kind(paragraph: Any) -> BlockKind:
    properties = paragraph.find(f"{_W}pPr")
    style = None if properties is None else properties.find(f"{_W}pStyle")
    name = "" if style is None else str(style.get(f"{_W}val"))
    if name.startswith(("Heading", "Title", "Subtitle")):
        return "heading"
    listed = properties is not None and properties.find(f"{_W}numPr") is not None
    return "bullet" if listed or name.startswith("List") else "paragraph"


def _from_paragraphs(found: list[tuple[str, BlockKind]], name: str) -> Document:
    gatherer, blocks, at = Gatherer(), [], 0
    for text, kind in found:
        gatherer.add(text, at)
        block = gatherer.finish(kind)
        if block is not None:
            blocks.append(block)
        at += len(text) + 1
    source = "\n".join(text for text, _ in found)
    return finish_document(name, "docx", source, blocks, gatherer)


def read_pdf(data: bytes, *, name: str) -> Document:
    """Return a PDF's text, page by page.

    Raises
    ------
    InputError
        pypdf is absent; the file cannot be read, is locked by a password, or holds no text at all
        (a scan). A page without text among others is a warning of the document.
    """
    try:
        import pypdf
    except ImportError:
        raise InputError(f"{name}: to read PDF, install pypdf.") from None
    try:
        opened = pypdf.PdfReader(BytesIO(data))
        locked = opened.is_encrypted and not opened.decrypt("")
        pages = [] if locked else [page.extract_text() for page in opened.pages[:MOST_PAGES]]
        n_pages = 0 if locked else len(opened.pages)
    except Exception as error:  # a broken or hostile file fails in any of a dozen ways
        raise InputError(f"{name} cannot be read as a PDF ({_first(error)}).") from None
    if locked:
        raise InputError(f"{name} is locked by a password; save it without one.")
    if not any(page.strip() for page in pages):
        raise InputError(
            f"{name} holds no text: its pages are pictures, as of a scan. Have the text recognized "
            "(OCR), or give the text the scan was printed from."
        )
    return _from_pages(pages, name, unread=n_pages - len(pages))


def _from_pages(pages: list[str], name: str, *, unread: int) -> Document:
    gatherer, blocks, starts, at = Gatherer(), [], [], 0
    source = "\n".join(pages)
    warnings = []
    for number, page in enumerate(pages, start=1):
        starts.append(at)
        blocks += list(gather_plain(split_lines(source, at, at + len(page)), gatherer))
        if not page.strip():
            warnings.append(f"page {number} holds no text (a picture?); nothing on it was checked.")
        at += len(page) + 1
    if unread:
        warnings.append(f"only the first {MOST_PAGES} pages were read; {unread} were not checked.")
    return finish_document(
        name, "pdf", source, blocks, gatherer, page_starts=tuple(starts), warnings=warnings
    )


def finish_document(
    name: str,
    form: str,
    source: str,
    blocks: list[Block],
    gatherer: Gatherer,
    *,
    page_starts: tuple[int, ...] = (),
    warnings: list[str] | None = None,
) -> Document:
    """Return the document, warning of direction marks that were met on the way."""
    from analysis.lint.document import TURNED

    made = Document(
        name=name, form=form, source=source, blocks=tuple(blocks), page_starts=page_starts
    )
    told = list(warnings or [])
    if gatherer.turned_at is not None:
        told.append(TURNED.format(place=made.place_of(gatherer.turned_at)))
    return Document(
        name=name,
        form=form,
        source=source,
        blocks=tuple(blocks),
        page_starts=page_starts,
        warnings=tuple(told),
    )


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
