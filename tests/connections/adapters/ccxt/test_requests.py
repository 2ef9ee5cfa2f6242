"""A ticket as an exchange's own request: seen where it would leave, signed and all."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from connections.adapters.ccxt.dialects import DIALECTS, dialect_of
from connections.adapters.ccxt.reports import instrument_of
from connections.adapters.ccxt.requests import binance_order_list, create_arguments
from connections.contract import Attached, Instrument, MarketType, OrderTicket, OrderType, PairTicket, TimeInForce
from connections.errors import Unsupported
from tests.connections.adapters.ccxt.wired import SentError, wired
from tests.values import BTC_SWAP, BUY, NOON, SELL, D, make_instrument, make_inverse, make_swap, make_ticket

OURS = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
LIMIT = {"order_type": OrderType.LIMIT, "price": D("50000")}
STOP = {"order_type": OrderType.STOP, "stop_price": D("49000")}


async def sent(exchange: str, ticket: OrderTicket, market: MarketType = MarketType.SPOT) -> dict[str, str]:
    """Return the fields of the request that an exchange would get."""
    account = wired(exchange, market)
    instrument = instrument_of(account.markets[ticket.symbol])
    with pytest.raises(SentError) as request:
        await account.create_order(*create_arguments(ticket, instrument, dialect_of(exchange)))
    return fields_of(request.value)


def fields_of(request: SentError) -> dict[str, str]:
    """Return what a request says, in its query and its body."""
    query = dict(parse_qsl(request.url.partition("?")[2]))
    body = request.body or ""
    said = json.loads(body) if body.startswith(("{", "[")) else dict(parse_qsl(body))
    return query | (said[0] if isinstance(said, list) else said)


def arguments(
    ticket: OrderTicket, exchange: str = "binance", instrument: Instrument | None = None
) -> dict[str, Any]:
    """Return ccxt's arguments by name."""
    made = create_arguments(ticket, instrument or make_instrument(), dialect_of(exchange))
    return dict(zip(("symbol", "type", "side", "amount", "price", "params"), made, strict=True))


class TestClientOrderId:
    @pytest.mark.parametrize(
        ("exchange", "name", "rendered"),
        [
            ("binance", "newClientOrderId", OURS),
            ("okx", "clOrdId", OURS),
            ("kucoin", "clientOid", OURS),
            ("bitget", "clientOid", OURS),
            ("kraken", "cl_ord_id", OURS),
            ("gate", "text", f"t-{OURS}"),
            ("coinbase", "client_order_id", OURS),
            ("alpaca", "client_order_id", OURS),
        ],
    )
    async def test_goes_where_the_exchange_looks_for_it(self, exchange: str, name: str, rendered: str) -> None:
        request = await sent(exchange, make_ticket(**LIMIT))

        assert request[name] == rendered

    async def test_has_a_name_of_its_own_for_conditional_orders_of_derivatives(self) -> None:
        request = await sent("binance", make_ticket(symbol=BTC_SWAP, **STOP), MarketType.LINEAR)

        assert (request["clientAlgoId"], request["triggerPrice"]) == (OURS, "49000")

    @pytest.mark.parametrize("exchange", sorted(DIALECTS))
    def test_is_rendered_reversibly(self, exchange: str) -> None:
        dialect = dialect_of(exchange)

        for ours in (OURS, "abcdefghijklmnopqrstuvwxy4", "7777777777777777777777777q"):
            assert dialect.read(dialect.render(ours)) == ours
            assert dialect.read(dialect.render_lookup(ours)) == ours

    def test_is_hexadecimal_where_the_exchange_wants_that(self) -> None:
        rendered = arguments(make_ticket(), "hyperliquid")["params"]["clientOrderId"]

        assert rendered.startswith("0x")
        assert len(rendered) == 34


class TestPrices:
    async def test_are_never_sent_with_a_market_order(self) -> None:
        """With one, ccxt's Binance would buy for a cost instead of a quantity."""
        request = await sent("binance", make_ticket(reference_price=D("50000")))

        assert (request["type"], request["quantity"]) == ("MARKET", "0.01")
        assert not {"price", "quoteOrderQty", "stopPrice", "timeInForce"} & set(request)

    async def test_are_plain_decimals(self) -> None:
        request = await sent("binance", make_ticket(**LIMIT | {"price": D("5.123E+4")}, quantity=D("1E-5")))

        assert (request["price"], request["quantity"]) == ("51230", "0.00001")

    def test_of_stops_bring_no_limit(self) -> None:
        made = arguments(make_ticket(side=SELL, **STOP))

        assert (made["type"], made["price"], made["params"]["stopLossPrice"]) == ("market", None, "49000")

    def test_of_stop_limits_bring_both(self) -> None:
        ticket = make_ticket(side=SELL, order_type=OrderType.STOP_LIMIT, stop_price=D("49000"), price=D("48900"))

        made = arguments(ticket)

        assert (made["type"], made["price"], made["params"]["stopLossPrice"]) == ("limit", "48900", "49000")

    @pytest.mark.parametrize(("reduces", "name"), [(True, "stopLossPrice"), (False, "triggerPrice")])
    def test_of_stops_that_open_are_no_stop_loss(self, reduces: bool, name: str) -> None:
        """Some venues make a stop loss reduce-only, so an entry could never fill."""
        ticket = make_ticket(symbol=BTC_SWAP, reduce_only=reduces, **STOP)

        params = arguments(ticket, instrument=make_swap())["params"]

        assert params[name] == "49000"
        assert params.get("reduceOnly") is (True if reduces else None)

    @pytest.mark.parametrize(("side", "direction"), [(BUY, "ascending"), (SELL, "descending")])
    def test_of_entries_say_from_where_they_are_crossed(self, side: Any, direction: str) -> None:
        ticket = make_ticket(symbol=BTC_SWAP, side=side, **STOP)

        assert arguments(ticket, "bybit", make_swap())["params"]["triggerDirection"] == direction

    def test_of_attached_exits_go_with_the_entry(self) -> None:
        attached = Attached(stop_price=D("49000"), target_price=D("52000"))

        params = arguments(make_ticket(attached=attached), "bybit")["params"]

        assert params["stopLoss"] == {"triggerPrice": "49000"}
        assert params["takeProfit"] == {"triggerPrice": "52000"}

    def test_of_an_attached_stop_alone_bring_no_target(self) -> None:
        params = arguments(make_ticket(attached=Attached(stop_price=D("49000"))), "bybit")["params"]

        assert "takeProfit" not in params


class TestQuantities:
    def test_are_contracts_where_the_venue_counts_contracts(self) -> None:
        ticket = make_ticket(symbol="BTC/USD:BTC", quantity=D("2500"))

        assert arguments(ticket, instrument=make_inverse())["amount"] == "25"

    async def test_are_numbers_where_ccxt_compares_them(self) -> None:
        request = await sent("kucoin", make_ticket(symbol=BTC_SWAP, **LIMIT, quantity=D(3)), MarketType.LINEAR)

        assert (str(request["size"]), request["clientOid"]) == ("3", OURS)


class TestTimeInForce:
    @pytest.mark.parametrize("lasting", [TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK])
    async def test_goes_with_a_limit_order(self, lasting: TimeInForce) -> None:
        assert (await sent("binance", make_ticket(**LIMIT, time_in_force=lasting)))["timeInForce"] == lasting

    @pytest.mark.parametrize("lasting", [TimeInForce.IOC, TimeInForce.FOK])
    def test_is_left_out_of_a_market_order(self, lasting: TimeInForce) -> None:
        """Binance passes it on unchecked, and refuses it."""
        assert "timeInForce" not in arguments(make_ticket(time_in_force=lasting))["params"]

    async def test_brings_its_date(self) -> None:
        ticket = make_ticket(symbol=BTC_SWAP, **LIMIT, time_in_force=TimeInForce.GTD, expires_at=NOON)

        request = await sent("binance", ticket, MarketType.LINEAR)

        assert (request["timeInForce"], request["goodTillDate"]) == ("GTD", "1795262400000")

    def test_without_its_date_is_nothing(self) -> None:
        with pytest.raises(Unsupported):
            arguments(make_ticket(**LIMIT, time_in_force=TimeInForce.GTD))


class TestOrderList:
    @pytest.mark.parametrize(("side", "target", "stop"), [(SELL, "above", "below"), (BUY, "below", "above")])
    def test_puts_each_exit_on_its_side(self, side: Any, target: str, stop: str) -> None:
        pair = PairTicket(
            target=make_ticket(client_order_id="t", side=side, **LIMIT),
            stop=make_ticket(client_order_id="s", side=side, **STOP),
            list_client_id="pair",
        )

        params = binance_order_list(pair, make_instrument())

        assert (params[f"{target}Type"], params[f"{target}Price"]) == ("LIMIT_MAKER", "50000")
        assert (params[f"{stop}Type"], params[f"{stop}StopPrice"]) == ("STOP_LOSS", "49000")
        assert (params[f"{target}ClientOrderId"], params[f"{stop}ClientOrderId"]) == ("t", "s")
        assert params["listClientOrderId"] == "pair"

    def test_keeps_the_limit_of_a_stop_limit(self) -> None:
        stop = make_ticket(order_type=OrderType.STOP_LIMIT, side=SELL, stop_price=D("49000"), price=D("48900"))
        pair = PairTicket(target=make_ticket(side=SELL, **LIMIT), stop=stop, list_client_id="pair")

        params = binance_order_list(pair, make_instrument())

        assert (params["belowType"], params["belowPrice"]) == ("STOP_LOSS_LIMIT", "48900")

    def test_needs_both_prices(self) -> None:
        with pytest.raises(Unsupported):
            binance_order_list(PairTicket(make_ticket(), make_ticket(), "pair"), make_instrument())
