"""What would have to be recorded: fields, visits, patients, months, and forms that come back."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from analysis.adam.study import derive_study, write_study
from analysis.claims.ask import ASKABLE, fields_of, load_fields, plan_claim
from analysis.claims.ledger import ALL_MEASURES, NEEDS, find_claim, load_ledger
from analysis.claims.records import write_claims
from analysis.claims.verdict import judge_claim
from analysis.cli import main
from analysis.intake.draft import draft_mapping
from analysis.intake.load import load_export
from analysis.intake.profile import profile_export
from analysis.intake.tables import TABLES
from analysis.results import make_results
from analysis.settings import make_settings

sys.path.insert(0, str(Path(__file__).parent))
from format_writers import demo_tables, write_csv

SCHEDULE = make_settings({}, where="defaults").schedule
LEDGER = load_ledger()


def asked(claim_id: str):
    return plan_claim(find_claim(LEDGER, claim_id), SCHEDULE)


def call(*words: str | Path):
    return CliRunner().invoke(main, ["ask", *map(str, words)])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder of a small clinic whose records hold neither opioids nor questionnaires."""
    folder = tmp_path_factory.mktemp("run")
    tables = {n: t for n, t in demo_tables().items() if n not in ("opioid_use", "questionnaires")}
    export = load_export(write_csv(folder / "export", tables))
    made = derive_study(export, make_settings({}, where="defaults"))
    write_study(made, folder / "data")
    none = make_results([])
    write_claims(folder, [judge_claim(claim, none)[0] for claim in LEDGER])
    return folder, made


def test_every_claim_that_records_can_answer_has_fields_of_its_own():
    for claim in LEDGER:
        if claim.answer in ASKABLE and claim.measure != "completeness_share":
            own = [f for f in fields_of(claim) if "all" not in f.needed_for]
            dates = claim.measure in ("series_share", "booster_any_share", "booster_gap_share")
            assert own or dates, claim.claim_id
    known = {*ALL_MEASURES, *NEEDS, "all", "pain"}
    for field in load_fields():
        assert {name.split(":")[0] for name in field.needed_for} <= known, field.name
        assert field.type != "radio" or field.choices, field.name


def test_fields_have_the_names_of_the_contract_where_there_is_one():
    columns = {name for table in TABLES.values() for name in table.names}
    own = {f.name for f in load_fields()} - columns
    assert own == {
        "pain_physician", "quote_authorized", "quote_authorized_on", "vitals_every_minutes",
        "sedation_depth", "sedation_dose_mg_per_kg", "setting", "pain_score", "opioid_drug",
    }  # fmt: skip


def test_scores_are_asked_for_and_no_items():
    sleep = [f for f in asked("C084").fields if f.form == "visit"]
    assert [(f.name, f.label) for f in sleep] == [
        ("assessed_on", "Date of the visit"), ("promis_sd", "PROMIS sleep disturbance: T-score"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("claim_id", "visits"),
    [
        ("C043", ("baseline", "end")), ("C066", ("baseline", "week_12")),
        ("C085", ("baseline", "end", "week_4", "week_8", "week_12")),
        ("C087", ("baseline", "end", "week_12")), ("C101", ()), ("C055", ()),
    ],
)  # fmt: skip
def test_visits_are_those_at_which_the_claim_is_read(claim_id, visits):
    assert asked(claim_id).visits == visits


def test_patients_needed_are_those_of_an_exact_binomial():
    """By hand: the chance that a Wilson interval of n patients lies on one side of the mark."""
    one = asked("C084")  # typical: at least half; taken to be 60%
    assert one.n is not None and "60% (an assumption; the claim needs 50%)" in one.assumed

    def chance(n: int) -> float:
        counts = range(n + 1)
        low, high = proportion_confint(pd.Series(counts), n, method="wilson")
        return sum(binom.pmf(k, n, 0.6) for k in counts if low[k] > 0.5 or high[k] < 0.5)

    assert chance(one.n) >= 0.8 > chance(one.n - 1)
    assert "78% (the middle of the cited range)" in asked("C043").assumed
    assert asked("C097").n is None and "absolute" in asked("C097").assumed
    assert asked("C087").n is None and "how far patients differ" in asked("C087").assumed
    assert asked("C055").n is None and "no measure for it yet" in asked("C055").assumed


@pytest.mark.slow
def test_months_follow_from_the_last_year_of_the_run(run):
    folder, made = run
    told = call("C084", "--run", folder)
    assert told.exit_code == 0, told.output
    adsl = made.adsl[made.adsl["SAFFL"]]
    cut = adsl["DCUTDT"].iloc[0]
    days = min(365, (cut - made.adsl["TRTSDT"].min()).days)
    began = int(((cut - adsl["TRTSDT"]).dt.days < 365).sum())
    rated = made.adpain.query("AVISIT == 'end' and DUEFL and FASFL")["RATEDFL"].mean()
    found = re.search(
        r"to enroll: ([\d,]+).* time: ([\d,]+) months .*\((\d+) began", told.output, re.S
    )
    assert found is not None, told.output
    enroll, months, n = (int(text.replace(",", "")) for text in found.groups())
    assert n == began
    assert enroll == -(-asked("C084").n // rated)
    assert months == -(-enroll * days / 30.4375 // began)


@pytest.mark.slow
def test_without_names_the_claims_of_a_run_without_records_are_taken(run):
    told = call("--run", run[0])
    assert told.exit_code == 0
    ids = re.findall(r"^(C\d+):", told.output, re.M)
    assert {"C055", "C066", "C084"} <= set(ids) and "C001" not in ids


def test_what_no_record_can_answer_is_a_sentence(tmp_path):
    for words, said in (
        (("C001",), "only published studies could answer it"),
        (("C0433",), "Did you mean 'C043'?"),
        ((), "name the claims"),
        (("C084", "--out", tmp_path), "is already there"),
    ):
        told = call(*words)
        assert told.exit_code == 2 and said in told.output, told.output
        assert "Traceback" not in told.output


def test_the_forms_come_back_as_an_export(tmp_path):
    """The dictionary drafts the mapping, and the rows it asks for are read."""
    out = tmp_path / "forms"
    assert call("C043", "C084", "C119", "--out", out).exit_code == 0
    with (out / "redcap_dictionary.csv").open(encoding="utf-8") as file:
        fields = [row["Variable / Field Name"] for row in csv.DictReader(file)]
    assert fields[0] == "record_id" and len(set(fields)) == len(fields)
    events = pd.read_csv(out / "redcap_events.csv")
    assert events["unique_event_name"].tolist() == [
        "enrolment_arm_1", "treatment_arm_1", "baseline_arm_1", "end_arm_1",
    ]  # fmt: skip
    forms = pd.read_csv(out / "redcap_forms.csv")
    assert set(forms["unique_event_name"]) == set(events["unique_event_name"])
    rows = [
        {"redcap_event_name": "enrolment_arm_1", "condition": "crps", "sex": "female",
         "birth_year": "1980"},
        {"redcap_event_name": "treatment_arm_1", "redcap_repeat_instrument": "infusion",
         "infused_at": "2026-03-02 09:00", "minutes": "40", "ae_assessed": "1"},
        {"redcap_event_name": "treatment_arm_1", "redcap_repeat_instrument": "side_effect",
         "term": "nausea", "occurred_on": "2026-03-02 09:10", "grade": "1", "resolved": "1"},
        {"redcap_event_name": "baseline_arm_1", "assessed_on": "2026-03-01", "pain_score": "8",
         "promis_sd": "61.5"},
        {"redcap_event_name": "end_arm_1", "assessed_on": "2026-03-05", "pain_score": "3",
         "promis_sd": "52.0"},
    ]  # fmt: skip
    own = ["record_id", "redcap_event_name", "redcap_repeat_instrument", *fields[1:]]
    data = pd.DataFrame([{name: row.get(name, "") for name in own} | {"record_id": patient}
                         for patient in ("1", "2") for row in rows])  # fmt: skip
    (out / "redcap_forms.csv").unlink()
    data.to_csv(out / "data.csv", index=False)
    mapping = tmp_path / "clinic.yaml"
    mapping.write_text(draft_mapping(profile_export(out), name="forms").text(), encoding="utf-8")
    tables = load_export(out, mapping).tables
    assert {name: len(table) for name, table in tables.items()} == {
        "patients": 2, "infusions": 2, "pain_scores": 4, "adverse_events": 2, "questionnaires": 4,
    }  # fmt: skip
    assert tables["infusions"]["ae_assessed"].all()
    assert tables["questionnaires"]["instrument"].unique().tolist() == ["promis_sd"]


def test_the_questionnaire_is_fhir(tmp_path):
    assert call("C084", "C101", "--out", tmp_path / "forms").exit_code == 0
    form = json.loads((tmp_path / "forms" / "questionnaire.json").read_text(encoding="utf-8"))
    assert (form["resourceType"], form["status"]) == ("Questionnaire", "draft")
    items = {item["linkId"]: item for group in form["item"] for item in group["item"]}
    sleep = items["visit.promis_sd"]
    assert sleep["type"] == "decimal"
    assert sleep["code"] == [{"system": "http://loinc.org", "code": "77860-5"}]
    assert [list(e)[1] for e in sleep["extension"]] == ["valueDecimal", "valueDecimal"]
    assert items["infusion.spo2_lowest"]["type"] == "integer"
    assert "at baseline, end" in next(g for g in form["item"] if g["linkId"] == "visit")["text"]
