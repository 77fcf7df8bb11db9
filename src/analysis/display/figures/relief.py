"""Weeks that every figure on relief speaks of."""

from __future__ import annotations

CITED_WEEKS = (2.0, 8.7)
"""The least that "weeks" and "months" mean: two weeks, and two months of 30.44 days."""

READ_AT_WEEKS = (4.0, 8.0, 12.0, 26.0)
LAST_WEEK = 26.0
