"""A settings file: checked by the settings object, every complaint with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.errors import SettingsError
from analysis.run.settings_file import load_run_file

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_of_the_page_loads(tmp_path):
    text = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    loaded = load_run_file(write(tmp_path, text))
    assert loaded.settings == {"responder_threshold_pct": 50, "analysis_visit": "week_4"}
    assert loaded.conditions == ("crps", "fibromyalgia")
    assert loaded.grid == {"minimum_baseline_score": (0, 4)}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("seed: 1\nseeed: 2", ("line 2", "'seeed'", "Did you mean 'seed'")),
        ("seed: 1\nrecall: worts", ("line 2", "recall", "'worts'")),
        ("# note\n\nconfidence_level: 95", ("line 3", "95", "less than 1")),
        ("seed:", ("line 1", "seed has nothing after it")),
        ("day0_study_day: .nan", ("line 1", "finite")),
        ("seed: 1\nseed: 2", ("line 2", "twice")),
        ("seed: [1", ("line",)),
        ("", ("no settings",)),
        ("- seed", ("no settings",)),
        ("conditions: 3", ("line 1", "conditions")),
        ("conditions: [crps, crps]", ("line 1", "twice")),
        ("grid: 3", ("line 1", "grid")),
        ("grid:\n  seed: 3", ("line 2", "list")),
        ("grid:\n  seed: []", ("line 2", "list")),
        ("grid:\n  sed: [3]", ("line 2", "'sed'", "Did you mean 'seed'")),
        ("grid:\n  seed: [3, -1]", ("line 2", "-1")),
        ("grid:\n  seed: [3, 3]", ("line 2", "twice")),
        ("seed: 1\ngrid:\n  seed: [3]", ("line 3", "also set above")),
        ("grid:\n  conditions: [[a]]", ("line 2", "no setting that can vary")),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, text, parts):
    with pytest.raises(SettingsError) as caught:
        load_run_file(write(tmp_path, text))
    for part in ("settings.yaml", *parts):
        assert part in str(caught.value)


def test_no_such_file_is_a_sentence(tmp_path):
    with pytest.raises(SettingsError, match="no file"):
        load_run_file(tmp_path / "none.yaml")
