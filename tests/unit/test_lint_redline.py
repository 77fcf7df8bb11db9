"""The redline: severity first, a plain reason, a suggested sentence, and tracked changes."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace

import docx
import pytest
from lint_samples import CLAIMS, CRPS, FIBRO, NERVE, run_of, verdict

from analysis.errors import InputError
from analysis.lint.findings import lint_documents
from analysis.lint.redline import find_changes, write_redline
from analysis.lint.text import load_document, read_text

SAYS = "Of 137 patients who started, 74 (54%) had at least 30% less pain; no control group."
RUN = run_of(
    replace(verdict(CRPS, "falls short", 0.457, 0.621), value=0.5401, level=0.95, sayable=True,
            may_say=SAYS, say_note="Source: records of “typed”."),
    replace(verdict(NERVE, "undecided", 0.52, 0.68), value=0.601, level=0.95),
    verdict(FIBRO, "meets", 41.0, 47.0),
)  # fmt: skip
PAGE = """<h1>Relief</h1><p>Neuropathic pain responds in 60-75% of cases. Call us.</p>
<ul><li>70-85% of CRPS patients experience significant pain reduction.</li>
<li>Guaranteed results &amp; no side effects</li><li>9 in 10 people get their life back</li></ul>"""


@pytest.fixture(scope="module")
def result():
    return lint_documents([read_text(PAGE, form="html", name="page.html")], claims=CLAIMS, run=RUN)


def test_the_gravest_come_first_with_reason_and_suggestion(result):
    changes = find_changes(result)
    assert [each.finding.status for each in changes] == [
        "must not be said", "contradicted", "unlisted", "undecided",
    ]  # fmt: skip
    never, wrong, unlisted, open_ = changes
    assert "no result of a treatment can be promised" in never.reason
    assert never.advice == "Leave it out."
    assert wrong.reason == "Our number is 54% (95% CI 46% to 62%); the copy says 70% to 85%."
    assert (wrong.suggestion, wrong.advice) == (SAYS, "")
    assert unlisted.reason.startswith("Nobody has checked these words")
    assert "claims draft" in unlisted.advice
    assert "60.1% (95% CI 52% to 68%), could lie on either side of the 60% to 75%" in open_.reason


def test_another_number_of_the_copy_is_not_called_the_cited_one():
    page = read_text("<p>Eight in ten CRPS patients respond.</p>", form="html", name="p.html")
    (change,) = find_changes(lint_documents([page], claims=CLAIMS, run=RUN))
    assert change.reason.endswith("; the copy says another number.")


def test_a_word_file_has_tracked_changes_and_comments(result, tmp_path):
    path = write_redline(result, tmp_path / "out.docx", notices=["Compared."])
    body = zipfile.ZipFile(path).read("word/document.xml").decode()
    struck = re.findall(r"<w:del .*?<w:delText[^>]*>([^<]*)<", body)
    assert "Guaranteed results &amp; no side effects " in struck
    assert re.findall(r"<w:ins .*?<w:t[^>]*>([^<]*)<", body) == [f"{SAYS} "]
    said = [paragraph.text for paragraph in docx.Document(path).paragraphs]
    assert said[0] == "page.html: 4 to change"
    assert any("Source: records of" in text for text in said)
    comments = [comment.text for comment in docx.Document(path).comments]
    assert sorted(text[:2] for text in comments) == ["1.", "2.", "3.", "4."]
    assert any(text.startswith("2. Our number is 54%") for text in comments)
    inserted = [block.text for block in load_document(path).blocks]
    assert any(SAYS in text for text in inserted)
    assert not any(text.startswith("Guaranteed") for text in inserted)


def test_a_page_shows_the_same_and_escapes_the_copy(result, tmp_path):
    text = write_redline(result, tmp_path / "out.html", notices=["Compared."]).read_text()
    assert f"<ins>{SAYS}</ins>" in text
    assert "<del>Guaranteed results &amp; no side effects</del>" in text
    assert text.index("must not be said") < text.index("contradicted") < text.index("undecided.")
    hostile = lint_documents(
        [read_text("<script>alert(1)</script> cures 90% of patients.", form="txt", name="<x>.txt")],
        claims=CLAIMS, run=RUN,
    )  # fmt: skip
    shown = write_redline(hostile, tmp_path / "h.html", notices=[]).read_text()
    assert "<script>" not in shown


def test_copy_that_needs_no_change_says_so(tmp_path):
    fine = lint_documents([read_text("Call us.", form="txt", name="a.txt")], claims=CLAIMS, run=RUN)
    text = write_redline(fine, tmp_path / "a.html", notices=[]).read_text()
    assert "a.txt: nothing to change" in text and "What to change" not in text


def test_another_ending_is_refused(result, tmp_path):
    with pytest.raises(InputError, match=r"ends in \.docx or \.html is expected"):
        write_redline(result, tmp_path / "out.pdf", notices=[])


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not on this machine")
def test_libreoffice_opens_it(result, tmp_path):
    path = write_redline(result, tmp_path / "out.docx", notices=[])
    profile = f"-env:UserInstallation=file://{tmp_path}/office"
    command = ["soffice", profile, "--headless", "--convert-to", "png", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(path)], check=True, capture_output=True)
    assert (tmp_path / "out.png").stat().st_size > 10_000
