"""The report in Word and PowerPoint: the page model with native tables, in the clinic's template.

Numbers and sentences are those of `analysis.report.page.Page`; nothing is computed here. Pictures
are the figures of the run, each with its alternative text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from analysis.errors import InputError, RunError
from analysis.files import replacing
from analysis.report import theme
from analysis.report.front import FrontRow
from analysis.report.inputs import RESULTS, read_run
from analysis.report.page import Page, build_page
from analysis.report.sections import Section
from analysis.report.tables import Table

CREATED = datetime(2000, 1, 1)
"""Date of creation, always this, so that the same results give the same text and properties."""

PIXELS_PER_INCH = 200.0

HEADINGS = ("What the page says", "Our patients", "Published studies")


def write_documents(folder: Path, names: Sequence[str], *, templates: Sequence[Path] = ()) -> None:
    """Write report.docx and report.pptx into a run folder, those that are named.

    ``templates`` are a .docx and a .pptx of the clinic at most, whose styles and layouts are taken.

    Raises
    ------
    InputError
        A template is no document of its kind.
    RunError
        A figure could not be drawn as a picture.
    """
    chosen = {path.suffix.lower(): path for path in templates}
    page = build_page(read_run(folder))
    pictures = _pictures(page, folder / RESULTS / "figures")
    for name, write in (("report.docx", _write_docx), ("report.pptx", _write_pptx)):
        if name in names:
            with replacing(folder / name) as part:
                write(page, pictures, chosen.get(Path(name).suffix), part)


def _pictures(page: Page, figures: Path) -> dict[str, bytes]:
    """Return every drawing of the documents as PNG, by its file name or its alternative text."""
    import typst

    drawings: dict[str, bytes | Path] = {}
    for section in page.sections:
        for figure in section.figures:
            if (figures / figure.file).is_file():
                drawings[figure.file] = figures / figure.file
    for row in page.front.rows:
        drawings[row.alt] = row.strip.encode()
    if not drawings:
        return {}
    names = {f"{place}.svg": name for place, name in enumerate(drawings)}
    files: dict[str, bytes | Path] = {file: drawings[name] for file, name in names.items()}
    lines = [
        "#set page(width: auto, height: auto, margin: 2pt)",
        *(f'#image("{file}", width: 12cm)\n#pagebreak(weak: true)' for file in names),
    ]
    files["main.typ"] = "\n".join(lines).encode()
    try:
        found = typst.compile(  # type: ignore[call-overload]  # its stubs lack a dict of files
            files, format="png", ppi=PIXELS_PER_INCH, font_paths=[str(theme.FONT_FOLDER)]
        )
    except (typst.TypstError, RuntimeError) as error:
        raise RunError(f"no figure could be drawn for Word and PowerPoint: {error}.") from error
    made = found if isinstance(found, list) else [found]
    return dict(zip(drawings, made, strict=True))


def _cells(row: FrontRow) -> tuple[str, str, str]:
    """Return the cells of a claim or condition in a native table."""
    said = [row.condition, row.wording, f"Cited: {row.cited}" if row.verdict else ""]
    firm = f"{row.verdict_word}, {row.firm}" if row.firm else row.verdict_word
    ours = [firm, f"{row.estimate} {row.what}", row.interval, row.history]
    return (
        "\n".join(part for part in said if part),
        "\n".join(part for part in ours if part),
        row.published or "Not judged",
    )


def _plain(table: Table) -> list[list[str]]:
    """Return the text of a table, its headings first."""
    lines = [[heading.text for heading in table.headings]]
    return lines + [[cell.text for cell in line] for line in table.lines]


# --- Word ---------------------------------------------------------------------------------------


def _write_docx(page: Page, pictures: dict[str, bytes], template: Path | None, out: Path) -> None:
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Inches

    try:
        document = Document(str(template) if template else None)
    except (PackageNotFoundError, ValueError, KeyError) as error:
        raise InputError(f"{template} is no Word document: {error}.") from None
    styles = {style.name for style in document.styles}

    def heading(text: str, level: int) -> None:
        name = "Title" if level == 0 else f"Heading {level}"
        document.add_paragraph(text, style=name if name in styles else None)

    def picture(name: str, alt: str, width: float) -> None:
        if name not in pictures:
            return
        run = document.add_paragraph().add_run()
        run.add_picture(BytesIO(pictures[name]), width=Inches(width))
        for node in run.element.iter(qn("wp:docPr")):
            node.set("descr", alt)

    def table(lines: Sequence[Sequence[str]]) -> None:
        made = document.add_table(rows=0, cols=len(lines[0]))
        if "Table Grid" in styles:
            made.style = "Table Grid"
        for place, line in enumerate(lines):
            row = made.add_row()
            for cell, text in zip(row.cells, line, strict=True):
                cell.text = text
                if place == 0:
                    for run in cell.paragraphs[0].runs:
                        run.bold = True
        document.add_paragraph()

    def bullets(lines: Iterable[str]) -> None:
        for text in lines:
            document.add_paragraph(text, style="List Bullet" if "List Bullet" in styles else None)

    front = page.front
    if page.synthetic:
        document.add_paragraph().add_run(page.synthetic).bold = True
    heading(front.title, 0)
    document.add_paragraph("; ".join(f"{name}: {text}" for name, text in front.facts))
    for text in front.sentences:
        document.add_paragraph(text)
    if front.rows:
        table([HEADINGS, *map(_cells, front.rows)])
    for title, lines in _boxes(page):
        heading(title, 2)
        bullets(lines)
    heading("Each statement in detail", 1)
    for claim, row in zip(page.headline, front.rows, strict=False):
        heading(f"{claim.condition}: “{claim.wording}”", 2)
        picture(row.alt, row.alt, 4.7)
        for text in (claim.opening, claim.missing, claim.robustness):
            if text:
                document.add_paragraph(text)
        if claim.published:
            document.add_paragraph(f"Published studies: {claim.published}")
        if claim.may_say:
            what = "What may be printed" if claim.sayable else "What may not be printed"
            document.add_paragraph(f"{what}: {claim.may_say}")
    if page.say_note:
        document.add_paragraph(f"To be printed with each of these sentences: {page.say_note}")
    for section in page.sections:
        heading(section.title, 1)
        for text in (section.lead, *section.said, *_of_100(section)):
            if text:
                document.add_paragraph(text)
        own = [row for row in front.rows if row.code == section.code]
        if own and section.code != "all":
            table([HEADINGS, *map(_cells, own)])
        if section.people:
            table(_plain(section.people))
        for figure in section.figures:
            heading(figure.title, 3)
            picture(figure.file, figure.alt, 3.8)
            if figure.caption:
                document.add_paragraph(figure.caption)
    heading("Sign-off", 1)
    for text in page.signatures:
        document.add_paragraph(text)
    document.add_paragraph(f"Results and verdicts, SHA-256: {page.results_sha256}")
    document.add_paragraph(
        "Everything else (all visits, thresholds and readings, every statement, methods) is in "
        "report.pdf and index.html of the same run."
    )
    for made in document.element.body.iter(qn("w:tbl")):
        for place, line in enumerate(made.iter(qn("w:tr"))):
            marks = OxmlElement("w:trPr")
            marks.append(OxmlElement("w:cantSplit"))
            if not place:  # read out as headings, and printed again on the next page
                marks.append(OxmlElement("w:tblHeader"))
            line.insert(0, marks)
    _name_properties(document.core_properties, page)
    document.save(str(out))


def _boxes(page: Page) -> Iterable[tuple[str, Sequence[str]]]:
    """Give the boxes of page one: heading and lines, those that say something."""
    front = page.front
    seen = [f"{each['visit']}: {each['cell'].text}" for each in front.seen]
    flags = [": ".join(front.flags)] if front.flags else []
    boxes: tuple[tuple[str, Sequence[str]], ...] = (
        ("Safety", [*flags, *([front.harm] if front.harm else [])]),
        ("Who was seen, of those who started", seen),
        ("What would have happened anyway", [front.otherwise] if front.otherwise else []),
        ("What changed", [front.since] if front.since else []),
        ("What to do next", front.steps),
    )
    return ((title, lines) for title, lines in boxes if lines)


def _name_properties(properties: Any, page: Page) -> None:
    properties.title = page.front.title
    properties.author = "Reliefcheck"
    properties.subject = page.synthetic
    properties.created = properties.modified = CREATED


# --- PowerPoint ---------------------------------------------------------------------------------


def _write_pptx(page: Page, pictures: dict[str, bytes], template: Path | None, out: Path) -> None:
    from pptx import Presentation
    from pptx.exc import PackageNotFoundError
    from pptx.oxml.ns import qn
    from pptx.util import Emu, Inches, Pt

    try:
        deck = Presentation(str(template) if template else None)
    except (PackageNotFoundError, ValueError, KeyError) as error:
        raise InputError(f"{template} is no PowerPoint presentation: {error}.") from None
    if template is None:
        deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    layouts = [each for each in deck.slide_layouts if each.placeholders]
    only_title = next(
        (each for each in layouts if each.name == "Title Only"), layouts[0] if layouts else None
    )
    if only_title is None:
        raise InputError(f"{template} has no slide layout with a title.")
    width, height = deck.slide_width or Inches(10), deck.slide_height or Inches(7.5)
    left, top = Inches(0.6), Inches(1.55)
    inner = Emu(width - 2 * left)

    def slide(title: str) -> Any:
        made = deck.slides.add_slide(only_title)
        for each in list(made.placeholders):
            if each != made.shapes.title and each.placeholder_format.idx:
                each.element.getparent().remove(each.element)
        if made.shapes.title is not None:
            head = made.shapes.title
            head.left, head.top, head.width, head.height = left, Inches(0.35), inner, Inches(1.1)
            head.text_frame.text = title
            head.text_frame.paragraphs[0].font.size = Pt(26)
            head.text_frame.paragraphs[0].font.bold = True
        if page.synthetic:
            text(made, [page.synthetic], left, Emu(height - Inches(0.45)), inner, 11)
        return made

    def text(
        on: Any, lines: Sequence[str], x: int, y: int, wide: int, size: float, tall: float = 0.4
    ) -> None:
        box = on.shapes.add_textbox(x, y, wide, Inches(tall))
        box.text_frame.word_wrap = True
        for place, line in enumerate(lines):
            own = box.text_frame.paragraphs[0] if not place else box.text_frame.add_paragraph()
            own.text = line
            own.font.size = Pt(size)
            own.space_after = Pt(size / 2)

    def picture(on: Any, name: str, alt: str, x: int, y: int, wide: int, tall: int) -> None:
        if name not in pictures:
            return
        shape = on.shapes.add_picture(BytesIO(pictures[name]), x, y, width=wide)
        if shape.height > tall:
            shape.width, shape.height = Emu(int(shape.width * tall / shape.height)), Emu(tall)
        for node in shape.element.iter(qn("p:cNvPr")):
            node.set("descr", alt)

    def table(
        on: Any, lines: Sequence[Sequence[str]], x: int, y: int, wide: int, size: float
    ) -> None:
        frame = on.shapes.add_table(len(lines), len(lines[0]), x, y, wide, Inches(0.3 * len(lines)))
        for row, line in zip(frame.table.rows, lines, strict=True):
            for cell, words in zip(row.cells, line, strict=True):
                cell.text = words
                for own in cell.text_frame.paragraphs:
                    own.font.size = Pt(size)

    front, half = page.front, Emu(inner // 2 - Inches(0.15))
    right = Emu(left + inner // 2 + Inches(0.15))
    text(slide(front.title), [*front.sentences, "; ".join(f"{a}: {b}" for a, b in front.facts)],
         left, top, inner, 20, 4.5)  # fmt: skip
    for claim, row in zip(page.headline, front.rows, strict=False):
        on = slide(f"“{claim.wording}”: {claim.verdict_word.lower()}")
        picture(on, row.alt, row.alt, left, top, half, Inches(1.4))
        table(on, [HEADINGS, _cells(row)], left, Emu(top + Inches(1.5)), half, 13)
        lines = [claim.missing, claim.robustness]
        if claim.may_say:
            what = "What may be printed" if claim.sayable else "What may not be printed"
            lines.append(f"{what}: {claim.may_say}")
        text(on, [line for line in lines if line], right, top, half, 13, 5.0)
        if page.say_note:
            on.notes_slide.notes_text_frame.text = f"To be printed with it: {page.say_note}"
    for section in page.sections:
        shown = section.figures[0].title if section.figures else section.lead
        on = slide(f"{section.title}: {shown}" if shown else section.title)
        if section.people:
            table(on, _plain(section.people), right, top, half, 11)
        words = [*section.said, *_of_100(section)]
        if words and not section.people:
            text(on, words, right, top, half, 13, 4.5)
        elif words:
            text(on, words, right, Emu(height - Inches(1.6)), half, 12)
        for figure in section.figures[:1]:
            picture(on, figure.file, figure.alt, left, top, half, Emu(height - top - Inches(0.6)))
    for title, said in _boxes(page):
        if title in ("Safety", "What to do next"):
            text(slide(title), said, left, top, inner, 18, 4.5)
    _name_properties(deck.core_properties, page)
    deck.save(str(out))


def _of_100(section: Section) -> Iterable[str]:
    """Give of 100 who start how many are better, by condition where there are several."""
    for each in section.icons:
        yield f"{each.name}: {each.text}" if each.name else each.text
    if section.icons:
        yield section.icons_note
