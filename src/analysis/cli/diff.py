"""reliefcheck diff: what changed between two runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from analysis.cli.options import PATH


@click.command()
@click.argument("run_a", type=PATH)
@click.argument("run_b", type=PATH)
@click.option("--export-a", type=PATH, help="Export of RUN_A, where the run keeps no data.")
@click.option("--mapping-a", type=PATH, help="Its mapping file.")
@click.option("--export-b", type=PATH, help="Export of RUN_B, where the run keeps no data.")
@click.option("--mapping-b", type=PATH, help="Its mapping file.")
@click.option("--all", "everything", is_flag=True, help="Split also what takes minutes to split.")
@click.option("--rows", default=15, type=click.IntRange(min=0), show_default=True,
              help="Results to list.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--page", type=PATH, help="Write everything as one page (HTML), too.")
@click.option("--workers", type=click.IntRange(min=1), default=lambda: os.cpu_count() or 1,
              show_default="all cores", help="Processes for the recomputations.")  # fmt: skip
def diff(
    run_a: Path,
    run_b: Path,
    export_a: Path | None,
    mapping_a: Path | None,
    export_b: Path | None,
    mapping_b: Path | None,
    everything: bool,
    rows: int,
    as_json: bool,
    page: Path | None,
    workers: int,
) -> None:
    """Tell what moved between RUN_A and RUN_B, and which verdicts flipped.

    Every change of a result is split exactly into new patients, patients gone, corrected values,
    late follow-ups, settings and code. For that, mixtures of the two runs are computed again: a
    minute or so, and with --all several; a terminal shows how far it is. Runs that keep no data
    need their exports.
    """
    import json

    from analysis.changes.compare import compare_runs
    from analysis.changes.inputs import load_run_data
    from analysis.changes.output import (
        comparison_record,
        tell_comparison,
        write_comparison_page,
    )

    before = load_run_data(run_a, export=export_a, mapping=mapping_a)
    after = load_run_data(run_b, export=export_b, mapping=mapping_b)
    made = compare_runs(
        before, after, everything=everything, workers=workers, progress=_line_of_progress()
    )
    if page:
        write_comparison_page(made, page)
    if as_json:
        click.echo(json.dumps(comparison_record(made), indent=1, ensure_ascii=False))
    else:
        click.echo(tell_comparison(made, n_rows=rows))
        if page:
            click.echo(f"\nPage: {page}")


def _line_of_progress() -> Callable[[int, int], None] | None:
    """Return what keeps one line of a terminal up to date; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        return None

    def tell(n_done: int, n_all: int) -> None:
        told = "" if n_done == n_all else f"Recomputing: {100 * n_done // n_all} %"
        click.echo(f"\r{told:<20}\r{told}", err=True, nl=False)

    return tell
