"""One account as JSON: its keys, money, orders and everything that hangs together with them.

Orders name each other by number: a number is unique per market and symbol, a conditional's and a list's everywhere.
"""

from __future__ import annotations

from decimal import Decimal

from venue.engine.accounts import Account, Kept, OrderStore
from venue.engine.orders import AlgoOrder, Fill, Order
from venue.engine.terms import Market
from venue.engine.wallets import Balance, Reservation
from venue.saving.records import (
    ACCOUNT,
    ALGO,
    FEES,
    FILL,
    INCOME,
    ORDER,
    ORDER_LIST,
    PERMISSIONS,
    POSITION,
    SETTINGS,
    SPEC,
    Row,
)

# Writing


def account_row(account: Account) -> Row:
    """This function will write an account with all that belongs to it."""
    balances = account.spot.balances.items()
    return {
        "account": ACCOUNT.write(account),
        "permissions": PERMISSIONS.write(account.permissions),
        "fees": FEES.write(account.fees),
        "spot": {asset: [balance.free, balance.locked] for asset, balance in balances},
        "spot_updated_at": account.spot.updated_at,
        "usdm": account.usdm,
        "positions": [POSITION.write(position) for position in account.positions.values()],
        "settings": {symbol: SETTINGS.write(settings) for symbol, settings in account.settings.items()},
        "algos": [_algo_row(algo) for algo in account.algos.all],
        "orders": {
            market.value: [order_row(order) for order in store.all] for market, store in account.orders.items()
        },
        "lists": [
            ORDER_LIST.write(order_list) | {"orders": [order.id for order in order_list.orders]}
            for order_list in account.lists.values()
        ],
        "fills": {market.value: [_fill_row(fill) for fill in fills] for market, fills in account.fills.items()},
        "income": [INCOME.write(row) for row in account.income],
    }


def order_row(order: Order) -> Row:
    row = ORDER.write(order)
    row["spec"] = SPEC.write(order.spec)
    if order.reservation is not None:
        row["reserved"] = [order.reservation.asset, order.reservation.amount]
    if order.algo is not None:
        row["algo"] = order.algo.id
    return row


def _algo_row(algo: AlgoOrder) -> Row:
    return ALGO.write(algo) | {"spec": SPEC.write(algo.spec)}


def _fill_row(fill: Fill) -> Row:
    return FILL.write(fill) | {"order": [fill.order.symbol, fill.order.id]}


# Reading; every function here raises KeyError, TypeError, ValueError or ArithmeticError when a row does not fit


def account_of(row: Row) -> Account:
    """This function will open an account as it was written."""
    account = ACCOUNT.read(row["account"])
    account.permissions = PERMISSIONS.read(row["permissions"])
    account.fees = FEES.read(row["fees"])
    for asset, (free, locked) in row["spot"].items():
        account.spot.balances[asset] = Balance(Decimal(free), Decimal(locked))
    account.spot.updated_at = row["spot_updated_at"]
    account.usdm = {asset: Decimal(amount) for asset, amount in row["usdm"].items()}
    for position in map(POSITION.read, row["positions"]):
        account.positions[position.symbol, position.side] = position
    account.settings = {symbol: SETTINGS.read(settings) for symbol, settings in row["settings"].items()}
    account.income.extend(map(INCOME.read, row["income"]))
    _read_orders(account, row)
    return account


def _read_orders(account: Account, row: Row) -> None:
    for algo_row in row["algos"]:
        spec = SPEC.read(algo_row.pop("spec"))
        _keep(account.algos, ALGO.read(algo_row, account=account, spec=spec))
    algos = {algo.id: algo for algo in account.algos.all}
    for market, rows in row["orders"].items():
        for order_row in rows:
            _keep(account.orders[Market(market)], order_of(order_row, account, algos))
    for list_row in row["lists"]:
        _read_list(account, list_row)
    for market, rows in row["fills"].items():
        for fill_row in rows:
            _read_fill(account, Market(market), fill_row)


def order_of(row: Row, account: Account, algos: dict[int, AlgoOrder]) -> Order:
    spec = SPEC.read(row.pop("spec"))
    reserved, algo = row.pop("reserved", None), row.pop("algo", None)
    order = ORDER.read(row, account=account, spec=spec)
    if reserved is not None:
        asset, amount = reserved
        order.reservation = Reservation(account.spot.of(asset), asset, Decimal(amount))
    if algo is not None:
        order.algo = algos[algo]
        order.algo.order = order
    return order


def _read_list(account: Account, row: Row) -> None:
    orders = [_order(account, Market.SPOT, row["symbol"], number) for number in row.pop("orders")]
    order_list = ORDER_LIST.read(row, orders=orders)
    account.lists[order_list.id] = order_list
    for order in orders:
        order.order_list = order_list
        # Both legs spend from one lock.
        order.reservation = orders[0].reservation


def _read_fill(account: Account, market: Market, row: Row) -> None:
    order = _order(account, market, *row.pop("order"))
    fill = FILL.read(row, order=order)
    order.fills.append(fill)
    account.fills[market].append(fill)


def _order(account: Account, market: Market, symbol: str, number: int) -> Order:
    found = account.orders[market].by_id(symbol, number)
    if found is None:
        raise LookupError(f"{account.name} has no {market} order {number} in {symbol}")
    return found


def _keep(store: OrderStore[Kept], order: Kept) -> None:
    store.add(order)
    if not order.is_open:
        store.close(order)
