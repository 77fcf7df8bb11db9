"""Faults that spoiled exports have shown: what was read wrongly, hung or gave a traceback."""

from __future__ import annotations

import contextlib
import os
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from tests.unit.exports import load, write_export

from analysis.cli import main
from analysis.errors import InputError, MappingError
from analysis.intake import profile
from analysis.intake.load import load_export
from analysis.intake.mapping import load_mapping, load_yaml
from analysis.intake.profile import profile_export
from analysis.intake.read import load_raw_table, read_excel


def refusal(folder, files=None, mapping=None) -> str:
    with pytest.raises(InputError) as caught:
        load(folder, files, mapping)
    return str(caught.value)


def sheet_with(tmp_path, old: str, new: str):
    """Return a workbook of two columns and two records, one place of its sheet's XML changed."""
    path = tmp_path / "patients.xlsx"
    book = openpyxl.Workbook()
    for row in (["patient_id", "condition"], ["A", "crps"], ["B", "crps"]):
        book.active.append(row)
    book.save(path)
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name).decode() for name in packed.namelist()}
    name = "xl/worksheets/sheet1.xml"
    assert old in parts[name]
    parts[name] = parts[name].replace(old, new, 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, text in parts.items():
            packed.writestr(part, text)
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<sheetData>", "<sheetData>" + " " * 25_000_000, "more than 100 times as many"),
        ('<row r="3"', '<row r="99999999999"', "a sheet has at most 1,048,576 rows"),
        ('r="B3"', 'r="ZZZ3"', "a sheet has at most 16,384 columns"),
        (
            "</sheetData>",
            "".join(f'<row r="{n}"><c r="XFD{n}"/></row>' for n in range(4, 1900)) + "</sheetData>",
            "more than 30,000,000 cells",
        ),
    ],
)
def test_a_small_workbook_cannot_fill_memory(tmp_path, old, new, words):
    with pytest.raises(InputError, match=words):
        load_raw_table(sheet_with(tmp_path, old, new))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are seen under /proc")
@pytest.mark.parametrize("old", ["<sheetData>", "</worksheet>", 'r="B3"'])
def test_a_damaged_workbook_is_closed(tmp_path, old):
    path = sheet_with(tmp_path, old, "<<")
    with pytest.raises(InputError) as caught:  # its traceback keeps what openpyxl had made
        read_excel(path, None, path.name)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(InputError) as also_caught:
        read_excel(path, None, path.name)
    opened = [os.path.realpath(file.path) for file in os.scandir("/proc/self/fd")]
    assert str(path.resolve()) not in opened, (caught, also_caught)


def test_a_part_that_is_read_at_once_has_a_limit(tmp_path):
    path = sheet_with(tmp_path, "<sheetData>", "<sheetData>")
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("xl/more.xml", os.urandom(10_500_000).hex())
    with pytest.raises(InputError, match=r"xl/more\.xml in it has 21,000,000 bytes"):
        load_raw_table(path)


@pytest.mark.slow
def test_a_small_parquet_file_cannot_fill_memory(tmp_path):
    path = tmp_path / "patients.parquet"
    pq.write_table(pa.table({"patient_id": pa.nulls(2_000_000, pa.string())}), path)
    with pytest.raises(InputError, match=r"2,000,000 records in .* less than a bit"):
        load_raw_table(path)
    pq.write_table(
        pa.table({"patient_id": ["x" * 30_000_000]}), path, use_dictionary=False, compression="zstd"
    )
    with pytest.raises(InputError, match="more than 100 times as many"):
        load_raw_table(path)


@pytest.mark.slow
def test_anchors_inside_each_other_have_a_limit(tmp_path):
    path = tmp_path / "map.yaml"
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]" for n in range(9)]
    path.write_text("\n".join(lines))
    with pytest.raises(MappingError, match="more than 50,000 fields and values"):
        load_yaml(path)
    path.write_text("#" * 500_001)
    with pytest.raises(MappingError, match="larger than 500,000 bytes"):
        load_yaml(path)


def test_so_many_fields_are_refused_before_they_are_parsed(tmp_path, monkeypatch):
    path = tmp_path / "map.yaml"
    path.write_text("a: {" + ", ".join(f"x{at}: y" for at in range(30_000)) + "}")
    monkeypatch.setattr("analysis.intake.mapping.YAML", None)
    with pytest.raises(MappingError, match="more than 50,000 fields and values, as no mapping"):
        load_yaml(path)


def test_a_link_to_itself_is_named_as_not_read(tmp_path):
    folder = write_export(tmp_path)
    (folder / "infusions.txt").symlink_to("infusions.txt")
    with pytest.raises(InputError, match=r"infusions\.txt"):
        load_export(folder)
    (folder / "infusions.txt").rename(folder / "list.csv")
    assert load_export(folder).not_read == ("list.csv",)


def test_files_that_nothing_reads_are_named(tmp_path):
    folder = write_export(tmp_path, {"list.pdf": b"%PDF", "old/a.csv": "a,b\n", ".hidden": "x"})
    (folder / "Jane Doe.pdf").write_bytes(b"%PDF")
    assert load_export(folder).not_read == ("(a name of a person)", "list.pdf", "old/")


@pytest.mark.parametrize("score", ["<1", "80%", "8/11"])
def test_a_score_on_the_first_line_belongs_to_no_header(tmp_path, score):
    scores = f"patient_id,study_day,score\nA,0,{score}\nA,3,4\nB,0,6\nB,3,6\n"
    assert "header" not in refusal(tmp_path, {"pain_scores.csv": scores})


def test_units_below_the_header_may_belong_to_it(tmp_path):
    scores = "patient_id,study_day,score\nId,days,(0-10)\nA1,0,8\nA1,3,4\nB1,0,6\n"
    assert "`skip_after_header: 1`" in refusal(tmp_path, {"pain_scores.csv": scores})


@pytest.mark.parametrize("written", ["\u0410", "\u0391", "\uff21"])  # Cyrillic, Greek, full-width
def test_letters_of_another_alphabet_are_said_to_look_alike(tmp_path, written):
    scores = f"patient_id,study_day,score\nA,0,8\n{written},3,4\nB,0,6\n"
    said = refusal(tmp_path, {"pain_scores.csv": scores})
    assert "letters of another alphabet that look alike" in said


def test_a_long_word_is_not_repeated(tmp_path):
    said = refusal(tmp_path, {"patients.csv": f"patient_id,condition\nA,{'x' * 5000}\nB,crps\n"})
    assert len(said) < 1000


def test_titles_above_columns_set_apart_by_blanks(tmp_path):
    path = tmp_path / "scores.txt"
    path.write_text(
        "Pain at home\n\nid   study day   score\nA    0           8\nB    3           4\n"
    )
    (found,) = profile_export(path)
    assert [column.name for column in found.columns] == ["id", "study day", "score"]


def test_a_fault_far_below_the_header_is_looked_for_once(tmp_path, monkeypatch):
    tried = []

    def count(*args, **kwargs):
        tried.append(args)
        return load_raw_table(*args, **kwargs)

    monkeypatch.setattr(profile, "load_raw_table", count)
    path = tmp_path / "scores.csv"
    path.write_text("id,score\n" + "A,5\n" * 200 + "A\n" + "A,5\n" * 9)
    with pytest.raises(InputError, match="line 202"):
        profile_export(path)
    assert len(tried) == 3


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800"])
def test_what_no_file_can_be_called_is_a_sentence(name):
    said = CliRunner().invoke(main, ["check", name])
    assert said.exit_code == 2 and "no file can be called" in said.output


@pytest.mark.parametrize("tag", ["!!bool maybe", "!!timestamp x", "!!float x", "!!value x"])
def test_a_value_that_is_not_what_its_tag_says_is_a_sentence(tmp_path, tag):
    (tmp_path / "m.yaml").write_text(f"name: {tag}\n", encoding="utf-8")
    with contextlib.suppress(MappingError):
        load_mapping(tmp_path / "m.yaml")


def test_thousands_of_rules_for_a_table_are_refused(tmp_path):
    rules = ", ".join(["{file: patients.csv}"] * 501)
    (tmp_path / "m.yaml").write_text(f"tables: {{patients: [{rules}]}}\n", encoding="utf-8")
    with pytest.raises(MappingError, match="at most 500 items"):
        load_mapping(tmp_path / "m.yaml")


@pytest.mark.skipif(not os.path.ismount("/proc"), reason="files of the kernel as Linux has them")
@pytest.mark.parametrize("name", ["/proc/kmsg", "/proc/self/environ"])
def test_a_file_of_the_kernel_is_no_plain_file(tmp_path, name):
    (tmp_path / "m.yaml").symlink_to(name)
    with pytest.raises(MappingError, match="part of the running system"):
        load_mapping(tmp_path / "m.yaml")
