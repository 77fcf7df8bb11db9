"""Which lines of a clinic page are claims: a list split in half, one half tuned on, one not."""

from __future__ import annotations

import csv

import pytest
from tests.unit.lint_samples import DATA, lint

with (DATA / "page_lines.csv").open(encoding="utf-8", newline="") as file:
    LINES = list(csv.DictReader(file))


def counts(half: str) -> dict[tuple[bool, bool], int]:
    """How many lines there are, by whether they are claims and whether they were found."""
    found = dict.fromkeys([(a, b) for a in (True, False) for b in (True, False)], 0)
    for row in LINES:
        if row["half"] == half:
            found[row["is_claim"] == "yes", bool(lint(row["line"], claims=()).findings)] += 1
    return found


@pytest.mark.parametrize("half", ["tuned", "held out"])
def test_nine_of_ten_claims_are_found_and_nine_of_ten_found_are_claims(half):
    n = counts(half)
    assert n[True, True] / (n[True, True] + n[True, False]) >= 0.9
    assert n[True, True] / (n[True, True] + n[False, True]) >= 0.9


def test_furniture_is_no_claim():
    others = [row["line"] for row in LINES if row["is_claim"] == "no"]
    assert len(others) >= 150 and len(LINES) - len(others) >= 150
    alarms = [line for line in others if lint(line, claims=()).findings]
    assert len(alarms) <= 0.05 * len(others), alarms


@pytest.mark.parametrize(
    "text",
    ["90% of patients improve; there was no control group.", "Please note: 85% success.",
     "70% of patients respond, off-label.", "Results may vary, but 80% of people improve."],
)  # fmt: skip
def test_words_of_furniture_hide_no_share(text):
    assert lint(text, claims=()).findings
