"""The fixed texts of the report: every one used exists, and templates hold none of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis import report
from analysis.wording.texts import load_texts, say, say_all, say_pairs

TEMPLATES = Path(report.__file__).parent / "templates"
OURS = ("page.html.j2", "first.html.j2", "claims.html.j2", "macros.html.j2", "notebook.html.j2")
LONGEST_BARE = 2  # words: "SHA-256", "n ="


@pytest.mark.parametrize("name", OURS)
def test_templates_hold_no_texts_of_their_own(name):
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    bare = re.sub(r"<style>.*?</style>|<script>.*?</script>", " ", source, flags=re.DOTALL)
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "\0", bare, flags=re.DOTALL)
    bare = re.sub(r"<[^>]*>", "\0", bare)
    parts = [part.split() for part in bare.split("\0")]
    assert [part for part in parts if len([w for w in part if w.isalpha()]) > LONGEST_BARE] == []


def test_every_text_that_a_template_or_module_asks_for_exists():
    folder = Path(report.__file__).parent
    asked = set()
    for path in [*folder.rglob("*.py"), *TEMPLATES.glob("*.j2")]:
        asked |= set(re.findall(r"""\bsay(?:_all)?\(\s*['"]([\w.]+)['"]\s*[,)]""",
                                path.read_text(encoding="utf-8")))  # fmt: skip
    assert len(asked) > 60
    assert sorted(asked - set(load_texts())) == []


def test_places_are_filled_and_braces_in_a_name_do_no_harm():
    assert say("claims.group", title="{0.__class__}", n="3") == "{0.__class__} (3)"
    with pytest.raises(KeyError):
        say("claims.group", title="x")
    with pytest.raises(KeyError, match="list"):
        say("how.lines")
    with pytest.raises(KeyError):
        say("no.such.text")


def test_lists_and_tables_of_texts():
    assert len(say_all("how.lines")) == 3
    keys = [key for key, _, _ in say_pairs("glossary")]
    assert len(keys) == len(set(keys)) > 10
    assert all(word and text.endswith(".") for _, word, text in say_pairs("glossary"))


def test_an_unknown_language_is_refused():
    with pytest.raises(FileNotFoundError):
        load_texts("xx_xx")
