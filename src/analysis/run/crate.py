"""A run told as an RO-Crate: ro-crate-metadata.json after the Workflow Run Crate profile.

The main workflow is run.json, which names every notebook with its SHA-256 and the condition it ran
on; the executed notebooks are its parts. Inputs are told by name and SHA-256 only: they stay where
they are. Nothing is fetched, and the same run gives the same bytes.

References: Workflow Run Crate 0.6, https://w3id.org/ro/wfrun/workflow/0.6; Process Run Crate 0.6;
Workflow RO-Crate 1.1; RO-Crate 1.3.
"""

from __future__ import annotations

import json
import mimetypes
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.files import sha256_of, write_whole
from analysis.run.crate_software import SUITE, describe_software
from analysis.run.provenance import AGENT
from analysis.settings import AnalysisSettings

if TYPE_CHECKING:
    from rocrate.model import ContextEntity, Entity
    from rocrate.rocrate import ROCrate

CRATE_FILE = "ro-crate-metadata.json"
WORKFLOW = "run.json"
NOTEBOOK_TYPES = ["File", "SoftwareSourceCode"]
WORKFLOW_TYPES = [*NOTEBOOK_TYPES, "ComputationalWorkflow"]

NOTEBOOK_FORMAT = "4.5"
"""Format of the executed notebooks (nbformat), as the suite writes them."""

VERSION = "1.3"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.6": ("Process Run Crate", "0.6"),
    "https://w3id.org/ro/wfrun/workflow/0.6": ("Workflow Run Crate", "0.6"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.1": ("Workflow RO-Crate", "1.1"),
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
DATA_TYPES = {bool: "Boolean", int: "Integer", float: "Float", str: "Text"}
LANGUAGE = "https://jupyter.org/"
BIOSCHEMAS = "https://bioschemas.org/profiles/{}/1.0-RELEASE"
LICENCE = "#terms-of-use"
TERMS_OF_USE = {
    "@type": "CreativeWork",
    "name": "Not licensed for use by others",
    "description": "Results made from patients' records: for use inside the clinic.",
}
DESCRIBED = {
    "notebooks/": "Executed notebook",
    "figures/": "Figure of the report",
    "data/": "Patient-level data as this run read them: not to be handed on",
    "results": "Results, a row each",
    "claims": "Verdicts, a claim each",
    "index.html": "Report, one page",
    "report.pdf": "Report",
    "summary.pdf": "Summary of the report on one page",
}
"""What a file is, by how its name begins."""

KINDS = {".ipynb": "application/x-ipynb+json", ".parquet": "application/vnd.apache.parquet"}


def write_crate(folder: Path, about: Mapping[str, Any]) -> Path:
    """Write ro-crate-metadata.json into a run folder.

    Parameters
    ----------
    folder : Path
        A run folder with all its files, run.json among them.
    about : mapping
        Content of run.json: export, synthetic, started, seconds, settings, inputs, notebooks,
        versions, git_commit, outputs (file to SHA-256); absent ones are left out. ``agent`` names
        who ran it, else the environment variable RELIEFCHECK_AGENT does; else nobody is named.

    Returns
    -------
    Path
        The file. It lists every file of the folder with size and SHA-256, itself apart.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version=VERSION)
    crate.metadata.extra_contexts.append(TERMS)
    _describe_root(crate, about)
    files = _add_files(crate, folder, about)
    workflow = _add_workflow(crate, files, about)
    inputs = _add_inputs(crate, about)
    settings = _add_settings(crate, workflow, about)
    tools = _add_software(crate, about)
    workflow["softwareRequirements"] = tools
    results = [entity for name, entity in files.items() if name != WORKFLOW]
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=[*inputs, *settings],
        result=results,
        properties=_action(about),
    )
    _add_agent(crate, action, about)
    crate.root_dataset["mentions"] = action
    return _write(folder / CRATE_FILE, crate.metadata.generate())


def _describe_root(crate: ROCrate, about: Mapping[str, Any]) -> None:
    root = crate.root_dataset
    root["name"] = f"Reliefcheck run on {about.get('export', 'an export')}"
    synthetic = " The patients are synthetic: they do not exist." if about.get("synthetic") else ""
    root["description"] = (
        "Outcomes of a clinic compared with what was said about them: results, verdicts, report "
        f"and executed notebooks.{synthetic}"
    )
    root["datePublished"] = _times(about).get("endTime", str(about.get("started", "")))
    root["license"] = _add(crate, LICENCE, TERMS_OF_USE)
    profiles = []
    for uri, (name, version) in PROFILES.items():
        told = {"@type": ["CreativeWork", "Profile"], "name": name, "version": version}
        profiles.append(_add(crate, uri, told))
    root["conformsTo"] = profiles


def _executed(task: Mapping[str, Any]) -> str:
    return f"notebooks/{task['notebook']}.{task['condition']}.ipynb"


def _add_files(crate: ROCrate, folder: Path, about: Mapping[str, Any]) -> dict[str, Entity]:
    """List every file of the run folder; none is copied, and none hashed that run.json hashes."""
    types: dict[str, list[str]] = {WORKFLOW: WORKFLOW_TYPES}
    types |= {_executed(task): NOTEBOOK_TYPES for task in about.get("notebooks", ())}
    hashed: Mapping[str, str] = about.get("outputs", {})
    return {
        name: crate.add_file(
            dest_path=name,
            properties={
                "@type": types.get(name, "File"),
                "name": name,
                "description": _described(name),
                "contentSize": str(path.stat().st_size),
                "encodingFormat": _kind(path),
                "sha256": hashed.get(name) or sha256_of(path),
            },
        )
        for name, path in files_of(folder).items()
    }


def files_of(folder: Path) -> dict[str, Path]:
    """Return the files of a run folder by name, sorted, without the crate and locks."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: path
        for name, path in sorted(found.items())
        if path.is_file() and name != CRATE_FILE and not path.name.startswith(".lock")
    }


def _described(name: str) -> str:
    told = (words for begin, words in DESCRIBED.items() if name.startswith(begin))
    return next(told, "File of the run")


def _kind(path: Path) -> str:
    known = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return known or "application/octet-stream"


def _add_workflow(crate: ROCrate, files: Mapping[str, Entity], about: Mapping[str, Any]) -> Entity:
    """Name run.json the main workflow, and the executed notebooks its parts."""
    workflow = files[WORKFLOW]
    told = {"@type": "ComputerLanguage", "name": "Jupyter Notebook", "url": LANGUAGE}
    language = _add(crate, LANGUAGE, told | {"version": NOTEBOOK_FORMAT})
    workflow["conformsTo"] = _add_profile(crate, "ComputationalWorkflow")
    workflow["version"] = str(about.get("versions", {}).get(SUITE, "unknown"))
    workflow["description"] = "Notebooks of the run, the condition each ran on, and their settings"
    workflow["programmingLanguage"] = language
    parts = []
    for task in about.get("notebooks", ()):
        executed = files.get(_executed(task))
        if executed is None:
            continue
        executed["description"] = (
            f"{task['notebook']} executed on {task['condition']}; SHA-256 of the notebook before: "
            f"{task.get('sha256', 'not recorded')}"
            + (", stopped by an error" * bool(task["error"]))
        )
        executed["programmingLanguage"] = language
        executed["version"] = workflow["version"]
        parts.append(executed)
    workflow["hasPart"] = parts
    crate.mainEntity = workflow
    return workflow


def _add_inputs(crate: ROCrate, about: Mapping[str, Any]) -> list[Entity]:
    """Tell what was read by name and SHA-256: the crate does not hold it."""
    told = {**about.get("inputs", {}), **about.get("ledger", {})}
    return [
        _add(
            crate,
            f"#input-{number}",
            {"@type": ["CreativeWork", "DigitalDocument"], "name": name, "sha256": digest},
        )
        for number, (name, digest) in enumerate(sorted(told.items()), start=1)
    ]


def _add_settings(crate: ROCrate, workflow: Entity, about: Mapping[str, Any]) -> list[Entity]:
    """Tell each setting as a parameter of the workflow and as the value it had."""
    made, slots = [], []
    _add_profile(crate, "FormalParameter")
    for name, value in about.get("settings", {}).items():
        known = AnalysisSettings.model_fields.get(name)
        slot = crate.add_formal_parameter(
            name,
            DATA_TYPES.get(type(value), "Text"),
            identifier=f"#parameter-{name}",
            description=known.description if known else None,
            properties={"defaultValue": str(known.default)} if known else {},
        )
        slots.append(slot)
        told = {"@type": "PropertyValue", "name": name, "value": str(value), "exampleOfWork": slot}
        made.append(_add(crate, f"#setting-{name}", told))
    workflow["input"] = slots
    return made


def _add_profile(crate: ROCrate, name: str) -> ContextEntity:
    told = {"@type": "CreativeWork", "name": f"Bioschemas {name}"}
    return _add(crate, BIOSCHEMAS.format(name), told)


def _add_software(crate: ROCrate, about: Mapping[str, Any]) -> list[Entity]:
    told = describe_software(about)
    return [_add(crate, f"#software-{name}", properties) for name, properties in told.items()]


def _action(about: Mapping[str, Any]) -> dict[str, Any]:
    failed = [task for task in about.get("notebooks", ()) if task.get("error")]
    status = "Failed" if failed else "Completed"
    told = {
        "@type": "CreateAction",
        "name": f"Run of Reliefcheck on {about.get('export', 'an export')}",
        "description": f"`reliefcheck run`: {len(about.get('notebooks', ()))} notebooks executed.",
        "actionStatus": f"http://schema.org/{status}ActionStatus",
        **_times(about),
    }
    if failed:
        told["error"] = f"{len(failed)} notebooks stopped before their end"
    return told


def _times(about: Mapping[str, Any]) -> dict[str, str]:
    """Return start and end; the end is the start plus the seconds the run took."""
    try:
        start = datetime.fromisoformat(str(about["started"]))
    except (KeyError, ValueError):
        return {}
    end = start + timedelta(seconds=round(float(about.get("seconds", 0))))
    return {"startTime": start.isoformat(), "endTime": end.isoformat()}


def _add_agent(crate: ROCrate, action: Entity, about: Mapping[str, Any]) -> None:
    name = str(about.get("agent") or os.environ.get(AGENT, "")).strip()
    if name:
        action["agent"] = _add(crate, "#agent", {"@type": "Person", "name": name})


def _add(crate: ROCrate, identifier: str, properties: dict[str, Any]) -> ContextEntity:
    from rocrate.model import ContextEntity

    return crate.add(ContextEntity(crate, identifier, properties=properties))


def _write(path: Path, content: dict[str, Any]) -> Path:
    """Write sorted JSON, whole or not at all."""
    content["@graph"] = sorted(content["@graph"], key=lambda entity: entity["@id"])
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    return write_whole(path, text + "\n")
