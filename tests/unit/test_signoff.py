"""A signature holds until a number changes, and then says so."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from report_runs import copied, write_run

from analysis.errors import InputError, SettingsError
from analysis.report.inputs import read_run
from analysis.report.page import build_page, write_html, write_results_files
from analysis.report.signoff import hash_results, read_signoffs, show_signoff, sign_run

DAY = date(2026, 3, 4)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("sign") / "run")
    loaded = read_run(folder)
    write_results_files(loaded.frame, folder)
    (folder / "claims.json").write_text('[{"verdict": "undecided"}]', encoding="utf-8")
    write_html(build_page(loaded), folder)
    return folder


@pytest.fixture
def run(finished, tmp_path) -> Path:
    return copied(finished, tmp_path / "run")


def page_of(run: Path) -> str:
    return (run / "index.html").read_text(encoding="utf-8")


def change_a_number(run: Path) -> None:
    path = run / "results.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content[0]["value"] += 1e-9
    path.write_text(json.dumps(content), encoding="utf-8")


def test_nobody_has_signed(run):
    assert read_signoffs(run) == ()
    assert "Sign-off</strong>" not in page_of(run)


def test_a_signature_is_kept_and_shown_and_changes_nothing_else(run):
    before = page_of(run)
    sign_run(run, name="A. Weber,\n MD", role="medical director", on=DAY)
    (signed,) = read_signoffs(run)
    assert (signed.name, signed.date) == ("A. Weber, MD", "2026-03-04")
    assert signed.sha256 == hash_results(run)
    assert not signed.is_void
    head, _, rest = page_of(run).partition("<!--signoff-->")
    block, _, tail = rest.partition("<!--/signoff-->")
    assert "Signed by A. Weber, MD, medical director, on March 4, 2026." in block
    assert head + "<!--signoff--><!--/signoff-->" + tail == before
    # A page written with the signature at once is the same.
    after = page_of(run)
    write_html(build_page(read_run(run)), run)
    assert page_of(run) == after


def test_a_changed_number_voids_it_by_word_and_not_by_color_alone(run):
    sign_run(run, name="A. Weber", role="director", on=DAY)
    change_a_number(run)
    assert read_signoffs(run)[-1].is_void
    show_signoff(run)
    assert " VOID." in page_of(run)
    assert "a number has changed since, so the signature no longer holds" in page_of(run)
    assert 'class="sign void"' in page_of(run)


def test_taken_away_again_the_page_is_as_it_was(run):
    before = page_of(run)
    sign_run(run, name="A. Weber", role="director", on=DAY)
    (run / "signoff.json").unlink()
    show_signoff(run)
    assert page_of(run) == before


def test_layout_of_the_files_does_not_count(run):
    sign_run(run, name="A. Weber", role="director", on=DAY)
    path = run / "results.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), indent=4, sort_keys=True))
    assert not read_signoffs(run)[-1].is_void


def test_a_verdict_that_changes_voids_it_too_and_so_do_lost_results(run):
    sign_run(run, name="A. Weber", role="director", on=DAY)
    (run / "claims.json").write_text('[{"verdict": "meets"}]', encoding="utf-8")
    assert read_signoffs(run)[-1].is_void
    (run / "claims.json").unlink()
    assert read_signoffs(run)[-1].is_void


def test_several_people_sign_and_signing_again_replaces_ones_own(run):
    sign_run(run, name="A. Weber", role="director", on=DAY)
    sign_run(run, name="B. Osei", role="biostatistician", on=DAY)
    change_a_number(run)
    sign_run(run, name="A. Weber", role="director", on=date(2026, 4, 1))
    found = [(each.name, each.is_void) for each in read_signoffs(run)]
    assert found == [("B. Osei", True), ("A. Weber", False)]
    assert page_of(run).count("<!--signoff-->") == page_of(run).count('class="sign void"') == 1
    assert page_of(run).count("Signed by") == 2


def test_hostile_names_are_text(run):
    sign_run(run, name="<script>alert(1)</script>", role='"><b>', on=DAY)
    block = page_of(run).partition("<!--signoff-->")[2].partition("<!--/signoff-->")[0]
    assert "<script" not in block
    assert "<b>" not in block


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
