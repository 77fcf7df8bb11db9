"""Notebooks executed by papermill, side by side, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent import futures
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol

from analysis.errors import SettingsError, suggest
from analysis.run.folder import scratch
from analysis.run.plan import Task, begin_longest

ENGINES = ("warm", "papermill")
"""``warm``: a fork of a process that has imported everything. ``papermill``: a kernel each."""

ENVIRONMENT = {
    **dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
    ),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow starts one when imported
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a warning of each kernel's debugger
}
"""Of processes that run notebooks: side by side, threads would only get in each other's way."""

PRELOAD = [
    "analysis.run.warm",
    "matplotlib_inline.backend_inline",
    "papermill",
    "pyarrow.parquet",
    "scipy.optimize",
    "scipy.stats",
    "seaborn",
    "statsmodels.api",
    "statsmodels.stats.multitest",
    "statsmodels.stats.proportion",
    "tableone",
    "analysis.adam.study",
    "analysis.claims.multiverse",
    "analysis.claims.records",
    "analysis.claims.sentences",
    "analysis.claims.tipping",
    "analysis.report.figures",
    "analysis.report.office",
    "analysis.report.relief_figures",
    "analysis.report.tables",
    "analysis.stats.aft",
    "analysis.stats.npmle_bootstrap",
    "analysis.stats.recurrent",
    "analysis.stats.shrinkage",
]
"""What the server of the warm engine imports before it forks for the first time."""

LONGEST_ERROR = 600
"""Characters of an error's sentence; the executed notebook has all of it."""

KERNEL_START_SECONDS = 600
"""How long a stock kernel may take to answer: on a busy machine papermill's minute is too short."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a task ended: seconds it took, and the error in a sentence (empty when it went well)."""

    task: Task
    seconds: float = 0.0
    error: str = ""
    reused: bool = False


Listener = Callable[[str, Task, Outcome | None, int], None]
"""Called with ``started``, ``finished`` or ``reused``, the task, its outcome when it has ended, and
the number of tasks in all."""


class Executor(Protocol):
    """Runs notebooks; a context manager whose end leaves no process behind."""

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        """Begin a task that writes its notebook and results below ``folder``.

        The future's result is an outcome also when the notebook fails or its process dies.
        """

    def __enter__(self) -> Executor:
        """Make ready."""

    def __exit__(self, *problem: object) -> None:
        """Stop what still runs."""


def default_engine() -> str:
    """Return the best engine here: forks are safe on Linux; elsewhere each notebook has a kernel.

    macOS can fork, but its own libraries break in forked processes; Windows cannot.
    """
    return "warm" if sys.platform == "linux" else "papermill"


def check_engine(name: str) -> str:
    """Return the name of an engine, the default for an empty one; SettingsError for any other."""
    chosen = name or default_engine()
    if chosen not in ENGINES:
        raise SettingsError(
            f"there is no engine '{name}'.{suggest(name, ENGINES)} Engines: {', '.join(ENGINES)}."
        )
    if chosen == "warm" and default_engine() != "warm":
        raise SettingsError("the engine 'warm' needs Linux; 'papermill' gives the same results.")
    return chosen


def executed_path(task: Task, folder: Path) -> Path:
    """Return where a task's executed notebook is written below its folder."""
    return folder / "notebooks" / f"{task.name}.ipynb"


def name_places(notebook: Path, names: Mapping[Path, str]) -> None:
    """Replace folders of this machine in an executed notebook by what they are to be called."""
    text = notebook.read_text(encoding="utf-8")
    for folder, name in names.items():
        text = text.replace(json.dumps(str(folder))[1:-1], name)
    notebook.write_text(text, encoding="utf-8")


def execute_notebook(task: Task, folder: Path, *, engine: str, scratch: Path) -> Outcome:
    """Execute one notebook in this process; never raises for what happens in it.

    Parameters
    ----------
    task : Task
        Its ``results_dir`` is ``folder/results``.
    folder : Path
        Gets the executed notebook under ``notebooks`` and results under ``results``.
    engine : str
        One of ``ENGINES``. ``warm`` changes this process, which should end after it.
    scratch : Path
        Of a short name, since a socket's path has at most 107 letters; whoever gave it removes it.
    """
    begun = time.perf_counter()
    try:
        error = _execute(task, folder, engine, scratch)
    except Exception as failure:  # the kernel did not start, the disk is full, ...
        error = f"{type(failure).__name__}: {failure}"
    return Outcome(task=task, seconds=time.perf_counter() - begun, error=error[:LONGEST_ERROR])


def _execute(task: Task, folder: Path, engine: str, scratch: Path) -> str:
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    parameters = {**task.parameters, "results_dir": str(folder / "results")}
    output = executed_path(task, folder)
    output.parent.mkdir(parents=True, exist_ok=True)
    own = mkdtemp(prefix="", dir=scratch)
    home, beside = task.folder or task.path.parent, str(task.path.parent)
    options: dict[str, object] = {}
    if engine == "warm":
        from papermill.engines import papermill_engines

        from analysis.run.warm import ENGINE_NAME, WarmEngine

        papermill_engines.register(ENGINE_NAME, WarmEngine)
        options |= {"engine_name": ENGINE_NAME, "cwd": str(home), "ipython_dir": own}
        sys.path.insert(0, beside)
    else:
        options["start_timeout"] = KERNEL_START_SECONDS
        options["resources"] = {"metadata": {"path": str(home)}}
        options["kernel_manager_class"] = "analysis.run.kernel.OwnKernel"
        options["extra_arguments"] = [
            "--log-level=CRITICAL",  # it logs its own shutdown as an error
            f"--ipython-dir={own}",
            "--HistoryManager.enabled=False",
            "--InteractiveShellApp.ignore_cwd=True",
            f"--InteractiveShellApp.exec_lines=__import__('sys').path.insert(0, {beside!r})",
        ]
        kernel = {"connection_file": f"{own}/kernel.json"}
        if sys.platform != "win32":
            # On TCP ports, whoever shares the machine could read results as they pass.
            kernel |= {"transport": "ipc", "ip": f"{own}/kernel"}
        options["config"] = Config(KernelManager=kernel)
    try:
        papermill.execute_notebook(
            str(task.path),
            str(output),
            parameters=parameters,
            kernel_name="python3",
            progress_bar=False,
            **options,
        )
    except PapermillExecutionError as failure:
        return f"cell {failure.exec_count}: {failure.ename}: {failure.evalue}"
    return ""


class LocalExecutor:
    """Runs notebooks on this machine, ``workers`` at a time, each in a process of its own.

    One that dies takes no other with it, and nothing that a notebook leaves in memory reaches
    another.
    """

    def __init__(self, *, engine: str, workers: int) -> None:
        for name, value in ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        if engine == "warm":
            from multiprocessing import forkserver

            forkserver.set_forkserver_preload(PRELOAD)
            forkserver.ensure_running()  # it imports while the runner reads the export
        self._context: Any = get_context("forkserver" if engine == "warm" else "spawn")
        self._engine = engine
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="notebook")
        self._running: set[BaseProcess] = set()
        self._stopped = False
        self._stack = ExitStack()

    def __enter__(self) -> LocalExecutor:
        """Be ready: the server is on its way, and each notebook starts its own process."""
        self._scratch = self._stack.enter_context(scratch("rc"))
        return self

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        """Begin a notebook, or let it wait for its turn."""
        return self._threads.submit(self._run, task, folder)

    def _run(self, task: Task, folder: Path) -> Outcome:
        answer, tell = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_answer, args=(tell, task, folder, self._engine, self._scratch)
        )
        try:
            process.start()
        except (OSError, EOFError) as error:  # no process, memory or file handle is left
            return Outcome(task=task, error=f"its process could not begin: {error}.")
        self._running.add(process)
        try:
            tell.close()
            if self._stopped:
                process.terminate()
            return answer.recv()
        except EOFError:
            process.join()
            where = _running_cell(executed_path(task, folder))
            return Outcome(task=task, error=f"{where}{describe_death(process.exitcode or 0)}.")
        finally:
            process.join()
            self._running.discard(process)

    def __exit__(self, *problem: object) -> None:
        """Stop what runs and drop what waits."""
        self._stopped = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in list(self._running):
            if process.pid is not None:
                process.terminate()
        self._threads.shutdown(wait=True)
        self._stack.close()


def _answer(tell: Connection, task: Task, folder: Path, engine: str, scratch: Path) -> None:
    """Be the process of one notebook: execute it, and send its outcome back."""
    _serve_runner()
    os.dup2(2, 1)  # what programs print past Python must not mix with the command's own output
    tell.send(execute_notebook(task, folder, engine=engine, scratch=scratch))


def open_other_core(engine: str) -> futures.Executor:
    """Return who does a piece of work beside this process: a process, if those can be forked."""
    if engine != "warm":
        return ThreadPoolExecutor(1)
    return ProcessPoolExecutor(1, get_context("forkserver"), initializer=_serve_runner)


def _serve_runner() -> None:
    """Make this process one that ends with the runner; Ctrl-C is the runner's business."""
    threading.Thread(target=_end_with_runner, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end_with_runner() -> None:
    """End this process when the runner is gone, even when that one was killed outright."""
    runner = parent_process()
    if runner is not None:
        runner.join()
        os.kill(os.getpid(), signal.SIGTERM)


def describe_death(code: int) -> str:
    """Return how a process ended, by its exit code (negative for a signal)."""
    if code >= 0:
        return f"the notebook's process ended itself with exit code {code}"
    name = (signal.strsignal(-code) or "unknown").lower()
    guess = "out of memory?" if -code == getattr(signal, "SIGKILL", 9) else name
    return f"the notebook's process was killed by signal {-code} ({guess})"


def _running_cell(notebook: Path) -> str:
    """Return ``cell 5: `` for a notebook that was cut short there; empty when that is not known."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        code = [c for c in cells if c["cell_type"] == "code" and "".join(c["source"]).strip()]
        states = [cell["metadata"]["papermill"]["status"] for cell in code]
        return f"cell {states.index('running') + 1}: "
    except (OSError, ValueError, KeyError):
        return ""


def run_tasks(
    tasks: Sequence[Task],
    *,
    begin: Callable[[Task], Future[Outcome] | Outcome],
    finish: Callable[[Outcome], None],
    listen: Listener,
    fits: Callable[[Task, Collection[Task]], bool] = lambda *_: True,
) -> tuple[Outcome, ...]:
    """Run tasks, each when those it needs have ended well; the others are left out.

    Parameters
    ----------
    tasks : sequence of Task
        Those that can begin do so in this order, the longest first.
    begin : callable
        Starts a task, or gives the outcome of one that need not run.
    finish : callable
        Called with each outcome before what needs it begins.
    listen : Listener
    fits : callable
        Whether a task may begin beside those that run (`analysis.run.plan.fits_beside`).

    Returns
    -------
    tuple of Outcome
        Of the tasks that ran, in the order of the plan.
    """
    waiting = list(tasks)
    done: dict[str, Outcome] = {}
    running: dict[Future[Outcome], Task] = {}

    def settle(what: str, outcome: Outcome) -> None:
        finish(outcome)
        done[outcome.task.name] = outcome
        listen(what, outcome.task, outcome, len(tasks))

    while waiting or running:
        well = {name for name, outcome in done.items() if not outcome.error}
        ready = begin_longest(
            task for task in waiting if well.issuperset((*task.needs, *task.after))
        )
        if not ready and not running:
            break
        for task in ready:
            if running and not fits(task, running.values()):
                continue
            waiting.remove(task)
            begun = begin(task)
            if isinstance(begun, Outcome):
                settle("reused", begun)
            else:
                listen("started", task, None, len(tasks))
                running[begun] = task
        if running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                running.pop(future)
                settle("finished", future.result())
    return tuple(done[task.name] for task in tasks if task.name in done)
