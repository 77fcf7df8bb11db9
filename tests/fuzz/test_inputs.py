"""Spoiled exports: each is accepted as a plain reading of its files has it, or a sentence.

The test run tries a fixed sixty here; `make fuzz` tries 2,000, each in a process of its own whose
every step (both readers, a command, the load) may take 10 s of processor time, and it 1 GB. The
figures of docs/reliability.md come from there; RELIEFCHECK_INPUTS sets another number,
RELIEFCHECK_FAULTS a file that is kept up to date with what was tried and all faults.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import openpyxl  # noqa: F401  (here and below: a case in a process of its own need not load them)
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analysis.cli import main
from analysis.errors import ReliefcheckError, shown
from analysis.intake.load import load_export
from analysis.intake.read import FileFormat
from analysis.run import check  # noqa: F401
from tests.fuzz.plain import differences
from tests.fuzz.tampering import KINDS, LARGE, Case, make_case
from tests.unit.same_read import same_read

T = TypeVar("T")
N_CASES = int(os.environ.get("RELIEFCHECK_INPUTS", "2000"))
SECONDS, BYTES, LONGEST_WAIT = 10, 1_000_000_000, 240
N_STEPS = 6
LONGEST_SENTENCE = 6_000


def within_time(step: Callable[..., T], *given: Any) -> T:
    """Return what a step returns; AssertionError where it takes too much processor time."""
    begun = time.process_time()
    try:
        return step(*given)
    finally:
        took = time.process_time() - begun
        assert took <= SECONDS, f"{step.__name__} took {took:.0f} s"


def outcome(case: Case) -> str:
    """Return how an export ended; AssertionError, or whatever it raises, where it went wrong."""
    for path in case.folder.glob("*.csv") if case.folder.is_dir() else ():
        if path.is_file() and not path.is_symlink() and not case.mapping and path.stat().st_size:
            with contextlib.suppress(ReliefcheckError):
                within_time(same_read, path, FileFormat(), path.name)
    words = [str(case.path)]
    if case.mapping is not None:
        words += ["--mapping", str(case.mapping)]
    part = case.draw.randrange(4)
    if part == 0:
        end = within_time(_told, "check", *words)
        if end != "accepted":
            return end
    elif part == 1 and case.mapping is None:
        within_time(_told, "map", *words, "--out", str(case.folder.parent / "draft.yaml"))
    try:
        export = within_time(load_export, case.path, case.mapping)
    except ReliefcheckError as error:
        check_sentence(str(error), error.exit_code)
        return "a sentence"
    except OSError as error:
        assert error.errno == 36, error  # a name too long: the command line says so
        return "a sentence"
    folder = case.folder if case.path.is_dir() else case.path.parent
    if case.reads_as_plain:
        found = differences(export, folder, case.encoding)
        assert not found, found[:3]
    return "accepted"


def check_sentence(text: str, exit_code: int) -> None:
    assert exit_code == 2, (exit_code, text)
    assert text.strip() and "Traceback" not in text, text
    assert len(text) <= LONGEST_SENTENCE, (len(text), text[:300])
    assert shown(text) == text, text


def _told(*words: str) -> str:
    """Return how a command ended."""
    result = CliRunner().invoke(main, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert "Traceback" not in result.output
    assert "nan" not in result.output.split(), result.output
    if result.exit_code:
        check_sentence(result.stderr or result.output[-LONGEST_SENTENCE:], max(result.exit_code, 2)
                       if words[0] == "map" else result.exit_code)  # fmt: skip
        return "a sentence"
    return "accepted"


def in_own_process(kind: str, seed: int) -> str:
    """Return how a case ended in a process that may take so much time and memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        case = make_case(folder / "export", kind, seed)
        child = os.fork()
        if not child:
            end = {"fault": "it ended in the dark"}
            try:
                signal.alarm(LONGEST_WAIT)
                used = resource.getrusage(resource.RUSAGE_SELF)
                spent = int(used.ru_utime + used.ru_stime)
                most = spent + N_STEPS * SECONDS
                resource.setrlimit(resource.RLIMIT_CPU, (most, most + SECONDS))
                resource.setrlimit(resource.RLIMIT_AS, (6 * BYTES, 6 * BYTES))
                os.setsid()
                end = {"end": outcome(case)}
            except BaseException as error:  # whatever it is, it is the fault that is looked for
                end = {"fault": f"{type(error).__name__}: {str(error)[:900]}"}
            finally:
                (folder / "end").write_text(json.dumps(end))
                os._exit(0)
        _, status, used = os.wait4(child, 0)
        if os.WIFSIGNALED(status):
            end = {"fault": f"ended by {signal.Signals(os.WTERMSIG(status)).name}"}
        else:
            end = json.loads((folder / "end").read_text())
        if "end" in end and used.ru_maxrss * 1024 > BYTES:
            end = {"fault": f"it took {used.ru_maxrss // 1024} MB"}
        assert "end" in end, f"{kind}, seed {seed} ({'; '.join(case.done)}): {end['fault']}"
        return end["end"]


SEEDS = st.integers(0, 2**31 - 1)
QUIET = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.slow
@settings(max_examples=60, derandomize=True, phases=[Phase.generate], **QUIET)
@given(kind=st.sampled_from(sorted(KINDS)), seed=SEEDS)
def test_a_spoiled_export_reads_as_its_files_do_or_is_a_sentence(kind, seed):
    with tempfile.TemporaryDirectory() as name:
        case = make_case(Path(name) / "export", kind, seed)
        assert outcome(case) in ("accepted", "a sentence")


@pytest.mark.fuzz
def test_thousands_of_spoiled_exports():
    ends: Counter[str] = Counter()
    faults: list[str] = []

    @settings(max_examples=N_CASES, phases=[Phase.generate], **QUIET)
    @given(kind=st.sampled_from(sorted({**KINDS, **LARGE})), seed=SEEDS)
    def attack(kind: str, seed: int) -> None:
        try:
            ends[f"{kind}: {in_own_process(kind, seed)}"] += 1
        except AssertionError as error:
            faults.append(str(error))
            ends[f"{kind}: FAULT"] += 1
        if where := os.environ.get("RELIEFCHECK_FAULTS"):
            so_far = {"cases": ends.total(), **dict(sorted(ends.items())), "faults": faults}
            Path(where).write_text(json.dumps(so_far, indent=1))

    attack()
    print(json.dumps({"cases": ends.total(), **dict(sorted(ends.items()))}, indent=1))
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:20])
