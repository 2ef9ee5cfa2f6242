"""What an account's private stream says: order reports, balances, positions.

Sources: https://developers.binance.com/docs/binance-spot-api-docs/user-data-stream and
https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from venue.engine.accounts import Account
from venue.engine.decimals import fixed, plain
from venue.engine.listing import Listing
from venue.engine.orders import AlgoOrder, Fill, Order, OrderList
from venue.engine.positions import Position
from venue.engine.terms import Status
from venue.engine.usdm import ASSET


def spot_report(order: Order, execution: str, fill: Fill | None, now: int) -> dict[str, Any]:
    """This function will write an executionReport."""
    canceled = execution == "CANCELED"
    row: dict[str, Any] = {
        "e": "executionReport",
        "E": now,
        "s": order.symbol,
        "c": f"cancel-{order.id}" if canceled else order.client_id,
        "S": order.side.value,
        "o": order.spec.type,
        "f": order.spec.tif.value,
        "q": fixed(order.quantity),
        "p": fixed(order.price),
        "P": fixed(order.spec.stop_price),
        "F": fixed(None),
        "g": order.order_list.id if order.order_list else -1,
        "C": order.client_id if canceled else "",
        "x": execution,
        "X": order.status.value,
        "r": "NONE",
        "i": order.id,
        "l": fixed(fill.quantity if fill else None),
        "z": fixed(order.executed),
        "L": fixed(fill.price if fill else None),
        "n": fixed(fill.commission) if fill else "0",
        "N": fill.commission_asset if fill else None,
        "T": order.updated_at,
        "t": fill.trade_id if fill else -1,
        "I": order.updated_at * 10 + len(order.fills),
        "w": order.is_open and order.working,
        "m": fill.is_maker if fill else False,
        "M": fill is not None,
        "O": order.created_at,
        "Z": fixed(order.quote),
        "Y": fixed(fill.quote if fill else None),
        "Q": fixed(order.spec.quote_quantity),
        "V": order.spec.stp.value,
    }
    if order.working:
        row["W"] = order.working_at
    if order.spec.trail is not None:
        row["d"] = int(order.spec.trail * 10_000)
    return row


def spot_balances(account: Account, assets: Iterable[str], now: int) -> dict[str, Any]:
    rows = [(asset, account.spot.of(asset)) for asset in assets]
    return {
        "e": "outboundAccountPosition",
        "E": now,
        "u": account.spot.updated_at,
        "B": [{"a": asset, "f": fixed(row.free), "l": fixed(row.locked)} for asset, row in rows],
    }


def spot_list(order_list: OrderList, status: str, now: int) -> dict[str, Any]:
    return {
        "e": "listStatus",
        "E": now,
        "s": order_list.symbol,
        "g": order_list.id,
        "c": "OCO",
        "l": status,
        "L": "EXECUTING" if status == "EXEC_STARTED" else "ALL_DONE",
        "r": "NONE",
        "C": order_list.client_id,
        "T": now,
        "O": [{"s": order.symbol, "i": order.id, "c": order.client_id} for order in order_list.orders],
    }


def usdm_report(order: Order, execution: str, fill: Fill | None, now: int) -> dict[str, Any]:
    """This function will write an ORDER_TRADE_UPDATE."""
    spec = order.spec
    status = "EXPIRED" if order.status is Status.EXPIRED_IN_MATCH else order.status.value
    body: dict[str, Any] = {
        "s": order.symbol,
        "c": order.client_id,
        "S": order.side.value,
        "o": spec.type,
        "f": spec.tif.value,
        "q": plain(order.quantity),
        "p": plain(order.price),
        "ap": plain(round(order.average, 8)),
        "sp": "0",
        "x": execution,
        "X": status,
        "i": order.id,
        "l": plain(fill.quantity if fill else None),
        "z": plain(order.executed),
        "L": plain(fill.price if fill else None),
        "T": order.updated_at,
        "t": fill.trade_id if fill else 0,
        "b": "0",
        "a": "0",
        "m": fill.is_maker if fill else False,
        "R": spec.reduce_only,
        "wt": spec.working_type,
        "ot": order.algo.spec.type if order.algo else spec.type,
        "ps": spec.position_side,
        "cp": spec.close_position,
        "rp": plain(fill.realized_pnl if fill else None),
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": spec.stp.value,
        "pm": "NONE",
        "gtd": spec.good_till,
    }
    if fill is not None:
        body |= {"n": plain(fill.commission), "N": fill.commission_asset}
    return {"e": "ORDER_TRADE_UPDATE", "E": now, "T": order.updated_at, "o": body}


def usdm_account(
    account: Account, positions: Iterable[Position], reason: str, listing: Listing | None, now: int
) -> dict[str, Any]:
    """This function will write an ACCOUNT_UPDATE for the wallet and the positions that changed."""
    wallet = account.usdm_balance()
    isolated = sum(row.isolated_margin for row in account.positions.values())
    balances = [{"a": ASSET, "wb": plain(wallet), "cw": plain(wallet - isolated), "bc": "0"}]
    rows = [_position(account, row, listing) for row in positions]
    return {"e": "ACCOUNT_UPDATE", "E": now, "T": now, "a": {"m": reason, "B": balances, "P": rows}}


def _position(account: Account, position: Position, listing: Listing | None) -> dict[str, Any]:
    isolated = account.settings_of(position.symbol).isolated
    unrealized = position.unrealized(listing.mark) if listing else None
    return {
        "s": position.symbol,
        "pa": plain(position.amount),
        "ep": plain(round(position.entry_price, 8)),
        "bep": plain(round(position.entry_price, 8)),
        "cr": "0",
        "up": plain(round(unrealized, 8)) if unrealized is not None else "0",
        "mt": "isolated" if isolated else "cross",
        "iw": plain(position.isolated_margin) if isolated else "0",
        "ps": position.side,
    }


def usdm_algo(algo: AlgoOrder, status: str, now: int) -> dict[str, Any]:
    """This function will write an ALGO_UPDATE."""
    spec, order = algo.spec, algo.order
    known = order if status in ("TRIGGERED", "FINISHED") else None
    body: dict[str, Any] = {
        "caid": algo.client_id,
        "aid": algo.id,
        "at": "CONDITIONAL",
        "o": spec.type,
        "s": algo.symbol,
        "S": algo.side.value,
        "ps": spec.position_side,
        "f": spec.tif.value,
        "q": plain(spec.quantity),
        "X": status,
        "ai": str(known.id) if known else "",
        "ap": plain(round(known.average, 8)) if known else "0",
        "aq": plain(known.executed) if known else "0",
        "act": known.spec.type if known else "0",
        "tp": plain(spec.stop_price),
        "p": plain(spec.price),
        "V": spec.stp.value,
        "wt": spec.working_type,
        "pm": "NONE",
        "cp": spec.close_position,
        "pP": False,
        "R": spec.reduce_only,
        "tt": algo.triggered_at,
        "gtd": spec.good_till,
        "rm": algo.reason,
    }
    return {"e": "ALGO_UPDATE", "T": algo.updated_at, "E": now, "o": body}


def key_expired(listen_key: str, now: int) -> dict[str, Any]:
    return {"e": "listenKeyExpired", "E": now, "listenKey": listen_key}
