"""The makers make what the database and the rules accept, and what belongs together."""

from decimal import Decimal

import pytest

from accounts.models import User
from connections import access
from connections.contract import MarketType
from connections.models import ExecutionConnection
from marketdata import selectors as marketdata
from positions import services as positions
from positions.models import PositionStatus
from tests import factories, makers


@pytest.mark.django_db
class TestMakers:
    def test_make_an_account_whose_credentials_open_and_whose_balance_is_known(
        self, rehearsal: ExecutionConnection
    ) -> None:
        assert access.access_of(rehearsal).credentials == factories.CREDENTIALS
        assert rehearsal.can_execute_trades()
        assert rehearsal.snapshot.assets["USDT"]["free"] == "10000"
        assert rehearsal.data_connection is not None
        assert rehearsal.data_connection.venue_key == rehearsal.venue_key
        assert sorted(marketdata.instruments_of(rehearsal.venue_key)) == ["BTC/USDT", "ETH/USDT"]

    def test_give_accounts_to_the_house(self) -> None:
        assert makers.make_connection(owner=None).is_admin_owned

    def test_make_a_trade_of_one_piece(self, alice: User) -> None:
        account = makers.make_connection(owner=alice)

        trade = makers.make_trade(connection=account)

        assert {trade.execution.connection, trade.order.connection, trade.fill.connection} == {account}
        assert trade.position.quantity == trade.fill.quantity == Decimal("0.1")

    def test_make_positions_that_their_entries_explain(self) -> None:
        position = makers.make_position(price="50000", closed_at_price="51000", fee="1")

        assert position.status == PositionStatus.CLOSED
        assert position.net_profit == Decimal(98)
        assert positions.rebuild(position).realised == position.realised == Decimal(100)

    def test_make_doubts_and_differences(self) -> None:
        order = makers.make_order(in_doubt=True)

        assert (order.state, order.acknowledged_at, order.finished_at) == ("SUBMITTED", None, None)
        assert makers.make_break(connection=order.connection).status == "OPEN"

    def test_make_instruments_of_every_market(self) -> None:
        symbols = ("BTC/USDT", "BTC/USDT:USDT", "BTC/USD:BTC")

        assert [makers.instrument(symbol).market for symbol in symbols] == list(MarketType)
