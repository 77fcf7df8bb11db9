"""Text with places out of every kind of file, and a sentence for what cannot be read."""

from __future__ import annotations

import builtins
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.lint_samples import DATA, plain

from analysis.errors import InputError
from analysis.lint.text import Document, load_document, read_text, split_statements


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


def found_at(document: Document, text: str) -> tuple[int | None, int]:
    place = next(s.first for s in split_statements(document) if text in s.text)
    return place.line, place.column


def save(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def test_plain_text_in_paragraphs_bullets_and_headings():
    document = plain(
        "Our Results:\n\n  \u2022 Pain falls\n  \u2022 Sleep, too\n\nA first. A second.\n"
    )
    assert [(b.kind, b.text) for b in document.blocks] == [
        ("heading", "Our Results:"), ("bullet", "Pain falls"), ("bullet", "Sleep, too"),
        ("paragraph", "A first. A second."),
    ]  # fmt: skip
    assert found_at(document, "Sleep") == (4, 5)
    assert found_at(document, "A second") == (6, 10)


def test_a_wrapped_paragraph_is_one_block_and_a_claim_without_full_stop_is_no_heading():
    wrapped = plain("Of those who came to us for treatment last\nyear, 70% of patients improved.\n")
    assert len(wrapped.blocks) == 1
    assert plain("Most patients get relief").blocks[0].kind == "paragraph"


def test_items_between_dots_are_statements_of_their_own():
    document = plain("Free talk \u2022 Certified doctors \u2022 85% success rate")
    assert [s.text for s in split_statements(document)] == [
        "Free talk", "Certified doctors", "85% success rate",
    ]  # fmt: skip


def test_sentences_end_at_full_stops_not_at_doctors():
    document = plain(
        "Ask Dr. Smith, e.g. today. He said \u201cit works.\u201dJane, Reno. Is 3.5 points ok? Yes!"
    )
    assert [s.text for s in split_statements(document)] == [
        "Ask Dr. Smith, e.g. today.", "He said \u201cit works.\u201d", "Jane, Reno.",
        "Is 3.5 points ok?", "Yes!",
    ]  # fmt: skip


def test_html_is_read_as_text_with_places_and_nothing_is_run():
    document = load_document(DATA / "hostile.html")
    shown = texts(document)
    assert "Relief & care" in shown
    assert "9 in 10 patients respond" in shown
    assert '40% of CRPS patients <script>alert("100%")</script> respond.' in shown
    assert "Neuropathic pain responds in 60-75% of cases" in shown
    assert "guaranteed relief" in shown
    assert "Cured for ever: never pain again" in shown, "hidden text is copy all the same"
    assert not any("99%" in text or "98%" in text for text in shown), "script and style are no copy"
    assert found_at(document, "40% of CRPS") == (6, 4)
    assert found_at(document, "9 in 10") == (2, 35)
    assert any("direction" in warning and "line 7" in warning for warning in document.warnings)


def test_markdown_without_its_marks_and_with_places():
    document = load_document(DATA / "changed.md")
    shown = texts(document)
    assert shown[0] == "What our patients say" and document.blocks[0].kind == "heading"
    assert "70 to 85 percent of CRPS patients experience significant pain reduction" in shown
    assert "Eight in ten CRPS patients respond." in shown
    assert not any(n in text for text in shown for n in ("99%", "12%", "95%")), "no copy"
    assert found_at(document, "90% of CRPS") == (7, 3)
    assert found_at(document, "70 to 85") == (8, 5)


def test_word_document_with_table_header_and_list(tmp_path):
    docx = pytest.importorskip("docx")
    made = docx.Document()
    made.add_heading("Evidence", 1)
    made.add_paragraph("Half of patients respond.")
    made.add_paragraph("85% success rate", style="List Bullet")
    cells = made.add_table(rows=1, cols=2).rows[0].cells
    cells[0].text, cells[1].text = "CRPS", "70-85% respond"
    made.sections[0].header.paragraphs[0].text = "Guaranteed relief"
    made.save(tmp_path / "copy.docx")
    document = load_document(tmp_path / "copy.docx")
    assert [(b.kind, b.text) for b in document.blocks] == [
        ("heading", "Evidence"), ("paragraph", "Half of patients respond."),
        ("bullet", "85% success rate"), ("bullet", "CRPS 70-85% respond"),
        ("paragraph", "Guaranteed relief"),
    ]  # fmt: skip
    places = [s.first for s in split_statements(document)]
    assert [place.paragraph for place in places] == [1, 2, 3, 4, 5]


def pdf_of(*pages: str) -> bytes:
    """A PDF made by hand: one line of Helvetica a page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for text in pages:
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET" if text else ""
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects) + 2} 0 R"
            " /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
            " >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, starts = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        starts.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{at:010d} 00000 n \n" for at in starts)
    size = len(objects) + 1
    return (
        out
        + (
            f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\n"
            f"startxref\n{len(out)}\n%%EOF\n"
        ).encode()
    )


def test_pdf_with_pages_and_a_page_without_text(tmp_path):
    pytest.importorskip("pypdf")
    path = save(tmp_path, "copy.pdf", pdf_of("85% success rate", "", "Half of patients respond."))
    document = load_document(path)
    assert [(s.text, s.first.page, s.first.line) for s in split_statements(document)] == [
        ("85% success rate", 1, 1), ("Half of patients respond.", 3, 1),
    ]  # fmt: skip
    assert [w for w in document.warnings if "page 2 holds no text" in w]


def test_scanned_pdf_without_text_is_refused(tmp_path):
    pytest.importorskip("pypdf")
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "scan.pdf"
    image.new("RGB", (200, 100), "white").save(path, "PDF")
    with pytest.raises(InputError, match=r"scan\.pdf holds no text.*OCR"):
        load_document(path)


BAD = {
    "empty.txt": (b"", "empty"),
    "blank.txt": (b" \n\n \t ", "empty"),
    "nothing.html": (b"<html><body><script>1</script></body></html>", "no text"),
    "tags.html": (b"<p>" + b"<a " * 50_000, "never closed"),
    "binary.txt": (b"text \x00\x01\x02\xff", "binary"),
    "latin.txt": ("Erh\u00f6ht\n70% \u2013 caf\u00e9".encode("cp1252"), "not UTF-8 text (line 1)"),
    "broken.docx": (b"PK\x03\x04 nothing", "cannot be read as a Word document"),
    "text.docx": (b"70% of patients", "is no DOCX file"),
    "broken.pdf": (b"%PDF-1.4 nothing", "cannot be read as a PDF"),
    "old.doc": (b"\xd0\xcf\x11\xe0 old", "save it as .docx"),
    "picture.png": (b"\x89PNG\r\n", "picture"),
    "table.xlsx": (b"col", "'.xlsx' are not read"),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_refused_in_a_sentence(tmp_path, name):
    content, shown = BAD[name]
    if name.startswith("broken"):
        pytest.importorskip("docx")
        pytest.importorskip("pypdf")
    with pytest.raises(InputError) as raised:
        load_document(save(tmp_path, name, content))
    assert name in str(raised.value) and shown in str(raised.value)


def test_folder_missing_file_and_too_large(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="is a folder"):
        load_document(tmp_path)
    with pytest.raises(InputError, match="no file"):
        load_document(tmp_path / "nowhere.txt")
    monkeypatch.setattr("analysis.lint.text.MOST_BYTES", 3)
    with pytest.raises(InputError, match="at most 3"):
        load_document(save(tmp_path, "long.txt", "four"))


def test_encodings_that_are_named_are_used(tmp_path):
    shown = "70% \u2013 caf\u00e9"
    assert texts(
        load_document(save(tmp_path, "a.txt", shown.encode("cp1252")), encoding="cp1252")
    ) == [shown]
    assert texts(load_document(save(tmp_path, "b.txt", shown.encode("utf-16")))) == [shown]
    page = f"<meta charset=windows-1252><p>{shown}".encode("cp1252")
    assert texts(load_document(save(tmp_path, "c.html", page))) == [shown]
    with pytest.raises(InputError, match="no text encoding 'klingon'"):
        load_document(save(tmp_path, "d.txt", shown), encoding="klingon")


@pytest.mark.parametrize(("package", "name"), [("docx", "a.docx"), ("pypdf", "a.pdf")])
def test_a_reader_that_is_absent_is_named(tmp_path, monkeypatch, package, name):
    real = builtins.__import__

    def without(wanted, *more, **how):
        if wanted.split(".")[0] == package:
            raise ImportError(wanted)
        return real(wanted, *more, **how)

    monkeypatch.setattr(builtins, "__import__", without)
    content = b"PK\x03\x04" if package == "docx" else b"%PDF-1.4"
    with pytest.raises(InputError, match="install"):
        load_document(save(tmp_path, name, content))


def check_places(document: Document, *, entities: bool = False) -> None:
    """Each letter of a block is the letter of the source it points at, by line and column too."""
    source = document.source
    starts = [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", source))]
    for block in document.blocks:
        for index, letter in enumerate(block.text):
            at = block.places[index]
            if letter == " ":
                assert source[at].isspace() or source[at] in "<|&"
            elif not (entities and source[at] == "&"):
                assert source[at] == letter
            place = document.place_of(at)
            assert starts[(place.line or 0) - 1] + place.column - 1 == at


WRITING = st.text(
    st.sampled_from('ab Z5%.-\u2013\u2022 \t\n\r|*#_`[]()<>&;!\u200b\u202e\u00ad\u00a0"\u201c/'),
    max_size=120,
)


@given(WRITING)
def test_places_of_plain_text_point_at_the_text(source):
    check_places(plain(source))


@given(WRITING)
def test_places_of_markdown_point_at_the_text(source):
    check_places(read_text(source, form="md", name="a.md"), entities=True)


TAGS = st.sampled_from(
    ["<p>", "</p>", "<b>", "</b>", "<li>", "<br>", "<td>", "</tr>", "<script>", "</script>", "<!--",
     "-->", "&amp;", "&lt;", "&#52;", "&nbsp;", "85% of ", "patients", "\n", "\r\n", " ", "<h1>",
     "<", "&", "</style>", "<img alt='x y'>"]
)  # fmt: skip


@given(st.lists(TAGS, max_size=30).map("".join))
def test_places_of_html_point_at_the_text(source):
    check_places(read_text(source, form="html", name="a.html"), entities=True)


@pytest.mark.slow
@given(st.one_of(WRITING, st.lists(TAGS, max_size=30).map("".join)))
def test_statements_hold_every_letter_once(source):
    document = plain(source)
    for index, block in enumerate(document.blocks):
        spans = [(s.start, s.end) for s in split_statements(document) if s.block == index]
        assert spans == sorted(spans)
        inside = "".join(block.text[a:b] for a, b in spans)
        kept = [c for c in block.text if not c.isspace() and c not in "\u2022|\u25cf\u00b7\u2192"]
        assert [
            c for c in inside if not c.isspace() and c not in "\u2022|\u25cf\u00b7\u2192"
        ] == kept


WIDGETS = """<title>T: 85% success rate</title><meta name="twitter:title" content="M: 93% improve">
<script type="application/ld+json">{"@type": "Clinic", "url": "https://x.y/90", "faq": [{"text":
"LD: 94\\u0025 of patients improve"}], "broken": "B: \\q 1% of}</script><script>"96% of us"</script>
<img alt="A: 97% improve"><figure><figcaption>C: 98% improve</figcaption></figure>
<details><summary>Q?</summary>F: 99% improve</details><div hidden>H: 88% improve</div>
<div class="n" data-to-value="90" data-suffix="%">0</div><p>of patients improve</p>
<div><span data-from-value="0" data-to-value="86">0</span><span>% respond</span></div>
<p>Open <b data-count="24">24</b> hours</p><i data-count="7"></i><p>of 9</p>"""


def test_what_a_page_shows_elsewhere_is_copy():
    """JSON-LD, meta tags, alternative texts, captions, folded answers, counters at their end."""
    document = read_text(WIDGETS, form="html", name="w.html")
    assert [block.text for block in document.blocks] == [
        "T: 85% success rate", "M: 93% improve", "LD: 94% of patients improve", "A: 97% improve",
        "C: 98% improve", "Q?", "F: 99% improve", "H: 88% improve", "90% of patients improve",
        "86% respond", "Open 24 hours", "7 of 9",
    ]  # fmt: skip
    counter = next(block for block in document.blocks if block.text.startswith("90%"))
    place = document.place_of(counter.places[0])
    assert WIDGETS.splitlines()[place.line - 1][place.column - 1 :].startswith('90"')


@pytest.mark.slow
def test_unfinished_linked_data_is_read_in_one_pass():
    text = '<script type="application/ld+json">' + '"a b' * 100_000
    assert read_text(text + "</script><p>x</p>", form="html", name="w").blocks
