"""Helpers for tests of executed notebooks: tiny notebooks, and what must be equal in two."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from analysis.run.tasks import Task

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
TIMES = {"start_time", "end_time", "duration"}
CHANGING = (
    (re.compile(r"0x[0-9a-f]{6,16}"), "0x"),  # addresses in memory
    (re.compile(r"ipykernel_\d+"), "ipykernel_"),  # the process's number in a cell's file name
    (re.compile(r"skipping similar frames: (.*?\(\d+) times"), "skipping similar frames"),
)


def write_notebook(home: Path, name: str, *cells: str | tuple[str, list[str]]) -> None:
    """Write a notebook: a parameters cell, then each source; a tuple brings tags, # is text."""
    parts = [new_code_cell("days: int = 1  # days", metadata={"tags": ["parameters"]})]
    for cell in cells:
        source, tags = (cell, []) if isinstance(cell, str) else cell
        make = new_markdown_cell if source.startswith("# ") else new_code_cell
        parts.append(make(source, metadata={"tags": tags} if tags else {}))
    for number, part in enumerate(parts):
        part["id"] = f"cell-{number}"
    made = new_notebook(cells=parts, metadata={"kernelspec": KERNEL})
    folder = home / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, folder / f"{name}.ipynb")


def task_of(name: str, **parameters: Any) -> Task:
    """Return a task that runs a notebook of the home folder."""
    return Task(notebook=name, condition="all", parameters=parameters)


def read(path: Path) -> nbformat.NotebookNode:
    """Return an executed notebook, which must be a valid one."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def timeless(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """Return a notebook without what changes from run to run: times, and addresses in memory."""
    notebook = _cleaned(notebook, where=())
    for cell in notebook["cells"]:
        if "id" in cell and not cell["id"].startswith("cell-"):
            cell["id"] = ""  # papermill draws one for each cell it adds
        if "outputs" in cell:
            cell["outputs"] = _joined(cell["outputs"])
    return notebook


def _cleaned(value: Any, where: Sequence[str]) -> Any:
    if isinstance(value, dict):
        if where and where[-1] == "execution":
            return dict.fromkeys(sorted(value), "a time")
        drop = TIMES | {"output_path"} if where and where[-1] == "papermill" else set()
        return {k: None if k in drop else _cleaned(v, (*where, k)) for k, v in value.items()}
    if isinstance(value, list):
        return [_cleaned(each, where) for each in value]
    if isinstance(value, str):
        for pattern, instead in CHANGING:
            value = pattern.sub(instead, value)
    return value


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join texts of one stream that follow each other: where they part depends on the clock."""
    done: list[dict[str, Any]] = []
    for output in outputs:
        last = done[-1] if done else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            done.append(output)
    return done
