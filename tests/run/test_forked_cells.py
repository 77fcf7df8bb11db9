"""Tiny notebooks through the forking engine: what a cell may do, and how it shows."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from analysis.run.executors import open_executor
from analysis.run.executors.cell_engine import saved_once_a_cell
from analysis.run.tasks import Outcome
from tests.run.executed import read, task_of, timeless, write_notebook

STREAMS = (
    "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')",
    "import time\nprint('one')\ntime.sleep(0.3)\nprint('two', file=sys.stderr)\n"
    "time.sleep(0.3)\nprint('three')",
    "import os\nprint('first')\nos.write(1, b'below\\n')\nprint('last')",
    "import subprocess\nprint(subprocess.run(['echo', 'child']).returncode)",
    "!echo bang $days",
    "pid = os.fork()\nif pid == 0:\n    print('grandchild')\n    os._exit(0)\nos.waitpid(pid, 0)\n"
    "print('parent')",
    "print('ünï ✓ 漢字 😀')\n_ = sys.__stdout__.write('raw')",
    "import threading\nt = threading.Thread(target=print, args=('thread',))\nt.start()\nt.join()",
    "print('a lone surrogate \\ud800')",
)
RICH = (
    "import pandas as pd\npd.DataFrame({'a': [1.5]})",
    "from IPython.display import HTML, clear_output, display, update_display\n"
    "display(HTML('<b>x</b>'))\nhandle = display('first', display_id='k')\n'result'",
    "handle.update('second')",
    "print('gone')\nclear_output()\nprint('stays')",
    "print('gone')\nclear_output(wait=True)\nprint('stays')",
    "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\nprint('drawn')",
    "_, Out[4], In[3][:6]",
    "plt.get_backend(), plt.rcParams['figure.dpi']",
)
NOTEBOOKS: dict[str, tuple[Any, ...]] = {
    "streams": STREAMS,
    "rich": RICH,
    "error": ("print('before')", "def divide(a):\n    return 1 / a\n\ndivide(0)", "print('never')"),
    "exit": ("import sys\nsys.exit()", "print('never')"),
    "exit_3": ("import sys\nsys.exit(3)", "print('never')"),
    "ends": ("print('so far')", "import os\nos._exit(7)", "print('never')"),
    "killed": ("print('so far')", "import os\nos.kill(os.getpid(), 9)", "print('never')"),
    "crash": ("import ctypes\nctypes.string_at(0)",),
    "recursion": ("def f():\n    return f()\nf()",),
    "input": ("input('name? ')",),
    "await": (
        "import asyncio\nawait asyncio.sleep(0.01)\nprint('waited')",
        "asyncio.get_running_loop().is_running()",
    ),
    "tags": (
        ("1 / 0", ["raises-exception"]),
        ("print('skipped')", ["skip-execution"]),
        "# words",
        "",
        "'goes on'",
    ),
    "interrupt": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time\ntime.sleep(5)",
    ),
    "syntax": ("x = = 1",),
    "magics": ("%pwd", "%%capture held\nprint('in')", "held.stdout", "%nosuch"),
    "names": (
        "leak = 1\nimport pandas\npandas.options.display.max_rows = 7",
        "import os, sys\nsorted({'', os.getcwd()} & set(sys.path)), __name__",
        "import numpy, random\n(numpy.random.random(), random.random())",
    ),
    "names_too": (
        "'leak' in dir()",
        "import pandas\npandas.options.display.max_rows",
        "import numpy, random\n(numpy.random.random(), random.random())",
    ),
    "loaded": (
        "import sys\nsorted({'scipy.optimize', 'scipy.stats', 'seaborn', 'tableone'}"
        " - set(sys.modules))",
        "before = set(sys.modules)\nimport pandas\nhas = pandas.DataFrame({'a': ['x'], 'b': [1]})",
        "has",
        "sorted(set(sys.modules) - before)",
    ),
    "scratch": ("import tempfile, os\nfolder = tempfile.TemporaryDirectory()\nprint(folder.name)",),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> dict[str, tuple[Outcome, dict[str, Any]]]:
    """All of the notebooks, executed once."""
    home = tmp_path_factory.mktemp("home")
    for name, cells in NOTEBOOKS.items():
        write_notebook(home, name, *cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELIEFCHECK_HOME", str(home))
        with open_executor("forked", workers=2) as executor:
            futures = {n: executor.submit(task_of(n, days=7), home / "out") for n in NOTEBOOKS}
            ended = {name: future.result(timeout=120) for name, future in futures.items()}
    return {n: (ended[n], read(home / "out" / f"{n}.all.ipynb")) for n in NOTEBOOKS}


def cells_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells of the notebook itself: not its parameters, nor papermill's banners."""
    return [
        cell
        for cell in page["cells"]
        if cell["id"] not in ("cell-0", "") and cell["id"].startswith("cell-")
    ]


def outputs(page: dict[str, Any]) -> list[list[Any]]:
    """Return each code cell's outputs in short."""
    return [
        [short(each) for each in cell["outputs"]]
        for cell in cells_of(page)
        if cell["cell_type"] == "code"
    ]


def short(output: dict[str, Any]) -> Any:
    kind = output["output_type"]
    if kind == "stream":
        return output["name"], output["text"]
    if kind == "error":
        return output["ename"], output["evalue"]
    return kind, output["data"]["text/plain"]


def test_streams_come_in_order(run):
    outcome, page = run["streams"]
    assert outcome.error == ""
    assert outputs(timeless(page)) == [
        [("stdout", "a\nc\n"), ("stderr", "b\n")],
        [("stdout", "one\n"), ("stderr", "two\n"), ("stdout", "three\n")],
        [("stdout", "first\nbelow\nlast\n")],
        [("stdout", "child\n0\n")],
        [("stdout", "bang 7\r\n")],  # by a terminal of its own, as always
        [("stdout", "grandchild\nparent\n")],
        [("stdout", "ünï ✓ 漢字 😀\nraw")],
        [("stdout", "thread\n")],
        [("stdout", "a lone surrogate \\ud800\n")],
    ]


def test_rich_display(run):
    outcome, page = run["rich"]
    assert outcome.error == ""
    frame, shown, update, *rest = outputs(page)
    assert frame == [("execute_result", "     a\n0  1.5")]
    html = cells_of(page)[0]["outputs"][0]["data"]["text/html"]
    assert "<table" in html
    assert [kind for kind, _ in shown] == ["display_data", "display_data", "execute_result"]
    assert shown[1] == ("display_data", "'second'"), "an update reaches the cell that showed it"
    assert update == []
    assert rest[:2] == [[("stdout", "stays\n")], [("stdout", "stays\n")]]
    assert rest[2] == [("stdout", "drawn\n"), ("display_data", "<Figure size 640x480 with 1 Axes>")]
    picture = cells_of(page)[5]["outputs"][1]["data"]["image/png"]
    assert base64.b64decode(picture).startswith(b"\x89PNG")
    assert rest[3] == [("execute_result", "('result', 'result', 'import')")]
    assert rest[4] == [
        ("execute_result", "('module://matplotlib_inline.backend_inline', 100.0)")
    ] or (rest[4] == [("execute_result", "('inline', 100.0)")])


def test_execution_counts_and_marks(run):
    _, page = run["error"]
    assert [cell["execution_count"] for cell in cells_of(page)] == [3, 4, None]
    marks = [cell["metadata"]["papermill"] for cell in cells_of(page)]
    assert [mark["status"] for mark in marks] == ["completed", "failed", "pending"]
    assert [mark["exception"] for mark in marks] == [False, True, None]
    assert marks[0]["duration"] >= 0
    assert page["metadata"]["papermill"]["exception"] is True
    assert page["metadata"]["papermill"]["parameters"] == {"days": 7}
    assert page["metadata"]["language_info"]["name"] == "python"
    assert page["metadata"]["kernelspec"]["name"] == "python3"


def test_error_in_the_middle(run):
    outcome, page = run["error"]
    assert outcome.error == "ZeroDivisionError: division by zero"
    assert outputs(page) == [
        [("stdout", "before\n")],
        [("ZeroDivisionError", "division by zero")],
        [],
    ]
    assert "exception was encountered at" in page["cells"][0]["source"].lower()
    assert "In [4]" in page["cells"][0]["source"]
    traceback = "\n".join(cells_of(page)[1]["outputs"][0]["traceback"])
    assert "divide" in traceback
    assert "analysis/run" not in traceback, "the engine's own frames are no reader's business"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("exit", ""),
        ("exit_3", "SystemExit: 3"),
        ("syntax", "SyntaxError: invalid syntax"),
        ("interrupt", "KeyboardInterrupt: "),
        ("input", "StdinNotImplementedError: raw_input was called"),
        ("recursion", "RecursionError: maximum recursion depth exceeded"),
        ("tags", "ZeroDivisionError: division by zero"),  # papermill says so in the end, tag or not
        ("await", ""),
        ("magics", "CellExecutionError: "),
    ],
)
def test_outcome(run, name, error):
    outcome, _ = run[name]
    assert outcome.error.startswith(error) if error else outcome.error == ""


def test_nothing_runs_after_an_exit(run):
    for name in ("exit", "exit_3"):
        assert outputs(run[name][1])[-1] == []


@pytest.mark.parametrize(
    ("name", "count", "how"),
    [
        ("ends", 4, "ended itself with exit code 7"),
        ("killed", 4, "was killed by signal 9 (out of memory?)"),
        ("crash", 3, "was killed by signal 11 (segmentation fault)"),
    ],
)
def test_death_is_a_sentence_and_a_marked_gap(run, name, count, how):
    outcome, page = run[name]
    told = f"the notebook's process {how} while running cell {count}."
    assert outcome.error == told
    assert f"In [{count}]" in page["cells"][0]["source"]
    gap = next(cell for cell in cells_of(page) if cell.get("execution_count") == count)
    assert [short(each) for each in gap["outputs"]] == [("ProcessDied", told)]
    assert gap["metadata"]["papermill"]["status"] == "failed"
    assert page["metadata"]["papermill"]["exception"] is True
    if name != "crash":
        assert outputs(page)[0] == [("stdout", "so far\n")], "what came before is kept"


def test_top_level_await(run):
    assert outputs(run["await"][1]) == [[("stdout", "waited\n")], [("execute_result", "True")]]


def test_tags(run):
    assert outputs(run["tags"][1]) == [
        [("ZeroDivisionError", "division by zero")],
        [],
        [],
        [("execute_result", "'goes on'")],
    ]


def test_magics(run):
    assert outputs(run["magics"][1])[1:3] == [[], [("execute_result", "'in\\n'")]]


def test_notebooks_share_nothing(run):
    first, second = (outputs(run[name][1]) for name in ("names", "names_too"))
    assert second[0] == [("execute_result", "False")]
    assert second[1] == [("execute_result", "60")]
    assert first[1] == [("execute_result", "([''], '__main__')")]
    one, two = (each[2][0][1].strip("()").split(", ") for each in (first, second))
    assert one[0] != two[0], "numpy's unseeded draws"
    assert one[1] != two[1], "Python's unseeded draws"


def test_a_notebook_imports_nothing_itself(run):
    """Whatever the warm process has not imported, each of dozens of notebooks imports again."""
    told = outputs(run["loaded"][1])
    assert told[0] == told[3] == [("execute_result", "[]")]


class Manager:
    """What papermill keeps of a notebook under way, as far as saving goes."""

    def __init__(self, output_path: str | None) -> None:
        self.output_path = output_path
        self.nb = new_notebook(cells=[new_code_cell("1")])
        self.n_saved = 0

    def save(self, **_: Any) -> None:
        self.n_saved += 1


@pytest.mark.parametrize("path", [None, "-", "memory://folder/page.ipynb"])
def test_papermill_saves_once_a_cell_and_again_at_the_end(path):
    manager: Any = Manager(path)
    with pytest.raises(KeyError), saved_once_a_cell(manager) as save:
        manager.save(nb=None)
        assert manager.n_saved == 0
        save()
        assert manager.n_saved == 1
        raise KeyError
    manager.save()
    assert manager.n_saved == 2


def test_a_file_is_saved_quickly_and_can_be_read(tmp_path):
    path = tmp_path / "page.ipynb"
    manager: Any = Manager(str(path))
    with saved_once_a_cell(manager) as save:
        save()
    assert manager.n_saved == 0
    assert nbformat.read(path, as_version=4) == manager.nb
    assert [each.name for each in tmp_path.iterdir()] == ["page.ipynb"]


def test_exit_functions_of_a_notebook_run(run):
    where = outputs(run["scratch"][1])[0][0][1].strip()
    assert where.startswith("/")
    assert not Path(where).exists()
