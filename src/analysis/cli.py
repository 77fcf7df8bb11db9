"""The command line: parses and calls. Heavy imports wait until a command needs them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from analysis import __version__
from analysis.errors import ReliefcheckError

EPILOG = """\b
Examples:
  reliefcheck run                                   the bundled demo export
  reliefcheck run exports/2026-06 --mapping map.yaml
  reliefcheck check exports/2026-06 --mapping map.yaml
  reliefcheck demo /tmp/clinic --patients 5000
  reliefcheck claims show C043                      what a claim is taken to mean
  reliefcheck lint page.html                        marketing copy against the verdicts

Exit codes: 0 done; 1 something failed while working (the report shows the gap);
2 what was given is wrong, and nothing was written."""

PATH = click.Path(path_type=Path)


class _Commands(click.Group):
    """Turns the suite's own errors into a sentence and an exit code, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ReliefcheckError as error:
            click.echo(f"reliefcheck: {error}", err=True)
            ctx.exit(error.exit_code)


@click.group(cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reliefcheck")
def main() -> None:
    """Do a clinic's outcomes bear out what its web page says about pain relief?

    Takes an outcome export, compares responder rates, percent pain reduction and the duration of
    relief with the cited figures, and gives every claim a verdict.
    """


@main.command(short_help="Run the notebooks on an export and write the report.")
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


@main.command(short_help="Say what is understood of an export; compute nothing.")
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


@main.command(short_help="Make a synthetic demo export of any size.")
@click.argument("folder", type=PATH)
@click.option("--patients", type=click.IntRange(min=6), default=600, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Default: the demo's own.")
def demo(folder: Path, patients: int, seed: int | None) -> None:
    """Write a synthetic export with a planted truth to FOLDER.

    The patients do not exist. truth.json says what was planted, so that anyone can see whether
    the suite finds it again. The same number of patients and seed give the same files.
    """
    from analysis.sources.demo import DEMO_SEED, write_demo

    chosen = DEMO_SEED if seed is None else seed
    written = write_demo(folder, n_patients=patients, seed=chosen)
    click.echo(f"Synthetic export of {patients:,} patients: {written}")


@main.group(
    invoke_without_command=True, short_help="List the claims of the ledger, or explain one."
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


@claims.command(short_help="Explain one claim.")
@click.argument("claim_id")
@click.pass_obj
def show(found: Any, claim_id: str) -> None:
    """Explain CLAIM_ID: words, reading, what they leave open, what would test it, and rules.

    For example: reliefcheck claims show C043
    """
    from analysis.claims.describe import explain_claim
    from analysis.claims.rules import load_rules

    click.echo(explain_claim(found, claim_id, rules=load_rules()))


@main.command(short_help="Check marketing copy against the ledger and the newest verdicts.")
@click.argument("files", type=PATH, nargs=-1, required=True)
@click.option("--run", "run_folder", type=PATH, help="Report folder; default: reports/latest.")
@click.option("--no-run", is_flag=True, help="Look at no run: nothing is judged.")
@click.option("--ledger", type=PATH, help="A ledger of your own (CSV).")
@click.option("--export", type=PATH, help="The export of the run, to see whether it has changed.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "html", "claimreview"]),
    default="text",
    show_default=True,
)
@click.option("--out", type=PATH, help="File to write; default: print.")
@click.option("--encoding", default="", help="Encoding of text files, if it is not found out.")
def lint(
    files: tuple[Path, ...],
    run_folder: Path | None,
    no_run: bool,
    ledger: Path | None,
    export: Path | None,
    form: str,
    out: Path | None,
    encoding: str,
) -> None:
    """Find every percentage, duration, frequency word and absolute in FILES, and mark it.

    Reads text, HTML, Markdown, DOCX and PDF. Each statement is matched to the ledger of claims and
    marked: borne out, contradicted, undecided, unlisted, unfalsifiable, ... Exit code 0: nothing
    to mend; 1: something is; 2: a file cannot be read.
    """
    from analysis.lint.command import run_lint

    if no_run and run_folder:
        raise click.UsageError("--run and --no-run exclude each other.")
    told, code = run_lint(
        files,
        ledger=ledger,
        run_folder=run_folder,
        judge=not no_run,
        export=export,
        form=form,
        out=out,
        encoding=encoding,
    )
    click.echo(told, nl=not told.endswith("\n"))
    sys.exit(code)


if __name__ == "__main__":
    main()
