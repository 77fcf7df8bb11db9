"""Approvals: what they keep, what ends them, two at once, a cut-off line, and wrong input."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from multiprocessing import get_context

import pytest
from click.testing import CliRunner
from lint_samples import FULL_RUN, write_run

from analysis.claims.approvals import (
    approvals_file,
    approve,
    bases_of,
    list_states,
    read_approvals,
    state_of,
)
from analysis.claims.ledger import load_ledger
from analysis.claims.records import read_claims, write_claims
from analysis.cli import main
from analysis.errors import InputError, SettingsError

CRPS = next(one for one in load_ledger() if one.claim_id == "C043")
TODAY = date(2026, 11, 30)


@pytest.fixture
def run(tmp_path):
    folder = write_run(tmp_path / "runs" / "june")
    (folder / "results.json").write_text("[]")
    return folder


def give(run, **changed):
    asked = {
        "file": approvals_file(run), "run": run, "claims": [CRPS], "target": "C043",
        "name": "A. Weber", "role": "medical director", "until": date(2027, 1, 31), "today": TODAY,
    }  # fmt: skip
    return approve(**{**asked, **changed})


def states(run, *, today=TODAY, claim=CRPS, judgements=None):
    approvals, broken = read_approvals(approvals_file(run))
    bases = bases_of([claim], judgements or read_claims(run))
    found = [(one, state_of(one, bases, run="july", today=today)) for one in approvals]
    return found, list_states(found, broken)


def test_an_approval_keeps_what_it_rests_on(run):
    made = give(run)
    (line,) = filter(None, approvals_file(run).read_text().split("\n"))
    kept = json.loads(line)
    assert (kept["target"], kept["name"], kept["until"]) == ("C043", "A. Weber", "2027-01-31")
    assert kept["claims"]["C043"]["verdict"] == "falls short"
    assert len(kept["run_sha256"]) == len(kept["claims"]["C043"]["wording"]) == 64
    assert read_approvals(approvals_file(run)) == ((made,), ())


@pytest.mark.parametrize(
    ("changed", "state", "why"),
    [
        ({}, "approved", ""),
        ({"today": date(2027, 1, 20)}, "due", "it ends on January 31, 2027"),
        ({"today": date(2027, 2, 1)}, "void", "it ended on January 31, 2027"),
        ({"claim": CRPS.model_copy(update={"wording": "80% of CRPS patients respond"})}, "void",
         "the words of C043 were changed since"),
        ({"claim": CRPS.model_copy(update={"reading": "otherwise"})}, "void",
         "C043 is read otherwise since"),
        ({"judgements": [replace(FULL_RUN.verdicts["C043"], verdict="undecided")]}, "void",
         "it was “falls short”; the run july says “undecided”"),
        ({"judgements": [replace(FULL_RUN.verdicts["C043"], claim_id="C044")]}, "void",
         "the run july has no verdict on C043"),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_what_ends_an_approval(run, changed, state, why):
    give(run)
    ((_, found),), text = states(run, **changed)
    assert found == (state, why)
    assert text.endswith(f"1 approval: 1 {state}.")


def test_changed_evidence_ends_it(run, monkeypatch):
    give(run)
    monkeypatch.setattr("analysis.claims.approvals.load_questions", lambda _: ())
    ((_, found),), _ = states(run)
    assert found == ("void", "published evidence on C043 has changed since")


def test_a_later_approval_takes_the_place_of_an_earlier(run):
    give(run)
    give(run, name="B. Cole", until=date(2027, 6, 30))
    ((one, _),), _ = states(run)
    assert one.name == "B. Cole"


def test_what_a_kill_cut_off_is_named_and_loses_nothing(run):
    give(run)
    path = approvals_file(run)
    path.write_bytes(path.read_bytes() + b'\n{"target": "C04')
    give(run, target="C043", name="B. Cole")
    found, text = states(run)
    assert [one.name for one, _ in found] == ["B. Cole"]
    assert "approvals.jsonl, line 4: no approval; it counts as none." in text


def _many(run, number):
    for i in range(20):
        give(run, name=f"{number}-{i}", role="x" * 150)


@pytest.mark.slow
def test_two_at_once_lose_nothing(run):
    spawn = get_context("spawn")
    both = [spawn.Process(target=_many, args=(run, number)) for number in (1, 2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    lines = [json.loads(x) for x in approvals_file(run).read_text().split("\n") if x]
    assert {each["name"] for each in lines} == {f"{n}-{i}" for n in (1, 2) for i in range(20)}


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"until": date(2026, 11, 29)}, SettingsError, "is in the past (today is 2026-11-30)"),
        ({"target": "C999", "claims": []}, InputError, "has no verdict on 'C999'"),
        ({"name": " "}, SettingsError, "--as must hold 1 to 200 letters"),
    ],
)
def test_what_is_refused_leaves_no_line(run, changed, error, said):
    with pytest.raises(error) as refused:
        give(run, **changed)
    assert said in str(refused.value)
    assert not approvals_file(run).exists()


PAGE = "70-85% of CRPS patients experience significant pain reduction.\n"


def call(*args):
    return CliRunner().invoke(main, [str(each) for each in args])


@pytest.mark.slow
def test_the_commands_from_approval_to_stale_copy(run, tmp_path):
    page = tmp_path / "page.txt"
    page.write_text(PAGE)
    by = ("--as", "A. Weber", "--role", "director", "--until", "2999-01-31", "--run", run)
    said = call("approve", "c043", *by)
    assert said.output.startswith("C043 is approved by A. Weber, director")
    assert "its verdict is “falls short”" in said.output
    assert "1 claim on it" in call("approve", page, *by).output
    listed = call("claims", "status", page, "--run", run)
    assert (listed.exit_code, "2 approvals: 2 approved." in listed.output) == (0, True)
    ledger = load_ledger()
    judged = FULL_RUN.verdicts["C043"]
    same = {"wording": CRPS.wording, "reading": CRPS.reading, "unit": "share"}
    write_claims(run, [replace(judged, **same)])
    assert len(ledger) > 100
    fine = call("lint", page, "--run", run)
    assert "Approved by A. Weber" in fine.output and "stale" not in fine.output
    page.write_text(PAGE.replace("significant", "lasting"))
    assert "stale: approved by A. Weber" in call("lint", page, "--run", run).output
    void = call("claims", "status", page, "--run", run)
    assert void.exit_code == 1 and "its words were changed since" in void.output
    page.write_text(PAGE)
    write_claims(run, [replace(judged, **same, verdict="undecided")])
    stale = call("lint", page, "--run", run)
    assert "stale, undecided" in stale.output and stale.exit_code == 1
    assert "it was “falls short”; the run june says “undecided”" in stale.output


@pytest.mark.parametrize(
    ("target", "until", "said"),
    [
        ("C043", "2020-01-01", "in the past"),
        ("C043", "soon", "a day such as 2027-01-31 is expected"),
        ("C001", "2999-01-01", "has no verdict on 'C001'"),
        ("gone.html", "2999-01-01", "there is no file gone.html"),
    ],
)
def test_wrong_input_is_one_sentence(run, target, until, said):
    done = call("approve", target, "--as", "A", "--role", "r", "--until", until, "--run", run)
    assert done.exit_code == 2
    assert said in done.output and len(done.output.strip().splitlines()) == 1
