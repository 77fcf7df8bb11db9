"""Figures inside the page: nothing that runs, loads, or clashes with another figure."""

from __future__ import annotations

import re

from analysis.report.drawings import figure_svg
from analysis.report.marks import shape
from analysis.wording import words

HOSTILE = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 viewBox="0 0 10 5" onload="alert(1)"><script>alert(1)</script><style>*{display:none}</style>
 <foreignObject><b xmlns="http://www.w3.org/1999/xhtml">x</b></foreignObject>
 <image href="http://x/y.png"/><a xlink:href="javascript:alert(1)"><text>kept out</text></a>
 <defs><path id="m" d="M0 0"/><clipPath id="c"><rect width="1" height="1"/></clipPath></defs>
 <use xlink:href="#m" onclick="x"/><use href="http://x#m"/>
 <path d="M0 0L1 1" clip-path="url(#c)" fill="url(http://x)" style="fill:red"/>
 <text x="1">a &lt; b</text></svg>"""


def drawn(tmp_path, stem: str, text: str = HOSTILE) -> str:
    (tmp_path / f"{stem}.svg").write_text(text)
    return str(figure_svg(tmp_path, stem, says='says "it" & more'))


def test_what_runs_or_loads_is_left_out(tmp_path):
    svg = drawn(tmp_path, "a")
    for part in ("script", "alert", "http", "style", "foreign", "image", "onload", "onclick", "<a"):
        assert part not in svg
    assert 'aria-label="says &quot;it&quot; &amp; more"' in svg
    assert "a &lt; b" in svg
    assert 'width="10"' in svg


def test_names_within_a_figure_are_its_own(tmp_path):
    one, two = (set(re.findall(r' id="([^"]+)"', drawn(tmp_path, name))) for name in "ab")
    assert len(one) == len(two) == 2
    assert not one & two
    svg = drawn(tmp_path, "a")
    named = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)
    assert {first or second for first, second in named} == one


def test_what_is_no_drawing_or_lies_elsewhere_is_not_shown(tmp_path):
    assert drawn(tmp_path, "broken", "<svg") == ""
    (tmp_path / "inner").mkdir()
    assert figure_svg(tmp_path / "inner", "../broken", says="") == ""
    assert figure_svg(tmp_path, "n" * 300, says="") == ""


def test_each_verdict_and_what_is_withheld_has_a_shape_of_its_own():
    drawn = [shape(code) for code in (*words.VERDICTS, "withheld")]
    outlines = {re.search(r"<(circle|path) [^>]*>", each)[0] for each in drawn}
    assert len(outlines) == len(drawn) == 6
