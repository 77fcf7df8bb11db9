"""Make a demo export: in memory, or streamed to a folder of any size."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from analysis.errors import InputError, SettingsError
from analysis.sources.demo.folder import TABLE_NAMES, check_target, write_words
from analysis.sources.demo.records import Block, draw_block
from analysis.sources.demo.truth import DEMO_PATIENTS, DEMO_SEED

BLOCK_PATIENTS = 10_000
"""Patients drawn from one seed. Part of the recipe, unlike the chunk: changing it changes data."""


@dataclass(frozen=True, kw_only=True)
class DemoTables:
    """The demo export in memory, in the columns of the contract.

    Parameters
    ----------
    patients, pain_scores, infusions : DataFrame
        Tables of the contract; dates are datetimes, a blank is missing.
    """

    patients: pd.DataFrame
    pain_scores: pd.DataFrame
    infusions: pd.DataFrame


def generate_demo(*, n_patients: int = DEMO_PATIENTS, seed: int = DEMO_SEED) -> DemoTables:
    """Draw synthetic patients of a pain clinic with planted outcomes.

    Parameters
    ----------
    n_patients : int of at least 1
        How many patients.
    seed : int of at least 0
        The same seed and number give the same patients.

    Returns
    -------
    DemoTables
        Three data frames. Pain is on each patient's own scale; blanks are missing values.

    Raises
    ------
    SettingsError
        A number is out of range.

    Notes
    -----
    What is planted is stated in ``analysis.sources.demo.truth``; missing ratings follow from
    missed visits, from leaving (likelier without relief) and from the day of the export.
    No outside source: the figures were chosen for the demo.
    """
    blocks = list(_draw_blocks(n_patients, seed))
    frames = {
        name: pa.concat_tables([getattr(block, name) for block in blocks]).to_pandas(
            date_as_object=False
        )
        for name in TABLE_NAMES
    }
    return DemoTables(**frames)


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
        As for ``generate_demo``. The same two give the same bytes.
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
    No outside source: the figures were chosen for the demo.
    """
    target = Path(folder).resolve()
    _check_settings(n_patients, seed, chunk_patients)
    check_target(target)
    recipe = _Recipe(n_patients=n_patients, seed=seed, chunk_patients=chunk_patients)
    try:
        _write_and_swap(target, recipe, progress)
    except OSError as error:
        raise InputError(
            f"{target} cannot be written ({error.strerror}); name a folder you may write to, "
            "with room for the export."
        ) from error
    return target


@dataclass(frozen=True, kw_only=True)
class _Recipe:
    """What to write: how many patients, from which seed, how many at a time."""

    n_patients: int
    seed: int
    chunk_patients: int


def _write_and_swap(
    target: Path, recipe: _Recipe, progress: Callable[[int, int], None] | None
) -> None:
    """Write beside the target, then put the finished folder in its place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        n_rows = _write_tables(work, recipe, progress)
        write_words(work, n_patients=recipe.n_patients, seed=recipe.seed, n_rows=n_rows)
        work.chmod(0o755)  # temporary folders are private; an export is as readable as any folder
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _check_settings(n_patients: int, seed: int, chunk_patients: int = 1) -> None:
    """Raise SettingsError for a number out of range."""
    for name, value, least in (
        ("n_patients", n_patients, 1),
        ("seed", seed, 0),
        ("chunk_patients", chunk_patients, 1),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise SettingsError(f"{name} is {value!r}; give a whole number of at least {least}.")


def _draw_blocks(n_patients: int, seed: int) -> Iterator[Block]:
    """Draw block after block, each from a seed of its own."""
    _check_settings(n_patients, seed)
    starts = range(0, n_patients, BLOCK_PATIENTS)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    for start, own in zip(starts, seeds, strict=True):
        size = min(BLOCK_PATIENTS, n_patients - start)
        yield draw_block(np.random.default_rng(own), size, first_number=start + 1)


def _write_tables(
    folder: Path, recipe: _Recipe, progress: Callable[[int, int], None] | None
) -> dict[str, int]:
    """Stream the three tables; return their rows."""
    n_rows = dict.fromkeys(TABLE_NAMES, 0)
    per_chunk = max(recipe.chunk_patients // BLOCK_PATIENTS, 1)
    n_done, held = 0, list[Block]()
    with ExitStack() as stack:
        sinks = {
            name: stack.enter_context((folder / f"{name}.csv").open("wb")) for name in TABLE_NAMES
        }
        for block in _draw_blocks(recipe.n_patients, recipe.seed):
            held.append(block)
            n_done += block.patients.num_rows
            if len(held) < per_chunk and n_done < recipe.n_patients:
                continue
            for name, sink in sinks.items():
                table = pa.concat_tables([getattr(kept, name) for kept in held])
                _append_csv(table, sink, is_first=n_rows[name] == 0)
                n_rows[name] += table.num_rows
            held.clear()
            if progress is not None:
                progress(n_done, recipe.n_patients)
    return n_rows


def _append_csv(table: pa.Table, sink: BinaryIO, *, is_first: bool) -> None:
    """Append rows as plain comma-separated text: no quotes, a blank for what is missing."""
    if is_first:
        sink.write((",".join(table.column_names) + "\n").encode())
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False, quoting_style="none"))
