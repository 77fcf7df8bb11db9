"""Starts runs as processes that can be killed: imports once, then forks a process per run.

Everything is imported beforehand and PDFs are stand-ins, so that a run is as quick as it can be and
a kill more often falls between two files than into the drawing of a page. Reads lines of JSON: a
run to start (export, out, cache, limit, told), whose process number it prints; or the number of one
to wait for, and prints how it ended. A run that fails writes why to the file ``told``.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
from pathlib import Path

import bleach  # noqa: F401
import bs4  # noqa: F401
import mistune  # noqa: F401
import papermill  # noqa: F401
import pyarrow.parquet  # noqa: F401

import analysis.derive.datasets
import analysis.report.assemble
import analysis.run.crate
import analysis.run.kept_tables
import analysis.run.study  # noqa: F401
from analysis.errors import ReliefcheckError
from analysis.run.session import RunRequest, run_study
from tests.run.fakes import InChildren, quick_paper


def run(asked: dict[str, str]) -> int:
    """Run a study in a process group of its own; return 0, or 1 with the error's sentence."""
    os.setsid()
    if asked.get("limit"):  # as a full disk: no file may be larger
        size = int(asked["limit"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    request = RunRequest(
        export=Path(asked["export"]),
        out=Path(asked["out"]) if asked.get("out") else None,
        cache=Path(asked["cache"]),
    )
    try:
        run_study(request, open_executor=InChildren)
    except ReliefcheckError as error:
        Path(asked["told"]).write_text(f"{error.exit_code} {error}")
        return 1
    return 0


def main() -> None:
    """Serve until the input ends."""
    quick_paper()
    importlib.import_module("rfc3987_syntax")  # builds a grammar, which takes each run a second
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(int(asked["wait"]), 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        child = os.fork()
        if child == 0:
            os._exit(run(asked))
        print(child, flush=True)


if __name__ == "__main__":
    main()
