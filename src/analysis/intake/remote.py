"""An export that lies in an object store or on a server: copied here first, then read as usual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from analysis.errors import InputError

MOST_FILES = 2000
"""An export is a handful of tables; a folder with more was pointed at by mistake."""

PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs",
    "http": "aiohttp", "https": "aiohttp", "sftp": "paramiko", "ssh": "paramiko",
    "smb": "smbprotocol",
}  # fmt: skip
"""Package that brings a protocol, for the sentence when it is missing."""

_URL = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]+(://|::)")
_CREDENTIALS = re.compile(r"://[^/@\s]*@")
_QUERY = re.compile(r"\?\S*")


def is_remote(text: str) -> bool:
    """Return whether a text is an address such as ``s3://bucket/folder``, not a path."""
    return bool(_URL.match(text))


def fetch(url: str, into: Path) -> Path:
    """Copy a remote export into a scratch folder, made when absent, and return where it lies.

    The address is a folder or a file in any file system that fsspec opens: ``s3://``, ``gs://``,
    ``az://``, ``https://`` (a file), ``sftp://``, ``file://``, ``memory://``. The copy is named
    after its last part; the caller removes it. InputError where the protocol is unknown or its
    package not installed, nothing is there, it may not be read, or it holds more than `MOST_FILES`
    files; secrets in the address are not repeated.
    """
    shown = without_secrets(url)
    files, root = open_place(url)
    try:
        found = dict(_listed(files, root))
        if not found:
            raise InputError(f"there is nothing at {shown}.")
        name = _name_of(url)
        for remote, inside in found.items():
            target = into / name / inside if inside else into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            files.get_file(remote, str(target))
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"there is nothing at {shown}.") from None
    except PermissionError:
        raise InputError(f"{shown} may not be read with the credentials of this machine.") from None
    except Exception as error:  # each protocol's package has errors of its own
        raise InputError(f"{shown} cannot be read ({_reason(error)}).") from None
    return into / name


def without_secrets(text: str) -> str:
    """Return a text whose addresses keep neither a password nor what follows a question mark."""
    return _QUERY.sub("?...", _CREDENTIALS.sub("://...@", text))


def _reason(error: Exception) -> str:
    return without_secrets(f"{type(error).__name__}: {error}")[:300]


def open_place(url: str) -> tuple[Any, str]:
    """Return the fsspec file system of an address or path, and the path inside it.

    InputError when the protocol is unknown, or its package is not installed.
    """
    import fsspec

    shown = without_secrets(url)
    protocol = re.split("://|::", url)[0].lower()
    try:
        files, root = fsspec.core.url_to_fs(url)
    except ImportError:
        package = PACKAGES.get(protocol, f"the fsspec package for '{protocol}'")
        raise InputError(f"{shown} needs {package}: pip install {package}.") from None
    except ValueError:
        raise InputError(
            f"{shown}: there is no protocol '{protocol}'; s3, gs, az, https, sftp and file are "
            "among the known ones."
        ) from None
    except Exception as error:
        raise InputError(f"{shown} cannot be opened ({_reason(error)}).") from None
    return files, str(root)


def _listed(files: Any, root: str) -> Iterator[tuple[str, str]]:
    """Yield every file at or below ``root`` with its path inside the export; "" for a file."""
    if root.startswith(("http://", "https://")):  # asked for, it says why it does not come
        yield root, ""
        return
    if not files.isdir(root):
        if files.exists(root):
            yield root, ""
        return
    below = PurePosixPath(root)
    for number, remote in enumerate(sorted(files.find(root)), start=1):
        if number > MOST_FILES:
            raise InputError(f"{without_secrets(root)} holds more than {MOST_FILES:,} files.")
        inside = PurePosixPath(str(remote)).relative_to(below)
        if ".." in inside.parts:
            raise InputError(f"{without_secrets(root)} holds a file named '{inside}'.")
        yield str(remote), str(inside)


def _name_of(url: str) -> str:
    """Return the last part of an address, safe as a file's name; its ending gives the format."""
    parts = urlsplit(url.rsplit("::", 1)[-1])
    last = PurePosixPath(f"{parts.netloc.rpartition('@')[2]}{parts.path}").name
    return re.sub(r"[^A-Za-z0-9._-]+", "_", last).strip("._") or "export"
