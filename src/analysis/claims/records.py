"""Judgements as plain values: nested for JSON, flat for a table, and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from analysis.claims.judgement import Judgement, Lack, Readings, Shrunk, Tipping

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "claims.schema.json"
"""JSON Schema of the records, shipped beside this module and beside every claims.json."""

NESTED = {"robustness": Readings, "tipping": Tipping, "shrunk": Shrunk}
FLAT = {
    "readings": ("robustness", "n"),
    "readings_agreeing": ("robustness", "n_agreeing"),
    "readings_sentence": ("robustness", "sentence"),
    "tipping_n_missing": ("tipping", "n_missing"),
    "tipping_n_could": ("tipping", "n_could"),
    "tipping_n_to_meet": ("tipping", "n_to_meet"),
    "tipping_delta_to_meet_pct": ("tipping", "delta_to_meet_pct"),
    "tipping_sentence": ("tipping", "sentence"),
    "shrunk_share": ("shrunk", "value"),
    "shrunk_label": ("shrunk", "label"),
}
"""Columns of a table made from the nested parts."""


def schema_text() -> str:
    """Return the JSON Schema of a list of records."""
    return files("analysis.claims").joinpath(SCHEMA).read_text(encoding="utf-8")


def record_of(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as plain values for JSON; tuples become lists, mappings plain ones."""
    record = asdict(judgement)
    record["lacks"] = [one | {"rule_ids": list(one["rule_ids"])} for one in record["lacks"]]
    if record["robustness"] is not None:
        record["robustness"]["verdicts"] = dict(record["robustness"]["verdicts"])
    return record


def judgement_of(record: Mapping[str, Any]) -> Judgement:
    """Return the judgement that a record holds; fields of later versions keep their default.

    Raises
    ------
    TypeError
        A field that no judgement has, or one that each must have is not there.
    """
    made = dict(record)
    for name, kind in NESTED.items():
        if made.get(name) is not None:
            made[name] = kind(**made[name])
    made["lacks"] = tuple(
        Lack(**{**one, "rule_ids": tuple(one["rule_ids"])}) for one in made.get("lacks", ())
    )
    return Judgement(**made)


def flat_record(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as one row of a table."""
    record = record_of(judgement)
    nested = {name: record.pop(name) for name in NESTED}
    lacks = record.pop("lacks")
    flat = {
        column: None if nested[part] is None else nested[part][name]
        for column, (part, name) in FLAT.items()
    }
    told = "; ".join(f"{one['lacks']} [{' '.join(one['rule_ids'])}]" for one in lacks)
    return record | flat | {"lacks": told}


def frame_of_judgements(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """Return judgements as a frame, one row a claim."""
    import pandas as pd

    plain = [each.name for each in fields(Judgement) if each.name not in (*NESTED, "lacks")]
    records = [flat_record(judgement) for judgement in judgements]
    return pd.DataFrame(records, columns=[*plain, *FLAT, "lacks"])
