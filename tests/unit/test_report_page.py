"""The report page: complete, harmless, without network or script, the same bytes twice."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_report_inputs import judgements, make_inputs, report_inputs, share

from analysis.claims.judgement import Lack, Readings, Tipping
from analysis.outcomes.rows import Check, FigureNote, NotebookResults, ResultRow, Sentence
from analysis.report.html import is_relative, write_report
from analysis.report.inputs import NotebookLink, ReportInputs
from analysis.report.verdicts import view_of

__all__ = ["report_inputs"]  # the fixture

SYNTHETIC = "Synthetic data: these patients do not exist"
LARGEST_PAGE = 5_000_000  # bytes; a page to send by mail
VOID = {"meta", "br", "img", "link", "input", "hr", "col"}


class Page(HTMLParser):
    """A page read strictly: every tag closed in order, ids once, attributes kept."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "title", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attrs for name, attrs in self.found if name == tag)


def render(inputs: ReportInputs, folder: Path) -> tuple[str, Page]:
    text = write_report(folder, loaded=inputs).read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    return text, page


@pytest.fixture(scope="module")
def page(report_inputs, tmp_path_factory) -> Page:
    return render(report_inputs, tmp_path_factory.mktemp("report"))[1]


def own_script(text: str) -> list[str]:
    """Return the scripts of a page; each must be the one its policy names by hash."""
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src &#39;sha256-{digest}&#39;" in text
    return scripts


def check_harmless(text: str, page: Page) -> None:
    """No script but the page's own, no handler, nothing loaded from outside, every id once."""
    assert len(own_script(text)) == sum(1 for _ in page.all("script")) <= 1
    for tag, attrs in page.found:
        assert not [name for name in attrs if name.startswith("on")]
        for name in ("src", "href", "action", "data", "srcset", "xlink:href"):
            address = attrs.get(name) or ""
            if tag == "img":
                assert not address or address.startswith("data:image/svg+xml;base64,")
            elif tag == "use":
                assert not address or address.startswith("#")
            else:
                assert ":" not in address
                assert not address.startswith("/")
    styles = [attrs.get("style") or "" for _, attrs in page.found]
    styles += re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL)
    loaded = re.findall(r"url\((.{16})|@import", " ".join(styles))
    assert set(loaded) <= {"data:font/woff2;"}
    ids = [attrs["id"] for _, attrs in page.found if attrs.get("id")]
    assert len(ids) == len(set(ids))
    assert not any(re.search(r"\s", name) for name in ids)


def test_the_page_is_whole_and_loads_nothing(report_inputs, tmp_path):
    text, page = render(report_inputs, tmp_path)
    check_harmless(text, page)
    assert len(text.encode()) < LARGEST_PAGE
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_every_link_within_the_page_leads_somewhere(page):
    ids = {attrs.get("id") for _, attrs in page.found}
    inner = [a["href"] for a in page.all("a") if (a.get("href") or "").startswith("#")]
    assert len(inner) > 10
    assert [href for href in inner if href[1:] not in ids] == []


def test_verdicts_come_first_with_word_figure_and_interval(page):
    text = page.text
    order = [
        "4 headline claims were judged.",
        "Seen, of those who started",
        "70-85% of CRPS patients",
        "How to read this",
        "From the file to the analysis",
        "Day 0 is the first infusion",
        "Every patient who began",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    for said in (
        "1 meets",
        "1 falls short",
        "1 undecided",
        "1 not testable",
        "91 of 140 (65 %)",
        "95 % interval 57 % to 73 %",
        "About 260 more patients",
        "The export holds no patients",
    ):
        assert said in text


def test_each_verdict_draws_the_band_with_words_for_listeners(page):
    strips = [a for a in page.all("svg") if a.get("class") == "strip"]
    assert [strip["role"] for strip in strips] == ["img"] * 4
    assert strips[1]["aria-label"].replace("\xa0", " ") == (
        "Cited 40-60 %. Our patients: 34.1 %, 95 % interval 28.6 % to 39.6 %."
    )


def test_an_end_of_the_interval_never_reads_as_the_cited_floor(tmp_path):
    inputs = make_inputs()
    close = replace(
        inputs.judgements[0], low=0.62, high=0.6996, value=0.66, result_id="", verdict="falls short"
    )
    _, page = render(replace(inputs, judgements=(close,)), tmp_path)
    assert "62 % to 69.96 %" in page.text


def test_completeness_stands_with_the_verdict_and_before_the_outcomes(page):
    assert "347 of 402 (86 %) seen at end of series" in page.text
    section = page.text[page.text.index("149 in the file") :]
    assert section.index("Seen at each visit") < section.index("Responders, end of series")


@pytest.mark.parametrize("synthetic", [True, False])
def test_synthetic_patients_are_named_as_such(synthetic, tmp_path):
    text, page = render(make_inputs(synthetic=synthetic), tmp_path)
    assert (SYNTHETIC in page.text) == synthetic
    assert page.text.count(SYNTHETIC) == (2 if synthetic else 0)
    assert text.count(SYNTHETIC) == (3 if synthetic else 0)  # also at the foot of printed pages
    if synthetic:
        assert page.text.index(SYNTHETIC) < page.text.index("Reliefcheck")


def test_the_same_inputs_give_the_same_bytes(report_inputs, tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        write_report(folder, loaded=report_inputs)
    assert len({(folder / "index.html").read_bytes() for folder in folders}) == 1


def test_figures_carry_alt_text_and_a_caption(page, report_inputs):
    drawings = [a for a in page.all("svg") if a.get("class") == "fig"]
    assert {a["role"] for a in drawings} == {"img"}
    alts = [a["aria-label"] for a in drawings]
    assert len(alts) == len(report_inputs.figure_notes) > 0
    assert all(alt and len(alt) > 40 for alt in alts)
    assert sum(1 for _ in page.all("figcaption")) == len(alts)


def test_tables_have_headers_with_scope_and_a_name(page):
    assert {a.get("scope") for a in page.all("th")} == {"row", "col", "rowgroup"}
    assert sum(1 for _ in page.all("table")) == sum(1 for _ in page.all("caption"))
    regions = [a for _, a in page.found if a.get("role") == "group"]
    assert regions
    assert all(a.get("aria-label") and a.get("tabindex") == "0" for a in regions)


def test_records_reconcile_in_print(page):
    assert "pain_scores.csv pain_scores 3,102 1 3,101 3,101 3,090 11" in page.text
    assert "blank row: 1; no score recorded: 10" in page.text


def test_checks_stand_in_four_states_the_failed_first(page):
    for said in ("1 fail", "1 pass with findings", "1 pass", "1 not applicable"):
        assert said in page.text
    assert page.text.index("Scores on their scale") < page.text.index("Every patient once")


def test_a_failed_notebook_says_so_in_place_of_its_part(page):
    assert "With 8 patients no bootstrap interval can be made." in page.text
    links = [a["href"] for a in page.all("a")]
    assert "notebooks/20_responders_crps.html" in links


def test_the_flow_adds_up_or_says_nothing(page, tmp_path):
    assert "140 starters" not in page.text  # the made-up rows do not count all losses
    steps = {"in_file": 50, "never_treated": 2, "baseline_zero": 1, "baseline_below_minimum": 3,
             "eligible": 44, "no_baseline_rating": 1, "not_rated": 4, "observed": 39}  # fmt: skip
    rows = tuple(
        ResultRow(measure="patients", definition=step, condition="crps", value=float(n), n=50,
                  unit="count", method="count")
        for step, n in steps.items()
    )  # fmt: skip
    result = NotebookResults(notebook="n", condition="crps", rows=rows)
    _, whole = render(replace(make_inputs(), results=(result,)), tmp_path)
    said = "50 in the file = 44 counted as starters + 6 not counted. 44 starters = 39 seen + 5 not"
    assert said in whole.text
    wrong = tuple(replace(row, value=9.0) if row.definition == "observed" else row for row in rows)
    _, broken = render(replace(make_inputs(), results=(replace(result, rows=wrong),)), tmp_path)
    assert "starters =" not in broken.text


def test_every_claim_has_a_row_and_only_headlines_stand_on_the_first_page(tmp_path):
    inputs = make_inputs()
    more = tuple(
        replace(
            inputs.judgements[0],
            claim_id=f"L{k:03}",
            wording=f"statement {k}",
            headline=False,
            answer=answer,
            lacks=(Lack(check="time", lacks="when it was", rule_ids=("R",)),),
        )
        for k, answer in enumerate(["computed", "no_records", "unfalsifiable", "opinion"] * 3)
    )
    _, page = render(replace(inputs, judgements=(*inputs.judgements, *more)), tmp_path)
    ids = [attrs.get("id") for _, attrs in page.found]
    assert sum(1 for name in ids if name and name.startswith("row-")) == 16
    assert sum(1 for name in ids if name and name.startswith("claim-C")) == 4
    assert "claim-L000" not in ids
    ledger = page.text[page.text.index("16 statements, grouped") :]
    order = ["Answered from the records (7)", "The suite reads no such records yet (3)",
             "Worded so that it cannot be false (3)", "An opinion"]  # fmt: skip
    places = [ledger.index(part) for part in order]
    assert places == sorted(places)
    assert ledger.count("when it was") == 12


def test_firmness_tipping_and_what_may_be_said_are_printed(tmp_path):
    inputs = make_inputs()
    told = replace(
        inputs.judgements[0],
        robustness=Readings(
            n=240, n_agreeing=212, verdicts={"undecided": 212, "falls short": 28}, sentence=""
        ),
        tipping=Tipping(n_missing=20, n_could=20, n_to_meet=17, sentence="17 of 20 would do."),
        verdict_adjusted="undecided",
        p_holm=0.0004,
        may_say="Of 140 who started, 91 responded.",
        sayable=True,
    )
    _, page = render(replace(inputs, judgements=(told,)), tmp_path)
    for said in (
        "Undecided in 212 of 240 readings that could be defended. Other readings: falls short 28.",
        "17 of 20 would do.",
        "the verdict is undecided, p <0.001",
        "Of 140 who started, 91 responded.",
    ):
        assert said in page.text


@pytest.mark.parametrize(
    ("signed", "said"),
    [
        ({"holds": True}, "Signed by A. Person, director, on May 4, 2026."),
        ({"holds": False}, "a number has changed since, so the signature no longer holds"),
    ],
)
def test_a_signature_is_shown_and_a_moved_number_voids_it(signed, said, tmp_path):
    who = {"name": "A. Person", "role": "director", "date": "May 4, 2026"}
    _, page = render(replace(make_inputs(), signature=who | signed), tmp_path)
    assert said in page.text
    assert ("VOID" in page.text) is not signed["holds"]


def test_a_release_says_that_small_counts_are_withheld(tmp_path):
    inputs = make_inputs()
    _, page = render(replace(inputs, run={**inputs.run, "grade": "release"}), tmp_path)
    assert "Counts of 1 to 10 patients are withheld" in page.text
    assert "are withheld" not in render(inputs, tmp_path)[1].text


def test_methods_name_the_settings_in_force(tmp_path):
    inputs = make_inputs()
    run = {
        **inputs.run,
        "settings": {
            "minimum_baseline_score": 0.0,
            "analysis_visit": "week_12",
            "booster_strategy": "censoring",
            "confidence_level": 0.9,
        },
    }
    _, page = render(replace(inputs, run=run), tmp_path)
    for said in (
        "a baseline above 0",
        "'week 12'",
        "Follow-up of relief ends at a booster",
        "90 % interval",
    ):
        assert said in page.text


def test_below_ten_patients_there_is_no_percent_without_its_fraction(page):
    section = page.text[page.text.index("17 in the file") :]
    table = section[section.index("Responders, end of series") :][:400]
    assert "5 of 8" in table
    assert "of 8 (" not in table


def _measures() -> list[str]:
    rows = make_inputs().rows
    return sorted({row.measure for row in rows})


@pytest.mark.parametrize("measure", _measures())
def test_any_measure_may_be_absent(measure, tmp_path):
    inputs = make_inputs()
    results = tuple(
        replace(r, rows=tuple(row for row in r.rows if row.measure != measure))
        for r in inputs.results
    )
    check_harmless(*render(replace(inputs, results=results), tmp_path))


@pytest.mark.parametrize("status", ["no patients", "not estimable", "not reached"])
def test_any_status_is_said_in_words(status, tmp_path):
    inputs = make_inputs()

    def emptied(row: ResultRow) -> ResultRow:
        return replace(row, value=None, low=None, high=None, n_events=None, status=status)

    results = tuple(replace(r, rows=tuple(map(emptied, r.rows))) for r in inputs.results)
    text, page = render(replace(inputs, results=results), tmp_path)
    check_harmless(text, page)
    assert status in page.text
    assert "nan" not in page.text.lower().replace("finance", "")


def test_nothing_at_all_still_makes_a_page(tmp_path):
    bare = ReportInputs(
        title="", export_name="", synthetic=False, run={}, results=(), judgements=(), conditions={}
    )
    text, page = render(bare, tmp_path)
    check_harmless(text, page)
    assert "No claim was judged in this run." in page.text


def test_unknown_measures_are_listed_as_they_are(tmp_path):
    odd = ResultRow(
        measure="sleep_hours", condition="crps", value=6.5, n=12, unit="hours", method="mean"
    )
    _, page = render(
        replace(
            make_inputs(), results=(NotebookResults(notebook="n", condition="crps", rows=(odd,)),)
        ),
        tmp_path,
    )
    assert "sleep hours" in page.text
    assert "6.50 hours" in page.text


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd()",
    "a\u202eb\u2066c",
    "n" * 10_000,
    "🙂🙃",
    "{{ 7*7 }}",
    "\ud800",
    "javascript:alert(1)",
    "",
    "</style><b>",
)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_harmless_everywhere(name, tmp_path):
    rows = (
        share(5, 20, condition=name, group_by="site", group=name, threshold_pct=30.0),
        share(5, 20, condition=name, method=name, warnings=(name,), visit=name),
        share(5, 20, condition=name, measure=name, definition=name, population=name, unit=name),
    )
    result = NotebookResults(
        notebook=name,
        condition=name,
        rows=rows,
        checks=(Check(name=name, table=name, state="fail", n=1, sentence=name),),
        sentences=(Sentence(name=name, condition=name, text=name),),
        figures=(FigureNote(figure=name, condition=name, title=name, alt=name, caption=name),),
        facts={
            "first_date": name,
            "intake": [
                {
                    "file": name,
                    "table": name,
                    "n_lines": 1,
                    "n_records": 1,
                    "n_used": 0,
                    "excluded": {name: 1},
                }
            ],
        },
    )
    claim = replace(
        judgements(make_inputs().rows)[0],
        claim_id=name,
        wording=name,
        source=name,
        condition=name,
        cited_text=name,
        reading=name,
        sentence=name,
        result_id=name,
    )
    inputs = ReportInputs(
        title=name,
        export_name=name,
        synthetic=True,
        results=(result,),
        judgements=(claim,),
        conditions={name: name},
        run={
            "started": name,
            "inputs": {name: name},
            "versions": {name: name},
            "git_commit": name,
            "settings": {name: name, "recall": name},
        },
        notebooks=((name, name, name, ""), (name, name, "", name)),
        figures=tmp_path,
    )
    text, page = render(inputs, tmp_path)
    check_harmless(text, page)
    assert "\u202e" not in text
    assert "49" not in page.text.split("Methods")[0]
    assert len(text) < 150_000


@pytest.mark.parametrize(
    ("href", "inside"),
    [
        ("notebooks/a.html", True),
        ("", False),
        ("http://x", False),
        ("//host/x", False),
        ("/etc", False),
        ("../up.html", False),
        ("javascript:x", False),
        ("a\\..\\b", False),
    ],
)
def test_only_links_into_the_run_folder_are_made(href, inside):
    assert is_relative(href) is inside


def test_a_figure_outside_its_folder_is_not_read(tmp_path):
    (tmp_path / "secret.svg").write_text("<svg>secret</svg>")
    (tmp_path / "figures").mkdir()
    note = FigureNote(
        figure="../secret", condition="crps", title="t", alt="what it shows", caption="c"
    )
    result = NotebookResults(notebook="n", condition="crps", figures=(note,))
    inputs = replace(make_inputs(), results=(result,), figures=tmp_path / "figures")
    _, page = render(inputs, tmp_path)
    assert list(page.all("img")) == []
    assert "what it shows" in page.text


def test_a_long_caption_is_told_to_its_end(tmp_path):
    """That of the figure on relief has 807 letters where boosters were given."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "relief.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0L9 9"/></svg>'
    )
    told = "What is shaded lies between two visits. " * 30 + "Here it ends."
    note = FigureNote(figure="relief", condition="crps", title="t", alt="a", caption=told)
    result = NotebookResults(notebook="n", condition="crps", figures=(note,))
    inputs = replace(make_inputs(), results=(result,), figures=tmp_path / "figures")
    _, page = render(inputs, tmp_path)
    assert "Here it ends." in page.text


def test_plain_tuples_do_for_notebook_links():
    inputs = replace(make_inputs(), notebooks=(("a", "crps", "a.html", ""),))
    assert inputs.links == [NotebookLink("a", "crps", "a.html")]


def test_a_claim_on_one_arm_tells_who_was_seen_in_that_arm(report_inputs):
    """32 of both arms are not the denominator of a claim on the 16 of one."""
    arm = {"condition": "crps", "group_by": "arm", "group": "ketamine"}
    own = share(8, 16, **arm)
    seen = share(15, 16, measure="completeness_share", definition="", **arm)
    results = (replace(report_inputs.results[0], rows=(own, seen)), *report_inputs.results[1:])
    judged = replace(report_inputs.judgements[0], result_id=own.result_id, value=own.value, n=16)
    view = view_of(replace(report_inputs, results=results), judged)
    assert view.completeness.startswith("15 of 16")


def test_nobody_to_judge_has_no_readings_that_agree(report_inputs):
    readings = Readings(n=960, n_agreeing=960, verdicts={"not testable": 960}, sentence="x")
    judged = replace(report_inputs.judgements[0], verdict="not testable", robustness=readings)
    assert view_of(report_inputs, judged).robustness == ""
