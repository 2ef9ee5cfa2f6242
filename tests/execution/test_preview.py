from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from connections.models import ExecutionConnection
from core.clock import now
from events.models import Event
from execution import context
from execution.models import ExecutionLog, Order
from execution.outcomes import Reason
from execution.plan import decide
from execution.services.intake import take
from execution.services.preview import Foreseen, NothingToPreview, Outlook, preview
from signals import services as signals
from signals.models import Signal
from signals.rules import SignalStatus
from tests import makers


@pytest.fixture
def signal(db: None) -> Signal:
    """An approved signal to buy at 50,000."""
    return makers.make_signal(status=SignalStatus.APPROVED)


@pytest.fixture
def market(rehearsal: ExecutionConnection) -> None:
    """The price stands at 50,000."""
    makers.make_quote(rehearsal)


def follow(signal: Signal, **fields: object) -> ExecutionConnection:
    connection = makers.make_connection(**fields)
    makers.make_subscription(channel=signal.channel, connection=connection)
    return connection


def foreseen(signal: Signal) -> Foreseen:
    (only,) = preview(signal=signal, clock=now)
    return only


@pytest.mark.usefixtures("market")
class TestPreview:
    def test_shows_the_order_that_would_leave(self, signal: Signal, rehearsal: ExecutionConnection) -> None:
        makers.make_subscription(channel=signal.channel, connection=rehearsal)

        found = foreseen(signal)

        assert (found.outlook, found.reason, found.symbol) == (Outlook.ENTER, "", "BTC/USDT")
        assert found.ticket is not None
        assert found.ticket.quantity == Decimal("0.00999")  # 5 % of 10,000 at 50,001, rounded down
        assert found.owner_id == rehearsal.owner_id
        assert found.balance_as_of is not None

    def test_says_who_would_not_and_why(self, signal: Signal) -> None:
        follow(signal, is_active=False)
        follow(signal, free={"USDT": "60"})
        follow(signal, free={"USDT": "0"})

        assert [(each.outlook, each.reason) for each in preview(signal=signal, clock=now)] == [
            (Outlook.SKIPPED, Reason.CONNECTION_PAUSED),
            (Outlook.DENIED, Reason.NOTIONAL_BELOW_MINIMUM),
            (Outlook.DENIED, Reason.SIZE_BELOW_MINIMUM),
        ]

    def test_counts_paused_subscriptions_too(self, signal: Signal) -> None:
        makers.make_subscription(channel=signal.channel, is_active=False)

        assert foreseen(signal).reason == Reason.SUBSCRIPTION_PAUSED

    def test_says_that_there_is_no_price(self, signal: Signal) -> None:
        elsewhere = follow(signal, base_url="http://127.0.0.1:1")
        makers.make_instruments(elsewhere)

        assert (foreseen(signal).outlook, foreseen(signal).reason) == (Outlook.FAILED, Reason.NO_PRICE)

    def test_closes_what_a_sale_on_spot_finds(self, rehearsal: ExecutionConnection) -> None:
        sale = makers.make_signal(status=SignalStatus.DRAFT, direction="SELL", sl=None, targets=[])
        makers.make_subscription(channel=sale.channel, connection=rehearsal)
        makers.make_trade(connection=rehearsal)

        found = foreseen(sale)

        assert (found.outlook, found.numbers["quantity"]) == (Outlook.CLOSE, "0.1")

    def test_decides_as_the_rows_do_once_they_are_there(self, signal: Signal) -> None:
        for free in ("10000", "700", "60"):
            follow(signal, free={"USDT": free})
        before = preview(signal=signal, clock=now)

        signals.publish(signal=signal, actor=None, now=now())
        taken = take(signal_id=signal.pk, now=now())

        decided = {each.case.account.connection_id: each.case for each in context.load(taken.pending, clock=now)}
        after = [decide(decided[each.connection_id], now=now()) for each in before]
        assert [each.numbers for each in before] == [each.numbers for each in after]

    def test_leaves_nothing_behind(self, signal: Signal, rehearsal: ExecutionConnection) -> None:
        makers.make_subscription(channel=signal.channel, connection=rehearsal)
        count = Event.objects.count()

        preview(signal=signal, clock=now)

        assert not ExecutionLog.objects.exists()
        assert not Order.objects.exists()
        assert Event.objects.count() == count

    def test_costs_the_same_for_many(self, signal: Signal) -> None:
        follow(signal)
        preview(signal=signal, clock=now)
        with CaptureQueriesContext(
            database,
        ) as for_one:
            preview(signal=signal, clock=now)
        for _ in range(4):
            follow(signal)

        with CaptureQueriesContext(database) as for_five:
            preview(signal=signal, clock=now)

        assert len(for_five) == len(for_one) == 5

    @pytest.mark.parametrize("status", [SignalStatus.PUBLISHED, SignalStatus.WITHDRAWN, SignalStatus.EXPIRED])
    def test_has_nothing_to_say_of_what_is_over(self, status: SignalStatus) -> None:
        with pytest.raises(NothingToPreview, match=status):
            preview(signal=makers.make_signal(status=status), clock=now)

    def test_knows_that_time_has_passed(self, signal: Signal) -> None:
        follow(signal)
        signal.expires_at = now() - timedelta(seconds=1)
        signal.save()

        assert foreseen(signal).reason == Reason.SIGNAL_EXPIRED
