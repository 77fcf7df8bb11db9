"""Notebooks 57 and 58 on typed exports: groups nobody was put in by chance, sites, quarters."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis.adam.study import derive_study
from analysis.intake.load import load_export
from analysis.report.figures import rows_from
from analysis.report.plausible import PatientSets
from analysis.report.rounding import round_rows, select_rows
from analysis.results import Row, find, find_one, read_extras, read_results
from analysis.settings import make_settings
from analysis.stats.monitoring import binomial_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from cells import run_code

pytestmark = pytest.mark.slow


def write(folder: Path, people: list[dict[str, object]], *, dated: bool = True) -> Path:
    """Write patients as an export: baseline 8, two infusions, a rating 3 days after the second.

    Keys: first (day of the first infusion), end (score; None: not seen), protocol, booster_after
    (weeks) with late (score at week 26), and columns of the patients table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    patients, infusions, scores = [], [], []
    when, rated = ("infused_at", "assessed_on") if dated else ("study_day", "study_day")
    for number, given in enumerate(people):
        own = dict(given)
        first, end = str(own.pop("first", "2023-01-10")), own.pop("end")
        protocol, name = own.pop("protocol", "standard"), f"P{number:03d}"
        weeks, late = own.pop("booster_after", None), own.pop("late", None)

        def on(day: int, first: str = first) -> str:
            return f"{pd.Timestamp(first) + pd.Timedelta(days=day):%Y-%m-%d}" if dated else str(day)

        patients.append({"patient_id": name, "condition": "crps", **own})
        infusions += [{"patient_id": name, when: on(d), "protocol": protocol} for d in (0, 10)]
        if weeks is not None:
            booster = {"patient_id": name, when: on(10 + 7 * int(weeks)), "protocol": protocol}
            infusions.append(booster)
            scores.append({"patient_id": name, rated: on(10 + 7 * 26), "score": late})
        scores.append({"patient_id": name, rated: on(0), "score": 8})
        if end is not None:
            scores.append({"patient_id": name, rated: on(13), "score": end})
    for name, rows in [("patients", patients), ("infusions", infusions), ("pain_scores", scores)]:
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    return folder


def group(n: int, responders: int, unseen: int = 0, **columns: object) -> list[dict[str, object]]:
    ends = [4] * responders + [8] * (n - responders - unseen) + [None] * unseen
    return [{"end": end, **columns} for end in ends]


def run(notebook: str, export: Path, **settings: object) -> tuple[pd.DataFrame, list[str]]:
    out = export.parent / "r"
    run_code(notebook, export=str(export), results_dir=str(out), **settings)
    said = [each["text"] for extra in read_extras(out) for each in extra["sentences"]]
    return read_results(out), said


def one(results: pd.DataFrame, **keys: object) -> Row:
    row = find_one(results, **keys)
    assert row is not None, keys
    return row


# --- 57: protocols and other care ---------------------------------------------------------------


@pytest.fixture(scope="module")
def care(tmp_path_factory) -> pd.DataFrame:
    """Of 16 with physical therapy 12 respond, of 16 without 8, women and men alike.

    Every woman and no man has psychological treatment; five of all have other medication.
    """
    people = [
        {**each, "sex": sex, "physical_therapy": therapy, "psychology": sex == "female",
         "protocol": "high_dose" if place % 2 else "standard"}
        for therapy, responders in ((True, 6), (False, 4))
        for sex in ("female", "male")
        for place, each in enumerate(group(8, responders))
    ]  # fmt: skip
    people = [{**each, "other_medication": place < 5} for place, each in enumerate(people)]
    export = write(tmp_path_factory.mktemp("care") / "export", people)
    return run("57_protocols", export, data_cut="2023-06-30")[0]


def difference(results: pd.DataFrame, definition: str, condition: str = "crps") -> Row:
    return one(results, measure="care_difference", definition=definition, condition=condition,
               visit="end", group_by="all")  # fmt: skip


def test_other_care_compared_within_a_condition(care):
    row = difference(care, "physical_therapy")
    assert (row.value, row.n) == (pytest.approx(25.0), 32)
    assert row.low is not None and row.high is not None and row.low < 0 < row.high
    assert "between_patients" in row.notes.split(";")
    assert difference(care, "physical_therapy", "all").value == pytest.approx(25.0)


def test_groups_that_do_not_overlap_or_are_too_small_are_refused(care):
    apart = difference(care, "psychology")
    assert (apart.value, apart.status) == (None, "not estimable")
    assert "no_overlap(0)" in apart.notes.split(";")
    few = difference(care, "other_medication")
    assert few.value is None and "few_to_compare(5,10)" in few.notes.split(";")


def test_protocols_compared_plainly_and_adjusted(care):
    """High dose is every second patient: 10 of 16 respond, as of the others."""
    for definition in ("unadjusted", "standardized"):
        row = one(care, measure="protocol_difference", definition=definition, visit="end")
        assert row.value == pytest.approx(0.0, abs=1e-9)
        assert (row.n, row.group) == (32, "high_dose vs standard")


def test_interval_between_boosters_within_a_condition(tmp_path):
    """Pain is down by 60 percent less 2 for each week that the booster was apart."""
    weeks = [5, 7, 9, 11, 13, 15] * 3
    people = [{"end": 4, "booster_after": n, "late": 8 * (0.4 + 0.02 * n)} for n in weeks]
    export = write(tmp_path / "export", people)
    results, _ = run("57_protocols", export, data_cut="2024-12-31")
    row = one(results, measure="dose_slope", definition="per_week_between_boosters",
              condition="crps")  # fmt: skip
    assert (row.value, row.n, row.visit) == (pytest.approx(-2.0), 18, "week_26")
    assert "sooner_if_lost" in row.notes.split(";")


# --- 58: sites and quarters ---------------------------------------------------------------------

Q1, Q2, Q3 = "2023-02-01", "2023-05-01", "2023-07-01"
SITES = [
    *group(10, 6, 1, site="Birch", first=Q1),
    *group(10, 4, 0, site="Ash", first=Q1),
    *group(10, 5, 2, site="Birch", first=Q2),
    *group(10, 8, 1, site="Ash", first=Q2),
    *group(5, 1, 0, site="Birch", first=Q3),  # the data cut is day 13 of these: not yet due
]


@pytest.fixture(scope="module")
def export(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("sites") / "export", SITES)


@pytest.fixture(scope="module")
def watched(export) -> tuple[pd.DataFrame, list[str]]:
    return run("58_sites_and_time", export)


def test_completeness_and_responders_by_quarter_and_site(watched):
    results, _ = watched
    counted = {
        (row.measure, row.population, row.group): (row.n_events, row.n)
        for row in rows_from(find(results, measure=["completeness_share", "responder_share"]))
    }
    assert counted == {
        ("completeness_share", "all_starters", "2023 Q1"): (19, 20),
        ("completeness_share", "all_starters", "2023 Q2"): (17, 20),
        ("completeness_share", "all_starters", "Ash"): (19, 20),
        ("completeness_share", "all_starters", "Birch"): (17, 20),
        ("responder_share", "all_starters", "2023 Q1"): (10, 20),
        ("responder_share", "all_starters", "2023 Q2"): (13, 20),
        ("responder_share", "observed", "2023 Q1"): (10, 19),
        ("responder_share", "observed", "2023 Q2"): (13, 17),
    }


def test_limits_stand_about_the_share_of_all(watched):
    row = one(watched[0], measure="control_limits", definition="percent_reduction", group="Ash",
              population="all_starters")  # fmt: skip
    low, high = binomial_limits(23 / 40, [20])
    assert (row.value, row.low, row.high) == pytest.approx((23 / 40, low[0], high[0]))
    own = one(watched[0], measure="adjusted_share", group="Ash", population="observed")
    assert own.value == pytest.approx(12 / 19)  # one condition: nothing to adjust for
    # two sites: nothing is moved toward the share of all
    assert find(watched[0], measure="shrunk_share").empty


def test_since_last_quarter_has_an_interval_and_says_what_it_does_not_say(watched):
    results, said = watched
    change = one(results, measure="share_change", definition="percent_reduction",
                 population="all_starters")  # fmt: skip
    assert (change.value, change.n, change.group) == (pytest.approx(15.0), 40, "2023 Q2 vs 2023 Q1")
    seen = one(results, measure="share_change", definition="observed")
    assert seen.value == pytest.approx(-10.0)
    assert any(text.startswith("Since last quarter (2023 Q2 against 2023 Q1") for text in said)
    assert any("nothing of why" in text and "different patients" in text for text in said)
    slope = one(results, measure="share_trend", definition="observed")
    assert slope.value == pytest.approx(-10.0 / 89 * 365.25)  # 89 days from one to the other


def test_sites_stand_by_name_and_the_open_quarter_is_left_out(watched):
    _, said = watched
    sites, quarters = (next(t for t in said if word in t) for word in ("Birch", "Q3"))
    assert sites.index("Ash 19 of 20") < sites.index("Birch 17 of 20")
    assert "no order of merit" in sites
    assert "Not complete yet, and left out: 2023 Q3." in quarters


@pytest.mark.parametrize("dated", [True, False])
def test_one_site_or_no_dates_is_said_in_a_line_each(tmp_path, dated):
    people = [{k: v for k, v in each.items() if k != "site"} for each in SITES[:20]]
    results, said = run("58_sites_and_time", write(tmp_path / "export", people, dated=dated))
    assert results.empty
    assert [text.split(":")[0] for text in said] == [
        "Fewer than two sites are named among patients who are due",
        "Fewer than two calendar quarters of first infusions are complete",
    ]


def test_a_quarter_in_which_nobody_was_seen_is_no_share_of_nobody(tmp_path):
    people = [*group(12, 6, 0, first=Q1), *group(12, 0, 12, first=Q2), *group(12, 6, 0, first=Q3)]
    results, _ = run("58_sites_and_time", write(tmp_path / "export", people),
                     data_cut="2023-12-31")  # fmt: skip
    row = one(results, measure="responder_share", group="2023 Q2", population="all_starters")
    assert (row.value, row.status) == (None, "not estimable")
    limits = find(results, measure="control_limits", definition="percent_reduction")
    assert set(limits["group"]) == {"2023 Q1", "2023 Q3"} and (limits["value"] == 0.5).all()


def test_small_groups_of_a_release_have_no_share_and_their_patients_are_found(watched, export):
    """By the rules of all measures: shares from 60 patients on; each count's patients are known."""
    rounded = round_rows(select_rows(watched[0]), weeks=26)
    assert set(rounded["status"]) == {"withheld"}
    assert set(rounded["measure"]) == {"completeness_share", "responder_share"}
    loaded = load_export(export)
    finder = PatientSets(derive_study(loaded, make_settings(loaded.settings)))
    row = one(watched[0], measure="responder_share", group="2023 Q1", population="all_starters")
    found = finder.find(row)
    assert found is not None
    assert [int(found[name].sum()) for name in ("n", "n_events", "n_missing")] == [20, 10, 1]


def test_figures_name_sites_and_mark_who_is_outside(tmp_path):
    people = [
        *(one for n in range(9) for one in group(40, 20, site=f"Site {n}", first=Q1)),
        *group(60, 6, site="Far $ away", first=Q2),
    ]
    results, said = run("58_sites_and_time", write(tmp_path / "export", people),
                        data_cut="2023-12-31")  # fmt: skip
    figures = [each for extra in read_extras(tmp_path / "r") for each in extra["figures"]]
    assert [each["name"] for each in figures] == ["sites", "quarters"]
    drawn = (tmp_path / "r" / "figures" / f"{figures[0]['figure']}.svg").read_text()
    assert "Far $ away" in drawn and "Site 3" not in drawn  # of many only who is outside
    assert len(drawn) < 25_000
    assert "responders of those seen (44% together): Far $ away 10% (limits" in figures[0]["alt"]
    near = one(results, measure="shrunk_share", group="Far $ away", population="observed")
    assert near.value is not None and 0.1 < near.value < 0.45
    assert any("10 sites, 100% to 100%" in text for text in said)
