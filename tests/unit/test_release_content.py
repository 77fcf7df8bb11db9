"""What a release holds: verdicts, table 1, sentences, sign-offs; harmless whatever the words."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from release_runs import CLAIMED, flow, level, number, share, statistic, write_run

from analysis.release.attack import Attacker
from analysis.release.cells import count_table
from analysis.release.check import check_release
from analysis.release.make import make_release
from analysis.release.rows import release_rows
from analysis.report.signoff import sign_run
from analysis.run.session_release import NOT_MADE, release_beside
from analysis.run.session_request import RunResult
from analysis.run.tasks import Outcome, Task


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("content")
    run = write_run(folder / "run", CLAIMED)
    return run, make_release(run, name="Pain clinic")


def claims_of(folder: Path) -> dict[str, dict]:
    content = json.loads((folder / "claims.json").read_text(encoding="utf-8"))
    return {each["claim_id"]: each for each in content}


def page_of(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


def test_it_passes_its_check(made):
    assert check_release(made[1], internal=made[0]) == []


def test_a_claim_on_nine_patients_is_withheld_and_reads_so(made):
    one = claims_of(made[1])["C044"]
    assert (one["verdict"], one["status"]) == ("withheld", "withheld")
    assert (one["value"], one["n"], one["robustness"], one["tipping"]) == (None, 0, None, None)
    page = page_of(made[1])
    start = page.index('id="claim-C044"')
    told = page[start : page.index("</li>", start)]
    assert "Withheld" in told
    assert "Not testable" not in told


def test_a_claim_with_printed_numbers_keeps_verdict_readings_and_tipping_point(made):
    one = claims_of(made[1])["C043"]
    assert (one["verdict"], one["n"], one["n_missing"]) == ("falls short", 137, 14)
    assert one["robustness"]["sentence"] == "8 of 9 readings agree."
    assert (one["tipping"]["n_missing"], one["tipping"]["n_could"]) == (14, 14)
    assert one["may_say"].startswith("Of 137 patients")
    assert "\N{LEFT DOUBLE QUOTATION MARK}Pain clinic" in one["may_say"]
    assert "2022-01" not in one["may_say"]


def test_what_may_be_said_needs_every_number_it_tells(tmp_path):
    rows = [replace(row, n_missing=4) if row.n_missing == 14 else row for row in CLAIMED]
    made = make_release(write_run(tmp_path / "run", rows))
    one = claims_of(made)["C043"]
    assert one["n_missing"] is None or one["status"] == "withheld"
    assert one["tipping"] is None
    assert one["may_say"].startswith("Withheld in this release")
    assert check_release(made, internal=tmp_path / "run") == []


def test_files_fit_the_schemas_beside_them(made):
    for name in ("claims", "results"):
        content, schema = (
            json.loads((made[1] / f"{name}.{end}").read_text(encoding="utf-8"))
            for end in ("json", "schema.json")
        )
        jsonschema.Draft202012Validator(schema).validate(content)
        assert len(content) > 1


def test_page_opens_with_what_it_is_and_how_much_is_withheld(made):
    page = page_of(made[1])
    about = json.loads((made[1] / "run.json").read_text(encoding="utf-8"))["withheld"]
    assert page.index("This is a release") < page.index("<main>")
    assert f"{about['rows_withheld']} of {about['rows']} numbers are withheld" in page
    assert f"{about['claims_withheld']} of {about['claims']} verdicts are withheld" in page
    assert about["claims_withheld"] > 0
    for broken in (">None<", ">nan<", "<tbody></tbody>"):
        assert broken not in page
    assert 'href="notebooks/20_responders.ipynb"' in page
    assert ".html#" not in page


def test_table_one_withholds_a_small_level_and_one_that_would_tell_it():
    # 137 = 98 + 34 + 5: one more than the five has to go, and the total if it must not be known.
    released = release_rows(CLAIMED, claimed={CLAIMED[3].result_id})
    shown = {each.row.group: each.printed for each in released.rows
             if each.row.measure == "characteristic_share"}  # fmt: skip
    assert not shown["not recorded"]
    assert sum(shown.values()) <= 1
    (starters,) = [each for each in released.rows if each.row == CLAIMED[3]] or [None]
    assert starters is None or starters.printed


def test_levels_of_table_one_are_the_groups_of_other_rows():
    """137 starters and 93 of them of one type printed: the other type is their difference."""
    rows = [level("subtype", "type_1", 130, 137), level("subtype", "type_2", 7, 137),
            share(70, 130, group_by="subtype", group="type_1"), share(74, 137)]  # fmt: skip
    released = release_rows(rows)
    truth = count_table(rows)
    printed = set()
    for each in released.rows:
        if each.printed:
            printed |= {name for name in count_table([each.row]).counts if "rest" not in name}
    attacker = Attacker(truth, printed & truth.counts.keys())
    assert all(attacker.range_of(name).hides for name in truth.small)


@pytest.mark.parametrize(
    ("definition", "n", "is_printed"),
    [("age_years_mean", 11, True), ("age_years_mean", 10, False), ("age_years_median", 21, False),
     ("age_years_median", 22, True), ("age_years_quartile_1", 43, False),
     ("age_years_quartile_3", 44, True)],
)  # fmt: skip
def test_numbers_of_table_one_have_eleven_patients_on_each_side(definition, n, is_printed):
    (made,) = release_rows([statistic(definition, 47.62, n)]).rows
    assert made.printed is is_printed
    assert not is_printed or made.row.value == 48.0


def test_numbers_of_table_one_go_where_those_not_known_are_few():
    rows = [flow("eligible", 137, 140), statistic("age_years_mean", 47.0, 130, n_missing=7)]
    made = [each for each in release_rows(rows).rows if each.row.measure == "characteristic"]
    assert [each.printed for each in made] == [False]


def test_subgroups_are_drawn_from_printed_rows_only(made):
    path = made[1] / "figures" / "release.crps.subgroups.svg"
    content = json.loads((made[1] / "results.json").read_text(encoding="utf-8"))
    rows = [
        row for each in content for row in each["rows"] if row["group_by"] in ("subtype", "site")
    ]
    drawn = path.read_text(encoding="utf-8") if path.is_file() else ""
    printed = [row for row in rows if row["value"] is not None and row["threshold_pct"] == 30]
    assert bool(drawn) == bool(printed)
    assert "Small Clinic" not in drawn


def test_a_curve_of_which_only_the_end_is_printed_is_not_drawn(tmp_path):
    """All that remains of 46 patients is that nobody reached 90 % or more: no line can be drawn."""
    found = {0: 40, 30: 9, 50: 5, 90: 0, 100: 0}
    rows = [share(events, 46, measure="cumulative_responder_share", threshold_pct=float(pct),
                  definition="percent_reduction") for pct, events in found.items()]  # fmt: skip
    made = make_release(write_run(tmp_path / "run", rows))
    assert not list((made / "figures").glob("*cumulative*"))
    assert "0 of 46" in page_of(made)


HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd()",
    "\N{RIGHT-TO-LEFT OVERRIDE}txt",
    "x|y|z",
    "a" * 9999,
]


@pytest.mark.slow
def test_hostile_words_do_no_harm(tmp_path):
    """As condition, as group, and as the name of the data."""
    mean = number(34.0664, 123, n_missing=14)
    named = [replace(mean, condition=word) for word in HOSTILE]
    grouped = [share(50, 93, group_by="site", group=word) for word in HOSTILE]
    run = write_run(tmp_path / "run", [share(74, 137, n_missing=14), *named, *grouped])
    made = make_release(run, name="=cmd() <script>alert(2)</script>")
    page = page_of(made)
    assert "<script>alert" not in page
    assert page.count("<script>") == 1
    assert "<" not in "".join(path.name for path in made.rglob("*"))
    for name in ("results.csv", "claims.csv"):
        with (made / name).open(encoding="utf-8", newline="") as file:
            assert not [
                cell for line in csv.reader(file) for cell in line if cell[:1] in "=@+" and cell
            ]
    assert check_release(made, internal=run) == []


ONE = [CLAIMED[3]]


def test_who_signed_the_run_is_named_while_the_signature_holds(tmp_path):
    run = write_run(tmp_path / "run", ONE)
    sign_run(run, name="Mrs. Anna Weber", role="medical director", on=date(2026, 3, 4))
    made = make_release(run)
    told = "Made from results signed by Mrs. Anna Weber, medical director, on March 4, 2026"
    assert told in page_of(made)
    assert not (made / "signoff.json").exists()
    assert check_release(made, internal=run) == []
    sign_run(made, name="B. Osei", role="privacy officer", on=date(2026, 3, 5))
    page = page_of(made)
    assert "Signed by B. Osei, privacy officer, on March 5, 2026." in page
    assert told in page
    assert page.count('role="note"><strong>Sign-off') == 1


def test_a_void_signature_does_not_travel(tmp_path):
    run = write_run(tmp_path / "run", ONE)
    sign_run(run, name="A. Weber", role="medical director", on=date(2026, 3, 4))
    content = json.loads((run / "results.json").read_text(encoding="utf-8"))
    content[0]["rows"][0]["method"] = "counted again"
    (run / "results.json").write_text(json.dumps(content), encoding="utf-8")
    made = make_release(run)
    assert "Weber" not in page_of(made) + (made / "run.json").read_text(encoding="utf-8")


def test_another_name_with_a_title_is_found_beside_a_signature(tmp_path):
    run = write_run(tmp_path / "run", ONE)
    sign_run(run, name="Mrs. Anna Weber", role="medical director", on=date(2026, 3, 4))
    made = make_release(run)
    text = page_of(made).replace("</main>", "<p>Mrs. Halloran did well.</p></main>")
    (made / "index.html").write_text(text, encoding="utf-8")
    assert [each.what for each in check_release(made)] == [
        "holds what looks like an identifier (name with a title)"
    ]


def finished(folder: Path, **keys: object) -> RunResult:
    told = {"folder": folder, "page": folder / "index.html", "outcomes": (), "seconds": 1.0}
    return RunResult(**{**told, **keys})  # type: ignore[arg-type]


def test_release_of_a_run_is_made_beside_it_and_stands_while_nothing_changes(tmp_path):
    run = write_run(tmp_path / "run", ONE)
    first = release_beside(finished(run))
    assert first.release == run.with_name("run-release")
    again = release_beside(finished(run, unchanged=True))
    assert again.release == first.release


def test_no_release_of_a_run_with_a_gap(tmp_path):
    task = Task(notebook="20_responders", condition="crps", parameters={})
    result = release_beside(
        finished(tmp_path, outcomes=(Outcome(task=task, seconds=0, error="x"),))
    )
    assert result.release is None
    assert result.notes == (NOT_MADE,)
