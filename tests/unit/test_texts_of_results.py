"""What results, checks, releases and comparisons say comes from the file of texts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from relief_studies import responder
from studies import SETTINGS, patient, study
from test_texts import SOURCES, literals

from analysis.changes.pieces import by_chance
from analysis.changes.telling import FACTORS, signed_text, tell_count
from analysis.derive.datasets import derive_datasets
from analysis.derive.pain import OTHER_RECALL
from analysis.outcomes.flow import describe_flow, tabulate_roles
from analysis.outcomes.losses import conventions_of
from analysis.outcomes.pain import tabulate_reductions
from analysis.outcomes.quality import check_quality
from analysis.outcomes.relief_rows import tabulate_relief
from analysis.outcomes.responders import tabulate_responders
from analysis.outcomes.rows import find_row
from analysis.release.verdicts import tells_small_count
from analysis.sources.demo import write_demo
from analysis.sources.export import load_export
from analysis.sources.intake import Intake
from analysis.wording.texts import CHOICE

GERMAN = """
[outcomes.why]
no_relief = "Bei niemandem war eine Linderung zu sehen, deren Ende sich messen ließe."
[words.conventions]
start = "Gerechnet ab der ersten Infusion."
[words.roles]
"other recall" = "andere Frage"
[words.exclusions]
"unknown patient" = "unbekannte Person"
[flow]
step = "Schritt"
[flow.steps]
in_file = "in der Datei"
[quality_checks.names]
records_excluded = "Ausgeschlossenes"
[quality_checks.told]
excluded_reason = "{n}-mal {why} in {table}"
excluded = "Nicht gezählt: {reasons}."
[diff]
points = "{number} Prozentpunkte"
[diff.counts]
ratings_one = "{n} Messung"
[diff.factors]
code = "Programm"
"""


MODULES = [
    *sorted((SOURCES / "outcomes").glob("*.py")),
    *sorted((SOURCES / "changes").glob("*.py")),
    *(SOURCES / "release" / f"{name}.py" for name in ("coarse", "make", "rows", "verdicts")),
    SOURCES / "report" / "summary.py",
    *sorted((SOURCES / "estimate").glob("*.py")),
    *(
        SOURCES / "estimate" / "durations" / f"{name}.py"
        for name in ("aft_result", "bootstrap", "curve", "interval_curve", "log_rank", "npmle")
    ),
]
"""Modules whose sentences all stand in the file of texts."""

CODES = {"pass with findings", "no baseline rating"}
"""Codes of three words; their words stand in the file."""


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "de.toml"
    path.write_text(GERMAN, encoding="utf-8")
    monkeypatch.setenv(CHOICE, str(path))


@pytest.mark.usefixtures("german")
def test_rows_say_in_another_language_why_there_is_no_number():
    rows = tabulate_relief(study([patient("a", 8, 8)]), SETTINGS, "crps")
    found = find_row(rows, measure="km_relief_duration", definition="booster_as_loss",
                     group_by="all")  # fmt: skip
    assert found.warnings == (
        "Bei niemandem war eine Linderung zu sehen, deren Ende sich messen ließe.",
    )
    told = conventions_of(SETTINGS.model_copy(update={"relief_clock": "start"}))
    assert told == ("Gerechnet ab der ersten Infusion.",)


@pytest.mark.usefixtures("german")
def test_flow_roles_and_checks_speak_another_language_and_keep_their_counts():
    datasets = study([responder("a"), responder("b", w4=8)])
    assert describe_flow(datasets, SETTINGS).iloc[0].to_dict() == {
        "Schritt": "in der Datei", "Patients": "2",
    }  # fmt: skip
    ratings = datasets.ratings.assign(role=OTHER_RECALL)
    (role,) = tabulate_roles(replace(datasets, ratings=ratings))["role"]
    assert role == "andere Frage"
    account = Intake(
        table="infusions", file="infusions.csv", n_lines=1503, n_header=1, n_blank=0,
        n_continued=0, n_records=1502, per_record=1, n_used=0,
        excluded={"unknown patient": 1500, "site is \"north\"": 2},
    )  # fmt: skip
    checks = check_quality(replace(datasets, intake=(account,)), SETTINGS)
    assert [check.sentence for check in checks if check.name == "Ausgeschlossenes"] == [
        'Nicht gezählt: 1,500-mal unbekannte Person in infusions; 2-mal site is "north" in '
        "infusions."
    ]


@pytest.mark.usefixtures("german")
def test_a_comparison_speaks_another_language():
    assert signed_text(-0.031, unit="share") == "\N{MINUS SIGN}3.1 Prozentpunkte"
    assert tell_count({"patients": 1200, "ratings": 1}) == "1,200 patients, 1 Messung"
    assert FACTORS["code"] == "Programm"


def test_a_small_count_in_words_is_seen_in_any_language(german: None):
    for told in ("Bei 3 von 60 war es so.", "Das sind 10.", "(n = 7)"):
        assert tells_small_count(told)
    for told in ("Bei 31 von 160 (19 %).", "Nach 8.7 Wochen.", "Von 1,200.", "Niemand.", "Ab 100."):
        assert not tells_small_count(told)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_modules_hold_no_sentences_of_their_own(path):
    told = set(literals(path)) - CODES
    told -= {text for text in told if "no file of that name" in text}  # of an error
    assert [text for text in told if len(re.findall(r"(?<![\w.{])[A-Za-z']+(?![\w.}=])", text)) > 2
            and " " in text] == []  # fmt: skip


def test_english_sentences_may_name_numbers_that_are_no_counts_of_patients():
    assert not tells_small_count("It lasted 8 weeks.")
    assert tells_small_count("It was so in 3 of 60 patients.")


def test_limits_that_rest_on_a_bootstrap_are_known_by_what_is_measured(tmp_path):
    export = write_demo(tmp_path / "demo", n_patients=250, seed=20_261_122)
    datasets = derive_datasets(load_export(export), SETTINGS)
    rows = [
        *tabulate_relief(datasets, SETTINGS, "fibromyalgia"),
        *tabulate_responders(datasets, SETTINGS, "fibromyalgia"),
        *tabulate_reductions(datasets, SETTINGS, "fibromyalgia"),
    ]
    limited = [row for row in rows if row.low is not None]
    assert {by_chance(row) for row in limited} == {True, False}
    assert [row.result_id for row in limited if by_chance(row) != ("ootstrap" in row.method)] == []
