"""The fixed texts of the report: all in one file, all used, and another file replaces them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_report_inputs import LABELS, make_inputs

from analysis import report
from analysis.claims.checks import CHECKS
from analysis.claims.duration import STRATEGIES
from analysis.claims.readings import ALL_MEASURES, KINDS, NEEDS
from analysis.cli import main
from analysis.errors import SettingsError
from analysis.report.html import FORMS, write_report
from analysis.wording import words
from analysis.wording.texts import CHOICE, load_texts, say, say_all, say_pairs

REPORT = Path(report.__file__).parent
SOURCES = REPORT.parent
TEMPLATES = sorted((REPORT / "templates").glob("*.html.j2"))

BARE = {
    "SHA-256": "the name of a standard",
    "index.json": "the name of a file",
    "report.pdf": "the name of a file",
    "index.html": "the name of a file",
}
"""What a template may print without a text of the file, and why."""

WITHOUT_PROSE = (
    "condition_tables", "overview_tables", "quality", "methods", "sections", "tables", "verdicts",
    "flow", "who", "every_number", "ledger_page", "signature", "release_note", "inputs",
)  # fmt: skip
"""Modules of the report that hold no words for readers."""

ALLOWED = {
    "pass with findings": "the code of a state; words.CHECK_STATES holds its word",
}
"""Literals of three words and more in those modules, and why they stay."""

VERDICTS = ("meets", "falls short", "undecided", "not testable", "unfalsifiable")
DIMENSIONS = ("counts", "visit", "missing", "population", "baseline", "booster", "interval")

SIDES = ("at_or_above", "at_or_below", "above", "below", "both_sides", "enough", "too_few",
         "no_interval")  # fmt: skip
SHARES = [
    (measure.row or name, definition)
    for name, measure in ALL_MEASURES.items()
    if measure.unit == "share" and name not in ("kept_relief", "testimonial")
    for definition in measure.definitions or ("",)
]
"""Measure and definition of every row that the sentence of a share may tell."""

FAMILIES = {
    "section.": ("flow", "who", "complete", "responders", "reduction", "worse", "subgroups",
                 "relief", "missing", "further"),
    "forms.": tuple(name.replace(".", "_") for name in FORMS),
    "claims.groups.": ("computed", "no_records", "evidence_only", "unfalsifiable", "opinion",
                       "definition"),
    "quality.columns.": ("lines", "not_records", "records", "read", "used", "excluded"),
    "method.booster_": ("loss", "censoring", "ignored", "other"),
    "numbers.": ("week", "weeks", "day", "days", "year", "years", "percent", "no_patients",
                 "not_reached",
                 "withheld"),
    "signoff.": ("signed", "source", "void_text"),
    "judge.meanings.": VERDICTS,
    "judge.verdicts.": VERDICTS,
    "judge.no_row.": ("visit", "reduction", "reduction_set", "reduction_visit",
                      "reduction_visit_set"),
    "claim_checks.": tuple(CHECKS),
    "claim_durations.kept.": VERDICTS[:3],
    "claim_durations.if.": STRATEGIES,
    "readings.answers.": ("computed", "no_records", "evidence_only", "unfalsifiable", "opinion",
                          "definition"),
    "readings.dimensions.": DIMENSIONS,
    "readings.choices.": ("mean_of_patients", "median_of_patients", "ratio_of_means", "two_points",
                          "not_responding", "baseline_value", "observed", "best", "last_value",
                          "all_starters", "completed_series", "rated_once", "ends_response",
                          "ignored", "wilson", "exact", "t", "normal", "order_statistics",
                          "fieller", "delta"),
    "robustness.dimensions.": DIMENSIONS,
    "robustness.choices.": ("once", "confirmed", "near_baseline", "end_of_series",
                            "first_response", "start", "loss", "censoring", "ignored", "competing",
                            "responders", "all_starters", "between_visits", "at_visit"),
    "flow.steps.": ("in_file", "never_treated", "baseline_zero", "baseline_below_minimum",
                    "eligible", "no_baseline_rating", "not_rated", "observed"),
    "quality_checks.names.": ("records_reconcile", "records_excluded", "patients_treated",
                              "baseline", "analysis_visit", "same_day", "recall", "scale",
                              "follow_up", "series", "icd10", "ages"),
    "quality_checks.told.": ("rated_before_most", "rated_before_only"),
    "outcomes.method.": ("log_rank", "log_rank_stratified"),
    "release_words.": ("small", "further", "step"),
    "diff.counts.": ("patients_one", "patients_many", "ratings_one", "ratings_many",
                     "infusions_one", "infusions_many"),
    "diff.factors.": ("new_patients", "patients_gone", "corrected_values", "late_follow_ups",
                      "data", "settings", "data_and_settings", "code"),
    "diff.meanings.": ("new_patients", "patients_gone", "corrected_values", "late_follow_ups",
                       "data", "settings", "data_and_settings", "code"),
    "diff.reasons.": ("no_number_before", "no_number_now", "low_above", "low_below", "high_above",
                      "high_below"),
    "telling.word.": (*SIDES, "absolute"),
    "telling.cited.": SIDES,
    "telling.share.": tuple(
        f"{measure}.{definition or 'whole'}{rated}"
        for measure, definition in SHARES
        for rated in (("", "_rated") if measure == "responder_share" else ("",))
    ),
    "claim_words.lower.": ALL_MEASURES["percent_reduction"].definitions,
    "claim_words.higher.": ALL_MEASURES["percent_reduction"].definitions,
    "claim_words.half_lost.": (*ALL_MEASURES["relief_duration"].definitions, "booster_competing"),
    "claim_words.half_not_lost.": (
        *ALL_MEASURES["relief_duration"].definitions, "booster_competing"),
    "may_say.needed.": NEEDS,
    "describe.kinds.": KINDS,
}  # fmt: skip
"""Names put together from a beginning and a code: every name that can arise so."""

ASKERS = ("say", "say_all")
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "caption", "summary", "dt", "th", "label", "title"])
SPOKEN = ("aria-label", "placeholder", "data-sort", "data-text")


def literals(path: Path) -> Iterator[str]:
    """Give the strings of a module but for docstrings and the words of errors."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for part in ast.walk(node)
    }
    joined = [n for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) and id(n) not in skipped]
    parts = {id(part) for node in joined for part in node.values}
    for node in joined:
        yield "".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)
    for node in ast.walk(tree):
        known = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if known and id(node) not in skipped | parts:
            yield node.value


def names_in_use() -> tuple[set[str], set[str]]:
    """Return the names of texts that code and templates spell out, and beginnings of others."""
    spelled: set[str] = set()
    begun: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        for text in literals(path):
            spelled.add(text)
            begun |= {text.partition("{}")[0]} if text.endswith("{}") else set()
    for path in (REPORT / "templates").glob("*.j2"):
        source = path.read_text(encoding="utf-8")
        spelled |= {one or two for one, two in re.findall(r"'([\w.]+)'|\"([\w.]+)\"", source)}
        begun |= set(re.findall(r"say(?:_all)?\('([\w.]+)' ~", source))
    texts = load_texts()
    return spelled, {start for start in begun if "." in start.rstrip("_") and
                     any(name.startswith(start) for name in texts)}  # fmt: skip


def names_asked_for() -> set[str]:
    """Return the names that stand in a call of ``say`` or ``say_all``."""
    asked: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "analysis.wording.texts import" in source:
            calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
            first = [call.args[0] for call in calls if getattr(call.func, "id", "") in ASKERS]
            asked |= {name.value for name in first if isinstance(name, ast.Constant)}
    for path in TEMPLATES:
        source = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"""\bsay(?:_all)?\(\s*['"]([\w.]+)['"]\s*[,)]""", source))
    return asked


def test_every_text_asked_for_exists_and_every_text_is_asked_for():
    spelled, begun = names_in_use()
    assert begun - set(FAMILIES) == set(), "a family of names: list what can arise from it"
    family = {start + code for start, codes in FAMILIES.items() for code in codes}
    texts = set(load_texts())
    assert sorted(family - texts) == []
    asked = names_asked_for()
    assert len(asked) > 150
    assert sorted(asked - texts) == []
    glossary = {f"glossary.{key}.{part}" for key, _, _ in say_pairs("glossary")
                for part in ("word", "text")}  # fmt: skip
    codes = {name for name in texts if name.startswith("words.") and name.count(".") > 1}
    assert sorted(texts - spelled - family - glossary - codes) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_texts_of_their_own(path):
    source = path.read_text(encoding="utf-8")
    bare = re.sub(r"<style>.*?</style>|<script>.*?</script>", " ", source, flags=re.DOTALL)
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "\0", bare, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', bare)
    parts = [*spoken, *re.sub(r"<[^>]*>", "\0", bare).split("\0")]
    for allowed in BARE:
        parts = [part.replace(allowed, "") for part in parts]
    assert [part for part in parts if re.search(r"[A-Za-z]{2,}", part)] == []


@pytest.mark.parametrize("name", WITHOUT_PROSE)
def test_modules_of_the_report_hold_no_words_for_readers(name):
    found = [re.sub("<[^>]*>", " ", text) for text in literals(REPORT / f"{name}.py")]
    assert found
    long = [text for text in found if len(re.findall(r"(?<![\w.<=#-])[A-Za-z']+(?![\w.=<])", text))
            > 2 and " " in text and text not in ALLOWED]  # fmt: skip
    assert long == []
    assert [text for text in found if re.match(r"[A-Z][a-z]+", text)] == []


def test_the_search_for_words_would_find_some(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('"""Words of a docstring."""\nHEAD = f"Seen at {1} visits"\n'
                      'raise ValueError("words of an error")\n')  # fmt: skip
    assert list(literals(module)) == ["Seen at {} visits"]


def test_places_are_filled_and_braces_in_a_name_do_no_harm():
    assert say("claims.group", title="{0.__class__}", n="3") == "{0.__class__} (3)"
    with pytest.raises(KeyError):
        say("claims.group", title="x")
    with pytest.raises(KeyError, match="list"):
        say("how.lines")
    with pytest.raises(KeyError):
        say("no.such.text")


def test_codes_are_told_in_the_language_in_force(tmp_path, monkeypatch):
    assert dict(words.VERDICTS)["falls short"] == "Falls short"
    assert words.DEFINITIONS["age_years_quartile_1"] == "age at the start, lower quartile"
    own = """[words]
    statistic_of = "{statistic}: {characteristic}"
    [words.verdicts]
    "falls short" = "Bleibt darunter"
    [words.statistics]
    median = "Median"
    """
    monkeypatch.setenv(CHOICE, language_file(tmp_path, own))
    assert words.word(words.VERDICTS, "falls short") == "Bleibt darunter"
    assert words.word(words.VERDICTS, "meets") == "Meets"
    assert words.DEFINITIONS["age_years_median"] == "Median: age at the start"
    assert words.word(words.VERDICTS, "no_such_code") == "no such code"
    assert list(words.VERDICTS) == [
        "meets", "falls short", "undecided", "not testable", "unfalsifiable",
    ]  # fmt: skip


def test_every_kind_of_code_has_words_and_every_word_a_kind():
    kinds = {name.split(".")[1] for name in load_texts() if name.startswith("words.")
             and name.count(".") > 1}  # fmt: skip
    named = {name.lower() for name, each in vars(words).items() if isinstance(each, words.Words)}
    assert kinds - {"statistics"} == named
    assert all(len(each) > 2 for each in vars(words).values() if isinstance(each, words.Words))


def test_lists_and_tables_of_texts():
    assert len(say_all("how.lines")) == 3
    keys = [key for key, _, _ in say_pairs("glossary")]
    assert len(keys) == len(set(keys)) > 10
    assert all(word and text.endswith(".") for _, word, text in say_pairs("glossary"))


def language_file(folder: Path, content: str) -> str:
    path = folder / "own.toml"
    path.write_text(content, encoding="utf-8")
    return str(path)


def test_another_file_replaces_texts_and_lacks_none(tmp_path, monkeypatch):
    monkeypatch.setenv(CHOICE, language_file(tmp_path, '[nav]\nfirst = "Urteile"\n'))
    assert say("nav.first") == "Urteile"
    assert say("nav.claims") == "All claims"
    monkeypatch.delenv(CHOICE)
    assert say("nav.first") == "Verdicts"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[nav]\nfrist = "x"', r"no text 'nav\.frist'.*nav\.first"),
        ('[first]\nn = "n"', r"'first\.n' needs one text with the places \{n\}"),
        ('[first]\nlead_one = "{n} claims"', "without places"),
        ('[first]\nnone = "{"', "needs one text"),
        ('[nav]\nfirst = ["x"]', "needs one text"),
        ('[how]\nlines = ["x"]', "list of 3"),
        ("[nav", "is no file of texts"),
    ],
)
def test_a_file_that_would_lose_a_number_is_refused(content, told, tmp_path):
    with pytest.raises(SettingsError, match=told):
        load_texts(language_file(tmp_path, content))


@pytest.mark.parametrize("language", ["xx_xx", "../en_us", "nowhere.toml", "\0"])
def test_an_unknown_language_is_refused(language):
    with pytest.raises(SettingsError, match="no texts in the language"):
        load_texts(language)


def test_a_command_refuses_an_unknown_language_before_it_works(monkeypatch):
    monkeypatch.setenv(CHOICE, "xx_xx")
    told = CliRunner().invoke(main, ["notebooks"])
    assert told.exit_code == 2
    assert "no texts in the language 'xx_xx'" in told.output


class Headings(HTMLParser):
    """What heads, names or captions something on a page: text and spoken attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, list[str]]] = []
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in SPOKEN and value]
        own = dict(attrs)
        if tag in HEADINGS and own.get("scope", "col") == "col":
            self.open.append((tag, []))

    def handle_endtag(self, tag):
        if self.open and self.open[-1][0] == tag:
            self.found.append("".join(self.open.pop()[1]))

    def handle_data(self, data):
        for _, parts in self.open:
            parts.append(data)


def unbracketed(text: str) -> set[str]:
    """Return the words of a text that no pair of brackets holds."""
    for _ in range(6):
        text = re.sub(r"\[[^\[\]]*\]", " ", text)
    return set(re.findall(r"[A-Za-z][\w'-]*", text))


def quoted(name: str) -> str:
    """Return a dotted name as a key of TOML: codes have spaces."""
    return ".".join(f'"{part}"' for part in name.split("."))


def bracketed(value: str | list[str]) -> str:
    whole = [f"[{part}]" for part in value] if isinstance(value, list) else f"[{value}]"
    return json.dumps(whole, ensure_ascii=False)


def test_no_heading_stays_english_in_another_language(tmp_path, monkeypatch):
    inputs = make_inputs()
    plain = Headings(write_report(tmp_path, loaded=inputs).read_text(encoding="utf-8")).found
    content = "\n".join(
        f"{quoted(name)} = {bracketed(text)}" for name, text in load_texts().items()
    )
    monkeypatch.setenv(CHOICE, language_file(tmp_path, content))
    inputs = replace(inputs, title=say("page.title"))
    found = Headings(write_report(tmp_path, loaded=inputs).read_text(encoding="utf-8")).found
    assert len(found) == len(plain) > 60
    given = {*LABELS.values(), "SHA-256"}
    left = [text for text in found if not text.startswith("[") and not
            all(part in given for part in text.split(", "))]  # fmt: skip
    assert left == []
    after = {text: unbracketed(text) - {claim.claim_id for claim in inputs.judgements}
             for text in found if text.startswith("[")}  # fmt: skip
    assert {text: some for text, some in after.items() if some} == {}
    assert len(after) > 60
