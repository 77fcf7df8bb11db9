"""Paper alone: drawings in few strokes that look the same, captions said once, claims in lines."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as Tree

import pytest
from markupsafe import Markup
from test_report_inputs import make_inputs

from analysis.report.ledger_page import LedgerGroup, ledger_groups
from analysis.report.paper import captions_once, without_drawings
from analysis.report.paper_drawings import SVG, as_images, simplify
from analysis.report.paper_ledger import JUDGED, one_source, paper_groups, told_of
from analysis.report.tables import Heading, TableView
from analysis.wording.texts import say

NAME = f"{{{SVG}}}"
DEFS = '<defs><path id="t" d="M0 0L0 3"/></defs>'


def drawing(parts: str) -> Tree.Element:
    return Tree.fromstring(f'<svg xmlns="{SVG}" viewBox="0 0 100 100">{parts}</svg>')


def paths(root: Tree.Element) -> list[str]:
    return [each.get("d", "") for each in root.iter(f"{NAME}path") if not each.get("id")]


def test_a_shape_used_twice_stands_at_both_places_in_its_own_colors():
    root = drawing(
        f'{DEFS}<use x="10" y="20" stroke="#111" href="#t"/><use x="30.5" y="20" stroke="#111" '
        'href="#t"/>'
    )
    simplify(root)
    assert paths(root) == ["M10 20 L10 23", "M30.5 20 L30.5 23"]
    assert not list(root.iter(f"{NAME}use"))


@pytest.mark.parametrize(
    "use", ['<use href="#none" x="1"/>', '<use href="#t" transform="scale(2)"/>']
)
def test_a_use_that_is_not_understood_stays(use):
    root = drawing(DEFS + use)
    simplify(root)
    assert len(list(root.iter(f"{NAME}use"))) == 1


def test_a_group_s_clip_is_kept_by_each_of_its_parts():
    root = drawing('<g clip-path="url(#c)"><path d="M0 0L1 1" fill="none" stroke="#000"/></g>')
    simplify(root)
    (path,) = root.iter(f"{NAME}path")
    assert path.get("clip-path") == "url(#c)"


def test_figures_become_images_with_what_they_show():
    text, drawings = as_images(
        '<p>a</p><svg class="fig" viewBox="0 0 1 1" aria-label="5 &lt; 7, &quot;so&quot;">'
        "<text>5 &lt; 7</text></svg><p>b</p>"
    )
    (address,) = drawings
    shown = f'<img class="fig" alt="5 &lt; 7, &quot;so&quot;" src="{address}">'
    assert text == f"<p>a</p>{shown}<p>b</p>"
    assert "".join(drawings[address].itertext()) == "5 < 7"
    assert "aria-label" not in drawings[address].attrib


def test_an_address_tells_drawings_apart_and_like_ones_share_it():
    one, other = (f'<svg class="strip"><text>{n}</text></svg>' for n in (1, 2))
    assert len(as_images(one + other + one).drawings) == 2
    assert set(as_images(one).drawings) < set(as_images(other + one).drawings)


def test_a_drawing_that_is_no_xml_stays_as_it_is():
    broken = '<svg class="fig" aria-label="x"><path></svg>'
    assert as_images(broken) == (broken, {})


def test_small_drawings_are_left_out_of_tables_and_every_number_stays():
    drawn = Markup('<svg class="mini"><path d="M0 0"/></svg>')
    view = TableView(
        caption="c",
        headings=tuple(Heading(text=text) for text in ("Name", "Estimate", "Drawn")),
        lines=(("a", "1", drawn), ("b", "2", Markup(""))),
        marked=frozenset([1]),
    )
    kept = without_drawings(view)
    assert [head.text for head in kept.headings] == ["Name", "Estimate"]
    assert kept.lines == (("a", "1"), ("b", "2"))
    assert kept.marked == view.marked
    assert without_drawings(kept) == kept
    assert without_drawings(replace(view, lines=())).headings == view.headings


def test_a_caption_is_said_once_and_led_back_to():
    placed = captions_once()
    long = "How the bars are read. " * 9
    first, again = placed(long, where="crps"), placed(long, where="fbss")
    assert (first.is_first, again.is_first) == (True, False)
    assert (again.where, again.place) == ("crps", first.place)
    assert placed("Short.", where="crps").is_first
    assert placed("Short.", where="fbss").is_first
    assert captions_once()(long, where="fbss").is_first  # another document begins anew


def test_every_claim_stands_on_paper_once_with_its_verdict():
    groups = ledger_groups(make_inputs())
    claims = [each for group in groups for each in group.claims]
    printed = paper_groups(groups)
    judged = [each for group in printed for each in group.judged]
    told = [
        (part.verdict, each) for group in printed for part in group.told for each in part.claims
    ]
    assert len(judged) > 1
    assert sorted(each.claim_id for each in [*judged, *(each for _, each in told)]) == sorted(
        each.claim_id for each in claims
    )
    assert all(each.verdict in JUDGED for each in judged)
    assert all(verdict == each.verdict for verdict, each in told)


def test_claims_without_a_verdict_stand_under_what_is_said_of_them():
    view = ledger_groups(make_inputs())[0].claims[0]
    one = replace(view, claim_id="A", verdict="not testable", opening="No such records (a).")
    claims = (one, replace(one, claim_id="B", opening="No such records (b)."),
              replace(one, claim_id="C"))  # fmt: skip
    (group,) = paper_groups([LedgerGroup(title="t", claims=claims)])
    assert group.judged == ()
    assert [[each.claim_id for each in part.claims] for part in group.told] == [["A", "C"], ["B"]]


def test_all_claims_together_are_told_where_they_move_the_verdict():
    view = ledger_groups(make_inputs())[0].claims[0]
    for verdict, is_told in (("meets", False), ("undecided", True)):
        moved = say("first.adjusted_text", verdict=verdict, p="")
        one = replace(view, word="Meets", further=((say("first.adjusted"), moved),))
        assert (moved in told_of(one)) is is_told


def test_one_source_is_named_once_and_several_with_each_claim():
    view = ledger_groups(make_inputs())[0].claims[0]
    one, other = (replace(view, source=name) for name in ("page a", "page b"))
    assert one_source([LedgerGroup(title="t", claims=(one, one))]) == "page a"
    assert one_source([LedgerGroup(title="t", claims=(one, other))]) == ""
    assert one_source([]) == ""
