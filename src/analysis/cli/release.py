"""reliefcheck release: from an internal run to what may be handed on."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.cli.options import PATH


@click.command()
@click.argument("run", type=PATH)
@click.option("--out", type=PATH, help="Folder to write; must not exist. Default: RUN-release.")
@click.option("--name", default="", help="What the data are called in the release.")
def release(run: Path, out: Path | None, name: str) -> None:
    """Make a release of the internal report in folder RUN.

    Counts of 1 to 10 patients are withheld, and every number from which one could be worked out;
    figures, verdicts and the page are then made again from what is left. Pictures of single
    patients, executed notebooks, file names and paths are not in it. Who signed the run is named
    only where the signature holds. docs/release.md says how. `reliefcheck run --release` makes one
    right after a run.

    For example: reliefcheck release reports/latest --name "Pain clinic, 2022 to 2025"
    """
    from analysis.release.make import make_release

    folder = make_release(run, out, name=name, tell=lambda note: click.echo(note, err=True))
    click.echo(f"Release: {folder / 'index.html'}")
    click.echo(f"Check it before it leaves: reliefcheck release-check {folder}", err=True)
