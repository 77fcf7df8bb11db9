"""Who had which effect, of those asked: typed patients counted by hand, and the demo's truth."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pandas as pd
import pytest
from cells import run_code
from studies import SETTINGS, export_of, patient, tables_of

from analysis.adam.safety import (
    QUESTIONS,
    Question,
    VitalReading,
    derive_exposure,
    flag_effects,
    flag_grades,
    flag_vital_signs,
    read_vital_signs,
    tabulate_effects,
    timed_effects,
)
from analysis.adam.study import Study, derive_study, open_study, write_study
from analysis.claims.ledger import load_ledger
from analysis.claims.multiverse import judge_readings
from analysis.intake.codes import effect_of
from analysis.labels import READING_CHOICES
from analysis.results import find_one, read_results
from analysis.settings import data_folder
from analysis.stats.safety import (
    effect_rows,
    estimate_clustered_share,
    resolution_curve,
    resolved_by,
)

pytestmark = pytest.mark.slow

SHARED = Path(os.environ.get("RELIEFCHECK_SHARED", Path(__file__).parents[3] / "shared"))
PILOT = SHARED / "real" / "adam_cdisc_pilot" / "adae.parquet"
SIDE_EFFECTS = SHARED / "real" / "amitriptyline_hivsn" / "SideEffects.csv"

EVENTS = [  # patient, study day, infusion of that day, term, grade, minutes, resolved, solicited
    ("a", 0, "none reported", None, None, None, True),
    ("a", 10, "none reported", None, None, None, True),
    ("b", 0, "nausea", 1, 20, True, True),
    ("b", 10, "dizziness", 2, 45, False, True),
    ("c", 0, "headache", 1, 60, True, False),
    ("d", 0, "none reported", None, None, None, True),
    ("d", 1, "fatigue", 1, None, None, True),
    ("d", 13, "tiredness", 2, None, None, True),
]
"""b had nausea, then dizziness of grade 2; c was never asked and told of a headache; d was asked
about the first infusion, had fatigue the next day, and again three days after the second; e was
never asked and told of nothing."""


def typed(events: list[tuple] = EVENTS, **columns: object) -> Study:
    tables = tables_of([patient(name, 8, 4) for name in "abcde"])
    names = ["patient_id", "study_day", "term", "grade", "minutes_to_resolution", "resolved",
             "solicited"]  # fmt: skip
    frame = pd.DataFrame(events, columns=names)
    tables["adverse_events"] = frame.astype(
        {"patient_id": "str", "study_day": float, "grade": float, "minutes_to_resolution": float,
         "resolved": "boolean", "solicited": "boolean"}
    )  # fmt: skip
    tables["infusions"] = tables["infusions"].assign(**columns)
    return derive_study(export_of(tables), SETTINGS)


@pytest.fixture(scope="module")
def own() -> Study:
    return typed()


def flags(study: Study, name: str, by: str = "patient") -> tuple[list, list, str]:
    question = QUESTIONS.get(name) or Question(codes=(name,))
    frame = flag_effects(study, question, by=by)
    asked = frame[frame["ASKED"]]
    had = frame[frame["HAD"].fillna(False).astype(bool)]
    return asked["USUBJID"].tolist(), had["USUBJID"].tolist(), frame["lacking"].iloc[0]


def test_denominators_are_those_asked(own):
    assert flags(own, "any_effect") == (["a", "b", "d"], ["b", "c", "d"], "")
    assert flags(own, "nausea_or_dizziness") == (["a", "b", "d"], ["b"], "")
    assert flags(own, "grade_2_or_more")[1] == ["b", "d"]


def test_infusions_asked_about(own):
    question = Question(window="infusion")
    frame = flag_effects(own, question, by="infusion").set_index(["USUBJID", "INFNO"])
    asked = frame[frame["ASKED"]]
    assert asked.index.tolist() == [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("d", 1)]
    assert asked["HAD"].tolist() == [False, False, True, True, True]  # d: the day after counts


def test_next_day_is_not_assessed_where_only_who_had_an_effect_is_on_record(own):
    assert flags(own, "next_day") == ([], ["d"], "asked_by_effect_only")
    answers = {"next_day": flag_effects(own, QUESTIONS["next_day"])}
    groups = answers["next_day"][["USUBJID"]].assign(condition="all", group_by="all", group="all")
    asked, reported = effect_rows(groups, answers).itertuples()
    assert (asked.status, asked.notes) == ("not estimable", "asked_by_effect_only")
    assert (reported.n_events, reported.n, reported.n_missing, reported.high) == (1, 5, 4, 1.0)


def test_nobody_asked_is_never_zero(own):
    assert flags(own, "liver") == ([], [], "not_assessed")
    assert flags(own, "dependence") == ([], [], "not_assessed")
    named = typed([*EVENTS, ("a", 10, "craving", 1, None, None, True)])
    assert flags(named, "dependence")[1] == ["a"]
    nothing = typed([])
    assert flags(nothing, "any_effect") == ([], [], "not_assessed")


def test_a_flag_that_is_nowhere_recorded_is_not_no(own):
    assert flags(own, "hospital_transfer")[2] == "not_recorded(hospital_transfer)"


def test_an_unknown_grade_is_neither_yes_nor_no():
    study = typed([*EVENTS, ("a", 10, "nausea", None, 5, True, True)])
    frame = flag_effects(study, QUESTIONS["grade_2_or_more"]).set_index("USUBJID")
    assert pd.isna(frame.loc["a", "HAD"]) and frame.loc["b", "HAD"]


def test_highest_grade_of_those_asked(own):
    wide = flag_grades(own).query("measure == 'highest_grade_share'")
    counts = wide.groupby("definition")["FLAG"].agg(["sum", "count"])
    assert counts.loc[["grade_0", "grade_1", "grade_2"], "sum"].tolist() == [1, 0, 2]
    assert (counts["count"] == 3).all()


SIGNS = {  # of the first and second infusion of a to e
    "sbp_before": [120.0] * 10, "dbp_before": [80.0] * 10,
    "sbp_peak": [130, 179, 180, 130, 130, 161, None, None, 130, 130],
    "dbp_peak": [90, 109, 90, 90, 90, 90, None, None, 90, 90],
    "spo2_lowest": [95, 90, 89, None, None, None, 97, 97, 97, 97],
    "dose_mg_per_kg": [0.5, 0.5, 0.5, 1.0, 0.5, 0.5, None, None, 0.9, 0.99],
    "discharge_minutes": [15, 30, 20, 50, 14, 14, None, None, 30, 30],
}  # fmt: skip


def with_signs(events: list[tuple] = EVENTS) -> Study:
    return typed(events, **{name: pd.array(values, "float") for name, values in SIGNS.items()})


def test_pressure_oxygen_dose_and_rest_by_hand():
    study = with_signs()
    found = flag_vital_signs(study).pivot_table(
        index=["measure", "definition"], columns="USUBJID", values="FLAG", aggfunc="first"
    )
    # a: a rise of 59/29; b: a peak of 180; c: a rise of 41
    assert found.loc["pressure_share", "peak_180_110"].dropna().tolist() == [False, True, False,
                                                                              False]  # fmt: skip
    assert found.loc["pressure_share", "slight_rise"].dropna().tolist() == [False] * 3 + [True]
    assert found.loc["oxygen_share", "below_90"].dropna().tolist() == [False, True, False, False]
    assert found.loc["dose_share", "below_1_mg_per_kg"].dropna().tolist() == [True, False, True,
                                                                              True]  # fmt: skip
    rest = found.loc["discharge_share", "within_15_to_30_minutes"].dropna()
    assert rest.tolist() == [True, False, False, True]
    exposure = derive_exposure(study)
    assert exposure.loc["a", ["cumulative_dose", "lowest_oxygen"]].tolist() == [1.0, 90.0]


# claims under other readings

DISSOCIATION = [("a", 0, "dissociation", 1, 5, True, True),
                ("b", 10, "dissociation", 2, 5, True, True),
                ("c", 3, "dissociation", 1, None, None, False)]  # fmt: skip

OTHERWISE = {
    # medians of minutes: a 22.5, b 35, c 14, e 30
    "C074": {"15 to 30 median": 2, "15 to 30 worst": 2, "10 to 35 median": 4, "10 to 35 worst": 3,
             "up to 30 median": 3, "up to 30 worst": 3},
    "C051": {"1 worst": 3, "1 median": 4, "2 worst": 4, "2 median": 4},
    "C101": {"90 worst": 1, "88 worst": 0, "85 worst": 0},
    # medians: a 154.5/99.5 (rise 34.5/19.5), b 155/90, c 145.5/90; e rises by 10/10 each time
    "C124": {"180/110, rise 40/25 worst": 1, "180/110, rise 40/25 median": 4,
             "180/110, rise 20/10 worst": 0, "180/110, rise 20/10 median": 0,
             "160/100, rise 40/25 worst": 1, "160/100, rise 40/25 median": 4,
             "160/100, rise 20/10 worst": 0, "160/100, rise 20/10 median": 0},
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERWISE)
def test_vital_signs_and_dose_under_other_readings_by_hand(name):
    claim = next(each for each in load_ledger() if each.claim_id == name)
    made = judge_readings(claim, with_signs()).readings
    found = dict(zip(made["limit"].str.partition(" ")[2] + " " + made["infusions"],
                     made["n_events"], strict=True))  # fmt: skip
    assert found == OTHERWISE[name]
    assert (made["n"] == 4).all() and (made["n_missing"] == 1).all()
    first = flag_vital_signs(with_signs())
    fixed = first[(first["measure"] == claim.measure) & (first["definition"] == claim.definition)]
    assert made.loc[made["is_headline"], "n_events"].tolist() == [fixed["FLAG"].sum()]
    assert set(made["limit"]) <= set(READING_CHOICES["limit"])


def test_mild_dissociation_under_other_readings_by_hand():
    claim = next(each for each in load_ledger() if each.claim_id == "C121")
    made = judge_readings(claim, typed([*EVENTS, *DISSOCIATION])).readings
    found = {(row.mild, row.window, row.solicited): (row.n_events, row.n)
             for row in made.itertuples()}  # fmt: skip
    assert found == {
        ("up_to_1", "any", "solicited_or_not"): (2, 3),
        ("up_to_1", "any", "solicited_only"): (1, 2),
        ("up_to_1", "infusion", "solicited_or_not"): (1, 2),
        ("up_to_1", "infusion", "solicited_only"): (1, 2),
        ("up_to_2", "any", "solicited_or_not"): (3, 3),
        ("up_to_2", "any", "solicited_only"): (2, 2),
        ("up_to_2", "infusion", "solicited_or_not"): (2, 2),
        ("up_to_2", "infusion", "solicited_only"): (2, 2),
    }  # fmt: skip
    assert made.loc[made["is_headline"], ["mild", "window"]].to_numpy().tolist() == [
        ["up_to_1", "any"]
    ]


def test_table_of_patients_and_events(own):
    table = tabulate_effects(own).set_index("effect")
    fatigue = table.loc["Fatigue"]
    assert fatigue[["patients", "events", "n_asked", "n_treated"]].tolist() == [1, 2, 3, 5]
    assert fatigue[["grade_1", "grade_2"]].tolist() == [0, 1]  # by the highest grade
    assert timed_effects(own)["ADURN"].dropna().tolist() == [20, 45, 60]


# the notebook


def test_notebook_in_words_and_numbers(own, tmp_path):
    write_study(own, tmp_path / "datasets")
    done = run_code("55_safety", own_figure=True, datasets=str(tmp_path / "datasets"),
                    results_dir=str(tmp_path / "r"))  # fmt: skip
    assert "3 of 5 patients, 5 of 10 infusions" in done["printed"]
    assert "Not assessed, which is not zero:" in done["printed"]
    assert "nan" not in done["printed"]
    rows = read_results(tmp_path / "r")
    row = find_one(rows, measure="effect_share", definition="nausea", population="asked",
                   group_by="all")  # fmt: skip
    assert (row.n_events, row.n, row.n_missing) == (1, 3, 2)
    rate = find_one(rows, measure="event_rate", definition="any_effect", group_by="all")
    assert rate.n_events == 4 and rate.n == 3  # b two, d two; c was not asked


def test_notebook_where_nobody_was_asked(tmp_path):
    write_study(typed([]), tmp_path / "datasets")
    done = run_code("55_safety", datasets=str(tmp_path / "datasets"),
                    results_dir=str(tmp_path / "r"))  # fmt: skip
    assert "Adverse effects were not assessed" in done["printed"]
    rows = read_results(tmp_path / "r")
    effects = rows[rows["measure"].isin(["effect_share", "effect_infusion_share"])]
    assert (effects["status"] == "not estimable").all() and effects["value"].isna().all()


# planted truth


@pytest.fixture(scope="module")
def demo() -> tuple[Study, dict]:
    folder = data_folder() / "demo"
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return open_study(export=str(folder)), truth["records"]


@pytest.mark.parametrize("protocol", ["standard", "high_dose"])
def test_planted_shares_of_infusions_are_recovered(demo, protocol):
    study, truth = demo
    of = study.infusions.assign(INFNO=study.infusions["INFNO"].astype(float))
    of = of.loc[of["PROTOCOL"] == protocol, ["USUBJID", "INFNO"]]
    for effect in truth["effects"].values():
        question = Question(codes=(effect_of(effect["term"]),), window="infusion")
        frame = flag_effects(study, question, by="infusion").merge(of, on=["USUBJID", "INFNO"])
        frame = frame[frame["ASKED"]]
        # 4 standard errors: chance passes 1 in 16,000
        found = estimate_clustered_share(frame["HAD"], frame["USUBJID"], level=0.99994)
        assert found.low <= effect[f"{protocol}_share"] <= found.high, effect["term"]


def test_planted_times_to_resolution_are_recovered(demo):
    """Effects are censored at discharge, which does not depend on how long they last."""
    study, truth = demo
    for effect in truth["effects"].values():
        timed = timed_effects(study)
        timed = timed[timed["TERM"] == effect_of(effect["term"])].dropna(subset=["ADURN"])
        curve = resolution_curve(timed["ADURN"], timed["CNSR"] == 0, timed["USUBJID"],
                                 level=0.99994)  # fmt: skip
        found = resolved_by(curve, 30, n=len(timed), level=0.99994)
        # minutes are recorded as whole numbers, so the curve is up to half a minute off
        near = 0.02
        assert found.low - near <= effect["resolved_share"]["30_minutes"] <= found.high + near


# real exports


@pytest.mark.skipif(not PILOT.is_file(), reason=f"the CDISC pilot is not at {PILOT.parent}")
def test_counts_of_the_cdisc_pilot_are_those_of_a_plain_groupby():
    """254 subjects, 1,191 events: by term and arm, read as a typed export from ADAE."""
    raw = pd.read_parquet(PILOT)
    people = pd.read_parquet(PILOT.with_name("adsl.parquet"))
    people = people[people["SAFFL"] == "Y"]
    assert (len(people), len(raw)) == (254, 1191)
    names = people["USUBJID"].astype("str")
    tables = {
        "patients": pd.DataFrame({"patient_id": names, "condition": "other",
                                  "arm": people["TRT01A"].astype("str")}),
        "pain_scores": pd.DataFrame({"patient_id": names, "study_day": 0.0, "score": 5.0,
                                     "recall": "average"}),
        "adverse_events": pd.DataFrame({
            "patient_id": raw["USUBJID"].astype("str"), "study_day": raw["ASTDY"].astype(float),
            "term": raw["AETERM"].astype("str"), "preferred_term": raw["AEDECOD"].astype("str"),
        }),
    }  # fmt: skip
    study = derive_study(export_of(tables), SETTINGS)
    start = study.adae["TRTEMFL"].fillna(True).astype(bool)
    table = tabulate_effects(study, "ARM").groupby(["effect", "part"])[["patients", "events"]].sum()
    kept = study.adae[start].merge(study.adsl[["USUBJID", "ARM"]])
    kept["effect"] = kept["AEDECOD"]
    coded = kept["AECODE"].isna()
    plain = kept[coded].groupby(["effect", "ARM"])["USUBJID"].agg(["nunique", "size"])
    found = table.loc[plain.index.tolist()]
    assert found["patients"].tolist() == plain["nunique"].tolist()
    assert found["events"].tolist() == plain["size"].tolist()
    assert table["events"].sum() == start.sum()
    assert study.asked.empty  # nobody is on record as asked, so every share stays not assessed


@pytest.mark.skipif(not SIDE_EFFECTS.is_file(), reason=f"no {SIDE_EFFECTS.name} of the trial")
def test_side_effects_of_the_amitriptyline_trial():
    """Dry mouth 9 against 1, drowsy 7 against 3, chest pain 0 against 1, of 122 each, all asked.

    Patients of both periods of the crossover count once in each arm.
    """
    raw = pd.read_csv(SIDE_EFFECTS, lineterminator="\r").melt("ID")
    arms = raw["variable"].str.split(".", expand=True)
    names = raw["ID"].astype("str") + "-" + arms[0]
    people = pd.DataFrame({"patient_id": names, "condition": "neuropathic", "arm": arms[0]})
    people = people.drop_duplicates(ignore_index=True)
    terms = {"DryMouth": "dry mouth", "Drowsy": "drowsy", "ChestPain": "chest pain"}
    events = pd.DataFrame({
        "patient_id": names, "term": arms[1].map(terms).astype("str"), "study_day": 5.0,
        "occurred": (raw["value"] != "No").astype("boolean"), "source_file": "SideEffects.csv",
    })  # fmt: skip
    scores = people[["patient_id"]].assign(study_day=0.0, score=5.0, recall="average")
    tables = {"patients": people, "pain_scores": scores, "adverse_events": events}
    study = derive_study(export_of(tables), SETTINGS)
    arm = study.adsl.set_index("USUBJID")["ARM"]
    for effect, expected in {
        "dry_mouth": [9, 1],
        "drowsiness": [7, 3],
        "chest_pain": [0, 1],
    }.items():
        frame = flag_effects(study, Question(codes=(effect,)))
        counts = frame.groupby(frame["USUBJID"].map(arm))[["HAD", "ASKED"]].sum()
        assert counts.loc[["Ami", "Placebo"], "HAD"].tolist() == expected
        assert counts["ASKED"].tolist() == [122, 122]


PRESSURES = SHARED / "real" / "fhir_synthea" / "Observation.ndjson.gz"
LOINC = {"85354-9": "panel", "8480-6": "sbp_peak", "8462-4": "dbp_peak", "72514-3": "score"}


@pytest.mark.skipif(not PRESSURES.is_file(), reason=f"the Synthea export is not at {PRESSURES}")
def test_blood_pressures_of_the_synthea_export(tmp_path):
    """Read by code, written as an export of infusions, and counted as a plain groupby counts."""
    rows, pain = [], []
    with gzip.open(PRESSURES, "rt", encoding="utf-8") as file:
        for own in map(json.loads, file):
            kind = LOINC.get(own["code"]["coding"][0]["code"])
            who = {"patient_id": own["subject"]["reference"].rpartition("/")[2].rpartition(":")[2],
                   "on": own["effectiveDateTime"][:19]}  # fmt: skip
            if kind == "panel":
                parts = {LOINC[part["code"]["coding"][0]["code"]]: part["valueQuantity"]["value"]
                         for part in own["component"]}  # fmt: skip
                rows.append(who | parts)
            elif kind == "score":
                pain.append(who | {"score": own["valueQuantity"]["value"]})
    raw = pd.DataFrame(rows).drop_duplicates(["patient_id", "on"])
    raw = raw[raw["on"] >= "1990"]
    people = raw[["patient_id"]].drop_duplicates().assign(condition="other")
    scores = pd.DataFrame(pain).query("patient_id in @people.patient_id and on >= '1990'")
    scores = scores.drop_duplicates(["patient_id", "on"])
    people.to_csv(tmp_path / "patients.csv", index=False)
    raw.rename(columns={"on": "infused_at"}).to_csv(tmp_path / "infusions.csv", index=False)
    scores.rename(columns={"on": "assessed_on"}).to_csv(tmp_path / "pain_scores.csv", index=False)
    study = open_study(export=str(tmp_path))
    assert len(study.infusions) == len(raw) > 300
    of = raw.groupby("patient_id")[["sbp_peak", "dbp_peak"]].max()
    for limits in ((180, 110), (140, 90)):
        plain = (of >= list(limits)).any(axis=1)
        found = read_vital_signs(study, VitalReading(peak=limits))["pressure_share", "peak_180_110"]
        assert found.reindex(plain.index).tolist() == plain.tolist()
    assert 0 < plain.sum() < len(plain)
    # no pressure before: whether a rise was slight is not known of anybody with a low peak
    slight = read_vital_signs(study, VitalReading())["pressure_share", "slight_rise"]
    assert slight.isna().sum() == (~(of >= [180, 110]).any(axis=1)).sum()
