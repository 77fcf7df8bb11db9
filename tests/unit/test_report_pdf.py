"""The PDFs: tagged (PDF/UA-1), with outline and title; the summary on one page."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader
from report_runs import judged, write_run

from analysis.errors import RunError
from analysis.report.inputs import read_run
from analysis.report.page import build_page, write_results_files
from analysis.report.pdf import write_pdfs

pytestmark = pytest.mark.slow

LETTER_POINTS = (612.0, 792.0)  # 8.5 by 11 inches of 72 points


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("pdf") / "run")
    loaded = read_run(folder)
    write_results_files(loaded.frame, folder)
    (folder / "claims.json").write_text("[]")
    write_pdfs(build_page(loaded), folder)
    return folder


@pytest.fixture(scope="module")
def pages(run) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(run / "report.pdf").pages]


def tags_of(path: Path) -> list[tuple[str, str]]:
    """Return kind and alternative text of every element of the tag tree."""
    found: list[tuple[str, str]] = []

    def walk(node) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif hasattr(node, "get"):
            if "/S" in node:
                found.append((node["/S"], str(node.get("/Alt", ""))))
            if "/K" in node:
                walk(node["/K"])

    walk(PdfReader(path).trailer["/Root"]["/StructTreeRoot"])
    return found


@pytest.mark.parametrize("name", ["report.pdf", "summary.pdf"])
def test_a_pdf_says_what_it_is(name, run):
    reader = PdfReader(run / name)
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en-US"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title.startswith("[Synthetic] ")
    assert b"pdfuaid" in root["/Metadata"].get_data()
    for page in reader.pages:
        size = (float(page.mediabox.width), float(page.mediabox.height))
        assert size == pytest.approx(LETTER_POINTS, abs=0.1)


def test_bookmarks_are_the_sections_and_their_topics(run):
    outline = PdfReader(run / "report.pdf").outline
    titles = [each.title for each in outline if not isinstance(each, list)]
    assert titles[0].startswith("What Clinic page says about pain relief")
    assert titles[1:3] == ["Each statement in detail", "Conditions compared"]
    assert "Appendix" in titles
    assert titles[-6:] == [
        "How long relief lasts: appendix", "Every statement of the page, and its answer",
        "Data quality", "Methods", "Glossary", "Executed notebooks",
    ]  # fmt: skip
    topics = [each.title for part in outline if isinstance(part, list) for each in part]
    assert "How many respond" in topics


def test_verdicts_can_be_read_and_every_page_says_that_no_patient_is_real(pages):
    text = " ".join(pages).replace("\xa0", " ")
    for part in ("Falls short", "Undecided", "Meets", "Not testable", "91 of 140 (65%)",
                 "17 of 20 would do.", "Share of patients"):  # fmt: skip
        assert part in text, part
    for number, page in enumerate(pages, start=1):
        assert "these patients do not exist" in page
        assert f"{number} / {len(pages)}" in page


def test_tags_name_headings_tables_with_header_rows_and_figures_with_what_they_show(run):
    found = tags_of(run / "report.pdf")
    kinds = {kind for kind, _ in found}
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Caption", "/Figure", "/L"} <= kinds
    figures = [alt for kind, alt in found if kind == "/Figure"]
    assert len(figures) == 5 + 4 + 3 + 2  # strips of page one, in detail, of conditions; figures
    assert all(len(alt) > 20 for alt in figures)


def test_fonts_are_within_the_file_and_it_is_small(run):
    fonts = set()
    for page in PdfReader(run / "report.pdf").pages:
        for font in page["/Resources"]["/Font"].values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = below["/FontDescriptor"]
            assert any(key in descriptor for key in ("/FontFile2", "/FontFile3"))
            fonts.add(descriptor["/FontName"].partition("+")[2])
    assert any(name.startswith("Reliefcheck") for name in fonts)
    assert (run / "report.pdf").stat().st_size < 400_000


def test_a_long_caption_is_printed_once(pages):
    text = " ".join(pages)
    assert "Read like the figure under Complex regional pain syndrome." in text


def test_paper_has_a_place_to_sign_that_names_the_results(run, pages):
    page = build_page(read_run(run))
    assert len(page.results_sha256) == 64
    text = " ".join(pages)
    assert page.results_sha256 in text
    assert "Name and signature" in text


def words_of(path: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


def test_the_summary_has_one_page_with_all_it_needs(run):
    assert len(PdfReader(run / "summary.pdf").pages) == 1
    text = words_of(run / "summary.pdf")
    for part in ("cannot show that the treatment was the reason", "Falls short",
                 "Who was seen, of those who started", "What to do next"):  # fmt: skip
        assert part in text


def test_nine_long_headlines_still_make_one_page_that_says_what_is_left(tmp_path):
    first = replace(judged()[0], wording="a long claim " * 30)
    many = tuple(replace(first, claim_id=f"C{n:03}") for n in range(9))
    folder = write_run(tmp_path / "run", claims=many, rows=[])
    write_pdfs(build_page(read_run(folder)), folder)
    assert len(PdfReader(folder / "summary.pdf").pages) == 1
    assert "more are in report.pdf" in words_of(folder / "summary.pdf")


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '#panic("x") *b* $x$ @a `c` \\',
                                  "痛 😀 \u202e", "x" * 5_000, ""])  # fmt: skip
def test_a_hostile_name_is_printed_and_harms_nothing(name, tmp_path):
    claim = replace(judged()[0], wording=name, sentence=name)
    folder = write_run(tmp_path / "run", claims=(claim,), rows=[],
                       about={"export": name, "versions": {name: name}})  # fmt: skip
    write_pdfs(build_page(read_run(folder)), folder)
    text = words_of(folder / "summary.pdf")
    if name.isascii() and len(name) < 100:
        assert name in text
    assert b"/JavaScript" not in (folder / "report.pdf").read_bytes()


def test_without_typst_the_error_says_what_there_is(tmp_path, monkeypatch):
    folder = write_run(tmp_path / "run", rows=[])
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(RunError, match=r"could not be made.*Everything else is in"):
        write_pdfs(build_page(read_run(folder)), folder)
    assert not list(folder.glob("*.pdf"))
