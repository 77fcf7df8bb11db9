"""Judgements as JSON, table and ClaimReview: read back, valid by the schema, safe to open."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import jsonschema
import pytest
from click.testing import CliRunner
from judged import bare_ledger
from studies import SETTINGS, claim, clinic, share_row, study

from analysis.claims.claimreview import make_review, review_judgements
from analysis.claims.complete import SMALL_CONDITION_N, complete_judgements, shrink_small
from analysis.claims.describe_judgement import explain_judgement
from analysis.claims.judgement import Judgement, Readings, Shrunk, Tipping, headlines_of
from analysis.claims.ledger import load_ledger
from analysis.claims.records import judgement_of, record_of, schema_text
from analysis.cli import main
from analysis.errors import InputError
from analysis.lint.catalogue import listed_claims
from analysis.lint.verdicts import load_run
from analysis.report.claim_files import render_judgements
from analysis.report.spreadsheets import write_csv
from analysis.report.store import frame_of_judgements, load_judgements, write_judgements

WHOLE = Judgement(
    claim_id="C043", wording="70-85%", source="a page", condition="crps", reading="of all",
    cited_low=0.7, cited_high=0.85, cited_text="70-85 %", verdict="falls short", position="below",
    value=0.54, low=0.46, high=0.62, level=0.95, n=137, n_missing=14, sentence="It is less.",
    result_id="crps.x", verdict_adjusted="falls short", p_holm=0.0005,
    robustness=Readings(n=3, n_agreeing=2, sentence="Two of three.", verdicts={
        "meets": 0, "falls short": 2, "undecided": 1, "not testable": 0}),
    tipping=Tipping(n_missing=14, n_could=14, n_to_meet=None, sentence="Impossible."),
    shrunk=Shrunk(value=0.55, low=None, high=None, n=60, label="Shrunk."),
    may_say="Of 137 ...", sayable=True,
)  # fmt: skip

VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema_text()))


def written(tmp_path, judgements):
    path = write_judgements(tmp_path, judgements)
    return json.loads(path.read_text(encoding="utf-8"))


def test_what_a_run_writes_fits_the_schema_beside_it(tmp_path):
    judgements = bare_ledger().judgements
    records = written(tmp_path, judgements)
    assert len(records) == 161
    beside = json.loads((tmp_path / "claims.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(beside)
    jsonschema.Draft202012Validator(beside).validate(records)
    assert load_judgements(tmp_path) == judgements
    assert [one.claim_id for one in headlines_of(judgements)] == ["C043", "C044", "C045", "C046"]


def test_a_whole_record_fits_and_comes_back_the_same():
    record = json.loads(json.dumps(record_of(WHOLE)))
    VALIDATOR.validate([record])
    assert judgement_of(record) == WHOLE


@pytest.mark.parametrize(
    "damage",
    [
        {"verdict": "passes"}, {"value": 54.0}, {"n": -1}, {"n": 1.5}, {"low": "0.46"},
        {"claim_id": ""}, {"may_say": ""}, {"p_holm": 1.2}, {"extra": 1}, {"headline": "yes"},
        {"answer": "no_records"}, {"answer": "unfalsifiable"}, {"result_id": ""},
        {"verdict": "not testable"}, {"robustness": {"n": 3}}, {"lacks": ["time"]},
        {"lacks": [{"check": "time", "lacks": "when", "rule_ids": []}]},
        {"shrunk": {"value": 1.2, "low": None, "high": None, "n": 1, "label": "x"}},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_record_does_not_fit(damage):
    record = record_of(WHOLE) | damage
    assert not VALIDATOR.is_valid([record])


@pytest.mark.parametrize("name", list(record_of(WHOLE)))
def test_a_record_without_one_of_its_fields_does_not_fit(name):
    record = record_of(WHOLE)
    del record[name]
    assert not VALIDATOR.is_valid([record])


def test_a_file_of_an_earlier_version_is_read(tmp_path):
    """Files written before this held the claims of the first page only."""
    names = ("claim_id", "wording", "source", "condition", "reading", "cited_low", "cited_high",
             "cited_text", "verdict", "sentence")  # fmt: skip
    record = {name: record_of(WHOLE)[name] for name in names}
    (tmp_path / "claims.json").write_text(json.dumps([record]), encoding="utf-8")
    (one,) = load_judgements(tmp_path)
    assert one.headline and one.robustness is None and one.lacks == ()
    assert "Falls short" in explain_judgement(one)


@pytest.mark.parametrize("text", ["{", "[1]", '[{"claim_id": "C043"}]', '{"a": 1}', "null"])
def test_a_file_that_holds_no_judgements_is_refused_in_a_sentence(tmp_path, text):
    (tmp_path / "claims.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="holds no judgements of the suite"):
        load_judgements(tmp_path)


def test_no_cell_of_the_table_can_run_as_a_formula(tmp_path):
    nasty = replace(WHOLE, wording="=cmd|' /C calc'!A0", source="+1", may_say="@sum", reason="-2")
    write_csv(frame_of_judgements([nasty]), tmp_path / "claims.csv")
    with (tmp_path / "claims.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    for name in ("wording", "source", "may_say", "reason"):
        assert row[name].startswith("'")
    assert (row["readings"], row["readings_agreeing"], row["shrunk_share"]) == ("3", "2", "0.55")


# ClaimReview


def test_only_judged_claims_are_reviewed_and_made_up_patients_named():
    told = json.loads(review_judgements(
        [WHOLE, replace(WHOLE, claim_id="C001", verdict="not testable", reason="none")],
        synthetic=True, published="2026-02-03T04:05:06",
    ))  # fmt: skip
    (review,) = told["@graph"]
    assert told["@context"] == "https://schema.org" and review["@type"] == "ClaimReview"
    assert review["claimReviewed"] == "70-85%" and review["datePublished"] == "2026-02-03"
    assert review["reviewRating"]["alternateName"] == "Falls short (synthetic data)"
    assert review["reviewBody"].startswith("Synthetic data: these patients do not exist. It is")
    assert "ratingValue" not in review["reviewRating"]


def test_a_review_of_real_patients_says_nothing_of_synthetic_data():
    made = make_review(claim_id="X", words="w", verdict="meets", body="b.", appears_in="p",
                       synthetic=False)  # fmt: skip
    assert "ynthetic" not in json.dumps(made) and "datePublished" not in made


# filling in


def test_claims_and_judgements_of_two_ledgers_are_refused():
    with pytest.raises(ValueError, match="claim T1 beside a judgement of C043"):
        complete_judgements([claim()], [WHOLE], [], study(clinic()[:1]), SETTINGS)


def test_only_a_small_whole_condition_is_shrunk():
    small = share_row(6, SMALL_CONDITION_N - 1, condition="fbss")
    others = [share_row(60, 120, condition=code) for code in ("crps", "central")]
    rows = [small, *others]
    made = shrink_small(small, rows)
    assert made is not None and 6 / 99 < made.value < 0.5 and made.low is None
    assert "Shrunk toward all" in made.label
    assert shrink_small(others[0], rows) is None
    assert shrink_small(share_row(6, 20, condition="all"), rows) is None
    assert shrink_small(share_row(6, 20, group_by="subtype", group="type_1"), rows) is None
    assert shrink_small(small, [small]) is None
    assert shrink_small(None, rows) is None


# commands


@pytest.fixture
def run_folder(tmp_path):
    write_judgements(tmp_path, bare_ledger().judgements)
    about = {"synthetic": True, "started": "2026-02-03T04:05:06"}
    (tmp_path / "run.json").write_text(json.dumps(about), encoding="utf-8")
    return tmp_path


def ask(*words):
    return CliRunner().invoke(main, ["claims", *map(str, words)])


def test_show_tells_the_verdict_of_a_run(run_folder):
    for words in (("show", "c161", "--run", run_folder), ("--run", run_folder, "show", "C161")):
        told = ask(*words)
        assert told.exit_code == 0, told.output
        for heading in ("Verdict:", "Finding:", "Under other readings:", "Tipping point:",
                        "What may be said:", "What the words as printed do not say:"):  # fmt: skip
            assert heading in told.output
        assert "11 (92 %)" in told.output and "FTC-HP-06" in told.output
    assert "Verdict:" not in ask("show", "C161").output


def test_formats_for_programs(run_folder):
    records = json.loads(ask("--run", run_folder, "--format", "json").output)
    VALIDATOR.validate(records)
    assert len(records) == 161
    some = json.loads(ask("--run", run_folder, "--format", "json", "--condition", "fbss").output)
    assert [one["claim_id"] for one in some] == ["C020", "C022"]
    table = list(csv.DictReader(ask("--run", run_folder, "--format", "csv").output.splitlines()))
    assert len(table) == 161 and table[160]["claim_id"] == "C161"
    reviews = json.loads(ask("--run", run_folder, "--format", "claimreview").output)["@graph"]
    judged = ("meets", "falls short", "undecided")
    assert [one["itemReviewed"]["identifier"] for one in reviews] == [
        one["claim_id"] for one in records if one["verdict"] in judged
    ]


def test_what_is_asked_of_no_run_is_a_sentence_and_two(tmp_path, run_folder):
    (run_folder / "run.json").unlink()
    for words, part in (
        (("--format", "json"), "name its folder with --run"),
        (("--run", tmp_path / "none", "--format", "json"), "holds no verdicts"),
        (("show", "C043", "--run", tmp_path / "none"), "holds no verdicts"),
        (("--run", run_folder, "--format", "claimreview"), "not known whether its patients"),
        (("--format", "xml"), "is not one of"),
    ):
        told = ask(*words)
        assert told.exit_code == 2, words
        assert part in told.output and "Traceback" not in told.output


def test_a_claim_newer_than_the_run(run_folder):
    write_judgements(run_folder, [WHOLE])
    told = ask("show", "C044", "--run", run_folder)
    assert told.exit_code == 2 and "no verdict on 'C044'" in told.output


def test_a_ledger_alone_has_no_verdicts():
    with pytest.raises(InputError, match="--format csv gives the verdicts of a run"):
        render_judgements([WHOLE], run_folder=None, form="csv")


def test_no_verdict_of_a_whole_run_is_stale_for_the_ledger_it_was_made_from(run_folder):
    """Words such as "often" have no figure in the ledger and one in the judgement."""
    run = load_run(run_folder)
    assert [run.stale(one) for one in listed_claims(load_ledger())] == [""] * 161
