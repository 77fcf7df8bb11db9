"""The report page: complete, harmless, without network or script, the same bytes twice."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from report_runs import (
    CELL,
    LABELS,
    Drawing,
    Page,
    copied,
    count,
    judged,
    number,
    other_rows,
    responder_rows,
    share,
    write_run,
)

from analysis.errors import RunError
from analysis.labels import verdicts_word
from analysis.report import page as page_module
from analysis.report.inputs import read_run
from analysis.report.page import build_page, write_html, write_report, write_results_files
from analysis.report.tables import anchor, listed_rows
from analysis.report.verdicts import view_claim
from analysis.results import Results, make_results, rows_of

SYNTHETIC = "Synthetic data: these patients do not exist"


def render(folder: Path, **changes) -> tuple[str, Page]:
    """Write a run and its page; changes are those of `write_run`."""
    run = read_run(write_run(folder / "run", **changes))
    text = write_html(build_page(run), folder / "run").read_text(encoding="utf-8")
    return text, Page(text)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[str, Page]:
    return render(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def page(made) -> Page:
    return made[1]


def check_harmless(text: str, page: Page) -> None:
    """No script but the page's own, no handler, nothing loaded from outside, every id once."""
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    assert len(scripts) == len(page.all("script")) <= 1
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'" in text
    for tag, attrs in page.found:
        assert not [name for name in attrs if name.startswith("on")]
        for name in ("src", "href", "action", "data", "srcset", "xlink:href"):
            address = attrs.get(name) or ""
            if tag == "img":
                assert not address or address.startswith("data:image/")
            elif tag == "use":
                assert not address or address.startswith("#")
            else:
                assert ":" not in address
                assert not address.startswith("/")
    styles = [attrs.get("style") or "" for _, attrs in page.found]
    styles += re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL)
    loaded = re.findall(r"url\((.)|@import", re.sub(r"url\(data:font/woff2;", "", " ".join(styles)))
    assert set(loaded) <= {"#"}
    ids = [attrs["id"] for _, attrs in page.found if attrs.get("id")]
    assert len(ids) == len(set(ids))
    assert not any(re.search(r"\s", name) for name in ids)


def test_the_page_is_complete_and_loads_nothing(made):
    text, page = made
    check_harmless(text, page)
    assert len(text.encode()) < 1_000_000


def test_every_link_within_the_page_leads_somewhere(page):
    ids = {attrs.get("id") for _, attrs in page.found}
    inner = [a["href"] for a in page.all("a") if (a.get("href") or "").startswith("#")]
    assert len(inner) > 10
    assert [href for href in inner if href[1:] not in ids] == []


def test_verdicts_come_first_with_word_figure_and_interval(page):
    order = [
        "Of 4 statements", "70-85% of CRPS patients", "Who was seen, of those who started",
        "What to do next", "How to read this", "From the file to the analysis",
        "Every statement of the page",
        "Data quality", "Day 0 is the first infusion", "Every patient who began",
    ]  # fmt: skip
    text = page.text[page.text.index("The answer 1 meets") :]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    for part in ("1 meets", "1 falls short", "1 undecided", "1 not testable", "91 of 140 (65%)",
                 "95% CI 57% to 73%", "About 260 more patients", "n = 140; 20 not known",
                 "120 of 140 (86%) seen at end of series", "The export holds no "
                 "patients"):  # fmt: skip
        assert part in text.replace("\xa0", " "), part


def test_each_verdict_draws_the_band_with_words_for_listeners(page):
    strips = [a for a in page.all("svg") if a.get("class") == "strip"]
    # Page one has a line a claim and one for a condition without; the claims follow in detail, and
    # each condition repeats its own.
    assert {strip["role"] for strip in strips} == {"img"}
    assert sum(strip["aria-label"].startswith("Cited") for strip in strips) == 4 + 4 + 2
    assert sum(strip["aria-label"].startswith("No cited figure") for strip in strips) == 2
    assert strips[1]["aria-label"].replace("\xa0", " ") == (
        "Cited 40-60%. Our patients: 34.1%, 95% CI 28.6% to 39.6%."
    )


def test_an_end_of_the_interval_never_reads_as_the_cited_floor(tmp_path):
    close = replace(judged()[0], low=0.62, high=0.6996, value=0.66, result_id="")
    _, page = render(tmp_path, claims=(close,))
    assert "62% to 69.96%" in page.text.replace("\xa0", " ")


@pytest.mark.parametrize("synthetic", [True, False])
@pytest.mark.slow
def test_synthetic_patients_are_named_as_such(synthetic, tmp_path):
    text, page = render(tmp_path, about={"synthetic": synthetic})
    assert page.text.count(SYNTHETIC) == (2 if synthetic else 0)
    assert ("<title>[Synthetic]" in text) is synthetic
    if synthetic:
        assert page.text.index(SYNTHETIC) < page.text.index("Reliefcheck")


def test_figures_have_title_alt_text_and_caption(page):
    drawings = [a for a in page.all("svg") if a.get("class") == "fig"]
    assert {a["role"] for a in drawings} == {"img"}
    assert len(drawings) == len(page.all("figcaption")) == 2
    assert any(a["aria-label"].startswith("91 of 140 (65%) had") for a in drawings)
    assert page.text.count("The figure in words A point with its interval") == 2


def test_tables_have_headers_with_scope_and_a_name(page):
    assert {a.get("scope") for a in page.all("th")} == {"row", "col", "rowgroup"}
    assert len(page.all("table")) == len(page.all("caption"))
    regions = [a for _, a in page.found if a.get("role") == "group"]
    assert regions
    assert all(a.get("aria-label") and a.get("tabindex") == "0" for a in regions)


def test_what_a_claim_is_judged_on_is_set_off_with_its_band(made):
    text, _ = made
    line = re.search(r'<tr class="judged">(.*?)</tr>', text, flags=re.DOTALL)[1]
    href = re.search(r'href="#(r-[0-9a-f]{12})"', line)[1]
    row = re.search(rf'<tr id="{href}"><th scope="row">(.*?)</th>', text)[1]
    assert row.replace("\xa0", " ") == "at least 30%, all who started, end of series"
    assert 'class="band"' in line


def test_denominators_stand_with_every_share_and_below_ten_there_is_no_percent(page):
    text = page.text.replace("\xa0", " ")
    own = text[text.index("17 in the file") :]
    table = own[own.index("Responders, end of series") :][:400]
    assert "5 of 8" in table
    assert "of 8 (" not in table
    shares = re.findall(r"(\d+ of \d+) \(\d+%\)", text)
    assert len(shares) > 50


def test_a_number_leads_to_its_row_and_the_row_to_the_cell_that_made_it(made):
    page = made[1]
    number = next(a for a in page.all("a") if a.get("class") == "n")
    row = next(attrs for _, attrs in page.found if attrs.get("id") == number["href"][1:])
    assert row["id"].startswith("r-")
    links = [a["href"] for a in page.all("a")]
    assert f"notebooks/20_responders.all.html#cell-id={CELL}" in links
    assert "20_responders, cell 3" in page.text


def test_the_list_of_numbers_names_method_notes_and_populations(page):
    text = page.text.replace("\xa0", " ")
    assert "Wilson score interval, 95% CI. 9 had a booster before this visit" in text
    assert "at least 30%, Subtype: Type I, all who started, end of series" in text


def test_the_list_holds_what_is_printed_and_what_has_no_table():
    rows = rows_of(
        make_results([
            share(5, 9, group_by=by, group=group, measure=measure)
            for measure in ("responder_share", "success_share", "kept_relief_share")
            for by, group in (("all", "all"), ("site", "A"))
            if measure != "kept_relief_share" or by == "site"
        ])
    )  # fmt: skip
    printed = {anchor(rows[1])}  # of responders that of the site
    kept = [(row.measure, row.group_by) for row in listed_rows(rows, printed)]
    assert kept == [
        ("responder_share", "site"), ("success_share", "all"), ("kept_relief_share", "site"),
    ]  # fmt: skip


def test_records_checks_and_columns_not_read_are_listed(page):
    text = page.text
    assert "pain_scores.csv 3,102 3,101 3,090 blank row: 1; no score recorded: 10" in text
    quality = text[text.index("There is no score") :]
    for part in ("1 fail", "1 pass with findings", "1 pass", "1 not applicable"):
        assert part in quality
    assert quality.index("Scores on their scale".lower()) < quality.index("every patient once")
    assert "Columns not read File Column None." in quality


def test_executed_notebooks_are_linked_where_they_are(page):
    links = [a["href"] for a in page.all("a")]
    assert "notebooks/20_responders.all.html" in links


def test_the_flow_adds_up_or_says_nothing(page, tmp_path):
    assert "140 starters" not in page.text  # the made-up rows do not count all losses
    steps = {"in_file": 50, "never_treated": 2, "baseline_zero": 1, "baseline_below_minimum": 3,
             "eligible": 44, "no_baseline_rating": 1, "not_rated": 4, "observed": 39}  # fmt: skip
    rows = [count(step, n, condition="crps") for step, n in steps.items()]
    _, complete = render(tmp_path / "a", rows=rows)
    total = "50 in the file = 44 counted as starters + 6 not counted. 44 starters = 39 seen + 5 not"
    assert total in complete.text
    steps |= {"not_due": 3, "observed": 36}
    due = [count(step, n, condition="crps") for step, n in steps.items()]
    _, early = render(tmp_path / "c", rows=due)
    assert "44 starters = 36 seen + 5 not seen + 3 not yet due" in early.text
    wrong = [row | {"value": 9.0} if row["definition"] == "observed" else row for row in rows]
    _, broken = render(tmp_path / "b", rows=wrong)
    assert "starters =" not in broken.text


@pytest.mark.slow
def test_every_claim_has_a_row_and_only_headlines_stand_on_the_first_page(tmp_path):
    more = tuple(
        replace(judged()[0], claim_id=f"L{k:03}", wording=f"statement {k}", headline=False,
                answer=answer)
        for k, answer in enumerate(["computed", "no_records", "unfalsifiable", "opinion"] * 3)
    )  # fmt: skip
    _, page = render(tmp_path, claims=(*judged(), *more))
    ids = [attrs.get("id") or "" for _, attrs in page.found]
    assert sum(name.startswith("row-") for name in ids) == 16
    assert sum(name.startswith("claim-C") for name in ids) == 4
    assert "claim-L000" not in ids
    ledger = page.text[page.text.index("16 statements of ") :]
    order = ["Answered from the records (7)", "The suite reads no such records yet (3)",
             "Worded so that it cannot be false (3)", "An opinion"]  # fmt: skip
    places = [ledger.index(part) for part in order]
    assert places == sorted(places)
    assert ledger.count("when it was") == 13


def test_firmness_tipping_and_what_may_be_said_are_printed(page):
    for part in (
        "Mostly: the same in 50 to 90% of the defensible readings (undecided in 212; falls short "
        "in 28, of 240).",
        "17 of 20 would do.",
        "the verdict is undecided, p <0.001",
        "Of 140 who started, 91 responded.",
    ):
        assert part in page.text
    assert "said elsewhere" not in page.text  # a claim has its own place
    assert "Relief lasted nine weeks." in page.text


def test_methods_name_the_settings_in_force(tmp_path):
    settings = {"minimum_baseline_score": 0.0, "analysis_visit": "week_12",
                "booster_strategy": "censoring", "confidence_level": 0.9}  # fmt: skip
    _, page = render(tmp_path, about={"settings": settings})
    for part in ("a baseline above 0", "“week 12”", "Follow-up of relief ends at a booster",
                 "90% CI"):  # fmt: skip
        assert part in page.text.replace("\xa0", " ")
    assert "pain_scores.csv " + "ab" * 32 in page.text
    assert "/srv/x" not in page.text


MEASURES = sorted({row["measure"] for row in (*responder_rows("crps"), *other_rows("crps"))})


@pytest.mark.parametrize("measure", MEASURES)
def test_any_measure_may_be_absent(measure, tmp_path):
    rows = [row for row in (*responder_rows("crps"), *other_rows("crps"))
            if row["measure"] != measure]  # fmt: skip
    check_harmless(*render(tmp_path, rows=rows))


@pytest.mark.parametrize("status", ["no patients", "not estimable", "not reached"])
def test_any_status_is_said_in_words(status, tmp_path):
    gone = dict.fromkeys(("value", "low", "high", "n_events"), None) | {"status": status}
    rows = [row | gone for row in (*responder_rows("crps"), *other_rows("crps"))]
    text, page = render(tmp_path, rows=rows)
    check_harmless(text, page)
    assert status in page.text
    assert not re.search(r"\b(nan|NaN|NaT|<NA>)\b", page.text)


def test_nothing_at_all_still_makes_a_page(tmp_path):
    bare = {"export": "", "synthetic": False, "settings": {}, "versions": {}}
    text, page = render(tmp_path, rows=[], claims=(), about=bare)
    check_harmless(text, page)
    assert "No claim was judged in this run." in page.text


def test_unknown_measures_conditions_and_units_are_listed_as_they_are(tmp_path):
    rows = [number(6.5, 1.0, measure="sleep_hours", condition="long_covid", n=12, unit="naps")]
    _, page = render(tmp_path, rows=rows)
    assert "sleep hours" in page.text
    assert "6.50 naps" in page.text
    assert "long covid" in page.text


HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd()", "a\u202eb\u2066c",
    "n" * 10_000, "🙂🙃", "{{ 7*7 }}", "javascript:alert(1)", "</style><b>", "<!--signoff-->",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_harmless_everywhere(name, tmp_path):
    rows = [
        share(5, 20, condition=name, group_by="site", group=name, threshold_pct=30.0),
        share(5, 20, condition=name, visit=name),
        share(5, 20, condition=name, measure=name, definition=name, population=name, unit=name),
    ]
    claim = replace(judged()[0], claim_id=name, wording=name, source=name, condition=name,
                    cited_text=name, reading=name, sentence=name, result_id=name)  # fmt: skip
    about = {
        "export": name, "started": name, "conditions": {name: name}, "inputs": {name: name},
        "versions": {name: name}, "git_commit": name, "settings": {name: name, "recall": name},
    }  # fmt: skip
    text, page = render(tmp_path, rows=rows, claims=(claim,), about=about)
    check_harmless(text, page)
    assert "\u202e" not in text
    assert "49" not in page.text.split("Methods")[0].replace("14 9", "")
    assert text.count("<!--signoff-->") == 1
    assert len(text) < 400_000


def test_a_figure_that_is_missing_or_lies_elsewhere_is_described_instead(tmp_path):
    run = write_run(tmp_path / "run")
    path = run / "results" / "20_responders.all.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["figures"][0]["figure"] = "../../secret"
    (tmp_path / "secret.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'>secret</svg>")
    path.write_text(json.dumps(content), encoding="utf-8")
    page = Page(write_html(build_page(read_run(run)), run).read_text(encoding="utf-8"))
    assert "secret" not in page.text
    assert "(figure not drawn). A point with its interval" in page.text


def test_a_claim_on_one_arm_says_who_was_seen_in_that_arm(tmp_path):
    """32 of both arms are not the denominator of a claim on the 16 of one."""
    arm = {"condition": "crps", "group_by": "arm", "group": "ketamine"}
    rows = [share(8, 16, **arm), share(15, 16, measure="completeness_share", definition="", **arm)]
    own = rows_of(make_results(rows[:1]))[0]
    run = read_run(write_run(tmp_path / "run", rows=rows))
    claim = replace(judged()[0], result_id=own.result_id, value=own.value, n=16)
    assert view_claim(run, claim, drawn=True).completeness.startswith("15 of 16")


def test_what_another_notebook_registers_is_in_the_report(tmp_path):
    folder = write_run(tmp_path / "run")
    own = Results(folder / "results", "35_sleep")
    own.figure(Drawing(), "own", title="Sleep by week", alt="Hours of sleep rise from 5 to 7.",
               condition="fibromyalgia")  # fmt: skip
    own.table(pd.DataFrame({"week": [4], "hours": [6.25]}), "hours", title="Hours of sleep")
    own.write()
    sections = {each.title: each for each in build_page(read_run(folder)).sections}
    further = sections["Fibromyalgia"].topics[-1]
    assert further.title == "Further figures and tables"
    assert [figure.title for figure in further.figures] == ["Sleep by week"]
    table = sections["Conditions compared"].topics[-1].tables[0]
    assert [cell.text for cell in table.lines[0]] == ["4", "6.25"]


# --- the files of a report ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("report") / "run")
    write_report(folder)
    return folder


@pytest.mark.slow
def test_a_report_has_all_its_forms_and_names_them(report):
    names = {path.name for path in report.iterdir()}
    forms = {"summary.pdf", "report.pdf", "results.xlsx", "results.csv", "results.json",
             "results.parquet", "claims.csv", "claims.json"}  # fmt: skip
    assert names == forms | {"index.html", "claims.schema.json", "run.json", "results", "notebooks"}
    page = Page((report / "index.html").read_text(encoding="utf-8"))
    assert forms <= {a.get("href") for a in page.all("a")}


@pytest.mark.slow
def test_results_are_the_same_in_each_form(report):
    table = pd.read_csv(report / "results.csv")
    parquet = pd.read_parquet(report / "results.parquet")
    records = json.loads((report / "results.json").read_text(encoding="utf-8"))
    assert list(table.columns) == list(parquet.columns) == list(records[0])
    assert table.result_id.is_unique
    assert table.columns[0] == "result_id"
    for column in ("value", "low", "high"):
        pd.testing.assert_series_equal(table[column], parquet[column], rtol=0, atol=0)
        assert [each[column] for each in records] == [
            None if pd.isna(value) else value for value in parquet[column]
        ]


def test_the_same_run_gives_the_same_bytes(report, tmp_path):
    again = copied(report, tmp_path / "again")
    names = ("index.html", "results.csv", "results.json", "results.xlsx", "claims.csv")
    for name in names:
        (again / name).unlink()
    write_report(again)
    for name in names:
        assert (again / name).read_bytes() == (report / name).read_bytes(), name


@pytest.mark.slow
def test_a_run_without_verdicts_still_has_a_report(tmp_path):
    folder = write_run(tmp_path / "run")
    (folder / "results" / "claims.json").unlink()
    write_report(folder)
    assert json.loads((folder / "claims.json").read_text(encoding="utf-8")) == []


def test_when_the_pdfs_fail_everything_else_is_there_and_the_page_does_not_name_them(
    tmp_path, monkeypatch
):
    def fail(*_):
        raise RunError("no PDF today")

    folder = write_run(tmp_path / "run")
    monkeypatch.setattr(page_module, "write_pdfs", fail)
    with pytest.raises(RunError, match="no PDF today"):
        write_report(folder)
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    links = {a.get("href") for a in page.all("a")}
    assert "results.xlsx" in links
    assert not {"report.pdf", "summary.pdf"} & links
    assert (folder / "results.xlsx").is_file()


def test_a_name_like_a_formula_is_text_in_every_table(tmp_path):
    rows = make_results([share(5, 20, group_by="site", group="=cmd()")])
    write_results_files(rows, tmp_path)
    assert ",'=cmd()," in (tmp_path / "results.csv").read_text(encoding="utf-8")


def test_conditions_keep_their_order_and_one_of_the_exports_follows(tmp_path):
    rows = [share(5, 20, condition=code) for code in ("zoster", "central", "crps")]
    sections = build_page(read_run(write_run(tmp_path / "run", rows=rows))).sections
    titles = [section.title for section in sections]
    assert titles[1:4] == [LABELS["crps"], LABELS["central"], "zoster"]


def test_verdicts_are_counted_in_the_plural():
    assert verdicts_word("falls short", 1) == "falls short"
    assert [verdicts_word(each, 2) for each in ("meets", "falls short", "undecided")] == [
        "meet", "fall short", "undecided",
    ]  # fmt: skip
