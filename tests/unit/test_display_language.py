"""Figures, alt texts, captions, sentences and tables in another language: no English is left."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from string import Formatter
from xml.etree import ElementTree

import pytest
import test_display_figures as plain
from matplotlib.figure import Figure
from studies import SETTINGS, study
from test_display_specification import made
from test_relief_pages import exhibits, many
from test_report_inputs import judgements, share
from test_sentences import CLINICS

from analysis.display import exhibits as shown
from analysis.display import figures, tables, verdict_tables
from analysis.display.figures.canvas import svg_bytes
from analysis.display.sentences import tell_relief
from analysis.display.specification_exhibit import show_specifications
from analysis.outcomes.relief_rows import tabulate_relief
from analysis.wording.texts import CHOICE, load_texts

SIGN = "ø"
LABELS = {"crps": "CRPS"}


def foreign(text: str) -> str:
    """Return a text of the file with another letter for each of its own, its places kept."""
    return "".join(
        re.sub("[A-Za-z]", SIGN, before).replace("{", "{{").replace("}", "}}")
        + (f"{{{place}}}" if place is not None else "")
        for before, place, _, _ in Formatter().parse(text)
    )


@pytest.fixture(autouse=True)
def another_language(tmp_path, monkeypatch):
    """The whole file of texts in a language of one letter."""
    lines = [
        f"{'.'.join(json.dumps(part) for part in name.split('.'))} = "
        + json.dumps(list(map(foreign, text)) if isinstance(text, list) else foreign(text),
                     ensure_ascii=False)
        for name, text in load_texts().items()
    ]  # fmt: skip
    path = tmp_path / "own.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv(CHOICE, str(path))


def english(text: str) -> set[str]:
    """Return the words of two letters and more that are not the name of the condition."""
    return set(re.findall("[A-Za-z]{2,}", text)) - {"CRPS"}


def drawn(figure: Figure) -> str:
    root = ElementTree.fromstring(svg_bytes(figure))
    return " ".join("".join(e.itertext()) for e in root.iter() if e.tag.endswith("text"))


def parts_of(exhibit: shown.Exhibit) -> Iterator[str]:
    yield from (exhibit.title, exhibit.alt, exhibit.caption, drawn(exhibit.figure))


def left_in(found: Iterable[shown.Exhibit]) -> set[str]:
    return {word for exhibit in found for part in parts_of(exhibit) for word in english(part)}


def test_the_language_is_another():
    assert english("Share of CRPS") == {"Share", "of"}
    assert foreign("{n} of {{x}}") == f"{{n}} {SIGN * 2} {{{{{SIGN}}}}}"


def test_figures_without_a_title_given():
    made_of = {
        **plain.DRAWN,
        **plain.EMPTY,
        "readings": lambda: figures.draw_specifications(made(5)),
    }
    told = {name: drawn(draw()) for name, draw in made_of.items()}
    assert all(SIGN in text for text in told.values())
    assert {name: english(text) for name, text in told.items() if english(text)} == {}


def test_exhibits():
    keys = {"condition": "crps", "labels": LABELS}
    rows = [*plain.ROWS, *plain.GROUPS]
    found = [
        shown.show_rates(plain.ROWS, visit="week_4", **keys),
        shown.show_subgroups(rows, visit="week_4", **keys),
        shown.show_cumulative(plain.ROWS, visit="week_4", **keys),
        shown.show_trajectory(plain.ROWS, **keys),
        shown.show_reductions(plain.ROWS, visit="week_4", **keys),
        show_specifications(made(5), labels=LABELS),
    ]
    assert left_in(found) == set()
    told = figures.describe_subgroups(plain.GROUPS, labels=LABELS)
    assert told.count(SIGN) > 100
    assert english(told) == set()
    told = figures.describe_waterfall([50.0, 30.0, -200.0, math.nan], who="CRPS")
    assert english(told) == set()


def test_exhibits_on_relief_and_their_sentences():
    found, rows = exhibits(many())
    assert left_in(found.values()) == set()
    (said,) = tell_relief(rows, condition="crps", definition="booster_as_loss", labels=LABELS)
    assert said.text.count("CRPS") == 1
    assert english(said.text) == set()


@pytest.mark.parametrize("name", CLINICS)
def test_sentences_of_odd_clinics(name):
    rows = tabulate_relief(study(CLINICS[name]), SETTINGS, "crps")
    (said,) = tell_relief(rows, condition="crps", definition="booster_ignored", labels=LABELS)
    assert english(said.text) == set()


def test_tables():
    rows = [share(12, 45, condition="crps", threshold_pct=pct) for pct in (30.0, 50.0)]
    table = tables.show(tables.tabulate_rows(rows, labels=LABELS))
    assert english(table.frame.to_csv()) == set()
    assert table._repr_html_().count("text-align:right") == 3 * 4  # heading and two rows
    judged = judgements(plain.ROWS)
    headings = [
        *verdict_tables.tabulate_judgements(judged, labels=LABELS),
        *verdict_tables.tabulate_beside(judged),
        *verdict_tables.tabulate_may_say(judged),
    ]
    assert english(" ".join(headings)) == set()
