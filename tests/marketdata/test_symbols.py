from decimal import Decimal

import pytest

from connections.contract import Instrument, MarketType
from marketdata.symbols import candidates, pip_of, resolve, suggestions
from tests.values import BTC, BTC_SWAP, make_instrument, make_inverse, make_swap

SPOT, LINEAR, INVERSE = MarketType.SPOT, MarketType.LINEAR, MarketType.INVERSE


def listed(*instruments: Instrument) -> dict[str, Instrument]:
    return {each.symbol: each for each in instruments}


class TestCandidates:
    @pytest.mark.parametrize(
        ("pair", "market", "expected"),
        [
            ("BTC/USDT", SPOT, ("BTC/USDT",)),
            ("BTC/USDT:USDT", SPOT, ("BTC/USDT:USDT", "BTC/USDT")),
            ("BTC/USDT", LINEAR, ("BTC/USDT", "BTC/USDT:USDT")),
            ("BTC/USDT:USDT", LINEAR, ("BTC/USDT:USDT", "BTC/USDT:USDT")),
            ("BTC/USD", INVERSE, ("BTC/USD", "BTC/USD:BTC")),
            ("EUR/USD", LINEAR, ("EUR/USD", "EUR/USD:USD")),
        ],
    )
    def test_begin_with_what_was_written(self, pair: str, market: MarketType, expected: tuple[str, ...]) -> None:
        assert candidates(pair, market) == expected


class TestResolve:
    @pytest.mark.parametrize(
        ("pair", "market", "instrument"),
        [(BTC, SPOT, make_instrument()), (BTC, LINEAR, make_swap()), ("BTC/USD", INVERSE, make_inverse())],
    )
    def test_finds_what_trades_the_pair(self, pair: str, market: MarketType, instrument: Instrument) -> None:
        assert resolve(pair, market, aliases={}, listed=listed(instrument)) == instrument

    def test_finds_nothing_where_nothing_is_listed(self) -> None:
        assert resolve("ETH/USDT", SPOT, aliases={}, listed=listed(make_instrument())) is None

    def test_never_takes_one_currency_for_another(self) -> None:
        assert resolve("BTC/USD", SPOT, aliases={}, listed=listed(make_instrument())) is None

    @pytest.mark.parametrize("alias", [BTC, "BTCUSDT"])
    def test_follows_an_alias_by_symbol_or_by_the_venues_own_name(self, alias: str) -> None:
        found = resolve("BTC/USD", SPOT, aliases={"BTC/USD": alias}, listed=listed(make_instrument()))

        assert found == make_instrument()

    def test_lets_an_alias_decide_alone(self) -> None:
        aliases = {BTC: "XBTUSD"}

        assert resolve(BTC, SPOT, aliases=aliases, listed=listed(make_instrument())) is None


class TestSuggestions:
    def test_offer_the_same_money_and_the_same_coin(self) -> None:
        known = listed(
            make_instrument(),
            make_instrument(symbol="XBT/USDC", base="XBT", quote="USDC"),
            make_instrument(symbol="BTC/EUR", quote="EUR"),
            make_instrument(symbol="ETH/USDT", base="ETH"),
        )

        assert suggestions("BTC/USD", known) == ("BTC/USDT", "XBT/USDC")

    def test_are_five_at_most(self) -> None:
        known = listed(*(make_instrument(symbol=f"{BTC}:{number}") for number in range(9)))

        assert len(suggestions("BTC/USD", known)) == 5

    def test_are_none_for_a_stranger(self) -> None:
        assert suggestions("XYZ/ABC", listed(make_instrument(), make_swap(symbol=BTC_SWAP))) == ()


class TestPipOf:
    # Source: the convention of MetaTrader symbols (a pip is ten points on 3 and 5 digit symbols): EURUSD 0.0001,
    # USDJPY 0.01.
    @pytest.mark.parametrize(
        ("quote", "tick", "pip"),
        [
            ("USD", "0.00001", "0.0001"),
            ("USD", "0.0001", "0.0001"),
            ("CHF", "0.00001", "0.0001"),
            ("JPY", "0.001", "0.01"),
            ("JPY", "0.01", "0.01"),
            ("USDT", "0.01", "0.01"),
            ("BTC", "0.00000001", "0.00000001"),
        ],
    )
    def test_is_a_tick_only_where_traders_agree_on_nothing_else(self, quote: str, tick: str, pip: str) -> None:
        assert pip_of(quote, Decimal(tick)) == Decimal(pip)
