"""Supply chain: what a user installs may be used by a clinic without copyleft conditions."""

from __future__ import annotations

import re
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata

import pytest
from tests.docs.test_project import locked

ALLOWED = re.compile(
    r"(?i)\b(?:MIT|0?BSD|Apache|ISCL?|PSF|Python Software Foundation|MPL|Mozilla|Zlib|CC0)\b"
)
"""Permissive licences, and the Mozilla licence, whose conditions end at its own files."""

BARRED = re.compile(r"(?i)\b[AL]?GPL|\bGNU\b|affero|proprietary|\bSSPL\b|commons clause")


def licence_of(about: PackageMetadata) -> str:
    """Return what a distribution says of its licence: expression, else classifiers, else a line."""
    if expression := about.get("License-Expression"):
        return expression
    named = [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    return "; ".join(named) or (about.get("License") or "").strip().partition("\n")[0]


def runtime() -> list[tuple[str, str]]:
    found = []
    for name in sorted({name for name, _ in locked("requirements.lock")}):
        try:
            found.append((name, licence_of(metadata(name))))
        except PackageNotFoundError:  # for another system, or of an optional part
            continue
    return found


def test_nothing_of_the_runtime_is_under_a_copyleft_licence():
    found = runtime()
    assert len(found) > 100, "the runtime is installed"
    assert [each for each in found if BARRED.search(each[1]) or not ALLOWED.search(each[1])] == []


@pytest.mark.parametrize(
    ("licence", "is_fine"),
    [
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", True),
        ("License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", False),
        ("AGPL-3.0-or-later", False),
        ("MIT AND GPL-2.0-only", False),
        ("", False),
    ],
)
def test_the_rule_knows_both_kinds(licence, is_fine):
    assert bool(ALLOWED.search(licence) and not BARRED.search(licence)) is is_fine
