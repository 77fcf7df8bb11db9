"""The PDFs: tagged, with outline and title, the same bytes twice, the summary on one page."""

from __future__ import annotations

import builtins
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader
from test_report_inputs import draw_all, make_inputs

from analysis.outcomes.rows import NotebookResults
from analysis.report import pdf
from analysis.report.html import report_context, write_report
from analysis.report.inputs import ReportInputs
from analysis.report.paper import column_widths
from analysis.report.paper_drawings import Paper, as_images
from analysis.report.pdf_words import Pen
from analysis.report.tables import Heading, TableView
from analysis.wording.texts import say

LETTER_POINTS = (612.0, 792.0)  # 8.5 by 11 inches of 72 points
LARGEST_SMALL_REPORT = 400_000  # bytes, with a handful of figures
HOSTILE = "<script>alert(1)</script> \N{RIGHT-TO-LEFT OVERRIDE}=cmd() \ud800 \N{GRINNING FACE}"


def _has_pango() -> bool:
    try:
        pdf._lay_out(Paper("<p>a</p>", {}))
    except pdf.MissingLibrary:
        return False
    return True


needs_pango = pytest.mark.skipif(
    not _has_pango(), reason="no Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
)


def drawn_inputs(folder: Path) -> ReportInputs:
    """Return made-up results with figures of one condition."""
    inputs = make_inputs()
    crps = [row for row in inputs.rows if row.condition == "crps"]
    notes = tuple(draw_all(folder, crps, "crps"))
    further = NotebookResults(notebook="20_responders", condition="crps", figures=notes)
    kept = tuple(each for each in inputs.results if each.condition in ("crps", "all"))
    return replace(inputs, results=(*kept, further), figures=folder)


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    return report_context(drawn_inputs(tmp_path_factory.mktemp("figures")))


@pytest.fixture(scope="module")
def report(tmp_path_factory, context) -> Path:
    return pdf.write_report_pdf(tmp_path_factory.mktemp("report") / pdf.REPORT, context)


@pytest.fixture(scope="module")
def summary(tmp_path_factory, context) -> Path:
    return pdf.write_summary_pdf(tmp_path_factory.mktemp("summary") / pdf.SUMMARY, context)


@pytest.fixture(scope="module")
def told(report) -> list[str]:
    """Return the text of each page of the report; reading it takes its time."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(report).pages]


def words_of(path: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


def kinds_of(path: Path) -> list[tuple[str, str]]:
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


def titles(outline) -> list[str]:
    return [each.title for each in outline if not isinstance(each, list)]


@needs_pango
@pytest.mark.parametrize("name", ["report", "summary"])
def test_a_pdf_says_what_it_is(name, request):
    path = request.getfixturevalue(name)
    reader = PdfReader(path)
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en-US"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title.startswith("[Synthetic] ")
    assert not reader.metadata.author
    assert reader.metadata.creation_date is None
    assert b"pdfuaid" in root["/Metadata"].get_data()
    for page in reader.pages:
        size = (float(page.mediabox.width), float(page.mediabox.height))
        assert size == pytest.approx(LETTER_POINTS, abs=0.1)


@needs_pango
def test_bookmarks_are_the_sections_and_their_topics(report):
    outline = PdfReader(report).outline
    assert titles(outline)[0] == "Verdicts"
    assert titles(outline)[-6:] == [
        "How long relief lasts",
        "Every statement of the page, and its answer",
        "Data quality",
        "Methods",
        "Glossary",
        "Executed notebooks",
    ]
    topics = [title for part in outline if isinstance(part, list) for title in titles(part)]
    assert "How many respond" in topics


@needs_pango
def test_verdicts_can_be_read_and_every_page_says_that_no_patient_is_real(told, context):
    text = " ".join(told)
    for view in context["verdicts"]:
        assert view.word in text
        assert view.estimate.removesuffix(" %") in text.replace("\N{NO-BREAK SPACE}", " ")
    for number, page in enumerate(told, start=1):
        assert "these patients do not exist" in page
        assert f"{number} / {len(told)}" in page


@needs_pango
def test_tags_name_headings_tables_and_figures_with_what_they_show(report):
    found = kinds_of(report)
    kinds = {kind for kind, _ in found}
    assert {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/Caption", "/Figure", "/L"} <= kinds
    figures = [alt for kind, alt in found if kind == "/Figure"]
    assert len(figures) > 3
    assert all(len(alt) > 20 for alt in figures)


@needs_pango
def test_links_lead_to_places_in_the_file(report):
    reader = PdfReader(report)
    links = [
        note.get_object()
        for page in reader.pages
        for note in page.get("/Annots", [])
        if note.get_object()["/Subtype"] == "/Link"
    ]
    assert len(links) > 8
    assert not [link for link in links if "/URI" in link.get("/A", {})]


@needs_pango
def test_fonts_are_within_the_file_and_it_is_small(report):
    fonts = set()
    for page in PdfReader(report).pages:
        for font in page["/Resources"]["/Font"].values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = below["/FontDescriptor"]
            assert any(key in descriptor for key in ("/FontFile2", "/FontFile3"))
            fonts.add(descriptor["/FontName"].partition("+")[2])
    assert any(name.startswith("Reliefcheck") for name in fonts)
    assert report.stat().st_size < LARGEST_SMALL_REPORT


@needs_pango
def test_words_of_figures_are_whole(told):
    assert "Share of patients" in " ".join(told)


@needs_pango
def test_figures_are_drawn_letter_by_letter_where_whole_words_fail(tmp_path, monkeypatch, context):
    def failing(pen, stream, words):
        raise AttributeError("another version")

    monkeypatch.setattr(Pen, "write", failing)
    path = pdf.write_summary_pdf(tmp_path / pdf.SUMMARY, context)
    # Marks of the axis under a strip: letters drawn one by one come apart in the text.
    assert "100%" in "".join(words_of(path).split())


@needs_pango
def test_a_pdf_names_its_content_twice_as_its_identifier(summary, report):
    for path in (summary, report):
        first, second = PdfReader(path).trailer["/ID"]
        assert len(first.original_bytes) == 16
        assert first.original_bytes == second.original_bytes
    assert PdfReader(summary).trailer["/ID"] != PdfReader(report).trailer["/ID"]


@needs_pango
def test_the_same_inputs_give_the_same_bytes(summary, tmp_path, context):
    again = pdf.write_summary_pdf(tmp_path / pdf.SUMMARY, context)
    assert again.read_bytes() == summary.read_bytes()


@needs_pango
@pytest.mark.slow
def test_page_and_report_made_twice_are_the_same_letter_for_letter(report, tmp_path, context):
    folder = tmp_path / "figures"
    folder.mkdir()
    again = drawn_inputs(folder)
    made = pdf.write_report_pdf(tmp_path / pdf.REPORT, report_context(again))
    assert made.read_bytes() == report.read_bytes()
    pages = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pages.append(write_report(tmp_path / name, loaded=again).read_bytes())
    assert pages[0] == pages[1]


@needs_pango
def test_paper_says_where_signatures_stand_and_which_results_it_prints(tmp_path, context):
    given = {**context, "results_sha256": "ab" * 32}
    text = pdf.on_paper("page.html.j2", given).text
    assert "ab" * 32 in text
    assert say("paper.sign_text") in text
    assert say("paper.sign_results") not in pdf.on_paper("page.html.j2", context).text


@needs_pango
def test_where_a_drawing_fails_all_stand_in_the_page_itself(tmp_path, monkeypatch, context):
    def failing(text):
        paper = as_images(text)
        return Paper(f"{paper.text}<img alt='x' src='data:image/svg+xml,no drawing'>", {})

    monkeypatch.setattr(pdf, "as_images", failing)
    laid: list[str] = []
    real = pdf._lay_out
    monkeypatch.setattr(pdf, "_lay_out", lambda paper: laid.append(paper.text) or real(paper))
    pdf.write_summary_pdf(tmp_path / pdf.SUMMARY, context)
    assert "no drawing" in laid[0]
    assert "<svg class" in laid[-1]
    assert "no drawing" not in laid[-1]


@needs_pango
def test_the_summary_has_one_page_with_all_it_needs(summary, context):
    assert len(PdfReader(summary).pages) == 1
    text = words_of(summary)
    assert "What this cannot say" in text
    assert all(view.word in text for view in context["verdicts"])


@needs_pango
def test_nine_long_headlines_still_make_one_page_that_tells_what_is_left(tmp_path):
    inputs = make_inputs()
    first = inputs.judgements[0]
    many = tuple(
        replace(first, claim_id=f"C{n:03}", wording=f"{n} " + "a long claim " * 30)
        for n in range(9)
    )
    context = report_context(replace(inputs, judgements=many))
    path = pdf.write_summary_pdf(tmp_path / pdf.SUMMARY, context)
    assert len(PdfReader(path).pages) == 1
    assert "more headline claims stand in report.pdf" in words_of(path)


@needs_pango
def test_a_hostile_name_is_printed_and_harms_nothing(tmp_path):
    inputs = replace(make_inputs(), export_name=HOSTILE)
    path = pdf.write_summary_pdf(tmp_path / pdf.SUMMARY, report_context(inputs))
    assert "<script>alert(1)</script>" in words_of(path)
    assert b"/JavaScript" not in path.read_bytes()


@needs_pango
def test_nothing_is_loaded_from_elsewhere_and_nothing_is_printed(tmp_path, capfd):
    outside = tmp_path / "secret.svg"
    outside.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    with pdf._quiet():
        page = f'<img src="{outside.as_uri()}" alt="x"><p style="color:nonsense">a</p>'
        pdf._lay_out(Paper(page, {}))
    assert capfd.readouterr() == ("", "")


def test_a_missing_library_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("weasyprint"):
            print("WeasyPrint could not import some external libraries")
            raise OSError("cannot load library 'libgobject-2.0-0': not found")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(pdf.MissingLibrary, match=r"^libgobject-2\.0-0$"):
        pdf._lay_out(Paper("<p>a</p>", {}))


def test_columns_are_as_wide_as_what_stands_in_them():
    view = TableView(
        caption="x",
        headings=[Heading(text="Name"), Heading(text="Estimate", numeric=True)],
        lines=[("a", "12 of 34 (35 %)"), ("b" * 200, "<b>1</b>")],
    )
    # 34 letters at most of words, 15 of the number, and 2 beside each: 36 and 17 of 53.
    assert column_widths(view) == [67.92, 32.08]
    assert column_widths(replace(view, lines=[])) == [37.5, 62.5]
