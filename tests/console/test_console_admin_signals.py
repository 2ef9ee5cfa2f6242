"""Signals in the admin: approve, publish after reading how many accounts would trade, withdraw."""

import pytest

from accounts.models import User
from connections.models import ExecutionConnection
from events.models import Event
from signals.models import Signal
from signals.rules import SignalStatus
from tests import makers
from tests.people import browser_of
from tests.staff import act_on, confirm, list_of, page_of, text

SIGNAL = "signals/signal"


@pytest.fixture
def approved(rehearsal: ExecutionConnection, bob: User) -> Signal:
    """Bob's signal, ready to be published to Alice's account and to one that is paused."""
    channel = makers.make_channel(owner=bob)
    makers.make_subscription(channel=channel, connection=rehearsal)
    makers.make_subscription(channel=channel, connection=makers.make_connection(is_active=False))
    makers.make_quote(rehearsal)
    return makers.make_signal(channel=channel, status=SignalStatus.APPROVED)


class TestPublish:
    def test_says_how_many_accounts_first(self, approved: Signal, bob: User) -> None:
        page = text(browser_of(bob), act_on(SIGNAL, approved, "publish"))

        approved.refresh_from_db()
        assert "Publish BUY BTC/USDT to 2 accounts?" in page
        assert "1 of 2 would trade now" in page
        assert "Connection paused" in page
        assert approved.status == SignalStatus.APPROVED

    def test_names_no_subscriber(self, approved: Signal, bob: User) -> None:
        page = text(browser_of(bob), act_on(SIGNAL, approved, "publish"))

        assert "alice@example.org" not in page
        assert "10000" not in page

    def test_publishes_in_the_publisher_s_name(self, approved: Signal, bob: User) -> None:
        confirm(browser_of(bob), act_on(SIGNAL, approved, "publish"))

        approved.refresh_from_db()
        assert approved.status == SignalStatus.PUBLISHED
        assert Event.objects.get(kind="signal.published").actor == bob

    def test_is_done_once(self, approved: Signal, bob: User) -> None:
        browser, address = browser_of(bob), act_on(SIGNAL, approved, "publish")
        confirm(browser, address)
        confirm(browser, address)

        assert Event.objects.filter(kind="signal.published").count() == 1
        assert "Only an approved signal is published" in browser.get(address, follow=True).content.decode()


class TestApproveAndWithdraw:
    def test_a_draft_is_approved(self, bob: User) -> None:
        draft = makers.make_signal(channel=makers.make_channel(owner=bob), status=SignalStatus.DRAFT)

        confirm(browser_of(bob), act_on(SIGNAL, draft, "approve"))

        draft.refresh_from_db()
        assert draft.status == SignalStatus.APPROVED
        assert Event.objects.get(kind="signal.approved").actor == bob

    def test_a_draft_is_not_published(self, bob: User) -> None:
        draft = makers.make_signal(channel=makers.make_channel(owner=bob), status=SignalStatus.DRAFT)

        confirm(browser_of(bob), act_on(SIGNAL, draft, "publish"))

        draft.refresh_from_db()
        assert draft.status == SignalStatus.DRAFT

    def test_a_published_signal_is_withdrawn(self, ada: User) -> None:
        signal = makers.make_signal()

        confirm(browser_of(ada), act_on(SIGNAL, signal, "withdraw"))

        signal.refresh_from_db()
        assert signal.status == SignalStatus.WITHDRAWN
        assert Event.objects.get(kind="signal.withdrawn").actor == ada


class TestWhoGetsIn:
    @pytest.mark.parametrize("act", ["approve", "publish", "withdraw", "change"])
    def test_other_providers_find_nothing(self, approved: Signal, act: str) -> None:
        browser = browser_of(makers.make_channel().owner)  # type: ignore[arg-type]

        assert browser.get(act_on(SIGNAL, approved, act)).status_code == 404
        assert browser.post(act_on(SIGNAL, approved, act)).status_code in (403, 404)
        assert str(approved.pk) not in text(browser, list_of(SIGNAL))

    @pytest.mark.parametrize("person", ["alice", "charlie"])
    def test_others_cannot_enter(self, approved: Signal, person: str, request: pytest.FixtureRequest) -> None:
        browser = browser_of(request.getfixturevalue(person))

        assert browser.post(act_on(SIGNAL, approved, "publish"), follow=True).status_code == 403
        approved.refresh_from_db()
        assert approved.status == SignalStatus.APPROVED

    def test_the_page_tells_the_outcomes(self, ada: User) -> None:
        signal = makers.make_execution().signal

        assert "Executed" in text(browser_of(ada), page_of(SIGNAL, signal))
