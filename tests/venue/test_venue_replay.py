"""Reading trades and quotes from files, and moving prices by them."""

from __future__ import annotations

import asyncio
import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.venue.makers import BTC, BUY, SELL, D, make_rules
from venue.config import Config
from venue.drivers import Replay
from venue.replay import Reader, guess_columns, is_header, time_of, zone_of
from venue.state import Venue

TRADES = """ts_ms,trade_id,price,qty,buyer_maker
1610064000278,553287559,39432.48,0.000263,True
1610064000310,553287560,39439.44,0.004376,False
1610064001310,553287561,39440.00,0.004000,False
"""
QUOTES = """20200101 170000065,1.121200,1.121720,0
20200101 170010447,1.121200,1.121920,0
20200101 170010498,1.121170,1.121610,0
"""


@pytest.fixture
def trades(tmp_path: Path) -> Path:
    path = tmp_path / "btcusdt_trades.csv"
    path.write_text(TRADES)
    return path


@pytest.fixture
def quotes(tmp_path: Path) -> Path:
    path = tmp_path / "eurusd_quotes.csv"
    path.write_text(QUOTES)
    return path


class TestTime:
    @pytest.mark.parametrize(
        "text",
        [
            "1610064000",
            "1610064000000",
            "1610064000000000",
            "1610064000000000000",
            "1610064000.000",
            "2021-01-08T00:00:00Z",
            "2021-01-08 00:00:00",
            "2021-01-08 00:00:00.000000+00:00",
            "2021-01-08T01:00:00+01:00",
            "20210108 000000000",
            "20210108 000000",
        ],
    )
    def test_is_read_in_every_shape(self, text: str) -> None:
        assert time_of(text, UTC) == 1_610_064_000_000

    def test_keeps_milliseconds(self) -> None:
        assert time_of("20200101 170000065", UTC) % 1000 == 65

    @pytest.mark.parametrize(
        ("zone", "hour"), [("EST", 22), ("UTC", 17), ("+02:00", 15), ("America/New_York", 21)]
    )
    def test_of_a_file_without_zone_is_taken_in_the_one_given(self, zone: str, hour: int) -> None:
        moment = datetime.fromtimestamp(time_of("20200701 170000000", zone_of(zone)) / 1000, UTC)

        assert moment.hour == hour

    def test_unknown_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="zone was 'Moon/Base'"):
            zone_of("Moon/Base")

    @pytest.mark.parametrize("text", ["", "soon", "12", "39432.48"])
    def test_anything_else_is_no_time(self, text: str) -> None:
        with pytest.raises(ValueError):  # noqa: PT011  (fromisoformat has its own words)
            time_of(text, UTC)


class TestColumns:
    def test_header_is_told_from_data(self) -> None:
        assert is_header(["timestamp", "bid", "ask"])
        assert not is_header(["20200101 170000065", "1.12", "1.13", "0"])

    @pytest.mark.parametrize(
        ("rows", "columns"),
        [
            ([["20200101 170000065", "1.1212", "1.1217", "0"]] * 3, ["time", "bid", "ask", "-"]),
            ([["1610064000278", "39432.48", "0.5"]] * 3, ["time", "price", "size"]),
            (
                [["1610064000278", str(n), "39432.48", "0.5", "True"] for n in range(3)],
                ["time", "-", "price", "size", "sold"],
            ),
            ([["1610064000278", "39432.48"]] * 3, ["time", "price"]),
        ],
    )
    def test_are_guessed_without_a_header(self, rows: list[list[str]], columns: list[str]) -> None:
        assert guess_columns(rows) == columns

    def test_without_a_time_are_refused(self) -> None:
        with pytest.raises(ValueError, match="looks like a time"):
            guess_columns([["a", "1.5"], ["b", "1.6"]])


class TestReader:
    def test_reads_trades_with_a_header(self, trades: Path) -> None:
        rows = list(Reader(str(trades)).rows())

        assert [(row.time, row.price, row.size, row.sold) for row in rows[:2]] == [
            (1610064000278, D("39432.48"), D("0.000263"), True),
            (1610064000310, D("39439.44"), D("0.004376"), False),
        ]

    def test_reads_quotes_without_a_header(self, quotes: Path) -> None:
        rows = list(Reader(str(quotes), zone="EST").rows())

        assert (rows[0].bid, rows[0].ask) == (D("1.121200"), D("1.121720"))
        assert datetime.fromtimestamp(rows[0].time / 1000, UTC).hour == 22

    def test_reads_gzip(self, tmp_path: Path) -> None:
        path = tmp_path / "btcusdt.csv.gz"
        path.write_bytes(gzip.compress(TRADES.encode()))

        assert len(list(Reader(str(path)).rows())) == 3

    def test_takes_the_columns_it_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "odd.csv"
        path.write_text("x,5,1610064000,7\nx,6,1610064001,8\n")

        rows = list(Reader(str(path), columns="-,price,time,size", header=False).rows())

        assert [(row.price, row.size) for row in rows] == [(5, 7), (6, 8)]

    def test_names_the_row_it_cannot_read(self, tmp_path: Path) -> None:
        path = tmp_path / "broken.csv"
        path.write_text("time,price\n1610064000,5\n1610064001,oops\n")

        with pytest.raises(ValueError, match="row 2 of the data"):
            list(Reader(str(path)).rows())

    @pytest.mark.parametrize("text", ["", "time,colour\n1610064000,red\n"])
    def test_refuses_what_it_cannot_replay(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "useless.csv"
        path.write_text(text)

        with pytest.raises(ValueError, match=r"useless\.csv"):
            list(Reader(str(path)).rows())

    def test_describes_a_file(self, trades: Path) -> None:
        report = Reader(str(trades)).describe()

        assert report["rows"] == 3
        assert report["high"] == {"time": "2021-01-08T00:00:01.310+00:00", "price": "39440.00"}


class TestReplay:
    def make(self, path: Path, speed: float = 1) -> Replay:
        venue = Venue(Config(rules=make_rules(), replay=str(path), speed=speed))
        assert isinstance(venue.driver, Replay)
        return venue.driver

    def test_finds_the_symbol_in_the_name(self, trades: Path) -> None:
        assert self.make(trades).symbol == BTC

    def test_moves_both_markets_to_the_trade(self, trades: Path) -> None:
        driver = self.make(trades)

        driver.step()

        engines = driver.venue.exchange.engines.values()
        assert [engine.listings[BTC].mark for engine in engines] == [D("39432.48")] * 2
        assert driver.venue.exchange.spot.listings[BTC].last == D("39432.48")

    async def test_runs_at_the_speed_asked_and_ends(self, trades: Path) -> None:
        driver = self.make(trades, speed=100)

        running = asyncio.ensure_future(driver.run())
        async with asyncio.timeout(2):
            while not driver.done:  # noqa: ASYNC110 (nothing tells when a replay is over)
                await asyncio.sleep(0.002)
        running.cancel()

        assert (driver.ticks, driver.status()["done"]) == (3, True)

    async def test_far_ahead_of_time_still_lets_others_work(self, trades: Path) -> None:
        driver = self.make(trades, speed=10**9)

        running = asyncio.ensure_future(driver.run())
        await asyncio.sleep(0)
        after_one = driver.ticks
        running.cancel()

        assert after_one <= 1

    def test_opens_at_the_first_price(self, trades: Path) -> None:
        driver = self.make(trades)

        assert driver.venue.exchange.spot.listings[BTC].last == D("39432.48")
        assert driver.ticks == 0

    def test_begins_again_with_the_venue(self, trades: Path) -> None:
        driver = self.make(trades)
        driver.step()
        driver.step()

        driver.venue.reset()

        assert driver.ticks == 0
        assert driver.venue.exchange.spot.listings[BTC].mark == D("39432.48")

    async def test_pauses(self, trades: Path) -> None:
        driver = self.make(trades)
        driver.paused = True

        running = asyncio.ensure_future(driver.run())
        await asyncio.sleep(0.01)
        running.cancel()

        assert driver.ticks == 0

    def test_quotes_become_the_book(self, quotes: Path) -> None:
        venue = Venue(Config(replay=str(quotes), replay_zone="EST"))

        venue.driver.step()

        listing = venue.exchange.spot.listings["EURUSDT"]
        assert (listing.best(BUY)[0], listing.best(SELL)[0]) == (D("1.12120"), D("1.12172"))

    def test_of_an_unknown_symbol_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "gold.csv"
        path.write_text(TRADES)

        with pytest.raises(ValueError, match="--replay-symbol"):
            self.make(path)
