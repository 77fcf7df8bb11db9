"""Notes on claims to paste: what stands in them, at most 150 words, and wrong ids."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner
from lint_samples import CRPS, verdict, write_run

from analysis.claims.judgement import Lack, Readings
from analysis.claims.mail import choose_judgements, write_mail
from analysis.cli import main
from analysis.errors import InputError

SHORT = replace(
    verdict(CRPS, "falls short", 0.457, 0.621), value=0.5401, level=0.95, n_missing=14,
    cited_text="70-85%", firmness="firm", may_say="Of 137 patients, 74 (54%).", sayable=True,
    lacks=(Lack(check="time", lacks="when: at which visit", rule_ids=()),),
    robustness=Readings(n=720, n_agreeing=684, verdicts={"falls short": 684}, sentence="x"),
)  # fmt: skip


def test_a_note_in_full():
    assert write_mail(SHORT, synthetic=True) == (
        "Claim C043: “70-85% of CRPS patients experience significant pain reduction”\n\n"
        "Verdict: Falls short (firm). Our number is 54% (95% CI 46% to 62%), n = 137, the claim "
        "70% to 85%.\n\n"
        "What may be said: Of 137 patients, 74 (54%).\n\n"
        "What is missing: The outcome of 14 is not known. The printed words do not say: when.\n\n"
        "Synthetic data: these patients do not exist."
    )


def test_an_open_claim_says_what_would_decide_it():
    text = write_mail(replace(SHORT, verdict="undecided", further_patients=1, n_not_due=3))
    assert "The visit of 3 is not due yet. About 1 more patient would decide it." in text


def test_claims_are_found_by_id_or_those_of_the_first_page():
    other = replace(SHORT, claim_id="C044", headline=False)
    assert choose_judgements([SHORT, other], ["c044"], run="r") == (other,)
    assert choose_judgements([SHORT, other], [], run="r") == (SHORT,)
    with pytest.raises(InputError, match="the run r has no verdict on 'C099'"):
        choose_judgements([SHORT, other], ["C099"], run="r")


def test_the_command(tmp_path):
    run = write_run(tmp_path / "june")
    done = CliRunner().invoke(main, ["mail", str(run), "c043"])
    assert done.exit_code == 0 and done.output.startswith("Claim C043: ")
    assert CliRunner().invoke(main, ["mail", str(tmp_path), "c043"]).exit_code == 2
