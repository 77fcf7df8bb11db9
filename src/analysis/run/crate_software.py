"""The software of a run as a crate tells it: name, version, and where it is found."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

SUITE = "reliefcheck"
HOMES = {"python": "https://www.python.org/"}
"""Where software is found that is no installed package."""

PAGES = ("homepage", "documentation", "docs", "repository", "source")
"""Names under which packages tell their pages, the best first."""


def describe_software(about: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the properties of each package that a run names, by name of the package.

    Parameters
    ----------
    about : mapping
        Content of run.json; read are versions and git_commit.

    Notes
    -----
    RO-Crate 1.3 requires a page of every application, so software without a known one, as the
    suite itself, is told as a work with a name and a version.
    """
    commit = str(about.get("git_commit", ""))
    told = {}
    for name, version in about.get("versions", {}).items():
        url = home_of(name)
        kind = {"@type": "SoftwareApplication", "url": url} if url else {"@type": "CreativeWork"}
        more = {"identifier": commit} if name == SUITE and commit else {}
        told[name] = {**kind, "name": name, "version": str(version), **more}
    return told


def home_of(name: str) -> str:
    """Return the page that an installed package gives of itself; empty when it gives none."""
    if name in HOMES:
        return HOMES[name]
    try:
        lines = metadata(name).get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    pages = {
        label.strip().lower(): url.strip() for label, _, url in (x.partition(",") for x in lines)
    }
    return next((pages[label] for label in PAGES if label in pages), "")
