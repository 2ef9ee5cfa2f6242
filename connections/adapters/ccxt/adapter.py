"""Every exchange that ccxt knows, behind the one contract."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from connections.adapter import BrokerAdapter
from connections.adapters.ccxt import reports, requests, swift
from connections.adapters.ccxt.capabilities import capabilities_of
from connections.adapters.ccxt.dialects import dialect_of
from connections.adapters.ccxt.exchanges import account_copy, bare_copy
from connections.adapters.ccxt.faults import translate
from connections.adapters.ccxt.history import trades_since
from connections.adapters.ccxt.library import ccxt
from connections.adapters.ccxt.lookup import Finder
from connections.adapters.ccxt.permissions import permissions_of
from connections.adapters.ccxt.streams import stream_quotes
from connections.contract import (
    AccountAccess,
    AccountCheck,
    Balance,
    FillReport,
    HoldingReport,
    Instrument,
    MarketType,
    OrderRef,
    OrderReport,
    OrderTicket,
    OrderType,
    PairTicket,
    ProtectionStyle,
    Quote,
)
from connections.errors import (
    BrokerError,
    Misconfigured,
    NotSent,
    OutcomeUnknown,
    Refused,
    Rejected,
    Unsupported,
)
from connections.precision import check
from core.clock import from_ms, now

T = TypeVar("T")


class CcxtAdapter(BrokerAdapter):
    """One account at one exchange."""

    def __init__(self, access: AccountAccess) -> None:
        self.capabilities = capabilities_of(access.exchange, access.market)
        self._access = access
        self._dialect = dialect_of(access.exchange)
        self._exchange: Any = None
        self._instruments: dict[str, Instrument] = {}

    async def check(self) -> AccountCheck:
        offset, latency = await self._learn_clock()
        is_derivative = self._access.market is not MarketType.SPOT
        granted = await self._call(lambda exchange: permissions_of(exchange, is_derivative))
        return AccountCheck(
            can_trade=granted.can_trade is not False,
            can_withdraw=granted.can_withdraw,
            clock_offset=offset,
            latency=latency,
            balance=await self.balance(),
            is_hedge_mode=await self._hedge_mode(),
            warnings=granted.warnings,
        )

    async def instrument(self, symbol: str) -> Instrument:
        known = self._instruments.get(symbol)
        if known is None:
            exchange = await self._ready()
            market = exchange.markets.get(symbol)
            if market is None or reports.market_type_of(market) is not self._access.market:
                raise Refused(
                    f"{self._access.exchange} does not list {symbol} on its {self._access.market.lower()} market.",
                    field="symbol",
                    code="UNKNOWN_SYMBOL",
                )
            known = self._instruments[symbol] = reports.instrument_of(market)
        return known

    async def instruments(self) -> list[Instrument]:
        exchange = await self._ready()
        markets = (each for each in exchange.markets.values() if each.get("spot") or each.get("swap"))
        return [
            reports.instrument_of(market)
            for market in markets
            if reports.market_type_of(market) is self._access.market and market["limits"] is not None
        ]

    async def balance(self) -> Balance:
        asked_at = now()
        reply = await self._call(lambda exchange: exchange.fetch_balance())
        info = reply.get("info")
        stated = info.get("totalMarginBalance") if isinstance(info, dict) else None
        return reports.balance_of(reply, asked_at, reports.maybe_number(stated))

    async def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        exchange = await self._ready()
        asked_at = now()
        wanted = [symbol for symbol in symbols if symbol in exchange.markets]
        if not wanted:
            return {}  # an empty list would ask for every symbol there is
        if exchange.has.get("fetchBidsAsks") is True:
            tickers = await self._call(lambda ready: ready.fetch_bids_asks(wanted))
        else:
            tickers = await self._call(lambda ready: ready.fetch_tickers(wanted))
        found = (reports.quote_of(ticker, asked_at) for ticker in tickers.values())
        return {quote.symbol: quote for quote in found if quote is not None}

    async def prepare(self, symbol: str, leverage: Decimal | None, margin_mode: str) -> None:
        if self._access.market is MarketType.SPOT:
            return
        if margin_mode:
            await self._set(lambda exchange: exchange.set_margin_mode(margin_mode, symbol))
        if leverage is not None:
            await self._set(lambda exchange: exchange.set_leverage(int(leverage), symbol))

    async def submit(self, ticket: OrderTicket) -> OrderReport:
        instrument = await self.instrument(ticket.symbol)
        self._refuse_unsupported(ticket)
        check(ticket, instrument)
        if swift.can_submit(self._access.exchange, self._access.market, ticket):
            return await self._call(lambda exchange: swift.submit(exchange, ticket, instrument))
        arguments = requests.create_arguments(ticket, instrument, self._dialect)
        order = await self._call(lambda exchange: exchange.create_order(*arguments))
        return self._report({"clientOrderId": None, **order}, ticket, instrument)

    async def submit_pair(self, pair: PairTicket) -> tuple[OrderReport, OrderReport]:
        instrument = await self.instrument(pair.target.symbol)
        if not self.capabilities.oco:
            raise Unsupported(f"{self._access.exchange} has no one-cancels-the-other order here.")
        check(pair.target, instrument)
        check(pair.stop, instrument)
        params = requests.binance_order_list(pair, instrument)
        return await self._call(lambda exchange: swift.submit_pair(exchange, pair, params))

    async def amend(self, ref: OrderRef, ticket: OrderTicket) -> OrderReport:
        if not self.capabilities.amend or ticket.order_type is not OrderType.LIMIT:
            raise Unsupported(f"{self._access.exchange} cannot change this order in one call.")
        instrument = await self.instrument(ticket.symbol)
        check(ticket, instrument)
        symbol, kind, side, amount, price, params = requests.create_arguments(ticket, instrument, self._dialect)
        order = await self._call(
            lambda exchange: exchange.edit_order(ref.venue_order_id, symbol, kind, side, amount, price, params)
        )
        return self._report(order, ticket, instrument)

    async def cancel(self, ref: OrderRef) -> OrderReport:
        finder = await self._finder()
        params = finder.shelf(ref.order_type)
        if self._dialect.cancel_param is not None:
            params[self._dialect.cancel_param] = self._dialect.render_lookup(ref.client_order_id)
        elif ref.venue_order_id is None:
            raise Unsupported(
                f"{self._access.exchange} cancels by its own order id only, and it is not known yet."
            )
        await self._call(lambda exchange: exchange.cancel_order(ref.venue_order_id or "", ref.symbol, params))
        # The reply to a cancel rarely carries what was filled before it.
        try:
            report = await self.find(ref)
        except NotSent as error:
            raise OutcomeUnknown(f"The venue cancelled the order; then: {error}", code=error.code) from error
        if report is None:
            raise OutcomeUnknown(
                "The venue cancelled the order and then did not find it.", code="CANCELLED_UNSEEN"
            )
        return report

    async def find(self, ref: OrderRef) -> OrderReport | None:
        finder = await self._finder()
        return await self._call(lambda _: finder.find(ref))

    async def open_orders(self, symbol: str | None = None) -> list[OrderReport]:
        finder = await self._finder()
        found = await self._call(lambda exchange: exchange.fetch_open_orders(symbol))
        if self._access.market in self._dialect.trigger_shelf:
            found += await self._call(
                lambda exchange: exchange.fetch_open_orders(symbol, None, None, {"trigger": True})
            )
        size = finder.contract_size
        return [reports.order_report(order, self._dialect, size(order["symbol"])) for order in found]

    async def holdings(self) -> list[HoldingReport]:
        if self._access.market is MarketType.SPOT:
            return reports.coin_holdings(await self.balance())
        positions = await self._call(lambda exchange: exchange.fetch_positions())
        markets = self._exchange.markets
        bases = {position["symbol"]: markets[position["symbol"]]["base"] for position in positions}
        return reports.position_holdings(positions, bases)

    async def fills(self, since: datetime, symbol: str | None = None) -> list[FillReport]:
        finder = await self._finder()
        until = now()
        trades = await self._call(
            lambda exchange: trades_since(exchange, self._dialect, self._access.market, symbol, since, until)
        )
        size = finder.contract_size
        found = (reports.fill_report(trade, self._dialect, size(trade["symbol"])) for trade in trades)
        return sorted(found, key=lambda fill: (fill.traded_at, fill.venue_trade_id))

    def stream_quotes(self, symbols: Sequence[str]) -> AsyncIterator[Quote]:
        return stream_quotes(self._access, symbols)

    async def close(self) -> None:
        self._exchange = None

    def _refuse_unsupported(self, ticket: OrderTicket) -> None:
        if ticket.order_type not in self.capabilities.order_types:
            raise Unsupported(f"{self._access.exchange} has no {ticket.order_type} orders here.")
        if ticket.time_in_force not in self.capabilities.times_in_force:
            raise Unsupported(f"{self._access.exchange} does not know {ticket.time_in_force} here.")
        if ticket.attached is not None and self.capabilities.protection is not ProtectionStyle.ATTACHED:
            # ccxt would pass it on as it is, and most exchanges would ignore it: an entry without its stop.
            raise Unsupported(f"{self._access.exchange} attaches no stop or target to an entry here.")

    def _report(self, order: Any, ticket: OrderTicket, instrument: Instrument) -> OrderReport:
        # Many replies name nothing but the venue's id; the rest is what we asked for.
        known = {key: value for key, value in order.items() if value is not None}
        defaults = {
            "symbol": ticket.symbol,
            "side": ticket.side.lower(),
            "amount": requests.contracts(ticket.quantity, instrument),
            "clientOrderId": self._dialect.render(ticket.client_order_id),
        }
        return reports.order_report(defaults | known, self._dialect, instrument.contract_size)

    async def _ready(self) -> Any:
        if self._exchange is None:
            try:
                self._exchange = await account_copy(self._access)
            except (BrokerError, Misconfigured):
                raise
            except Exception as error:  # as in _call: a list of markets may be broken too
                raise translate(error) from error
        return self._exchange

    async def _finder(self) -> Finder:
        return Finder(await self._ready(), self._dialect, self._access.market)

    async def _call(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        exchange = await self._ready()
        try:
            return await ask(exchange)
        except (BrokerError, Misconfigured):
            raise
        except ccxt.InvalidNonce as error:
            # Whatever comes of asking for the time, this request was refused.
            with suppress(BrokerError):
                await self._learn_clock()
            raise translate(error) from error
        except Exception as error:  # ccxt reads a broken reply with KeyError, TypeError and the like
            raise translate(error, duplicate_marks=self._dialect.duplicate_marks) from error

    async def _set(self, ask: Callable[[Any], Awaitable[Any]]) -> None:
        try:
            await self._call(ask)
        except Rejected as error:
            if not isinstance(error.__cause__, ccxt.NoChange):
                raise

    async def _learn_clock(self) -> tuple[timedelta, timedelta]:
        """Return clock offset and latency, and let the instance sign with the venue's time from now on."""
        exchange = self._exchange or bare_copy(self._access)
        if exchange.has.get("fetchTime") is not True:
            return timedelta(0), timedelta(0)
        sent_at = now()
        try:
            theirs = from_ms(int(await exchange.fetch_time()))
        except (BrokerError, Misconfigured):
            raise
        except Exception as error:  # a reply without a time, or with one that no calendar has
            raise translate(error) from error
        latency = now() - sent_at
        offset = theirs - (sent_at + latency / 2)
        exchange = await self._ready()
        exchange.options["timeDifference"] = -int(offset / timedelta(milliseconds=1))
        return offset, latency

    async def _hedge_mode(self) -> bool | None:
        if self._access.market is MarketType.SPOT or self._exchange.has.get("fetchPositionMode") is not True:
            return None
        mode = await self._call(lambda exchange: exchange.fetch_position_mode())
        return bool(mode.get("hedged"))
