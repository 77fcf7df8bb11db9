"""Result rows as tables of text."""

from __future__ import annotations

import numpy as np
import pandas as pd
from test_report_inputs import LABELS, share

from analysis.display.tables import show, tabulate_rows


def test_columns_in_which_all_rows_agree_are_left_out():
    rows = [
        share(12, 45, condition="crps", threshold_pct=30.0, half=0.1),
        share(3, 8, condition="crps", threshold_pct=50.0, half=0.1),
    ]
    frame = tabulate_rows(rows, labels=LABELS)
    assert list(frame) == ["Threshold", "Estimate", "Interval", "n", "Missing"]
    assert frame["Estimate"].tolist() == ["12 of 45 (27 %)", "3 of 8"]
    assert frame["Interval"].tolist() == ["17 % to 37 %", "28 % to 48 %"]
    assert "Condition" in tabulate_rows(rows, labels=LABELS, every_column=["Condition"])


def test_a_single_row_keeps_what_it_is_called():
    frame = tabulate_rows([share(0, 0, condition="crps")], labels=LABELS)
    assert frame["Condition"].tolist() == [LABELS["crps"]]
    assert frame["Estimate"].tolist() == ["no patients"]


def test_no_rows_make_an_empty_table_with_headings():
    frame = tabulate_rows([], labels=LABELS)
    assert len(frame) == 0
    assert {"Estimate", "n"} <= set(frame)


def test_shown_tables_escape_and_leave_missing_cells_empty():
    frame = pd.DataFrame({"<b>": ["<script>x</script>", np.nan, pd.NaT], "n": ["1", None, pd.NA]})
    html = show(frame, "a < b")._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "nan" not in html.lower()
    assert "<caption>a &lt; b</caption>" in html
    assert html.count("<td") == 6
