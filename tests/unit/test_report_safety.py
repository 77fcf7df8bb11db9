"""The report's section on safety, and the box of contraindications, on made-up rows."""

from __future__ import annotations

from pathlib import Path

from report_runs import responder_rows, share, write_run

from analysis.report.inputs import read_run
from analysis.report.page import Page, build_page, write_html
from analysis.results import Results


def flag(name: str, k: int) -> dict:
    return share(k, 590, measure="flag_share", definition=name, n_missing=10, visit="",
                 population="treated", condition="all")  # fmt: skip


def effects(n_asked: int, k: int) -> list[dict]:
    about = {"condition": "all", "visit": ""}
    return [
        share(n_asked, 600, measure="asked_share", definition="patients", population="treated",
              **about),
        share(k, n_asked, measure="effect_share", definition="nausea", population="asked", **about),
    ]  # fmt: skip


def page_of(folder: Path, *, flags: list[dict], safety: list[dict] | None = None) -> Page:
    write_run(folder, rows=[*responder_rows("crps"), *flags])
    if safety is not None:
        made = Results(folder / "results", "55_safety")
        made.add(safety)
        made.sentence("Of 50 patients asked about it, 4 had nausea.", name="nausea")
        made.write()
    return build_page(read_run(folder))


def test_the_box_counts_flags_and_says_that_a_physician_decides(tmp_path):
    page = page_of(
        tmp_path / "run", flags=[flag("heart_condition", 24), flag("active_psychosis", 16)]
    )
    title, text = page.front.flags
    assert title == "40 contraindications on record among 600 treated patients"
    assert "24 heart condition and 16 active psychosis" in text and "physician" in text
    html = write_html(page, tmp_path / "run").read_text(encoding="utf-8")
    assert '<a href="#across-contraindications">' in html
    assert 'id="across-contraindications"' in html


def test_no_flag_no_box(tmp_path):
    assert page_of(tmp_path / "a", flags=[flag("heart_condition", 0)]).front.flags == ()
    assert page_of(tmp_path / "b", flags=[]).front.flags == ()


def test_safety_has_a_section_of_its_own_with_who_was_asked_first(tmp_path):
    page = page_of(tmp_path / "run", flags=[], safety=effects(50, 4))
    section = page.sections[-1]
    assert (section.anchor, section.title) == ("safety", "Safety")
    assert section.topics[0].key == "asked"
    assert section.said == ("Of 50 patients asked about it, 4 had nausea.",)
    across = next(one for one in page.sections if one.anchor == "across")
    assert section.said[0] not in across.sentences


def test_nobody_asked_is_one_line_and_no_zero(tmp_path):
    page = page_of(tmp_path / "run", flags=[], safety=effects(0, 0))
    section = page.sections[-1]
    assert section.lead.startswith("Adverse effects were not assessed in these data")
    assert section.said == section.sentences == () and [one.key for one in section.topics] == [
        "asked"
    ]


def test_without_the_notebook_there_is_no_section(tmp_path):
    anchors = [one.anchor for one in page_of(tmp_path / "run", flags=[]).sections]
    assert "safety" not in anchors
