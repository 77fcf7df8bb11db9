"""reliefcheck release-check: may this folder leave the clinic?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from analysis.cli.options import PATH

MOST_SHOWN = 50


@click.command("release-check")
@click.argument("run", type=PATH)
@click.option("--against", type=PATH, multiple=True, help="An earlier release; may be repeated.")
@click.option("--internal", type=PATH, help="The run it was made from: a sharper check.")
def release_check(run: Path, against: tuple[Path, ...], internal: Path | None) -> None:
    """Check that the release in folder RUN tells nothing of single patients.

    Looks for pictures and rows of patients, identifiers, paths, counts of 1 to 10 in tables, words
    and differences, and outputs of notebooks; with --against for what two releases tell together.
    Exit code 1 and a line for each finding, with file and place; 0 when there is none.

    For example: reliefcheck release-check reports/latest-release --internal reports/latest
    """
    from analysis.release.check import check_release

    found = check_release(run, against=against, internal=internal)
    for each in found[:MOST_SHOWN]:
        click.echo(each.sentence)
    if len(found) > MOST_SHOWN:
        click.echo(f"... and {len(found) - MOST_SHOWN} more.")
    if found:
        click.echo(f"{run.name} must not be handed on: {len(found)} findings.", err=True)
        sys.exit(1)
    click.echo(f"{run.name}: nothing found that must not leave.")
