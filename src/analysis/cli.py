"""The command line: parses and calls. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from analysis.errors import ReliefcheckError, SettingsError, escaped, sentence_of, shown

EPILOG = """\b
Examples:
  reliefcheck run                                   the bundled demo export
  reliefcheck run exports/2026-06 --mapping map.yaml
  reliefcheck run exports/2026-06 --plan            what would run, what is reused
  reliefcheck map exports/2026-06                   draft a mapping for files of any form
  reliefcheck check exports/2026-06 --mapping map.yaml
  reliefcheck rates exports/registry                responder rates only, of any size
  reliefcheck demo /tmp/clinic --patients 5000
  reliefcheck new my-analysis                       notebooks and a mapping to change
  reliefcheck notebooks 20_responders               what a notebook asks and takes
  reliefcheck claims show C043                      what a claim is taken to mean
  reliefcheck ask C066 --run reports/latest         what would have to be recorded to test it
  reliefcheck claims draft page.html                a ledger for another page
  reliefcheck lint page.html                        marketing copy against the verdicts
  reliefcheck approve C043 --as "A. Weber" --role director --until 2027-01-31
  reliefcheck mail reports/latest C043              a note on a claim, to paste
  reliefcheck diff reports/2026-05 reports/2026-06  what moved, and why
  reliefcheck verify reports/latest                 every file as the run left it?
  reliefcheck release reports/latest                a report that may be handed on
  reliefcheck release-check reports/latest-release --run reports/latest
  reliefcheck pool a-release b-release c-release --out pooled
  reliefcheck datasets reports/latest --out sas      analysis datasets as SAS transport files
  reliefcheck sign reports/latest --as "A. Weber" --role director

Exit codes: 0 done; 1 something failed while working; 2 what was given is wrong, and nothing was
written."""


class GivenPath(click.Path):
    """A path, ~ written out; what no file can be called is refused in a sentence."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        try:
            path: Any = super().convert(value, param, ctx)
        except ValueError:
            self.fail(f"no file can be called '{escaped(str(value))}'.", param, ctx)
        with suppress(RuntimeError):  # a name such as ~$page.docx is nobody's home
            path = path.expanduser()
        return path


PATH = GivenPath(path_type=Path)

MOST_AT_ONCE = 512
"""Notebooks handed to a cluster at a time; it knows best how many it can run."""


class LocalPath(GivenPath):
    """A path of this machine: an address would silently become a folder named ``s3:``."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or refuse an address."""
        if re.match(r"[a-z][a-z0-9+.-]+://", str(value), re.IGNORECASE):
            self.fail(f"'{value}' is an address; give a folder of this machine.", param, ctx)
        return super().convert(value, param, ctx)


MAPPING = click.option(
    "--mapping", type=PATH, help="Mapping file (YAML) that describes the export."
)
SET = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="One setting; wins over the settings file. May be given more than once.",
)
ALSO = click.option(
    "--also",
    type=PATH,
    multiple=True,
    help="File or folder outside the export that its mapping or links may lead to; repeatable.",
)
LEDGER = click.option("--ledger", type=PATH, help="A ledger of your own (CSV).")
RUN = click.option("--run", "run_folder", type=PATH, help="Report folder; default: reports/latest.")
APPROVALS = click.option(
    "--approvals", type=PATH, help="Approvals; default: approvals.jsonl beside the runs."
)
ENCODING = click.option(
    "--encoding", default="", help="Encoding of text files, if it is not found out."
)
NOTEBOOKS = click.option(
    "--notebooks", type=PATH, help="Folder of the notebooks, if not the suite's own."
)


def workers_of(what: str) -> Any:
    """Return the option that says how many of something are worked on at a time."""
    return click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=lambda: os.cpu_count() or 1,
        show_default="all cores",
        help=f"{what} at a time.",
    )


NO_THREAD = "can't start new thread"
"""What Python says where there is no memory for another thread."""

OUR_ESCAPES = "reliefcheck.escaped"
"""Error handler of streams: what their encoding cannot write is escaped."""

codecs.register_error(
    OUR_ESCAPES,
    lambda error: (escaped(error.object[error.start : error.end]), error.end),  # type: ignore
)


def _say(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text in which nothing of a user's commands the terminal."""
    click.echo(shown(str(text)), err=err, nl=nl)


@contextmanager
def _on_a_terminal() -> Iterator[None]:
    """Print whatever the encoding; end at SIGTERM and SIGHUP as at Ctrl-C, with all cleaned up."""

    def end(number: int, _: object) -> None:
        for each in ended:
            signal.signal(each, signal.SIG_IGN)  # a second one must not cut the cleaning short
        sys.exit(128 + number)

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=OUR_ESCAPES)
    ended = [
        each
        for name in ("SIGTERM", "SIGHUP")
        if (each := getattr(signal, name, None)) is not None
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(each) is signal.SIG_DFL  # not where nohup wants it ignored
    ]
    for each in ended:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each in ended:
            signal.signal(each, signal.SIG_DFL)


class Reliefcheck(click.Group):
    """Turns the suite's errors into a sentence and an exit code; commands keep their order."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of work, as they stand below."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; never a traceback for what the user gave."""
        with _on_a_terminal():
            try:
                return super().invoke(ctx)
            except ReliefcheckError as error:
                _say(f"reliefcheck: {error}", err=True)
                ctx.exit(error.exit_code)
            except (MemoryError, RuntimeError) as error:
                if not isinstance(error, MemoryError) and str(error) != NO_THREAD:
                    raise
                _say("reliefcheck: this machine has not enough memory for it.", err=True)
                ctx.exit(1)
            except OSError as error:
                if error.errno == errno.EPIPE:  # whoever read the output, as head does, has enough
                    raise
                _say(f"reliefcheck: {sentence_of(error)}", err=True)
                ctx.exit(2 if error.errno == errno.ENAMETOOLONG else 1)


@click.group(
    cls=Reliefcheck, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="reliefcheck", prog_name="reliefcheck")
def main() -> None:
    """Do a clinic's outcomes bear out what its web page says about pain relief?

    Takes an outcome export, compares responder rates, percent pain reduction and the duration of
    relief with the cited figures, and gives every claim a verdict.
    """


@main.command(short_help="Run the notebooks on an export and write the report.")
@click.argument("export", required=False)
@MAPPING
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    help="Only this condition (crps, neuropathic, ...); may be given more than once.",
)
@click.option(
    "--settings",
    "settings_file",
    type=PATH,
    help="Settings file (YAML), lines such as `responder_threshold_pct: 50`; docs/settings.md.",
)
@SET
@click.option("--out", type=LocalPath(), help="Folder for the report; must not exist yet.")
@click.option(
    "--notebooks",
    type=PATH,
    show_default="the suite's own",
    help="Folder of notebooks to run; `reliefcheck new` makes one to change.",
)
@workers_of("Notebooks")
@click.option(
    "--engine",
    default="",
    show_default="warm on Linux, else papermill",
    help="How notebooks are executed: warm (fast) or papermill (a kernel each); same results.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Run the notebooks on a Dask cluster: tcp://host:port, or `local` for one made here.",
)
@click.option("--plan", "only_plan", is_flag=True, help="Print what would run; run nothing.")
@click.option(
    "--cache",
    type=LocalPath(),
    show_default="reports/.cache",
    help="Folder where results are kept; what has not changed is not computed again.",
)
@click.option("--no-cache", is_flag=True, help="Compute everything, keep nothing.")
@ALSO
@click.option(
    "--ledger",
    type=PATH,
    help="Claims of another page (CSV); `reliefcheck claims draft` proposes one. docs/claims.md.",
)
@click.option(
    "--group-readable",
    is_flag=True,
    help="Let your group read the run folder too, patients' data included; else only you can.",
)
@click.option("--docx", is_flag=True, help="Write report.docx as well.")
@click.option("--pptx", is_flag=True, help="Write slides as well: report.pptx.")
@click.option(
    "--template",
    "templates",
    type=PATH,
    multiple=True,
    help="The clinic's own .docx or .pptx, whose styles these take; repeatable.",
)
@click.option("--quiet", is_flag=True, help="Print only where the report lies.")
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
def run(
    export: str | None,
    mapping: Path | None,
    conditions: tuple[str, ...],
    settings_file: Path | None,
    assignments: tuple[str, ...],
    out: Path | None,
    notebooks: Path | None,
    workers: int,
    engine: str,
    scheduler: str | None,
    only_plan: bool,
    cache: Path | None,
    no_cache: bool,
    also: tuple[Path, ...],
    ledger: Path | None,
    group_readable: bool,
    docx: bool,
    pptx: bool,
    templates: tuple[Path, ...],
    quiet: bool,
    as_json: bool,
) -> None:
    """Run every notebook on EXPORT for every condition, and write one report.

    EXPORT is a folder with patients, pain_scores and, if there are any, infusions (CSV, Excel or
    Parquet), or anything a mapping file describes; it may be an address (s3://..., https://...).
    Without it the bundled demo export is used; its patients are synthetic.

    The report lies in a new folder below reports/, and reports/latest points to it. It is for use
    inside the clinic: it shows figures of single patients and small numbers.

    What has not changed since an earlier run is reused: notebooks are computed again when a byte
    of the export, of the settings, of the suite or of a library changed. A run that was stopped
    goes on where it was. When a notebook fails, no report is written, the others are kept, and the
    exit code is 1.

    \b
    Examples:
      reliefcheck run exports/june --mapping june.yaml --settings settings.yaml
      reliefcheck run exports/june --set analysis_visit=week_4 --out reports/week-4
      reliefcheck run exports/june --ledger our-page.csv
      reliefcheck run s3://clinic/june --scheduler tcp://10.0.0.5:8786
    """  # noqa: D301  (\b keeps the examples' lines apart)
    from analysis.run.snapshot import pinned_suite

    if cache and no_cache:
        raise click.UsageError("--cache and --no-cache exclude each other.")
    if engine and scheduler:
        raise click.UsageError("--engine is of no use with --scheduler.")
    for template in templates:
        if template.suffix.lower() not in (".docx", ".pptx"):
            raise click.UsageError(f"--template takes a .docx or a .pptx file, not {template}.")
    with pinned_suite(), _local_export(export) as path:
        from analysis.run.plan import load_settings_file, notebook_folder, read_assignments
        from analysis.run.reuse import default_cache
        from analysis.run.session import RunRequest, plan_study

        in_file, asked = load_settings_file(settings_file) if settings_file else ({}, ())
        request = RunRequest(
            export=path,
            mapping=mapping,
            conditions=conditions or asked,
            settings={**in_file, **read_assignments(assignments)},
            out=out,
            workers=workers if scheduler in (None, "local") else MOST_AT_ONCE,
            engine=engine,
            cache=None if no_cache else cache or default_cache(),
            notebooks=notebooks or notebook_folder(),
            also=also,
            ledger=ledger,
            group_readable=group_readable,
            documents=("report.docx",) * docx + ("report.pptx",) * pptx,
            templates=templates,
        )
        if only_plan:
            _say(plan_study(request))
            return
        sys.exit(_run(request, scheduler, workers=workers, quiet=quiet, as_json=as_json))


@contextmanager
def _local_export(given: str | None) -> Iterator[Path]:
    """Yield where the export lies; a remote one is copied to scratch and gone afterward."""
    from analysis.intake.remote import fetch, is_remote
    from analysis.run.folder import scratch
    from analysis.settings import data_folder

    if not given:
        yield data_folder() / "demo"
    elif not is_remote(given):
        yield Path(given)
    else:
        with scratch() as folder:
            yield fetch(given, folder)


def _run(request: Any, scheduler: str | None, *, workers: int, quiet: bool, as_json: bool) -> int:
    from functools import partial

    from analysis.run.progress import print_json, show_progress
    from analysis.run.session import run_study

    opened = None
    if scheduler is not None:
        from analysis.run.cluster import ClusterExecutor, check_scheduler, warn_of_open

        check_scheduler(scheduler)
        if warning := warn_of_open(scheduler):
            _say(f"Warning: {warning}", err=True)
        opened = partial(ClusterExecutor, scheduler, workers=workers)
    with show_progress(quiet=quiet, as_json=as_json) as listen:
        result = run_study(request, listen=listen, open_executor=opened)
    reused = [each.task.name for each in result.outcomes if each.reused]
    if as_json:
        print_json(
            {
                "event": "done",
                "folder": str(result.folder),
                "page": str(result.page),
                "seconds": round(result.seconds, 2),
                "reused": reused,
                "unchanged": result.unchanged,
                "problems": list(result.problems),
                "notes": list(result.notes),
            }
        )
        return 1 if result.problems else 0
    for problem in result.problems:
        _say(f"reliefcheck: {problem}", err=True)
    for note in () if quiet else result.notes:
        _say(note, err=True)
    _say(f"Report: {result.page}")
    if not quiet and not result.unchanged:
        some = f", {len(reused)} of them reused" if reused else ""
        _say(f"{len(result.outcomes)} notebooks{some}, {result.seconds:.0f} s.", err=True)
    return 1 if result.problems else 0


@main.command("map", short_help="Draft a mapping file for an export of any form.")
@click.argument("export", type=PATH)
@click.option("--out", type=LocalPath(), default=Path("clinic.yaml"), show_default=True,
              help="Mapping file to write; must not exist yet.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Ask nothing: leave a TODO with the best guess.")
def map_export(export: Path, out: Path, yes: bool) -> None:
    """Look at every file and sheet of EXPORT and write a mapping file for it.

    For exports that are not in the form of the contract: a list in Excel with a row a patient,
    a column per visit or a row per rating, REDCap with its dictionary, FHIR bulk data, OMOP, CDISC
    ADaM, SPSS, Stata, SAS, LimeSurvey, Qualtrics, Google Forms (docs/formats.md). Nothing in the
    export is changed, and nothing that names a person is printed.

    \b
    1. Columns are recognized by their headers and values: ids, diagnoses, scores, dates and
       their order, visits, arms, units. What names a person is left out, and named.
    2. What the files do not settle is asked; with --yes, or without a terminal, it becomes a
       TODO in the file.
    3. The mapping is written, each line with a comment: sure, likely, or TODO.
    4. The export is checked with it, and a table says for each column what was understood,
       what is wrong, and what to do.

    Read the mapping before you use it: it is a proposal. Then run the export with it. Exit code
    1 when the check refuses the export with this mapping: the table says why.

    \b
    Examples:
      reliefcheck map list.xlsx
      reliefcheck map exports/june --out june.yaml --yes
      reliefcheck run exports/june --mapping june.yaml
    """  # noqa: D301
    from analysis.run.check import write_draft

    asked = not yes and sys.stdin.isatty()
    text, accepted = write_draft(export, out, _ask if asked else None)
    _say(text)
    sys.exit(0 if accepted else 1)


def _ask(question: Any) -> str:
    """Ask about one point on the terminal; Enter takes the guess."""
    _say(f"\n{question.about}: {question.text}", err=True)
    for choice, meaning in question.choices:
        _say(f"  {choice:<14} {meaning}", err=True)
    known = click.Choice([choice for choice, _ in question.choices])
    kind = click.FLOAT if question.free else known
    default = question.guess if question.guess or not question.free else None
    given = click.prompt("Your answer", default=default, type=kind, show_choices=False, err=True)
    return f"{given:g}" if question.free else str(given)


@main.command(short_help="Say what is understood of an export; compute nothing.")
@click.argument("export", type=PATH)
@MAPPING
@ALSO
def check(export: Path, mapping: Path | None, also: tuple[Path, ...]) -> None:
    """Read EXPORT, check it against the contract, and say what was understood.

    Prints the tables, what became of every line, conditions, visits and baselines, and the
    checks of the data-quality notebook. Exit code 2 and one sentence a problem when the export
    cannot be used.

    For example: reliefcheck check exports/june --mapping june.yaml
    """
    from analysis.run.check import describe_export

    _say(describe_export(export, mapping, also))


@main.command(short_help="Responder rates by condition and visit, for exports of any size.")
@click.argument("export", type=PATH)
@MAPPING
@SET
@click.option("--out", type=LocalPath(), help="CSV file to write the rates to as well.")
@workers_of("Parts of the patients")
def rates(
    export: Path, mapping: Path | None, assignments: tuple[str, ...], out: Path | None, workers: int
) -> None:
    """Count who responds, by condition and visit, in an EXPORT of any size.

    For registries that are too large for a run: the patients are derived part by part, by the same
    definitions, and only counts are kept. 30 million ratings take minutes and a few gigabytes.

    For example: reliefcheck rates exports/registry --out rates.csv
    """
    from analysis.run.plan import read_assignments
    from analysis.run.rates import describe_rates

    given = read_assignments(assignments)
    click.echo(describe_rates(export, mapping, given, workers=workers, out=out))


@main.command(short_help="Make a synthetic demo export of any size.")
@click.argument("folder", type=PATH)
@click.option("--patients", type=click.IntRange(min=6), default=600, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Default: the demo's own.")
def demo(folder: Path, patients: int, seed: int | None) -> None:
    """Write a synthetic export with a planted truth to FOLDER.

    The patients do not exist. truth.json says what was planted, so that anyone can see whether
    the suite finds it again. The same number of patients and seed give the same files.

    For example: reliefcheck demo /tmp/clinic --patients 5000
    """
    from analysis.intake.demo import DEMO_SEED, write_demo

    written = write_demo(folder, n_patients=patients, seed=DEMO_SEED if seed is None else seed)
    _say(f"Synthetic export of {patients:,} patients: {written}")


@main.command(short_help="Lay out notebooks and an example mapping for your own work.")
@click.argument("folder", type=LocalPath())
def new(folder: Path) -> None:
    """Make FOLDER with notebooks to change, an example mapping and a settings file.

    A notebook takes part in a run by its number: below 70 it measures, 70 to 79 it judges claims,
    80 to 89 it sums up. Add one, or change those there, and run them all:

    \b
      reliefcheck new my-analysis
      cd my-analysis
      reliefcheck run EXPORT --mapping mapping.yaml --settings settings.yaml --notebooks notebooks
    """  # noqa: D301
    from analysis.run.plan import lay_out

    _say(lay_out(folder))


@main.command(short_help="List the notebooks, their questions and parameters.")
@click.argument("names", nargs=-1, metavar="[NOTEBOOK]...")
@click.option("--folder", type=PATH, show_default="the suite's own", help="Folder of notebooks.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def notebooks(names: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """List the notebooks: the question each answers, and the parameters it takes.

    \b
    Examples:
      reliefcheck notebooks                     all of them
      reliefcheck notebooks 20_responders       one
    """  # noqa: D301
    import json
    from dataclasses import asdict

    from analysis.errors import suggest
    from analysis.run.plan import find_notebooks, notebook_folder, read_parameters, read_question

    found = {path.stem: path for path in find_notebooks(folder or notebook_folder())}
    for name in names:
        if name not in found:
            raise SettingsError(
                f"there is no notebook '{name}'.{suggest(name, found)} "
                f"Notebooks: {', '.join(found)}."
            )
    records: list[dict[str, Any]] = [
        {
            "notebook": name,
            "question": read_question(found[name]),
            "parameters": [asdict(each) for each in read_parameters(found[name]).values()],
        }
        for name in names or found
    ]
    if as_json:
        _say(json.dumps(records, indent=1, ensure_ascii=False))
        return
    for record in records:
        _say(f"{record['notebook']}\n  {record['question']}")
        for each in record["parameters"]:
            default = f'"{each["default"]}"' if each["type"] == "str" else str(each["default"])
            _say(f"  {each['name']:<24}{each['type']:<6}{default:<20} {each['help']}")
        _say("")


@main.group(
    short_help="List the claims of the ledger, or explain one.", invoke_without_command=True
)
@click.option("--condition", default="", help="Only claims on this condition, or all.")
@click.option("--kind", default="", help="Only this kind: headline, safety, testimonial, ...")
@click.option("--answer", default="", help="Only those answered so: computed, no_records, ...")
@click.option("--verdict", default="", help="Only this verdict; most verdicts need --run.")
@click.option("--run", "run_folder", type=PATH, help="Report folder whose verdicts are meant.")
@LEDGER
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    help="Lines for people, or JSON or CSV of the verdicts of --run.",
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

    \b
    Examples:
      reliefcheck claims --condition crps
      reliefcheck claims show C043 --run reports/latest
      reliefcheck claims --run reports/latest --format json
    """  # noqa: D301
    context.obj = {"run": run_folder, "ledger": ledger}
    if context.invoked_subcommand:
        return
    from analysis.claims.ledger import select_claims
    from analysis.claims.records import claims_frame, claims_json, read_claims
    from analysis.claims.sentences import list_claims

    found, run_folder = _claims_of(context, None, None)
    judgements = read_claims(run_folder) if run_folder else ()
    chosen = select_claims(
        found, condition=condition, kind=kind, answer=answer, verdict=verdict, judgements=judgements
    )
    if form == "text":
        _say(list_claims(chosen))
        return
    if not run_folder:
        raise SettingsError(f"--format {form} gives the verdicts of a run; name one with --run.")
    ids = {claim.claim_id for claim in chosen}
    kept = [each for each in judgements if each.claim_id in ids]
    text = claims_json(kept) if form == "json" else claims_frame(kept).to_csv(index=False)
    _say(text, nl=False)


def _claims_of(
    context: click.Context, run_folder: Path | None, ledger: Path | None
) -> tuple[Any, Path | None]:
    """Return the claims and the run meant by the options before and after the subcommand."""
    from analysis.claims.ledger import load_ledger

    run_folder = run_folder or context.obj["run"]
    return load_ledger(ledger or context.obj["ledger"], run=run_folder), run_folder


@claims.command()
@click.argument("page", type=PATH)
@click.option("--out", type=LocalPath(), help="Ledger to write; must not exist yet.")
@click.option("--source", default="", help="Where it was printed, if not the name of the file.")
@click.option("--encoding", default="", help="Encoding of the page, if it is not found out.")
def draft(page: Path, out: Path | None, source: str, encoding: str) -> None:
    """Propose a ledger for PAGE: a row for each statement on it that can be checked.

    Reads text, HTML, Markdown, DOCX and PDF as the linter does. Each row has the exact words, the
    condition, the measure, the cited range and a proposed reading marked "To confirm:". A person
    reads and confirms the rows; then every command that takes --ledger works on that page.

    \b
    Example:
      reliefcheck claims draft page.html --out our-page.csv
      reliefcheck run exports/june --ledger our-page.csv
    """  # noqa: D301
    from analysis.errors import InputError
    from analysis.files import write_file
    from analysis.lint.drafting import draft_ledger
    from analysis.lint.text import load_document

    if out is not None and out.exists():
        raise InputError(f"{out} is already there; name another file with --out, or remove it.")
    made = draft_ledger(load_document(page, encoding=encoding), source=source)
    if out is None:
        _say(made.text, nl=False)
        _say(made.summary, err=True)
        return
    write_file(out, made.text)
    _say(f"Ledger: {out}\n{made.summary}")


@claims.command()
@click.argument("claim_id")
@click.option("--run", "run_folder", type=PATH, help="Report folder: its verdict is shown too.")
@LEDGER
@click.pass_context
def show(
    context: click.Context, claim_id: str, run_folder: Path | None, ledger: Path | None
) -> None:
    """Explain CLAIM_ID: its reading, what the words leave open, and the rules that touch it.

    With --run the verdict comes first, with what may be said and what published evidence says.
    For example: reliefcheck claims show C043 --run reports/latest
    """
    from analysis.claims.records import read_claims
    from analysis.claims.rules import load_rules
    from analysis.claims.sentences import explain_claim
    from analysis.errors import InputError

    found, folder = _claims_of(context, run_folder, ledger)
    judged = None
    if folder:
        wanted = claim_id.strip().upper()
        verdicts = {each.claim_id.upper(): each for each in read_claims(folder)}
        judged = verdicts.get(wanted)
        if judged is None and wanted in {each.claim_id.upper() for each in found}:
            raise InputError(
                f"{folder} has no verdict on {wanted}: the ledger is newer than the run."
            )
    _say(explain_claim(found, claim_id, rules=load_rules(), judgement=judged))


@main.command(short_help="Write the forms that would make claims testable.")
@click.argument("claim_ids", nargs=-1, metavar="[CLAIM]...")
@click.option("--run", "run_folder", type=PATH, help="Report folder: its rate of enrollment.")
@LEDGER
@click.option("--out", type=LocalPath(), help="Folder for the forms; must not exist yet.")
def ask(
    claim_ids: tuple[str, ...], run_folder: Path | None, ledger: Path | None, out: Path | None
) -> None:
    """Say what would have to be recorded for each CLAIM to be testable, and write the forms.

    For each claim: the fields and visits, the patients with these on record who would decide it,
    and, with --run, how many months that takes at the present rate of enrollment. With --out a
    REDCap data dictionary with its events and a FHIR Questionnaire are written. Scores are asked
    for, never the items of a questionnaire. Without CLAIM: all that the run could not test for lack
    of records.

    \b
    Examples:
      reliefcheck ask C066 C084 --run reports/latest --out forms
      reliefcheck ask --run reports/latest
    """  # noqa: D301
    from analysis.adam.study import load_study
    from analysis.claims.ask import choose_claims, describe_asked, plan_claim, rate_of_enrolment
    from analysis.claims.forms import write_forms
    from analysis.claims.ledger import load_ledger
    from analysis.claims.records import read_claims
    from analysis.settings import make_settings

    if not claim_ids and run_folder is None:
        raise SettingsError(
            "name the claims, as in `reliefcheck ask C066`, or a run with --run, whose claims "
            "without records are then taken."
        )
    found = load_ledger(ledger, run=run_folder)
    study = load_study(run_folder / "data") if run_folder else None
    settings = study.settings if study else make_settings({}, where="defaults")
    judgements = read_claims(run_folder) if run_folder else ()
    claims, others = choose_claims(found, claim_ids, judgements)
    asked = [plan_claim(claim, settings.schedule) for claim in claims]
    for one in asked:
        rate = rate_of_enrolment(study, one) if study else None
        _say(describe_asked(one, schedule=settings.schedule, rate=rate, has_run=study is not None))
    for sentence in others:
        _say(sentence)
    if out is not None:
        for path in write_forms(asked, out, schedule=settings.schedule):
            _say(path)


@claims.command()
@click.argument("pages", type=PATH, nargs=-1)
@RUN
@LEDGER
@APPROVALS
@ENCODING
@click.pass_context
def status(
    context: click.Context,
    pages: tuple[Path, ...],
    run_folder: Path | None,
    ledger: Path | None,
    approvals: Path | None,
    encoding: str,
) -> None:
    """List what is approved, due and void, and why.

    An approval ends by its date, by a run with another verdict, by changed words or reading, and
    by changed published evidence. PAGES that were approved are read to see whether their words
    are the same. Due is what ends within 30 days. Exit code 1: something is void.

    For example: reliefcheck claims status page.html --run reports/latest
    """
    from datetime import date

    from analysis.adam.study import find_path
    from analysis.claims.approvals import (
        approvals_file,
        bases_of,
        hash_words,
        list_states,
        read_approvals,
        state_of,
    )
    from analysis.claims.records import read_claims
    from analysis.lint.output import words_of
    from analysis.lint.text import load_document

    run_folder = run_folder or context.obj["run"] or find_path("reports/latest")
    found, _ = _claims_of(context, run_folder, ledger)
    given, broken = read_approvals(approvals or approvals_file(run_folder))
    bases = bases_of(found, read_claims(run_folder))
    words = {path.name: hash_words(words_of(load_document(path, encoding=encoding)))
             for path in pages}  # fmt: skip
    states = [
        (one, state_of(one, bases, run=run_folder.resolve().name, today=date.today(),
                       page_sha256=words.get(one.target) if one.kind == "page" else None))
        for one in given
    ]  # fmt: skip
    _say(list_states(states, broken))
    sys.exit(int(any(state.state == "void" for _, state in states)))


@main.command(short_help="Approve a claim or a page for print, until a day.")
@click.argument("target", metavar="CLAIM|PAGE")
@click.option("--as", "name", required=True, help="Who approves.")
@click.option("--role", required=True, help="As what: medical director, compliance, ...")
@click.option("--until", required=True, metavar="DATE", help="Last day it holds, as 2027-01-31.")
@RUN
@LEDGER
@APPROVALS
@ENCODING
def approve(
    target: str,
    name: str,
    role: str,
    until: str,
    run_folder: Path | None,
    ledger: Path | None,
    approvals: Path | None,
    encoding: str,
) -> None:
    """Approve a CLAIM of the ledger, or a PAGE with the claims on it, until DATE.

    The words, the run, its verdicts and what published evidence says are kept with it, in a file
    that is only added to. `claims status` says what still holds; `lint` calls copy stale whose
    approval has ended. Approving clears nothing: what a run contradicts stays contradicted.

    \b
    Examples:
      reliefcheck approve C043 --as "A. Weber, MD" --role "medical director" --until 2027-01-31
      reliefcheck approve page.html --as "B. Cole" --role compliance --until 2026-12-31
    """  # noqa: D301
    from datetime import date

    from analysis.adam.study import find_path
    from analysis.claims.approvals import approvals_file
    from analysis.claims.approvals import approve as approve_claim
    from analysis.claims.ledger import load_ledger
    from analysis.errors import InputError
    from analysis.lint.output import approve_page

    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise SettingsError(f"--until {until}: a day such as 2027-01-31 is expected.") from None
    run_folder, today = run_folder or find_path("reports/latest"), date.today()
    by: dict[str, Any] = {"name": name, "role": role, "until": day, "today": today}
    if Path(target).is_file():
        made, n = approve_page(
            Path(target),
            run_folder=run_folder,
            ledger=ledger,
            file=approvals,
            encoding=encoding,
            **by,
        )
        claims_on = "1 claim" if len(made.claims) == 1 else f"{len(made.claims)} claims"
        about = f"{claims_on} on it; the linter finds {n} to fix"
    else:
        wanted = target.strip().upper()
        if "." in target and not re.fullmatch(r"[A-Z]+\d+", wanted):
            raise InputError(f"there is no file {target}, and no claim is called so.")
        found = load_ledger(ledger, run=run_folder)
        made = approve_claim(
            approvals or approvals_file(run_folder), run=run_folder, target=wanted,
            claims=[one for one in found if one.claim_id.upper() == wanted], **by,
        )  # fmt: skip
        about = f"its verdict is “{next(iter(made.claims.values())).verdict}”"
    _say(f"{made.target} is approved by {made.by}, until {until} ({about}; run {made.run}).")


@main.command(short_help="Write a note of at most 150 words on a claim, to paste into a mail.")
@click.argument("run", type=PATH)
@click.argument("claim_ids", nargs=-1, metavar="[CLAIM]...")
def mail(run: Path, claim_ids: tuple[str, ...]) -> None:
    """Write a note on each CLAIM by the verdicts of RUN; without CLAIM on those of the first page.

    Claim, verdict with firmness, one sentence, what may be said, what is missing: at most 150
    words each. Nothing is sent.

    For example: reliefcheck mail reports/latest C043
    """
    from analysis.claims.mail import choose_judgements, write_mail
    from analysis.claims.records import read_claims
    from analysis.lint.findings import load_run

    about = load_run(run)
    chosen = choose_judgements(read_claims(run), claim_ids, run=about.name)
    _say("\n\n---\n\n".join(write_mail(one, synthetic=about.synthetic) for one in chosen))


@main.command(short_help="Check marketing copy against the ledger and the newest verdicts.")
@click.argument("files", type=PATH, nargs=-1, required=True)
@RUN
@click.option("--no-run", is_flag=True, help="Look at no run: nothing is judged.")
@LEDGER
@click.option("--export", type=PATH, help="The export of the run, to see whether it has changed.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "html"]),
    default="text",
    show_default=True,
)
@click.option("--out", type=PATH, help="File to write; default: print.")
@click.option("--redline", type=PATH, help="Word file or web page (.docx, .html) to write besides: "
              "the copy with tracked changes, reasons and suggested sentences.")  # fmt: skip
@APPROVALS
@ENCODING
def lint(files: tuple[Path, ...], run_folder: Path | None, no_run: bool, **options: Any) -> None:
    """Find every percentage, duration, frequency word and absolute in FILES, and label it.

    Reads text, HTML, Markdown, DOCX and PDF. Each statement is matched to the ledger of claims and
    labeled: borne out, contradicted, undecided, unlisted, unfalsifiable, ... Exit code 0: nothing
    to fix; 1: something is; 2: a file cannot be read.

    \b
    Examples:
      reliefcheck lint page.html leaflet.docx --run reports/latest
      reliefcheck lint page.html --redline page.docx      for the person who changes it
    """  # noqa: D301
    from analysis.lint.output import run_lint

    if no_run and run_folder:
        raise click.UsageError("--run and --no-run exclude each other.")
    text, code = run_lint(files, run_folder=run_folder, judge=not no_run, **options)
    _say(text, nl=not text.endswith("\n"))
    sys.exit(code)


@main.command(short_help="Say what changed between two runs, and which verdicts flipped.")
@click.argument("run_a", type=PATH)
@click.argument("run_b", type=PATH)
@click.option("--export-a", type=PATH, help="Export of RUN_A, where the run keeps no data.")
@click.option("--mapping-a", type=PATH, help="Its mapping file.")
@click.option("--export-b", type=PATH, help="Export of RUN_B, where the run keeps no data.")
@click.option("--mapping-b", type=PATH, help="Its mapping file.")
@ALSO
@click.option("--no-split", is_flag=True, help="Compare only; recompute nothing.")
@NOTEBOOKS
@click.option("--rows", default=15, type=click.IntRange(min=0), show_default=True,
              help="Results to list.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@workers_of("Notebooks")
def diff(
    run_a: Path,
    run_b: Path,
    export_a: Path | None,
    mapping_a: Path | None,
    export_b: Path | None,
    mapping_b: Path | None,
    also: tuple[Path, ...],
    no_split: bool,
    notebooks: Path | None,
    rows: int,
    as_json: bool,
    workers: int,
) -> None:
    """Say what moved between RUN_A and RUN_B, and which verdicts flipped and why.

    What moved is attributed in one order: new patients, patients gone, corrected values, late
    follow-up, settings; what then remains is due to code. For each step the notebooks run once on
    A's export with B's records of that kind put in, which takes a while; --no-split leaves that
    out. Runs that keep no data need their exports.

    For example: reliefcheck diff reports/2026-05 reports/2026-06
    """
    import json

    from analysis.run.compare import compare_runs, comparison_record, comparison_text, load_run

    made = compare_runs(
        load_run(run_a, export_a, mapping_a, also),
        load_run(run_b, export_b, mapping_b, also),
        split=not no_split,
        workers=workers,
        notebooks=notebooks,
    )
    if as_json:
        _say(json.dumps(comparison_record(made), indent=1, ensure_ascii=False))
    else:
        _say(comparison_text(made, n_rows=rows))


@main.command(short_help="Write a run's analysis datasets as SAS transport files.")
@click.argument("run", type=PATH)
@click.option("--out", required=True, type=PATH, help="Folder for the .xpt files.")
def datasets(run: Path, out: Path) -> None:
    """Write ADSL, ADPAIN, ADTTE, ADAE, ADQS, ADOP and ADEX of RUN as .xpt files (version 5).

    They hold a row for every patient: they stay inside the clinic, as the run folder does.

    For example: reliefcheck datasets reports/latest --out sas
    """
    from analysis.adam.study import load_study
    from analysis.adam.transport import write_transport

    for path in write_transport(load_study(run / "data"), out):
        _say(path)


@main.command(short_help="Check that a run folder is what the run left.")
@click.argument("run", type=PATH)
@click.option("--export", type=PATH, help="The export of the run, to check the files it read.")
@click.option("--mapping", type=PATH, help="Its mapping file, if it is not in the export.")
@ALSO
@click.option("--recompute", is_flag=True, help="Make every result again from the data of the run.")
@NOTEBOOKS
def verify(
    run: Path,
    export: Path | None,
    mapping: Path | None,
    also: tuple[Path, ...],
    recompute: bool,
    notebooks: Path | None,
) -> None:
    """Check every file of RUN against the SHA-256 that the run recorded.

    Says file by file what is missing, changed or was added, whether results and claims agree with
    each other, which versions have changed, and whether a sign-off still holds. Exit code 0: all
    fits; 1: something does not; 2: RUN is no run folder.

    For example: reliefcheck verify reports/latest --export exports/june
    """
    from analysis.run.verify import check_inputs, check_recomputed, verify_run

    findings = [*verify_run(run)]
    if export:
        findings += check_inputs(run, export, mapping, also)
    if recompute:
        findings += check_recomputed(run, notebooks=notebooks)
    for finding in findings:
        _say(f"{finding.state:<4}  {finding.sentence}")
    bad = sum(finding.state == "NO" for finding in findings)
    _say(f"{bad} of {len(findings)} checks do not fit." if bad else "Everything fits.")
    sys.exit(1 if bad else 0)


@main.command(short_help="Make a report that may be handed on: counts rounded, nobody in it.")
@click.argument("run", type=PATH)
@click.option("--out", type=LocalPath(), help="New folder; default: RUN-release beside the run.")
@click.option("--name", default="", help="What the data are called; their own name is not told.")
@click.option("--from-patients", type=int, default=None,
              help="Give shares from so many patients on (30 or more), however far rounding moves "
              "them. Default: from 60, and by at most 5 points.")  # fmt: skip
def release(run: Path, out: Path | None, name: str, from_patients: int | None) -> None:
    """Make the report of RUN again from rounded counts, in a new folder that tells of no patient.

    Counts become the middle of six (1 to 6 become 3); shares, intervals and figures are made from
    those; means are rounded; what could be worked out is left out. RUN stays as it is.

    For example: reliefcheck release reports/latest --name "Pain clinic, 2022 to 2025"
    """
    from analysis.report.release import write_release

    folder = run.resolve()
    out = out or folder.with_name(f"{folder.name}-release")
    made, frame = write_release(run, out, name=name, from_patients=from_patients)
    given = int((frame["status"] == "estimated").sum())
    click.echo(f"Release: {out}")
    click.echo(
        f"{given:,} numbers are given, {made.n_left_out:,} are not; {len(made.withheld)} verdicts "
        f"are withheld. Before you send it: reliefcheck release-check {out} --run {run}"
    )


@main.command("release-check", short_help="Check that a release holds nothing else than it says.")
@click.argument("folder", type=PATH)
@click.option("--run", "run_folder", type=PATH, help="The run it was made of: make its rows again.")
@click.option("--against", type=PATH, help="An earlier release: what do both together tell?")
def release_check(folder: Path, run_folder: Path | None, against: Path | None) -> None:
    """Make every file of the release in FOLDER again from its rows, and compare.

    Anything added to any file, and any other file, is found, whatever it is. Exit code 0: all is
    as it should be; 1: something is not; 2: FOLDER is no release.

    For example: reliefcheck release-check reports/latest-release --run reports/latest
    """
    from analysis.report.release_check import check_release

    findings = check_release(folder, run=run_folder, against=against)
    for finding in findings:
        click.echo(f"{finding.file}: {finding.sentence}")
    if findings:
        sys.exit(1)
    click.echo("Every file is what the rows make, and there is no other.")


@main.command(short_help="Pool the releases of several clinics, without rows of patients.")
@click.argument("releases", nargs=-1, type=PATH, metavar="RELEASE...", required=True)
@click.option("--out", type=LocalPath(), required=True, help="New folder for page and table.")
def pool(releases: tuple[Path, ...], out: Path) -> None:
    """Read the RELEASEs of several clinics as studies are read, and pool their shares.

    A page with a figure for each condition, a table (CSV) and the executed notebook. From three
    clinics on their shares are pooled, from five on with the range of a further clinic. Clinics
    are never ranked.

    For example: reliefcheck pool north-release south-release east-release --out pooled
    """
    from analysis.run.pool import PAGE, write_pool

    _say(f"Page: {write_pool(releases, out) / PAGE}")


@main.command(short_help="Sign the results of a run, or check who has.")
@click.argument("run", type=PATH)
@click.option("--as", "name", default="", help="Who signs.")
@click.option("--role", default="", help="As what: medical director, biostatistician, ...")
@click.option("--check", is_flag=True, help="Sign nothing; say whether the signatures still hold.")
def sign(run: Path, name: str, role: str, check: bool) -> None:
    """Sign the results in folder RUN, or check who has.

    Stores name, role, day and a hash of every number and verdict in signoff.json, and shows them
    in index.html. A number that moves afterward voids the signature. Several people may sign. The
    PDFs stay as they were made: they name the same hash and leave a line to sign by hand.

    For example: reliefcheck sign reports/latest --as "A. Weber, MD" --role "medical director"
    """
    from datetime import date

    from analysis.report.signoff import hash_results, read_signoffs, show_signoff, sign_run

    if not check:
        made = sign_run(run, name=name, role=role, on=date.today())
        _say(f"Signed by {made.name}, {made.role}, on {made.date} (SHA-256 {made.sha256}).")
        return
    hash_results(run)  # says so when this is no run
    signed = read_signoffs(run)
    show_signoff(run)
    for each in signed:
        state = "VOID, the results have changed since" if each.is_void else "holds"
        _say(f"{each.name}, {each.role}, {each.date}: {state}")
    if not signed:
        _say("Nobody has signed.")
    sys.exit(1 if any(each.is_void for each in signed) else 0)
