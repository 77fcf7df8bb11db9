"""Ledgers drafted from pages: what each statement becomes, and that the draft can be used."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from analysis.claims.ledger import TO_CONFIRM, load_ledger
from analysis.cli import main
from analysis.errors import InputError
from analysis.lint.drafting import draft_ledger
from analysis.lint.text import read_text

PAGE = """<title>Desert Pain</title><meta name="description" content="9 in 10 patients feel better">
<h2>Results</h2><p>72% of CRPS patients respond at 12 weeks. Up to 85% of fibromyalgia patients
improve. Our migraine patients report 45-55% less pain on average. Relief lasts 6 to 8 weeks.</p>
<p>Neuropathic pain responds in 60-75% of cases, and 80% of patients have at least 50% less pain
after 3 months. 150% of patients improve.</p><p>Blocks NMDA receptors. 72% of CRPS patients respond
at 12 weeks.</p><p>Open Monday to Friday, 9 to 5</p><p>All rights reserved</p>"""


@pytest.fixture(scope="module")
def drafted():
    return draft_ledger(read_text(PAGE, form="html", name="desert.html"))


def test_each_statement_is_a_row_with_condition_measure_range_and_reading(drafted):
    by_words = {one.wording.rstrip("."): one for one in drafted.claims}
    assert {
        words: (one.condition, one.measure, one.threshold_pct, one.visit, one.cited_low,
                one.cited_high)
        for words, one in by_words.items() if one.answer == "computed"
    } == {
        "9 in 10 patients feel better": ("all", "responder_share", 30, "", 0.9, 0.9),
        "72% of CRPS patients respond at 12 weeks":
            ("crps", "responder_share", 30, "week_12", 0.72, 0.72),
        "Our migraine patients report 45-55% less pain on average":
            ("headache", "percent_reduction", None, "", 45, 55),
        "Relief lasts 6 to 8 weeks": ("all", "relief_duration", 30, "", 6, 8),
        "Neuropathic pain responds in 60-75% of cases":
            ("neuropathic", "responder_share", 30, "", 0.6, 0.75),
        "80% of patients have at least 50% less pain after 3 months":
            ("all", "responder_share", 50, "week_12", 0.8, 0.8),
    }  # fmt: skip
    assert by_words["Up to 85% of fibromyalgia patients improve"].answer == "unfalsifiable"
    assert "1.5 is no share" in by_words["150% of patients improve"].reason
    assert not any("rights" in words or "Monday" in words for words in by_words)
    assert drafted.n_repeated == 1


def test_what_the_suite_has_read_before_is_proposed_as_it_was_read(drafted):
    (same,) = (one for one in drafted.claims if one.wording.startswith("Neuropathic"))
    own = next(one for one in load_ledger() if one.claim_id == "C045")
    assert same.reading == f"{TO_CONFIRM} {own.reading}"
    assert "C045" in same.note


def test_no_reading_counts_as_fixed_before_a_person_confirms_it(drafted):
    for one in drafted.claims:
        if one.answer == "computed":
            assert one.reading.startswith(TO_CONFIRM)
            assert "nobody has confirmed" in one.post_hoc(None)
    assert not one.model_copy(update={"reading": "of all"}).post_hoc(None)


def test_a_draft_is_a_ledger(drafted, tmp_path):
    path = tmp_path / "desert.csv"
    path.write_text(drafted.text, encoding="utf-8")
    assert load_ledger(path) == drafted.claims


def test_a_page_without_claims_is_refused():
    with pytest.raises(InputError, match="holds no statement that can be checked"):
        draft_ledger(
            read_text("Open Monday to Friday.\n\nAll rights reserved.", form="txt", name="a.txt")
        )


def test_the_command_writes_a_ledger_that_the_others_read(tmp_path):
    page, out = tmp_path / "desert.html", tmp_path / "desert.csv"
    page.write_text(PAGE, encoding="utf-8")
    run = CliRunner().invoke
    said = run(main, ["claims", "draft", str(page), "--out", str(out)])
    assert said.exit_code == 0
    assert "Every reading is proposed" in said.output
    assert run(main, ["claims", "draft", str(page), "--out", str(out)]).exit_code == 2
    listed = run(main, ["claims", "--ledger", str(out), "--condition", "crps"])
    assert "P002" in listed.output
    shown = run(main, ["claims", "show", "p002", "--ledger", str(out)])
    assert "72% of CRPS patients" in shown.output
    linted = run(main, ["lint", str(page), "--no-run", "--ledger", str(out)])
    assert "[P002]" in linted.output
    assert "Its reading is proposed, and nobody has confirmed it." in linted.output


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("scan.png", b"\x89PNG\r\n\x1a\n", "a picture; give the text on it"),
        ("page.pdf", b"nothing", "is no PDF file"),
        ("hours.txt", b"Open Monday to Friday.", "nothing to draft"),
    ],
)
def test_what_cannot_be_drafted_ends_in_one_sentence(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    done = CliRunner().invoke(main, ["claims", "draft", str(path)])
    assert done.exit_code == 2
    assert said in done.output
    assert len(done.output.strip().splitlines()) == 1
