"""A whole exchange as JSON and back: accounts, listings, and what belongs to neither."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from venue.engine.events import Listener
from venue.engine.exchange import Exchange
from venue.engine.orders import AlgoOrder, Order
from venue.engine.rules import SymbolRules
from venue.engine.terms import Market
from venue.saving.accounts import account_of, account_row
from venue.saving.listings import fill_listing, listing_row
from venue.saving.records import Row


def exchange_row(exchange: Exchange, rules: Iterable[SymbolRules]) -> Row:
    """This function will write an exchange that was opened with these rules."""
    originals = {(rule.market, rule.symbol): rule for rule in rules}
    listings = [listing for engine in exchange.engines.values() for listing in engine.listings.values()]
    usdm = exchange.usdm
    return {
        "house": account_row(exchange.house),
        "accounts": [account_row(account) for account in exchange.accounts.values()],
        "listings": [listing_row(row, originals[row.rules.market, row.symbol]) for row in listings],
        "fees": {market.value: engine.fees for market, engine in exchange.engines.items()},
        "insurance": usdm.insurance,
        "holders": {symbol: [account.name for account in holders] for symbol, holders in usdm.holders.items()},
        "dated": [order.id for order in usdm.dated],
        "next_list": exchange.spot.list_ids.upcoming,
        "next_algo": usdm.algos.ids.upcoming,
        "next_income": usdm.income_ids.upcoming,
    }


def exchange_of(row: Row, rules: Iterable[SymbolRules], clock: Callable[[], int], listener: Listener) -> Exchange:
    """This function will open an exchange in the state that was written; symbols that are new begin afresh.

    Raises: LookupError, TypeError, ValueError or ArithmeticError when the row does not fit.
    """
    exchange = Exchange(rules, clock, listener)
    _be_house(exchange, row["house"])
    for each in row["accounts"]:
        exchange.add(account_of(each))
    _fill_listings(exchange, row["listings"])
    usdm = exchange.usdm
    for market, fees in row["fees"].items():
        exchange.engines[Market(market)].fees = {asset: Decimal(amount) for asset, amount in fees.items()}
    usdm.insurance = Decimal(row["insurance"])
    usdm.holders = {
        symbol: dict.fromkeys(exchange.accounts[name] for name in names)
        for symbol, names in row["holders"].items()
    }
    # A number is an order's or a conditional's, never both: they begin far apart.
    dated: dict[int, Order | AlgoOrder] = {order.id: order for order in _all_orders(exchange, Market.USDM)}
    dated |= {algo.id: algo for algo in _all_algos(exchange)}
    usdm.dated = dict.fromkeys(dated[number] for number in row["dated"])
    exchange.spot.list_ids.upcoming = row["next_list"]
    usdm.algos.ids.upcoming = row["next_algo"]
    usdm.income_ids.upcoming = row["next_income"]
    return exchange


def _be_house(exchange: Exchange, row: Row) -> None:
    saved, house = account_of(row), exchange.house
    # The engines know the house already, so it stays and gets the money.
    house.spot, house.usdm, house.positions, house.settings = (
        saved.spot,
        saved.usdm,
        saved.positions,
        saved.settings,
    )
    house.usdm_updated_at = saved.usdm_updated_at


def _fill_listings(exchange: Exchange, rows: Iterable[Row]) -> None:
    by_symbol: dict[tuple[Market, str], dict[int, Order]] = {}
    for market in Market:
        for order in _all_orders(exchange, market):
            by_symbol.setdefault((market, order.symbol), {})[order.id] = order
    algos = {algo.id: algo for algo in _all_algos(exchange)}
    for row in rows:
        market, symbol = Market(row["market"]), row["symbol"]
        listing = exchange.engines[market].listings.get(symbol)
        if listing is None:
            raise LookupError(f"{symbol} ({market}) is not among the symbols of this venue")
        orders = by_symbol.get((market, symbol), {})
        fill_listing(listing, row, exchange.house, orders, orders if market is Market.SPOT else algos)


def _all_orders(exchange: Exchange, market: Market) -> Iterable[Order]:
    return (order for account in exchange.accounts.values() for order in account.orders[market].all)


def _all_algos(exchange: Exchange) -> Iterable[AlgoOrder]:
    return (algo for account in exchange.accounts.values() for algo in account.algos.all)
