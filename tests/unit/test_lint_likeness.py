"""Nothing is cleared by likeness; what the suite itself wrote passes."""

from __future__ import annotations

import csv
from collections import Counter

import pytest
from tests.unit.lint_samples import CRPS, DATA, NERVE, claim, lint, one, run_of, verdict

from analysis.claims.ledger import load_ledger
from analysis.claims.may_say import OFF_LABEL

LEDGER = load_ledger()
ALL_MEET = run_of(
    *(verdict(each, "meets" if each.answer == "computed" else "not testable", each.floor, None)
      for each in LEDGER),
)  # fmt: skip
"""A run in which every claim that can be judged is borne out."""

with (DATA / "likeness.csv").open(encoding="utf-8", newline="") as file:
    TABLE = list(csv.DictReader(file))


def test_the_table_has_enough_of_every_kind():
    kinds = Counter(row["kind"] for row in TABLE)
    assert kinds.pop("same") >= 50 and len(kinds) == 10 and kinds.total() >= 100
    assert min(kinds.values()) >= 10


@pytest.mark.slow
def test_what_says_the_same_is_borne_out_and_what_says_more_is_not():
    wrong = []
    for row in TABLE:
        found = lint(row["sentence"], claims=LEDGER, run=ALL_MEET).findings
        borne_out = {finding.claim_id for finding in found if "borne out" in finding.statuses}
        said = any({"unlisted", "wider than its data"} & set(f.statuses) for f in found)
        named = all(f.match and "No row of the ledger" not in f.message for f in found)
        if row["kind"] == "same":
            right = borne_out == {row["claim_id"]}
        else:  # the nearest row stands beside it
            right = not borne_out and said and named
        wrong += [] if right else [(row["kind"], row["sentence"], [f.message for f in found])]
    assert wrong == []


MET = verdict(CRPS, "meets", 0.71, 0.85)


@pytest.mark.parametrize(
    "end",
    ["for good", "and more", "in our dreams", "says the brochure", "blorp", "(in mice)",
     "; results were doubled", "- permanently", ", unless they relapse", "or better"],
)  # fmt: skip
def test_whatever_is_left_over_clears_nothing(end):
    found = lint(f"{CRPS.wording} {end}.", run=run_of(MET)).findings
    assert not any("borne out" in finding.statuses for finding in found)
    assert any(finding.match and finding.match.listed is CRPS for finding in found)


def test_a_time_in_the_heading_moves_the_claim():
    found = lint(f"After one year:\n\n  \u2022 {CRPS.wording}\n", run=run_of(MET)).findings
    assert [finding.statuses for finding in found] == [("unlisted",)]


def test_clauses_are_matched_one_by_one():
    text = (
        "70-85% of CRPS patients experience significant pain reduction, and fibromyalgia patients "
        "report 40-60% pain decrease on average."
    )
    found = lint(text, claims=LEDGER, run=ALL_MEET).findings
    assert [(f.claim_id, f.statuses) for f in found] == [
        ("C043", ("borne out",)), ("C044", ("borne out",)),
    ]  # fmt: skip
    meant = "In CRPS 70-85% of patients respond; on average fibromyalgia pain falls by 40-60%."
    assert [f.claim_id for f in lint(meant, claims=LEDGER, run=ALL_MEET).findings] == [
        "C043", "C044",
    ]  # fmt: skip


OWN = claim("C043", CRPS.wording, condition="crps", measure="responder_share", unit="share",
    population="all_starters", reading="r", cited_low=0.7, cited_high=0.85, threshold_pct=30.0,
)  # fmt: skip
SAYS = (
    "Of 137 patients with complex regional pain syndrome who started, 74 (54%) had at least 30% "
    "less pain at end of series; 95% CI 46% to 62%; 35 (26%) had at least 50% less pain; no "
    "control group."
)
NOTE = f"Source: records of \u201ctyped\u201d, no dates on record. {OFF_LABEL}"


def own_run():
    from dataclasses import replace

    judged = verdict(OWN, "falls short", 0.457, 0.621)
    return run_of(replace(judged, value=0.5401, sayable=True, may_say=SAYS, say_note=NOTE))


def test_what_may_be_said_passes_in_its_order_and_with_its_numbers_only():
    result = lint(SAYS, claims=(OWN,), run=own_run())
    assert result.exit_code == 0 and {f.status for f in result.findings} == {"borne out"}
    changed = lint(SAYS.replace("74 (54%)", "94 (69%)"), claims=(OWN,), run=own_run())
    assert changed.exit_code == 1
    moved = "At least 50% less pain: 35 of 137 (26%)."
    assert lint(moved, claims=(OWN,), run=own_run()).exit_code == 1, "of whom is not said"


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("54% of CRPS patients experience significant pain reduction", True),
        ("54.0% of 137 CRPS patients who started had at least 30% less pain at the end of the "
         "series (95% CI 46-62%); there was no control group.", True),
        ("55% of CRPS patients experience significant pain reduction", False),
        ("54% of CRPS patients experience lasting pain reduction", False),
        ("54% of fibromyalgia patients experience significant pain reduction", False),
        ("54% of 999 CRPS patients who started had at least 30% less pain at the end of the "
         "series.", False),
        ("54% of CRPS patients experience significant pain reduction (95% CI 50-62%)", False),
        ("54% of CRPS patients who completed treatment respond.", False),
    ],
)  # fmt: skip
def test_the_numbers_of_the_run_pass_where_they_are_of_what_the_run_counted(text, passes):
    found = lint(text, claims=(OWN,), run=own_run()).findings
    assert all(("borne out" in finding.statuses) == passes for finding in found) and found


def test_a_complete_sentence_on_the_own_number_needs_no_change():
    text = (
        "Of 137 CRPS patients who started, 54% had at least 30% less pain at the end of the "
        "series; there was no control group."
    )
    finding = one(text, claims=(OWN,), run=own_run())
    assert (finding.statuses, finding.level, finding.lacks) == (("borne out",), "none", ())


@pytest.mark.slow
def test_a_claim_said_again_in_one_statement_is_one_finding():
    text = "Neuropathic pain responds in 60-75% of cases, and " * 200
    (found,) = lint(text, claims=(NERVE,)).findings
    assert found.claim_id == NERVE.claim_id
    named = f"{text}80% of patients go home"
    assert any("80%" in each.message for each in lint(named, claims=(NERVE,)).findings)
