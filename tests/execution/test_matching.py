"""Trades that were not ours, and which of our positions they closed."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.contract import FillReport, Side
from execution.matching import Holding, Piece, closing_pieces
from tests.values import BTC, BUY, SELL, at, make_fill

D = Decimal


def make_held(
    quantity: str = "1", side: Side = BUY, number: int = 1, symbol: str = BTC, since: int = 0
) -> Holding:
    return Holding(UUID(int=number), symbol, side, D(quantity), at(since))


def make_sale(quantity: str, when: int = 60, side: Side = SELL, fee: str = "0", symbol: str = BTC) -> FillReport:
    return make_fill(
        quantity, side=side, traded_at=at(when), venue_trade_id=f"{symbol} {when}", fee=D(fee), symbol=symbol
    )


def matched(
    fills: list[FillReport], held: list[Holding], missing: str | dict[str, str] = "1000"
) -> list[tuple[int, str, str]]:
    """Position, trade and quantity of every piece."""
    lacking = missing if isinstance(missing, dict) else {BTC: missing}
    pieces = closing_pieces(fills, held, {symbol: D(amount) for symbol, amount in lacking.items()})
    return [(piece.position_id.int, piece.fill.venue_trade_id, str(piece.quantity)) for piece in pieces]


class TestClosingPieces:
    def test_close_what_was_sold(self) -> None:
        assert matched([make_sale("1")], [make_held()]) == [(1, f"{BTC} 60", "1")]

    def test_close_a_short_by_a_purchase(self) -> None:
        assert matched([make_sale("1", side=BUY)], [make_held(side=SELL)]) == [(1, f"{BTC} 60", "1")]

    @pytest.mark.parametrize(
        "fill",
        [make_sale("1", side=BUY), make_sale("1", symbol="ETH/USDT"), make_sale("1", when=-1)],
        ids=["same side", "other symbol", "before it was opened"],
    )
    def test_leave_alone_what_closes_nothing_of_ours(self, fill: FillReport) -> None:
        assert matched([fill], [make_held()], {BTC: "1", "ETH/USDT": "1"}) == []

    @pytest.mark.parametrize(("missing", "quantity"), [("0.4", ["0.4"]), ("0", []), ("-1", [])])
    def test_never_take_more_than_the_venue_lacks(self, missing: str, quantity: list[str]) -> None:
        """An owner may sell own coins beside ours."""
        assert [piece[2] for piece in matched([make_sale("1")], [make_held()], missing)] == quantity

    def test_take_the_latest_trades_first_and_name_them_oldest_first(self) -> None:
        sales = [make_sale("0.6", 10), make_sale("0.6", 20), make_sale("0.6", 30)]

        assert matched(sales, [make_held("1")], "1") == [(1, f"{BTC} 20", "0.4"), (1, f"{BTC} 30", "0.6")]

    def test_share_the_fee(self) -> None:
        (piece,) = closing_pieces([make_sale("2", fee="0.3")], [make_held("0.5")], {BTC: D(9)})

        assert piece == Piece(UUID(int=1), make_sale("2", fee="0.3"), D("0.5"), D("0.075"))

    def test_serve_one_position_with_one_trade(self) -> None:
        held = [make_held("1", number=1), make_held("1", number=2)]

        assert matched([make_sale("2")], held) == [(1, f"{BTC} 60", "1")]

    def test_serve_the_next_position_with_the_next_trade(self) -> None:
        held = [make_held("1", number=1), make_held("1", number=2)]

        assert matched([make_sale("1", 10), make_sale("1", 20)], held) == [
            (2, f"{BTC} 10", "1"),
            (1, f"{BTC} 20", "1"),
        ]

    @given(
        st.lists(st.tuples(st.integers(1, 9), st.integers(0, 50), st.sampled_from(Side)), max_size=6),
        st.lists(st.tuples(st.integers(1, 9), st.sampled_from(Side), st.integers(0, 50)), max_size=4),
        st.integers(-3, 30),
    )
    def test_stay_within_trade_position_and_what_is_missing(
        self, sales: list[tuple[int, int, Side]], holdings: list[tuple[int, Side, int]], missing: int
    ) -> None:
        fills = [
            make_fill(str(quantity), side=side, traded_at=at(when), venue_trade_id=str(number), fee=D(1))
            for number, (quantity, when, side) in enumerate(sales)
        ]
        held = [
            make_held(str(quantity), side, number, since=since)
            for number, (quantity, side, since) in enumerate(holdings)
        ]

        pieces = closing_pieces(fills, held, {BTC: D(missing)})

        by_position = {each.position_id: each for each in held}
        taken = {key: sum(piece.quantity for piece in pieces if piece.position_id == key) for key in by_position}
        assert len({piece.fill.venue_trade_id for piece in pieces}) == len(pieces)
        assert sum(piece.quantity for piece in pieces) <= max(missing, 0)
        assert all(taken[key] <= by_position[key].quantity for key in by_position)
        assert all(0 < piece.quantity <= piece.fill.quantity for piece in pieces)
        assert all(0 < piece.fee <= piece.fill.fee for piece in pieces)
        assert all(piece.fill.side is by_position[piece.position_id].side.opposite for piece in pieces)
        assert [piece.fill.traded_at for piece in pieces] == sorted(piece.fill.traded_at for piece in pieces)
