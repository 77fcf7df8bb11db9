"""reliefcheck demo: a synthetic export of any size."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.cli.options import PATH


@click.command()
@click.argument("folder", type=PATH)
@click.option("--patients", type=click.IntRange(min=6), default=600, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Default: the demo's own.")
def demo(folder: Path, patients: int, seed: int | None) -> None:
    """Write a synthetic export with a planted truth to FOLDER.

    The patients do not exist. truth.json says what was planted, so that anyone can see whether
    the suite finds it again. The same number of patients and seed give the same files.
    """
    from analysis.sources.demo import DEMO_SEED, write_demo

    chosen = DEMO_SEED if seed is None else seed
    written = write_demo(folder, n_patients=patients, seed=chosen)
    click.echo(f"Synthetic export of {patients:,} patients: {written}")
