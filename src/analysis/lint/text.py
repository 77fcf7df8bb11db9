"""A file of copy as blocks of text and statements, each letter with its place in the file.

HTML goes through the standard library's parser and Markdown through a reader of lines, because
both keep the line and column of every letter; a parsed tree (BeautifulSoup, lxml) knows those of
tags only. Nothing is run or fetched. Hidden parts of a page are read too: a folded answer is copy
all the same.
"""

from __future__ import annotations

import codecs
import json
import re
import zipfile
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from analysis.errors import InputError
from analysis.files import read_plain
from analysis.labels import plain_text
from analysis.lint.quantities import Cue, find_cues

BlockKind = Literal["heading", "bullet", "paragraph"]

MOST_BYTES = 20_000_000
MOST_UNPACKED_BYTES = 200_000_000  # a DOCX that unpacks to more is no advertisement
MOST_PAGES = 500


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something stands; all numbers count from 1.

    A line of the file or, for PDF, of the page; a paragraph for DOCX; the column is the character
    within the line or paragraph, in code points.
    """

    line: int | None = None
    paragraph: int | None = None
    page: int | None = None
    column: int = 1

    def __str__(self) -> str:
        parts = [("page", self.page), ("paragraph", self.paragraph), ("line", self.line)]
        return ", ".join(f"{name} {number}" for name, number in parts if number is not None)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A heading, a bullet or a paragraph."""

    text: str  # spaces joined, invisible characters left out
    places: Sequence[int]  # offset in the document's source of each character
    kind: BlockKind


@dataclass(frozen=True, kw_only=True)
class Document:
    """The copy as read."""

    name: str  # the file as it was named
    form: str  # txt, html, md, docx or pdf
    source: str  # text of the file; a line per paragraph of a DOCX; the lines of a PDF's pages
    blocks: tuple[Block, ...]
    page_starts: tuple[int, ...] = ()  # offsets in `source` where the pages of a PDF begin
    warnings: tuple[str, ...] = ()  # what was not read, or may read otherwise than it looks

    def place_of(self, offset: int) -> Place:
        """Return the place of a character of the source."""
        row = bisect_right(self._line_starts, offset) - 1
        column = offset - self._line_starts[row] + 1
        if self.form == "docx":
            return Place(paragraph=row + 1, column=column)
        if not self.page_starts:
            return Place(line=row + 1, column=column)
        page = bisect_right(self.page_starts, offset) - 1
        first = bisect_right(self._line_starts, self.page_starts[page]) - 1
        return Place(page=page + 1, line=row - first + 1, column=column)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", self.source))]


_UNSEEN = (
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\ufeff\ud800-\udfff"
)
_RUN = re.compile(rf"(?P<unseen>[{_UNSEEN}]+)|(?P<space>\s+)|(?P<seen>[^\s{_UNSEEN}]+)")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # letters are seen in another order


@dataclass
class BlockBuilder:
    """Collects blocks and remembers where each of their characters stood."""

    blocks: list[Block] = field(default_factory=list)
    turned_at: int | None = None
    _text: list[str] = field(default_factory=list)
    _places: array[int] = field(default_factory=lambda: array("q"))
    _space_at: int | None = None

    def add(self, text: str, at: int) -> None:
        """Add text that stands in the source as it is, from offset ``at``."""
        self._add(text, range(at, at + len(text)))

    def add_at(self, text: str, at: int) -> None:
        """Add text that is written otherwise in the source (an entity), all of it at ``at``."""
        self._add(text, [at] * len(text))

    def _add(self, text: str, places: Sequence[int]) -> None:
        for match in _RUN.finditer(text):
            start, end = match.span()
            if match.lastgroup == "unseen":
                if self.turned_at is None and _TURNS.search(match[0]):
                    self.turned_at = places[start]
            elif match.lastgroup == "space":
                self._space_at = places[start] if self._space_at is None else self._space_at
            else:
                if self._space_at is not None and self._text:
                    self._text.append(" ")
                    self._places.append(self._space_at)
                self._space_at = None
                self._text.append(match[0])
                self._places.extend(places[start:end])

    def end_block(self, kind: BlockKind | None) -> bool:
        """End the block and return whether there is text in it; kind None finds a heading."""
        text, places = "".join(self._text), self._places
        self._text, self._places, self._space_at = [], array("q"), None
        if text:
            found = kind or ("heading" if is_heading(text) else "paragraph")
            self.blocks.append(Block(text=text, places=places, kind=found))
        return bool(text)

    def document(self, **about: Any) -> Document:
        """Return the document, with a warning if characters turn the direction of its text."""
        made = Document(blocks=tuple(self.blocks), **about)
        if self.turned_at is None:
            return made
        warning = (
            f"it holds invisible marks that turn the direction of text "
            f"({made.place_of(self.turned_at)}): what a reader sees may differ from what was "
            "checked; remove them."
        )
        return replace(made, warnings=(*made.warnings, warning))


# Reading a file


_FORMS = {
    ".txt": "txt", ".text": "txt", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".md": "md", ".markdown": "md", ".docx": "docx", ".pdf": "pdf",
}  # fmt: skip
_PICTURE = "a picture; give the text on it"
_SIGNATURES = {
    b"%PDF": "pdf",
    b"PK\x03\x04": "docx",
    b"\xd0\xcf\x11\xe0": "an old Office file; save it as .docx",
    b"{\\rtf": "a rich-text file; save it as .docx",
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
}
"""What a file begins with: its form, or why it is not read."""

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # ahead of UTF-16, which begins the same
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.I)
_WEB_PAGE = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype html|html)\b", re.I)


def load_document(path: Path, *, encoding: str = "") -> Document:
    """Read a file of copy: text, HTML, Markdown, DOCX or PDF, by what it begins with or its ending.

    The ``encoding`` of a text file is found out when empty: byte order mark, what a web page
    declares, else UTF-8, never guessed. InputError for no such file, a folder, too large, of a kind
    that is not read, in another encoding, binary, or without any text.
    """
    name = plain_text(str(path), longest=200)
    data = _read_bytes(path, name)
    form = _form_of(path, data, name)
    if form == "docx":
        document = _read_docx(data, name)
    elif form == "pdf":
        document = _read_pdf(data, name)
    else:
        document = read_text(_decode(data, encoding, name), form=form, name=name)
    if not document.blocks:
        raise InputError(f"{name} holds no text to check.")
    return document


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"{name} is a folder; name the files in it.")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(f"{name} has {size:,} bytes; at most {MOST_BYTES:,} are read.")
        data = read_plain(path)
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
    form = _FORMS.get(path.suffix.lower(), "")
    if form in ("pdf", "docx"):
        raise InputError(f"{name} ends in {path.suffix} but is no {form.upper()} file.")
    if not form:
        raise InputError(
            f"{name}: files ending in '{plain_text(path.suffix)}' are not read; give .txt, .html, "
            ".md, .docx or .pdf."
        )
    return form


def _decode(data: bytes, encoding: str, name: str) -> str:
    declared = _CHARSET.search(data[:2048])
    found = next((code for mark, code in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "")
    encoding = encoding or found or (declared[1].decode("ascii") if declared else "utf-8")
    try:
        text = data.decode(encoding)
    except (LookupError, TypeError):
        raise InputError(f"{name}: there is no text encoding '{encoding}'.") from None
    except UnicodeError as error:
        if b"\x00" in data:
            raise InputError(f"{name} is a binary file, not text.") from None
        line = data.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise InputError(
            f"{name} is not {encoding.upper()} text (line {line}); save it as UTF-8, or name its "
            "encoding, such as --encoding cp1252."
        ) from None
    if "\x00" in text:
        raise InputError(f"{name} is a binary file, not text.")
    return text.removeprefix("\ufeff")


def read_text(source: str, *, form: str, name: str) -> Document:
    """Return text of a form (txt, html, md) as a document; a web page is known by its start."""
    builder = BlockBuilder()
    if form == "html" or _WEB_PAGE.match(source):
        form = "html"
        _add_html(source, builder, name)
    elif form == "md":
        _add_markdown(source, builder)
    else:
        _add_plain(_split_lines(source), builder)
    return builder.document(name=name, form=form, source=source)


# Plain text: paragraphs, bullets and headings of a text file or of a PDF page

_BULLET = re.compile(
    r"[ \t]*(?:[\u2022\u25cf\u25aa\u25e6\u2023\u00b7*\u2013-]|\d{1,2}[.)])[ \t\u00a0]+(?=\S)"
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
HEADING_MOST_LETTERS = 90
LIGHT_WORD_LETTERS = 4  # words up to this length ("with") stay small in a capitalized heading
WRAPPED_LEAST_LETTERS = 40
WRAPPED_SHARE = 0.6  # a line below this share of its paragraph's longest was ended on purpose
Line = tuple[str, int]  # without its end; with its offset in the source


def _split_lines(source: str, start: int = 0, end: int | None = None) -> list[Line]:
    found = _LINE.finditer(source, start, len(source) if end is None else end)
    return [(match[0].rstrip("\r\n"), match.start()) for match in found if match[0]]


def _add_plain(lines: list[Line], builder: BlockBuilder) -> None:
    paragraph: list[Line] = []
    for line in [*lines, ("", 0)]:
        if line[0].strip():
            paragraph.append(line)
            continue
        longest = max((len(text) for text, _ in paragraph), default=0)
        wrapped = max(WRAPPED_LEAST_LETTERS, WRAPPED_SHARE * longest)
        pending: list[Line] = []
        for place, (text, at) in enumerate(paragraph, start=1):
            pending.append((text, at))
            following = paragraph[place][0] if place < len(paragraph) else ""
            if not following or _BULLET.match(following) or len(text.rstrip()) < wrapped:
                bullet = _BULLET.match(pending[0][0])
                _add_block(pending, builder, builder.add, bullet, None)
                pending = []
        paragraph = []


def _add_block(
    lines: list[Line],
    builder: BlockBuilder,
    add: Callable[[str, int], None],
    bullet: re.Match[str] | None,
    kind: BlockKind | None,
) -> None:
    """Add lines as one block, without the sign of a bullet at the start of the first."""
    skipped = bullet.end() if bullet else 0
    for text, at in lines:
        add(text[skipped:], at + skipped)
        builder.add("\n", at + len(text))
        skipped = 0
    builder.end_block("bullet" if bullet else kind)


def is_heading(text: str) -> bool:
    """Return whether a line alone is a heading: it ends in a colon, or is short and Capitalized.

    "Most patients get relief" without a full stop is a statement, not a heading.
    """
    if len(text) > HEADING_MOST_LETTERS or re.search(r"[\u2022|\u00b7]", text):
        return False
    if text.endswith(":"):
        return True
    if re.search(r"[.!;,\u2026]['\"\u2019\u201d)]*$", text):
        return False
    words = re.findall(r"[^\W\d_][\w'\u2019]*", text)
    heavy = [word for word in words if len(word) > LIGHT_WORD_LETTERS or word is words[0]]
    return bool(heavy) and all(word[0].isupper() for word in heavy)


# HTML

UNREAD = {"script", "style"}
INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn",
    "em", "font", "i", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp",
    "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "img",
    "svg", "path", "g", "use",
}  # fmt: skip
CELLS = {"td", "th"}
HEADINGS = {*(f"h{level}" for level in range(1, 7)), "title"}
DESCRIPTION = re.compile(r"(?:og:|twitter:|dc\.)?(?:description|title|abstract|image:alt)", re.I)
"""Names of meta tags that search engines and other pages show."""

SHOWN_ATTRIBUTES = ("alt", "title", "aria-label", "placeholder")
COUNTS_TO = (
    "data-to-value", "data-count", "data-counter", "data-count-to", "data-countup",
    "data-end-value", "data-final-value",
)  # fmt: skip
"""Attributes in which a counter that starts at 0 keeps the number a reader sees at its end."""

_FIGURE = re.compile(r"\s*\d[\d.,]*\s*")
_JSON_TEXT = re.compile(r'"((?:[^"\\]|\\.)*+)"(\s*:)?')
"""A text of JSON, and whether it is a key: well-formed or not, it is read once."""
MOST_UNFINISHED_TAGS = 100


def _add_html(source: str, builder: BlockBuilder, name: str) -> None:
    unfinished = source.count("<", source.rfind(">") + 1)
    if unfinished > MOST_UNFINISHED_TAGS:  # the parser's time grows with their square
        raise InputError(
            f"{name}: the page is no HTML: {unfinished} tags at its end are never closed."
        )
    reader = _HtmlReader(source, builder)
    reader.feed(source)
    reader.close()
    reader.finish()


class _HtmlReader(HTMLParser):
    """Adds blocks; a start or end of any element that is not inline ends a block."""

    def __init__(self, source: str, builder: BlockBuilder) -> None:
        super().__init__(convert_charrefs=False)
        self._starts = [0, *(match.end() for match in re.finditer("\n", source))]
        self._builder = builder
        self._kind: BlockKind = "paragraph"
        self._unread = ""
        self._linked_data = False
        self._counts_to: tuple[str, int] | None = None  # what a counter comes to, and its place
        self._counted = False  # a counter was read, and its label not yet
        self._broken = False
        self._ended_item = False

    @property
    def _at(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in UNREAD:
            self._unread = tag
            self._linked_data = "ld+json" in (given.get("type") or "").lower()
        self._read_attributes(tag, given)
        if tag == "br":  # a space; two in a row end the block
            if self._broken:
                self.end_block()
            self._builder.add(" ", self._at)
            self._broken = True
        elif tag in CELLS:
            self._builder.add(" ", self._at)
        elif tag not in INLINE:
            self.end_block()
            inside_item = tag in {"p", "div"} and self._kind == "bullet" and not self._ended_item
            self._kind = "bullet" if tag == "li" or inside_item else "paragraph"
            if tag in HEADINGS:
                self._kind = "heading"
        value = next((given[name] for name in COUNTS_TO if given.get(name)), None)
        if value is not None and _FIGURE.fullmatch(value):
            around = (given.get("data-prefix") or "", value.strip(), given.get("data-suffix") or "")
            raw = self.get_starttag_text() or ""
            self._counts_to = "".join(around), self._at + max(0, raw.find(value))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unread:
            self._unread, self._linked_data = "", False
        if self._counts_to:  # an element that a script fills
            self._builder.add_at(*self._counts_to)
            self._counts_to, self._counted = None, True
        if tag in CELLS:
            self._builder.add(" ", self._at)
        elif tag not in INLINE and tag != "br":
            self.end_block()

    def handle_data(self, data: str) -> None:
        if self._linked_data:
            self._add_linked_data(data)
        elif self._counts_to and _FIGURE.fullmatch(data):  # a 0 that will be counted up
            self._builder.add_at(*self._counts_to)
            self._counts_to, self._counted = None, True
        elif not self._unread:
            if data.strip():
                self._counts_to, self._counted = None, False
            self._broken = self._broken and not data.strip()
            self._builder.add(data, self._at)

    def handle_entityref(self, name: str) -> None:
        if not self._unread:
            self._builder.add_at(unescape(f"&{name};"), self._at)

    def handle_charref(self, name: str) -> None:
        self.handle_entityref(f"#{name}")

    def end_block(self) -> None:
        if self._counted:
            self._builder.add(" ", self._at)
            return
        self._broken = False
        self._ended_item = self._builder.end_block(self._kind)
        if self._ended_item:
            self._kind = "paragraph"

    def finish(self) -> None:
        self._counted = False
        self.end_block()

    def _read_attributes(self, tag: str, attributes: dict[str, str | None]) -> None:
        """Add what attributes show, each a block of its own ahead of the open one."""
        shown = [attributes.get(name) for name in SHOWN_ATTRIBUTES]
        if tag == "meta":
            name = attributes.get("name") or attributes.get("property") or ""
            shown = [attributes.get("content")] if DESCRIPTION.fullmatch(name) else []
        raw = self.get_starttag_text() or ""
        for text in filter(None, shown):
            where = raw.find(text)
            self._add_apart(text, self._at + max(0, where), as_it_is=where >= 0)

    def _add_linked_data(self, data: str) -> None:
        """Add the texts of JSON-LD, which search engines show; not names of types and addresses."""
        for match in _JSON_TEXT.finditer(data):
            if not match[2] and re.search("[ %]", match[1]):
                try:
                    text = json.loads(f'"{match[1]}"', strict=False)
                except ValueError:  # an escape that JSON does not have
                    text = match[1]
                self._add_apart(text, self._at + match.start(1), as_it_is=text == match[1])

    def _add_apart(self, text: str, at: int, *, as_it_is: bool) -> None:
        """Add a block of its own ahead of the open one."""
        own = BlockBuilder()
        (own.add if as_it_is else own.add_at)(text, at)
        own.end_block("paragraph")
        self._builder.turned_at = self._builder.turned_at or own.turned_at
        self._builder.blocks += own.blocks


# Markdown

_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})")
_HASHES = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+")
_RULE = re.compile(r"[ \t]{0,3}(?:[-=*_|: \t]{3,})$")
_QUOTE = re.compile(r"(?:[ \t]{0,3}>[ \t]?)+")
_UNDERLINE = re.compile(r"[ \t]{0,3}(=+|-{2,})[ \t]*")
_MARKDOWN_BULLET = re.compile(rf"{_BULLET.pattern}|\+ ")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n.*?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_COMMENT = re.compile(r"<!(?=--).*?-->", re.DOTALL)

_INLINE = re.compile(
    r"!?\[(?P<text>[^\[\]]*)\](?:\([^()\s]*(?:\s+\"[^\"]*\")?\)|\[[^\]]*\])|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<entity>&#?\w{1,31};)|(?P<mark>\*{1,3}|`+|~~|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)"
    r"|</?[A-Za-z][^<>]{0,400}>|\|)"
)


def _add_markdown(source: str, builder: BlockBuilder) -> None:
    """Add the blocks of a Markdown file; code between fences and comments is left out."""

    def blank(match: re.Match[str]) -> str:  # letter for letter, so that places stay
        return re.sub(r"[^\r\n]", " ", match[0])

    def add(lines: list[Line], kind: BlockKind) -> None:
        bullet = None if kind == "heading" else _MARKDOWN_BULLET.match(lines[0][0])
        _add_block(lines, builder, lambda text, at: _add_inline(text, at, builder), bullet, kind)

    source = _FRONT_MATTER.sub(blank, source)
    last = source.rfind("-->") + 3  # each comment begun before it ends: no search runs on in vain
    source = _COMMENT.sub(blank, source[:last]) + source[last:]
    pending: list[Line] = []
    for line, kind in [*_markdown_lines(source), (("", 0), "more")]:
        is_blank = not line[0].strip()
        if pending and (kind != "more" or is_blank):
            add(pending, "paragraph")
            pending = []
        if kind in ("heading", "row") and not is_blank:
            add([line], "heading" if kind == "heading" else "bullet")
        elif not is_blank:
            pending.append(line)


def _markdown_lines(source: str) -> Iterator[tuple[Line, str]]:
    """Yield each line with what it is: heading, bullet, row of a table, or more of the same."""
    fence = ""
    lines = _split_lines(source)
    for place, (text, at) in enumerate(lines, start=1):
        opened = _FENCE.match(text)
        if fence or opened:
            if not fence and opened:
                fence = opened[1]
            elif opened and opened[1].startswith(fence):
                fence = ""
            yield ("", at), "more"
            continue
        if quote := _QUOTE.match(text):
            text, at = text[quote.end() :], at + quote.end()
        following = lines[place][0] if place < len(lines) else ""
        if hashes := _HASHES.match(text):
            yield (text[hashes.end() :].rstrip("# \t"), at + hashes.end()), "heading"
        elif _RULE.fullmatch(text):
            yield ("", at), "more"
        elif text.strip() and _UNDERLINE.fullmatch(following):
            yield (text, at), "heading"
        elif text.lstrip().startswith("|"):
            yield (text, at), "row"
        else:
            yield (text, at), "bullet" if _MARKDOWN_BULLET.match(text) else "more"


def _add_inline(text: str, at: int, builder: BlockBuilder) -> None:
    end = 0
    for match in _INLINE.finditer(text):
        builder.add(text[end : match.start()], at + end)
        end = match.end()
        if match["text"] is not None:
            _add_inline(match["text"], at + match.start("text"), builder)
        elif match["escaped"] is not None:
            builder.add(match["escaped"], at + match.start("escaped"))
        elif match["entity"] is not None:
            builder.add_at(unescape(match["entity"]), at + match.start())
        elif match["mark"] == "|":
            builder.add(" ", at + match.start())
    builder.add(text[end:], at + end)


# DOCX and PDF; their readers are imported only when such a file is given


@contextmanager
def _reading(name: str, form: str) -> Iterator[None]:
    """Refuse in one sentence a file that a reader fails on."""
    try:
        yield
    except InputError:
        raise
    except ImportError as error:
        raise InputError(f"{name}: a package to read it is not installed ({error}).") from None
    except Exception as error:  # a broken or hostile file fails in any of a dozen ways
        first = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise InputError(f"{name} cannot be read as a {form} ({first}).") from None


_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def _read_docx(data: bytes, name: str) -> Document:
    with _reading(name, "Word document"):
        import docx

        with zipfile.ZipFile(BytesIO(data)) as packed:
            if sum(item.file_size for item in packed.infolist()) > MOST_UNPACKED_BYTES:
                raise InputError(f"{name} unpacks to more than 200 MB; it was not read.")
        opened = docx.Document(BytesIO(data))
        found = [item for root in _docx_parts(opened) for item in _docx_paragraphs(root)]
    builder, at = BlockBuilder(), 0
    for text, kind in found:
        builder.add(text, at)
        builder.end_block(kind)
        at += len(text) + 1
    return builder.document(name=name, form="docx", source="\n".join(text for text, _ in found))


def _docx_parts(opened: Any) -> Iterator[Any]:
    """Yield the roots of all parts with text: the body first."""
    from docx.oxml import parse_xml

    yield opened.element.body
    for part in opened.part.package.iter_parts():
        if re.search(r"\.(?:header|footer|footnotes|endnotes)\+xml", part.content_type):
            yield parse_xml(part.blob)


def _docx_paragraphs(root: Any) -> Iterator[tuple[str, BlockKind]]:
    """Yield text and kind; the paragraphs of a table row are one."""
    row, cells = None, []
    for paragraph in root.iter(f"{_W}p"):
        if any(True for _ in paragraph.iterancestors(_FALLBACK)):  # the same text once more
            continue
        now = next(paragraph.iterancestors(f"{_W}tr"), None)
        if row is not None and now is not row:
            yield " ".join(cells), "bullet"
            cells = []
        row = now
        if row is not None:
            cells.append(_docx_text(paragraph))
        else:
            style = paragraph.style or ""
            if style.startswith(("Heading", "Title", "Subtitle")):
                yield _docx_text(paragraph), "heading"
            else:
                listed = style.startswith("List") or paragraph.xpath("w:pPr/w:numPr")
                yield _docx_text(paragraph), "bullet" if listed else "paragraph"
    if cells:
        yield " ".join(cells), "bullet"


def _docx_text(paragraph: Any) -> str:
    parts = []
    for element in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}noBreakHyphen"):
        if next(element.iterancestors(f"{_W}p")) is paragraph:  # not of a text box within
            shown = {f"{_W}t": element.text or "", f"{_W}noBreakHyphen": "-"}
            parts.append(shown.get(element.tag, " "))
    return "".join(parts).replace("\r", " ").replace("\n", " ")


def _read_pdf(data: bytes, name: str) -> Document:
    """Return a PDF's text, page by page; a page without text among others is a warning."""
    with _reading(name, "PDF"):
        import pypdf

        opened = pypdf.PdfReader(BytesIO(data))
        if opened.is_encrypted and not opened.decrypt(""):
            raise InputError(f"{name} is locked by a password; save it without one.")
        pages = [page.extract_text() for page in opened.pages[:MOST_PAGES]]
        unread = len(opened.pages) - len(pages)
    if not any(page.strip() for page in pages):
        raise InputError(
            f"{name} holds no text: its pages are pictures, as of a scan. Have the text recognized "
            "(OCR), or give the text the scan was printed from."
        )
    builder, starts, warnings, at = BlockBuilder(), [], [], 0
    source = "\n".join(pages)
    for number, page in enumerate(pages, start=1):
        starts.append(at)
        _add_plain(_split_lines(source, at, at + len(page)), builder)
        if not page.strip():
            warnings.append(f"page {number} holds no text (a picture?); nothing on it was checked.")
        at += len(page) + 1
    if unread:
        warnings.append(f"only the first {MOST_PAGES} pages were read; {unread} were not checked.")
    return builder.document(
        name=name, form="pdf", source=source, page_starts=tuple(starts), warnings=tuple(warnings)
    )


# Statements: a sentence, a bullet, a heading, an item between dots

_SEPARATOR = re.compile(r"\s*[\u2022\u25cf|\u00b7\u2192]\s*")
_SENTENCE_END = re.compile(
    r"(?<![.!?\u2026])[.!?\u2026]++(?:[\"'\u201d\u2019)\]]*+"
    r"(?=\s+[\"'\u201c\u2018(\[]?[A-Z0-9\u00c0-\u00de])|[\u201d\"](?=[A-Z\u2014-]))"
)
"""Nothing is given back once taken: a line of a million dots is read once."""

_ABBREVIATION = re.compile(
    r"(?:\b(?:Drs?|Mrs?|Ms|Prof|St|Jr|Sr|vs|cf|approx|ca|e\.g|i\.e|al|Fig|No|Nos|Inc|Ltd|Vol|pp?)"
    r"|\b[A-Z])\.$"
)
_QUOTED = re.compile(r"[\"\u201c\u201e\u00ab]")
_FIRST_PERSON = re.compile(r"\b(?:I|I['\u2019](?:ve|m|d|ll)|[Mm]y|me)\b")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of the copy."""

    text: str  # as printed, spaces joined
    block: int  # index of its block in the document
    start: int  # place in the text of the block
    end: int
    first: Place  # of its first character in the file
    last: Place
    heading: str  # the nearest above; a label such as "Week 3-4:" gives its bullets their time
    is_heading: bool
    is_testimonial: bool
    cues: tuple[Cue, ...]  # places count within `text`
    heading_cues: tuple[Cue, ...]

    @property
    def is_question(self) -> bool:
        """Whether it asks and does not state."""
        return self.text.rstrip("\"'\u201d\u2019)").endswith("?")


def split_statements(document: Document) -> tuple[Statement, ...]:
    """Return the statements of a document in order.

    Every character of a block that is no space or separator is in exactly one statement.
    """
    found: list[Statement] = []
    heading = ""
    heading_cues: tuple[Cue, ...] = ()
    for index, block in enumerate(document.blocks):
        testimonial = bool(_QUOTED.match(block.text) and _FIRST_PERSON.search(block.text))
        for start, end in _spans(block.text):
            text = block.text[start:end]
            found.append(
                Statement(
                    text=text,
                    block=index,
                    start=start,
                    end=end,
                    first=document.place_of(block.places[start]),
                    last=document.place_of(block.places[end - 1]),
                    heading=heading,
                    is_heading=block.kind == "heading",
                    is_testimonial=testimonial,
                    cues=find_cues(text),
                    heading_cues=heading_cues,
                )
            )
        if block.kind == "heading":
            heading, heading_cues = block.text, find_cues(block.text)
    return tuple(found)


def sentences_in(text: str) -> tuple[str, ...]:
    """Return the statements of a text without markup."""
    return tuple(text[start:end] for start, end in _spans(text))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each statement of a block, without spaces around it."""
    cuts = [match.span() for match in _SEPARATOR.finditer(text)]
    for match in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text, max(0, match.end() - 10), match.end()):
            cuts.append((match.end(), match.end()))
    start = 0
    for end, following in [*sorted(cuts), (len(text), len(text))]:
        own = text[start:end]
        first, last = start + len(own) - len(own.lstrip()), start + len(own.rstrip())
        if first < last:
            yield first, last
        start = following
