"""Numbers in copy: every way of writing them, and the numbers that are no claims."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.lint_samples import DATA

from analysis.lint.quantities import find_cues, flat_text
from analysis.lint.text import load_document, split_statements

FIGURES = {
    "70-85% of patients": ("percentage", 70, 85, "%"),
    "70\u201385% of patients": ("percentage", 70, 85, "%"),
    "70% \u2014 85% of patients": ("percentage", 70, 85, "%"),
    "70 to 85 percent": ("percentage", 70, 85, "%"),
    "\uff18\uff15\uff05 success": ("percentage", 85, 85, "%"),
    "eighty-five per cent": ("percentage", 85, 85, "%"),
    "eight in ten patients": ("percentage", 80, 80, "%"),
    "8 out of 10": ("percentage", 80, 80, "%"),
    "9/10 patients agree": ("percentage", 90, 90, "%"),
    "half of patients": ("percentage", 50, 50, "%"),
    "three quarters of patients": ("percentage", 75, 75, "%"),
    "three-quarters of our patients": ("percentage", 75, 75, "%"),
    "up to 85%": ("percentage", None, 85, "%"),
    "at least 30 percent": ("percentage", 30, None, "%"),
    "90% or more": ("percentage", 90, None, "%"),
    "between 5 and 10%": ("percentage", 5, 10, "%"),
    "3-6 months": ("duration", 3, 6, "month"),
    "two to three weeks": ("duration", 2, 3, "week"),
    "45-60 minute sessions": ("duration", 45, 60, "minute"),
    "4-hour infusions": ("duration", 4, 4, "hour"),
    "3+ months": ("duration", 3, None, "month"),
    "within 30 minutes": ("duration", None, 30, "minute"),
    "Week 3-4:": ("duration", 3, 4, "week"),
    "Monthly to quarterly boosters": ("duration", 1, 3, "month"),
    "the next day": ("duration", 1, 1, "day"),
    "given over 40 minutes": ("duration", 40, 40, "minute"),
    "6 infusions": ("count", 6, 6, "infusion"),
    "six infusions": ("count", 6, 6, "infusion"),
    "2,000 patients": ("count", 2000, 2000, "patient"),
    "1.5 million people": ("count", 1_500_000, 1_500_000, "people"),
    "hundreds of patients": ("count", None, None, "hundreds patients"),
    "0.5-1 mg/kg": ("count", 0.5, 1, "mg/kg"),
    "pain was 9/10": ("score", 9, 9, "/10"),
    "70-85": ("range", 70, 85, ""),
    "Three quarters improved.": ("percentage", 75, 75, "%"),
    "80+% of our patients respond": ("percentage", 80, None, "%"),
    "90-plus percent of patients": ("percentage", 90, None, "%"),
    "7 to 8 out of 10 patients respond": ("percentage", 70, 80, "%"),
    "60-80 out of 100": ("percentage", 60, 80, "%"),
    "cuts nerve pain in half": ("percentage", 50, 50, "%"),
    "Reduces opioid use by half": ("percentage", 50, 50, "%"),
    "pain fell by two thirds": ("percentage", 66.666667, 66.666667, "%"),
    "pain halved": ("percentage", 50, 50, "%"),
    "more than half of patients": ("percentage", 50, None, "%"),
    "fewer than 70-85% of patients": ("percentage", None, 85, "%"),
    "at least 70-85%": ("percentage", 70, None, "%"),
    "30% or less": ("percentage", None, 30, "%"),
    "Threefold improvement": ("multiple", 3, 3, "times"),
    "doubles your function": ("multiple", 2, 2, "times"),
    "10x better": ("multiple", 10, 10, "times"),
    "twice as effective": ("multiple", 2, 2, "times"),
    "a month of relief": ("duration", 1, 1, "month"),
    "half a year": ("duration", 6, 6, "month"),
    "in under an hour": ("duration", None, 1, "hour"),
    "at least a week": ("duration", 1, None, "week"),
    "two to three times a week": ("frequency", 2, 3, "per week"),
    "my pain was 9 out of 10": ("score", 9, 9, "/10"),
}


@pytest.mark.parametrize("text", FIGURES)
def test_a_number_is_read_as_printed(text):
    found = [cue for cue in find_cues(text) if cue.quantity]
    assert [(cue.kind, *cue.quantity) for cue in found] == [FIGURES[text]]


@pytest.mark.parametrize("line", (DATA / "not_claims.txt").read_text(encoding="utf-8").splitlines())
def test_prices_numbers_of_telephones_dates_and_addresses_are_no_claims(line):
    assert find_cues(line) == ()


def test_the_file_of_them_gives_no_cues_either():
    document = load_document(DATA / "not_claims.txt")
    assert not [cue for s in split_statements(document) for cue in s.cues]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Often, patients improve; it is rare; most typically", "frequency",
         ["Often", "rare", "most", "typically"]),
        ("Some can, others may or might", "hedge", ["Some", "can", "others", "may", "might"]),
        ("Proven: no risk, always, never, all, only, guaranteed", "absolute",
         ["Proven", "no", "always", "never", "all", "only", "guaranteed"]),
        ("You cannot drive, not always, in May 2024", "hedge", []),
        ("weeks to months", "duration", ["weeks to months"]),
        ("Effects often last weeks to months", "duration", ["last weeks to months"]),
    ],
)  # fmt: skip
def test_words_that_make_a_statement_checkable(text, kind, words):
    assert [cue.text for cue in find_cues(text) if cue.kind == kind] == words


@pytest.mark.parametrize("text", ["nobody relapsed", "zero side effects", "relief forever"])
def test_absolutes_are_found_without_a_number(text):
    assert [cue.kind for cue in find_cues(text)] == ["absolute"]


@pytest.mark.parametrize(
    ("text", "direction"),
    [("cuts pain in half", "down"), ("60% less pain", "down"), ("threefold improvement", "up"),
     ("pain rose by 20%", "up"), ("70% of patients", ""), ("fewer than 70% of patients", "")],
)  # fmt: skip
def test_a_change_has_a_direction(text, direction):
    assert [cue.direction for cue in find_cues(text)] == [direction]


def test_a_hundred_percent_is_a_number_and_an_absolute():
    assert [cue.kind for cue in find_cues("100% safe")] == ["percentage", "absolute"]


@given(st.text(max_size=300))
def test_flat_text_keeps_every_place(text):
    assert len(flat_text(text)) == len(text)


PIECES = st.sampled_from(
    ["70-85%", "8 in 10", " ", "patients", "\u2013", "$4", "24/7", "no", "3-6 months", ".",
     "\u202e", "\u0130", "one", "hundred", "%", "1,000", "and", "half of", "\n"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join))
def test_a_cue_holds_the_text_it_points_at(text):
    last = 0
    for cue in find_cues(text):
        assert cue.text == text[cue.start : cue.end] != ""
        if cue.quantity:
            assert cue.start >= last, "two numbers overlap"
            last = cue.end
