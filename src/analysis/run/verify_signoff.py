"""Sign-offs of a run as `reliefcheck verify` sees them: does each hold, is it shown as it is.

A sign-off comes after the run and is shown on the page, so a signed page has other bytes than the
run wrote. It still counts as written by the run when it is that page plus the sign-off, exactly.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis.errors import InputError
from analysis.files import sha256_of
from analysis.report.html import PAGE
from analysis.report.signoff import SIGNED, SIGNOFF, read_signoffs, show_signoff
from analysis.run.finding import Finding, fails, fits


def check_sign_offs(folder: Path) -> Iterator[Finding]:
    """Tell of each sign-off whether it holds; nothing where nobody has signed."""
    try:
        signed = read_signoffs(folder)
    except (InputError, AttributeError) as error:
        yield fails(f"{SIGNOFF} is damaged ({error}).")
        return
    if (folder / SIGNOFF).is_file() and not signed:
        yield fails(f"{SIGNOFF} holds no signature.")
    for each in signed:
        who = f"The sign-off by {each.name} ({each.role}, {each.date})"
        if each.is_void:
            yield fails(f"{who} is void: results or verdicts changed after it.")
        else:
            yield fits(f"{who} holds: results and verdicts are those that were signed.")


def is_page_with_sign_off(folder: Path, recorded: str) -> bool:
    """Return whether the page is the one of the run with its sign-offs shown, and nothing else.

    Parameters
    ----------
    folder : Path
    recorded : str
        SHA-256 of the page as the run wrote it.

    Notes
    -----
    The sign-off is taken off a copy of the page, which must then be the run's; and put on again,
    which must give the page as it is. So nothing can hide in the place of a sign-off.
    """
    try:
        with TemporaryDirectory(prefix="reliefcheck-") as scratch:
            copy = Path(scratch)
            shutil.copyfile(folder / PAGE, copy / PAGE)
            show_signoff(copy)  # without signoff.json beside it: takes the sign-off away
            if sha256_of(copy / PAGE) != recorded:
                return False
            for name in (SIGNOFF, *SIGNED):
                shutil.copyfile(folder / name, copy / name)
            show_signoff(copy)
            return (copy / PAGE).read_bytes() == (folder / PAGE).read_bytes()
    except (OSError, InputError, ValueError, AttributeError):
        return False
