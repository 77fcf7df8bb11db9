"""reliefcheck verify: whether a run folder is what the run left."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from analysis.cli.options import PATH

SIGNS = {"fits": "ok  ", "does not fit": "NO  ", "told": "note"}


@click.command()
@click.argument("run", type=PATH)
@click.option("--export", type=PATH, help="The export of the run, to check the files it read.")
@click.option("--mapping", type=PATH, help="Its mapping file, if it is not in the export.")
@click.option("--recompute", is_flag=True, help="Make every result again from the data of the run.")
def verify(run: Path, export: Path | None, mapping: Path | None, recompute: bool) -> None:
    """Check every file of RUN against the SHA-256 that the run recorded.

    Tells file by file what is missing, changed or was added, whether results and claims agree with
    each other, which versions have changed, and whether a sign-off still holds. Exit code 0: all
    fits; 1: something does not; 2: RUN is no run folder.
    """
    from analysis.run.verify import load_run_file, verify_run

    findings = [*verify_run(run)]
    if export or recompute:
        from analysis.run.verify_data import check_inputs, check_recomputed

        about = load_run_file(run)
        findings += check_inputs(about, export, mapping) if export else ()
        findings += check_recomputed(run, about) if recompute else ()
    for finding in findings:
        click.echo(f"{SIGNS[finding.state]}  {finding.sentence}")
    bad = sum(finding.state == "does not fit" for finding in findings)
    click.echo(f"{bad} of {len(findings)} checks do not fit." if bad else "Everything fits.")
    sys.exit(1 if bad else 0)
