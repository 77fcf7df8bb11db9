"""Several clinics read from their releases, as studies are: pooled, moved together, never ranked.

No rows of patients change hands. A release gives counts rounded to the middle of six, so every
count here is off by up to three patients; what that does to a pool is stated with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.claims.evidence import LEAST_POOLED, LEAST_PREDICTED
from analysis.errors import InputError
from analysis.files import sha256_of
from analysis.numbers import count_text, share_text
from analysis.report.release import Release, read_release
from analysis.report.rounding import LEAST_PATIENTS, possible
from analysis.results import find
from analysis.stats.meta import pool_shares
from analysis.stats.rates import wilson_limits
from analysis.stats.shrinkage import shrink_shares

SAME_MEANING = (
    "responder_threshold_pct", "analysis_visit", "visit_score", "minimum_baseline_score",
    "baseline_window_days", "series_gap_days", "recall", "claim_arm",
)  # fmt: skip
"""Settings that say what a responder is, and of whom; the others do not move the share."""


def read_clinics(folders: Sequence[Path]) -> pd.DataFrame:
    """Return the share of responders of each release and condition.

    One row a clinic and condition, clinics by the alphabet: ``clinic``, ``condition``, ``label``
    (of the condition), ``n_events``, ``n``, ``value``, ``low``, ``high`` (Wilson), ``synthetic``. A
    clinic whose share is withheld has ``n`` alone.

    Raises
    ------
    InputError
        Fewer than two releases, a folder that is none, the same release twice, or releases whose
        settings mean different things by a responder.
    """
    if len(folders) < 2:
        raise InputError(
            f"releases to pool: {len(folders)} given; name two or more (`reliefcheck pool A B "
            "--out FOLDER`, or in notebook 95 `releases`, separated by ;)."
        )
    found: list[tuple[Path, Release, pd.DataFrame]] = []
    seen: dict[str, Path] = {}
    for folder in folders:
        about, frame = read_release(folder)
        own = sha256_of(folder / "results.parquet")
        if own in seen:
            raise InputError(
                f"{folder} and {seen[own]} hold the same numbers; patients count once. Leave one "
                "of them out."
            )
        seen[own] = folder
        found.append((folder, about, frame))
    _refuse_other_meanings([(folder, about) for folder, about, _ in found])
    names = Counter(about.name for _, about, _ in found)
    parts = []
    for folder, about, frame in found:
        name = about.name if names[about.name] == 1 else f"{about.name} ({folder.resolve().name})"
        arm = about.settings["claim_arm"]
        part = {"group_by": "arm", "group": arm} if arm else {"group_by": "all"}
        rows = find(
            frame, measure="responder_share", definition="percent_reduction",
            population="all_starters", threshold_pct=about.settings["responder_threshold_pct"],
            visit=about.settings["analysis_visit"], **part,
        )  # fmt: skip
        rows = rows[rows["condition"] != "all"]
        labels = rows["condition"].map(lambda code, known=about.conditions: known.get(code, code))
        parts.append(rows.assign(clinic=name, label=labels, synthetic=about.synthetic))
    every = pd.concat(parts, ignore_index=True)
    if every.empty:
        raise InputError("these releases hold no share of responders of any condition.")
    columns = ["clinic", "condition", "label", "n_events", "n", "value", "low", "high", "synthetic"]
    return every[columns].sort_values(["condition", "clinic"], ignore_index=True)


def _refuse_other_meanings(releases: Sequence[tuple[Path, Release]]) -> None:
    first, leads = releases[0]
    for folder, about in releases[1:]:
        for name in SAME_MEANING:
            mine, theirs = leads.settings[name], about.settings[name]
            if mine != theirs:
                raise InputError(
                    f"{first} and {folder} mean different things by a responder: {name} is "
                    f"'{mine}' in one and '{theirs}' in the other. Run one of them again with the "
                    f"other's setting (--set {name}={mine}), and release it again."
                )


def pool_clinics(clinics: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Return what a forest plot of each condition shows, in its order, one row a line.

    Columns ``condition``, ``label``, ``kind`` (release, shrunken, pooled, predicted), ``value``,
    ``low``, ``high``, ``n``, ``unit``, and ``lowest``, ``highest``: the pooled share if every count
    were as far from the middle of its six as can be. Pooled from three clinics on, and with a
    prediction interval from five; a clinic moved toward all has no interval.
    """
    lines = []
    for condition, every in clinics.groupby("condition", sort=False):
        own = every[every["n_events"].notna()]
        events, n = own["n_events"].to_numpy(dtype=int), own["n"].to_numpy(dtype=int)
        low, high = wilson_limits(events, n, level=level)
        made = [
            {"label": name, "kind": "release", "value": k / m, "low": a, "high": b, "n": m}
            for name, k, m, a, b in zip(own["clinic"], events, n, low, high, strict=True)
        ]
        if len(own) >= LEAST_POOLED:
            shrunk = shrink_shares(events, n).shares
            made += [
                {"label": name, "kind": "shrunken", "value": one.value,
                 "n": one.n}
                for name, one in zip(own["clinic"], shrunk, strict=True)
            ]  # fmt: skip
            made += _pooled_lines(events, n, level)
        lines += [{"condition": condition, "unit": "share", **line} for line in made]
    columns = ["condition", "label", "kind", "value", "low", "high", "n", "unit", "lowest",
               "highest"]  # fmt: skip
    return pd.DataFrame(lines, columns=columns)


def _pooled_lines(events: np.ndarray, n: np.ndarray, level: float) -> list[dict[str, object]]:
    found = pool_shares(events, n, level=level)
    least, most = possible(events)
    fewest, all_of = possible(n)
    rounded = [
        pool_shares(least, all_of).value, pool_shares(np.minimum(most, fewest), fewest).value
    ]  # fmt: skip
    about = {"value": found.value, "n": int(n.sum())}
    lines: list[dict[str, object]] = [
        {"label": f"Pooled, {found.k} clinics", "kind": "pooled", "low": found.low,
         "high": found.high, "lowest": rounded[0], "highest": rounded[1], **about}
    ]  # fmt: skip
    if found.k >= LEAST_PREDICTED:
        ends = {"low": found.predicted_low, "high": found.predicted_high}
        lines.append(
            {"label": "A further clinic", "kind": "predicted", "value": found.value} | ends
        )
    return lines


def describe_clinics(clinics: pd.DataFrame, lines: pd.DataFrame, condition: str) -> str:
    """Return in words what the clinics of a condition show together, and what they do not."""
    own = clinics[clinics["condition"] == condition]
    given = own[own["n_events"].notna()]
    silent = len(own) - len(given)
    text = f"{own['label'].iloc[0]}: {count_text(len(given))} of {count_text(len(own))} clinics "
    text += "give a share of responders"
    if silent:
        text += f" (the others have too few patients for one, as a rule below {LEAST_PATIENTS})"
    mine = lines[lines["condition"] == condition]
    pooled = mine[mine["kind"] == "pooled"]
    if pooled.empty:
        return f"{text}. Fewer than three are not pooled; they stand side by side."
    row, further = pooled.iloc[0], mine[mine["kind"] == "predicted"]
    text += f". Together: {share_text(row.value)} ({share_text(row.low)} to {share_text(row.high)})"
    text += f"; rounding alone could make it {share_text(row.lowest)} to {share_text(row.highest)}."
    if len(further):
        a, b = further.iloc[0][["low", "high"]]
        text += f" Of a further clinic {share_text(a)} to {share_text(b)} would be no surprise."
    return text
