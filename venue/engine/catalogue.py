"""The symbols a venue lists when nobody says otherwise; sizes and steps resemble the real ones."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from venue.engine.rules import Bracket, SymbolRules, brackets
from venue.engine.terms import Market

D = Decimal

#: base, opening price, spot (tick, step), USD-M (tick, step, minimum notional) or None where not listed.
ROWS: list[tuple[str, str, tuple[str, str], tuple[str, str, str] | None]] = [
    ("BTC", "60000", ("0.01", "0.00001"), ("0.10", "0.001", "50")),
    ("ETH", "3000", ("0.01", "0.0001"), ("0.01", "0.001", "20")),
    ("SOL", "150", ("0.01", "0.001"), ("0.0100", "0.01", "5")),
    ("XRP", "0.6", ("0.0001", "0.1"), ("0.0001", "0.1", "5")),
    ("ADA", "0.45", ("0.0001", "0.1"), ("0.00010", "1", "5")),
    ("BNB", "600", ("0.01", "0.001"), ("0.010", "0.01", "5")),
    ("DOGE", "0.12", ("0.00001", "1"), ("0.000010", "1", "5")),
    ("LTC", "80", ("0.01", "0.001"), ("0.01", "0.001", "20")),
    # A tenth of the real tick, so that quotes of the currency pair can be replayed without losing digits.
    ("EUR", "1.1", ("0.00001", "0.1"), ("0.00001", "0.1", "5")),
]

MAJOR = brackets(
    (125, "300000", "0.004"),
    (100, "800000", "0.005"),
    (75, "3000000", "0.0065"),
    (50, "12000000", "0.01"),
    (20, "70000000", "0.025"),
    (10, "200000000", "0.05"),
    (5, "400000000", "0.1"),
    (2, "1000000000", "0.25"),
    (1, "2000000000", "0.5"),
)
MINOR = brackets(
    (75, "100000", "0.005"),
    (50, "500000", "0.01"),
    (25, "1000000", "0.02"),
    (10, "5000000", "0.05"),
    (5, "10000000", "0.1"),
    (2, "20000000", "0.25"),
    (1, "30000000", "0.5"),
)


def default_rules() -> list[SymbolRules]:
    """This function will list every default symbol, spot first."""
    rules = [_spot(base, price, *spot) for base, price, spot, _ in ROWS]
    return rules + [_usdm(base, price, *usdm) for base, price, _, usdm in ROWS if usdm]


def _spot(base: str, price: str, tick: str, step: str) -> SymbolRules:
    return SymbolRules(
        market=Market.SPOT,
        symbol=f"{base}USDT",
        base=base,
        quote="USDT",
        tick=D(tick),
        step=D(step),
        min_qty=D(step),
        max_qty=D("9000000000") if D(price) < 10 else D(90000),
        market_max_qty=D("90000000") if D(price) < 10 else D(5000),
        min_notional=D(5),
        start=D(price),
    )


def _usdm(base: str, price: str, tick: str, step: str, notional: str) -> SymbolRules:
    return SymbolRules(
        market=Market.USDM,
        symbol=f"{base}USDT",
        base=base,
        quote="USDT",
        tick=D(tick),
        step=D(step),
        min_qty=D(step),
        max_qty=D("50000000") if D(price) < 10 else D(1000),
        market_max_qty=D("10000000") if D(price) < 10 else D(500),
        min_notional=D(notional),
        start=D(price),
        up=D("1.05"),
        down=D("0.95"),
        brackets=MAJOR if base in ("BTC", "ETH") else MINOR,
    )


def rules_from(row: dict[str, Any]) -> SymbolRules:
    """This function will read one symbol of a --symbols file: the default of that name, or XRP's, changed.

    A row needs `market`, `symbol`, and for a new symbol `base` and `quote`; every other key is a field of
    SymbolRules with its value as text.
    """
    market = Market(row["market"])
    known = {(rule.market, rule.symbol): rule for rule in default_rules()}
    missing = sorted({"base", "quote"} - set(row)) if (market, row["symbol"]) not in known else []
    if missing:
        raise ValueError(f"the new symbol {row['symbol']} needs {missing}")
    template = known.get((market, row["symbol"])) or known[market, "XRPUSDT"]
    types = {field.name: field.type for field in fields(SymbolRules)}
    changes: dict[str, Any] = {"market": market}
    for name, value in row.items():
        if name == "brackets":
            changes[name] = tuple(Bracket(*_bracket_fields(entry)) for entry in value)
        elif name != "market":
            changes[name] = _typed(name, types[name], value)
    return replace(template, **changes)


def _typed(name: str, kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if kind == "int":
        return int(value)
    return str(value) if kind == "str" else Decimal(str(value))


def _bracket_fields(entry: dict[str, Any]) -> tuple[int, int, Decimal, Decimal, Decimal, Decimal]:
    rest = [Decimal(str(entry[name])) for name in ("floor", "cap", "rate", "deduction")]
    return int(entry["number"]), int(entry["leverage"]), rest[0], rest[1], rest[2], rest[3]
