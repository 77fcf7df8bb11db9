"""Chance with a name: every result draws from a generator of its own."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from analysis.outcomes.selection import Group
from analysis.settings import AnalysisSettings


def generator(settings: AnalysisSettings, group: Group, *more: str) -> np.random.Generator:
    """Return a generator seeded by the settings and the name of the result.

    No result then depends on which others were made before it, or in which process.
    """
    name = "|".join([group.condition, group.group_by, group.group, *more])
    return np.random.default_rng([settings.seed, crc32(name.encode())])
