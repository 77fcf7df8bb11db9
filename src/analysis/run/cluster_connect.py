"""Connections to a Dask scheduler: an existing one, or one on this machine for a run."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from analysis.errors import RunError

ANSWER_SECONDS = 8
"""How long a scheduler may take to answer, and a first worker to be there."""


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield a client of a scheduler that answers and has a worker."""
    from distributed import Client

    with no_warnings():
        try:
            with ThreadPoolExecutor(max_workers=1) as own:  # a notebook's thread has a loop already
                own.submit(lambda: asyncio.run(_ask_who(address))).result()
            client = Client(address, timeout=ANSWER_SECONDS, set_as_default=False)
        except (OSError, ValueError):
            raise RunError(
                f"no Dask scheduler answers at {address} within {ANSWER_SECONDS} s."
            ) from None
    try:
        try:
            client.wait_for_workers(1, timeout=ANSWER_SECONDS)
        except TimeoutError:
            raise RunError(
                f"the scheduler at {address} has no worker; start one with: dask worker {address}"
            ) from None
        yield client
    finally:
        with no_warnings(), suppress(Exception):
            client.close(timeout=5)


async def _ask_who(address: str) -> None:
    """Raise OSError unless a scheduler is at an address; a client would wait for ever for it."""
    from distributed import Security
    from distributed.comm import connect
    from distributed.core import send_recv

    async def ask() -> object:
        arguments = Security().get_connection_args("client")
        comm = await connect(address, timeout=ANSWER_SECONDS, **arguments)
        return await send_recv(comm, op="identity", close=True)

    told = await asyncio.wait_for(ask(), ANSWER_SECONDS)
    if not isinstance(told, dict) or told.get("type") != "Scheduler":
        raise ConnectionRefusedError(f"{address} is no scheduler")


@contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """Yield the address of a cluster on this machine's loopback, gone at the end."""
    from distributed import LocalCluster

    with (
        tempfile.TemporaryDirectory(prefix="reliefcheck-cluster-") as scratch,
        no_warnings(),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            local_directory=scratch,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster.scheduler_address


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Dask's own log off the terminal; what matters is told in a sentence."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def no_warnings() -> Iterator[None]:
    """Drop Python's warnings: Dask's are for whoever tunes a cluster."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
