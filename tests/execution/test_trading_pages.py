"""The pages on which somebody acts on trades: following, closing, retrying, settling and comparing. Each act happens once."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from connections.models import ExecutionConnection
from events.catalogue import Kind
from events.models import Event
from execution.models import Break, ExecutionLog, Subscription
from execution.outcomes import LogStatus, Reason
from execution.services import subscriptions
from positions.models import ExecutionPosition
from signals.models import Channel
from tests import makers
from tests.people import NOON, browser_of
from tests.rest import NOBODY, Sent

MARKUP = "<script>harm()</script>"


@pytest.fixture
def channel(bob: User) -> Channel:
    return makers.make_channel(owner=bob, name="Swing", slug="swing")


def at(page: str, row: Any) -> str:
    return reverse(f"execution:{page}", args=[row.slug if isinstance(row, Channel) else row.pk])


def text(answer: Any) -> str:
    return str(answer.content.decode())


def count(kind: Kind) -> int:
    return Event.objects.filter(kind=kind).count()


class TestFollowing:
    def test_is_looked_at_before_it_is_confirmed(
        self, rehearsal: ExecutionConnection, alice: User, channel: Channel
    ) -> None:
        browser, entered = browser_of(alice), {"connection": str(rehearsal.pk), "leverage": "2"}

        looked_at = browser.post(at("subscribe", channel), entered)
        assert looked_at.context["is_reviewed"]
        assert not Subscription.objects.exists()

        browser.post(at("subscribe", channel), entered | {"confirm": "1"})
        made = Subscription.objects.get()
        assert (made.channel, made.connection, made.overrides) == (channel, rehearsal, {"leverage": "2"})

    def test_twice_follows_once(self, rehearsal: ExecutionConnection, alice: User, channel: Channel) -> None:
        browser, entered = browser_of(alice), {"connection": str(rehearsal.pk), "confirm": "1"}

        answers = [browser.post(at("subscribe", channel), entered) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [302, 422]
        assert "follows Swing already" in text(answers[1])
        assert count(Kind.SUBSCRIPTION_CREATED) == 1

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_with_the_account_of_another_finds_nothing(
        self, rehearsal: ExecutionConnection, charlie: User, ada: User, channel: Channel, method: str
    ) -> None:
        entered = {"connection": str(rehearsal.pk), "confirm": "1"}

        found = {
            getattr(browser_of(person), method)(at("subscribe", channel), entered).status_code
            for person in (charlie, ada)
        }

        assert found == {404}
        assert not Subscription.objects.exists()

    @pytest.mark.parametrize("connection", ["x", NOBODY, "\x00", "9" * 5000])
    def test_with_no_account_finds_nothing(self, alice: User, channel: Channel, connection: str) -> None:
        answer = browser_of(alice).post(at("subscribe", channel), {"connection": connection, "confirm": "1"})

        assert answer.status_code == 404

    def test_of_a_closed_channel_is_refused(
        self, rehearsal: ExecutionConnection, alice: User, bob: User, channel: Channel
    ) -> None:
        his = makers.make_connection(owner=bob)
        Channel.objects.update(is_active=False)

        assert browser_of(alice).get(at("channel", channel)).status_code == 404
        answer = browser_of(bob).post(at("subscribe", channel), {"connection": str(his.pk), "confirm": "1"})

        assert answer.status_code == 422
        assert not Subscription.objects.exists()

    def test_refuses_values_that_do_not_fit(
        self, rehearsal: ExecutionConnection, alice: User, channel: Channel
    ) -> None:
        entered = {"connection": str(rehearsal.pk), "confirm": "1", "leverage": MARKUP}

        answer = browser_of(alice).post(at("subscribe", channel), entered)

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["leverage"]
        assert MARKUP not in text(answer)


class TestSubscription:
    def test_is_changed_paused_and_resumed(
        self, rehearsal: ExecutionConnection, alice: User, bob: User, channel: Channel
    ) -> None:
        mine = makers.make_subscription(channel=channel, connection=rehearsal)
        browser = browser_of(alice)

        browser.post(at("subscription", mine), {"leverage": "3", "connection": NOBODY, "channel": NOBODY})
        browser.post(at("subscription", mine), {"switch": "off"})

        mine.refresh_from_db()
        assert (mine.overrides, mine.is_active, mine.channel, mine.connection) == (
            {"leverage": "3"}, False, channel, rehearsal,
        )  # fmt: skip

    def test_ends_once(self, rehearsal: ExecutionConnection, alice: User, channel: Channel) -> None:
        mine = makers.make_subscription(channel=channel, connection=rehearsal)
        browser = browser_of(alice)
        assert browser.get(at("end_subscription", mine)).status_code == 200

        answers = [browser.post(at("end_subscription", mine)).status_code for _ in range(2)]

        assert answers == [302, 404]
        assert count(Kind.SUBSCRIPTION_ENDED) == 1

    def test_ended_in_the_same_moment_is_noted_once(
        self, rehearsal: ExecutionConnection, alice: User, channel: Channel
    ) -> None:
        makers.make_subscription(channel=channel, connection=rehearsal)
        seen_by_both = [Subscription.objects.get(), Subscription.objects.get()]

        for subscription in seen_by_both:
            subscriptions.unsubscribe(subscription=subscription, actor=alice, now=NOON)

        assert count(Kind.SUBSCRIPTION_ENDED) == 1


@pytest.mark.django_db(transaction=True)
class TestClosing:
    def test_asks_first_and_then_sends_a_job(
        self, rehearsal: ExecutionConnection, alice: User, sent: Sent
    ) -> None:
        position = makers.make_trade(connection=rehearsal).position
        browser = browser_of(alice)
        assert browser.get(at("close", position)).status_code == 200
        assert sent() == []

        browser.post(at("close", position), {"quantity": "9", "reason": "SL"})

        position.refresh_from_db()
        assert position.closing_reason == "MANUAL"
        assert {"position_ids": [str(position.pk)]} in [arguments for _, arguments in sent()]

    def test_of_what_is_closed_does_nothing(self, rehearsal: ExecutionConnection, alice: User, sent: Sent) -> None:
        log = makers.make_execution(connection=rehearsal)
        closed = makers.make_position(execution=log, closed_at_price="51000")

        answer = browser_of(alice).post(at("close", closed), follow=True)

        assert "was closed before." in text(answer)
        assert sent() == []
        assert ExecutionPosition.objects.get().closing_reason == "TP"

    def test_by_a_stranger_or_a_provider_does_nothing(
        self, rehearsal: ExecutionConnection, charlie: User, bob: User, sent: Sent
    ) -> None:
        position = makers.make_trade(connection=rehearsal).position

        assert {browser_of(person).post(at("close", position)).status_code for person in (charlie, bob)} == {404}
        assert sent() == []


@pytest.mark.django_db(transaction=True)
class TestRetrying:
    def test_happens_once(self, rehearsal: ExecutionConnection, alice: User, sent: Sent) -> None:
        failed = makers.make_execution(
            connection=rehearsal, status=LogStatus.FAILED, reason=Reason.VENUE_UNREACHABLE
        )
        browser = browser_of(alice)

        browser.post(at("retry", failed))
        again = browser.post(at("retry", failed), follow=True)

        assert "Only what failed before it reached the venue can be retried" in text(again)
        assert len(sent()) == 1
        assert count(Kind.EXECUTION_RETRIED) == 1

    @pytest.mark.parametrize(
        "status", [LogStatus.EXECUTED, LogStatus.DENIED, LogStatus.REJECTED, LogStatus.SKIPPED]
    )
    def test_of_what_has_ended_is_refused(
        self, rehearsal: ExecutionConnection, alice: User, sent: Sent, status: LogStatus
    ) -> None:
        ended = makers.make_execution(connection=rehearsal, status=status)

        browser_of(alice).post(at("retry", ended))

        assert ExecutionLog.objects.get().status == status
        assert sent() == []


class TestBreaks:
    def test_are_settled_once_and_need_words(self, rehearsal: ExecutionConnection, alice: User) -> None:
        found, browser = makers.make_break(connection=rehearsal), browser_of(alice)

        assert [
            browser.post(at("settle", found), {"resolution": words}).status_code for words in ("", "x" * 301)
        ] == [422, 422]
        assert Break.objects.get().status == Break.Status.OPEN
        browser.post(at("settle", found), {"resolution": MARKUP})
        again = browser.post(at("settle", found), {"resolution": "another"}, follow=True)

        found.refresh_from_db()
        assert (found.status, found.resolution, found.resolved_by) == (Break.Status.RESOLVED, MARKUP, alice)
        assert "was settled before" in text(again)
        assert MARKUP not in text(again)
        assert count(Kind.RECONCILIATION_RESOLVED) == 1

    def test_are_compared_again_on_that_account_only(
        self, rehearsal: ExecutionConnection, alice: User, sent: Sent
    ) -> None:
        found = makers.make_break(connection=rehearsal)

        browser_of(alice).post(at("compare", found), {"connection_ids": NOBODY})

        assert sent() == [("ReconcileJob", {"connection_ids": [str(rehearsal.pk)]})]


class TestLists:
    @pytest.mark.parametrize("page", ["positions", "executions", "orders"])
    def test_filtered_by_anothers_account_are_empty(
        self, rehearsal: ExecutionConnection, charlie: User, alice: User, page: str
    ) -> None:
        makers.make_trade(connection=rehearsal)
        address, asked = reverse(f"execution:{page}"), {"connection": str(rehearsal.pk)}

        assert len(browser_of(alice).get(address, asked).context["rows"]) == 1
        answer = browser_of(charlie).get(address, asked)
        assert answer.context["rows"] == []
        assert "Rehearsal" not in text(answer)
