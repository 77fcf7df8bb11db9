"""Decision notes: every page is in the index under its title, complete, and short to read."""

from __future__ import annotations

import re
from pathlib import Path

from analysis.settings import AnalysisSettings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "decisions"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
SECTIONS = ["Context", "Decision", "Rejected", "Consequence", "Source"]
ONE_PAGE_WORDS = 560
ENTRY = re.compile(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", re.MULTILINE)
PATHS = re.compile(
    r"`((?:src|tests|docs|data|notebooks|intake|adam|stats|claims|report|run)/[^`]+)`"
)
ENDED = re.compile(r"^\*(Superseded by \[\d{4}\]\(([^)]+)\)|Withdrawn: .+)\.\*$", re.MULTILINE)
LIVE = [page for page in PAGES if not ENDED.search(page.read_text(encoding="utf-8"))]


def index() -> list[tuple[str, str, str]]:
    return ENTRY.findall((FOLDER / "README.md").read_text(encoding="utf-8"))


def test_the_index_lists_every_page_once_in_order():
    assert [name for _, name, _ in index()] == [page.name for page in PAGES]
    assert [int(page.name[:4]) for page in PAGES] == list(range(1, len(PAGES) + 1))


def test_the_index_has_the_titles_of_the_pages():
    for number, name, title in index():
        first = (FOLDER / name).read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# {number}. {title}"


def test_a_page_has_every_section_filled_and_is_one_page():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
        assert parts[1::2] == SECTIONS, page.stem
        assert all(len(body.split()) >= 8 for body in parts[2::2]), page.stem
        assert len(ENDED.sub("", text).split()) <= ONE_PAGE_WORDS, page.stem
        for found in ENDED.finditer(text):
            assert found[2] is None or (FOLDER / found[2]).is_file(), page.stem


def test_files_a_page_in_force_names_exist():
    for page in LIVE:
        for name in PATHS.findall(page.read_text(encoding="utf-8")):
            found = (ROOT / name).exists() or (ROOT / "src" / "analysis" / name).exists()
            assert found, (page.stem, name)


def test_settings_that_pages_name_have_the_defaults_they_say():
    """0003, 0004, 0005, 0006 and 0009 give numbers; a changed default must change the page."""
    settings = AnalysisSettings()
    assert settings.series_gap_days == 28
    assert settings.baseline_window_days == 14
    assert settings.minimum_baseline_score == 4.0
    assert settings.responder_threshold_pct == 30.0
    assert settings.confidence_level == 0.95
    assert settings.analysis_visit == "end"
    text = "".join(page.read_text(encoding="utf-8") for page in LIVE).replace("\n", " ")
    for said in ("28 days", "14 days", "at least 4 of 10", "30 %", "95 % interval"):
        assert said in text


def test_windows_are_those_of_0004():
    text = (FOLDER / "0004-analysis-visits.md").read_text(encoding="utf-8").replace("\n", " ")
    for visit in AnalysisSettings().schedule:
        assert f"{visit.first_day:g} to {visit.last_day:g}" in text, visit.name
