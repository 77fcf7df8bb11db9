"""Sign-off: who stands behind the results, bound to them so that a changed number voids it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from markupsafe import Markup

from analysis.claims.records import SIGNED, hash_results, signer
from analysis.errors import InputError
from analysis.files import read_plain, write_file
from analysis.labels import plain_text
from analysis.numbers import date_text
from analysis.report.drawings import shape

SIGNOFF = "signoff.json"
OPEN, CLOSE = "<!--signoff-->", "<!--/signoff-->"
"""Where the page shows the sign-off; text of an export cannot write these, as it is escaped."""


@dataclass(frozen=True, kw_only=True)
class SignOff:
    """One signature."""

    name: str
    role: str
    date: str  # ISO day
    sha256: str  # of the results that were signed (`hash_results`)
    is_void: bool = False  # whether the results have changed since, or are gone

    @property
    def text(self) -> str:
        """The signature in words."""
        by = (
            f"Signed by {plain_text(self.name)}, {plain_text(self.role)}, on {date_text(self.date)}"
        )
        if not self.is_void:
            return f"{by}."
        return f"{by}; a number has changed since, so the signature no longer holds."


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
        content = json.loads(read_plain(path))
        found = [{key: str(each[key]) for key in ("name", "role", "date", "sha256")}
                 for each in content["signatures"]]  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{SIGNOFF} is not what `reliefcheck sign` writes ({error}).") from None
    return tuple(SignOff(**each, is_void=each["sha256"] != now) for each in found)


def sign_run(folder: Path, *, name: str, role: str, on: date) -> SignOff:
    """Sign the results of a run; a signature under the same name is replaced.

    Raises
    ------
    SettingsError
        No name or role, or one beyond 200 characters.
    InputError
        The folder holds no results.
    """
    name, role = signer(name, role)
    made = SignOff(name=name, role=role, date=on.isoformat(), sha256=hash_results(folder))
    kept = [each for each in read_signoffs(folder) if each.name != made.name]
    signatures = [asdict(each) for each in [*kept, made]]
    for each in signatures:
        del each["is_void"]
    content = {"signed": list(SIGNED), "signatures": signatures}
    write_file(folder / SIGNOFF, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    show_signoff(folder)
    return made


def signature_block(signatures: Iterable[SignOff]) -> Markup:
    """Return the sign-off as the page shows it; empty when nobody has signed."""
    lines, is_void = [], False
    for each in signatures:
        is_void = is_void or each.is_void
        if each.is_void:
            mark = Markup(shape("fail"))
            void = Markup('<p class="void"><span class="void">{} VOID.</span> {}</p>')
            lines.append(void.format(mark, each.text))
        else:
            lines.append(Markup("<p>{}</p>").format(each.text))
    if not lines:
        return Markup("")
    opening = Markup('<div class="sign{}" role="note"><strong>Sign-off</strong>')
    return opening.format(" void" if is_void else "") + Markup("").join(lines) + Markup("</div>")


def show_signoff(folder: Path) -> None:
    """Write the sign-off as it stands now at its place on the page; the rest stays as it is."""
    page = folder / "index.html"
    if not page.is_file():
        return
    block = f"{OPEN}{signature_block(read_signoffs(folder))}{CLOSE}"
    place = re.compile(f"{OPEN}.*?{CLOSE}", re.DOTALL)
    write_file(page, place.sub(lambda _: block, page.read_text(encoding="utf-8"), count=1))
