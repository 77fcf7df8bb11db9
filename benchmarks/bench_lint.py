"""Processor seconds of the copy linter by the size of the copy: does time grow with it, or faster?

Two kinds of copy: a page as a clinic writes it (the lines of the test list, as HTML, again and
again), and one paragraph without a full stop, which is one statement. Run ``python
benchmarks/bench_lint.py [MEGABYTES ...]``; by default 0.625 to 5.
"""

from __future__ import annotations

import csv
import sys
import time
from html import escape
from itertools import pairwise
from pathlib import Path

from analysis.claims.ledger import load_ledger
from analysis.lint.findings import lint_documents
from analysis.lint.text import read_text

LINES = Path(__file__).parents[1] / "tests" / "data" / "lint" / "page_lines.csv"
MOST_GROWTH = 2.6
"""Of the time when the size doubles: 2 where it is linear, with room for a busy machine."""


def main() -> None:
    """Print a line for each size, and say where time grows faster than the copy."""
    sizes = [float(text) for text in sys.argv[1:]] or [0.625, 1.25, 2.5, 5.0]
    ledger = load_ledger()
    with LINES.open(encoding="utf-8", newline="") as file:
        lines = [row["line"] for row in csv.DictReader(file)]
    page = "".join(f"<p>{escape(line)}</p>\n" for line in lines)
    run_on = "70-85% of CRPS patients improve and feel better after weeks, "
    lint_documents([read_text(page, form="html", name="warm")], claims=ledger)
    for kind, text, form in (("page", page, "html"), ("one statement", run_on, "txt")):
        taken = []
        for size in sizes:
            copy = text * max(1, round(size * 1e6 / len(text)))
            begun = time.process_time()
            result = lint_documents([read_text(copy, form=form, name="copy")], claims=ledger)
            taken.append(time.process_time() - begun)
            print(f"{kind:<14} {len(copy) / 1e6:6.3f} MB {taken[-1]:8.2f} s of processor time, "
                  f"{len(result.findings):,} findings")  # fmt: skip
        for (small, less), (large, more) in pairwise(zip(sizes, taken, strict=True)):
            grown, expected = more / less, large / small
            word = "linear" if grown < expected * MOST_GROWTH / 2 else "FASTER THAN LINEAR"
            print(f"{kind:<14} {small:g} to {large:g} MB: {grown:.2f} times ({word})")


if __name__ == "__main__":
    main()
