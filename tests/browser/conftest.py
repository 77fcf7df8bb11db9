"""A report built once from made-up results, and a browser page that opens it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from report_runs import judged, write_run

from analysis.claims.judgement import Judgement
from analysis.claims.ledger import load_ledger
from analysis.report.page import write_report


def every_claim() -> tuple[Judgement, ...]:
    """Return the made-up headline claims and a judgement of every statement of the ledger."""
    plain = {"cited_low": None, "cited_high": None, "cited_text": "", "reading": "Read so."}
    more = (
        Judgement(
            claim_id=claim.claim_id,
            wording=claim.wording,
            source=claim.source,
            condition=claim.condition,
            verdict="unfalsifiable" if claim.answer == "unfalsifiable" else "not testable",
            answer=claim.answer,
            headline=False,
            sentence=claim.reason,
            **plain,
        )
        for claim in load_ledger()
    )
    return (*judged(), *more)


@pytest.fixture(scope="session")
def report(tmp_path_factory) -> Path:
    """Return the page of a report written as a run writes it."""
    folder = write_run(tmp_path_factory.mktemp("browser") / "run", claims=every_claim())
    write_report(folder)
    return folder / "index.html"


@pytest.fixture
def open_page(browser, report) -> Iterator[Callable[..., Any]]:
    """Return what opens the report; an error on the console or a request outside fails."""
    contexts, complaints = [], []

    def opened(**how: Any) -> Any:
        context = browser.new_context(**how)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else 0)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.append(asked.url)
                if not asked.url.startswith(("file:", "data:")) else 0)  # fmt: skip
        page.goto(report.as_uri())
        # Letters that come late move what was already scrolled to.
        page.evaluate("document.fonts.ready.then(() => 0)")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
