"""The verdicts of a run, and whether they still hold for this ledger and these data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from analysis.errors import InputError
from analysis.files import sha256_of
from analysis.lint.catalogue import Listed
from analysis.wording.words import plain_text

CLAIMS, RUN = "claims.json", "run.json"
_SAME = ("wording", "reading", "condition", "cited_low", "cited_high", "unit")
"""Fields of a claim that a verdict rests on."""

_MAY_BE_EMPTY = ("unit", "reading", "cited_low", "cited_high")
"""Fields that a claim may leave empty and a judgement fills: of claims no data can test, and of
figures that a word such as "often" is read as."""


@dataclass(frozen=True, kw_only=True)
class RunVerdict:
    """What a run said of one claim; fields as in `analysis.claims.judgement.Judgement`."""

    claim_id: str
    verdict: str
    wording: str = ""
    reading: str = ""
    condition: str = ""
    cited_low: float | None = None
    cited_high: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    n: int = 0
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class RunVerdicts:
    """The verdicts of a run.

    Parameters
    ----------
    name : str
        Name of the run's folder; empty when no run was asked.
    export, started : str
        What was analysed and when, ISO 8601.
    synthetic : bool
        The patients do not exist.
    conditions : tuple of str
        Condition codes with patients in the data.
    verdicts : dict
        By claim id.
    old : tuple of str
        Reasons why none of the verdicts holds any more: a newer run, changed data.
    """

    name: str = ""
    export: str = ""
    started: str = ""
    synthetic: bool = False
    conditions: tuple[str, ...] = ()
    verdicts: Mapping[str, RunVerdict]
    old: tuple[str, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether there is a run at all."""
        return bool(self.name)

    def stale(self, claim: Listed) -> str:
        """Return why the verdict on a claim no longer holds; empty when it does."""
        if not self.asked:
            return ""
        told = self.verdicts.get(claim.claim_id)
        if told is None:
            return f"the run has no verdict on {claim.claim_id}: the ledger is newer than the run"
        changed = [name for name in _SAME if _moved(getattr(told, name), getattr(claim, name))]
        changed = [name for name in changed if name not in _MAY_BE_EMPTY or getattr(claim, name)]
        if changed:
            return f"{claim.claim_id} was changed since the run ({', '.join(changed)})"
        return self.old[0] if self.old else ""


NO_RUN = RunVerdicts(verdicts={})


def _moved(then: Any, now: Any) -> bool:
    if isinstance(then, float) and isinstance(now, float):
        return abs(then - now) > 1e-9  # JSON keeps a float's digits; 1e-9 is far below any figure
    return bool((then or now) and then != now)


def load_run(folder: Path, *, export: Path | None = None) -> RunVerdicts:
    """Read the verdicts of a run.

    Parameters
    ----------
    folder : Path
        A folder that ``reliefcheck run`` wrote.
    export : Path, optional
        The export it was made from; its files are compared with the checksums of the run.

    Raises
    ------
    InputError
        No such folder, no verdicts in it, or files that a run does not write.
    """
    shown = plain_text(str(folder), longest=200)
    if not (folder / CLAIMS).is_file() or not (folder / RUN).is_file():
        raise InputError(
            f"{shown} holds no {CLAIMS} and {RUN} of a run; make one with `reliefcheck run`, name "
            "another folder with --run, or check wording alone with --no-run."
        )
    about, records = _load(folder / RUN, dict), _load(folder / CLAIMS, list)
    known = {item.name for item in fields(RunVerdict)}
    try:
        verdicts = [
            RunVerdict(**{key: value for key, value in record.items() if key in known})
            for record in records
        ]
    except (TypeError, AttributeError) as error:
        raise InputError(f"{shown}: {CLAIMS} is not what a run writes ({error}).") from None
    return RunVerdicts(
        name=folder.resolve().name,
        export=str(about.get("export", "")),
        started=str(about.get("started", "")),
        synthetic=bool(about.get("synthetic", False)),
        conditions=tuple(map(str, about.get("conditions", ()))),
        verdicts={verdict.claim_id: verdict for verdict in verdicts},
        old=(*_newer_runs(folder, about), *_changed_data(about, export)),
    )


def _load(path: Path, kind: type) -> Any:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, kind):
        raise InputError(f"{plain_text(str(path), longest=200)} is not what a run writes.")
    return content


def _newer_runs(folder: Path, about: Mapping[str, Any]) -> Sequence[str]:
    """Tell of a later run of the same export beside this one."""
    own = folder.resolve()
    later = []
    for path in own.parent.glob(f"*/{RUN}"):
        if path.parent.resolve() == own:
            continue
        try:
            other = json.loads(path.read_text(encoding="utf-8"))
            same = other["export"] == about.get("export")
            if same and str(other["started"]) > str(about.get("started", "")):
                later.append((str(other["started"]), path.parent.resolve().name))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # not a run, or one being written: it cannot outdate this one
    return [f"a newer run of the same export is there ({max(later)[1]})"] if later else []


def _changed_data(about: Mapping[str, Any], export: Path | None) -> Sequence[str]:
    """Tell which input files are no longer those of the run."""
    if export is None:
        return []
    if not export.is_dir():
        raise InputError(f"{plain_text(str(export), longest=200)} is no folder of an export.")
    changed = []
    for name, digest in dict(about.get("inputs", {})).items():
        path = export / Path(str(name)).name
        if not path.is_file():
            changed.append(f"{name} is gone")
        elif sha256_of(path) != digest:
            changed.append(f"{name} has changed")
    return [f"the data are not those of the run: {', '.join(changed)}"] if changed else []
