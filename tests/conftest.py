"""Settings of all tests, and the browser some of them read pages with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# Tests are never timed: a busy machine is no fault of the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

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
