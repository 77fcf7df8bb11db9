"""Settings of all tests, their order, and the browser some of them read pages with."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Tests run side by side: threads of the linear algebra would wait for each other at full speed.
# numpy reads these when it is loaded.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

# Tests are never timed: a busy machine is no fault of the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

LONGEST_FIRST = (
    "golden/test_golden.py", "unit/test_release.py", "unit/test_multiverse.py",
    "docs/test_installed.py", "unit/test_relief.py", "run/test_trust.py",
    "browser/test_report_in_browser.py", "run/test_session.py", "browser/test_jupyterlab.py",
    "notebooks/test_notebooks_10_to_30.py", "unit/test_planted.py",
)  # fmt: skip
"""Files that begin first: one that begins last would keep the other processes waiting."""


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config.option, "loadscopereorder"):  # by number of tests, which says nothing here
        config.option.loadscopereorder = False
    gc.disable()  # nothing that is imported and collected goes away


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(Path(__file__).parent).as_posix()
        return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    gc.set_threshold(20_000)  # most of what frames leave behind is no circle
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def little_to_collect() -> None:
    """Keep what is there out of garbage collection: statsmodels collects in every adjustment."""
    gc.collect()
    gc.freeze()


COMPARED_BYTES = 200_000
"""Larger files repeat what the first thousands of their lines show."""


@pytest.fixture(scope="session", autouse=True)
def both_readers() -> Iterator[None]:
    """Read every small text that any test loads with both readers, and compare, once a text."""
    import analysis.run.session  # noqa: F401 (runs in this process then take no copy of the suite)
    from analysis.intake import read
    from tests.unit.same_read import same_read

    fast = read.load_regular
    compared: set[tuple[bytes, str]] = set()

    def both(path: Path, *how: Any) -> Any:
        if path.stat().st_size > COMPARED_BYTES:
            return fast(path, *how)
        text = (path.read_bytes(), repr(how))
        if text in compared:
            return fast(path, *how)
        table = same_read(path, *how, fast=fast)
        compared.add(text)
        return table

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "load_regular", both)
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_is_derived_once() -> Iterator[None]:
    """Derive the empty datasets of an export without a table once for each kind of the others."""
    from analysis.adam import study

    with pytest.MonkeyPatch.context() as patch:
        for name in ("derive_answers", "derive_adqs", "derive_adop"):
            patch.setattr(study, name, _once_of_nothing(getattr(study, name)))
        yield


def _once_of_nothing(derive: Callable[..., Any]) -> Callable[..., Any]:
    kept: dict[Any, Any] = {}

    def derived(given: Any, *about: Any) -> Any:
        if given is not None:
            return derive(given, *about)
        kinds = [(tuple(each.dtypes.items()), each.index.dtype) if hasattr(each, "dtypes")
                 else repr(each) for each in about]  # fmt: skip
        key = str(kinds)
        made = kept[key] = kept[key] if key in kept else derive(None, *about)
        return tuple(each.copy() for each in made) if isinstance(made, tuple) else made.copy()

    return derived


CHROMIUM = os.environ.get("RELIEFCHECK_CHROMIUM") or shutil.which("chromium") or ""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return Debian's chromium; without one the tests skip and say so.

    It ends with its module: Playwright keeps an event loop running for as long as it is there, and
    neither a second Playwright nor `asyncio.run` starts beside one.
    """
    if not CHROMIUM:
        pytest.skip("no chromium: apt-get install chromium, or set RELIEFCHECK_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the key of kept results out of the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
