"""The report in Word and PowerPoint: the numbers of the page, read back from the files."""

from __future__ import annotations

from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn
from pptx import Presentation
from report_runs import write_run

from analysis.errors import InputError
from analysis.report.documents import write_documents
from analysis.report.inputs import read_run
from analysis.report.page import DOCUMENTS, Page, build_page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Page]:
    folder = write_run(tmp_path_factory.mktemp("documents") / "run")
    write_documents(folder, list(DOCUMENTS))
    return folder, build_page(read_run(folder))


def words_of(cell) -> set[str]:
    return set(cell.text.replace("\x0b", "\n").split("\n"))


def test_word_has_page_one_as_a_native_table_with_its_numbers(made):
    folder, page = made
    document = Document(str(folder / "report.docx"))
    table = document.tables[0]
    for row, line in zip(page.front.rows, table.rows[1:], strict=False):
        assert f"{row.estimate} {row.what}" in words_of(line.cells[1]) or not row.what
        assert row.interval in words_of(line.cells[1]) or not row.interval
        assert row.verdict_word in line.cells[1].text
    assert len(table.rows) == 1 + len(page.front.rows)
    said = "\n".join(each.text for each in document.paragraphs)
    assert page.synthetic in said
    for text in (*page.front.sentences, *page.front.steps, page.results_sha256):
        assert text in said
    assert document.core_properties.title == page.front.title


def test_every_picture_and_table_is_told_to_those_who_listen(made):
    body = Document(str(made[0] / "report.docx")).element.body
    alts = [node.get("descr") for node in body.iter(qn("wp:docPr"))]
    assert len(alts) == 4 + 1  # a strip a claim, and the figure that stands open
    assert all(alt and len(alt) > 20 for alt in alts)
    tables = list(body.iter(qn("w:tbl")))
    assert all(next(each.iter(qn("w:tr"))).find(qn("w:trPr")) is not None for each in tables)


def test_there_is_a_slide_a_claim_and_one_a_section(made):
    folder, page = made
    slides = list(Presentation(str(folder / "report.pptx")).slides)
    titles = [slide.shapes.title.text_frame.text for slide in slides]
    assert titles[0] == page.front.title
    assert len(slides) == 1 + len(page.headline) + len(page.sections) + 1  # and what to do next
    for claim, row, slide in zip(page.headline, page.front.rows, slides[1:], strict=False):
        tables = [shape.table for shape in slide.shapes if shape.has_table]
        assert f"“{claim.wording}”" in slide.shapes.title.text_frame.text
        assert row.interval in words_of(tables[0].cell(1, 1)) or not row.interval
        pictures = [shape for shape in slide.shapes if shape.shape_type == 13]
        assert [each.element.nvPicPr.cNvPr.get("descr") for each in pictures] == [row.alt]
    for slide in slides:
        texts = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        assert page.synthetic in texts


def test_the_clinics_template_is_taken(made, tmp_path):
    template = Document()
    template.styles["Heading 1"].font.name = "Clinic Sans"
    template.save(str(tmp_path / "clinic.docx"))
    folder = write_run(tmp_path / "run", rows=[])
    write_documents(folder, ["report.docx"], templates=[tmp_path / "clinic.docx"])
    styles = Document(str(folder / "report.docx")).styles
    assert styles["Heading 1"].font.name == "Clinic Sans"
    assert not (folder / "report.pptx").exists()


@pytest.mark.parametrize("name", ["clinic.docx", "clinic.pptx"])
def test_what_is_no_template_is_named(name, tmp_path):
    (tmp_path / name).write_text("no document")
    folder = write_run(tmp_path / "run", rows=[])
    with pytest.raises(InputError, match=rf"{name} is no "):
        write_documents(folder, list(DOCUMENTS), templates=[tmp_path / name])
