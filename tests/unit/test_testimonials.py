"""Testimonials among comparable patients, counted by hand; never an identifier, never a few."""

from __future__ import annotations

import pytest
from studies import SETTINGS, patient, study

from analysis.outcomes.rows import find_row
from analysis.outcomes.testimonials import (
    LEAST_COMPARABLE,
    tabulate_testimonials,
)
from analysis.outcomes.testimonials import (
    Testimonial as Told,
)

TOO_FEW = "Fewer than 10 comparable patients: no typical result can be told."
NINE_TO_THREE = Told(name="T1", condition="crps", baseline_score=9.0, fall_pct=66.66)


def clinic():
    """Twelve comparable patients: baseline 8, 9 or 10."""
    ends = [3, 3, 2, 4.5, 4.5, 6, 6, 6, 9, 9]  # from 9: 66.7, 66.7, 77.8, 50, 50, 33 x 3, 0, 0 %
    people = [patient(f"p{i}", 9, end) for i, end in enumerate(ends)]
    people += [patient("at 8", 8, 8), patient("at 10, not rated", 10)]
    people += [patient("too low", 7.9, 0), patient("other", 9, 0, condition="fibromyalgia")]
    return people


def row_of(rows, measure, **keys):
    return find_row(rows, measure=measure, **{"group_by": "all", **keys})


def test_share_that_did_as_well_and_the_typical_result():
    rows = tabulate_testimonials(study(clinic()), SETTINGS, [NINE_TO_THREE])
    as_well = row_of(rows, "testimonial_share")
    assert (as_well.n_events, as_well.n, as_well.n_missing) == (3, 12, 1)
    assert row_of(rows, "typical_response_share", threshold_pct=50.0).n_events == 5
    assert row_of(rows, "typical_response_share", threshold_pct=30.0).n_events == 8
    median = row_of(rows, "typical_reduction")
    assert (median.n, median.n_missing) == (11, 1)
    assert median.value == pytest.approx(100 / 3)  # the sixth of eleven: 9 to 6


def test_below_ten_comparable_patients_no_number_leaves():
    few = [one for one in clinic() if one["patient"]["patient_id"] in [f"p{i}" for i in range(9)]]
    rows = tabulate_testimonials(study(few), SETTINGS, [NINE_TO_THREE])
    assert len(rows) == 1
    assert (rows[0].value, rows[0].n, rows[0].n_missing) == (None, 0, 0)
    assert rows[0].warnings == (TOO_FEW,)
    assert str(LEAST_COMPARABLE) in TOO_FEW


def test_no_row_holds_an_identifier():
    people = clinic()
    names = {one["patient"]["patient_id"] for one in people}
    rows = tabulate_testimonials(study(people), SETTINGS, [NINE_TO_THREE])
    told = " ".join(repr(row) for row in rows)
    assert not [name for name in names if f"'{name}'" in told]


def test_subtype_and_any_baseline():
    people = [patient(f"d{i}", 5 + i % 5, 1, subtype="type_1") for i in range(10)]
    people += [patient(f"e{i}", 9, 9, subtype="type_2") for i in range(10)]
    told = Told(name="T2", condition="crps", subtype="type_1", fall_pct=80.0)
    row = row_of(tabulate_testimonials(study(people), SETTINGS, [told]), "testimonial_share")
    # to 1 from 5 to 9: exactly 80 % from 5, more from the others
    assert (row.n_events, row.n) == (10, 10)


def test_two_testimonials_have_rows_of_their_own():
    other = Told(name="T3", condition="crps", fall_pct=50.0)
    rows = tabulate_testimonials(study(clinic()), SETTINGS, [NINE_TO_THREE, other])
    assert len({row.result_id for row in rows}) == len(rows) == 8


def test_nobody():
    rows = tabulate_testimonials(
        study([patient("a", 8, 4, condition="fibromyalgia")]), SETTINGS, [NINE_TO_THREE]
    )
    assert [row.status for row in rows] == ["not estimable"]


def test_without_a_subtype_column_nobody_is_known_to_be_comparable():
    datasets = study(clinic())
    del datasets.subjects["subtype"]
    told = Told(name="T2", condition="crps", subtype="type_1", fall_pct=50.0)
    assert [row.value for row in tabulate_testimonials(datasets, SETTINGS, [told])] == [None]
