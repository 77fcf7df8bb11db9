"""reliefcheck sign: put a name to the results of a run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from analysis.cli.options import PATH


@click.command()
@click.argument("run", type=PATH)
@click.option("--as", "name", default="", help="Who signs.")
@click.option("--role", default="", help="As what: medical director, biostatistician, ...")
@click.option("--check", is_flag=True, help="Sign nothing; tell whether the signatures still hold.")
def sign(run: Path, name: str, role: str, check: bool) -> None:
    """Sign the results in folder RUN, or check who has.

    Stores name, role, day and a hash of every number and verdict in signoff.json, and shows them
    in index.html. A number that moves afterwards voids the signature. Several people may sign. The
    PDFs stay as they were made: they name the same hash and leave a line to sign by hand.

    For example: reliefcheck sign reports/latest --as "A. Weber, MD" --role "medical director"
    """
    from datetime import date

    from analysis.report.signoff import hash_results, read_signoffs, show_signoff, sign_run

    if not check:
        made = sign_run(run, name=name, role=role, on=date.today())
        click.echo(f"Signed by {made.name}, {made.role}, on {made.date} (SHA-256 {made.sha256}).")
        return
    hash_results(run)  # says so when this is no run
    signed = read_signoffs(run)
    show_signoff(run)
    for each in signed:
        state = "VOID, the results have changed since" if each.is_void else "holds"
        click.echo(f"{each.name}, {each.role}, {each.date}: {state}")
    if not signed:
        click.echo("Nobody has signed.")
    sys.exit(1 if any(each.is_void for each in signed) else 0)
