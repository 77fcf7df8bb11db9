"""reliefcheck run: every notebook on an export, one report."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analysis.cli.options import LOCAL_PATH, PATH

if TYPE_CHECKING:
    from analysis.run.grid_cells import Cell
    from analysis.run.session import RunRequest, RunResult
    from analysis.run.settings_file import RunFile
    from analysis.run.tasks import Executor, Listener

MOST_AT_ONCE = 512
"""Notebooks handed to a cluster at a time; it knows best how many it can run."""


@click.command()
@click.argument("export", required=False)
@click.option("--mapping", type=PATH, help="Mapping file (YAML) that describes the export.")
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
@click.option(
    "--grid",
    "grid_texts",
    multiple=True,
    metavar="NAME=VALUE,VALUE",
    help="A run for each value of a setting; given more than once, for each combination.",
)
@click.option("--out", type=LOCAL_PATH, help="Folder for the report; must not exist yet.")
@click.option(
    "--release",
    is_flag=True,
    help="Also make a release: the report in the grade that may be handed on, in <run>-release.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    show_default="all cores",
    help="Notebooks at a time.",
)
@click.option(
    "--engine",
    default="",
    show_default="forked on Linux, else papermill",
    help="How notebooks are executed: forked (fast) or papermill (a kernel each); same results.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Run the notebooks on a Dask cluster: tcp://host:port, or `local` for one made here.",
)
@click.option(
    "--shared",
    default="",
    metavar="PLACE",
    help="Path or address (s3://...) that all machines of the cluster reach; data go through it.",
)
@click.option("--plan", "only_plan", is_flag=True, help="Print what would run; run nothing.")
@click.option(
    "--cache",
    type=LOCAL_PATH,
    show_default="reports/.cache",
    help="Folder where results are kept; what has not changed is not computed again.",
)
@click.option("--no-cache", is_flag=True, help="Compute everything, keep nothing.")
@click.option("--quiet", is_flag=True, help="Print only where the report lies.")
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
def run(
    export: str | None,
    mapping: Path | None,
    conditions: tuple[str, ...],
    settings_file: Path | None,
    grid_texts: tuple[str, ...],
    out: Path | None,
    release: bool,
    workers: int,
    engine: str,
    scheduler: str | None,
    shared: str,
    only_plan: bool,
    cache: Path | None,
    no_cache: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run every notebook on EXPORT for every condition, and write one report.

    EXPORT is a folder with patients, pain_scores and, if there are any, infusions (CSV, Excel or
    Parquet), or anything a mapping file describes; it may be an address (s3://..., https://...).
    Without it the bundled demo export is used; its patients are synthetic.

    What has not changed since an earlier run is reused: notebooks are computed again when a byte
    of their patients' data, of the settings, of the suite or of a library changed. A run that was
    stopped goes on where it was. When a notebook fails, the others go on, the report shows the gap,
    and the exit code is 1.

    A report has one of two grades. Internal (always made): every number, figure and executed
    notebook, for inside the clinic only. Release (with --release): no count of 1 to 10 patients
    and nothing that tells one, no picture of single patients, no names of files; see
    `reliefcheck release` and `reliefcheck release-check`.

    \b
    Examples:
      reliefcheck run exports/june --mapping june.yaml --settings settings.yaml
      reliefcheck run exports/june --release
      reliefcheck run --grid responder_threshold_pct=30,50 --grid analysis_visit=end,week_4
      reliefcheck run s3://clinic/june --scheduler tcp://10.0.0.5:8786 --shared s3://clinic/scratch
    """  # noqa: D301  (\b keeps the examples' lines apart)
    from analysis.run.cache_store import default_cache
    from analysis.run.session import RunRequest

    _check_together(cache and no_cache, "--cache and --no-cache exclude each other.")
    _check_together(shared and not scheduler, "--shared is of use only with --scheduler.")
    _check_together(engine and scheduler, "--engine is of no use with --scheduler.")
    asked = _settings(settings_file)
    grid = {**asked.grid, **_grid(grid_texts)}
    _check_together(grid and only_plan, "--plan tells one run; leave the grid out.")
    _check_together(grid and release, "--release is of one run; leave the grid out.")
    opened = _cluster(scheduler, workers=workers, shared=shared)
    with ExitStack() as stack:
        request = RunRequest(
            export=_export(export, stack),
            mapping=mapping,
            conditions=conditions or asked.conditions,
            settings=asked.settings,
            out=out,
            workers=workers if scheduler in (None, "local") else MOST_AT_ONCE,
            engine=engine,
            cache=None if no_cache else cache or default_cache(),
            release=release,
        )
        if only_plan:
            from analysis.run.plan_text import plan_study

            click.echo(plan_study(request))
        elif grid:
            sys.exit(_run_grid(request, grid, opened, quiet=quiet, as_json=as_json))
        else:
            result = _run(request, opened, quiet=quiet, as_json=as_json)
            sys.exit(1 if result.failed else 0)


def _check_together(wrong: object, sentence: str) -> None:
    if wrong:
        raise click.UsageError(sentence)


def _settings(path: Path | None) -> RunFile:
    from analysis.run.settings_file import RunFile, load_run_file

    return load_run_file(path) if path else RunFile()


def _grid(texts: tuple[str, ...]) -> Mapping[str, tuple[Any, ...]]:
    if not texts:
        return {}
    from analysis.run.grid_cells import parse_grid

    return parse_grid(texts)


def _export(told: str | None, stack: ExitStack) -> Path:
    """Return where the export lies; a remote one is copied to scratch, gone after the run."""
    from analysis.places import data_folder
    from analysis.sources.remote import fetch, is_remote

    if not told:
        return data_folder() / "demo"
    if not is_remote(told):
        return Path(told)
    from tempfile import TemporaryDirectory

    return fetch(told, Path(stack.enter_context(TemporaryDirectory(prefix="reliefcheck-export-"))))


def _cluster(scheduler: str | None, *, workers: int, shared: str) -> Callable[[], Executor] | None:
    """Return what opens the cluster, None when the notebooks run here; a wrong address is told."""
    if scheduler is None:
        return None
    from analysis.run.cluster import open_cluster

    open_cluster(scheduler, workers=workers, shared=shared)
    return lambda: open_cluster(scheduler, workers=workers, shared=shared)


def _run_grid(
    request: RunRequest,
    grid: Mapping[str, tuple[Any, ...]],
    opened: Callable[[], Executor] | None,
    *,
    quiet: bool,
    as_json: bool,
) -> int:
    from analysis.run.grid import run_grid
    from analysis.run.progress import print_json, show_progress

    def watch(cell: Cell, number: int, total: int) -> AbstractContextManager[Listener]:
        if as_json:
            print_json({"event": "run", "name": cell.name, "number": number, "of": total})
        elif not quiet:
            click.echo(f"Run {number} of {total}: {cell.name}", err=True)
        return show_progress(quiet=quiet, as_json=as_json)

    result = run_grid(request, grid, watch=watch, open_executor=opened)
    for each in result.failed:
        for told in each.failed or (each.error,):
            click.echo(f"failed: {each.cell.name}: {told}", err=True)
    if as_json:
        failed = [each.cell.name for each in result.failed]
        print_json({"event": "grid", "folder": str(result.folder), "failed": failed})
    else:
        click.echo(f"Index: {result.page}")
    return 1 if result.failed else 0


def _run(
    request: RunRequest,
    opened: Callable[[], Executor] | None,
    *,
    quiet: bool,
    as_json: bool,
) -> RunResult:
    from analysis.run.progress import show_progress
    from analysis.run.session import run_study

    with show_progress(quiet=quiet, as_json=as_json) as listener:
        result = run_study(request, listener=listener, open_executor=opened)
    if as_json:
        _tell_json(result)
    else:
        _tell(result, quiet=quiet)
    return result


def _tell_json(result: RunResult) -> None:
    from analysis.run.progress import print_json

    print_json(
        {
            "event": "done",
            "folder": str(result.folder),
            "page": str(result.page),
            "seconds": round(result.seconds, 2),
            "failed": {each.task.name: each.error for each in result.failed},
            "reused": [each.task.name for each in result.reused],
            "unchanged": result.unchanged,
            "release": str(result.release) if result.release else None,
            "notes": list(result.notes),
        }
    )


def _tell(result: RunResult, *, quiet: bool) -> None:
    for outcome in result.failed:
        click.echo(f"failed: {outcome.task.name}: {outcome.error}", err=True)
    for note in () if quiet else result.notes:
        click.echo(note, err=True)
    click.echo(f"Report: {result.page}")
    if result.release:
        click.echo(f"Release: {result.release / 'index.html'}")
    if not quiet and not result.unchanged:
        reused = f", {len(result.reused)} of them reused" if result.reused else ""
        click.echo(f"{len(result.outcomes)} notebooks{reused}, {result.seconds:.0f} s.", err=True)
