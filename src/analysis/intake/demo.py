"""The demo clinic: synthetic patients whose true outcomes are known, because they were planted.

`demo_plan` states what is planted, `demo_draw` draws the patients and what happens to them and
`demo_tables` writes it down as tables of the contract. Here the true figures are worked out and an
export of any size is streamed to a folder.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from functools import lru_cache
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv
from scipy.optimize import brentq

from analysis.errors import InputError, SettingsError
from analysis.intake.demo_draw import draw_baseline, draw_boosters, draw_people, draw_scores
from analysis.intake.demo_plan import (
    CONDITIONS,
    DEMO_PATIENTS,
    DEMO_SEED,
    FOLLOW_UP_WEEKS,
    RULES,
    expected_observed_shares,
    split_patients,
    still_relieved_share,
)
from analysis.intake.demo_tables import draw_block
from analysis.settings import DAYS_PER_WEEK

TRUTH_SEED = 1
TRUTH_PATIENTS = 250_000
"""Seed and size, per condition, of the huge sample: its error is far below any clinic's."""

BASELINE_FLOOR_SCORE = 4
"""The true figures hold for patients with a baseline of at least 4 of 10, as the suite judges."""


@lru_cache(maxsize=1)
def simulate_truth() -> dict[str, dict[str, Any]]:
    """Return true figures of each condition, from complete data of patients judged.

    Mean, median and ratio of means of the percent reduction at the end of the series, the share
    with half the pain, Monte-Carlo standard errors (``se``), and the share of responders still in
    relief at each week with no booster so far. The sample has its own fixed seed: the truth
    belongs to the model, not to one export.
    """
    seeds = np.random.SeedSequence(TRUTH_SEED).spawn(len(CONDITIONS))
    return {
        plan.condition: _simulate_condition(np.random.default_rng(seed), place)
        for place, (plan, seed) in enumerate(zip(CONDITIONS, seeds, strict=True))
    }


def _simulate_condition(rng: np.random.Generator, place: int) -> dict[str, Any]:
    people = draw_people(rng, TRUTH_PATIENTS, condition=np.full(TRUTH_PATIENTS, place))
    baseline = draw_baseline(rng, people)
    boosters = draw_boosters(rng, people, n_boosters=1)
    score = draw_scores(rng, baseline, people.responds[:, None])[:, 0] * 10 / baseline.top
    before = baseline.total * 10 / (baseline.count * baseline.top)
    judged = before >= BASELINE_FLOOR_SCORE
    score, before = score[judged], before[judged]
    reduction = 100 * (1 - score / before)
    half = float(np.mean(2 * score <= before + 1e-9))  # 1e-9: fractions of whole scores
    until, booster = boosters.until[people.responds, 0], boosters.day[people.responds, 0]
    return {
        "n": int(judged.sum()),
        "reduction_mean_pct": float(reduction.mean()),
        "reduction_mean_se_pct": float(reduction.std() / sqrt(reduction.size)),
        "reduction_median_pct": float(np.median(reduction)),
        "reduction_ratio_of_means_pct": float(100 * (1 - score.mean() / before.mean())),
        "responder_50_share": half,
        "responder_50_se_share": sqrt(half * (1 - half) / reduction.size),
        "relieved_without_booster_share": {
            f"week_{week}": float(np.mean(np.minimum(until, booster) > DAYS_PER_WEEK * week))
            for week in FOLLOW_UP_WEEKS
        },
    }


def overall_relieved_share(weeks: float) -> float:
    """Return the exact share of all responders, of the planted mix, still in relief."""
    mix = np.array([plan.weight * plan.responder_share for plan in CONDITIONS])
    shares = np.array([still_relieved_share(plan, weeks) for plan in CONDITIONS])
    return float(mix @ shares / mix.sum())


def describe_truth(*, n_patients: int, seed: int, n_rows: dict[str, int]) -> dict[str, object]:
    """Return everything that is planted in an export, ready for truth.json."""
    counts = split_patients(n_patients)
    truth = {
        "synthetic": True,
        "note": "Invented patients. No figure here comes from a clinic or a trial.",
        "seed": seed,
        "n_patients": n_patients,
        "n_rows": n_rows,
        "how": {
            "exact": "responder_30_share, relief_*, still_relieved_share, expected_*: by formula",
            "simulated": f"{TRUTH_PATIENTS} complete patients per condition, seed {TRUTH_SEED}; "
            f"figures of those with a baseline of at least {BASELINE_FLOOR_SCORE}",
        },
        "not_planted": "No tolerance to boosters; no difference between sites, sexes, subtypes or "
        "protocols; no late response; who has no relief at the end gets no booster.",
        "same_day": "A rating on day 0 or on the day of a booster is from before the infusion; one "
        "on the day of the last infusion of a series of several is from after it.",
        "rules": asdict(RULES),
        "overall": {
            "relief_median_weeks": brentq(
                lambda weeks: overall_relieved_share(weeks) - 0.5, 1, 100
            ),
            "still_relieved_share": {
                f"week_{week}": overall_relieved_share(week) for week in FOLLOW_UP_WEEKS
            },
        },
        "conditions": {
            plan.condition: {
                "n_patients": int(n),
                "responder_30_share": plan.responder_share,
                "expected_all_starters_share": expected_observed_shares(plan)[0],
                "expected_rated_share": expected_observed_shares(plan)[1],
                "relief_median_weeks": plan.relief_median_weeks,
                "still_relieved_share": {
                    f"week_{week}": still_relieved_share(plan, week) for week in FOLLOW_UP_WEEKS
                },
                "end_missed_share": plan.end_missed_share,
                "simulated": simulate_truth()[plan.condition],
            }
            for plan, n in zip(CONDITIONS, counts, strict=True)
        },
    }
    return {name: _plain(value) for name, value in truth.items()}


def _plain(value: object) -> object:
    """Turn a value into what JSON holds, with four decimals: truth.json is read by people."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return round(value, 4)
    return value if isinstance(value, (int, str)) else str(value)


# The folder

TABLE_NAMES = ("patients", "pain_scores", "infusions")
DEMO_FILES = (*(f"{name}.csv" for name in TABLE_NAMES), "truth.json", "mapping.yaml", "README.md")
"""All that a demo folder holds; a folder with anything else in it is left alone."""

MAPPING = """\
# Invented patients: every page made from this export must say so.
name: Demo clinic (synthetic)
synthetic: true
"""

README = """\
# Demo clinic (synthetic)

The {n_patients} patients here are invented. No row describes a real person, and no figure says
anything about ketamine. Made by the suite with `reliefcheck demo` (seed {seed}); the same seed and
number of patients give the same files, byte for byte.

| file | one row is |
|---|---|
| patients.csv | a patient |
| pain_scores.csv | one pain rating |
| infusions.csv | one infusion |
| truth.json | the true figures, planted, that an analysis should find again |
| mapping.yaml | says that the export is synthetic |

Columns, units and scales are those of the contract. The clinic exported on {exported_on}: later
visits of the patients who came last are not there yet.{picked}
"""

PICKED = """

The seed of the bundled export was picked, not drawn: the first from 20260101 on that puts the
responder share of every condition within one standard error of what is expected. Other seeds
scatter as real samples do.
"""
"""Said only of the export with the default seed and size, where it is true."""


BLOCK_PATIENTS = 10_000
"""Patients drawn from one seed. Part of the recipe, unlike the chunk: changing it changes data."""


def generate_demo(
    *, n_patients: int = DEMO_PATIENTS, seed: int = DEMO_SEED
) -> dict[str, pd.DataFrame]:
    """Draw synthetic patients of a pain clinic with planted outcomes (`analysis.intake.demo_plan`).

    Parameters
    ----------
    n_patients : int of at least 1
        How many patients.
    seed : int of at least 0
        The same seed and number give the same patients.

    Returns
    -------
    dict of DataFrame
        patients, pain_scores and infusions in the columns of the contract. Pain is on each
        patient's own scale, dates are datetimes, a blank is missing. Missing ratings follow from
        missed visits, from leaving (likelier without relief) and from the day of the export.

    Raises
    ------
    SettingsError
        A number is out of range.
    """
    _check_numbers(n_patients=n_patients, seed=seed)
    blocks = list(_draw_blocks(n_patients, seed))
    tables = {name: pa.concat_tables([block[name] for block in blocks]) for name in TABLE_NAMES}
    return {name: table.to_pandas(date_as_object=False) for name, table in tables.items()}


def write_demo(
    folder: str | Path,
    *,
    n_patients: int = DEMO_PATIENTS,
    seed: int = DEMO_SEED,
    chunk_patients: int = 50_000,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a demo export to a folder, a chunk at a time, so that millions of patients fit.

    Parameters
    ----------
    folder : path
        Made if absent; an older demo export in it is replaced when the new one is complete.
    n_patients, seed : int
        As for `generate_demo`. The same two give the same bytes.
    chunk_patients : int of at least 1
        Patients held in memory at a time, in steps of 10,000; it does not change the result.
    progress : callable, optional
        Called with (patients written, patients in all) after every chunk.

    Returns
    -------
    Path
        The folder, with patients.csv, pain_scores.csv, infusions.csv, truth.json, mapping.yaml
        and README.md. A missing value is an empty field.

    Raises
    ------
    InputError
        The folder is a file, or holds something that is not a demo export.
    SettingsError
        A number is out of range.

    Notes
    -----
    Blocks of 10,000 patients have seeds of their own (``SeedSequence.spawn``), so no chunk
    depends on another. Random streams are numpy's: another numpy may draw other patients.
    """
    target = Path(folder).resolve()
    _check_numbers(n_patients=n_patients, seed=seed, chunk_patients=chunk_patients)
    _check_target(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            per_chunk = max(chunk_patients // BLOCK_PATIENTS, 1)
            n_rows = _write_tables(work, n_patients, seed, per_chunk, progress)
            _write_words(work, n_patients, seed, n_rows)
            work.chmod(0o755)  # temporary folders are private; an export is as readable as any
            if target.exists():
                shutil.rmtree(target)
            work.rename(target)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
    except OSError as error:
        raise InputError(
            f"{target} cannot be written ({error.strerror}); name a folder you may write to, "
            "with room for the export."
        ) from error
    return target


def _check_numbers(*, n_patients: int, seed: int, chunk_patients: int = 1) -> None:
    """Raise SettingsError for a number out of range."""
    for name, value, least in (
        ("n_patients", n_patients, 1),
        ("seed", seed, 0),
        ("chunk_patients", chunk_patients, 1),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise SettingsError(f"{name} is {value!r}; give a whole number of at least {least}.")


def _check_target(target: Path) -> None:
    """Raise InputError unless the target is absent, empty or an older demo export."""
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; name a folder for the demo export.")
    found = sorted(path.name for path in target.iterdir()) if target.exists() else []
    foreign = [name for name in found if name not in DEMO_FILES]
    if foreign:
        raise InputError(
            f"{target} holds {foreign[0]!r}, which is no file of a demo export; "
            "name a new or empty folder."
        )
    try:
        truth = json.loads((target / "truth.json").read_text(encoding="utf-8")) if found else {}
    except (OSError, ValueError):
        truth = None
    if found and not (isinstance(truth, dict) and truth.get("synthetic") is True):
        raise InputError(
            f"{target} holds {found[0]!r} but no truth.json that marks it as synthetic, so it may "
            "be a real export; name a new or empty folder."
        )


def _draw_blocks(n_patients: int, seed: int) -> Iterator[dict[str, pa.Table]]:
    """Draw block after block, each from a seed of its own."""
    starts = range(0, n_patients, BLOCK_PATIENTS)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    for start, own in zip(starts, seeds, strict=True):
        size = min(BLOCK_PATIENTS, n_patients - start)
        yield draw_block(np.random.default_rng(own), size, first_number=start + 1)


def _write_tables(
    folder: Path,
    n_patients: int,
    seed: int,
    per_chunk: int,
    progress: Callable[[int, int], None] | None,
) -> dict[str, int]:
    """Stream the three tables, ``per_chunk`` blocks at a time; return their rows."""
    n_rows = dict.fromkeys(TABLE_NAMES, 0)
    n_done, held = 0, list[dict[str, pa.Table]]()
    with ExitStack() as stack:
        sinks = {
            name: stack.enter_context((folder / f"{name}.csv").open("wb")) for name in TABLE_NAMES
        }
        for block in _draw_blocks(n_patients, seed):
            held.append(block)
            n_done += block["patients"].num_rows
            if len(held) < per_chunk and n_done < n_patients:
                continue
            for name, sink in sinks.items():
                table = pa.concat_tables([kept[name] for kept in held])
                if n_rows[name] == 0:
                    sink.write((",".join(table.column_names) + "\n").encode())
                csv.write_csv(
                    table, sink, csv.WriteOptions(include_header=False, quoting_style="none")
                )
                n_rows[name] += table.num_rows
            held.clear()
            if progress is not None:
                progress(n_done, n_patients)
    return n_rows


def _write_words(folder: Path, n_patients: int, seed: int, n_rows: dict[str, int]) -> None:
    """Write truth.json, mapping.yaml and README.md."""
    truth = describe_truth(n_patients=n_patients, seed=seed, n_rows=n_rows)
    readme = README.format(
        n_patients=f"{n_patients:,}",
        seed=seed,
        exported_on=RULES.exported_on.isoformat(),
        picked=PICKED.rstrip() if (n_patients, seed) == (DEMO_PATIENTS, DEMO_SEED) else "",
    )
    words = {
        "truth.json": json.dumps(truth, indent=1, allow_nan=False) + "\n",
        "mapping.yaml": MAPPING,
        "README.md": readme,
    }
    for name, text in words.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
