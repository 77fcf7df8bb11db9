"""One family of errors. Each says what was found, where, what was expected and what to do.

The command line turns every one of them into a sentence and an exit code: 2 for what the user
gave (a file, a mapping, a setting), 1 for what went wrong while working on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import PurePath

COMMANDS_TO_A_TERMINAL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but tab and line end, marks that turn the direction of text, and halves of
characters: in a header or a value they would rewrite the screen that a message is read on."""


def shown(text: str) -> str:
    """Return a text as a person may see it: what would command the terminal is escaped."""
    return COMMANDS_TO_A_TERMINAL.sub(lambda found: escaped(found[0]), text)


def escaped(text: str) -> str:
    r"""Return each character of a text as its number, \\u001b, which JSON reads as well."""
    units = text.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    return "".join(rf"\u{unit}" for unit in units)


class ReliefcheckError(Exception):
    """Base of every error the suite raises on purpose."""

    exit_code = 1

    def __str__(self) -> str:
        """Return the sentence; a user's own text in it cannot command a terminal."""
        return shown(super().__str__())


class InputError(ReliefcheckError):
    """A file of the user's cannot be read as what it should be."""

    exit_code = 2


class ContractError(InputError):
    """A table breaks the contract: a column, a type, a range or a rule across rows."""


class MappingError(InputError):
    """A mapping file is wrong, or names what the export does not have."""


class SettingsError(InputError):
    """A setting, a parameter or a choice on the command line is unknown or out of range."""


class LedgerError(InputError):
    """A ledger of claims is wrong: the claim, the field and the rule are named."""


class EvidenceError(InputError):
    """The table of published evidence is missing or wrong: the file and the column are named."""


class EstimationError(ReliefcheckError, ValueError):
    """An estimator was given what no estimate can be made from."""


class NoMaximumError(EstimationError):
    """A likelihood has no maximum: the fit does not exist, and no number of it may be given.

    ``reason`` is the note of `analysis.labels` that says why beside a result.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class RunError(ReliefcheckError):
    """A run could not be finished."""


def sentence_of(error: OSError) -> str:
    """Return what the operating system refused, and on which file, as a sentence."""
    where = f" ({PurePath(str(error.filename)).name[:80]})" if error.filename else ""
    return f"{error.strerror or str(error) or type(error).__name__}{where}."


def suggest(found: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest known name, or an empty string."""
    near = get_close_matches(found, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""
