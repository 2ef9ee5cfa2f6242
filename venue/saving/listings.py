"""One symbol as JSON: rules that were changed, the book in its order, who waits for which price, the tape.

Orders are named by number. The house's quotes have none; they are named by their place in the list of quotes,
counted downwards from -1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from venue.engine.accounts import Account
from venue.engine.book import Book
from venue.engine.listing import Listing
from venue.engine.orders import Order
from venue.engine.rules import SymbolRules
from venue.engine.terms import Side
from venue.engine.triggers import TriggerBook, Waiting
from venue.saving.accounts import order_of, order_row
from venue.saving.records import CANDLE, QUOTE, RULES, TRADE, Row


def listing_row(listing: Listing, original: SymbolRules) -> Row:
    """This function will write a symbol; of its rules only what differs from the original."""
    numbers = {order: -1 - place for place, order in enumerate(listing.house)}
    return {
        "market": listing.rules.market,
        "symbol": listing.symbol,
        "changed_rules": RULES.changes(listing.rules, original),
        "quote": QUOTE.write(listing.quote),
        "mark": listing.mark,
        "house": [order_row(order) for order in listing.house],
        "hit": [numbers[order] for order in listing.hit],
        "book": {
            side.value: [numbers.get(order, order.id) for order in rows]
            for side, rows in listing.book.sides.items()
        },
        "book_version": listing.book.version,
        "triggers": {kind: _trigger_rows(triggers) for kind, triggers in listing.triggers.items()},
        "next_order": listing.order_ids.upcoming,
        "next_trade": listing.tape.trade_ids.upcoming,
        "last": listing.tape.last,
        "opened_at": listing.tape.opened_at,
        "trades": [TRADE.write(trade) for trade in listing.tape.trades],
        "minutes": [CANDLE.write(candle) for candle in listing.tape.minutes],
    }


def _trigger_rows(triggers: TriggerBook) -> list[tuple[int, int, Decimal | None]]:
    return [(waiting.id, number, extreme) for waiting, number, extreme in triggers.rows()]


def fill_listing(
    listing: Listing, row: Row, house: Account, orders: Mapping[int, Order], waiting: Mapping[int, Waiting]
) -> None:
    """This function will bring a newly listed symbol into the state that was written.

    Customers' orders of the symbol, and what may wait for its price, are looked up by number.

    Raises: KeyError, TypeError, ValueError or ArithmeticError when the row does not fit.
    """
    listing.rules = replace(listing.rules, **RULES.read_some(row["changed_rules"]))
    listing.quote = QUOTE.read(row["quote"])
    listing.mark = Decimal(row["mark"])
    listing.house = [order_of(order, house, {}) for order in row["house"]]
    by_number = {-1 - place: order for place, order in enumerate(listing.house)}
    listing.hit = [by_number[number] for number in row["hit"]]
    listing.book = _book(row, {**orders, **by_number})
    for kind, rows in row["triggers"].items():
        listing.triggers[kind] = _triggers(rows, waiting)
    listing.order_ids.upcoming = row["next_order"]
    _fill_tape(listing, row)


def _book(row: Row, orders: Mapping[int, Order]) -> Book:
    book = Book()
    for side in Side:
        for number in row["book"][side]:
            book.add(orders[number])
    book.version = row["book_version"]
    return book


def _triggers(rows: list[tuple[int, int, str | None]], waiting: Mapping[int, Waiting]) -> TriggerBook:
    triggers = TriggerBook()
    for number, arrival, extreme in rows:
        triggers.put_back(waiting[number], arrival, None if extreme is None else Decimal(extreme))
    return triggers


def _fill_tape(listing: Listing, row: Row) -> None:
    tape = listing.tape
    tape.trades.clear()
    tape.minutes.clear()
    tape.last, tape.opened_at = Decimal(row["last"]), row["opened_at"]
    tape.trade_ids.upcoming = row["next_trade"]
    tape.trades.extend(map(TRADE.read, row["trades"]))
    tape.minutes.extend(map(CANDLE.read, row["minutes"]))
