"""A PDF written in one pass, with an identifier that the suite names.

To find an identifier pydyf works out every object twice; and for each of the many thousand tags it
lists the pages anew. Both are done once here, within a context; the file is otherwise its own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LIST = b"/Type /XRef"
"""In the dictionary of the last object, after which nothing has a place that could move."""


@contextmanager
def one_pass() -> Iterator[None]:
    """Write documents so within the context; where the library has other insides, as ever."""
    try:
        import pydyf

        as_ever = pydyf.PDF, pydyf._to_bytes
        pydyf.PDF, pydyf._to_bytes = _quick(pydyf.PDF), _quicker(pydyf._to_bytes)
    except (ImportError, AttributeError):
        yield
        return
    try:
        yield
    finally:
        pydyf.PDF, pydyf._to_bytes = as_ever


def _quick(known: Any) -> Any:
    class Quick(known):
        """A document that lists its pages once, and writes each object once."""

        _listed: tuple[bytes, ...] = ()

        @property
        def page_references(self) -> tuple[bytes, ...]:
            if len(self._listed) != self.pages["Count"]:
                self._listed = super().page_references
            return self._listed

        def write(
            self, output: Any, version: Any = b"1.7", identifier: Any = False, compress: Any = False
        ) -> None:
            if not isinstance(identifier, bytes):
                super().write(output, version, identifier, compress)
                return
            whole = io.BytesIO()
            super().write(whole, version, False, compress)
            output.write(identified(whole.getvalue(), self.xref_position, identifier))

    return Quick


def identified(written: bytes, last: int, identifier: bytes) -> bytes:
    """Return a PDF with an identifier; ``last`` is where its list of objects begins.

    Raises
    ------
    ValueError
        No list of objects begins there.
    """
    place = written.index(_LIST, last)
    text = b"<" + identifier.hex().encode("ascii") + b">"
    return b"".join((written[:place], b"/ID [", text, b" ", text, b"]", written[place:]))


def _quicker(as_ever: Any) -> Any:
    """Return the same letters for the kinds of value that are by far the most frequent."""

    def letters(item: Any) -> bytes:
        kind = type(item)
        if kind is bytes:
            return item
        if kind is str:
            return item.encode("ascii")
        return b"%d" % item if kind is int else as_ever(item)

    return letters
