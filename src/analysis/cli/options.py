"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

PATH = click.Path(path_type=Path)


class LocalPath(click.Path):
    """A path of this machine: an address would silently become a folder named ``s3:``."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or refuse an address."""
        if re.match(r"[a-z][a-z0-9+.-]+://", str(value), re.IGNORECASE):
            self.fail(f"'{value}' is an address; give a folder of this machine.", param, ctx)
        return super().convert(value, param, ctx)


LOCAL_PATH = LocalPath()
