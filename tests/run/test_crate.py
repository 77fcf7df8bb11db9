"""The crate of a run: JSON-LD that reads back, every file with its hash, nothing of the machine."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from analysis.run.crate import AGENT, CRATE_FILE, write_crate

ABOUT: dict[str, Any] = {
    "export": "Typed clinic",
    "synthetic": True,
    "started": "2026-03-01T10:00:00+01:00",
    "seconds": 61.6,
    "settings": {"responder_threshold_pct": 30.0, "seed": 7, "recall": "auto"},
    "inputs": {"patients.csv": "a" * 64, "pain_scores.csv": "b" * 64},
    "ledger": {"ledger.csv": "c" * 64},
    "notebooks": [
        {"notebook": "20_responders", "condition": "crps", "error": "", "sha256": "d" * 64},
        {"notebook": "70_claims", "condition": "all", "error": "", "sha256": "e" * 64},
    ],
    "versions": {
        "python": "3.11.7",
        "numpy": "2.4.0",
        "no-such-package": "1",
        "reliefcheck": "0.1.0",
    },
    "git_commit": "0123abcd",
}

FILES = {
    "results.csv": "a,b\n",
    "index.html": "<p>x</p>",
    "figures/a b (50 %) é.svg": "<svg/>",
    "notebooks/20_responders.crps.ipynb": "{}",
    "notebooks/70_claims.all.ipynb": "{}",
    "data/patients.parquet": "PAR1",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run = tmp_path / "run"
    for name, text in {**FILES, "run.json": json.dumps(ABOUT)}.items():
        path = run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return run


def graph_of(path: Path) -> dict[str, dict[str, Any]]:
    content = json.loads(path.read_text(encoding="utf-8"))
    return {entity["@id"]: entity for entity in content["@graph"]}


def ids(value: Any) -> set[str]:
    return {one["@id"] for one in (value if isinstance(value, list) else [value])}


def test_root_and_profiles(folder):
    graph = graph_of(write_crate(folder, ABOUT))
    root = graph["./"]
    assert graph[CRATE_FILE]["about"] == {"@id": "./"}
    assert graph[CRATE_FILE]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.3"}
    assert ids(root["conformsTo"]) == {
        "https://w3id.org/ro/wfrun/process/0.6",
        "https://w3id.org/ro/wfrun/workflow/0.6",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.1",
    }
    for uri in ids(root["conformsTo"]):
        assert "CreativeWork" in graph[uri]["@type"]
    assert {"name", "description", "datePublished", "license"} <= set(root)
    assert "synthetic" in root["description"]


def test_every_file_has_its_size_and_sha256(folder):
    graph = graph_of(write_crate(folder, ABOUT))
    files = {e["name"]: e for e in graph.values() if "File" in e["@type"]}
    assert set(files) == {*FILES, "run.json"}
    for name, entity in files.items():
        content = (folder / name).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
        assert entity["contentSize"] == str(len(content))
        assert entity["encodingFormat"]
    assert ids(graph["./"]["hasPart"]) == {e["@id"] for e in files.values()}


def test_hashes_of_run_json_are_taken_over(folder):
    graph = graph_of(write_crate(folder, {**ABOUT, "outputs": {"index.html": "f" * 64}}))
    assert graph["index.html"]["sha256"] == "f" * 64


def test_the_workflow_is_run_json_with_the_notebooks_as_parts(folder):
    graph = graph_of(write_crate(folder, ABOUT))
    assert graph["./"]["mainEntity"] == {"@id": "run.json"}
    workflow = graph["run.json"]
    assert set(workflow["@type"]) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert graph[workflow["programmingLanguage"]["@id"]]["@type"] == "ComputerLanguage"
    assert ids(workflow["hasPart"]) == {
        "notebooks/20_responders.crps.ipynb",
        "notebooks/70_claims.all.ipynb",
    }
    assert ids(workflow["input"]) == {f"#parameter-{name}" for name in ABOUT["settings"]}


def test_the_action_tells_what_went_in_and_came_out(folder):
    graph = graph_of(write_crate(folder, ABOUT))
    (action,) = [e for e in graph.values() if e["@type"] == "CreateAction"]
    assert graph["./"]["mentions"] == {"@id": action["@id"]}
    assert action["instrument"] == {"@id": "run.json"}
    assert action["startTime"] == "2026-03-01T10:00:00+01:00"
    assert action["endTime"] == "2026-03-01T10:01:02+01:00"  # 61.6 seconds, to the second
    assert action["actionStatus"] == "http://schema.org/CompletedActionStatus"
    told = [graph[name] for name in ids(action["object"])]
    inputs = {e["name"]: e["sha256"] for e in told if "sha256" in e}
    assert inputs == {**ABOUT["inputs"], **ABOUT["ledger"]}
    values = {e["name"]: e["value"] for e in told if e["@type"] == "PropertyValue"}
    assert values == {"responder_threshold_pct": "30.0", "seed": "7", "recall": "auto"}
    for entity in told:
        if entity["@type"] == "PropertyValue":
            assert graph[entity["exampleOfWork"]["@id"]]["name"] == entity["name"]
    assert ids(action["result"]) == ids(graph["./"]["hasPart"]) - {"run.json"}


def test_software_and_commit(folder):
    graph = graph_of(write_crate(folder, ABOUT))
    tools = {e["name"]: e for e in graph.values() if e["@id"].startswith("#software-")}
    assert {n: e["version"] for n, e in tools.items()} == ABOUT["versions"]
    assert tools["reliefcheck"]["identifier"] == "0123abcd"
    assert ids(graph["run.json"]["softwareRequirements"]) == {e["@id"] for e in tools.values()}


def typed(graph: dict[str, dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    """Return the entities of at least one of these types."""

    def types(entity: dict[str, Any]) -> set[str]:
        own = entity["@type"]
        return set(own) if isinstance(own, list) else {own}

    return [entity for entity in graph.values() if types(entity) & set(kinds)]


def test_applications_and_languages_have_name_page_and_one_version(folder):
    """RO-Crate 1.3 requires all three; Process Run Crate wants one kind of version, not both."""
    graph = graph_of(write_crate(folder, ABOUT))
    found = typed(graph, "SoftwareApplication", "ComputerLanguage")
    assert {entity["name"] for entity in found} == {"python", "numpy", "Jupyter Notebook"}
    for entity in found:
        assert entity["version"]
        assert entity["url"].startswith("https://")
        assert "softwareVersion" not in entity


def test_source_code_is_a_file_with_a_language_and_a_version(folder):
    graph = graph_of(write_crate(folder, ABOUT))
    found = typed(graph, "SoftwareSourceCode")
    assert len(found) == 3
    for entity in found:
        assert "File" in entity["@type"]
        assert graph[entity["programmingLanguage"]["@id"]]["@type"] == "ComputerLanguage"
        assert entity["version"] == "0.1.0"


def test_everything_has_a_name_and_every_file_is_described(folder):
    graph = graph_of(write_crate(folder, ABOUT))
    for entity in graph.values():
        assert entity.get("name") or entity["@id"] == CRATE_FILE
    assert all(entity["description"] for entity in typed(graph, "File", "CreateAction", "Dataset"))
    told = graph[graph["./"]["license"]["@id"]]
    assert told["name"]
    assert told["description"]


def test_what_went_in_and_came_out_is_of_a_type_the_profile_knows(folder):
    graph = graph_of(write_crate(folder, ABOUT))
    known = ("File", "Dataset", "Collection", "CreativeWork", "PropertyValue")
    asked = ids(graph["#run"]["object"]) | ids(graph["#run"]["result"])
    assert asked <= {entity["@id"] for entity in typed(graph, *known)}


def test_every_page_referred_to_is_described_too(folder):
    """But the version of RO-Crate itself, which the metadata file names."""
    graph = graph_of(write_crate(folder, ABOUT))
    lists = [v if isinstance(v, list) else [v] for e in graph.values() for v in e.values()]
    named = {one["@id"] for values in lists for one in values if isinstance(one, dict)}
    assert named - set(graph) == {"https://w3id.org/ro/crate/1.3"}


def test_a_failed_notebook_fails_the_action(folder):
    broken = {**ABOUT["notebooks"][0], "error": "ValueError: x"}
    graph = graph_of(write_crate(folder, {**ABOUT, "notebooks": [broken]}))
    assert graph["#run"]["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert "1 notebook" in graph["#run"]["error"]


def test_nobody_is_named_unless_told(folder, monkeypatch):
    monkeypatch.delenv(AGENT, raising=False)
    graph = graph_of(write_crate(folder, {**ABOUT, "made_by": "login-name"}))
    assert "agent" not in graph["#run"]
    assert "login-name" not in (folder / CRATE_FILE).read_text()
    monkeypatch.setenv(AGENT, "Dr. Example")
    graph = graph_of(write_crate(folder, ABOUT))
    assert graph[graph["#run"]["agent"]["@id"]]["name"] == "Dr. Example"


def test_the_library_reads_it_back(folder):
    write_crate(folder, ABOUT)
    crate = ROCrate(folder)
    assert crate.mainEntity.id == "run.json"
    assert len(crate.data_entities) == len(FILES) + 1


def test_every_reference_within_the_crate_leads_somewhere(folder):
    graph = graph_of(write_crate(folder, ABOUT))

    def references(value: Any) -> list[str]:
        if isinstance(value, list):
            return [name for one in value for name in references(one)]
        return [value["@id"]] if isinstance(value, dict) else []

    found = {n for e in graph.values() for value in e.values() for n in references(value)}
    assert {name for name in found if not name.startswith("http")} <= set(graph)


def test_no_path_of_the_machine_and_the_same_bytes_each_time(folder):
    first = write_crate(folder, ABOUT).read_bytes()
    assert str(folder.parent).encode() not in first
    assert socket.gethostname().encode() not in first
    assert write_crate(folder, ABOUT).read_bytes() == first


def test_nothing_is_fetched(folder, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert write_crate(folder, ABOUT).is_file()


def test_a_run_that_says_little_of_itself(folder):
    graph = graph_of(write_crate(folder, {}))
    assert graph["./"]["mainEntity"] == {"@id": "run.json"}
    assert "endTime" not in graph["#run"]
