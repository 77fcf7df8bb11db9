"""reliefcheck lint: marketing copy against the verdicts."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from analysis.cli.options import PATH


@click.command()
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
