"""Dataclasses whose fields hold plain values, as JSON objects and back.

Decimals are written as text and keep every digit. A field that still holds its empty default is left out. A field
of a type that nobody knows how to read fails when the program starts, not when a file is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from decimal import Decimal
from typing import Any, Generic, TypeVar

from venue.engine.accounts import Account, Fees, Income, Permissions, SymbolSettings
from venue.engine.orders import AlgoOrder, Fill, Order, OrderList, Spec
from venue.engine.positions import Position
from venue.engine.quotes import Quote
from venue.engine.rules import Bracket, SymbolRules
from venue.engine.tape import Candle, PublicTrade
from venue.engine.terms import AlgoStatus, Market, Side, Status, Stp, Tif

Row = dict[str, Any]
Thing = TypeVar("Thing")


def as_it_is(value: Any) -> Any:
    return value


READERS: dict[str, Callable[[Any], Any]] = {
    "str": as_it_is,
    "int": as_it_is,
    "bool": as_it_is,
    "float": float,
    "Decimal": Decimal,
    "Market": Market,
    "Side": Side,
    "Status": Status,
    "AlgoStatus": AlgoStatus,
    "Tif": Tif,
    "Stp": Stp,
    "tuple[str, ...]": tuple,
}


class Record(Generic[Thing]):
    """How one dataclass is written and read; fields that hold other things are left to the caller."""

    def __init__(self, kind: type[Thing], without: Iterable[str] = ()) -> None:
        self._kind = kind
        chosen = [field for field in fields(kind) if field.name not in without]  # type: ignore[arg-type]
        self._defaults = [(field.name, MISSING if field.default else field.default) for field in chosen]
        self._readers = {field.name: _reader(field.type) for field in chosen}

    def write(self, thing: Thing) -> Row:
        row = {}
        for name, default in self._defaults:
            value = getattr(thing, name)
            # Zeros that are equal may differ in their digits, so only the default itself is left out.
            if value is not default:
                row[name] = value
        return row

    def read(self, row: Row, **rest: Any) -> Thing:
        """Raises: KeyError, TypeError, ValueError or ArithmeticError when the row does not fit."""
        return self._kind(**self.read_some(row), **rest)

    def read_some(self, row: Row) -> Row:
        """This function will read the values that a row names, whether or not they are complete."""
        return {name: None if value is None else self._readers[name](value) for name, value in row.items()}

    def changes(self, thing: Thing, original: Thing) -> Row:
        """This function will write what a thing has otherwise than the original."""
        values = ((name, getattr(thing, name), getattr(original, name)) for name in self._readers)
        return {name: value for name, value, before in values if value != before}


def _reader(kind: Any) -> Callable[[Any], Any]:
    name = kind if isinstance(kind, str) else kind.__name__
    return READERS[name.removesuffix(" | None")]


ACCOUNT = Record(
    Account,
    without=(
        "permissions", "fees", "spot", "usdm", "positions", "settings", "orders", "algos", "lists", "fills", "income",
    ),
)  # fmt: skip
PERMISSIONS = Record(Permissions)
FEES = Record(Fees)
SETTINGS = Record(SymbolSettings)
POSITION = Record(Position)
INCOME = Record(Income)
SPEC = Record(Spec)
ORDER = Record(Order, without=("account", "spec", "fills", "reservation", "order_list", "algo"))
ALGO = Record(AlgoOrder, without=("account", "spec", "order"))
ORDER_LIST = Record(OrderList, without=("orders",))
FILL = Record(Fill, without=("order",))
QUOTE = Record(Quote)
TRADE = Record(PublicTrade)
CANDLE = Record(Candle)
BRACKET = Record(Bracket)
READERS["tuple[Bracket, ...]"] = lambda rows: tuple(BRACKET.read(row) for row in rows)
RULES = Record(SymbolRules)
