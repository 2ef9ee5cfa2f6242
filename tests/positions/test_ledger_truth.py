"""The ledger against figures of others: each table is one position, each line one fill and what it leaves."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from connections.contract import MarketType, Side
from core.decimals import to_plain
from positions.ledger import Entry, EntryKind, Position, Terms, apply, replay
from tests.values import NOON

D = Decimal
AUDUSD = Terms(MarketType.LINEAR, base="AUD", quote="USD", settle="USD")
ETHUSDT = Terms(MarketType.SPOT, base="ETH", quote="USDT", settle="USDT")
BTCUSDT = Terms(MarketType.SPOT, base="BTC", quote="USDT", settle="USDT")
XBTUSD = Terms(MarketType.INVERSE, base="BTC", quote="USD", settle="BTC")

# Source: nautechsystems/nautilus_trader@a95c8042, tests/unit_tests/model/test_position.py, run against the released
# package 1.221.0 with every state recorded, and recomputed with an exact average-cost model. Averages are cut at ten
# decimals; money has as many as the currency shows there.
NAUTILUS: dict[str, tuple[Terms, int, str]] = {
    "buy": (AUDUSD, 2, """
        BUY  100000 1.00001 2.00 |  100000 1.00001 0       -2.00 2.00 100000"""),
    "buy, sell": (AUDUSD, 2, """
        BUY  150000 1.00001 3.00 |  150000 1.00001 0       -3.00 3.00 150000
        SELL 150000 1.00011 0.00 |  0      0       1.00011 12.00 3.00 150000"""),
    "no change": (AUDUSD, 2, """
        BUY  100000 1.00000 2.00 |  100000 1       0       -2.00 2.00 100000
        SELL 100000 1.00000 2.00 |  0      0       1       -4.00 4.00 100000"""),
    "duration": (AUDUSD, 2, """
        BUY  100000 1.00000 2.00 |  100000 1       0       -2.00 2.00 100000
        SELL 100000 1.00010 2.00 |  0      0       1.0001   6.00 4.00 100000"""),
    "realised return": (AUDUSD, 2, """
        BUY  100000 1.00000 2.00 |  100000 1       0       -2.00 2.00 100000
        SELL 100000 1.10000 2.20 |  0      0       1.1   9995.80 4.20 100000"""),
    "sell short": (AUDUSD, 2, """
        SELL 100000 1.00000 2.00 | -100000 1       0       -2.00 2.00 100000"""),
    "commissions add up": (AUDUSD, 2, """
        BUY  100000 1.00000 2.00 |  100000 1            0  -2.00 2.00 100000
        BUY   50000 1.00100 1.00 |  150000 1.0003333333 0  -3.00 3.00 150000"""),
    "three fills": (AUDUSD, 2, """
        BUY   10000 1.00000 0.20 |   10000 1       0       -0.20 0.20 10000
        BUY   10000 1.00000 0.20 |   20000 1       0       -0.40 0.40 20000
        BUY   10000 1.00000 0.20 |   30000 1       0       -0.60 0.60 30000"""),
    "peak": (AUDUSD, 2, """
        BUY   50000 1.00000 1.00 |   50000 1            0       -1.00 1.00  50000
        BUY   30000 1.00100 0.60 |   80000 1.000375     0       -1.60 1.60  80000
        BUY   40000 1.00200 0.80 |  120000 1.0009166667 0       -2.40 2.40 120000
        SELL  70000 1.00300 1.40 |   50000 1.0009166667 1.003  142.03 3.80 120000
        SELL  30000 1.00400 0.60 |   20000 1.0009166667 1.0033 233.93 4.40 120000"""),
    "first cycle": (AUDUSD, 2, """
        BUY  100000 0.70000 1.40 |  100000 0.7     0       -1.40 1.40 100000
        SELL 100000 0.70010 1.40 |  0      0       0.7001   7.20 2.80 100000"""),
    "second cycle": (AUDUSD, 2, """
        BUY  150000 0.70020 2.10 |  150000 0.7002  0       -2.10 2.10 150000
        SELL 150000 0.70015 2.10 |  0      0       0.70015 -11.70 4.20 150000"""),
    "third cycle": (AUDUSD, 2, """
        SELL 200000 0.70025 2.80 | -200000 0.70025 0       -2.80 2.80 200000
        BUY  200000 0.70017 2.80 |  0      0       0.70017 10.40 5.60 200000"""),
    "Trading Technologies' example": (ETHUSDT, 8, """
        BUY  12     100     0.1200 |  12  100           0              -0.1200     0.1200 12
        BUY  17     99      0.1683 |  29  99.4137931034 0              -0.2883     0.2883 29
        SELL 9      101     0.0909 |  20  99.4137931034 101            13.89666207 0.3792 29
        SELL 4      105     0.0420 |  16  99.4137931034 102.2307692308 36.19948966 0.4212 29
        BUY  3      103     0.0309 |  19  99.9800362976 102.2307692308 36.16858966 0.4521 29"""),
    "interleaved sides": (BTCUSDT, 8, """
        BUY  12     10000   120     |  12  10000           0                -120          120     12
        BUY  17     9999    169.983 |  29  9999.4137931034 0                -289.983      289.983 29
        SELL 9      10001   90.009  |  20  9999.4137931034 10001            -365.71613793 379.992 29
        BUY  3      10003   30.009  |  23  9999.8815592204 10001            -395.72513793 410.001 29
        SELL 4      10005   40.020  |  19  9999.8815592204 10002.2307692308 -415.27137481 450.021 29"""),
    "short": (BTCUSDT, 8, """
        SELL 10.15  10500   106.575 | -10.15 10500 0 -106.575 106.575 10.15"""),
    "inverse long": (XBTUSD, 8, """
        BUY  100000 10500   0.00714286 |  100000 10500 0 -0.00714286 0.00714286 100000"""),
    "inverse short": (XBTUSD, 8, """
        SELL 100000 10000   0.0075     | -100000 10000 0 -0.0075     0.0075     100000"""),
}  # fmt: skip

# Same source: unrealised profit at a price, after the one fill before it, and with what was realised.
UNREALISED = [
    (AUDUSD, Side.BUY, "100000", "1.00001", "2.00", "1.00050", "49.00", "47.00"),
    (AUDUSD, Side.BUY, "50000", "1.00001", "2.00", "1.00048", "23.50", "21.50"),
    (BTCUSDT, Side.BUY, "12", "10500", "126", "10510", "120", "-6"),
    (BTCUSDT, Side.BUY, "4", "10500", "42", "11505.60", "4022.40", "3980.40"),
    (BTCUSDT, Side.SELL, "10.15", "10500", "106.575", "10390", "1116.5", "1009.925"),
    (XBTUSD, Side.SELL, "100000", "10000", "0.0075", "11000", "-0.90909091", "-0.91659091"),
    (XBTUSD, Side.BUY, "100000", "10500", "0.00714286", "11505.60", "0.83238969", "0.82524683"),
    (XBTUSD, Side.BUY, "100000", "2", "37.5", "3", "16666.66666667", "16629.16666667"),
]

# Source: the same file at its head, lines 3110-3600: spot fees in the base coin; each line is fill | held.
BASE_FEES: dict[str, tuple[Terms, str]] = {
    "a sale gives the fee too": (BTCUSDT, """
        SELL 1.0     50000   0.001 BTC    | -1.001"""),
    "buy, then sell what came": (BTCUSDT, """
        BUY  1.0     50000   0.001 BTC    |  0.999
        SELL 0.999   50100   50.0 USDT    |  0"""),
    "the closing fee leaves a tiny short": (BTCUSDT, """
        BUY  1.0     50000   0.001 BTC    |  0.999
        SELL 0.999   50100   0.000999 BTC | -0.000999"""),
    "partial buys": (ETHUSDT, """
        BUY  0.00350 2042.69 0.00001 ETH  |  0.00349
        BUY  0.00350 2042.69 0.00001 ETH  |  0.00698
        BUY  0.00300 2042.69 0.00001 ETH  |  0.00997"""),
    "partial sales": (BTCUSDT, """
        SELL 0.5     50000   0.001 BTC    | -0.501
        SELL 0.5     50000   0.001 BTC    | -1.002"""),
    "round trip": (ETHUSDT, """
        BUY  1.0     2000    0.001 ETH    |  0.999
        SELL 0.999   2100    2.0 USDT     |  0"""),
    "fees add up": (ETHUSDT, """
        BUY  0.5     2000    0.0005 ETH   |  0.4995
        BUY  0.5     2010    0.0005 ETH   |  0.999"""),
}  # fmt: skip

# Source: QuantConnect/Lean@24863901, Tests/Common/Statistics/TradeBuilderTests.cs: every fill costs a fee of 1;
# whatever the matching of trades, the gross profit of a flat position is the same.
LEAN = [
    ("all in, all out", ["1000 1.08", "-1000 1.09"], "10"),
    ("scale in, all out", ["1000 1.08", "1000 1.07", "-2000 1.09"], "30"),
    ("all in, scale out", ["2000 1.07", "-1000 1.08", "-1000 1.09"], "30"),
    ("reversal", ["1000 1.07", "-2000 1.08", "1000 1.09"], "0"),
    ("scale in, scale out", ["1000 1.07", "1000 1.08", "-1000 1.09", "1000 1.08", "-2000 1.09"], "40"),
    ("scale in more", ["1000 1.07", "2000 1.08", "-1000 1.09", "1000 1.08", "-3000 1.09"], "50"),
]


def fill(side: str, quantity: str, price: str, fee: str = "0", currency: str = "") -> Entry:
    return Entry(EntryKind.FILL, NOON, "", Side(side), D(quantity), D(price), D(fee), currency)


def states(entries: Sequence[Entry], terms: Terms) -> list[Position]:
    """The position after each entry."""
    return [replay(entries[: count + 1], terms) for count in range(len(entries))]


def lines_of(table: str) -> list[list[str]]:
    return [line.replace("|", " ").split() for line in table.strip().splitlines()]


def shown(position: Position, terms: Terms, places: int) -> list[Decimal]:
    """What a line of NAUTILUS shows: held, average, average close, net, fees, peak."""
    return [
        position.quantity,
        round(position.average_price(terms), 10),
        round(position.average_close(terms), 10),
        round(position.net(terms.settle, terms), places),
        position.fees.get(terms.settle, D(0)),
        position.peak,
    ]


class TestNautilus:
    @pytest.mark.parametrize("name", NAUTILUS)
    def test_every_fill_leaves_the_same_state(self, name: str) -> None:
        terms, places, table = NAUTILUS[name]
        entries = [fill(line[0], line[1], line[2], line[3], terms.settle) for line in lines_of(table)]

        found = [shown(position, terms, places) for position in states(entries, terms)]

        assert found == [[D(text) for text in line[4:]] for line in lines_of(table)]

    @pytest.mark.parametrize(
        ("terms", "side", "quantity", "price", "fee", "mark", "unrealised", "total"), UNREALISED
    )
    def test_unrealised_profit_is_the_same(
        self, terms: Terms, side: str, quantity: str, price: str, fee: str, mark: str, unrealised: str, total: str
    ) -> None:
        position = apply(Position(), fill(side, quantity, price, fee, terms.settle), terms)

        profit = position.unrealised(D(mark), terms)

        assert round(profit, 8) == D(unrealised)
        assert round(profit + position.net(terms.settle, terms), 8) == D(total)

    def test_nothing_is_unrealised_when_flat(self) -> None:
        position = replay([fill("BUY", "150000", "1.00001"), fill("SELL", "150000", "1.00011")], AUDUSD)

        assert position.unrealised(D("1.00050"), AUDUSD) == 0


class TestFeesInTheBaseCoin:
    @pytest.mark.parametrize("name", BASE_FEES)
    def test_change_what_is_held(self, name: str) -> None:
        terms, table = BASE_FEES[name]
        lines = lines_of(table)

        found = states([fill(*line[:5]) for line in lines], terms)

        assert [to_plain(position.quantity) for position in found] == [line[5] for line in lines]

    def test_realise_the_round_trip_as_printed(self) -> None:
        terms, table = BASE_FEES["round trip"]

        position = replay([fill(*line[:5]) for line in lines_of(table)], terms)

        assert position.net("USDT", terms) == D("97.9")
        assert position.net("ETH", terms) == D("-0.001")

    def test_move_no_coins_where_no_coins_change_hands(self) -> None:
        perpetual = Terms(MarketType.LINEAR, base="BTC", quote="USDT", settle="USDT")

        assert apply(Position(), fill("BUY", "1", "50000", "0.001", "BTC"), perpetual).quantity == 1


class TestLean:
    @pytest.mark.parametrize(("name", "fills", "profit"), LEAN)
    def test_gross_profit_of_a_flat_position_is_the_same(self, name: str, fills: list[str], profit: str) -> None:
        signed = [(D(quantity), price) for quantity, price in (text.split() for text in fills)]
        entries = [
            fill("BUY" if amount > 0 else "SELL", str(abs(amount)), price, "1", "USD") for amount, price in signed
        ]

        position = replay(entries, AUDUSD)

        assert position.is_flat
        assert position.realised == D(profit)
        assert position.fees == {"USD": len(fills)}
