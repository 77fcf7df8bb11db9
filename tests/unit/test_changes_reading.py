"""What a function reads is noted, whatever way it reads; equal names mean equal content."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from tests.unit.studies import patient, study

from analysis.changes import pieces
from analysis.changes.reading import PARTS, SETTINGS, Names, watched
from analysis.changes.recompute import recompute
from analysis.outcomes.rows import ResultRow
from analysis.settings import AnalysisSettings

PLAIN = AnalysisSettings()


@pytest.fixture(scope="module")
def datasets():
    return study([patient("P1", 8, 4), patient("P2", 8)])


def reads_of(make, datasets):
    return watched(make, datasets, PLAIN)[1]


def test_what_is_read_is_noted_and_nothing_else(datasets):
    made, reads = watched(lambda d, s: (len(d.visits), s.seed), datasets, PLAIN)
    assert made == (len(datasets.visits), PLAIN.seed)
    assert reads == {"visits", "seed"}


def test_nothing_read_is_nothing_noted(datasets):
    assert reads_of(lambda d, s: 1, datasets) == frozenset()


def test_a_property_reads_what_is_behind_it(datasets):
    assert reads_of(lambda d, s: d.condition_codes, datasets) == {"subjects", "conditions"}


@pytest.mark.parametrize(
    "read",
    [
        lambda d, s: s.model_dump(),
        lambda d, s: s == PLAIN,
        lambda d, s: s.model_copy(update={"seed": 1}),
        lambda d, s: copy.copy(s),
        lambda d, s: repr(s),
        lambda d, s: vars(s),
        lambda d, s: hash(s),
        lambda d, s: dict(s),
    ],
)
def test_settings_used_as_a_whole_are_all_read(datasets, read):
    assert reads_of(read, datasets) >= SETTINGS


def test_a_copy_of_settings_goes_on_being_the_same_settings(datasets):
    made, _ = watched(lambda d, s: s.model_copy(update={"seed": 5}), datasets, PLAIN)
    assert made.model_dump() == {**PLAIN.model_dump(), "seed": 5}


def test_watched_settings_are_equal_to_plain_ones_of_the_same_values(datasets):
    def ask(_, told):
        return told == PLAIN, told == PLAIN, told != PLAIN, {PLAIN: 1}[told]

    assert watched(ask, datasets, PLAIN)[0] == (True, True, False, 1)
    other = PLAIN.model_copy(update={"seed": 99})
    assert watched(lambda d, s: s == other, datasets, PLAIN)[0] is False


def test_datasets_used_as_a_whole_are_all_read(datasets):
    assert reads_of(lambda d, s: vars(d), datasets) == PARTS
    assert reads_of(lambda d, s: replace(d, name="x"), datasets) == PARTS - {"name"}


def test_names_tell_content_apart(datasets):
    first = Names.of(datasets, PLAIN)
    assert set(first.by_part) == PARTS | SETTINGS
    again = Names.of(study([patient("P1", 8, 4), patient("P2", 8)]), PLAIN)
    assert again.of_parts(PARTS) == first.of_parts(PARTS)
    other = Names.of(study([patient("P1", 8, 5), patient("P2", 8)]), PLAIN)
    assert other.of_parts({"visits"}) != first.of_parts({"visits"})
    assert other.of_parts({"visit_order"}) == first.of_parts({"visit_order"})


def test_a_value_of_another_type_has_another_name(datasets):
    ages = datasets.subjects.assign(n=1)
    one = Names.of(replace(datasets, subjects=ages), PLAIN)
    two = Names.of(replace(datasets, subjects=ages.astype({"n": "float64"})), PLAIN)
    assert one.of_parts({"subjects"}) != two.of_parts({"subjects"})


def test_a_piece_that_reads_more_in_one_mixture_is_not_taken_for_another(datasets, monkeypatch):
    """Of four mixtures, two read the seed, and only after another setting told them to."""
    calls = []

    def read_on(own, settings, condition):
        value = 0
        if settings.analysis_visit == "week_4":
            value = settings.seed
        calls.append(value)
        return (
            ResultRow(
                measure="patients", condition=condition, value=float(value), n=1, unit="count",
                method="count",
            ),
        )  # fmt: skip

    monkeypatch.setattr(pieces, "MAKERS", (read_on,))
    asked = [("end", 1), ("end", 2), ("week_4", 1), ("week_4", 2), ("end", 3)]
    mixtures = [
        (datasets, PLAIN.model_copy(update={"analysis_visit": visit, "seed": seed}))
        for visit, seed in asked
    ]
    made = recompute(mixtures, ("crps",))
    assert [next(iter(m.values())).value for m in made] == [0, 0, 1, 2, 0]
    assert sorted(calls)[-2:] == [1, 2]
    assert len(calls) < len(asked)


def test_pieces_that_make_nothing_wanted_are_left_out(datasets):
    mixtures = [(datasets, PLAIN), (datasets, PLAIN.model_copy(update={"seed": 9}))]
    (name,) = [n for n in recompute(mixtures[:1], ("crps",))[0] if n.endswith("patients.eligible")]
    first, last = recompute(mixtures, ("crps",), wanted={name})
    assert first[name] == last[name]
    assert first[name].value == 2.0
