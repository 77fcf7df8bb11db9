"""Exports as people leave them: each is read right, or refused with what to do about it."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from tests.unit.exports import derive, load, used

from analysis.adam.checks import check_quality
from analysis.errors import InputError, MappingError, SettingsError
from analysis.intake.load import Export, load_export

PATIENTS = "patient_id,condition\nP1,crps\nP2,crps\n"
INFUSIONS = "patient_id,infused_at\nP1,2025-01-06\nP2,2025-01-07\n"
SCORES = [["P1", "2025-01-06", 8], ["P1", "2025-01-09", 4], ["P2", "2025-01-07", 7]]
HEADER = ["patient_id", "assessed_on", "score"]


def files(scores: str, **more: str) -> dict[str, str]:
    return {"patients.csv": PATIENTS, "infusions.csv": INFUSIONS, "pain_scores.csv": scores} | {
        f"{name}.csv": text for name, text in more.items()
    }


def rated(export: Export) -> list[tuple[object, ...]]:
    """Return patient, date and score of every rating."""
    frame = export.tables["pain_scores"]
    return [tuple(row) for row in frame[HEADER].itertuples(index=False)]


def refusal(folder: Path, given: dict[str, str], mapping: str | None = None) -> str:
    with pytest.raises(InputError) as refused:
        load(folder, given, mapping)
    return str(refused.value)


def check(export: Export, name: str, **settings: object) -> tuple[str, str]:
    """Return state and sentence of one check."""
    checks = check_quality(derive(export, **settings)).set_index("name")
    return checks.loc[name, "state"], checks.loc[name, "sentence"]


def on(year: int, month: int, day: int, *clock: int) -> pd.Timestamp:
    return pd.Timestamp(dt.datetime(year, month, day, *clock))


# Workbooks


def book(path: Path, change=None, **sheets: list[list[object]]) -> Path:
    """Write a workbook of the three tables; ``change`` gets it before it is saved."""
    work = openpyxl.Workbook()
    work.remove(work.active)
    tables = {
        "patients": [["patient_id", "condition"], ["P1", "crps"], ["P2", "crps"]],
        "infusions": [["patient_id", "infused_at"], ["P1", "2025-01-06"], ["P2", "2025-01-07"]],
        "pain_scores": [HEADER, *SCORES],
    } | sheets
    for title, rows in tables.items():
        sheet = work.create_sheet(title)
        for row in rows:
            sheet.append(row)
    if change:
        change(work)
    work.save(path)
    return path


def rewritten(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """Change the text of one file inside a workbook."""
    with zipfile.ZipFile(path) as source:
        texts = {item: source.read(item) for item in source.namelist()}
    assert old in texts[part]
    texts[part] = texts[part].replace(old, new)
    with zipfile.ZipFile(path, "w") as target:
        for item, text in texts.items():
            target.writestr(item, text)
    return path


def mapped(path: Path, mapping: str) -> Export:
    file = path.with_name("m.yaml")
    file.write_text(mapping)
    return load_export(path, file)


@pytest.mark.slow
def test_serial_numbers_count_from_the_workbook_s_own_epoch(tmp_path):
    """44201 is 6 January 2025 from 1904 and 5 January 2021 from 1900."""
    rows = [HEADER, ["P1", 44201, 8], ["P2", 44202, 7]]
    given = [["patient_id", "infused_at"], ["P1", 44201], ["P2", 44202]]

    def from_1904(work):
        work.epoch = CALENDAR_MAC_1904

    mapping = "format: {dates: excel_serial}"
    path = book(tmp_path / "a.xlsx", from_1904, pain_scores=rows, infusions=given)
    export = mapped(path, mapping)
    assert [row[1] for row in rated(export)] == [on(2025, 1, 6), on(2025, 1, 7)]
    assert "counted from 1904" in check(export, "how files were read")[1]
    export = mapped(book(tmp_path / "b.xlsx", pain_scores=rows, infusions=given), mapping)
    assert [row[1] for row in rated(export)] == [on(2021, 1, 5), on(2021, 1, 6)]


@pytest.mark.parametrize(("format_", "read"), [("0%", False), ("0.0%", False), ('0"%"', True)])
def test_a_cell_shown_as_percent_is_no_score(tmp_path, format_, read):
    def shown(work):
        work["pain_scores"]["C3"].value = 0.7
        work["pain_scores"]["C3"].number_format = format_

    path = book(tmp_path / "a.xlsx", shown)
    if read:
        assert rated(load_export(path))[1][2] == 0.7
        return
    with pytest.raises(InputError, match=r"line 3: '70%'\). A cell shown as percent"):
        load_export(path)


def test_percent_is_read_as_0_to_100_where_the_mapping_says_so(tmp_path):
    scores = "patient_id,assessed_on,score\nP1,2025-01-06,80%\nP1,2025-01-09,35%\n"
    assert "shown as percent" in refusal(tmp_path, files(scores))
    export = load(
        tmp_path,
        files(scores),
        'tables: {pain_scores: {columns: {score: {strip: "%"}, scale: {constant: vas_0_100}}}}',
    )
    assert [row[2] for row in rated(export)] == [8.0, 3.5]


def test_merged_cells_are_named_and_filled_down_where_asked(tmp_path):
    rows = [HEADER, ["P1", "2025-01-06", 8], [None, "2025-01-12", 4], ["P2", "2025-01-07", 7]]
    path = book(
        tmp_path / "a.xlsx", lambda w: w["pain_scores"].merge_cells("A2:A3"), pain_scores=rows
    )
    with pytest.raises(InputError, match=r"\(line 3\). Say `fill_down: \[patient_id\]`"):
        load_export(path)
    export = mapped(path, "tables: {pain_scores: {fill_down: [patient_id]}}")
    assert [row[0] for row in rated(export)] == ["P1", "P1", "P2"]


def test_rows_whose_last_cells_were_never_written_are_read(tmp_path):
    """As spreadsheets and programs write them: the row simply ends."""
    rows = [[*HEADER, "recall"], ["P1", "2025-01-06", 8, "average"], ["P1", "2025-01-09", 4]]
    export = load_export(book(tmp_path / "a.xlsx", pain_scores=rows))
    assert export.tables["pain_scores"]["recall"].tolist() == ["average", "not_stated"]


@pytest.mark.parametrize(
    "formula", [b"<f>3+4</f><v/>", b'<f t="array" ref="C3">3+4</f>',
                b'<f t="dataTable" ref="C3:C4" r1="A1"/>', b'<f t="shared" si="0"/><v></v>'],
)  # fmt: skip
def test_a_formula_without_a_result_is_refused_in_every_form(tmp_path, formula):
    path = book(tmp_path / "a.xlsx")
    part = "xl/worksheets/sheet3.xml"
    rewritten(path, part, b'<c r="C3" t="n"><v>4</v></c>', b'<c r="C3">' + formula + b"</c>")
    with pytest.raises(InputError, match=r"row 3, column 3: the formula .* has no stored result"):
        load_export(path)
    with zipfile.ZipFile(path) as source:
        text = source.read(part)
    prefixed = text.replace(b"<", b"<x:").replace(b"<x:/", b"</x:").replace(b"xmlns=", b"xmlns:x=")
    rewritten(path, part, text, prefixed)
    with pytest.raises(InputError, match="has no stored result"):
        load_export(path)


def test_a_formula_with_a_result_is_its_result(tmp_path):
    path = book(tmp_path / "a.xlsx")
    old, new = b'<c r="C3" t="n"><v>4</v></c>', b'<c r="C3"><f>3+1</f><v>4</v></c>'
    assert rated(load_export(rewritten(path, "xl/worksheets/sheet3.xml", old, new)))[1][2] == 4.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [(b'<row r="4"', b'<row r="3"', "row 3: it follows row 3"),
     (b'<row r="4"', b'<row r="2"', "row 2: it follows row 3"),
     (b'r="C3"', b'r="B3"', "the cell B3 stands twice")],
)  # fmt: skip
def test_rows_and_cells_that_stand_twice_are_refused(tmp_path, old, new, words):
    path = rewritten(book(tmp_path / "a.xlsx"), "xl/worksheets/sheet3.xml", old, new)
    with pytest.raises(InputError, match=words):
        load_export(path)


@pytest.mark.slow
def test_what_a_workbook_hides_is_read_and_named(tmp_path):
    def hide(work):
        work["pain_scores"].row_dimensions[3].hidden = True
        work["infusions"].sheet_state = "hidden"

    export = load_export(book(tmp_path / "a.xlsx", hide))
    assert len(rated(export)) == 3
    state, sentence = check(export, "how files were read")
    assert state == "pass with findings"
    assert "'pain_scores' has 1 hidden rows (3)" in sentence
    assert "the sheet 'infusions' is hidden; it is read" in sentence


def test_two_header_rows_are_joined(tmp_path):
    rows = [["ID", "Baseline", None, "After", None], [None, "Date", "NRS", "Date", "NRS"],
            ["P1", "2025-01-06", 8, "2025-01-09", 4], ["Mean", None, 8, None, 4]]  # fmt: skip
    export = mapped(
        book(tmp_path / "a.xlsx", pain_scores=rows),
        "tables: {pain_scores: {header_lines: 2, footer_lines: 1, columns: {patient_id: ID}, "
        "wide: ["
        "{column: Baseline NRS, assessed_on: Baseline Date},"
        "{column: After NRS, assessed_on: After Date}]}}",
    )
    assert rated(export) == [("P1", on(2025, 1, 6), 8.0), ("P1", on(2025, 1, 9), 4.0)]
    assert used(export, "pain_scores") == (2, {"footer line": 2})


def test_a_date_and_a_time_of_two_cells_are_joined(tmp_path):
    rows = [["patient_id", "day", "time", "score"],
            ["P1", dt.datetime(2025, 1, 6), dt.time(8, 30), 8]]  # fmt: skip
    columns = 'columns: {assessed_on: {join: [day, time], with: " "}}'
    path = book(tmp_path / "a.xlsx", pain_scores=rows)
    assert rated(mapped(path, f"tables: {{pain_scores: {{{columns}}}}}"))[0][1] == on(
        2025, 1, 6, 8, 30
    )


# Text files


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "sep=;;;"])
def test_a_line_that_names_the_separator(tmp_path, first):
    scores = f"{first}\npatient_id;assessed_on;score\nP1;2025-01-06;8\n"
    export = load(tmp_path, files(scores))
    assert rated(export) == [("P1", on(2025, 1, 6), 8.0)]
    account = next(each for each in export.intake if each.table == "pain_scores")
    assert (account.n_lines, account.n_header) == (3, 2)


@pytest.mark.parametrize(
    ("text", "name"),
    [("  patient_id  study_day  score\n           P1          0      8\n", "score"),
     ("patient_id study_day score\nP1 0 8\n", "score"),
     ("patient_id  study_day  pain score\nP1          0          8\n", "pain score")],
)  # fmt: skip
def test_columns_aligned_by_blanks(tmp_path, text, name):
    mapping = f"tables: {{pain_scores: {{columns: {{score: {name}}}}}}}"
    given = {"patients.csv": PATIENTS, "pain_scores.csv": None, "pain_scores.txt": text}
    assert load(tmp_path, given, mapping).tables["pain_scores"]["score"].tolist() == [8.0]


def test_a_cell_left_blank_in_aligned_columns_is_refused_by_its_line(tmp_path):
    text = "patient_id study_day score\nP1 0 8\nP1 3\nP2 0 8\n"
    given = {"patients.csv": PATIENTS, "pain_scores.csv": None, "pain_scores.txt": text}
    assert "line 3: 2 fields where the header (line 1) has 3" in refusal(tmp_path, given)


@pytest.mark.slow
@pytest.mark.parametrize("footer", ["Mean,,6.0", "Total rows: 2", '"Total, all rows",2'])
def test_a_footer_is_named_and_counted(tmp_path, footer):
    scores = f"patient_id,assessed_on,score\nP1,2025-01-06,8\nP1,2025-01-08,4\n{footer}\n\n"
    assert "`footer_lines" in refusal(tmp_path, files(scores))
    mapping = "tables: {pain_scores: {footer_lines: 1}}"
    export = load(tmp_path, files(scores), mapping)
    assert used(export, "pain_scores") == (2, {"footer line": 1})
    assert check(export, "how files were read")[0] == "pass"


@pytest.mark.slow
def test_a_footer_as_full_as_a_record_is_a_finding(tmp_path):
    scores = "patient_id,assessed_on,score\nP1,2025-01-06,8\nP1,2025-01-08,4\n"
    export = load(tmp_path, files(scores), "tables: {pain_scores: {footer_lines: 1}}")
    assert "is `footer_lines` right?" in check(export, "how files were read")[1]


def test_a_title_above_the_header_is_counted_for_the_reader(tmp_path):
    scores = "Report\nRun on 1 May\n\npatient_id,assessed_on,score\nP1,2025-01-06,8\n"
    assert "If line 4 is the header, say `skip_lines: 3`" in refusal(tmp_path, files(scores))


def test_lines_below_the_header_that_are_no_records(tmp_path):
    scores = (
        "patient_id,assessed_on,score\nYour code,Recorded Date,Rate your pain\n"
        + '{"id": 1},{"id": 2},{"id": 3}\n'.replace('"', "'")
        + "P1,2025-01-06,8\nP1,2025-01-08,4\nP2,2025-01-07,7\nP2,2025-01-08,4\n"
    )
    assert "say `skip_after_header: 2`" in refusal(tmp_path, files(scores))
    mapping = "tables: {pain_scores: {skip_after_header: 2}}"
    assert used(load(tmp_path, files(scores), mapping), "pain_scores") == (4, {})


# Ids


def test_ids_that_a_spreadsheet_has_shortened_are_refused_and_never_merged(tmp_path):
    patients = "patient_id,condition\n2.02501E+11,crps\n2.02501E+11,crps\n"
    for mapping in (None, "tables: {patients: {one_row_per_patient: true}}"):
        told = refusal(tmp_path, {"patients.csv": patients}, mapping)
        assert "2 rows where an id in full is expected" in told
        assert "one_row_per_patient" not in told


def test_ids_are_written_alike(tmp_path):
    patients = "patient_id,condition\nSAT001,crps\nSAT012,crps\n"
    scores = "patient_id,study_day,score\n1,0,8\n1.0,3,4\n12,0,7\n"
    given = {"patients.csv": patients, "pain_scores.csv": scores.replace("1.0,", "1,")}
    own = 'columns: {patient_id: {written_as: "SAT000"}}'
    mapping = f"tables: {{patients: {{{own}}}, pain_scores: {{{own}}}}}"
    export = load(tmp_path, given, mapping)
    assert export.tables["pain_scores"]["patient_id"].tolist() == ["SAT001", "SAT001", "SAT012"]
    told = refusal(tmp_path, given | {"pain_scores.csv": scores}, mapping)
    assert "makes '1' and '1.0' the same id" in told


def test_a_file_without_ids_has_its_lines(tmp_path):
    wide = "dx,before,after\ncrps,8,4\ncrps,7,7\n"
    given = {"patients.csv": None, "pain_scores.csv": None, "list.csv": wide}
    export = load(
        tmp_path,
        given,
        "tables: {patients: {file: list.csv, columns: {patient_id: (line), condition: dx}},"
        " pain_scores: {file: list.csv, columns: {patient_id: (line)}, wide: ["
        "{column: before, study_day: 0}, {column: after, study_day: 3}]}}",
    )
    assert export.tables["patients"]["patient_id"].tolist() == ["2", "3"]
    assert set(export.tables["pain_scores"]["patient_id"]) == {"2", "3"}


def test_columns_of_a_second_file_are_joined_and_its_lines_counted(tmp_path):
    given = {
        "patients.csv": "ID,sex\nA,male\nB,female\n",
        "dx.csv": "Record;dx\nB;fibromyalgia\nA;crps\nC;crps\n",
    }
    mapping = (
        "tables: {patients: {file: patients.csv, more_columns: {file: dx.csv, by: {ID: Record}},"
        " columns: {patient_id: ID, condition: dx}}}"
    )
    export = load(tmp_path, given, mapping)
    assert export.tables["patients"]["condition"].tolist() == ["crps", "fibromyalgia"]
    account = export.intake[-1]
    assert (account.file, account.n_used) == ("dx.csv", 2)
    assert account.excluded == {"no such record in patients.csv": 1}
    twice = given | {"dx.csv": given["dx.csv"] + "A;fibromyalgia\n"}
    assert "'A' stands there twice" in refusal(tmp_path, twice, mapping)


# Scores


def test_scores_as_people_write_them(tmp_path):
    texts = ["8/10", "7 of 10", "4-5", "<1", "~7"]
    scores = "patient_id,assessed_on,score\n" + "".join(
        f"P1,2025-01-{day:02},{text}\n" for day, text in enumerate(texts, start=6)
    )
    told = refusal(tmp_path, files(scores))
    assert "3 rows where a number is expected (line 4: '4-5'; line 5: '<1'; line 6: '~7')" in told
    assert "`inexact: lower`" in told and "missing" not in told
    export = load(
        tmp_path, files(scores), "tables: {pain_scores: {columns: {score: {inexact: middle}}}}"
    )
    assert [row[2] for row in rated(export)] == [8.0, 7.0, 4.5, 0.5, 7.0]
    on_100 = "tables: {pain_scores: {columns: {scale: {constant: vas_0_100}}}}"
    assert "'8/10' is read where" in refusal(tmp_path, files(scores), on_100)


@pytest.mark.slow
def test_almost_zero_is_zero(tmp_path):
    scores = "patient_id,assessed_on,score\nP1,2025-01-06,5.397605346934028e-79\nP1,2025-01-08,2\n"
    got = derive(load(tmp_path, files(scores)), minimum_baseline_score=0.0)
    assert got.adsl.set_index("USUBJID").loc["P1", "BASESTAT"] == "zero"
    assert got.ratings["PCHG"].isna().all()


@pytest.mark.slow
@pytest.mark.parametrize(("code", "found"), [(99, True), (88, True), (77, True), (60, False)])
def test_scores_that_look_like_a_code_are_a_finding(tmp_path, code, found):
    scores = "patient_id,assessed_on,score\nP1,2025-01-06,80\nP2,2025-01-07,70\n" + "".join(
        f"P1,2025-01-{day:02},{code}\n" for day in (8, 9, 10)
    )
    mapping = "tables: {pain_scores: {columns: {scale: {constant: vas_0_100}}}}"
    state, sentence = check(load(tmp_path, files(scores), mapping), "how files were read")
    assert (state == "pass with findings") == found
    assert (f"3 of 5 scores are {code}" in sentence) == found


@pytest.mark.slow
def test_who_is_free_of_pain_says_nothing_about_the_scale(tmp_path):
    zeros = "patient_id,study_day,score\nP1,0,0\nP1,3,0\nP2,0,8\nP2,3,4\n"
    given = {"patients.csv": PATIENTS, "pain_scores.csv": zeros}
    assert check(load(tmp_path, given), "scale") == ("pass", "Pain scores: 0 to 10.")
    ones = zeros.replace(",0\n", ",0.8\n").replace("P2,0,8", "P2,0,0.9").replace("3,4", "3,0.4")
    state, sentence = check(load(tmp_path, given | {"pain_scores.csv": ones}), "scale")
    assert state == "pass with findings" and "2 patients never rate above 1" in sentence


@pytest.mark.slow
def test_a_minimum_that_does_not_fit_the_scores_is_a_failure(tmp_path):
    low = "patient_id,study_day,score\nP1,0,2\nP1,3,1\nP2,0,3\nP2,3,1\n"
    given = {"patients.csv": PATIENTS, "pain_scores.csv": low}
    state, sentence = check(load(tmp_path, given), "baseline")
    assert state == "fail" and "does not fit the scores" in sentence
    state, _ = check(load(tmp_path, given), "baseline", minimum_baseline_score=5.0)
    assert state == "pass with findings"  # somebody chose it


@pytest.mark.slow
def test_a_window_that_does_not_fit_the_ratings_is_a_failure(tmp_path):
    early = "patient_id,study_day,score\nP1,-20,8\nP1,3,4\nP2,-28,7\nP2,3,4\nP3,0,8\nP3,3,4\n"
    given = {"patients.csv": PATIENTS + "P3,crps\n", "pain_scores.csv": early}
    state, sentence = check(load(tmp_path, given), "baseline")
    assert state == "fail" and "set `baseline_window_days`" in sentence
    assert check(load(tmp_path, given), "baseline", baseline_window_days=28)[0] == "pass"


# Scales that are not 0 to 10

DIARY = "patient_id,study_day,score\nP1,0,70\nP1,3,49\nP2,0,40\nP2,3,39\n"
OPEN = "scales: {diary: {low: 0}}\ntables: {pain_scores: {columns: {scale: {constant: diary}}}}"
CLOSED = OPEN.replace("{low: 0}", "{low: 0, high: 140}")


@pytest.mark.slow
def test_a_sum_with_a_known_end_is_brought_to_0_to_10(tmp_path):
    given = {"patients.csv": PATIENTS, "pain_scores.csv": DIARY}
    export = load(tmp_path, given, CLOSED)
    assert export.tables["pain_scores"]["score"].tolist() == pytest.approx(
        [5.0, 3.5, 40 / 14, 39 / 14]
    )
    study = derive(export)
    assert study.scale_text == "0 to 10, brought from diary (0 to 140)"
    assert study.scale_notes == ("own_scale(diary,0,140)",)
    assert study.adsl["BASESTAT"].tolist() == ["ok", "below minimum"]


@pytest.mark.slow
def test_where_the_end_is_not_known_no_point_of_10_is_counted(tmp_path):
    given = {"patients.csv": PATIENTS, "pain_scores.csv": DIARY}
    study = derive(load(tmp_path, given, OPEN))
    assert study.ratings["AVAL"].tolist() == [70, 49, 40, 39]
    assert study.adsl["BASESTAT"].tolist() == ["ok", "ok"]
    assert study.settings.minimum_baseline_score == 0
    at_end = study.adpain[study.adpain["AVISIT"] == "end"]
    assert at_end["PCHG"].tolist() == [-30.0, -2.5]  # 21 of 70, 1 of 40
    assert at_end["CRIT30FL"].tolist() == [True, False]
    assert at_end["CRIT2PFL"].isna().all()
    assert set(study.adtte["RULE"]) == {"once", "confirmed"}
    assert "diary (0 and up, no known end)" in study.banner
    state, sentence = check(load(tmp_path, given, OPEN), "scale")
    assert state == "pass with findings" and "What counts points of 10 is not computed" in sentence


@pytest.mark.parametrize(
    "settings", [{"minimum_baseline_score": 5.0}, {"loss_rule": "near_baseline"}]
)
def test_points_asked_for_where_there_are_none_are_refused(tmp_path, settings):
    given = {"patients.csv": PATIENTS, "pain_scores.csv": DIARY}
    with pytest.raises(SettingsError, match="counts points of 0 to 10"):
        derive(load(tmp_path, given, OPEN), **settings)


def test_scores_below_no_pain_or_beside_another_scale_are_refused(tmp_path):
    low = {"patients.csv": PATIENTS, "pain_scores.csv": DIARY.replace("39", "-39")}
    assert "a score of at least 0 (scale diary) is expected" in refusal(tmp_path, low, OPEN)
    mixed = DIARY.replace("\n", ",diary\n").replace("score,diary", "score,scale")
    mixed = mixed.replace("39,diary", "9,nrs_0_10")
    both = {"patients.csv": PATIENTS, "pain_scores.csv": mixed}
    told = refusal(tmp_path, both, "scales: {diary: {low: 0}}")
    assert "diary, which has no known end, and on nrs_0_10" in told and "`high`" in told


@pytest.mark.parametrize("text", ["7/10", "70%", "5+"])
def test_texts_that_need_an_end_are_refused_without_one(tmp_path, text):
    given = {"patients.csv": PATIENTS, "pain_scores.csv": DIARY.replace("39", text)}
    assert f"'{text}'" in refusal(tmp_path, given, OPEN)


# Dates


def test_two_digit_years_and_months_without_a_day_by_a_stated_rule(tmp_path):
    scores = "patient_id,assessed_on,score\nP1,06-JAN-25,8\nP1,2025-01,4\nP1,202502,3\n"
    told = refusal(tmp_path, files(scores))
    assert "`pivot_year: 1950`" in told and "`partial_dates: first`" in told
    export = load(tmp_path, files(scores), "format: {pivot_year: 1950, partial_dates: middle}")
    assert [row[1] for row in rated(export)] == [on(2025, 1, 6), on(2025, 1, 15), on(2025, 2, 15)]


def test_a_sentinel_is_shown_as_the_file_has_it_and_missing_under_that_text(tmp_path):
    scores = "patient_id,assessed_on,score\nP1,02-Apr-2025,8\nP2,30-Nov--0001,NA\n"
    assert "(line 3: '30-Nov--0001')" in refusal(tmp_path, files(scores))
    missing = 'format: {missing: ["", NA, 30-Nov--0001]}'
    assert used(load(tmp_path, files(scores), missing), "pain_scores") == (
        1,
        {"no score recorded": 1},
    )


def test_serial_numbers_and_written_dates_in_one_column(tmp_path):
    scores = "patient_id,assessed_on,score\nP1,45663,8\nP1,2025-01-09,4\nP1,13/01/2025,4\n"
    export = load(tmp_path, files(scores), "format: {dates: excel_serial}")
    assert [row[1] for row in rated(export)] == [on(2025, 1, 6), on(2025, 1, 9), on(2025, 1, 13)]
    open_ = scores.replace("13/01", "03/01")
    assert "read month first" in refusal(tmp_path, files(open_), "format: {dates: excel_serial}")


@pytest.mark.slow
def test_check_says_which_order_of_dates_and_by_which_evidence(tmp_path):
    scores = "patient_id,assessed_on,score\nP1,01/06/2025,8\nP1,01/13/2025,4\n"
    sentence = check(load(tmp_path, files(scores)), "how files were read")[1]
    assert "assessed_on: dates are read month first: '01/13/2025' fits no other order" in sentence


def test_a_week_of_a_diary_by_its_dates(tmp_path):
    scores = "patient_id,assessed_on,score\n" + "".join(
        f"P1,2025-01-{day:02},5\n" for day in range(1, 29)
    )
    where = "where: {assessed_on: {since: 2025-01-20, until: 2025-01-26}}"
    export = load(tmp_path, files(scores), f"tables: {{pain_scores: {{{where}}}}}")
    assert used(export, "pain_scores") == (
        7,
        {"filter: assessed_on is since 2025-01-20 and is until 2025-01-26": 21},
    )


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Z", "+00:00", " UTC", " GMT"])
def test_offsets_from_utc_are_used_where_all_times_have_one(tmp_path, zone):
    """13:30 in UTC is half an hour before an infusion at 9 in New York."""
    infusions = (
        "patient_id,infused_at\nP1,2025-01-08T09:00:00-05:00\nP1,2025-01-10T09:00:00-05:00\n"
    )
    scores = (
        f"patient_id,assessed_on,score\nP1,2025-01-08T13:30:00{zone},8\n"
        f"P1,2025-01-11T03:00:00{zone},4\n"
    )
    export = load(tmp_path, files(scores, infusions=infusions))
    assert [row[1] for row in rated(export)] == [on(2025, 1, 8, 8, 30), on(2025, 1, 10, 22)]
    assert derive(export).ratings["ROLE"].tolist() == ["baseline", "end"]


def test_times_with_and_without_an_offset_are_refused_with_two_ways_out(tmp_path):
    scores = (
        "patient_id,assessed_on,score\nP1,2025/01/06 7:26:53 AM GMT-5,8\n"
        "P1,2025/01/12 5:02:11 PM,4\n"
    )
    told = refusal(tmp_path, files(scores))
    assert "1 row where a time with its offset" in told and "`utc_offset: as_written`" in told
    for offset in ("as_written", '"-05:00"'):
        export = load(tmp_path, files(scores), f"format: {{utc_offset: {offset}}}")
        assert [row[1] for row in rated(export)] == [
            on(2025, 1, 6, 7, 26, 53),
            on(2025, 1, 12, 17, 2, 11),
        ]


@pytest.mark.slow
def test_a_calendar_without_a_day_0_is_read_as_by_dates(tmp_path):
    """In ADaM day -14 is 14 days before day 1, so that it is in the window of two weeks."""
    scores = "patient_id,study_day,score\nP1,-14,8\nP1,29,4\nP2,-7,8\nP2,29,4\n"
    given = {"patients.csv": PATIENTS, "pain_scores.csv": scores}
    got = derive(load(tmp_path, given), day0_study_day=1.0)
    assert got.ratings["ADY"].tolist() == [-14.0, 28.0, -7.0, 28.0]
    assert got.adsl["BASESTAT"].tolist() == ["ok", "ok"]
    zero = given | {"pain_scores.csv": scores + "P2,0,8\n"}
    got = derive(load(tmp_path, zero), day0_study_day=1.0)
    assert got.ratings["ADY"].min() == -15.0


@pytest.mark.slow
def test_visits_without_dates_are_placed_by_the_schedule(tmp_path):
    scores = (
        "patient_id,score,visit\nP1,8,Baseline\nP1,4,End\nP1,3,Week 4\nP2,7,baseline\n"
        "P2,6,week_12\n"
    )
    given = {"patients.csv": PATIENTS, "pain_scores.csv": scores}
    for more in ({}, {"infusions.csv": INFUSIONS}):
        export = load(tmp_path, given | more)
        assert derive(export).ratings["ROLE"].tolist() == [
            "baseline", "end", "week_4", "baseline", "week_12"
        ]  # fmt: skip
        state, sentence = check(export, "how files were read")
        assert state == "pass with findings"
        assert "5 ratings have neither date nor study day" in sentence
    other = given | {"pain_scores.csv": scores.replace("End", "Discharge")}
    assert "(line 3: 'Discharge')" in refusal(tmp_path, other)


@pytest.mark.slow
def test_who_has_no_date_of_entry_is_named_and_in_no_rate(tmp_path):
    given = {
        "patients.csv": "patient_id,condition,enrolled_on\nP1,crps,2025-01-06\nP2,crps,\n",
        "pain_scores.csv": "patient_id,assessed_on,score\nP1,2025-01-06,8\nP2,2025-01-07,7\n",
    }
    export = load(tmp_path, given)
    assert derive(export).adsl["SAFFL"].tolist() == [True, False]
    state, sentence = check(export, "patients treated")
    assert state == "pass with findings" and "1 patients have no date of entry" in sentence


def test_a_merge_of_yaml_is_refused_by_name(tmp_path):
    mapping = "x: &x {file: a.csv}\ntables:\n  patients:\n    <<: *x\n"
    with pytest.raises(MappingError, match=r"line 4: merged fields \(`<<`\) are not read"):
        load(tmp_path, None, mapping)
