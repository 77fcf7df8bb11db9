"""reliefcheck claims: the ledger, listed, explained, and given to machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analysis.cli.options import PATH

EXAMPLES = """\b
Examples:
  reliefcheck claims --condition crps
  reliefcheck claims show C043 --run reports/latest
  reliefcheck claims --run reports/latest --format claimreview"""

FORMATS = ("text", "json", "csv", "claimreview")


@click.group(invoke_without_command=True, epilog=EXAMPLES)
@click.option("--condition", default="", help="Only claims on this condition, or all.")
@click.option("--kind", default="", help="Only this kind: headline, safety, testimonial, ...")
@click.option("--answer", default="", help="Only those answered so: computed, no_records, ...")
@click.option("--verdict", default="", help="Only this verdict; most verdicts need --run.")
@click.option("--run", "run_folder", type=PATH, help="Report folder whose verdicts are meant.")
@click.option("--ledger", type=PATH, help="A ledger of your own (CSV).")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    help="Lines for people, or JSON, CSV or schema.org ClaimReview of the verdicts of --run.",
)
@click.pass_context
def claims(
    context: click.Context,
    condition: str,
    kind: str,
    answer: str,
    verdict: str,
    run_folder: Path | None,
    ledger: Path | None,
    form: str,
) -> None:
    """List the claims of the ledger: id, condition, kind, answer, words. Needs no run.

    With --run and --format it gives the verdicts of a run to other programs.
    """
    from analysis.claims.describe import list_claims, select_claims
    from analysis.claims.ledger import load_ledger
    from analysis.report.claim_files import judgements_of, render_judgements

    found = load_ledger(ledger)
    context.obj = (found, run_folder)
    if context.invoked_subcommand:
        return
    judgements = judgements_of(run_folder) if run_folder else ()
    chosen = select_claims(
        found, condition=condition, kind=kind, answer=answer, verdict=verdict, judgements=judgements
    )
    if form == "text":
        click.echo(list_claims(chosen))
        return
    ids = {claim.claim_id for claim in chosen}
    kept = [one for one in judgements if one.claim_id in ids]
    click.echo(render_judgements(kept, run_folder=run_folder, form=form), nl=False)


@claims.command()
@click.argument("claim_id")
@click.option("--run", "run_folder", type=PATH, help="Report folder: its verdict is told too.")
@click.pass_obj
def show(found: Any, claim_id: str, run_folder: Path | None) -> None:
    """Explain CLAIM_ID: words, reading, what they leave open, what would test it, and rules.

    With --run also its verdict, other readings, the tipping point, and what may be said.
    For example: reliefcheck claims show C043 --run reports/latest
    """
    from analysis.claims.describe import explain_claim
    from analysis.claims.describe_judgement import explain_judgement
    from analysis.claims.rules import load_rules
    from analysis.report.claim_files import judgement_on

    ledger, group_folder = found
    click.echo(explain_claim(ledger, claim_id, rules=load_rules()))
    folder = run_folder or group_folder
    if folder:
        click.echo(f"\n{explain_judgement(judgement_on(folder, claim_id))}")
