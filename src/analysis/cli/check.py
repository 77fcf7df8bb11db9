"""reliefcheck check: what is understood of an export."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.cli.options import PATH


@click.command()
@click.argument("export", type=PATH)
@click.option("--mapping", type=PATH, help="Mapping file (YAML) that describes the export.")
def check(export: Path, mapping: Path | None) -> None:
    """Read EXPORT, check it against the contract, and say what was understood.

    Prints the tables, what became of every line, conditions, visits and baselines, and the
    checks of the data-quality notebook. Exit code 2 and one sentence a problem when the export
    cannot be used.
    """
    from analysis.run.checking import describe_export

    click.echo(describe_export(export, mapping))
