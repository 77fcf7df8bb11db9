"""Judgements as a frame and as files: claims.json with its JSON Schema, and read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ConfigDict, TypeAdapter, ValidationError

from analysis.claims.judgement import Judgement
from analysis.errors import InputError, SettingsError
from analysis.files import read_plain, write_file
from analysis.labels import words_in

FILE = "claims.json"
SCHEMA_FILE = "claims.schema.json"

_ADAPTER = TypeAdapter(
    tuple[Judgement, ...],
    config=ConfigDict(
        extra="forbid", strict=True, json_schema_serialization_defaults_required=True
    ),
)

FLAT = {name: place.split(".") for name, place in words_in("claim_columns").items()}
"""Columns of the table made from the nested parts."""


def claims_schema() -> dict[str, Any]:
    """Return the JSON Schema of claims.json."""
    return _ADAPTER.json_schema(mode="serialization")


def claims_json(judgements: Sequence[Judgement]) -> str:
    """Return judgements as the text of claims.json."""
    return _ADAPTER.dump_json(tuple(judgements), indent=1).decode() + "\n"


def claims_frame(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """Return judgements as a frame, one row a claim; what is nested in claims.json is flat."""
    frame = pd.DataFrame(map(asdict, judgements), columns=list(Judgement.__dataclass_fields__))
    nested = {
        name: frame.pop(name)
        for name in ("robustness", "tipping", "missing", "shrunk", "limits", "lacks", "published")
    }
    for column, (part, name) in FLAT.items():
        frame[column] = [None if one is None else one[name] for one in nested[part]]
    frame["judged_low"], frame["judged_high"] = (
        zip(*(one.judged_limits for one in judgements), strict=True) if judgements else ((), ())
    )
    frame["limits"] = [
        "; ".join(f"{one['name']}: {one['verdict']}" for one in limits)
        for limits in nested["limits"]
    ]
    for design in ("randomized", "uncontrolled"):
        frame[f"published_{design}"] = [
            next((one["verdict"] for one in found if one["design"] == design), "")
            for found in nested["published"]
        ]
    frame["lacks"] = [
        "; ".join(f"{lack['lacks']} [{' '.join(lack['rule_ids'])}]" for lack in lacks)
        for lacks in nested["lacks"]
    ]
    return frame


def write_claims(folder: str | Path, judgements: Sequence[Judgement]) -> Path:
    """Write claims.json and its schema into a folder, and return the JSON file."""
    root = Path(folder).expanduser().resolve()
    root.mkdir(parents=True, exist_ok=True)
    write_file(root / SCHEMA_FILE, json.dumps(claims_schema(), indent=1) + "\n")
    return write_file(root / FILE, claims_json(judgements))


def read_claims(folder: str | Path) -> tuple[Judgement, ...]:
    """Read the judgements of a results or run folder.

    Raises
    ------
    InputError
        There is no claims.json, or it holds something else.
    """
    path = Path(folder).expanduser().resolve() / FILE
    if not path.is_file():
        raise InputError(
            f"{path.parent} holds no verdicts ({FILE}). Run the notebook 70_claims into it first, "
            "or all notebooks with `reliefcheck run`."
        )
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InputError(
            f"{path} holds no judgements of the suite ({where}: {first['msg']})."
        ) from None


# What is signed and approved, and by whom

SIGNED = ("results.json", "claims.json")
"""Files whose content is signed: every number and every verdict."""

LONGEST = 200


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
            content = json.loads(read_plain(folder / name))
        except (OSError, ValueError):
            raise InputError(
                f"{folder.name} holds no {name} that can be read; name the folder of a finished "
                "run."
            ) from None
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        digest.update(f"{name}\n{text}\n".encode())
    return digest.hexdigest()


def signer(name: str, role: str) -> tuple[str, str]:
    """Return who signs and as what, each on one line; SettingsError for none or a long one."""
    name, role = " ".join(name.split()), " ".join(role.split())
    for option, text in (("--as", name), ("--role", role)):
        if not text or len(text) > LONGEST:
            raise SettingsError(f"{option} must hold 1 to {LONGEST} letters.")
    return name, role
