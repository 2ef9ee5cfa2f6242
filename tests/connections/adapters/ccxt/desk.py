"""An account at the simulated exchange, in either of its dialects, reached over real HTTP."""

import json
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any
from urllib.error import URLError

from connections import registry
from connections.adapter import BrokerAdapter
from connections.contract import Instrument, MarketType, ReportStatus, Side
from tests.connections.adapters.desk import Booked, Desk, Execution, Step, Trouble
from tests.venue_process import RunningVenue, VenueAccount

SPOT, LINEAR = MarketType.SPOT, MarketType.LINEAR
MONEY = {"spot": {"USDT": "100000", "BTC": "1"}, "usdm": {"USDT": "100000"}}

#: Method and path of each step; a path may have wildcards, and stands for all it fits.
ENDPOINTS: Mapping[MarketType, Mapping[Step, tuple[str, str]]] = {
    SPOT: {
        Step.SUBMIT: ("POST", "/api/v3/order"),
        Step.SUBMIT_PAIR: ("POST", "/api/v3/orderList/oco"),
        Step.CANCEL: ("DELETE", "/api/v3/order"),
        Step.FIND: ("GET", "/api/v3/order"),
        Step.OPEN_ORDERS: ("GET", "/api/v3/openOrders"),
        Step.FILLS: ("GET", "/api/v3/myTrades"),
        Step.BALANCE: ("GET", "/api/v3/account"),
        Step.HOLDINGS: ("GET", "/api/v3/account"),
        Step.QUOTES: ("GET", "/api/v3/ticker/bookTicker"),
        Step.MARKETS: ("GET", "/api/v3/exchangeInfo"),
        Step.PREPARE: ("POST", "/sapi/*"),
    },
    LINEAR: {
        Step.SUBMIT: ("POST", "/fapi/v1/*rder"),  # and algoOrder, which holds the conditional ones
        Step.AMEND: ("PUT", "/fapi/v1/order"),
        Step.CANCEL: ("DELETE", "/fapi/v1/*rder"),
        Step.FIND: ("GET", "/fapi/v1/*rder"),
        Step.OPEN_ORDERS: ("GET", "/fapi/v1/openOrders"),
        Step.FILLS: ("GET", "/fapi/v1/userTrades"),
        Step.BALANCE: ("GET", "/fapi/v3/account"),
        Step.HOLDINGS: ("GET", "/fapi/v3/positionRisk"),
        Step.QUOTES: ("GET", "/fapi/v1/ticker/bookTicker"),
        Step.MARKETS: ("GET", "/fapi/v1/exchangeInfo"),
        Step.PREPARE: ("POST", "/fapi/v1/[lm]*"),  # leverage and marginType
    },
}
FAULTS: Mapping[Trouble, dict[str, Any]] = {
    Trouble.SILENCE: {"kind": "silence"},
    Trouble.RESET_BEFORE: {"kind": "reset", "processed": False},
    Trouble.RESET_AFTER: {"kind": "reset"},
    Trouble.UNKNOWN_BEFORE: {"kind": "unknown", "processed": False},
    Trouble.UNKNOWN_AFTER: {"kind": "unknown", "code": -1007},
    Trouble.BAD_GATEWAY: {"kind": "status", "status": 502},
    Trouble.ORIGIN_UNREACHABLE: {"kind": "status", "status": 523},
    Trouble.ERROR_IN_JSON: {"kind": "status", "status": 500, "body": '{"code": -1234, "msg": "Who knows."}'},
    Trouble.REDIRECT: {"kind": "redirect"},
    Trouble.HTML: {"kind": "garbage", "body": "html"},
    Trouble.EMPTY: {"kind": "garbage", "body": "empty"},
    Trouble.EMPTY_OBJECT: {"kind": "garbage", "body": "object"},
    Trouble.TRUNCATED: {"kind": "garbage", "body": "truncated"},
    Trouble.GARBAGE: {"kind": "garbage", "body": "garbage"},
    Trouble.DRIP: {"kind": "drip", "ms": 200, "bytes": 2},
}
STATUSES: Mapping[str, ReportStatus] = {
    "NEW": ReportStatus.ACCEPTED,
    "PARTIALLY_FILLED": ReportStatus.PARTIALLY_FILLED,
    "FILLED": ReportStatus.FILLED,
    "CANCELED": ReportStatus.CANCELLED,
    "EXPIRED": ReportStatus.CANCELLED,
    "EXPIRED_IN_MATCH": ReportStatus.CANCELLED,
}
D = Decimal
BITCOIN = Instrument(
    symbol="BTC/USDT",
    venue_symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    settle="USDT",
    market=SPOT,
    price_tick=D("0.01"),
    quantity_step=D("0.00001"),
    min_quantity=D("0.00001"),
    max_quantity=D(90000),
    market_max_quantity=D(5000),
    min_notional=D(5),
    max_notional=D(9000000),
    min_price=D("0.01"),
    max_price=D(10000000),
)
PERPETUAL = replace(
    BITCOIN,
    symbol="BTC/USDT:USDT",
    market=LINEAR,
    price_tick=D("0.1"),
    quantity_step=D("0.001"),
    min_quantity=D("0.001"),
    max_quantity=D(1000),
    market_min_quantity=D("0.001"),
    market_max_quantity=D(500),
    min_notional=D(50),
    max_notional=D(0),
    min_price=D("0.1"),
)


class BinanceDesk(Desk):
    """Bitcoin against dollars at 60,000, on spot or as the perpetual."""

    base, quote = "BTC", "USDT"
    price, quantity = D(60000), D("0.01")

    def __init__(self, venue: RunningVenue, market: MarketType) -> None:
        self.venue, self.market = venue, market
        self.symbol = "BTC/USDT" if market is SPOT else "BTC/USDT:USDT"
        self.foreign_symbol = "BTC/USDT:USDT" if market is SPOT else "BTC/USDT"
        self.account = self._open("account")
        self.neighbour = self._open("neighbour")
        self.passer_by = self._open("passer-by")
        self.adapter = self.connect()

    def connect(self, **access: Any) -> BrokerAdapter:
        return self._connect(self.account, access)

    def connect_neighbour(self) -> BrokerAdapter:
        return self._connect(self.neighbour, {})

    def secrets(self) -> tuple[str, ...]:
        return self.account.api_key, self.account.secret

    # --- the venue's books --------------------------------------------------------------------------------------

    def booked(self, client_order_id: str) -> Booked | None:
        algos = self._algos(client_order_id=client_order_id)
        orders = self._orders(client_order_id=client_order_id)
        if algos and algos[-1]["order_id"]:
            orders = [row for row in self._orders() if row["order_id"] == algos[-1]["order_id"]]
            return _booked({**orders[-1], "stop_price": algos[-1]["stop_price"]})
        rows = [*orders, *algos]
        return _booked(rows[-1]) if rows else None

    def count(self, client_order_id: str) -> int:
        orders = [row for row in self._orders(client_order_id=client_order_id) if row["algo_id"] is None]
        return len(orders) + len(self._algos(client_order_id=client_order_id))

    def executions(self) -> list[Execution]:
        rows = self.venue.admin.fills(account=self.account.name, market=self._section)
        return [
            Execution(
                trade_id=str(row["trade_id"]),
                venue_order_id=str(row["order_id"]),
                side=Side(row["side"]),
                quantity=D(row["quantity"]),
                price=D(row["price"]),
                fee=D(row["commission"]),
                fee_currency=row["commission_asset"],
                is_maker=row["is_maker"],
            )
            for row in rows
        ]

    def open_ids(self) -> set[str]:
        return {row["client_order_id"] for row in [*self._orders(open="true"), *self._algos(open="true")]}

    def money(self) -> dict[str, tuple[Decimal, Decimal]]:
        row = self._row()
        if self.market is LINEAR:
            wallet = D(row["usdm"]["USDT"])
            return {"USDT": (D(row["usdm_available"]), wallet + self._unrealised())}
        amounts = {asset: (D(held["free"]), D(held["locked"])) for asset, held in row["spot"].items()}
        return {asset: (free, free + locked) for asset, (free, locked) in amounts.items() if free + locked}

    def held(self) -> Decimal:
        if self.market is SPOT:
            return self.money().get("BTC", (D(0), D(0)))[1]
        return sum((D(row["amount"]) for row in self._positions()), D(0))

    def sides(self) -> tuple[Decimal, Decimal]:
        path = "/api/v3" if self.market is SPOT else "/fapi/v1"
        with urllib.request.urlopen(f"{self.venue.url}{path}/ticker/bookTicker?symbol=BTCUSDT") as reply:  # noqa: S310 - loopback
            row = json.load(reply)
        return D(row["bidPrice"]), D(row["askPrice"])

    def filters(self) -> Instrument:
        return BITCOIN if self.market is SPOT else PERPETUAL

    def settings(self) -> tuple[Decimal, str]:
        row = self._row()["settings"]["BTCUSDT"]
        return D(row["leverage"]), "isolated" if row["isolated"] else "cross"

    def asked(self, step: Step) -> int:
        method, path = ENDPOINTS[self.market][step]
        counts = self.venue.admin.requests().items()
        return sum(times for endpoint, times in counts if fnmatchcase(endpoint, f"{method} {path}"))

    # --- a hand on the venue ------------------------------------------------------------------------------------

    def move(self, price: Decimal) -> None:
        self.venue.admin.move_price("BTCUSDT", price)

    def meet(self, side: Side, quantity: Decimal) -> None:
        order = {"market": self._section, "symbol": "BTCUSDT", "side": str(side), "quantity": str(quantity)}
        self.venue.admin.act(self.passer_by.name, "order", **order)

    def trouble(self, step: Step, what: Trouble, *, times: int | None = 1) -> None:
        self._fault(step, times=times, **FAULTS[what])

    def throttle(self, step: Step, wait: timedelta) -> None:
        self._fault(step, kind="throttle", retry_after=int(wait.total_seconds()))

    def refuse(self, step: Step, words: str) -> None:
        self._fault(step, kind="reject", code=-2010, msg=words)

    def reply(self, step: Step, body: Mapping[str, Any]) -> None:
        """Let the next such request be answered with this and nothing else."""
        self._fault(step, kind="status", status=200, body=json.dumps(body))

    def fill_in_pieces(self, pieces: int) -> None:
        self._fault(Step.SUBMIT, kind="pieces", count=pieces, ms=0)

    def fill_partly(self, share: Decimal) -> None:
        self._fault(Step.SUBMIT, kind="partial", share=str(share))

    def skew(self, ahead: timedelta) -> None:
        self.venue.admin.skew_clock(ahead)

    def leave(self, seconds: float) -> None:
        self.venue.admin.leave(seconds)

    def wait_until_back(self) -> None:
        """Wait for the end of an absence."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                self.venue.admin.accounts()
            except (URLError, OSError):
                time.sleep(0.02)
            else:
                return

    def revoke(self) -> None:
        self.venue.admin.change_account(self.account.name, revoked=True)

    def permit(self, **permissions: bool) -> None:
        trade = "spot" if self.market is SPOT else "futures"
        names = {"trade": trade, "withdraw": "withdrawals"}
        changes = {names[name]: value for name, value in permissions.items()}
        self.venue.admin.change_account(self.account.name, permissions=changes)

    @property
    def _section(self) -> str:
        return "spot" if self.market is SPOT else "usdm"

    def _open(self, name: str) -> VenueAccount:
        return self.venue.admin.open_account(name, **MONEY)

    def _connect(self, account: VenueAccount, access: Mapping[str, Any]) -> BrokerAdapter:
        return registry.build("ccxt", self.venue.access(account, self.market, **access))

    def _positions(self) -> list[dict[str, Any]]:
        return [row for row in self.venue.admin.positions() if row["account"] == self.account.name]

    def _unrealised(self) -> Decimal:
        return sum((D(row["unrealized"]) for row in self._positions()), D(0))

    def _row(self) -> dict[str, Any]:
        return self.venue.admin.accounts()[self.account.name]

    def _orders(self, **wanted: str) -> list[dict[str, Any]]:
        return self.venue.admin.orders(account=self.account.name, market=self._section, **wanted)

    def _algos(self, **wanted: str) -> list[dict[str, Any]]:
        return self.venue.admin.algos(account=self.account.name, **wanted) if self.market is LINEAR else []

    def _fault(self, step: Step, *, times: int | None = 1, **fault: Any) -> None:
        method, path = ENDPOINTS[self.market][step]
        self.venue.admin.fault(**fault, match={"method": method, "path": path}, times=times)


def _booked(row: Mapping[str, Any]) -> Booked:
    return Booked(
        status=STATUSES[row["status"]],
        venue_order_id=str(row.get("order_id") or row["algo_id"]),
        side=Side(row["side"]),
        quantity=D(row["quantity"]),
        filled=D(row["executed"]),
        worth=D(row.get("quote") or 0),
        price=None if row["price"] is None else D(row["price"]),
        stop_price=None if row["stop_price"] is None else D(row["stop_price"]),
    )
