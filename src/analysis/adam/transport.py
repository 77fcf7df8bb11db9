"""Analysis datasets as SAS transport files of version 5, with their labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.adam.study import LABELS, Study
from analysis.errors import InputError
from analysis.files import replacing

NAMES = {
    "adsl": ("ADSL", "Subject-level analysis dataset"),
    "adpain": ("ADPAIN", "Pain by planned visit"),
    "adtte": ("ADTTE", "Duration of response"),
    "adae": ("ADAE", "Adverse events"),
    "adqs": ("ADQS", "Questionnaires by planned visit"),
    "adop": ("ADOP", "Opioid doses by planned visit"),
    "infusions": ("ADEX", "Infusions and vital signs"),
    "ratings": ("PAINRATE", "Every pain rating with its use"),
}
"""Frames of a study that leave as transport files: name, at most 8 letters, and label."""

LONGEST_TEXT = 200
"""Bytes of a text in a transport file of version 5."""


def write_transport(study: Study, folder: Path) -> list[Path]:
    """Write the analysis datasets of a study as ``.xpt`` files of version 5.

    Flags become Y, N or empty, days without a time dates, and infinite days (never lost, no
    booster) missing, as the censoring flag says.

    Raises
    ------
    InputError
        A text is longer than the 200 bytes that the form has.
    """
    import pyreadstat  # slow to load

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for frame_name, (name, label) in NAMES.items():
        frame = getattr(study, frame_name)
        moved = pd.DataFrame({column: _for_sas(frame[column], name) for column in frame})
        path = folder / f"{name.lower()}.xpt"
        with replacing(path) as part:
            pyreadstat.write_xport(
                moved, part, file_label=label, table_name=name, file_format_version=5,
                column_labels=[LABELS[column] for column in moved],
            )  # fmt: skip
        written.append(path)
    return written


def _for_sas(values: pd.Series, dataset: str) -> pd.Series:
    """Return a column in the types that SAS has: numbers, texts, dates and times."""
    if pd.api.types.is_bool_dtype(values):
        return values.astype("object").map({True: "Y", False: "N"}).fillna("")
    if pd.api.types.is_datetime64_any_dtype(values):
        whole = values.dropna()
        if (whole == whole.dt.normalize()).all():
            return values.dt.date.astype(object).where(values.notna(), None)
        return values.astype("datetime64[us]")
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float).replace([np.inf, -np.inf], np.nan)
    texts = values.astype(object).where(values.notna(), "").astype(str)
    longest = max((len(text.encode()) for text in texts), default=0)
    if longest > LONGEST_TEXT:
        raise InputError(
            f"{dataset}.{values.name} has a text of {longest} bytes; a transport file of version 5 "
            f"holds {LONGEST_TEXT}. Shorten it in the export or its mapping."
        )
    return texts
