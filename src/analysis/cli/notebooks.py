"""reliefcheck notebooks: what each asks and takes; its parameters cell checked or rewritten."""

from __future__ import annotations

import json
import sys

import click


@click.command()
@click.argument("names", nargs=-1, metavar="[NOTEBOOK]...")
@click.option("--check", is_flag=True, help="Exit with 1 if a parameters cell is out of date.")
@click.option("--write", is_flag=True, help="Rewrite the parameters cells and docs/settings.md.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def notebooks(names: tuple[str, ...], check: bool, write: bool, as_json: bool) -> None:
    """List the notebooks: the question each answers, and the parameters it takes.

    Every notebook has a settings object that checks what it is given; the cell tagged
    `parameters` is made from it, so that papermill's --help-notebook shows the same types,
    defaults and help.

    \b
    Examples:
      reliefcheck notebooks                     all of them
      reliefcheck notebooks 20_responders       one
      reliefcheck notebooks --check             in a pipeline, before a commit
      reliefcheck notebooks --write             after a change of a default or a help text
    """  # noqa: D301  (\b keeps the examples' lines apart)
    from analysis.errors import SettingsError
    from analysis.run.notebook_settings import NOTEBOOKS, settings_of

    if check + write + as_json > 1:
        raise SettingsError("give one of --check, --write and --json, not several.")
    for name in names:
        settings_of(name)
    chosen = names or tuple(NOTEBOOKS)
    if check:
        sys.exit(_check(chosen))
    elif write:
        _write(chosen)
    else:
        _list(chosen, as_json=as_json)


def _check(names: tuple[str, ...]) -> int:
    from analysis.run.notebook_cells import tell_differences

    told = tell_differences(names)
    for sentence in told:
        click.echo(sentence, err=True)
    if told:
        click.echo("`reliefcheck notebooks --write` rewrites the cells.", err=True)
    else:
        click.echo(f"{len(names)} parameters cells agree with the settings objects.")
    return 1 if told else 0


def _write(names: tuple[str, ...]) -> None:
    from analysis.run.notebook_cells import write_cell
    from analysis.run.settings_page import write_settings_page

    changed = [f"{name}.ipynb" for name in names if write_cell(name)]
    page = write_settings_page()
    changed += [f"docs/{page.name}"] if page else []
    click.echo(f"Rewritten: {', '.join(changed)}." if changed else "Nothing to rewrite.")


def _list(names: tuple[str, ...], *, as_json: bool) -> None:
    from dataclasses import asdict

    from analysis.run.notebook_cells import read_question
    from analysis.run.notebook_settings import parameters_of, settings_of

    told = {n: (read_question(n), parameters_of(settings_of(n))) for n in names}
    if as_json:
        records = [
            {"notebook": n, "question": question, "parameters": [asdict(p) for p in parameters]}
            for n, (question, parameters) in told.items()
        ]
        click.echo(json.dumps(records, indent=1, ensure_ascii=False))
        return
    for name, (question, parameters) in told.items():
        click.echo(f"{name}\n  {question}")
        for each in parameters:
            default = f'"{each.default}"' if each.type == "str" else str(each.default)
            limits = f" ({each.limits})" if each.limits else ""
            click.echo(f"  {each.name:<24}{each.type:<6}{default:<20} {each.help}{limits}")
        click.echo("")
