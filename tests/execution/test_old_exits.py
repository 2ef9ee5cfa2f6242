"""Exits that rested for longer than a venue shows trades in one list."""

import pytest

from connections.contract import MarketType
from positions.models import PositionStatus
from tests.execution.books import disagreements
from tests.execution.stage import LINEAR, SPOT, Stage

NINE_DAYS = 9 * 86_400


class TestOldStop:
    @pytest.mark.parametrize("market", [SPOT, LINEAR])
    def test_closes_its_position_when_it_trades(self, stage: Stage, market: MarketType) -> None:
        account = stage.open_account(market)
        stage.trade(targets=[])
        stage.pass_time(NINE_DAYS)
        stage.move_price(58_700)

        stage.notice()

        assert account.held_at_the_venue() == 0
        assert (account.position.status, account.position.closing_reason) == (PositionStatus.CLOSED, "SL")
        assert disagreements(account) == []
