"""Admin: prices, the driver, symbols, faults, the clock, coming and going."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from venue.engine.catalogue import rules_from
from venue.engine.decimals import plain
from venue.engine.listing import Listing
from venue.engine.rules import SymbolRules
from venue.engine.terms import Market, Side
from venue.wire.admin_routes import Asked, admin
from venue.wire.stale import freeze


def _listing_row(market: Market, listing: Listing) -> dict[str, Any]:
    return {
        "market": market.value,
        "symbol": listing.symbol,
        "status": listing.rules.status,
        "mark": plain(listing.mark),
        "last": plain(listing.last),
        "bid": plain(listing.best(Side.BUY)[0]),
        "ask": plain(listing.best(Side.SELL)[0]),
    }


def _listings(asked: Asked, symbol: str) -> list[tuple[Market, Listing]]:
    engines = asked.venue.exchange.listed_in(symbol, asked.market())
    if not engines:
        raise LookupError(f"{symbol} is not listed")
    return [(engine.market, engine.listings[symbol]) for engine in engines]


@admin("POST", "/admin/price")
def set_price(asked: Asked) -> Any:
    """{"symbol", "price", "market"?}: move the price through the real book."""
    symbol, price = str(asked.needed("symbol")), asked.decimal("price")
    if price <= 0:
        raise ValueError(f"price was {price} but must be positive")
    listings = _listings(asked, symbol)
    asked.venue.exchange.move(symbol, price, asked.market())
    return [_listing_row(market, listing) for market, listing in listings]


@admin("GET", "/admin/symbols")
def symbols(asked: Asked) -> Any:
    engines = asked.venue.exchange.engines.items()
    return [_listing_row(market, row) for market, engine in engines for row in engine.listings.values()]


@admin("POST", "/admin/symbols")
def change_symbol(asked: Asked) -> Any:
    """{"symbol", "market"?, "status"?: "TRADING"|"HALT"|"BREAK", ...any field of the rules}."""
    symbol = str(asked.needed("symbol"))
    changes = {name: value for name, value in asked.body.items() if name not in ("symbol", "market")}
    names = [field.name for field in fields(SymbolRules)]
    unknown = sorted(set(changes) - set(names))
    if unknown:
        raise ValueError(f"rules have {names}, but not {unknown}")
    listings = _listings(asked, symbol)
    for market, listing in listings:
        read = rules_from({"market": market.value, "symbol": symbol, **changes})
        listing.rules = replace(listing.rules, **{name: getattr(read, name) for name in changes})
        asked.venue.exchange.engines[market].quote(listing, listing.quote)
    return [_listing_row(market, listing) for market, listing in listings]


@admin("GET", "/admin/driver")
def driver_status(asked: Asked) -> Any:
    return asked.venue.driver.status()


@admin("POST", "/admin/driver")
def drive(asked: Asked) -> Any:
    """{"action": "pause"|"resume"|"step", "n"?} and/or {"speed": 10}."""
    driver, action = asked.venue.driver, asked.body.get("action")
    if action not in (None, "pause", "resume", "step"):
        raise ValueError(f"action was {action!r} but must be pause, resume or step")
    if "speed" in asked.body:
        if not float(asked.body["speed"]) > 0:
            raise ValueError(f"speed was {asked.body['speed']} but must be positive")
        driver.speed = float(asked.body["speed"])
    if action in ("pause", "resume"):
        driver.paused = action == "pause"
    for _ in range(int(asked.body.get("n", 1)) if action == "step" else 0):
        if not driver.step():
            break
    return driver.status()


@admin("POST", "/admin/faults")
def add_fault(asked: Asked) -> Any:
    """{"match": {...}, "fault": {"kind", ...}, "times": 1|null, "after", "probability", "seed"}."""
    rule = asked.venue.faults.add(asked.body)
    if rule.kind == "stale":
        freeze(asked.venue, rule)
    return rule.row()


@admin("GET", "/admin/faults")
def list_faults(asked: Asked) -> Any:
    return [rule.row() for rule in asked.venue.faults.rules.values()]


@admin("DELETE", "/admin/faults")
def clear_faults(asked: Asked) -> Any:
    return {"removed": asked.venue.faults.remove(None)}


@admin("DELETE", "/admin/faults/*")
def remove_fault(asked: Asked) -> Any:
    removed = asked.venue.faults.remove(int(asked.argument or 0))
    if not removed:
        raise LookupError(f"there is no fault rule {asked.argument}")
    return {"removed": removed}


@admin("POST", "/admin/clock")
def set_clock(asked: Asked) -> Any:
    """{"skew_ms"}: the venue's clock is ahead of real time by this much."""
    asked.venue.clock.skew_ms = int(asked.needed("skew_ms"))
    return {"now": asked.venue.clock.now(), "skew_ms": asked.venue.clock.skew_ms}


@admin("POST", "/admin/maintenance")
def maintain(asked: Asked) -> Any:
    """{"state": "down"|"up", "seconds"?}: while down every request is answered 503; admin stays up."""
    state = asked.needed("state")
    if state not in ("down", "up"):
        raise ValueError(f"state was {state!r} but must be down or up")
    seconds = float(asked.body.get("seconds", 10**9))
    now = asked.venue.clock.now()
    asked.venue.down_until = now + int(seconds * 1000) if state == "down" else 0
    return {"state": state, "until": asked.venue.down_until or None}


@admin("POST", "/admin/away")
def go_away(asked: Asked) -> Any:
    """{"seconds", "listener"?: true}: cut every connection, and refuse new ones for a while.

    The answer is sent first; the venue goes away a moment later.
    """
    seconds, listener = float(asked.body.get("seconds", 1)), bool(asked.body.get("listener", True))
    asked.server.go_away_soon(seconds, listener)
    return {"seconds": seconds, "listener": listener}


@admin("POST", "/admin/limits")
def set_limits(asked: Asked) -> Any:
    """{"enforced"?, "market"?, "weight"?, "orders"?: [..], "patience"?, "ban_ms"?, "reset"?}."""
    for market in [asked.market()] if asked.market() else list(Market):
        limits = asked.venue.limits_of(market)  # type: ignore[arg-type]
        limits.enforced = bool(asked.body.get("enforced", limits.enforced))
        limits.patience = int(asked.body.get("patience", limits.patience))
        limits.ban_ms = int(asked.body.get("ban_ms", limits.ban_ms))
        limits.weight = replace(limits.weight, most=int(asked.body.get("weight", limits.weight.most)))
        counts = asked.body.get("orders", [limit.most for limit in limits.orders])
        rows = zip(limits.orders, counts, strict=True)
        limits.orders = tuple(replace(limit, most=int(most)) for limit, most in rows)
        if asked.body.get("reset"):
            limits.reset()
    return {market.value: asked.venue.limits_of(market).state() for market in Market}


@admin("POST", "/admin/reset")
def reset(asked: Asked) -> Any:
    """Everything begins again: accounts, books, faults, counters; streams stay connected."""
    asked.venue.reset()
    return {"reset": True}
