"""The desk of a run: a folder per task, its results kept as soon as it ends, then put together."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis.files import sha256_of
from analysis.places import home
from analysis.run.cache_keys import Suite, digest_tree, task_key
from analysis.run.cache_prepared import Prepared
from analysis.run.cache_store import Cache
from analysis.run.plan import everything_before, inputs_of
from analysis.run.tasks import Outcome, Task

KIND = "notebooks"
SCRATCH = ".scratch"
NOTEBOOKS, FIGURES = "notebooks", "figures"

CHANGED = (
    "The suite's files changed while it ran: results of this run are not kept for the next, and "
    "its notebooks may not all have seen the same code."
)


@dataclass
class TaskDesk:
    """Lays out and puts away the tasks of one run.

    Parameters
    ----------
    work : Path
        The run folder in the making; each task has a folder of its own under ``.scratch``.
    """

    work: Path
    tasks: Sequence[Task]
    prepared: Prepared
    suite: Suite
    cache: Cache
    _written: dict[str, dict[str, str]] = field(default_factory=dict)

    def key(self, task: Task) -> str:
        """Return the key of a task whose needs have all ended."""
        data = self.prepared.digest_of(task.condition)
        return task_key(task, suite=self.suite, data=data, read=self._read_by(task))

    def reuse(self, task: Task) -> Outcome | None:
        """Return the outcome of an earlier run with the same inputs, its files put in place."""
        entry = self.cache.find(KIND, self.key(task))
        folder = task_folder(self.work, task.name)
        shutil.rmtree(folder, ignore_errors=True)
        if entry is None or not self.cache.take(entry, folder):
            return None
        self._merge(task, folder, entry.files)
        return Outcome(task=task, seconds=float(entry.about.get("seconds", 0.0)), reused=True)

    def lay_out(self, task: Task) -> Path:
        """Put what a task reads in place; return the folder it writes to."""
        folder = task_folder(self.work, task.name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in self._read_by(task):
            path = inputs_of(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.work / name, path)
        return folder

    def put_away(self, outcome: Outcome) -> Outcome:
        """Keep what a task wrote and put it in place; of a failed one only the notebook."""
        task = outcome.task
        folder = task_folder(self.work, task.name)
        executed = folder / f"{task.name}.ipynb"
        shutil.rmtree(inputs_of(folder), ignore_errors=True)
        if executed.is_file():
            self._without_places(executed, folder)
        elif not outcome.failed:
            outcome = replace(outcome, error="the notebook ended, but its executed form is missing")
        if outcome.failed:
            files = {executed.name: ""} if executed.is_file() else {}
        else:
            files = digest_tree(folder)
            self._keep(outcome, folder)
        self._merge(task, folder, {} if outcome.failed else files)
        return outcome

    def _keep(self, outcome: Outcome, folder: Path) -> None:
        task = outcome.task
        same_code = self.suite.is_unchanged()
        if not same_code or sha256_of(task.path) != self.suite.notebooks[task.notebook]:
            self.cache.notes.append(CHANGED) if CHANGED not in self.cache.notes else None
            return
        about = {"task": task.name, "seconds": round(outcome.seconds, 3)}
        self.cache.put(KIND, self.key(task), folder, about)

    def _read_by(self, task: Task) -> dict[str, str]:
        """Return the files a task finds of those it needs, with their SHA-256."""
        found: dict[str, str] = {}
        for name in everything_before(task, self.tasks):
            found |= self._written.get(name, {})
        return dict(sorted(found.items()))

    def _merge(self, task: Task, folder: Path, files: Mapping[str, str]) -> None:
        """Move a task's files into the run folder."""
        executed = f"{task.name}.ipynb"
        for name in {executed: "", **files}:
            if (folder / name).is_file():
                place = self.work / NOTEBOOKS / name if name == executed else self.work / name
                place.parent.mkdir(parents=True, exist_ok=True)
                (folder / name).replace(place)
        self.note_written(task, files)
        shutil.rmtree(folder, ignore_errors=True)

    def note_written(self, task: Task, files: Mapping[str, str]) -> None:
        """Take note of a task's files and their SHA-256, which keys of other tasks hold."""
        self._written[task.name] = results_of(task, files)

    def _without_places(self, executed: Path, folder: Path) -> None:
        """Replace the folders of this machine and this run in an executed notebook.

        A report is handed on, the maker's folders are not; and the same inputs give the same page.
        """
        text = executed.read_text(encoding="utf-8")
        places = {
            str(folder): "run",
            str(self.prepared.folder / "datasets"): "prepared",
            str(self.work): "run",
            str(home()): ".",
        }
        for place, name in places.items():
            for told in dict.fromkeys([json.dumps(place)[1:-1], place]):
                if len(told) > 1:
                    text = text.replace(f"{told}/", f"{name}/").replace(f'{told}\\"', f'{name}\\"')
                    text = text.replace(f'"{told}"', f'"{name}"')
        executed.write_text(text, encoding="utf-8")


def task_folder(work: Path, name: str) -> Path:
    """Return the folder a task writes to while it runs."""
    return work / SCRATCH / "tasks" / name


def results_of(task: Task, files: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a task that others read: all but its notebook and figures."""
    return {
        name: digest
        for name, digest in files.items()
        if name != f"{task.name}.ipynb" and not name.startswith(f"{FIGURES}/")
    }
