"""The sentence on duration: every odd case in words, never a missing number as a number."""

from __future__ import annotations

import re

import pytest
from relief_studies import WEEK, responder
from studies import SETTINGS, duration_row, patient, study

from analysis.display.sentences import tell_relief
from analysis.outcomes.losses import CONVENTIONS
from analysis.outcomes.relief_rows import tabulate_relief

LABELS = {"crps": "CRPS"}


def tell(*rows, definition="booster_as_loss", condition="crps") -> str:
    (said,) = tell_relief(rows, condition=condition, definition=definition, labels=LABELS)
    assert (said.name, said.condition) == ("relief", condition)
    return said.text


def share(value, low, high, **keys):
    base = {"measure": "relieved_share", "visit": "week_12", "unit": "share",
            "population": "all_starters", "n": 137}  # fmt: skip
    status = "estimated" if value is not None else "not estimable"
    return duration_row(value, low, high, **{**base, "status": status, **keys})


def followed(n):
    return duration_row(n, None, None, measure="at_risk", visit="week_12", unit="count", n=74)


def head(value=6.6, low=4.0, high=12.0, **keys):
    return duration_row(value, low, high, **{"n": 74, "n_events": 65, **keys})


def test_in_full():
    assert tell(head(), followed(17), share(0.09, 0.04, 0.17)) == (
        "CRPS: of 74 patients with relief at the end of the series, half had lost it after 6.6 "
        "weeks (95 % interval 4 to 12 weeks; losses lie between two visits, a booster counts as "
        "its end). 65 of 74 (88 %) were seen to lose it or to have a booster; 17 of 74 were still "
        "followed with relief at week 12. Of all 137 who started, 9 % still had it at week 12 "
        "(95 % interval 4 % to 17 %)."
    )


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("booster_as_censoring", "nothing counts as known after a booster"),
        ("booster_ignored", "boosters are ignored"),
    ],
)
def test_the_strategy_is_named(definition, said):
    assert said in tell(head(definition=definition), definition=definition)


def test_no_row():
    assert tell() == "How long relief lasts was not computed for these patients."


def test_nobody_responded():
    said = tell(
        head(None, None, None, n=0, n_events=None, status="no patients"), share(0, None, None)
    )
    assert said == (
        "CRPS: nobody had relief at the end of the series, so none can be timed. Of all 137 who "
        "started, none had relief at week 12 (there is no interval)."
    )


def test_nobody_rated_at_the_end_is_not_nobody_relieved():
    """The choir cohort has no visit at the end: what became of relief is not known, not 0."""
    rows = tabulate_relief(study([patient("a", 8, later={WEEK[12]: 2})]), SETTINGS, "crps")
    assert tell(*rows) == (
        "CRPS: nobody was rated at the end of the series, so relief cannot be timed from it. Of "
        "the 1 patient who started, the share with relief at week 12 is not known."
    )


def test_nobody_rated_again():
    said = tell(head(None, None, None, status="not estimable", n_events=None), followed(0))
    assert said == (
        "CRPS: of 74 patients with relief at the end of the series, nobody was rated again; how "
        "long it lasts is not known."
    )


def test_not_reached():
    said = tell(head(None, 6.0, None, n_events=20))
    assert (
        "the time by which half had lost it was not reached while they were followed; its 95 % "
        "interval begins at 6 weeks (a booster counts as its end)."
    ) in said
    assert "begins" not in tell(head(None, 0.0, None))
    assert "begins" not in tell(head(None, None, None))


def test_no_interval_says_where_the_data_place_it():
    placed = ("The data place it only after 0 and by 4; the value within is a convention.",)
    said = tell(head(2.0, None, None, warnings=placed))
    assert "(there is no interval: the data place it only after 0 and by 4 weeks;" in said
    assert "(there is no interval;" in tell(head(2.0, None, None))


def test_one_patient():
    said = tell(head(2.0, None, None, n=1, n_events=1), share(0.0, None, None, n=1))
    assert "of 1 patient with relief" in said
    assert "Of the 1 patient who started, none had relief at week 12" in said


def test_a_share_of_starters_that_is_not_known():
    said = tell(head(), share(None, None, None))
    assert "Of all 137 who started, the share with relief at week 12 is not known." in said


def test_the_level_is_that_of_the_row():
    assert "90 % interval 4 to 12 weeks" in tell(head(level=0.9))


def test_departures_and_pooled_treatments_are_said():
    pooled = "Different treatments are together in this number (drug, placebo)."
    said = tell(head(warnings=(CONVENTIONS["confirmed"], "Another warning.", pooled)))
    assert said.endswith(f"{CONVENTIONS['confirmed']} {pooled}")
    assert "Another" not in said
    other = tell(head(warnings=(CONVENTIONS["first_response"],)))
    assert "with relief at any rating" in other
    assert "at the end of the series" not in other


CLINICS = {
    "nobody responded": [patient("a", 8, 8)],
    "nobody rated": [patient("a", 8)],
    "one": [responder("a", w4=8)],
    "one kept": [responder("a", w4=4)],
    "not followed": [responder("a"), patient("b", 8, 8)],
    "all at one visit": [responder(f"p{i}", w4=8) for i in range(12)],
    "all censored": [responder(f"p{i}", w4=4, w8=4) for i in range(12)],
    "booster on the last day": [responder("a", booster_on=WEEK[0])],
    "booster before relief": [patient("a", 8, 2, booster_on=WEEK[0] + 1)],
    "arms": [responder("a", w4=8, arm="x"), responder("b", w4=4, arm="y")],
}


@pytest.mark.parametrize("name", CLINICS)
@pytest.mark.parametrize("condition", ["crps", "all", "fbss"])
def test_every_clinic_has_sentences(name, condition):
    rows = tabulate_relief(study(CLINICS[name]), SETTINGS, condition)
    said = tell(*rows, condition=condition)
    assert said.endswith(".")
    assert not re.search(r"None|nan|inf\b|—|  |\(\)", said), said
