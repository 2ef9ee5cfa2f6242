"""What is declared of each exchange, and that ccxt agrees."""

import pytest

from connections.adapters.ccxt.capabilities import capabilities_of
from connections.adapters.ccxt.catalogue import catalogue
from connections.adapters.ccxt.dialects import DIALECTS
from connections.contract import MarketType, OrderType, ProtectionStyle, TimeInForce
from connections.errors import Misconfigured
from tests.connections.adapters.ccxt.test_requests import fields_of
from tests.connections.adapters.ccxt.wired import SentError, wired

SPOT, LINEAR, INVERSE = MarketType.SPOT, MarketType.LINEAR, MarketType.INVERSE
PLAIN = {OrderType.MARKET, OrderType.LIMIT}
STOPS = [(exchange, market) for exchange, row in DIALECTS.items() for market in sorted(row.stops - {INVERSE})]


class TestCapabilitiesOf:
    def test_binance_spot_holds_pairs_that_lock_coins(self) -> None:
        able = capabilities_of("binance", SPOT)

        assert able.order_types == frozenset(OrderType)
        assert (able.oco, able.stop_locks_holding, able.protection) == (True, True, ProtectionStyle.SEPARATE)
        assert (able.reduce_only, able.leverage, able.amend, able.fills_in_ack) == (False, False, False, True)
        assert able.times_in_force == {TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}

    def test_binance_derivatives_hold_orders_that_reduce(self) -> None:
        able = capabilities_of("binance", LINEAR)

        assert (able.oco, able.stop_locks_holding, able.protection) == (False, False, ProtectionStyle.SEPARATE)
        assert (able.reduce_only, able.leverage, able.amend, able.fills_in_ack) == (True, True, True, False)
        assert TimeInForce.GTD in able.times_in_force

    @pytest.mark.parametrize("exchange", ["alpaca", "backpack", "bitso", "okx", "poloniex", "woo"])
    def test_a_stop_nobody_has_seen_work_is_none(self, exchange: str) -> None:
        """ccxt states stops there; what it sends is a market order, or a stop that is not found again."""
        able = capabilities_of(exchange, SPOT)

        assert (able.order_types, able.protection) == (PLAIN, ProtectionStyle.NONE)

    @pytest.mark.parametrize("exchange", sorted(catalogue()))
    def test_gtc_and_plain_orders_are_had_everywhere(self, exchange: str) -> None:
        for market in MarketType:
            able = capabilities_of(exchange, market)

            assert able.order_types >= PLAIN
            assert TimeInForce.GTC in able.times_in_force

    @pytest.mark.parametrize(
        ("exchange", "finds", "cancels"),
        [("binance", True, True), ("bybit", True, True), ("kraken", True, True), ("coinbase", False, False)],
    )
    def test_our_own_id_is_good_for_what_the_table_says(self, exchange: str, finds: bool, cancels: bool) -> None:
        able = capabilities_of(exchange, SPOT)

        assert (able.find_by_client_id, able.cancel_by_client_id) == (finds, cancels)

    @pytest.mark.parametrize(("exchange", "streams"), [("binance", True), ("zaif", False)])
    def test_quotes_are_streamed_where_ccxt_has_a_class_for_it(self, exchange: str, streams: bool) -> None:
        assert capabilities_of(exchange, SPOT).stream_quotes is streams

    @pytest.mark.parametrize("name", ["nosuch", "", "Binance", "../binance", "abc", "base"])
    def test_an_exchange_ccxt_does_not_know_is_misconfigured(self, name: str) -> None:
        with pytest.raises(Misconfigured):
            capabilities_of(name, SPOT)


class TestStops:
    @pytest.mark.parametrize(("exchange", "market"), STOPS)
    async def test_are_sent_as_stops(self, exchange: str, market: MarketType) -> None:
        """What leaves differs from a market order by more than a word the exchange would ignore."""
        account = wired(exchange, market)
        symbol = next(iter(account.markets))
        with pytest.raises(SentError) as plain:
            await account.create_order(symbol, "market", "sell", "1", None, {})
        with pytest.raises(SentError) as stop:
            await account.create_order(symbol, "market", "sell", "1", None, {"stopLossPrice": "48765"})

        usual, conditional = fields_of(plain.value), fields_of(stop.value)
        kinds = {"type", "ordertype", "algoType"}
        assert "48765" in conditional.values()
        assert "stopLossPrice" not in conditional
        assert {each: usual.get(each) for each in kinds} != {each: conditional.get(each) for each in kinds}
