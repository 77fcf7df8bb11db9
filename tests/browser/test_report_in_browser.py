"""The report in a real browser: readable, usable, complete without scripts, safe."""

from __future__ import annotations

import itertools
import re

import pytest
from justhtml import JustHTML

pytestmark = pytest.mark.slow

PHONE, LAPTOP, SHEET = 390, 1280, 794
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa",
                                              "best-practice"]},
        "resultTypes": ["violations"]}  # fmt: skip
N_CLAIMS = 165

SEEN = """() => {
  const at = document.activeElement.getBoundingClientRect()
  const nav = document.querySelector('nav.parts').getBoundingClientRect()
  const covered = at.height > 0 && at.bottom <= nav.bottom && nav.top <= 0
  return !covered || Boolean(document.activeElement.closest('nav'))
}"""
"""What has the focus is not below the bar that stays at the top."""

SETTLED_MS = 60_000
"""Within this the page has scrolled to what has the focus, on a busy machine too."""

TWO_FRAMES = """new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"""


def texts(page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def ledger_numbers(found: list[str]) -> list[str]:
    return [text for text in found if re.fullmatch(r"C\d{3}", text)]


def test_nothing_runs_over_the_edge_and_open_figures_fit_a_phone(open_page):
    page = open_page(viewport={"width": PHONE, "height": 844})
    drawn = "[...document.querySelectorAll('.open .fig:not(.wide)')]"
    assert max(page.evaluate(f"{drawn}.map(e => e.getBoundingClientRect().right)")) <= PHONE
    for unfold in (False, True):
        page.evaluate("to => document.querySelectorAll('details').forEach(e => { e.open ||= to })",
                      unfold)  # fmt: skip
        for width in (PHONE, SHEET, LAPTOP):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(OVERFLOW) <= 0, (width, unfold)


def test_the_answer_is_on_the_first_screen_and_all_cited_bands_share_one_axis(open_page):
    page = open_page(viewport={"width": LAPTOP, "height": 900})
    first = page.locator(".answers tbody tr").first
    box = first.bounding_box()
    assert box["y"] + box["height"] < 900
    assert "Undecided" in first.inner_text()
    assert page.locator(".said-aloud p").count() == 3
    boxes = [each.bounding_box() for each in page.locator(".claim .strip").all()]
    assert len(boxes) == 4
    assert len({(round(box["x"]), round(box["width"])) for box in boxes}) == 1


def test_claims_can_be_searched_and_sorted_by_keyboard_and_back(open_page):
    page = open_page()
    page.click('nav.parts a[href="#claims"]')  # unfolds the list
    box = page.locator("#claim-search")
    assert (
        page.locator(".tools [role=status]").inner_text()
        == f"{N_CLAIMS} of {N_CLAIMS} claims shown"
    )
    box.fill("fibromyalgia 40-60")
    shown = page.locator("tbody.line:visible")
    assert 0 < shown.count() < 10
    assert all("ibromyalgia" in text for text in shown.all_inner_texts())
    assert page.locator("tbody.group:visible").count() <= shown.count()
    box.fill("no such words at all")
    assert shown.count() == 0
    box.fill("")
    assert shown.count() == N_CLAIMS
    column = "tbody.line td:first-child"
    before = texts(page, column)
    head = page.get_by_role("button", name="Sort by No.")
    head.focus()
    page.keyboard.press("Enter")
    up = ledger_numbers(texts(page, column))
    assert len(up) == 161
    assert up == sorted(up)
    assert page.locator("th[aria-sort=ascending]").count() == 1
    page.keyboard.press("Enter")
    assert ledger_numbers(texts(page, column)) == up[::-1]
    assert sorted(before) == sorted(texts(page, column))
    assert page.locator("tbody.group:visible").count() == 0


def test_a_number_says_what_it_is_and_leads_to_the_cell_that_made_it_and_back(open_page):
    page = open_page(viewport={"width": LAPTOP, "height": 900})
    number = page.locator(".answers a.n").first
    number.scroll_into_view_if_needed()
    before = page.evaluate("[scrollY, location.href]")
    box = page.locator("#number")
    for close in ("Escape", "Enter"):
        number.click()
        text = box.inner_text().replace("\xa0", " ")
        for part in ("Responders", "91 of 140 (65%)", "57% to 73%", "Wilson score interval", "20"):
            assert part in text
        page.keyboard.press(close)  # the button to close has the focus
        assert not box.is_visible()
        assert page.evaluate("[scrollY, location.href]") == before
        assert page.evaluate("document.activeElement.className") == "n"
    number.click()
    page.locator("#number").get_by_role("link", name="20_responders, cell 3").click()
    page.wait_for_url(re.compile(r"notebooks/20_responders\.all\.html#cell-id=made-here$"))
    cell = page.locator("[id='cell-id=made-here']")
    assert "91 of 140" in cell.inner_text()
    assert cell.locator("details").get_attribute("open") is None
    page.get_by_role("link", name="To the report").click()
    page.wait_for_url(re.compile(r"index\.html$"))


def test_what_if_looks_up_what_was_computed(open_page):
    page = open_page(viewport={"width": LAPTOP, "height": 900})
    box = page.locator(".what-if")
    found, picks = box.locator(".found"), box.locator(".reading select")
    judged = "Undecided: 65% (57% to 73%), n = 140"
    assert found.inner_text() == judged
    picks.nth(0).select_option(index=1)
    assert found.inner_text() == "Falls short: 42% (34% to 50%), n = 140"
    assert box.locator(".spot").evaluate("e => e.style.left") == "42%"
    picks.nth(1).select_option(index=1)
    assert "not among the readings" in found.inner_text()
    assert not box.locator(".spot").is_visible()
    box.get_by_role("button", name="As judged").click()
    assert found.inner_text() == judged
    assert "Undecided" in page.locator(".answers tbody tr").first.inner_text()  # as signed


def test_the_page_is_complete_with_scripts_off(open_page):
    page = open_page(java_script_enabled=False)
    assert page.locator("tbody.line").count() == N_CLAIMS
    page.locator("#claims details.fold > summary", has_text="Show all").click()
    assert page.locator("tbody.group:visible").count() == 9
    assert not page.locator("#claim-search").is_visible()
    assert page.locator(".claim").count() == 4
    assert not page.locator(".what-if").is_visible()
    page.locator(".claim a.n").first.click()
    assert page.locator("tr:target").count() == 1
    page.get_by_role("link", name="Back to Complex regional pain syndrome").click()
    assert page.url.endswith("#condition-1")
    assert page.locator("tbody.line").first.locator("summary").is_visible()


def test_a_dark_page_is_dark_with_its_figures_and_no_barrier_is_found_by_axe(open_page):
    page = open_page(color_scheme="dark", viewport={"width": LAPTOP, "height": 900})
    ground, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert sum(map(int, re.findall(r"\d+", ground)[:3])) < 120
    assert sum(map(int, re.findall(r"\d+", ink)[:3])) > 600
    drawn = page.evaluate(
        "[...document.querySelectorAll('.fig text')].map(e => getComputedStyle(e).fill)"
    )
    assert drawn
    assert all(sum(map(int, re.findall(r"\d+", fill)[:3])) > 250 for fill in drawn)
    assert barriers_on(page) == []
    page.emulate_media(color_scheme="light")
    assert barriers_on(page) == []


def barriers_on(page) -> list[tuple]:
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.querySelectorAll('.claims details').forEach(e => { e.open = true })")
    found = Axe().run(page, options=WCAG).response["violations"]
    return [(each["id"], node["target"], node["failureSummary"][:200])
            for each in found for node in each["nodes"][:3]]  # fmt: skip


def test_it_prints_in_its_own_font_with_sections_on_pages_of_their_own(open_page, tmp_path):
    from pypdf import PdfReader

    page = open_page()
    page.evaluate("document.fonts.ready")
    assert page.evaluate("document.fonts.check('16px \"Reliefcheck Sans\"')")
    assert page.evaluate("[...document.fonts].map(each => each.status)") == ["loaded", "loaded"]
    families = "[...document.querySelectorAll('.fig')].map(e => getComputedStyle(e).fontFamily)"
    assert {name.split(",")[0].strip('"') for name in page.evaluate(families)} == {
        "Reliefcheck Sans"
    }
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    printed = PdfReader(tmp_path / "report.pdf").pages
    pages = [each.extract_text().replace("\xa0", " ") for each in printed]
    assert len(pages) > 8
    first = pages[0]
    for part in ("Undecided", "Falls short", "Not testable", "Meets", "1 / "):
        assert part in first
    heads = ("Complex regional pain syndrome", "Every statement of the page", "Data quality")
    starts = [text[:160] for text in pages]  # the foot of a page may be read first
    assert [head for head in heads if not any(head in start for start in starts)] == []
    text = " ".join(pages)
    assert "Read so." in text  # what is folded on the screen is open on paper
    assert "Every number of this section" not in text


def test_the_html_is_valid(report):
    JustHTML(report.read_text(encoding="utf-8"), strict=True)
    for page in (report.parent / "notebooks").glob("*.html"):
        JustHTML(page.read_text(encoding="utf-8"), strict=True)


def test_every_place_can_be_reached_and_is_seen_from_its_heading(open_page):
    page = open_page(viewport={"width": PHONE, "height": 800})
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#answer")
    for _ in range(30):
        page.keyboard.press("Tab")
        page.wait_for_function(SEEN, timeout=SETTLED_MS)
    for width, part in itertools.product((PHONE, LAPTOP), ("claims", "condition-1", "verdicts")):
        page.set_viewport_size({"width": width, "height": 800})
        page.click(f'nav.parts a[href="#{part}"]')
        page.wait_for_function("part => location.hash === '#' + part", arg=part, timeout=SETTLED_MS)
        page.evaluate(TWO_FRAMES)  # a script that scrolls on would have done so by then
        heading = page.locator(f"#{part} h2").first.bounding_box()
        assert heading is not None
        assert 0 <= heading["y"] < 400
