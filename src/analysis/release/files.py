"""Files of a release for programs: tables with empty cells, their schemas, bare notebooks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.claims.records import SCHEMA as CLAIMS_SCHEMA
from analysis.claims.records import schema_text
from analysis.places import notebook_folder
from analysis.release.rows import WITHHELD
from analysis.report.store import write_json

if TYPE_CHECKING:
    import pandas as pd

RESULTS_SCHEMA = "results.schema.json"
COUNTS = ("n", "n_missing", "n_events")
TOLD = "; null where it is withheld"


def write_schemas(folder: Path) -> None:
    """Write the schemas that claims.json and results.json of a release fit.

    They are those of a run, but that counts may be null and a verdict or status ``withheld``.
    """
    text = files("analysis.report").joinpath(RESULTS_SCHEMA).read_text(encoding="utf-8")
    for name, content, part, words in (
        (CLAIMS_SCHEMA, json.loads(schema_text()), "judgement", ("verdict", "status")),
        (RESULTS_SCHEMA, json.loads(text), "row", ("status",)),
    ):
        fields = content["$defs"][part]["properties"]
        for count in COUNTS:
            if count in fields:
                fields[count] = {"type": ["integer", "null"], "minimum": 0,
                                 "description": f"a count of patients{TOLD}"}  # fmt: skip
        for word in words:
            fields[word]["enum"] = [*fields[word]["enum"], WITHHELD]
        content["description"] = f"{content['description']} Of a release: counts may be withheld."
        write_json(folder / name, content)


def by_notebook(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return released rows by the notebook that made them, as results.json holds them."""
    made: dict[str, dict[str, Any]] = {}
    for record in records:
        name = record["notebook"]
        parts: dict[str, list[Any]] = {"rows": [], "checks": [], "sentences": [], "figures": []}
        empty: dict[str, Any] = {"notebook": name or "unknown", "condition": "all", "facts": {}}
        made.setdefault(name, empty | parts)["rows"].append(dict(record))
    return list(made.values())


def frame_of_records(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return released rows as a frame, ``result_id`` first; withheld counts are empty."""
    import pandas as pd

    columns = ["result_id", *(key for key in (records[0] if records else {}) if key != "result_id")]
    frame = pd.DataFrame([dict(record) for record in records], columns=columns)
    if "warnings" in frame:
        frame["warnings"] = [" ".join(each) for each in frame["warnings"]]
    for count in COUNTS:
        if count in frame:
            frame[count] = frame[count].astype("Int64")
    return frame


def copy_notebooks(folder: Path) -> list[Path]:
    """Write the suite's own notebooks, without outputs and without a run's parameters."""
    folder.mkdir()
    made = []
    for path in sorted(notebook_folder().glob("*.ipynb")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for cell in content["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        content["metadata"] = {
            key: value for key, value in content["metadata"].items() if key == "kernelspec"
        }
        made.append(write_json(folder / path.name, content))
    return made
