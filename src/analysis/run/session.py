"""One run from an export to a report: prepare, execute or reuse, collect, write, move into place.

Nothing heavy is imported until it is known that something has to be computed.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import InputError, RunError, SettingsError, sentence_of
from analysis.files import private_files, read_plain, sha256_of, write_file
from analysis.run.execute import (
    Executor,
    Listener,
    LocalExecutor,
    Outcome,
    check_engine,
    executed_path,
    name_places,
    open_other_core,
    run_tasks,
)
from analysis.run.folder import (
    LOCK,
    check_out,
    point_latest,
    publish,
    reports_folder,
    run_folder_names,
    scratch,
    workplace,
)
from analysis.run.plan import (
    JUDGES,
    SUMS_UP,
    Task,
    choose_conditions,
    find_notebooks,
    fits_beside,
    make_plan,
    notebook_folder,
    number_of,
)
from analysis.run.reuse import (
    LEDGER,
    RUN_FILE,
    copy_checked,
    default_cache,
    digest_code,
    digest_export,
    digest_libraries,
    digest_of,
    open_cache,
    run_key,
    task_key,
)
from analysis.run.snapshot import CHECKOUT, copy_notebooks
from analysis.settings import data_folder, suite_folder

if TYPE_CHECKING:
    from analysis.adam.study import Study

DATA, RESULTS, SCRATCH, FAILED = "data", "results", ".tasks", "failed"
NOTEBOOKS = ".notebooks"
"""Where in the work folder the copies of the notebooks lie that are executed."""

README_FILE = "README.md"
README = """# Report of {name}: for use inside the clinic

Holds patients' records (`data/`), figures of single patients and small counts; {readers} can read
it. It is not to be handed on as it is: docs/release.md says what may leave the clinic, and how.
"""

AGENT = "RELIEFCHECK_AGENT"
"""Environment variable that names who ran it; the machine's user is not written down."""

PACKAGES = (
    "reliefcheck", "numpy", "pandas", "scipy", "statsmodels", "matplotlib", "seaborn", "papermill",
    "jupyterlab", "pyarrow",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What the user asked for.

    Parameters
    ----------
    export, mapping : Path
    conditions : tuple of str
        Condition codes; empty means all together and each.
    settings : mapping
        Settings that win over those of the mapping.
    out : Path, optional
        Folder for the report; by default a new one under ``reports``.
    workers : int
        Notebooks at a time, at least 1.
    engine : str
        One of `analysis.run.execute.ENGINES`; empty takes the best on this machine.
    cache : Path or None
        Folder where results are kept; None reads and keeps nothing.
    notebooks : Path
        Folder of the notebooks.
    also : tuple of Path
        Files and folders outside the export that its mapping or links may lead to.
    ledger : Path, optional
        Claims to judge; the suite's own where None.
    group_readable : bool
        Whether the user's group may read the run folder; else only the user can.
    documents : tuple of str
        Further forms of the report: report.docx, report.pptx.
    templates : tuple of Path
        The clinic's own .docx and .pptx, whose styles they take.
    """

    export: Path
    mapping: Path | None = None
    conditions: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    out: Path | None = None
    workers: int = 2
    engine: str = ""
    cache: Path | None = field(default_factory=default_cache)
    notebooks: Path = field(default_factory=notebook_folder)
    also: tuple[Path, ...] = ()
    ledger: Path | None = None
    group_readable: bool = False
    documents: tuple[str, ...] = ()
    templates: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """Where the report lies and how it came about.

    ``notes`` are sentences for the user; ``problems`` says which parts of the report could not be
    made; ``unchanged`` that an earlier run's report stands, because nothing has changed.
    """

    folder: Path
    outcomes: tuple[Outcome, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    unchanged: bool = False

    @property
    def page(self) -> Path:
        """The report's page."""
        return self.folder / "index.html"


def run_study(
    request: RunRequest,
    *,
    listen: Listener = lambda *_: None,
    open_executor: Callable[[], Executor] | None = None,
) -> RunResult:
    """Run all notebooks on an export and write the report.

    Parameters
    ----------
    request : RunRequest
    listen : Listener
        See `analysis.run.execute.Listener`.
    open_executor : callable, optional
        Gives who executes the notebooks; by default the engine of the request.

    Raises
    ------
    InputError, MappingError, ContractError, SettingsError
        What the user gave is wrong; nothing is left behind.
    RunError
        A notebook failed, or the report cannot be written (a full disk). No run folder is left;
        notebooks that were finished are kept and do not run again.
    """
    with _errors_in_a_sentence(), private_files(group=request.group_readable):
        run = _Run(request)
        unchanged = run.find_unchanged()
        return unchanged or run.execute(listen, open_executor)


def plan_study(request: RunRequest) -> str:
    """Return as text what a run would do; no notebook runs, and nothing is kept."""
    with _errors_in_a_sentence(), private_files(), scratch() as work:
        run = _Run(request)
        study, tasks = run.prepare(work)
        states = {task.name: run.cache.has(run.keys[task.name]) for task in tasks}
        lines = [study.banner, ""]
        for task in tasks:
            after = f" (after {len(task.needs)} others)" if task.needs else ""
            lines.append(f"{task.name:<32}{'reused' if states[task.name] else 'runs'}{after}")
        n_reused = sum(states.values())
        lines += ["", f"{len(tasks)} notebooks: {n_reused} reused, {len(tasks) - n_reused} to run, "
                      f"{request.workers} at a time."]  # fmt: skip
        if found := run.find_finished():
            lines.append(f"Nothing has changed since {found.name}: its report would be given.")
        return "\n".join(lines)


class _Run:
    """A request on its way: what went in, what is kept, and when it began."""

    def __init__(self, request: RunRequest) -> None:
        self.begun, self.started = time.perf_counter(), run_time()
        self.request = request
        if request.workers < 1:
            raise SettingsError(f"workers is {request.workers}; at least one is needed.")
        self.engine = check_engine(request.engine)
        self.cache = open_cache(request.cache)
        if request.out is not None:
            check_out(request.out)
        self.home = request.notebooks.absolute()
        self.commit = git_commit()
        self.code = digest_code()
        self.ledger = request.ledger or data_folder() / "claims" / LEDGER
        if not self.ledger.is_file():
            raise InputError(f"there is no ledger of claims at {self.ledger}.")
        self.ledger_hash = sha256_of(self.ledger)
        self.libraries = digest_libraries()
        outputs = [reports_folder(), self.cache.root, request.out]
        self.export = digest_export(
            request.export, request.mapping, outputs=[each for each in outputs if each]
        )
        self.keys: dict[str, str] = {}
        self.take_notebooks(self.home)

    def take_notebooks(self, folder: Path) -> None:
        """Run the notebooks of a folder, under the key that these give the run."""
        request = self.request
        self.notebooks = find_notebooks(folder)
        beside = [[path.name, sha256_of(path)] for path in sorted(folder.glob("*.py"))]
        self.suite = digest_of([self.code, self.libraries, beside])
        asked: dict[str, Any] = {
            "settings": dict(request.settings),
            "conditions": sorted(set(request.conditions)),
            "ledger": self.ledger_hash,
        }
        if request.documents:
            asked["documents"] = [*request.documents, *map(sha256_of, request.templates)]
        self.key = self.export and run_key(
            inputs=self.export, asked=asked, notebooks=self.notebooks, suite=self.suite
        )

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.begun

    @property
    def unconfirmed(self) -> list[str]:
        """How many readings of the ledger were proposed and are not confirmed, as a sentence."""
        from analysis.claims.ledger import TO_CONFIRM

        n = sum(claim.reading.startswith(TO_CONFIRM) for claim in self.claims)
        noun = "1 reading is" if n == 1 else f"{n} readings are"
        said = f"{self.ledger.name}: {noun} proposed and not confirmed (docs/claims.md); verdicts"
        return [f"{said} on them are marked post hoc."] if n else []

    def open_local(self) -> Executor:
        return LocalExecutor(engine=self.engine, workers=self.request.workers)

    def find_finished(self) -> Path | None:
        return self.cache.find_run(self.key) if self.key else None

    def find_unchanged(self) -> RunResult | None:
        """Return an earlier run's report, copied to the folder asked for; None when there is none.

        A signature belongs to the folder it was given in, and is not copied.
        """
        found, out = self.find_finished(), self.request.out
        if found is None:
            return None
        about = json.loads((found / RUN_FILE).read_text(encoding="utf-8"))
        target = found
        if out is not None and out.absolute() != found:
            with workplace(out.parent, out.name) as work:
                copy_checked(found, work, about["outputs"])
                write_file(work / RUN_FILE, read_plain(found / RUN_FILE))
                target = publish(work, iter([out.absolute()]))
        point_latest(target)
        outcomes = tuple(
            Outcome(task=Task(path=Path(each["notebook"]), condition=each["condition"]),
                    seconds=each["seconds"], reused=True)
            for each in about["notebooks"]
        )  # fmt: skip
        since = about["started"][:16].replace("T", " ")
        note = f"Nothing changed since {since}: all {len(outcomes)} notebooks are reused."
        return RunResult(
            folder=target, outcomes=outcomes, seconds=self.seconds, unchanged=True,
            notes=(*self.cache.notes, note),
        )  # fmt: skip

    def prepare(self, work: Path) -> tuple[Study, tuple[Task, ...]]:
        """Write the datasets to a work folder, and plan the tasks with their keys."""
        from analysis.claims.ledger import load_ledger
        from analysis.run.data import name_files, prepare

        request = self.request
        load_ledger(self.ledger, more_conditions=None)  # a wrong row ends it before the export
        self.take_notebooks(copy_notebooks(self.home, work / NOTEBOOKS))
        export, study = prepare(
            request.export, request.mapping, request.settings, work / DATA, request.also
        )
        self.n_patients = len(study.adsl)
        settings = study.settings.model_dump()
        self.claims = load_ledger(self.ledger, more_conditions=study.labels)
        for folder in (work, work / DATA):  # for people, and where notebooks get their data
            write_file(folder / LEDGER, read_plain(self.ledger))
        if sha256_of(work / LEDGER) != self.ledger_hash:
            raise InputError(f"{self.ledger.name} was changed while it was read. Run again.")
        self.inputs = name_files(export.files)
        root, mapping = request.export.resolve(), request.mapping and request.mapping.resolve()
        self.covered = all(
            path.resolve() == mapping or path.resolve().is_relative_to(root)
            for path in export.files
        )
        conditions = choose_conditions(
            request.conditions, known=study.labels, present=tuple(study.conditions)
        )
        tasks = make_plan(
            self.notebooks, conditions, settings=settings, datasets=work / DATA,
            ledger=work / DATA / LEDGER,
            folder=self.home,
        )  # fmt: skip
        if request.ledger is not None:
            _refuse_other_claims(tasks)
        inputs = digest_of([export.name, self.inputs, settings])
        for task in tasks:
            self.keys[task.name] = task_key(
                task.path, task.parameters, suite=self.suite,
                inputs=digest_of([inputs, "ledger" in task.parameters and self.ledger_hash]),
                needs=[self.keys[name] for name in task.needs],
            )  # fmt: skip
        return study, tasks

    def execute(self, listen: Listener, open_executor: Callable[[], Executor] | None) -> RunResult:
        out = self.request.out.absolute() if self.request.out else None
        parent = out.parent if out else reports_folder()
        self.is_here, executor = open_executor is None, (open_executor or self.open_local)()
        with workplace(parent, out.name if out else "run") as work:
            study, tasks = self.prepare(work)
            outcomes = self.run_tasks(work, tasks, listen, executor)
            self.refuse_failed(outcomes)
            problems = self.write(work, study, outcomes)
            self.refuse_changed()
            names = run_folder_names(parent, name=study.name, now=self.started)
            target = publish(work, iter([out]) if out else names)
        problems = tuple(problem.replace(str(work), str(target)) for problem in problems)
        point_latest(target)
        if self.key and self.covered and not problems:
            self.cache.keep_run(self.key, target)
        self.cache.tidy()
        return RunResult(
            folder=target, outcomes=outcomes, seconds=self.seconds,
            notes=(*self.cache.notes, *self.unconfirmed), problems=problems,
        )  # fmt: skip

    def run_tasks(
        self,
        work: Path,
        tasks: Sequence[Task],
        listen: Listener,
        executor: Executor,
    ) -> tuple[Outcome, ...]:
        """Run or reuse the tasks, and make a page of each notebook while the others still run.

        The executor is entered for the first task that has to run.
        """
        running = ExitStack()
        pages = running.enter_context(ThreadPoolExecutor(1, thread_name_prefix="pages"))
        written: list[Future[Any]] = [pages.submit(_load_report)]
        submit = cache(lambda: running.enter_context(executor).submit)

        def begin(task: Task) -> Future[Outcome] | Outcome:
            folder = work / SCRATCH / task.name
            if self.cache.take(self.keys[task.name], folder):
                return Outcome(task=task, reused=True)
            folder.mkdir(parents=True)
            if task.needs:
                shutil.copytree(work / RESULTS, folder / RESULTS)
            return submit()(task, folder)

        def finish(outcome: Outcome) -> None:
            folder = work / SCRATCH / outcome.task.name
            executed = executed_path(outcome.task, folder)
            if executed.is_file() and not outcome.reused:
                name_places(executed, {folder: "..", work: ".."})
            if outcome.error:
                self.keep_failed(executed)
                return
            _drop_same(folder / RESULTS, work / RESULTS)
            self.refuse_changed()
            if not outcome.reused:
                self.cache.keep(self.keys[outcome.task.name], folder)
            _move_files(folder, work)
            written.append(pages.submit(_write_page, executed_path(outcome.task, work)))

        room = partial(fits_beside, workers=self.request.workers, patients=self.n_patients)
        fits = room if self.is_here else lambda *_: True
        with running:
            outcomes = run_tasks(tasks, begin=begin, finish=finish, listen=listen, fits=fits)
        for page in written:
            page.result()
        shutil.rmtree(work / SCRATCH, ignore_errors=True)
        return outcomes

    def refuse_changed(self) -> None:
        """Raise RunError where the code is no longer that of the start, and so what ran unknown.

        The command runs a copy (`pinned_suite`); this is for those who call `run_study`.
        """
        if digest_code() != self.code:
            raise RunError(
                "the suite's code was changed during the run, so it could not say what ran; "
                "nothing was written. Run again."
            )

    def keep_failed(self, executed: Path) -> None:
        """Leave a failed notebook where a person can open it."""
        if self.cache.root is not None and executed.is_file():
            folder = self.cache.root / FAILED
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_file(folder / executed.name, executed.read_bytes())

    def refuse_failed(self, outcomes: Sequence[Outcome]) -> None:
        failed = [each for each in outcomes if each.error]
        if not failed:
            return
        lines = [f"{each.task.name} failed: {each.error}" for each in failed]
        if self.cache.root is not None:
            n_kept = len(outcomes) - len(failed)
            lines.append(
                f"As far as they got: {self.cache.root / FAILED}. Notebooks that are finished "
                f"({n_kept}) are kept and will not run again."
            )
        raise RunError("no report was written.\n" + "\n".join(lines))

    def write(self, work: Path, study: Study, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
        """Write run.json and the report; return a sentence for what could not be made of it."""
        from analysis.report.page import write_report

        about = self.describe(study, outcomes)
        wanted = self.request.documents
        shutil.rmtree(work / NOTEBOOKS)
        readers = "you and your group" if self.request.group_readable else "you alone"
        write_file(work / README_FILE, README.format(name=study.name, readers=readers))
        write_file(work / RUN_FILE, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
        problems: tuple[str, ...] = ()
        try:
            with open_other_core(self.engine) as other_core:
                write_report(work, other_core=other_core)
            if wanted:
                from analysis.report.documents import write_documents

                write_documents(work, wanted, templates=self.request.templates)
        except RunError as error:  # the PDFs; page, workbook and results are there
            problems = (str(error),)
        about |= {"seconds": round(self.seconds, 1), "outputs": hash_outputs(work)}
        write_file(work / RUN_FILE, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
        return problems

    def describe(self, study: Study, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """Return the content of run.json, but for the outputs; files are named without folders.

        ``run_id`` is made of what went in, so the same inputs give the same one.
        """
        from analysis.claims.ledger import describe_ledger
        from analysis.run.history import find_predecessors

        out, started = self.request.out, self.started.isoformat(timespec="seconds")
        rules = sorted((data_folder() / "claims").glob("*"))
        tables = [self.ledger, *(path for path in rules if path.name != LEDGER)]
        return {
            "run_id": digest_of(sorted(self.keys.items()))[:12],
            "export": study.name,
            "synthetic": study.synthetic,
            "started": started,
            "seconds": 0.0,
            "agent": os.environ.get(AGENT, ""),
            "conditions": {
                code: label
                for code, label in study.conditions.items()
                if code in (self.request.conditions or study.conditions)
            },
            "documents": list(self.request.documents),
            "predecessors": find_predecessors(
                out.absolute().parent if out else reports_folder(),
                export=study.name,
                started=started,
            ),
            "settings": study.settings.model_dump(),
            "asked": dict(self.request.settings),
            "inputs": self.inputs,
            "ledger": {path.name: sha256_of(path) for path in tables},
            "claims": {
                "ledger": self.ledger.name,
                "sha256": self.ledger_hash,
                "own": self.request.ledger is None,
                "statements": describe_ledger(self.claims),
            },
            "code_sha256": self.code,
            "notebooks": [
                {
                    "notebook": each.task.path.stem,
                    "condition": each.task.condition,
                    "seconds": round(each.seconds, 1),
                    "reused": each.reused,
                    "sha256": sha256_of(each.task.path),
                }
                for each in outcomes
            ],
            "versions": installed_versions(),
            "git_commit": self.commit,
        }


def _refuse_other_claims(tasks: Sequence[Task]) -> None:
    """Refuse notebooks that judge without a ledger: they would judge the suite's own claims."""
    for task in tasks:
        if JUDGES <= number_of(task.path) < SUMS_UP and "ledger" not in task.parameters:
            raise SettingsError(
                f"--ledger: {task.path.name} has no parameter 'ledger', so it would judge other "
                'claims. Add the line `ledger: str = ""` to its parameters and give it to '
                "load_ledger(ledger), as the suite's own notebook does."
            )


def _load_report() -> None:
    """Import what writes the report, and its template, while notebooks run."""
    from analysis.report.page import page_template

    page_template()


def _write_page(executed: Path) -> Path:
    from analysis.report.notebooks import write_notebook_page

    return write_notebook_page(executed)


def _drop_same(folder: Path, before: Path) -> None:
    """Remove from a task's results what it only read: files that were there, and are the same."""
    for path in list(folder.rglob("*")):
        earlier = before / path.relative_to(folder)
        if path.is_file() and earlier.is_file() and sha256_of(path) == sha256_of(earlier):
            path.unlink()


def _move_files(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)


def hash_outputs(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a run folder but run.json itself."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in (folder / RUN_FILE, folder / LOCK)
    }


def run_time() -> datetime:
    """Return the time of the run: SOURCE_DATE_EPOCH where it is set, else the clock.

    Raises
    ------
    SettingsError
        SOURCE_DATE_EPOCH is no number of seconds.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return datetime.now().astimezone()
    try:
        return datetime.fromtimestamp(int(given), tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise SettingsError(
            f"SOURCE_DATE_EPOCH is '{given}'; it must be a number of seconds since 1970."
        ) from None


def installed_versions() -> dict[str, str]:
    """Return Python and the packages a result may depend on, with their versions."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def git_commit() -> str:
    """Return the commit of the checkout (with ``+changes`` when files differ), or ``unknown``."""
    if not (_checkout() / ".git").exists():
        return "unknown"
    try:
        head = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return head + ("+changes" if changed else "")


def _checkout() -> Path:
    return Path(os.environ.get(CHECKOUT, suite_folder()))


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=_checkout(), capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.strip()


@contextmanager
def _errors_in_a_sentence() -> Iterator[None]:
    """Turn what the operating system refuses (a full disk) into a RunError."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"the run could not be finished: {sentence_of(error)} Finished notebooks are kept; "
            "nothing else was written."
        ) from error
