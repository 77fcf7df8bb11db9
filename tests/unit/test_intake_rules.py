"""Rules across rows and tables: what breaks one is refused by line, or left out by name."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.errors import ContractError
from analysis.intake.rules import SHOWN_PROBLEMS, Problem, check_tables, refuse
from analysis.intake.tables import load_conditions


def table(**columns: list[object]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns).assign(
        source_file="t.csv", source_line=range(2, n + 2), source_no=0
    )


def patients(**more) -> pd.DataFrame:
    return table(**({"patient_id": ["A", "B"], "condition": ["crps", "crps"]} | more))


def scores(**more) -> pd.DataFrame:
    frame = {"patient_id": ["A", "B"], "study_day": [0.0, 3.0], "score": [8.0, 4.0]}
    return table(**(frame | more))


def check(exclude=(), scales=None, **tables):
    given = {"patients": patients(), "pain_scores": scores()} | tables
    return check_tables(
        {name: frame for name, frame in given.items() if frame is not None},
        conditions=load_conditions(),
        scales=scales,
        exclude=exclude,
    )


def problems(**kwargs) -> str:
    return "\n".join(problem.sentence() for problem in check(**kwargs).problems)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"pain_scores": None}, "the export has no pain_scores. Add a file of that name"),
        ({"patients": patients().drop(columns="condition")}, "no column condition or icd10"),
        (
            {"pain_scores": scores().drop(columns="study_day")},
            "no column assessed_on or study_day or",
        ),
        ({"pain_scores": scores().drop(columns="score")}, "no column score"),
        ({"pain_scores": scores().head(0)}, "no row of pain_scores is left"),
        ({"patients": patients(patient_id=["A", None])}, "a patient id is expected (line 3)"),
        (
            {"patients": patients(patient_id=["A", "A"])},
            "an id not used before is expected (line 3",
        ),
        ({"patients": patients(patient_id=["A", "A"])}, "`one_row_per_patient: true`"),
        ({"patients": patients(patient_id=["A", "A"])}, "`patient_id: {join: [site, id]}`"),
        ({"patients": patients(condition=["crps", "gout"])}, "line 3: 'gout'"),
        ({"pain_scores": scores(patient_id=["A", "C"])}, "patient in patients is expected (line 3"),
        ({"pain_scores": scores(patient_id=["a", "B"])}, "leading zeros, blanks, capitals"),
        ({"pain_scores": scores(score=[8.0, 11.0])}, "a score from 0 to 10 (scale nrs_0_10)"),
        ({"pain_scores": scores(score=[8.0, -1.0])}, "line 3: '-1'"),
        ({"pain_scores": scores(study_day=[0.0, None])}, "a value of assessed_on or study_day"),
        (
            {"pain_scores": scores(scale=["vas_0_100", None])},
            "1 row where a scale is expected (line 3)",
        ),
        ({"infusions": table(patient_id=["A"], study_day=[0.0]).head(0)}, "leave infusions out"),
        (
            {"infusions": table(patient_id=["A"] * 2, study_day=[0.0] * 2)},
            "an infusion not listed before is expected (line 3",
        ),
    ],
)
def test_what_breaks_a_rule_is_refused(tables, words):
    assert words in problems(**tables)


def test_scores_are_checked_on_their_own_scale():
    frame = scores(score=[80.0, 8.0], scale=["vas_0_100", "nrs_0_10"])
    assert problems(pain_scores=frame) == ""
    frame = scores(score=[80.0, 80.0], scale=["vas_0_100", "nrs_0_10"])
    assert "line 3: '80'" in problems(pain_scores=frame)
    frame = scores(score=[39.0, 41.0], scale=["sum", "sum"])
    assert "from 0 to 40 (scale sum)" in problems(pain_scores=frame, scales={"sum": (40.0, 0.0)})


@pytest.mark.parametrize(
    ("code", "tables", "table_name", "reason"),
    [
        ("unknown_patient", {"pain_scores": scores(patient_id=["A", "C"])}, "pain_scores", None),
        ("score_outside_scale", {"pain_scores": scores(score=[8.0, 11.0])}, "pain_scores", None),
        ("missing_id", {"patients": patients(patient_id=["A", None])}, "patients", "no patient id"),
        (
            "unreadable_value",
            {"pain_scores": scores(study_day=[0.0, None])},
            "pain_scores",
            "no date and no study day",
        ),
    ],
)
def test_rows_are_left_out_under_a_name(code, tables, table_name, reason):
    done = check(exclude=(code, "unknown_patient"), **tables)
    assert not done.problems
    assert len(done.tables[table_name]) == 1
    assert done.excluded[0][reason or code.replace("_", " ")] == 1


def test_before_rows_are_left_out_it_is_said_what_would_be_lost():
    frame = scores(patient_id=["A", "C"])
    assert "Left out, 1 of 2 rows would be lost, of 1 patient; 1 of them would keep none." in (
        problems(pain_scores=frame)
    )
    frame = table(patient_id=["A", "A", "B"], study_day=[0.0, 3.0, 0.0], score=[8.0, 11.0, 7.0])
    assert "Left out, 1 of 3 rows would be lost, of 1 patient." in problems(pain_scores=frame)


def test_of_repeated_patients_the_remedy_is_the_one_that_loses_nothing():
    alike = problems(patients=patients(patient_id=["A", "A"]), exclude=("unknown_patient",))
    assert "`one_row_per_patient: true` loses nothing" in alike
    assert "`duplicate_patient`" not in alike
    frame = patients(patient_id=["A", "A"], site=["N", "N"], sex=["male", "female"])
    differing = problems(patients=frame, exclude=("unknown_patient",))
    assert "correct the rows of the 1 who differ in sex" in differing
    assert "list `duplicate_patient` under `exclude`" in differing
    assert "Left out, 1 of 2 rows would be lost, of 1 patient." in differing


def test_conditions_come_from_one_code_where_the_export_gives_none():
    frame = patients(
        condition=[None, "fibromyalgia"], icd10=["G90.50", "G90.50"], subtype=[None, None]
    )
    done = check(patients=frame.astype({"condition": "str", "subtype": "str"}))
    assert done.tables["patients"]["condition"].tolist() == ["crps", "fibromyalgia"]
    assert done.tables["patients"]["subtype"].fillna("").tolist() == ["type_1", ""]
    frame = patients(icd10=["G90.50", "G90.5; M79.7"]).drop(columns="condition")
    assert "line 3: 'G90.5; M79.7'" in problems(patients=frame)


def test_a_problem_shows_few_rows_and_short_texts():
    problem = Problem(
        table="patients",
        column="sex",
        code="unreadable_value",
        file="p.csv",
        expected="male or female",
        remedy="Mend it.",
        lines=[2, 2, 3, 4, 5, 6, 7],
        examples=["x" * 100, "x" * 100, "b", "c", "d", "e", "f"],
    )
    message = problem.sentence()
    assert message.startswith(
        "patients.sex (p.csv): 7 rows where male or female is expected (line 2: "
    )
    assert message.count("line 2") == 1
    assert len(message) < 250
    assert "line 7" not in message


def test_many_problems_are_cut_short():
    one = Problem(table="t", column="", code="c", file="", expected="x is missing", remedy="Do.")
    with pytest.raises(ContractError) as refused:
        refuse([one] * (SHOWN_PROBLEMS + 3))
    assert str(refused.value).count("\n") == SHOWN_PROBLEMS
    assert "3 more problems" in str(refused.value)
    refuse([])


@pytest.mark.parametrize(
    ("code", "found"),
    [("G90.50", ("crps", "type_1")), ("g90522", ("crps", "type_1")), ("G56.41", ("crps", "type_2")),
     ("G56.01", ("neuropathic", "nerve_injury")), ("M79.7", ("fibromyalgia", "")),
     ("E11.42", ("neuropathic", "diabetic")), ("B02.29", ("neuropathic", "post_herpetic")),
     ("S14.109A", ("central", "spinal_cord_injury")), ("S14.2XXA", ("neuropathic", "nerve_injury")),
     ("G35", ("central", "multiple_sclerosis")), ("G43.909", ("headache", "migraine")),
     ("M96.1", ("fbss", "")),
     *((code, None) for code in ("J45", "", "pain", "G90.5; M79.7", "G90.5 or so"))],
)  # fmt: skip
def test_the_longest_prefix_of_one_code_decides(code, found):
    assert load_conditions().from_icd10(code) == found


def test_labels_subtypes_and_conditions_of_an_export():
    known = load_conditions()
    assert known.label("crps") == "Complex regional pain syndrome"
    assert known.label("crps", "type_2") == "Type II"
    assert known.label("crps", "own_word") == "own word"
    assert known.subtypes("crps") == ("type_1", "type_2")
    assert known.subtypes("fibromyalgia") == ()
    more = known.extended({"low_back": "Low back pain"})
    assert more.label("low_back") == "Low back pain"
    assert "low_back" not in load_conditions().labels
