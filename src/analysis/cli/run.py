"""reliefcheck run: every notebook on an export, one report."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from analysis.cli.options import PATH


@click.command()
@click.argument("export", type=PATH, required=False)
@click.option("--mapping", type=PATH, help="Mapping file (YAML) that describes the export.")
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    help="Only this condition (crps, neuropathic, ...); may be given more than once.",
)
@click.option("--settings", "settings_file", type=PATH, help="Settings file (YAML): name: value.")
@click.option("--out", type=PATH, help="Folder for the report; must not exist yet.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    show_default="all cores",
    help="Notebooks at a time.",
)
@click.option("--quiet", is_flag=True, help="Print only where the report lies.")
def run(
    export: Path | None,
    mapping: Path | None,
    conditions: tuple[str, ...],
    settings_file: Path | None,
    out: Path | None,
    workers: int,
    quiet: bool,
) -> None:
    """Run every notebook on EXPORT for every condition, and write one report.

    EXPORT is a folder with patients, pain_scores and, if there are any, infusions (CSV, Excel or
    Parquet), or anything a mapping file describes. Without it the bundled demo export is used;
    its patients are synthetic.
    """
    from analysis.places import data_folder
    from analysis.run.progress import show_progress
    from analysis.run.session import RunRequest, run_study
    from analysis.run.settings_file import load_settings_file

    request = RunRequest(
        export=export or data_folder() / "demo",
        mapping=mapping,
        conditions=conditions,
        settings=load_settings_file(settings_file) if settings_file else {},
        out=out,
        workers=workers,
    )
    with show_progress(quiet=quiet) as listener:
        result = run_study(request, listener=listener)
    for outcome in result.failed:
        click.echo(f"failed: {outcome.task.name}: {outcome.error}", err=True)
    click.echo(f"Report: {result.page}")
    if not quiet:
        click.echo(f"{len(result.outcomes)} notebooks in {result.seconds:.0f} s.", err=True)
    sys.exit(1 if result.failed else 0)
