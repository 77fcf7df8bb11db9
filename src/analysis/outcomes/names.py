"""Names of columns that results are split or counted by; no tables, so that it loads at once."""

from __future__ import annotations

ARM = "arm"
GROUPINGS = ("subtype", "protocol", ARM, "site")
"""Columns of subjects that make subgroups."""

FLAGS = (
    "uncontrolled_hypertension",
    "heart_condition",
    "active_psychosis",
    "pregnant_or_breastfeeding",
    "active_substance_abuse",
)
"""Columns of patients that the page names as reasons not to treat."""
