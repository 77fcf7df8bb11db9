"""Sign-off: who stands behind the results, bound to them so that a moved number voids it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from analysis.errors import InputError, SettingsError
from analysis.report.html import PAGE, write_whole
from analysis.report.signature import signature_lines
from analysis.report.store import write_json
from analysis.wording.texts import say

SIGNOFF = "signoff.json"
SIGNED = ("results.json", "claims.json")
"""Files whose content is signed: every number and every verdict."""

LONGEST = 200
_BLOCK = re.compile(r"<!--signoff-->.*?<!--/signoff-->\n?", re.DOTALL)


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


def read_signoff(folder: Path) -> SignOff | None:
    """Return the newest signature of a run, None when nobody has signed."""
    signed = read_signoffs(folder)
    return signed[-1] if signed else None


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
    """Return the sign-off as the page takes it: name, role, date and whether it still holds.

    Several people are told as one text; one void signature voids the whole. None when unsigned.
    """
    signed = read_signoffs(folder)
    if not signed:
        return None
    return {
        "name": "; ".join(each.name for each in signed),
        "role": "; ".join(each.role for each in signed),
        "date": max(each.date for each in signed),
        "holds": not any(each.is_void for each in signed),
        "signatures": [asdict(each) for each in signed],
    }


def show_signoff(folder: Path) -> None:
    """Write the sign-off as it stands now at the head of the page; the rest stays as it is."""
    page = folder / PAGE
    if not page.is_file():
        return
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    block = _block(folder)
    head = re.search(r"<main[^>]*>\n?", text) or re.search(r"<body[^>]*>\n?", text)
    if block and head:
        text = text[: head.end()] + block + text[head.end() :]
    write_whole(page, text)


def _block(folder: Path) -> str:
    lines = [signature_lines({**asdict(each), "holds": not each.is_void})
             for each in read_signoffs(folder)]  # fmt: skip
    told = "".join(
        f"<p{' class=void' if line.is_void else ''}>{escape(line.text)}</p>"
        for line in lines
        if line
    ).replace("class=void", 'class="void"')
    if not told:
        return ""
    return (
        f'<!--signoff--><section class="sign" aria-label="{escape(say("signoff.title"))}">{told}'
        "</section><!--/signoff-->\n"
    )
