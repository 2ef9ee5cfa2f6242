"""Executions, orders, positions, breaks and subscriptions in the admin: every act, and who sees what of whom."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from connections.models import ExecutionConnection
from events.models import Event
from execution.machine import OrderState
from execution.models import ExecutionLog, Subscription
from execution.outcomes import LogStatus, Reason
from positions.models import ExecutionPosition
from tests import makers
from tests.people import browser_of
from tests.rest import Sent
from tests.staff import act_on, confirm, list_of, page_of, statements, text

EXECUTION, ORDER, FILL = "execution/executionlog", "execution/order", "execution/fill"
POSITION, BREAK, SUBSCRIPTION = "positions/executionposition", "execution/break", "execution/subscription"


@pytest.fixture
def failed(rehearsal: ExecutionConnection, bob: User) -> ExecutionLog:
    """An execution of Bob's signal on Alice's account that never reached the venue."""
    signal = makers.make_signal(channel=makers.make_channel(owner=bob))
    return makers.make_execution(
        connection=rehearsal,
        signal=signal,
        status=LogStatus.FAILED,
        reason=Reason.NO_BALANCE,
        numbers={"error": "the balance of 4711 USDT could not be read"},
    )


@pytest.fixture
def held(rehearsal: ExecutionConnection) -> ExecutionPosition:
    """What Alice holds."""
    return makers.make_position(execution=makers.make_execution(connection=rehearsal))


class TestExecutions:
    def test_say_why_in_words(self, failed: ExecutionLog, ada: User) -> None:
        browser = browser_of(ada)

        for page in (text(browser, list_of(EXECUTION)), text(browser, page_of(EXECUTION, failed))):
            assert "The balance could not be read: the balance of 4711 USDT" in page

    def test_are_found_by_id_and_account(self, failed: ExecutionLog, ada: User) -> None:
        other = makers.make_execution(connection=makers.make_connection(name="Elsewhere"))
        browser = browser_of(ada)

        for term in (str(failed.pk), str(failed.signal_id), "rehears"):
            page = text(browser, list_of(EXECUTION), q=term)
            assert str(failed.pk) in page
            assert str(other.pk) not in page

    def test_are_filtered_by_outcome_reason_and_time(self, failed: ExecutionLog, ada: User) -> None:
        browser = browser_of(ada)
        day = {"created_at_from_0": "2020-01-01", "created_at_from_1": "00:00:00"}

        assert str(failed.pk) in text(
            browser, list_of(EXECUTION), status__exact="FAILED", reason="NO_BALANCE", **day
        )
        assert str(failed.pk) not in text(browser, list_of(EXECUTION), reason="INTERNAL_ERROR")
        assert str(failed.pk) not in text(browser, list_of(EXECUTION), created_at_to_0="2020-01-01")

    def test_are_retried_as_the_same_row(
        self,
        failed: ExecutionLog,
        ada: User,
        sent: Sent,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        browser, address = browser_of(ada), act_on(EXECUTION, failed, "retry")
        assert "keeps its id" in text(browser, address)

        with django_capture_on_commit_callbacks(execute=True):
            confirm(browser, address)

        failed.refresh_from_db()
        assert (failed.status, ExecutionLog.objects.count()) == (LogStatus.PENDING, 1)
        assert sent() == [("ExecuteSignalJob", {"log_ids": [str(failed.pk)]})]
        assert Event.objects.get(kind="execution.retried").actor == ada

    def test_are_not_retried_while_the_venue_may_have_them(
        self, failed: ExecutionLog, ada: User, sent: Sent
    ) -> None:
        makers.make_order(log=failed, in_doubt=True)

        page = confirm(browser_of(ada), act_on(EXECUTION, failed, "retry"))

        failed.refresh_from_db()
        assert "not proven to be absent" in page
        assert (failed.status, sent()) == (LogStatus.FAILED, [])
        assert not Event.objects.filter(kind="execution.retried").exists()


class TestWhatBobSees:
    """Of subscribers outcome and reason; of the house everything."""

    def test_is_the_outcome_without_the_account(self, failed: ExecutionLog, bob: User) -> None:
        browser = browser_of(bob)

        for page in (text(browser, list_of(EXECUTION)), text(browser, page_of(EXECUTION, failed))):
            assert "A subscriber" in page
            assert "No balance" in page
            for hidden in ("Rehearsal<", "alice@example.org", "4711", str(failed.connection_id)):
                assert hidden not in page

    def test_is_not_found_by_what_is_hidden(self, failed: ExecutionLog, bob: User) -> None:
        browser = browser_of(bob)

        for term in ("Rehearsal", "alice", str(failed.connection_id)):
            assert str(failed.pk) not in text(browser, list_of(EXECUTION), q=term)
        linked = {"connection__id__exact": str(failed.connection_id)}
        assert browser.get(list_of(EXECUTION), linked).status_code == 404

    def test_is_everything_of_the_house(self, bob: User) -> None:
        trade = makers.make_trade(connection=makers.make_connection(owner=None, name="House one"))
        browser = browser_of(bob)

        assert "House one" in text(browser, list_of(EXECUTION))
        assert trade.order.client_order_id in text(browser, page_of(ORDER, trade.order))

    def test_is_nothing_of_others_trades(self, rehearsal: ExecutionConnection, bob: User) -> None:
        trade = makers.make_trade(connection=rehearsal)
        browser = browser_of(bob)

        rows = {EXECUTION: trade.execution, ORDER: trade.order, FILL: trade.fill, POSITION: trade.position}
        for model, row in rows.items():
            assert f"/{row.pk}/change/" not in text(browser, list_of(model))
            assert browser.get(page_of(model, row)).status_code == 404

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_is_nothing_to_act_on(
        self, failed: ExecutionLog, held: ExecutionPosition, bob: User, method: str
    ) -> None:
        found = makers.make_break(connection=held.connection)
        followed = makers.make_subscription(connection=held.connection)
        ask = getattr(browser_of(bob), method)

        acts = [(EXECUTION, failed, "retry"), (POSITION, held, "close"), (BREAK, found, "settle"),
                (BREAK, found, "compare"), (SUBSCRIPTION, followed, "pause"), (SUBSCRIPTION, followed, "end")]  # fmt: skip
        answers = [ask(act_on(*act)).status_code for act in acts]

        assert answers == [404] * len(acts)
        held.refresh_from_db()
        assert held.close_requested_at is None


class TestPositions:
    def test_are_closed_after_a_question_that_says_what_it_does(
        self,
        held: ExecutionPosition,
        ada: User,
        sent: Sent,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        browser, address = browser_of(ada), act_on(POSITION, held, "close")
        question = text(browser, address)
        assert "0.1 BTC" in question
        assert "rehearsal" in question

        with django_capture_on_commit_callbacks(execute=True):
            confirm(browser, address)

        held.refresh_from_db()
        assert held.closing_reason == "MANUAL"
        assert ("AdvancePositionsJob", {"position_ids": [str(held.pk)]}) in sent()
        assert Event.objects.get(kind="position.closing").actor == ada

    def test_that_are_closed_stay_so(self, rehearsal: ExecutionConnection, ada: User, sent: Sent) -> None:
        closed = makers.make_position(
            execution=makers.make_execution(connection=rehearsal), closed_at_price="51000"
        )

        assert "was closed before" in confirm(browser_of(ada), act_on(POSITION, closed, "close"))
        assert sent() == []

    @pytest.mark.parametrize(("show", "is_shown"), [("open", True), ("naked", False), ("closed", False)])
    def test_are_filtered_by_what_waits(
        self, held: ExecutionPosition, ada: User, show: str, is_shown: bool
    ) -> None:
        assert (f"/{held.pk}/change/" in text(browser_of(ada), list_of(POSITION), show=show)) == is_shown

    def test_show_their_ledger(self, held: ExecutionPosition, ada: User) -> None:
        page = text(browser_of(ada), page_of(POSITION, held))

        assert held.entries.get().trade_id in page
        assert "UTC" in page


class TestOrders:
    def test_in_doubt_are_found(self, rehearsal: ExecutionConnection, ada: User) -> None:
        doubt = makers.make_order(log=makers.make_execution(connection=rehearsal), in_doubt=True)
        done = makers.make_order(log=makers.make_execution(connection=rehearsal), state=OrderState.FILLED)
        browser = browser_of(ada)

        for asked in ({"show": "doubt"}, {"q": doubt.client_order_id}, {"q": doubt.venue_order_id}):
            page = text(browser, list_of(ORDER), **asked)
            assert doubt.client_order_id in page
            assert done.client_order_id not in page

    def test_show_the_evidence(self, rehearsal: ExecutionConnection, ada: User) -> None:
        evidence = [{"at": "2026-11-21T12:00:00+00:00", "source": "open orders", "found": "not among them"}]
        order = makers.make_order(
            log=makers.make_execution(connection=rehearsal), in_doubt=True, evidence=evidence
        )

        assert "open orders: not among them" in text(browser_of(ada), page_of(ORDER, order))

    def test_are_history(self, rehearsal: ExecutionConnection, ada: User) -> None:
        trade = makers.make_trade(connection=rehearsal)
        browser = browser_of(ada)

        for model, row in {ORDER: trade.order, FILL: trade.fill, EXECUTION: trade.execution}.items():
            assert browser.post(page_of(model, row), {"quantity": "9"}).status_code == 403
            assert browser.post(act_on(model, row, "delete"), {"post": "yes"}).status_code == 403
        trade.order.refresh_from_db()
        assert trade.order.quantity != 9

    def test_cost_the_same_with_many_fills(self, rehearsal: ExecutionConnection, ada: User) -> None:
        order = makers.make_trade(connection=rehearsal).order
        browser = browser_of(ada)
        before = len(statements(browser, page_of(ORDER, order)))
        for _ in range(5):
            makers.make_fill(order=order)

        assert len(statements(browser, page_of(ORDER, order))) == before


class TestBreaks:
    def test_are_settled_with_words(self, rehearsal: ExecutionConnection, ada: User) -> None:
        found = makers.make_break(connection=rehearsal)
        browser, address = browser_of(ada), act_on(BREAK, found, "settle")

        assert browser.post(address, {"resolution": ""}).status_code == 422
        confirm(browser, address, resolution="The owner sold 0.06 at the exchange.")

        found.refresh_from_db()
        assert (found.status, found.resolved_by) == ("RESOLVED", ada)
        assert Event.objects.get(kind="reconciliation.resolved").actor == ada

    def test_are_settled_once(self, rehearsal: ExecutionConnection, ada: User) -> None:
        found = makers.make_break(connection=rehearsal, status="RESOLVED")

        assert "was settled before" in confirm(browser_of(ada), act_on(BREAK, found, "settle"), resolution="Again")

    def test_are_compared_again(self, rehearsal: ExecutionConnection, ada: User, sent: Sent) -> None:
        found = makers.make_break(connection=rehearsal)

        confirm(browser_of(ada), act_on(BREAK, found, "compare"))

        assert sent() == [("ReconcileJob", {"connection_ids": [str(rehearsal.pk)]})]


class TestSubscriptions:
    def test_are_made_for_the_house(self, ada: User) -> None:
        house, channel = makers.make_connection(owner=None), makers.make_channel()
        entered = {"channel": str(channel.pk), "connection": str(house.pk)}
        browser, address = browser_of(ada), f"{list_of(SUBSCRIPTION)}follow/"

        confirm(browser, address, **entered)
        again = browser.post(address, entered)

        assert Subscription.objects.get().connection == house
        assert "already" in again.content.decode()
        assert Event.objects.get(kind="subscription.created").actor == ada

    def test_are_not_made_for_others_accounts(self, rehearsal: ExecutionConnection, bob: User) -> None:
        entered = {"channel": str(makers.make_channel().pk), "connection": str(rehearsal.pk)}

        assert browser_of(bob).post(f"{list_of(SUBSCRIPTION)}follow/", entered).status_code == 422
        assert not Subscription.objects.exists()

    def test_are_paused_resumed_changed_and_ended(self, rehearsal: ExecutionConnection, ada: User) -> None:
        followed, browser = makers.make_subscription(connection=rehearsal), browser_of(ada)

        confirm(browser, act_on(SUBSCRIPTION, followed, "pause"))
        assert not Subscription.objects.get().is_active
        confirm(browser, act_on(SUBSCRIPTION, followed, "resume"))
        assert Subscription.objects.get().is_active
        confirm(browser, act_on(SUBSCRIPTION, followed, "settings"), max_open_positions="2")
        assert Subscription.objects.get().overrides == {"max_open_positions": 2}
        confirm(browser, act_on(SUBSCRIPTION, followed, "end"))
        assert not Subscription.objects.exists()
        assert Event.objects.filter(kind__startswith="subscription.", actor=ada).count() == 4
