"""The command line: `python -m venue`."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import os
import signal
import sys
from decimal import Decimal
from pathlib import Path

from venue import replay
from venue.config import Config, demo_rows, load_accounts, load_rules
from venue.lean.workers import run_lean
from venue.loops import run_loop
from venue.saving.file import UnableToLoad
from venue.saving.keeper import Keeper
from venue.state import Venue
from venue.wire.server import Server

EPILOG = """
On ready one JSON line is printed: {"ready": true, "url": "http://127.0.0.1:PORT", "pid": ...}.
It speaks Binance's spot (/api/v3, /sapi/v1) and USD-M (/fapi) dialects over HTTP and WebSocket, and is steered
under /admin/ (prices, accounts, faults, books). Point clients at it by redirecting the transport and naming the
host they meant in the header X-Real-Host. docs/venue.md has the rest.
"""

PR_SET_PDEATHSIG = 1


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m venue",
        description="A simulated exchange: a real server with Binance's spot and USD-M dialects.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    root.add_argument("--port", type=int, default=0, help="port to listen on; 0 picks a free one (default)")
    root.add_argument("--admin-token", help="ask for this in X-Admin-Token instead of a loopback address")
    root.add_argument(
        "--state",
        metavar="FILE",
        help="keep accounts, orders and prices in this file over restarts; what it holds goes before the options "
        "(not with --lean or --replay)",
    )
    root.add_argument("--die-with-parent", action="store_true", help="stop when the parent process ends (Linux)")
    _add_listing_options(root)
    _add_driver_options(root)
    _add_wire_options(root)
    return root


def _add_listing_options(root: argparse.ArgumentParser) -> None:
    group = root.add_argument_group("accounts and symbols")
    group.add_argument(
        "--accounts",
        metavar="FILE",
        help="JSON list of accounts: name, api_key, secret, spot and usdm balances, fees, permissions, "
        "hedge_mode, latency_ms, revoked, settings",
    )
    group.add_argument(
        "--accounts-demo",
        type=int,
        metavar="N",
        default=0,
        help="add N demo accounts; GET /admin/accounts shows their keys",
    )
    group.add_argument(
        "--symbols",
        metavar="FILE",
        help="JSON list of symbols: market, symbol, base, quote and any rule to change; replaces the default set",
    )


def _add_driver_options(root: argparse.ArgumentParser) -> None:
    group = root.add_argument_group("prices")
    group.add_argument("--driver", choices=("manual", "walk", "replay"), help="who moves prices (default walk)")
    group.add_argument("--seed", type=int, default=1, help="seed of the walk")
    group.add_argument("--tick-ms", type=int, default=250, help="milliseconds between steps of the walk")
    group.add_argument(
        "--volatility-bps", type=Decimal, default=Decimal(5), help="basis points a step of the walk has"
    )
    group.add_argument("--replay", metavar="FILE", help="CSV of trades or quotes, may be gzipped")
    group.add_argument("--replay-symbol", help="symbol the file is replayed on; found in its name if left out")
    group.add_argument("--replay-loop", action="store_true", help="begin again at the end of the file")
    group.add_argument("--speed", type=float, default=1.0, help="how much faster than the file (or the walk)")
    group.add_argument("--paused", action="store_true", help="begin with the prices at rest")
    replay.add_options(group, "--replay-")


def _add_wire_options(root: argparse.ArgumentParser) -> None:
    group = root.add_argument_group("wire")
    group.add_argument("--latency-ms", type=float, default=0, help="added to every answer")
    group.add_argument("--stream-ms", type=int, default=250, help="interval of ticker, depth and mark streams")
    group.add_argument(
        "--limits",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="enforce request weights and order counts (always counted)",
    )
    group.add_argument(
        "--lean",
        action="store_true",
        help="bench mode: signatures are checked, every order fills once at the current price; no book, no "
        "streams, no faults",
    )
    group.add_argument("--workers", type=int, default=1, help="processes of the lean mode sharing the port")


def config_from(given: argparse.Namespace) -> Config:
    """This function will build the configuration; files are read here.

    Raises: OSError or ValueError when a file cannot be used.
    """
    if given.state and (given.lean or given.replay):
        other = "--lean" if given.lean else "--replay"
        raise ValueError(f"--state cannot be combined with {other}, which keeps nothing")
    accounts = load_accounts(given.accounts) if given.accounts else []
    config = Config(
        host=given.host,
        port=given.port,
        accounts=accounts + demo_rows(given.accounts_demo),
        driver=given.driver or ("replay" if given.replay else "walk"),
        seed=given.seed,
        tick_ms=given.tick_ms,
        volatility_bps=given.volatility_bps,
        replay=given.replay,
        replay_symbol=given.replay_symbol,
        replay_columns=given.replay_columns,
        replay_zone=given.replay_zone,
        replay_header=given.replay_header,
        replay_loop=given.replay_loop,
        speed=given.speed,
        paused=given.paused,
        latency_ms=given.latency_ms,
        stream_ms=given.stream_ms,
        limits=given.limits,
        admin_token=given.admin_token,
        state=given.state,
    )
    if given.symbols:
        config.rules = load_rules(given.symbols)
    return config


def die_with_parent() -> None:
    """This function will ask the kernel for SIGTERM when the parent ends; elsewhere than on Linux it does nothing."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # The parent may have ended before the call took effect.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def announce(url: str, **more: object) -> None:
    print(json.dumps({"ready": True, "url": url, "pid": os.getpid(), **more}), flush=True)


async def serve(config: Config) -> None:
    """This function will run a venue until it is told to stop."""
    venue = Venue(config)
    keeper = Keeper(venue, Path(config.state)) if config.state else None
    if keeper:
        keeper.begin()
        venue.spawn(keeper.run())
    server = Server(venue)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await server.start()
    announce(server.url)
    await stop.wait()
    await server.stop()
    if keeper:
        keeper.finish()


def main() -> None:
    given = parser().parse_args()
    try:
        config = config_from(given)
        if given.die_with_parent:
            die_with_parent()
        if given.lean:
            run_lean(config, given.workers, announce, die_with_parent)
        else:
            run_loop(serve(config))
    except UnableToLoad as e:
        print(f"venue: {e}", file=sys.stderr)
        sys.exit(2)
    except (OSError, ValueError) as e:
        sys.exit(f"venue: {e}")
