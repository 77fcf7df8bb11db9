"""What the suite changes inside the PDF libraries still fits the installed ones.

Where it did not, files would be made all the same, only slower: so it must fail here.
"""

from __future__ import annotations

import io
from types import SimpleNamespace
from xml.etree import ElementTree as Tree

import pydyf
import pytest
from pypdf import PdfReader
from test_report_pdf import needs_pango

from analysis.report import pdf
from analysis.report.paper_drawings import SVG, Paper
from analysis.report.pdf_drawings import Drawing, _Others
from analysis.report.pdf_styles import UNUSED, lean, without_notes
from analysis.report.pdf_words import Pen
from analysis.report.pdf_write import identified, one_pass

IDENTIFIER = bytes(range(16))


def small(pages: int = 2):
    document = pydyf.PDF()
    for _ in range(pages):
        document.add_page(pydyf.Dictionary({"Type": "/Page", "Parent": document.pages.reference,
                                            "MediaBox": pydyf.Array([0, 0, 10, 10])}))  # fmt: skip
    document.info["Title"] = pydyf.String("t (\N{GREEK SMALL LETTER ALPHA})")
    return document


def written(document, identifier=IDENTIFIER) -> bytes:
    output = io.BytesIO()
    document.write(output, b"1.7", identifier, True)
    return output.getvalue()


def drawn(parts: str, **attributes: str) -> str:
    """Return the commands of a page that shows one drawing."""
    root = Tree.fromstring(f'<svg xmlns="{SVG}" viewBox="0 0 100 50">{parts}</svg>')
    root.attrib |= attributes
    with pdf._quiet() as failures:
        made = pdf._lay_out(
            Paper('<img style="width:100px" alt="a" src="drawing:1">', {"drawing:1": root})
        )
        page = PdfReader(io.BytesIO(made.write_pdf())).pages[0]
    assert failures == []
    return page.get_contents().get_data().decode("latin-1")


@pytest.fixture
def library_parts(monkeypatch):
    """Return the parts that are left to WeasyPrint, by their kind."""
    left: list[str] = []
    real = _Others.draw
    monkeypatch.setattr(
        _Others,
        "draw",
        lambda self, part: left.append(part.tag.rpartition("}")[2]) or real(self, part),
    )
    return left


def test_a_file_written_in_one_pass_can_be_read_and_has_the_identifier():
    with one_pass():
        made = written(small())
    reader = PdfReader(io.BytesIO(made))
    assert [each.original_bytes for each in reader.trailer["/ID"]] == [IDENTIFIER] * 2
    assert len(reader.pages) == 2
    assert reader.metadata.title == "t (\N{GREEK SMALL LETTER ALPHA})"


def test_but_for_its_identifier_it_is_the_file_the_library_writes():
    with one_pass():
        ours = written(small())
    plain = written(small(), identifier=False)
    place = ours.index(b"/ID [")
    added = ours.index(b"]", place) + 1 - place
    assert ours[:place] + ours[place + added :] == plain


def test_each_object_is_worked_out_once(monkeypatch):
    asked: list[int] = []

    class Counted(pydyf.Dictionary):
        @property
        def data(self):
            asked.append(1)
            return super().data

    with one_pass():
        document = small()
        document.add_object(Counted({"A": 1.5}))
        written(document)
    assert len(asked) == 1


def test_pages_are_listed_once_and_anew_when_there_are_more():
    with one_pass():
        document = small(pages=2)
        first = document.page_references
        assert document.page_references is first
        document.add_page(pydyf.Dictionary({"Type": "/Page"}))
        assert len(document.page_references) == 3


def test_afterwards_the_library_is_as_it_was_even_after_an_error():
    before = pydyf.PDF, pydyf._to_bytes
    with pytest.raises(KeyError), one_pass():
        assert pydyf.PDF is not before[0]
        raise KeyError
    assert (pydyf.PDF, pydyf._to_bytes) == before


def test_another_library_writes_as_ever(monkeypatch):
    monkeypatch.delattr(pydyf, "_to_bytes")
    known = pydyf.PDF
    with one_pass():
        assert pydyf.PDF is known


def test_a_file_without_a_list_of_objects_gets_no_identifier():
    with pytest.raises(ValueError, match="not found"):
        identified(b"%PDF-1.4 trailer", 3, IDENTIFIER)


@needs_pango
def test_the_style_sheet_loses_the_rules_for_notes_and_no_other():
    from weasyprint import HTML

    page = lean(HTML)(string="<p>a</p>")
    (whole,) = HTML(string="<p>a</p>")._ua_stylesheets()
    (less,) = page._ua_stylesheets()
    before, after = (each.matcher.other_selectors for each in (whole, less))
    assert {each[3] for each in before} >= UNUSED
    assert after == [each for each in before if each[3] not in UNUSED]
    assert less.matcher.lower_local_name_selectors == whole.matcher.lower_local_name_selectors


def test_a_style_sheet_of_another_library_stays():
    for other in (
        SimpleNamespace(),
        SimpleNamespace(matcher=SimpleNamespace(other_selectors=[()])),
    ):
        assert without_notes(other) is other


@needs_pango
def test_the_suite_s_kinds_of_parts_are_drawn_here(library_parts):
    text = drawn(
        '<defs><clipPath id="c"><rect width="9" height="9"/></clipPath></defs>'
        '<path d="M1 2L3 4" clip-path="url(#c)" stroke="#000000" fill="none"/>'
        '<rect width="5" height="6" fill="#00ff00"/>'
        '<text x="5" y="5" font-size="9" text-anchor="middle">ab</text>'
    )
    assert library_parts == []
    assert "q\n0 0 9 9 re\nW n\n0 0 0 RG 1 w\n1 2 m\n3 4 l\nS\nQ" in text
    assert "0 1 0 rg\n0 0 5 6 re\nf" in text
    assert "BT" in text


@needs_pango
def test_other_parts_are_drawn_by_the_library_in_their_turn(library_parts):
    text = drawn(
        '<rect width="1" height="2"/><circle cx="5" cy="5" r="3"/><rect width="3" height="4"/>'
        '<g><path d="M1 2L3 4" stroke="#000000"/></g>'
    )
    assert library_parts == ["circle", "g"]
    assert text.index("0 0 1 2 re") < text.index(" c\n") < text.index("0 0 3 4 re")


@needs_pango
def test_a_pattern_used_twice_shows_both_times(library_parts):
    hatch = '<pattern id="h" patternUnits="userSpaceOnUse" width="4" height="4"><path d="M0 0L4 4"'
    area = '<path d="M{} 0L9 0L9 9z" fill="url(#h)"/>'
    text = drawn(f'<defs>{hatch} stroke="#000000"/></pattern></defs>{area.format(0)}'
                 f"{area.format(2)}")  # fmt: skip
    assert library_parts == ["path", "path"]
    assert text.count(" scn") == 2


@needs_pango
def test_a_line_is_laid_out_once_and_drawn_at_each_of_its_places(monkeypatch):
    laid: list[str] = []
    real = Pen._laid_out

    def counted(pen, stream, text, face):
        laid.append(text)
        return real(pen, stream, text, face)

    monkeypatch.setattr(Pen, "_laid_out", counted)
    same = '<text x="{}" y="9" font-size="9">25 %</text>'
    text = drawn(same.format(1) + same.format(50) + '<text x="1" y="9" font-size="8">25 %</text>')
    assert laid == ["25 %", "25 %"]
    assert "1 0 0 -1 1 9 Tm" in text
    assert "1 0 0 -1 50 9 Tm" in text


@needs_pango
def test_what_fails_is_told():
    root = Tree.fromstring(f'<svg xmlns="{SVG}" viewBox="5 5 9 9"/>')
    with pdf._quiet() as failures:
        Drawing(root, Pen(None)).draw(None, 1, 1, None)
    assert len(failures) == 1  # it would be left out in silence


def test_a_drawing_has_the_size_it_says_or_the_shape_of_its_view():
    root = Tree.fromstring(f'<svg xmlns="{SVG}" viewBox="0 0 100 50"/>')
    assert Drawing(root, Pen(None)).get_intrinsic_size(1, 1) == (None, None, 2.0)
    root.attrib |= {"width": "10", "height": "5"}
    assert Drawing(root, Pen(None)).get_intrinsic_size(1, 1) == (10.0, 5.0, 2.0)
