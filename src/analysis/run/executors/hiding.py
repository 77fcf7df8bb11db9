"""Optional modules that libraries load when they find them, kept out where nobody needs them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden_modules(*names: str) -> Iterator[None]:
    """Make imports of optional modules fail for a while; loaded ones stay.

    Parameters
    ----------
    *names : str
        Modules that whoever imports them can do without.
    """
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
