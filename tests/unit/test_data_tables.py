"""Tables of words, patterns and columns: each key once, or a later row would silently win."""

from __future__ import annotations

import pytest

from analysis.settings import data_rows

KEYS = {
    "contract.csv": ["table", "column"],
    "tables.csv": ["table"],
    "codes/labels.csv": ["list", "code"],
    "codes/remedies.csv": ["code"],
    "codes/glossary.csv": ["key"],
    "codes/references.csv": ["reference"],
    "codes/headers.csv": ["meaning"],
    "codes/id_headers.csv": ["words"],
    "codes/fhir.csv": ["resource", "part", "name"],
    "codes/adam_names.csv": ["variable"],
    "codes/header_rules.csv": ["kind", "terms"],
    "codes/header_phrases.csv": ["phrase"],
    "codes/header_words.csv": ["word"],
    "codes/names.csv": ["name", "kind"],
    "codes/diagnoses.csv": ["pattern"],
    "codes/identifiers.csv": ["kind", "check", "pattern"],
    "claims/words.csv": ["kind", "name"],
    "claims/cues.csv": ["kind", "check", "pattern"],
    "claims/statuses.csv": ["status"],
    "claims/furniture.csv": ["kind", "pattern"],
    "codes/topics.csv": ["topic"],
    "codes/page_tables.csv": ["topic", "caption"],
    "claims/measures.csv": ["measure"],
    "claims/frequencies.csv": ["word"],
    "claims/checks.csv": ["check"],
    "claims/check_words.csv": ["kind", "check", "pattern"],
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_stands_once(name):
    keys = [tuple(row[column] for column in KEYS[name]) for row in data_rows(name)]
    assert keys and len(set(keys)) == len(keys), {key for key in keys if keys.count(key) > 1}
