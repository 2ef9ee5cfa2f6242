"""A stop and a target of which one cancels the other: the venue ends the other half, and we only look."""

from execution.machine import OrderState
from execution.models import Order
from execution.roles import OrderRole
from tests.execution.books import disagreements
from tests.execution.stage import SPOT, THREE_TARGETS, Stage

CANCEL = "DELETE /api/v3/order"


class TestOtherHalf:
    def test_is_looked_at_and_not_cancelled_when_the_target_trades(self, stage: Stage) -> None:
        account = stage.open_account(SPOT)
        stage.trade(targets=THREE_TARGETS)
        stage.move_price(61_300)

        stage.notice()

        first = account.orders(OrderRole.STOP, piece=1)[0]
        assert first.state == OrderState.CANCELLED
        assert stage.venue.admin.requests().get(CANCEL, 0) == 0
        assert disagreements(account) == []

    def test_is_cancelled_when_the_venue_still_has_it(self, stage: Stage) -> None:
        account = stage.open_account(SPOT)
        stage.trade(targets=THREE_TARGETS)
        target = account.orders(OrderRole.TARGET, piece=1)[0]
        Order.objects.filter(pk=target.pk).update(state=OrderState.CANCELLED, finished_at=target.updated_at)

        stage.advance(account)

        assert stage.venue.admin.requests()[CANCEL] == 1
        assert account.orders(OrderRole.STOP, piece=1)[0].state == OrderState.CANCELLED
        # What the cancelled pair protected has a new one.
        assert account.orders(OrderRole.STOP, piece=1)[-1].state == OrderState.SUBMITTED
        assert len(account.resting()) == 6
