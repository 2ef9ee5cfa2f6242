"""Two signals hold the same contract on one account: what closes the one leaves the other alone."""

from decimal import Decimal

import pytest

from core.clock import now
from execution.services import protection
from positions.models import ExecutionPosition
from tests.execution.books import disagreements
from tests.execution.stage import LINEAR, Account, Stage


@pytest.fixture
def account(stage: Stage) -> Account:
    """Alice holds 0.1 for each of two signals; the first one's target takes all of its part."""
    opened = stage.open_account(LINEAR, money="50000", duplicate_policy="ADD")
    stage.trade()
    stage.trade(sl="58000")
    return opened


def held(account: Account) -> list[tuple[str, Decimal]]:
    rows = ExecutionPosition.objects.filter(connection=account.connection).order_by("opened_at")
    return [(row.status, row.quantity) for row in rows]


def close_the_first(stage: Stage, account: Account) -> None:
    first = ExecutionPosition.objects.filter(connection=account.connection).earliest("opened_at")
    protection.request_close(position_id=first.pk, reason="MANUAL", now=now())
    for _ in range(4):
        stage.look(after=65)


def test_a_close_takes_only_its_own_part(stage: Stage, account: Account) -> None:
    close_the_first(stage, account)

    assert held(account) == [("CLOSED", Decimal(0)), ("OPEN", Decimal("0.1"))]
    assert account.held_at_the_venue() == Decimal("0.1")
    assert disagreements(account) == []


def test_a_target_that_fills_while_it_is_cancelled_is_not_sold_twice(stage: Stage, account: Account) -> None:
    """Reduce-only would not end at the first signal's part: the venue knows one position, ours are two."""
    stage.venue.admin.fault("race_fill", match={"method": "DELETE", "path": "/fapi/v1/order"}, times=1)

    close_the_first(stage, account)

    assert account.held_at_the_venue() == Decimal("0.1")
    assert held(account) == [("CLOSED", Decimal(0)), ("OPEN", Decimal("0.1"))]
    assert disagreements(account) == []
