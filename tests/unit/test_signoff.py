"""A signature holds until a number moves, and then says so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from release_runs import write_run

from analysis.cli import main
from analysis.errors import InputError, SettingsError
from analysis.report.html import write_report
from analysis.report.inputs import ReportInputs
from analysis.report.signoff import (
    hash_results,
    read_signoffs,
    show_signoff,
    sign_run,
    signoff_view,
)

DAY = date(2026, 3, 4)
PAGE = "<body><header><!--signoff--><!--/signoff--></header><main>\n<p>x</p></main></body>"


INPUTS = ReportInputs(
    title="t", export_name="e", synthetic=True, run={}, results=(), judgements=(),
    conditions={},
)  # fmt: skip


@pytest.fixture
def run(tmp_path) -> Path:
    folder = write_run(tmp_path / "run")
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    return folder


def move_a_number(run: Path) -> None:
    path = run / "results.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content[0]["rows"][0]["value"] += 1e-9
    path.write_text(json.dumps(content), encoding="utf-8")


def test_nobody_has_signed(run):
    assert read_signoffs(run) == ()
    assert signoff_view(run) is None


def test_signature_is_kept_and_shown(run):
    sign_run(run, name="A. Weber,\n MD", role="medical director", on=DAY)
    (signed,) = read_signoffs(run)
    assert (signed.name, signed.role, signed.date) == (
        "A. Weber, MD",
        "medical director",
        "2026-03-04",
    )
    assert signed.sha256 == hash_results(run)
    assert not signed.is_void
    page = (run / "index.html").read_text(encoding="utf-8")
    assert "Signed by A. Weber, MD, medical director, on March 4, 2026." in page
    assert "<p>x</p>" in page


def test_a_moved_number_voids_it_visibly(run):
    sign_run(run, name="A. Weber", role="director", on=DAY)
    move_a_number(run)
    assert read_signoffs(run)[-1].is_void
    assert signoff_view(run)["holds"] is False
    show_signoff(run)
    page = (run / "index.html").read_text(encoding="utf-8")
    assert 'class="void"' in page
    assert "no longer holds" in page


def test_taken_away_again_the_page_is_as_it_was(run):
    sign_run(run, name="A. Weber", role="director", on=DAY)
    (run / "signoff.json").unlink()
    show_signoff(run)
    assert (run / "index.html").read_text("utf-8") == PAGE


def test_a_page_without_a_place_for_it_shows_it_at_its_head(run):
    page = "<body><main>\n<p>x</p></main></body>"
    (run / "index.html").write_text(page, encoding="utf-8")
    sign_run(run, name="A. Weber", role="director", on=DAY)
    sign_run(run, name="B. Osei", role="director", on=DAY)
    told = (run / "index.html").read_text("utf-8")
    assert told.index("Signed by A. Weber") < told.index("Signed by B. Osei") < told.index("<p>x")
    assert told.count("Sign-off") == 1
    (run / "signoff.json").unlink()
    show_signoff(run)
    assert (run / "index.html").read_text("utf-8") == page


def test_block_on_the_page_of_a_report_changes_nothing_else(run):
    """The page of a real report, signed: without the block it is the same, letter for letter."""
    write_report(run, loaded=INPUTS)
    before = (run / "index.html").read_text("utf-8")
    sign_run(run, name="A. Weber, 50 % owner", role="director", on=DAY)
    after = (run / "index.html").read_text("utf-8")
    head, _, rest = after.partition("<!--signoff-->")
    block, _, tail = rest.partition("<!--/signoff-->")
    assert "Signed by A. Weber, 50\N{NO-BREAK SPACE}% owner, director, on March 4, 2026." in block
    assert head + "<!--signoff--><!--/signoff-->" + tail == before
    # Written with the signature at once, the page is the same.
    write_report(run, loaded=replace(INPUTS, signature=signoff_view(run)))
    assert (run / "index.html").read_text("utf-8") == after


def test_void_is_said_by_word_and_not_by_colour_alone(run):
    sign_run(run, name="A. Weber", role="director", on=DAY)
    move_a_number(run)
    show_signoff(run)
    page = (run / "index.html").read_text("utf-8")
    assert ">VOID<" not in page  # its shape stands before the word
    assert "VOID." in page
    assert 'class="sign void"' in page


def test_layout_of_the_files_does_not_count(run):
    sign_run(run, name="A. Weber", role="director", on=DAY)
    path = run / "results.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), indent=4, sort_keys=True))
    assert not read_signoffs(run)[-1].is_void


def test_a_verdict_that_moves_voids_it_too_and_so_do_lost_results(run):
    sign_run(run, name="A. Weber", role="director", on=DAY)
    (run / "claims.json").write_text('[{"verdict": "meets"}]', encoding="utf-8")
    assert read_signoffs(run)[-1].is_void
    (run / "claims.json").unlink()
    assert read_signoffs(run)[-1].is_void


def test_several_people_sign_and_signing_again_replaces_ones_own(run):
    sign_run(run, name="A. Weber", role="director", on=DAY)
    sign_run(run, name="B. Osei", role="biostatistician", on=DAY)
    move_a_number(run)
    sign_run(run, name="A. Weber", role="director", on=date(2026, 4, 1))
    assert [(each.name, each.is_void) for each in read_signoffs(run)] == [
        ("B. Osei", True),
        ("A. Weber", False),
    ]
    page = (run / "index.html").read_text(encoding="utf-8")
    assert page.count("<!--signoff-->") == page.count('class="sign void"') == 1
    assert page.count("Signed by") == 2
    assert signoff_view(run)["holds"] is False


def test_hostile_names_are_text(run):
    sign_run(run, name="<script>alert(1)</script>", role='"><b>', on=DAY)
    page = (run / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>" not in page


@pytest.mark.parametrize(("name", "role"), [("", "x"), ("x", " "), ("x" * 201, "y")])
def test_a_signature_needs_name_and_role(run, name, role):
    with pytest.raises(SettingsError, match="must hold 1 to 200"):
        sign_run(run, name=name, role=role, on=DAY)


def test_what_is_no_run_or_no_signature_is_refused(run, tmp_path):
    with pytest.raises(InputError, match="finished run"):
        sign_run(tmp_path, name="x", role="y", on=DAY)
    (run / "signoff.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="is not what"):
        read_signoffs(run)


def test_command(run):
    call = CliRunner().invoke
    assert call(main, ["sign", str(run), "--as", "A. Weber", "--role", "director"]).exit_code == 0
    assert call(main, ["sign", str(run), "--check"]).exit_code == 0
    move_a_number(run)
    checked = call(main, ["sign", str(run), "--check"])
    assert checked.exit_code == 1
    assert "VOID" in checked.output
    assert call(main, ["sign", str(run)]).exit_code == 2
