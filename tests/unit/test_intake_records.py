"""Adverse events, doses and questionnaires that cannot be: a sentence each, or left out by name."""

from pathlib import Path

import pytest
from tests.unit.exports import load, used

from analysis.errors import ContractError, InputError, MappingError
from analysis.intake.load import Export, load_export

GIVEN = "patient_id,infused_at\nA,2024-01-02\nA,2024-01-05\nB,2024-01-03\n"
SCORES = "patient_id,assessed_on,score\nA,2024-01-01,8\nB,2024-01-01,6\n"
EVENT = "patient_id,infused_at,occurred_on,term,grade,minutes_to_resolution,resolved_on\n"
GOOD_EVENT = "A,2024-01-02,,nausea,1,20,\n"
DOSE = "patient_id,assessed_on,drug,daily_dose,unit\n"
GOOD_DOSE = "A,2024-01-02,morphine,30,mg\n"
FORM = "patient_id,assessed_on,instrument,score\n"
GOOD_FORM = "A,2024-01-02,promis_pi,60\n"

BAD = {
    "an event of nobody": (EVENT, GOOD_EVENT, ",2024-01-02,,nausea,1,,\n", "missing_id",
                           "line 3", "a patient id is expected"),
    "of someone unknown": (EVENT, GOOD_EVENT, "Z,2024-01-02,,nausea,1,,\n", "unknown_patient",
                           "line 3: 'Z'", "the id of a patient in patients"),
    "of another's infusion": (EVENT, GOOD_EVENT, "B,2024-01-02,,nausea,1,,\n", "unknown_infusion",
                              "line 3: '2024-01-02", "the day of an infusion of the patient"),
    "without a name": (EVENT, GOOD_EVENT, "A,2024-01-02,,,2,,\n", "unreadable_value",
                       "line 3", "`none reported` where nothing did"),
    "that ended before it began": (EVENT, GOOD_EVENT, "A,,2024-01-05,rash,1,,2024-01-04\n",
                                   "resolved_before_it_began", "line 3: '2024-01-04",
                                   "a time not before the event began"),
    "milligrams of nothing": (DOSE, GOOD_DOSE, "A,2024-01-03,,40,mg\n", "dose_without_drug",
                              "line 3", "the drug of the dose"),
    "a dose twice": (DOSE, GOOD_DOSE, GOOD_DOSE, "repeated_dose", "line 3: 'morphine'",
                     "a dose not listed before"),
    "a T-score of 130": (FORM, GOOD_FORM, "A,2024-01-09,PROMIS pain interference,130\n",
                         "score_outside_scale", "line 3: '130'",
                         "a T-score from 0 to 100 (PROMIS pain interference)"),
    "an ISI of 29": (FORM, GOOD_FORM, "A,2024-01-09,ISI,29\n", "score_outside_scale",
                     "line 3: '29'", "a score from 0 to 28 (Insomnia Severity Index)"),
}  # fmt: skip
FILES = {EVENT: "adverse_events", DOSE: "opioid_use", FORM: "questionnaires"}


def files(header: str, *lines: str) -> dict[str, str]:
    return {
        "pain_scores.csv": SCORES,
        "infusions.csv": GIVEN,
        f"{FILES[header]}.csv": "".join((header, *lines)),
    }


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_refused_in_a_sentence(tmp_path: Path, name: str):
    header, good, bad, code, place, expected = BAD[name]
    with pytest.raises(ContractError) as caught:
        load(tmp_path, files(header, good, bad))
    (sentence,) = str(caught.value).splitlines()
    assert place in sentence and expected in sentence
    assert f"`{code}`" in sentence or code in ("missing_id", "repeated_dose"), sentence


@pytest.mark.parametrize("name", BAD)
def test_or_left_out_by_name(tmp_path: Path, name: str):
    header, good, bad, code, *_ = BAD[name]
    export = load(tmp_path, files(header, good, bad), f"exclude: {code}\n")
    n_used, excluded = used(export, FILES[header])
    assert n_used == 1 and sum(excluded.values()) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("A,2024-01-02,,nausea,6,,\n", "CTCAE grade, 1 (mild) to 5 (death), 1 to 5,"),
        ("A,2024-01-02,,nausea,1.5,,\n", "whole number"),
        ("A,2024-01-02,,nausea,mild,,\n", "grade"),
        ("A,2024-01-02,,nausea,1,-10,\n", "minutes from the end of the infusion"),
    ],
)
def test_values_out_of_range(tmp_path: Path, line: str, words: str):
    with pytest.raises(ContractError, match="line 3") as caught:
        load(tmp_path, files(EVENT, GOOD_EVENT, line))
    assert words in str(caught.value)


def test_a_wrong_grade_left_out_leaves_the_event(tmp_path: Path):
    content = files(EVENT, GOOD_EVENT, "A,2024-01-02,,vomiting,6,,\n")
    export = load(tmp_path, content, "exclude: value_out_of_range\n")
    assert used(export, "adverse_events") == (2, {})
    assert export.tables["adverse_events"]["grade"].isna().tolist() == [False, True]


def test_a_dose_that_cannot_be_read_keeps_its_row(tmp_path: Path):
    """Left out, the day would have the doses of its other drugs only."""
    content = files(DOSE, GOOD_DOSE, "A,2024-01-02,oxycodone,5-10 prn,mg\n")
    with pytest.raises(ContractError, match="line 3"):
        load(tmp_path / "refused", content)
    export = load(tmp_path / "kept", content, "exclude: unreadable_value\n")
    assert used(export, "opioid_use") == (2, {})
    assert export.tables["opioid_use"]["daily_dose"].isna().tolist() == [False, True]


@pytest.mark.slow
def test_rows_that_say_nothing_are_left_out_by_name(tmp_path: Path):
    content = files(EVENT, GOOD_EVENT, "A,2024-01-05,,,,,\n")
    assert used(load(tmp_path / "a", content), "adverse_events") == (1, {"no effect recorded": 1})
    content = files(DOSE, GOOD_DOSE, "B,2024-01-03,,,\n")
    assert used(load(tmp_path / "b", content), "opioid_use") == (1, {"no dose recorded": 1})
    content = files(FORM, GOOD_FORM, "B,2024-01-03,isi,\n")
    assert used(load(tmp_path / "c", content), "questionnaires") == (1, {"no score recorded": 1})


def test_what_the_lists_do_not_have_and_what_has_no_date_is_said(tmp_path: Path):
    content = files(EVENT, GOOD_EVENT, "A,,,odd taste,1,,\n") | {
        "opioid_use.csv": DOSE + GOOD_DOSE + "A,2024-01-02,oxycodnoe,10,mg\n",
    }
    export = load(tmp_path, content)
    told = {account.table: " ".join(account.findings) for account in export.intake}
    assert "1 rows have neither an infusion nor a date" in told["adverse_events"]
    assert "1 names of terms (1 rows)" in told["adverse_events"]
    assert "odd taste" not in told["adverse_events"]
    assert "oxycodnoe (1)" in told["opioid_use"]


def test_times_are_put_on_the_clock_of_the_infusions(tmp_path: Path):
    content = {
        "pain_scores.csv": SCORES,
        "infusions.csv": "patient_id,infused_at\nA,2024-01-02T20:00-05:00\n",
        "adverse_events.csv": "patient_id,infused_at,occurred_on,term\n"
        "A,2024-01-03T01:00Z,2024-01-03T02:30Z,nausea\n",
    }
    events = load(tmp_path, content).tables["adverse_events"]
    assert events["infused_at"].astype(str).tolist() == ["2024-01-02 20:00:00"]
    assert events["occurred_on"].astype(str).tolist() == ["2024-01-02 21:30:00"]


# questionnaires given item by item

ITEMS = {  # instrument: answers, and the total by hand
    "phq9": [("3 3 3 3 3 3 3 3 3", 27.0), ("1 2 0 3 1 2 1 . .", 10 * 9 / 7),
             ("1 2 0 3 1 2 . . .", None)],
    "gad7": [("1 1 1 1 1 . .", 7.0), ("1 1 1 1 . . .", None)],
    "isi": [("4 4 4 4 4 4 4", 28.0), ("4 4 4 4 4 4 .", None)],
    "pdi": [("10 0 5 5 5 5 5", 35.0), ("10 0 5 5 5 5 .", None)],
    "bpi_interference": [("8 6 4 2 . . .", 5.0), ("8 6 4 . . . .", None)],
}  # fmt: skip


def itemized(folder: Path, code: str, records: list[str], named: str = "") -> Export:
    n = len(records[0].split())
    names = [f"q{at}" for at in range(1, n + 1)]
    lines = [",".join(["patient_id", "study_day", *names])]
    lines += [f"{at},0,{record.replace('.', '').replace(' ', ',')}"
              for at, record in enumerate(records)]  # fmt: skip
    (folder / "items.csv").write_text("\n".join(lines) + "\n")
    people = "patient_id,condition\n" + "".join(f"{at},crps\n" for at in range(len(records)))
    (folder / "patients.csv").write_text(people)
    (folder / "pain_scores.csv").write_text("patient_id,study_day,score\n0,0,8\n")
    (folder / "mapping.yaml").write_text(
        "tables:\n  questionnaires:\n    file: items.csv\n    columns:\n"
        f"      instrument: {{constant: {code}}}\n"
        f"      score: {{items_of: [{named or ', '.join(names)}]}}\n"
    )
    return load_export(folder)


@pytest.mark.parametrize("code", ITEMS)
def test_items_are_summed_by_the_rule_of_the_instrument(tmp_path, code):
    records, totals = zip(*ITEMS[code], strict=True)
    export = itemized(tmp_path, code, list(records))
    known = [total for total in totals if total is not None]
    assert export.tables["questionnaires"]["score"].tolist() == pytest.approx(known)
    account = next(each for each in export.intake if each.table == "questionnaires")
    assert account.reconciles and account.excluded == {"no score recorded": 1}
    assert any("items answered, and no total" in note for note in account.notes)
    if code in ("phq9", "bpi_interference"):
        assert any("1 records have a total from fewer than all" in note for note in account.notes)


@pytest.mark.parametrize(
    ("code", "named", "words"),
    [
        ("promis_pi", "", "needs an instrument with a rule for missing items"),
        ("phq9", "q1, q2, q3, q4, q5, q6, q7, q8", "has 9 items, and `items_of` names 8 columns"),
        ("phq9", "q1, q1, q3, q4, q5, q6, q7, q8, q9", "names 9 columns .8 different."),
    ],
)
def test_items_that_make_no_total_are_refused(tmp_path, code, named, words):
    with pytest.raises(MappingError, match=words):
        itemized(tmp_path, code, ["1 1 1 1 1 1 1 1 1"], named)


def test_an_item_outside_its_range_is_refused(tmp_path):
    with pytest.raises(InputError) as refused:
        itemized(tmp_path, "phq9", ["1 1 4 1 1 1 1 1 1"])
    assert "score ('q3')" in str(refused.value) and "0 to 3" in str(refused.value)
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(InputError):
        itemized(tmp_path / "elsewhere", "isi", ["4 4 4 4 4 4 5"])
