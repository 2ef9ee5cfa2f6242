"""Lean mode's processes: forked once, each with its own listener on the shared port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from venue.config import Config
from venue.lean.admin import LeanAdmin
from venue.lean.desk import Desk
from venue.lean.protocol import LeanProtocol
from venue.lean.records import Records
from venue.loops import run_loop
from venue.state import Venue

#: How often a worker shows its counters to the others.
PUBLISH_S = 0.05
BACKLOG = 4096


def run_lean(
    config: Config, workers: int, announce: Callable[[str], None], die_with_parent: Callable[[], None]
) -> None:
    """This function will serve in lean mode until told to stop.

    Raises: ValueError when there is not at least one worker.
    """
    if workers < 1:
        raise ValueError(f"workers were {workers} but there must be one at least")
    config = replace(config, driver="manual", replay=None, limits=False)
    records = Records(workers, len(config.rules))
    for index, rules in enumerate(config.rules):
        records.set_price(index, rules.start)
    # The bound socket reserves the port for the workers; nobody listens on it.
    with _bound(config.host, config.port) as reserved:
        port = reserved.getsockname()[1]
        if workers == 1:
            _work(replace(config, port=port), records, 0, lambda: announce(f"http://{config.host}:{port}"))
            return
        _supervise(replace(config, port=port), records, workers, announce, die_with_parent)


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


def _supervise(
    config: Config,
    records: Records,
    workers: int,
    announce: Callable[[str], None],
    die_with_parent: Callable[[], None],
) -> None:
    children: dict[int, int] = {}
    for worker in range(workers):
        ready_out, ready_in = os.pipe()
        child = os.fork()
        if not child:
            die_with_parent()
            _work(config, records, worker, partial(os.write, ready_in, b"."))
            os._exit(0)
        os.close(ready_in)
        children[child] = ready_out
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _stop(children))
    # A worker that died closed its end of the pipe without a word.
    if not all(os.read(ready_out, 1) for ready_out in children.values()):
        _stop(children)
        raise OSError("a worker could not start")
    announce(f"http://{config.host}:{config.port}")
    for child in children:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


def _stop(children: Iterable[int]) -> None:
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)


def _work(config: Config, records: Records, worker: int, ready: Callable[[], object]) -> None:
    run_loop(_serve(config, records, worker, ready))


async def _serve(config: Config, records: Records, worker: int, ready: Callable[[], object]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    desk = Desk(Venue(config), records, worker)
    admin = LeanAdmin(desk)
    server = await loop.create_server(
        lambda: LeanProtocol(desk, admin), config.host, config.port, reuse_port=True, backlog=BACKLOG
    )

    def publish() -> None:
        admin.publish()
        loop.call_later(PUBLISH_S, publish)

    publish()
    ready()
    await stop.wait()
    server.close()
