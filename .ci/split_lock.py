"""Leave in the second lock only the packages that are not in the first: each stands once."""

from __future__ import annotations

import re
import sys
from pathlib import Path

BLOCK = re.compile(r"^(?=[A-Za-z0-9][\w.,\[\]-]*==)", re.MULTILINE)


def blocks(path: Path) -> dict[str, str]:
    found = (part for part in BLOCK.split(path.read_text(encoding="utf-8")) if "==" in part)
    return {re.split(r"[\s;\\]", part)[0]: part for part in found}


runtime, dev = Path(sys.argv[1]), Path(sys.argv[2])
known = blocks(runtime)
dev.write_text("".join(part for name, part in blocks(dev).items() if name not in known))
