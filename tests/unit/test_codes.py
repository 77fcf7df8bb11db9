"""Code lists: conditions, subtypes, ICD-10-CM."""

from __future__ import annotations

import pytest

from analysis.contract.codes import LOINC_PAIN_NRS, load_conditions


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("G90.50", ("crps", "type_1")),
        ("g90522", ("crps", "type_1")),
        ("G56.41", ("crps", "type_2")),
        ("G56.01", ("neuropathic", "nerve_injury")),
        ("M79.7", ("fibromyalgia", "")),
        ("E11.42", ("neuropathic", "diabetic")),
        ("B02.29", ("neuropathic", "post_herpetic")),
        ("S14.109A", ("central", "spinal_cord_injury")),
        ("S14.2XXA", ("neuropathic", "nerve_injury")),
        ("G35", ("central", "multiple_sclerosis")),
        ("G43.909", ("headache", "migraine")),
        ("M96.1", ("fbss", "")),
        ("J45", None),
        ("", None),
        ("pain", None),
        ("G90.5; M79.7", None),
        ("G90.5 or so", None),
    ],
)
def test_the_longest_prefix_of_one_code_decides(code, found):
    assert load_conditions().from_icd10(code) == found


def test_labels_and_subtypes():
    known = load_conditions()
    assert known.label("crps") == "Complex regional pain syndrome"
    assert known.label("crps", "type_2") == "Type II"
    assert known.label("crps", "own_word") == "own word"
    assert known.subtypes("crps") == ("type_1", "type_2")
    assert known.subtypes("fibromyalgia") == ()


def test_an_export_adds_conditions_of_its_own():
    more = load_conditions().extended({"low_back": "Low back pain"})
    assert more.label("low_back") == "Low back pain"
    assert "low_back" not in load_conditions().labels


def test_the_pain_code_is_the_published_one():
    assert LOINC_PAIN_NRS == "72514-3"
