"""The hot path: check a signed order, fill it, remember it, write the answer. Everything stays bytes."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from venue.engine import errors
from venue.engine.accounts import Account
from venue.engine.decimals import floor_atom
from venue.engine.orders import Fill, Order, Spec
from venue.engine.terms import Market, Side, Status
from venue.lean.records import CAPACITY, RECORD, Record, Records
from venue.state import Venue

#: Order numbers begin here, so that they do not look like indexes.
FIRST_NUMBER = 10_000_000_000
DEFAULT_WINDOW_MS = b"5000"

SPOT_ANSWER = (
    b'{"symbol":"%b","orderId":%d,"orderListId":-1,"clientOrderId":"%b","transactTime":%d,"price":"0.00000000",'
    b'"origQty":"%b","executedQty":"%b","origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"%b",'
    b'"status":"FILLED","timeInForce":"GTC","type":"%b","side":"%b","workingTime":%d,'
    b'"selfTradePreventionMode":"EXPIRE_MAKER","fills":[{"price":"%b","qty":"%b","commission":"%b",'
    b'"commissionAsset":"%b","tradeId":%d}]}'
)
USDM_ANSWER = (
    b'{"orderId":%d,"symbol":"%b","status":"FILLED","clientOrderId":"%b","price":"0","avgPrice":"%b",'
    b'"origQty":"%b","executedQty":"%b","cumQty":"%b","cumQuote":"%b","timeInForce":"GTC","type":"%b",'
    b'"reduceOnly":%b,"closePosition":false,"side":"%b","positionSide":"%b","stopPrice":"0",'
    b'"workingType":"CONTRACT_PRICE","priceProtect":false,"origType":"%b","priceMatch":"NONE",'
    b'"selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0,"time":%d,"updateTime":%d}'
)
Fields = dict[bytes, bytes]


class Client(NamedTuple):
    """An account as the hot path needs it."""

    account: int
    #: Copying a keyed HMAC is cheaper than keying it for every request.
    mac: hmac.HMAC
    rate: Decimal
    latency_s: float


class Deal(NamedTuple):
    """An order that was filled."""

    number: int
    time: int
    fields: Fields
    price: Decimal
    quantity: Decimal
    quote: Decimal
    rate: Decimal


class Desk:
    def __init__(self, venue: Venue, records: Records, worker: int) -> None:
        self.venue = venue
        self.records = records
        self.worker = worker
        self.orders = 0
        self._region = records.region(worker)
        self._rules = venue.config.rules
        #: The same numbers in every worker, for they come from the same list.
        self._symbols = {(row.market, row.symbol.encode()): index for index, row in enumerate(self._rules)}
        self._accounts: list[Account] = list(venue.exchange.accounts.values())
        self._clients = {
            market: {
                account.api_key.encode(): Client(
                    index,
                    hmac.new(account.secret.encode(), digestmod=hashlib.sha256),
                    account.fees.rate(market, is_maker=False),
                    (venue.config.latency_ms + account.latency_ms) / 1000,
                )
                for index, account in enumerate(self._accounts)
                if not account.revoked
            }
            for market in Market
        }

    def index_of(self, market: Market, symbol: str) -> int:
        """Raises: VenueError -1121 when the symbol is not listed."""
        index = self._symbols.get((market, symbol.encode()))
        if index is None:
            raise errors.bad_symbol()
        return index

    def place(self, market: Market, key: bytes, signed: bytes, arrival_ns: int) -> tuple[bytes, float]:
        """This function will fill a new order and write the answer's JSON, with the seconds to hold it back.

        Raises: VenueError for a bad key, time, signature or symbol, or without a quantity.
        """
        now_ms = arrival_ns // 1_000_000
        fields: Fields = dict([pair.split(b"=", 1) for pair in signed.split(b"&") if b"=" in pair])
        client = self._authenticate(market, key, signed, fields, now_ms)
        index = self._symbols.get((market, fields.get(b"symbol", b"")))
        if index is None:
            raise errors.bad_symbol()
        if b"side" not in fields:
            raise errors.missing("side")
        price_text = self.records.price_text(index)
        price = Decimal(price_text.decode())
        quantity, quote = _amounts(fields, price)
        number = self._remember(client, index, fields, quantity, price_text, arrival_ns)
        deal = Deal(number, now_ms, fields, price, quantity, quote, client.rate)
        answer = self._spot_answer(deal, index) if market is Market.SPOT else _usdm_answer(deal)
        return answer, client.latency_s

    def _authenticate(self, market: Market, key: bytes, signed: bytes, fields: Fields, now_ms: int) -> Client:
        client = self._clients[market].get(key)
        if client is None:
            raise errors.key_refused()
        payload, _, signature = signed.rpartition(b"&signature=")
        mac = client.mac.copy()
        mac.update(payload)
        if mac.hexdigest().encode() != signature:
            raise errors.bad_signature()
        timestamp = fields.get(b"timestamp", b"")
        if not timestamp.isdigit():
            raise errors.missing("timestamp")
        age = now_ms - int(timestamp)
        if age <= -1000:
            raise errors.too_early()
        window = fields.get(b"recvWindow", DEFAULT_WINDOW_MS)
        if not window.isdigit():
            raise errors.recv_window()
        if age > int(window):
            raise errors.too_late()
        return client

    def _remember(
        self, client: Client, symbol: int, fields: Fields, quantity: Decimal, price: bytes, arrival_ns: int
    ) -> int:
        index = self.orders
        number = index * self.records.workers + self.worker
        if index < CAPACITY:
            is_buy, name = fields[b"side"] == b"BUY", fields.get(b"newClientOrderId", b"")
            amount = str(quantity).encode()
            row = (number, arrival_ns, client.account, symbol, is_buy, name, amount, price)
            RECORD.pack_into(self._region, index * RECORD.size, *row)
        self.orders = index + 1
        return FIRST_NUMBER + number

    def _spot_answer(self, deal: Deal, index: int) -> bytes:
        fields, rules = deal.fields, self._rules[index]
        buys = fields[b"side"] == b"BUY"
        quantity = format(deal.quantity, ".8f").encode()
        fee = floor_atom((deal.quantity if buys else deal.quote) * deal.rate)
        return SPOT_ANSWER % (
            fields[b"symbol"],
            deal.number,
            fields.get(b"newClientOrderId", b""),
            deal.time,
            quantity,
            quantity,
            format(deal.quote, ".8f").encode(),
            fields.get(b"type", b"MARKET"),
            fields[b"side"],
            deal.time,
            format(deal.price, ".8f").encode(),
            quantity,
            format(fee, ".8f").encode(),
            (rules.base if buys else rules.quote).encode(),
            deal.number,
        )

    # Off the hot path

    def query(self, account: Account, symbol: str, client_id: str | None, number: int | None) -> Order:
        """This function will find an account's order, whichever worker filled it.

        Raises: VenueError -2013 when there is none.
        """
        wanted = None if number is None else number - FIRST_NUMBER
        record = self.records.find(self._accounts.index(account), client_id, wanted)
        if record is None or self._rules[record.symbol].symbol != symbol:
            raise errors.no_such_order()
        return self.order_of(record)

    def order_of(self, record: Record) -> Order:
        """This function will rebuild an order from its record, to be written like any other."""
        rules, account = self._rules[record.symbol], self._accounts[record.account]
        side = Side.BUY if record.is_buy else Side.SELL
        spec = Spec(rules.symbol, side, "MARKET", record.client_id, record.quantity)
        time = record.arrival_ns // 1_000_000
        order = Order(FIRST_NUMBER + record.number, account, spec, time, time, rules.market, Status.FILLED)
        order.quantity = order.executed = record.quantity
        order.quote = record.quantity * record.price
        order.arrival_ns = record.arrival_ns
        fee = floor_atom(
            (record.quantity if record.is_buy else order.quote) * account.fees.rate(rules.market, False)
        )
        asset = rules.base if record.is_buy and rules.market is Market.SPOT else rules.quote
        order.fills = [Fill(order.id, order, record.price, record.quantity, order.quote, fee, asset, False, time)]
        return order


def _amounts(fields: Fields, price: Decimal) -> tuple[Decimal, Decimal]:
    """This function will read the quantity, or what a quote amount buys; both come as base and quote."""
    name = b"quantity" if b"quantity" in fields else b"quoteOrderQty"
    try:
        amount = Decimal(fields[name].decode())
    except (KeyError, InvalidOperation):
        raise errors.missing("quantity") from None
    if not amount.is_finite() or amount <= 0:
        raise errors.quantity_zero()
    return (amount, amount * price) if name == b"quantity" else (floor_atom(amount / price), amount)


def _usdm_answer(deal: Deal) -> bytes:
    fields = deal.fields
    quantity, kind = str(deal.quantity).encode(), fields.get(b"type", b"MARKET")
    return USDM_ANSWER % (
        deal.number,
        fields[b"symbol"],
        fields.get(b"newClientOrderId", b""),
        str(deal.price).encode(),
        quantity,
        quantity,
        quantity,
        str(deal.quote).encode(),
        kind,
        b"true" if fields.get(b"reduceOnly") == b"true" else b"false",
        fields[b"side"],
        fields.get(b"positionSide", b"BOTH"),
        kind,
        deal.time,
        deal.time,
    )
