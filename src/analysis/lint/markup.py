"""Blocks of HTML and Markdown, each letter with its place in the file.

HTML goes through the standard library's own parser, which tells where each piece of text begins;
trees built from it forget that. Nothing is run or fetched. Hidden parts are read too: a folded
answer is copy all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

from analysis.errors import InputError
from analysis.lint.document import Block, BlockKind, Gatherer
from analysis.lint.lines import BULLET, Line, split_lines

UNREAD = {"script", "style"}
INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn",
    "em", "font", "i", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp",
    "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "img",
    "svg", "path", "g", "use",
}  # fmt: skip
MOST_UNFINISHED_TAGS = 100
CELLS = {"td", "th"}
HEADINGS = {f"h{level}" for level in range(1, 7)} | {"title"}
DESCRIPTIONS = {"description", "og:description", "og:title", "twitter:description"}
SHOWN_ATTRIBUTES = ("alt", "title", "aria-label", "placeholder")


class _Reader(HTMLParser):
    """Collects blocks; a start or end of any element that is not inline ends a block."""

    def __init__(self, source: str, gatherer: Gatherer) -> None:
        super().__init__(convert_charrefs=False)
        self.blocks: list[Block] = []
        self._source = source
        self._starts = [0, *(match.end() for match in re.finditer("\n", source))]
        self._gatherer = gatherer
        self._kind: BlockKind = "paragraph"
        self._unread = ""
        self._broken = False

    def read(self) -> list[Block]:
        self.feed(self._source)
        self.close()
        self._end_block()
        return self.blocks

    @property
    def _at(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNREAD:
            self._unread = tag
        self._read_attributes(tag, dict(attrs))
        if tag == "br":
            self._break()
        elif tag in CELLS:
            self._gatherer.add(" ", self._at)
        elif tag not in INLINE:
            self._end_block()
            self._kind = self._kind_of(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unread:
            self._unread = ""
        if tag in CELLS:
            self._gatherer.add(" ", self._at)
        elif tag not in INLINE and tag != "br":
            self._end_block()

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._broken = self._broken and not data.strip()
            self._gatherer.add(data, self._at)

    def handle_entityref(self, name: str) -> None:
        if not self._unread:
            self._gatherer.add_at(unescape(f"&{name};"), self._at)

    def handle_charref(self, name: str) -> None:
        if not self._unread:
            self._gatherer.add_at(unescape(f"&#{name};"), self._at)

    def _break(self) -> None:
        """A line break is a space; two in a row end the block."""
        if self._broken:
            self._end_block()
        self._gatherer.add(" ", self._at)
        self._broken = True

    def _kind_of(self, tag: str) -> BlockKind:
        if tag in HEADINGS:
            return "heading"
        inside_item = tag in {"p", "div"} and self._kind == "bullet" and not self._ended_item
        return "bullet" if tag == "li" or inside_item else "paragraph"

    _ended_item = False

    def _end_block(self) -> None:
        made = self._gatherer.finish(self._kind)
        self._broken = False
        self._ended_item = made is not None
        if made is not None:
            self.blocks.append(made)
            self._kind = "paragraph"

    def _read_attributes(self, tag: str, attributes: dict[str, str | None]) -> None:
        shown = [attributes.get(name) for name in SHOWN_ATTRIBUTES]
        if tag == "meta":
            name = attributes.get("name") or attributes.get("property") or ""
            shown = [attributes.get("content")] if name.lower() in DESCRIPTIONS else []
        raw = self.get_starttag_text() or ""
        for text in filter(None, shown):
            apart = Gatherer()
            where = raw.find(text)
            if where >= 0:
                apart.add(text, self._at + where)
            else:
                apart.add_at(text, self._at)
            self._gatherer.turned_at = self._gatherer.turned_at or apart.turned_at
            made = apart.finish("paragraph")
            if made is not None:
                self.blocks.append(made)


def gather_html(source: str, gatherer: Gatherer) -> list[Block]:
    """Return the blocks of an HTML page, also from descriptions and alternative texts.

    Raises
    ------
    InputError
        The page breaks off in more tags than an unfinished page has; the parser's time grows with
        their square.
    """
    unfinished = source.count("<", source.rfind(">") + 1)
    if unfinished > MOST_UNFINISHED_TAGS:
        raise InputError(f"the page is no HTML: {unfinished} tags at its end are never closed.")
    return _Reader(source, gatherer).read()


_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+")
_RULE = re.compile(r"[ \t]{0,3}(?:[-=*_|: \t]{3,})$")
_QUOTE = re.compile(r"(?:[ \t]{0,3}>[ \t]?)+")
_INLINE = re.compile(
    r"!?\[(?P<text>[^\[\]]*)\](?:\([^()\s]*(?:\s+\"[^\"]*\")?\)|\[[^\]]*\])|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<entity>&#?\w{1,31};)|(?P<mark>\*{1,3}|`+|~~|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)"
    r"|</?[A-Za-z][^<>]{0,400}>|\|)"
)


def gather_markdown(source: str, gatherer: Gatherer) -> Iterator[Block]:
    """Yield the blocks of a Markdown file; code between fences and comments is left out."""
    pending: list[Line] = []
    for line, kind in _markdown_lines(_without_comments(source)):
        if pending and (kind != "more" or line.blank):
            yield from _markdown_block(pending, gatherer, "paragraph")
            pending = []
        if line.blank:
            continue
        if kind in ("heading", "row"):
            yield from _markdown_block(
                [line], gatherer, "heading" if kind == "heading" else "bullet"
            )
        else:
            pending.append(line)
    if pending:
        yield from _markdown_block(pending, gatherer, "paragraph")


def _without_comments(source: str) -> str:
    """Blank comments and front matter, letter for letter, so that places stay."""
    front = re.match(r"---[ \t]*\r?\n.*?\n---[ \t]*(?:\r?\n|\Z)", source, re.DOTALL)
    if front:
        source = re.sub(r"[^\r\n]", " ", front[0]) + source[front.end() :]
    parts, at = [], 0
    while (start := source.find("<!--", at)) >= 0 and (end := source.find("-->", start)) >= 0:
        parts += [source[at:start], re.sub(r"[^\r\n]", " ", source[start : end + 3])]
        at = end + 3
    return "".join(parts) + source[at:]


def _markdown_lines(source: str) -> Iterator[tuple[Line, str]]:
    """Yield each line with what it is: heading, bullet, row of a table, or more of the same."""
    fence = ""
    lines = split_lines(source)
    for index, line in enumerate(lines):
        opened = _FENCE.match(line.text)
        if fence or opened:
            if not fence and opened:
                fence = opened[1]
            elif opened and opened[1].startswith(fence):
                fence = ""
            yield Line("", line.at), "more"
            continue
        quote = _QUOTE.match(line.text)
        text, at = (
            (line.text[quote.end() :], line.at + quote.end()) if quote else (line.text, line.at)
        )
        yield _named(text, at, lines[index + 1].text if index + 1 < len(lines) else "")


def _named(text: str, at: int, following: str) -> tuple[Line, str]:
    heading = _HEADING.match(text)
    if heading:
        return Line(text[heading.end() :].rstrip("# \t"), at + heading.end()), "heading"
    if _RULE.fullmatch(text):
        return Line("", at), "more"
    if text.strip() and re.fullmatch(r"[ \t]{0,3}(=+|-{2,})[ \t]*", following):
        return Line(text, at), "heading"
    if text.lstrip().startswith("|"):
        return Line(text, at), "row"
    return Line(text, at), "bullet" if BULLET.match(text) or text[:2] == "+ " else "more"


def _markdown_block(lines: list[Line], gatherer: Gatherer, kind: BlockKind) -> Iterator[Block]:
    bullet = BULLET.match(lines[0].text) or re.match(r"\+ ", lines[0].text)
    skipped = bullet.end() if bullet and kind != "heading" else 0
    for line in lines:
        _add_inline(line.text[skipped:], line.at + skipped, gatherer)
        gatherer.add("\n", line.at + len(line.text))
        skipped = 0
    made = gatherer.finish("bullet" if bullet and kind == "paragraph" else kind)
    if made is not None:
        yield made


def _add_inline(text: str, at: int, gatherer: Gatherer) -> None:
    end = 0
    for match in _INLINE.finditer(text):
        gatherer.add(text[end : match.start()], at + end)
        end = match.end()
        if match["text"] is not None:
            _add_inline(match["text"], at + match.start("text"), gatherer)
        elif match["escaped"] is not None:
            gatherer.add(match["escaped"], at + match.start("escaped"))
        elif match["entity"] is not None:
            gatherer.add_at(unescape(match["entity"]), at + match.start())
        elif match["mark"] == "|":
            gatherer.add(" ", at + match.start())
    gatherer.add(text[end:], at + end)
