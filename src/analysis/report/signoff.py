"""Sign-off: who stands behind the results, bound to them so that a moved number voids it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from analysis.errors import InputError, SettingsError
from analysis.files import write_whole
from analysis.report.html import PAGE, kept_together
from analysis.report.signature import signature_block
from analysis.report.store import write_json

SIGNOFF = "signoff.json"
SIGNED = ("results.json", "claims.json")
"""Files whose content is signed: every number and every verdict."""

LONGEST = 200
OPEN, CLOSE = "<!--signoff-->", "<!--/signoff-->"
"""Where the page tells of the sign-off; texts of an export cannot write these signs."""

_PLACE = re.compile(f"{OPEN}.*?{CLOSE}", re.DOTALL)
_ADDED = re.compile(r"<!--signoff added-->.*?<!--/signoff added-->\n?", re.DOTALL)

RUN, SOURCE = "run.json", "signed_source"
"""File of a release, and the field of it, that names who had signed the run."""


@dataclass(frozen=True, kw_only=True)
class SignOff:
    """One signature.

    Parameters
    ----------
    name, role : str
        As given, on one line.
    date : str
        ISO day.
    sha256 : str
        Of the results that were signed (`hash_results`).
    is_void : bool
        Whether the results are others now, or are gone.
    """

    name: str
    role: str
    date: str
    sha256: str
    is_void: bool = False


def hash_results(folder: Path) -> str:
    """Return the SHA-256 of the results and verdicts of a run: of their content, not its layout.

    Spaces and the order of fields do not count; any number, word or missing row does.

    Raises
    ------
    InputError
        A file is not there or is no JSON.
    """
    digest = sha256()
    for name in SIGNED:
        try:
            content = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise InputError(
                f"{folder.name} holds no {name} that can be read; name the folder of a finished "
                "run."
            ) from None
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        digest.update(f"{name}\n{text}\n".encode())
    return digest.hexdigest()


def read_signoffs(folder: Path) -> tuple[SignOff, ...]:
    """Return every signature of a run, in the order they were given; empty when there is none.

    Raises
    ------
    InputError
        signoff.json is not what `sign_run` writes.
    """
    path = folder / SIGNOFF
    if not path.is_file():
        return ()
    try:
        now = hash_results(folder)
    except InputError:
        now = ""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = [{key: str(each[key]) for key in ("name", "role", "date", "sha256")}
                 for each in content["signatures"]]  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{SIGNOFF} is not what `reliefcheck sign` writes ({error}).") from None
    return tuple(SignOff(**each, is_void=each["sha256"] != now) for each in found)


def sign_run(folder: Path, *, name: str, role: str, on: date) -> SignOff:
    """Sign the results of a run; whoever signed before, under the same name, signs anew.

    Parameters
    ----------
    folder : Path
        Finished run, or release.
    name, role : str
        Not empty; line ends become spaces.
    on : date

    Raises
    ------
    SettingsError
        No name or role, or one beyond 200 characters.
    InputError
        The folder holds no results.
    """
    told = {"name": " ".join(name.split()), "role": " ".join(role.split())}
    for field, text in told.items():
        if not text or len(text) > LONGEST:
            raise SettingsError(
                f"--{'as' if field == 'name' else field} must hold 1 to 200 letters."
            )
    made = SignOff(
        name=told["name"], role=told["role"], date=on.isoformat(), sha256=hash_results(folder)
    )
    kept = [each for each in read_signoffs(folder) if each.name != made.name]
    signatures = [
        {k: v for k, v in asdict(each).items() if k != "is_void"} for each in [*kept, made]
    ]
    write_json(folder / SIGNOFF, {"signed": list(SIGNED), "signatures": signatures})
    show_signoff(folder)
    return made


def signoff_view(folder: Path) -> dict[str, Any] | None:
    """Return the sign-off as the page takes it; None when nobody has signed.

    ``signatures`` are those of the folder, each with ``holds``; ``source`` those of the run that a
    release was made from. ``holds`` alone is False when any signature is void.
    """
    signed = [asdict(each) | {"holds": not each.is_void} for each in read_signoffs(folder)]
    source = _signed_source(folder)
    if not signed and not source:
        return None
    return {
        "signatures": signed,
        "source": source,
        "holds": all(each["holds"] for each in signed),
    }


def _signed_source(folder: Path) -> list[dict[str, str]]:
    """Return who had signed the run that a release was made from, as its run.json tells."""
    try:
        found = json.loads((folder / RUN).read_text(encoding="utf-8")).get(SOURCE, [])
        return [{key: str(each[key]) for key in ("name", "role", "date")} for each in found]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def holding(folder: Path) -> list[dict[str, str]]:
    """Return name, role and day of those whose signature holds: the hash fits the results."""
    return [{"name": each.name, "role": each.role, "date": each.date}
            for each in read_signoffs(folder) if not each.is_void]  # fmt: skip


def show_signoff(folder: Path) -> None:
    """Write the sign-off as it stands now at its place on the page; the rest stays as it is.

    A page without that place (made by hand, or by an older version) shows it at its head.
    """
    page = folder / PAGE
    if not page.is_file():
        return
    text = _ADDED.sub("", page.read_text(encoding="utf-8"))
    block = kept_together(str(signature_block(signoff_view(folder))))
    head = re.search(r"<main[^>]*>\n?", text) or re.search(r"<body[^>]*>\n?", text)
    if _PLACE.search(text):
        text = _PLACE.sub(lambda _: f"{OPEN}{block}{CLOSE}", text, count=1)
    elif block and head:
        added = f"<!--signoff added-->{block}<!--/signoff added-->\n"
        text = text[: head.end()] + added + text[head.end() :]
    write_whole(page, text)
