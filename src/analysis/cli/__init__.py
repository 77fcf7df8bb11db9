"""The command line: parses and calls. Heavy imports wait until a command needs them.

Each command is a module of its name in this package with a click command of the same name; the
group loads it when it is asked for.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import click

from analysis import __version__
from analysis.errors import ReliefcheckError

COMMANDS = {
    "run": "Run the notebooks on an export and write the report.",
    "check": "Say what is understood of an export; compute nothing.",
    "demo": "Make a synthetic demo export of any size.",
    "notebooks": "List the notebooks and their parameters; check or rewrite their cells.",
    "claims": "List the claims of the ledger, or explain one.",
    "lint": "Check marketing copy against the ledger and the newest verdicts.",
    "diff": "Tell what changed between two runs, and which verdicts flipped.",
    "verify": "Check that a run folder is what the run left.",
    "release": "Make from a report what may be handed on: small counts withheld.",
    "release-check": "Check that a release tells nothing of single patients.",
    "sign": "Sign the results of a run, or check who has.",
}
"""Name and short help of every command; `--help` prints them without loading one."""

EPILOG = """\b
Examples:
  reliefcheck run                                   the bundled demo export
  reliefcheck run exports/2026-06 --mapping map.yaml
  reliefcheck run exports/2026-06 --plan            what would run, what is reused
  reliefcheck check exports/2026-06 --mapping map.yaml
  reliefcheck demo /tmp/clinic --patients 5000
  reliefcheck notebooks 20_responders               what a notebook asks and takes
  reliefcheck claims show C043                      what a claim is taken to mean
  reliefcheck lint page.html                        marketing copy against the verdicts
  reliefcheck diff reports/2026-05 reports/2026-06  what moved, and why
  reliefcheck verify reports/latest                 every file as the run left it?
  reliefcheck release reports/latest                a report that may be handed on
  reliefcheck release-check reports/latest-release  nothing in it of single patients?
  reliefcheck sign reports/latest --as "A. Weber" --role director

Exit codes: 0 done; 1 something failed while working (the report shows the gap);
2 what was given is wrong, and nothing was written."""


class LazyCommands(click.Group):
    """Loads a command when it is used, and turns the suite's errors into a sentence and a code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"analysis.cli.{cmd_name.replace('-', '_')}")
        return getattr(module, cmd_name.replace("-", "_"))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write names and short helps."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command asked for; never a traceback for what the user gave."""
        try:
            return super().invoke(ctx)
        except ReliefcheckError as error:
            click.echo(f"reliefcheck: {error}", err=True)
            ctx.exit(error.exit_code)


@click.group(
    cls=LazyCommands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="reliefcheck")
def main() -> None:
    """Do a clinic's outcomes bear out what its web page says about pain relief?

    Takes an outcome export, compares responder rates, percent pain reduction and the duration of
    relief with the cited figures, and gives every claim a verdict.
    """
    if os.environ.get("RELIEFCHECK_LANGUAGE"):  # refused now, not after a run of minutes
        from analysis.wording.texts import load_texts

        load_texts()
