"""After a trade the account's balance is read again, off the hot path."""

from decimal import Decimal

import pytest

from connections.contract import MarketType
from connections.models import AccountSnapshot
from core.clock import now
from execution.services import balances
from tests.execution.stage import LINEAR, SPOT, Stage


@pytest.mark.parametrize("market", [SPOT, LINEAR])
def test_a_trade_is_seen_in_balance_and_last_use(stage: Stage, market: MarketType) -> None:
    account = stage.open_account(market)
    stage.trade()
    before = now()

    assert balances.refresh(connection_ids=[account.connection.pk], clock=now) == 1

    account.connection.refresh_from_db()
    snapshot = AccountSnapshot.objects.get(connection=account.connection)
    assert account.connection.last_used_at is not None
    assert account.connection.last_used_at >= before
    assert snapshot.as_of >= before
    if market is SPOT:
        assert Decimal(snapshot.assets["BTC"]["total"]) == account.held_at_the_venue()


def test_an_account_that_does_not_answer_keeps_its_balance_and_delays_nobody(stage: Stage) -> None:
    silent, well = stage.open_account(SPOT), stage.open_account(SPOT)
    kept = AccountSnapshot.objects.get(connection=silent.connection)
    stage.venue.admin.fault("status", match={"path": "/api/v3/account", "account": silent.name}, times=None)

    assert balances.refresh(connection_ids=[silent.connection.pk, well.connection.pk], clock=now) == 1

    assert AccountSnapshot.objects.get(connection=silent.connection).as_of == kept.as_of
    assert AccountSnapshot.objects.get(connection=well.connection).as_of > kept.as_of
