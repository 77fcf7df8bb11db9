"""Carry what is known per patient to that patient's rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def is_among(patient_ids: pd.Series | pd.Index, some: pd.Index) -> NDArray[np.bool_]:
    """Return, row by row, whether a patient is among some.

    ``some`` holds each patient once. As ``Series.isin``, which makes every name anew and takes ten
    times as long.
    """
    return some.get_indexer(pd.Index(patient_ids)) >= 0


def look_up(patient_ids: pd.Series, by_patient: pd.Series) -> pd.Series:
    """Return the patient's number on every row, missing where the patient has none.

    ``Series.map`` gives an empty result the dtype of the ids, and comparisons then fail; this
    keeps the dtype of the numbers.
    """
    values = by_patient.reindex(patient_ids.to_numpy()).to_numpy()
    if not len(values) and values.dtype == object:
        values = np.zeros(0, dtype=float)
    return pd.Series(values, index=patient_ids.index)
