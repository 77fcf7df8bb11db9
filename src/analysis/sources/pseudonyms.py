"""Patient ids replaced by keyed hashes, so that the number of a medical record goes no further.

A hash without a key hides nothing: whoever knows how record numbers look tries them all. The key is
a file of the clinic's own, which stays with the clinic.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from analysis.errors import MappingError

SHORTEST_KEY = 32
"""Bytes; a key that can be guessed protects nobody."""

LENGTH = 16
"""Hex digits of a pseudonym: 64 bits, so that a million patients collide with chance 3e-8."""

_MAKE_ONE = 'Make one: python3 -c "import secrets; print(secrets.token_hex(32))" > clinic.key'


def load_key(mapping: Path, name: str) -> tuple[Path, bytes]:
    """Return the key file named by a mapping, and its key.

    Parameters
    ----------
    mapping : Path
        The mapping file; the key's path is told from its folder.
    name : str
        What ``hash_key`` says.

    Raises
    ------
    MappingError
        No such file, or a key too short to protect anyone.
    """
    path = mapping.parent / Path(name).expanduser()
    try:
        key = path.read_bytes().strip()
    except OSError:
        raise MappingError(f"`hash_key` names {name}, which cannot be read. {_MAKE_ONE}") from None
    if len(key) < SHORTEST_KEY:
        raise MappingError(
            f"the key in {name} has {len(key)} bytes; at least {SHORTEST_KEY} are needed. "
            f"{_MAKE_ONE}"
        )
    return path, key


def pseudonym(text: str, key: bytes) -> str:
    """Return the keyed hash (HMAC-SHA-256, RFC 2104) of an id, as 16 hex digits."""
    return hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:LENGTH]
