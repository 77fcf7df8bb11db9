"""The page "Your export in ten minutes" is true: its file, its commands, and what they print."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import ROOT, TEN_MINUTES, TEN_MINUTES_COMMANDS, block, call, links, settle
from tests.run.small import Here, make_notebooks, write_small_report

from analysis.intake.load import load_export


@pytest.fixture
def drafted(tmp_path, monkeypatch) -> str:
    """What the first command prints, in a folder with the page's list."""
    monkeypatch.chdir(tmp_path)
    Path("list.csv").write_text(block("csv"), encoding="utf-8")
    return call(TEN_MINUTES_COMMANDS[0])


@pytest.mark.slow
def test_the_draft_prints_the_table_of_the_page(drafted):
    assert drafted.startswith(block("text"))
    assert "1 point is open" in drafted
    mapping = Path("clinic.yaml").read_text(encoding="utf-8")
    for line in block("yaml").splitlines():
        assert line in mapping


@pytest.mark.slow
def test_the_settled_mapping_gives_what_the_list_has(drafted, monkeypatch):
    """The last command with small notebooks: those of the suite run in golden and installed."""
    settle()
    for command in TEN_MINUTES_COMMANDS[1:3]:
        call(command)
    monkeypatch.setattr("analysis.run.session.LocalExecutor", Here)
    monkeypatch.setattr("analysis.report.page.write_report", write_small_report)
    call(f"{TEN_MINUTES_COMMANDS[3]} --notebooks {make_notebooks(Path('small'))}")
    assert Path("reports/first/index.html").is_file()
    tables = load_export("list.csv", "clinic.yaml").tables
    patients, scores = tables["patients"], tables["pain_scores"]
    assert patients["condition"].tolist() == ["crps", "fibromyalgia", "neuropathic", "neuropathic"]
    by_patient = scores.groupby("patient_id")["score"].apply(list)
    assert by_patient.to_dict() == {"1": [8, 3, 4], "2": [7, 6], "3": [9, 4, 5], "4": [6, 5, 6]}


@pytest.mark.parametrize("link", links(TEN_MINUTES))
def test_links_point_at_files(link):
    assert (ROOT / "docs" / link).exists()
