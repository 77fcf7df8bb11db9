"""Why a verdict is what it is: each sentence, with the numbers that it must and must not say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judged import claim, judge, share_row

from analysis.claims.judgement import Judgement, Limit, Missing, Readings
from analysis.claims.reasons import (
    describe_due,
    describe_firmness,
    describe_limits,
    describe_missing,
    firm_text,
    firmness_of,
)

FOUND = Missing(
    worst_low=0.44, worst_high=0.63, imputed=0.6, imputed_low=0.5, imputed_high=0.69,
    best_low=0.54, best_high=0.73, judged_low=0.44, judged_high=0.69,
)  # fmt: skip


def judged(**changed) -> Judgement:
    """54 of 100 against 70%, ten not rated."""
    own = judge(claim(), share_row(54, 100, n_missing=10))
    return replace(own, **{"missing": FOUND, "undecided": "", "n_missing": 10, **changed})


def missing(**changed) -> Missing:
    return replace(FOUND, **changed)


ALIKE = "if the missing resemble those seen with the same course"
IMPUTED = "imputed 60%, interval 50% to 69%"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"missing": None}, ""),
        ({"n_missing": 0}, ""),
        ({"verdict": "meets"}, "It holds even if none of the 10 missing responded."),
        ({"verdict": "meets", "n_missing": 1}, "It holds even if the missing patient had not "
         "responded."),
        ({"verdict": "meets", "unit": "percent"}, "It holds even if none of the 10 missing "
         "improved."),
        ({"verdict": "meets", "cited_low": None},
         "It holds even if every one of the 10 missing had responded."),
        ({"verdict": "falls short", "reach": "every_missing", "cited_low": None},
         "It falls short even if none of the 10 missing responded."),
        ({"undecided": "missing", "cited_low": None},
         f"Too many outcomes are missing. Finding them could decide it ({IMPUTED})."),
        ({"verdict": "falls short", "reach": "every_missing"},
         "It falls short even if every one of the 10 missing had responded."),
        ({"verdict": "falls short", "reach": "every_missing", "n_missing": 1},
         "It falls short even if the missing patient had responded."),
        ({"verdict": "falls short", "reach": "every_missing", "unit": "percent"},
         "It falls short even if every one of the 10 missing were free of pain."),
        ({"verdict": "falls short", "reach": "missing_alike"},
         f"It falls short {ALIKE} ({IMPUTED})."),
        ({"verdict": "falls short", "reach": "missing_alike", "missing": missing(n_to_stop=8)},
         f"It falls short {ALIKE} ({IMPUTED}); it would not, had 8 or more of the 10 responded."),
        ({"undecided": "missing", "missing": missing(n_to_find=9, n_to_respond=7)},
         "Too many outcomes are missing. Finding 9 of the 10 missing would decide it if 7 of these "
         f"responded ({IMPUTED})."),
        ({"undecided": "few_and_missing"},
         f"Too few patients, and too many outcomes missing ({IMPUTED}, {ALIKE}). Finding them "
         "would decide it only if they are unlike those seen."),
        ({"undecided": "few_and_missing", "missing": missing(imputed=None)},
         "Too few patients, and too many outcomes missing."),
        ({"undecided": "outliers", "n_missing": 0, "unit": "percent", "missing": missing(
            judged_low=0.0, judged_high=22.0)},
         "Outliers decide it: with limits that mind a few extreme patients, seen or not (0.0% to "
         "22.0%), it is undecided."),
        ({"undecided": "few"}, f"I{ALIKE[1:]}: {IMPUTED}."),
        ({"undecided": "few", "missing": missing(imputed=None)}, ""),
        ({"undecided": "few", "missing": missing(imputed_low=None)},
         f"I{ALIKE[1:]}: imputed 60%."),
    ],
)  # fmt: skip
def test_what_the_missing_do_to_a_verdict(changed, said):
    assert describe_missing(judged(**{"verdict": "undecided", **changed})) == said


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, ""),
        (1, "1 more patient is not yet due for this visit at the data cut and not counted."),
        (20, "20 more patients are not yet due for this visit at the data cut and not counted."),
    ],
)
def test_who_is_not_due_is_counted_by_name(n, said):
    assert describe_due(judged(n_not_due=n)) == said


def readings(n_agreeing: int, n: int = 100, **verdicts: int) -> Readings:
    counts = {name.replace("_", " "): k for name, k in verdicts.items()}
    return Readings(n=n, n_agreeing=n_agreeing, verdicts=counts, sentence="")


@pytest.mark.parametrize(
    ("agreeing", "n_patients", "firmness"),
    [
        (100, 20, "firm"), (90, 20, "firm"), (89, 20, "mostly"), (50, 20, "mostly"),
        (49, 20, "fragile"), (1, 20, "fragile"), (100, 19, "few patients"),
    ],
)  # fmt: skip
def test_firmness_at_its_borders(agreeing, n_patients, firmness):
    assert firmness_of(readings(agreeing), "meets", n=n_patients) == firmness


def test_no_firmness_without_readings_or_verdict():
    assert firmness_of(None, "meets", n=50) == ""
    assert firmness_of(readings(0, n=0), "meets", n=50) == ""
    assert firmness_of(readings(100), "not testable", n=0) == ""
    for describe in (describe_firmness, firm_text):
        assert describe(judged()) == ""
        assert describe(judged(firmness="firm")) == ""


def test_firmness_in_full_names_the_most_frequent_verdict_first():
    """The 4 of 11 that falls short in few readings may not look like 74 of 137."""
    own = judged(firmness="fragile", robustness=readings(20, falls_short=20, undecided=80, meets=0))
    assert describe_firmness(own) == (
        "Fragile: the same in fewer than half of the defensible readings (undecided in 80; falls "
        "short in 20, of 100)."
    )
    few = replace(own, firmness="few patients")
    assert describe_firmness(few).startswith("Few patients: fewer than 20, so little is firm (")


@pytest.mark.parametrize(
    ("verdict", "firmness", "counts", "said"),
    [
        ("meets", "mostly", {"meets": 60, "undecided": 40}, "mostly"),
        ("undecided", "fragile", {"undecided": 30, "falls_short": 70},
         "70% of readings: falls short"),
        ("undecided", "mostly", {"undecided": 60, "falls_short": 40}, "mostly"),
        ("undecided", "fragile", {"undecided": 40, "not_testable": 60}, "fragile"),
        ("undecided", "few patients", {"undecided": 30, "falls_short": 70}, "few patients"),
    ],
)  # fmt: skip
def test_firmness_in_few_words(verdict, firmness, counts, said):
    own = judged(verdict=verdict, firmness=firmness, robustness=readings(1, **counts))
    assert firm_text(own) == said


def test_each_limit_has_its_answer():
    weeks = Limit(name="weeks", floor=2.0, verdict="meets", share=0.8, share_started=0.4, n=50)
    months = Limit(name="months", floor=8.7, verdict="falls short", share=0.3, n=50)
    assert describe_limits(()) == ""
    assert describe_limits((weeks, months)) == (
        "Relief for weeks: yes; for months: no. 80% of responders and 40% of all who started "
        "kept it for weeks (2 weeks or more); 30% of responders kept it for months (8.7 weeks or "
        "more)."
    )
    unknown = replace(months, verdict="undecided", share=None)
    assert describe_limits((unknown,)) == "Relief for months: undecided."
