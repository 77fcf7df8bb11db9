"""reliefcheck claims: the ledger, listed and explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analysis.cli.options import PATH


@click.group(
    invoke_without_command=True,
)
@click.option("--condition", default="", help="Only claims on this condition, or all.")
@click.option("--kind", default="", help="Only this kind: headline, safety, testimonial, ...")
@click.option("--answer", default="", help="Only those answered so: computed, no_records, ...")
@click.option("--verdict", default="", help="Only this verdict; most verdicts need --run.")
@click.option("--run", "run_folder", type=PATH, help="Report folder whose verdicts are meant.")
@click.option("--ledger", type=PATH, help="A ledger of your own (CSV).")
@click.pass_context
def claims(
    context: click.Context,
    condition: str,
    kind: str,
    answer: str,
    verdict: str,
    run_folder: Path | None,
    ledger: Path | None,
) -> None:
    """List the claims of the ledger: id, condition, kind, answer, words. Needs no run."""
    from analysis.claims.describe import list_claims, select_claims
    from analysis.claims.ledger import load_ledger
    from analysis.report.store import load_judgements

    context.obj = found = load_ledger(ledger)
    if context.invoked_subcommand:
        return
    judgements = load_judgements(run_folder) if run_folder else ()
    chosen = select_claims(
        found, condition=condition, kind=kind, answer=answer, verdict=verdict, judgements=judgements
    )
    click.echo(list_claims(chosen))


@claims.command()
@click.argument("claim_id")
@click.pass_obj
def show(found: Any, claim_id: str) -> None:
    """Explain CLAIM_ID: words, reading, what they leave open, what would test it, and rules.

    For example: reliefcheck claims show C043
    """
    from analysis.claims.describe import explain_claim
    from analysis.claims.rules import load_rules

    click.echo(explain_claim(found, claim_id, rules=load_rules()))
