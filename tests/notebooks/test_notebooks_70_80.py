"""Notebooks 65, 70 and 80 on thirteen typed patients: verdicts, files, and what they ask for first."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis.adam.study import Study, write_study
from analysis.claims.ledger import load_ledger
from analysis.claims.multiverse import read_specifications
from analysis.claims.records import read_claims
from analysis.errors import InputError
from analysis.results import Results, read_extras, read_results

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from cells import run_code
from judged import clinic_ledger, results_of
from studies import clinic, study

pytestmark = pytest.mark.slow

EARLIER = {
    "20_responders": ["responder_share"],
    "25_every_patient": ["completeness_share"],
    "30_pain_reduction": ["percent_reduction"],
    "40_relief_duration": ["relieved_patients"],
    "45_boosters": ["booster_gap_share"],
    "55_safety": ["effect_share"],
}
"""Which notebook left which measure here; the rest is of 15_patients_and_treatment."""


def write_earlier(own: Study, folder: Path) -> None:
    """Leave the results of the earlier notebooks."""
    left = results_of(own).drop(columns="notebook")
    for name, measures in EARLIER.items():
        write(folder, name, left[left["measure"].isin(measures)])
        left = left[~left["measure"].isin(measures)]
    write(folder, "15_patients_and_treatment", left)


def write(folder: Path, name: str, rows: pd.DataFrame) -> None:
    results = Results(folder, name)
    results.add(rows)
    results.write()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Path, list[str]]:
    """What the notebooks leave, and what each prints."""
    folder = tmp_path_factory.mktemp("run")
    own = study(clinic())
    write_study(own, folder / "data")
    write_earlier(own, folder / "results")
    about = {"datasets": str(folder / "data"), "results_dir": str(folder / "results")}
    ran = ("65_specifications", "70_claims", "80_director_summary")
    printed = [run_code(name, **about)["printed"] for name in ran]
    return folder / "results", printed


def test_verdicts_are_those_of_the_library(run):
    left, _ = run
    judgements = read_claims(left)
    assert len(judgements) == 161
    expected = clinic_ledger().judgements
    assert [one.verdict for one in judgements] == [one.verdict for one in expected]
    assert [one.may_say for one in judgements] == [one.may_say for one in expected]
    assert (left / "claims.csv").read_text(encoding="utf-8").count("\nC") == 161


def test_results_figures_and_sentences_are_left_for_the_report(run):
    left, _ = run
    results = read_results(left)
    assert set(results.query("notebook == '70_claims'")["measure"]) == {"testimonial_share"}
    extras = {one["notebook"]: one for one in read_extras(left)}
    figures = [one["figure"] for one in extras["70_claims"]["figures"]]
    assert figures[0] == "70_claims.all.verdicts"
    drawn = [one["figure"] for one in extras["65_specifications"]["figures"]]
    assert "65_specifications.crps.readings_C043" in drawn
    assert extras["70_claims"]["facts"]["what_if"]["C043"]["rows"]
    for name in (*figures, *drawn):
        assert (left / "figures" / f"{name}.svg").is_file()
    said = [one["name"] for one in extras["80_director_summary"]["sentences"]]
    assert said == ["data", "claim_C043", "claim_C044", "claim_C045", "claim_C046", "no_control"]


def test_the_answer_is_printed_after_the_number(run):
    for printed in run[1][1:]:
        assert "Of 10 patients with complex regional pain syndrome who started, 4 (40%)" in printed


def test_a_condition_narrows_the_claims_and_the_summary(tmp_path):
    own = study(clinic())
    write_study(own, tmp_path / "data")
    write_earlier(own, tmp_path / "results")
    about = {"datasets": str(tmp_path / "data"), "results_dir": str(tmp_path / "results")}
    run_code("65_specifications", condition="crps", **about)
    run_code("70_claims", condition="crps", **about)
    assert {one.condition for one in read_claims(tmp_path / "results")} == {"crps"}
    again = run_code("70_claims", condition="crps", **about)  # its own results are not its input
    assert len(again["numbers"]) == len(results_of(own)) + len(again["accounts"])
    summary = run_code("80_director_summary", condition="crps", **about)
    assert [one.claim_id for one in summary["judgements"]] == ["C043"]
    with pytest.raises(InputError, match=r"readings of .* are not there\. Run the notebook 65_"):
        run_code("70_claims", **about)  # those of all conditions together
    other = load_ledger()[0].model_copy(update={"claim_id": "C043"})
    with pytest.raises(InputError, match="65_specifications judged another reading of C043"):
        read_specifications(tmp_path / "results", [other])


def test_without_the_results_of_the_others_it_says_which_to_run(tmp_path):
    own = study(clinic())
    write_study(own, tmp_path / "data")
    about = {"datasets": str(tmp_path / "data"), "results_dir": str(tmp_path / "results")}
    with pytest.raises(InputError, match=r"Run 20_responders, 30_pain_reduction and"):
        run_code("70_claims", **about)
    responders = results_of(own).query("measure == 'responder_share'").drop(columns="notebook")
    write(tmp_path / "results", "20_responders", responders)
    with pytest.raises(InputError, match=r"lacks the results of 15_.*25_.*30_.*40_.*45_.*65_"):
        run_code("70_claims", **about)
    with pytest.raises(InputError, match="Run the notebook 70_claims into it first"):
        run_code("80_director_summary", **about)
