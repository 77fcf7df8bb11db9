"""The ledger is read and listed at once: nothing that works on tables is loaded for it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pandas", "numpy", "scipy", "statsmodels", "matplotlib", "pydantic")


def loaded_after(code: str) -> str:
    told = f"import sys\n{code}\nprint(sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_listing_the_ledger_loads_nothing_heavy():
    code = (
        "from analysis.claims.describe import explain_claim, list_claims, select_claims\n"
        "from analysis.claims.ledger import load_ledger\n"
        "found = load_ledger()\n"
        "assert len(list_claims(select_claims(found)).splitlines()) > len(found) == 161\n"
        "assert 'Printed' in explain_claim(found, 'C043')"
    )
    assert loaded_after(code) == "[]"


def test_the_check_sees_what_is_heavy():
    assert loaded_after("import pandas") == "['numpy', 'pandas']"
