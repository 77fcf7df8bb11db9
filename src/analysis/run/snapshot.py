"""A run uses the suite as it was when it began: edited meanwhile, it goes on with a copy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import analysis
from analysis.run.folder import scratch

CHECKOUT = "RELIEFCHECK_CHECKOUT"
"""Environment variable that says where the suite lies of which a copy runs."""

PARTS = ("data", "notebooks", "docs/simulations")
"""What the package reads of a checkout; an installed package has it inside itself."""


@contextmanager
def pinned_suite() -> Iterator[None]:
    """Take everything of the suite that is not yet imported from a copy made now.

    So do the processes begun meanwhile. The hashes a run writes down are those of the copy. In a
    process that has the suite loaded already nothing is copied.
    """
    if "analysis.run.session" in sys.modules:
        yield
        return
    package = Path(analysis.__file__).parent
    checkout = package.parents[1]
    with scratch() as copy:
        source = copy / "src"
        shutil.copytree(package, source / package.name)
        for part in PARTS:
            if (checkout / part).is_dir():
                shutil.copytree(checkout / part, copy / part)
        before = {name: os.environ.get(name) for name in (CHECKOUT, "PYTHONPATH")}
        os.environ[CHECKOUT] = str(checkout)
        os.environ["PYTHONPATH"] = os.pathsep.join(
            filter(None, [str(source), os.environ.get("PYTHONPATH")])
        )
        sys.path.insert(0, str(source))
        _look_in(source)
        try:
            yield
        finally:  # the copy is about to go; what is imported later comes from the suite again
            for name, module in list(sys.modules.items()):
                if str(getattr(module, "__file__", None) or "").startswith(f"{source}{os.sep}"):
                    del sys.modules[name]
            _look_in(package.parent)
            sys.path.remove(str(source))
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _look_in(source: Path) -> None:
    """Let the packages of the suite find modules that are not imported yet in another place."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == analysis.__name__ and hasattr(module, "__path__"):
            module.__path__ = [str(source.joinpath(*name.split(".")))]


def copy_notebooks(folder: Path, target: Path) -> Path:
    """Copy notebooks, and the modules they import from beside them; return the copy's folder."""
    target.mkdir()
    for path in (*folder.glob("*.ipynb"), *folder.glob("*.py")):
        shutil.copyfile(path, target / path.name)
    return target
