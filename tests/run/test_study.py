"""Opening a study: what is asked for must be in the export or in the suite."""

from __future__ import annotations

import pytest

from analysis.errors import SettingsError
from analysis.run.study import open_study
from tests.run.exports import write_export


def test_a_misspelt_visit_is_refused_with_the_nearest_one(tmp_path):
    export = write_export(tmp_path / "export")
    with pytest.raises(SettingsError, match=r"'week_44'.* 'week_4'.*end, week_4, week_8, week_12"):
        open_study(export=str(export), settings={"analysis_visit": "week_44"})


def test_a_visit_of_the_suite_that_nobody_was_rated_at_is_no_error(tmp_path):
    export = write_export(tmp_path / "export")
    study = open_study(export=str(export), settings={"analysis_visit": "week_26"})
    assert study.settings.analysis_visit == "week_26"
    assert "week_26" not in study.datasets.visit_order
