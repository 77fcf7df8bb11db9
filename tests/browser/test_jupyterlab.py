"""An analyst opens a notebook in JupyterLab and chooses Run All Cells."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from analysis.settings import suite_folder

pytestmark = pytest.mark.slow

TOKEN = "of-a-test"
ENDS_WITHIN_SECONDS = 30.0
RUNS_WITHIN_MS = 180_000
LAPTOP = {"width": 1280, "height": 900}
OWN_FOLDERS = (
    "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR",
)  # fmt: skip
NOWHERE = "http://127.0.0.1:9"
"""A proxy that answers nobody: what asks for anything outside the machine fails."""

FLAGS = (
    "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0",
    f"--IdentityProvider.token={TOKEN}", "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)  # fmt: skip

DONE = """() => {
  const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
  const light = document.querySelector('.jp-Notebook-ExecutionIndicator')
  return light?.dataset.status === 'idle' && prompts.length > 0 &&
    prompts.every(each => /^\\[\\d+\\]:$/.test(each.textContent))
}"""
ANY_ERROR = "[data-mime-type*='stderr'], [data-mime-type*='error']"
CANNOT_BE_REACHED = """(outputs) => outputs.filter(each => {
  const scrolls = ['auto', 'scroll'].includes(getComputedStyle(each).overflowX)
  return each.scrollWidth > each.clientWidth && !scrolls
}).map(each => each.innerText.slice(0, 80))"""


@dataclass(frozen=True)
class Lab:
    """A JupyterLab of the test's own, on a copy of the notebooks."""

    origin: str
    home: Path
    settings: Path

    def choose_theme(self, name: str) -> None:
        """Set the theme that pages opened from now on have."""
        folder = self.settings / "@jupyterlab" / "apputils-extension"
        folder.mkdir(parents=True, exist_ok=True)
        quiet = {"fetchNews": "false", "checkForUpdates": False}
        for plugin, values in {"themes": {"theme": name}, "notification": quiet}.items():
            (folder / f"{plugin}.jupyterlab-settings").write_text(json.dumps(values))


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory) -> Iterator[Lab]:
    """Start JupyterLab away from the user's settings and the checkout; leave no process."""
    work = tmp_path_factory.mktemp("lab")
    home = work / "home"
    for name in ("data", "notebooks"):
        shutil.copytree(suite_folder() / name, home / name)
    own = {name: str(work / name.lower()) for name in OWN_FOLDERS}
    for folder in own.values():
        Path(folder).mkdir()
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    quiet = {"OMP_NUM_THREADS": "1", "no_proxy": "127.0.0.1"}
    command = [sys.executable, "-m", "jupyterlab", *FLAGS, str(home / "notebooks")]
    with subprocess.Popen(
        command, env={**os.environ, **own, **proxies, **quiet}, cwd=work, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as server:  # fmt: skip
        try:
            port = wait_for_port(server)
            yield Lab(f"http://127.0.0.1:{port}", home, Path(own["JUPYTERLAB_SETTINGS_DIR"]))
        finally:
            left = stop(server)
    assert left == [], "processes outlived JupyterLab"


def wait_for_port(server: subprocess.Popen[str]) -> int:
    """Return the port JupyterLab chose, once it says so; read on, or it would wait to be heard."""
    said = []
    for line in server.stdout:
        said.append(line)
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/lab\?token", line):
            threading.Thread(target=server.stdout.read, daemon=True).start()
            return int(found[1])
    pytest.fail(f"JupyterLab did not start:\n{''.join(said)[-2000:]}")


def stop(server: subprocess.Popen[str]) -> list[str]:
    """Stop JupyterLab as an interrupted terminal does; return its children that went on."""
    if server.poll() is not None:
        return []
    children = psutil.Process(server.pid).children(recursive=True)
    server.terminate()
    try:
        server.wait(ENDS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
    _, alive = psutil.wait_procs(children, timeout=ENDS_WITHIN_SECONDS)
    for each in alive:
        each.kill()
    return [" ".join(each.cmdline()) for each in alive]


NOTEBOOKS = {
    "20_responders": ("JupyterLab Dark", 2, 4, "291 of 586 (50%)"),
}
"""Theme, fewest figures, fewest tables, and what one of the tables says of the demo export."""


@dataclass(frozen=True)
class Opened:
    """A notebook after Run All Cells, and what the page asked for outside this machine."""

    notebook: str
    page: Any
    outside: list[str]


@pytest.fixture(scope="module", params=NOTEBOOKS)
def opened(request, browser, lab) -> Iterator[Opened]:
    """Open a notebook from the file list and run it by the menu, as an analyst does."""
    outside: list[str] = []

    def note(url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname != "127.0.0.1":
            outside.append(url)

    lab.choose_theme(NOTEBOOKS[request.param][0])
    with browser.new_context(viewport=LAPTOP, service_workers="block") as context:
        context.route(re.compile(r"^(?!http://127\.0\.0\.1:|data:|blob:)"), lambda it: it.abort())
        page = context.new_page()
        page.set_default_timeout(RUNS_WITHIN_MS)
        page.on("request", lambda asked: note(asked.url))
        page.on("websocket", lambda asked: note(asked.url))
        page.goto(f"{lab.origin}/lab?token={TOKEN}&reset")
        page.get_by_role("listitem").filter(has_text=request.param).dblclick()
        page.get_by_text(re.compile(r"\| Idle$")).wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_function(DONE)
        yield Opened(request.param, page, outside)


def look_at(page: Any, selector: str, *, least: int = 1) -> list[Any]:
    """Return what is found in the outputs, each scrolled to: JupyterLab draws what is looked at.

    It draws outputs when it has nothing else to do, so as many as there must be are waited for.
    """
    found = page.locator(f".jp-OutputArea-output {selector}")
    found.nth(least - 1).wait_for(state="attached")
    for each in found.all():
        each.scroll_into_view_if_needed()
        assert each.is_visible()
    return found.all()


def test_it_runs_to_the_end_without_error_or_network(opened, lab):
    assert opened.page.locator(ANY_ERROR).count() == 0
    assert list(lab.home.rglob(f"reports/notebooks/{opened.notebook}.all.json"))
    assert opened.outside == []


def test_it_says_that_the_patients_do_not_exist(opened):
    banner = look_at(opened.page, "pre")[0]
    assert "SYNTHETIC DATA: these patients do not exist." in (banner.text_content() or "")


def test_tables_are_tables_with_text(opened):
    _, _, least, finding = NOTEBOOKS[opened.notebook]
    tables = look_at(opened.page, "table", least=least)
    assert all(each.locator("thead th").count() > 1 for each in tables)
    texts = [(each.text_content() or "").replace("\xa0", " ") for each in tables]
    assert any(finding in text for text in texts)


def test_figures_are_seen(opened):
    for each in look_at(opened.page, "img", least=NOTEBOOKS[opened.notebook][1]):
        box = each.bounding_box()
        assert box["width"] > 400
        assert box["height"] > 150
        assert each.evaluate("image => image.complete && image.naturalWidth > 0")


def test_nothing_is_out_of_reach(opened):
    look_at(opened.page, "table")
    outputs = opened.page.locator(".jp-OutputArea-output")
    assert outputs.evaluate_all(CANNOT_BE_REACHED) == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= LAPTOP["width"]
