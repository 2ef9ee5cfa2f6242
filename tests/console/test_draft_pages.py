"""Drafting, approving, publishing and withdrawing on the publish desk."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from events.catalogue import Kind
from events.models import Event
from execution.outcomes import LogStatus, Reason
from signals.models import Channel, Signal
from signals.rules import SignalStatus
from tests import makers
from tests.people import browser_of, make_user
from tests.rest import NOBODY

NEW = "/desk/new/"
ENDLESS = "9" * 5000


@pytest.fixture
def channel(bob: User) -> Channel:
    makers.make_instruments(makers.make_connection(owner=bob), makers.instrument())
    return makers.make_channel(owner=bob)


def entered(channel: Channel, /, **changes: str) -> Mapping[str, str]:
    """A form filled in for a signal with one target."""
    form = {
        "channel": str(channel.pk), "currency_pair": "BTC/USDT", "direction": "BUY", "order_type": "MARKET",
        "open_price": "50000", "sl": "49000", "time_in_force": "GTC", "targets-TOTAL_FORMS": "1",
        "targets-INITIAL_FORMS": "0", "targets-0-price": "52000", "targets-0-share": "100",
    }  # fmt: skip
    return form | {name.replace("targets_", "targets-"): value for name, value in changes.items()}


def at(signal: Signal, page: str = "desk_signal") -> str:
    return reverse(f"console:{page}", args=[signal.pk])


def text(answer: Any) -> str:
    return str(answer.content.decode())


def kinds() -> list[str]:
    """What happened to signals."""
    return list(Event.objects.filter(kind__startswith="signal.").order_by("pk").values_list("kind", flat=True))


class TestDrafting:
    def test_keeps_a_draft(self, channel: Channel, bob: User) -> None:
        answer = browser_of(bob).post(NEW, entered(channel))

        made = Signal.objects.get()
        assert answer.headers["Location"] == at(made)
        assert (made.status, made.author, made.channel, made.source) == ("DRAFT", bob, channel, "page")

    def test_twice_makes_one_and_leads_to_the_first(self, channel: Channel, bob: User) -> None:
        browser = browser_of(bob)
        first = browser.post(NEW, entered(channel)).headers["Location"]

        again = browser.post(NEW, entered(channel))

        assert again.status_code == 422
        assert f'<a href="{first}">See the first one</a>' in text(again)
        assert Signal.objects.count() == 1

    def test_is_not_for_the_channel_of_another(self, channel: Channel, bob: User) -> None:
        rival = make_user(role="PROVIDER")
        makers.make_channel(owner=rival)

        answer = browser_of(rival).post(NEW, entered(channel))

        assert answer.status_code == 422
        assert channel.name not in text(answer)
        assert not Signal.objects.exists()

    def test_takes_nothing_that_the_form_does_not_ask(self, channel: Channel, bob: User) -> None:
        more = {
            "status": "PUBLISHED",
            "author": NOBODY,
            "version": "7",
            "published_at": "2026-01-01",
            "source": "api:x",
            "id": NOBODY,
        }

        browser_of(bob).post(NEW, entered(channel, **more))

        made = Signal.objects.get()
        assert (made.status, made.author, made.version, made.published_at, made.source) == (
            "DRAFT",
            bob,
            1,
            None,
            "page",
        )

    @pytest.mark.parametrize(
        ("name", "value"),
        [("sl", "0"), ("sl", "-1"), ("sl", "NaN"), ("sl", "1e999999"), ("sl", "51000"), ("open_price", "²"),
         ("currency_pair", "MOON/USDT"), ("currency_pair", "<script>"), ("currency_pair", "a\x00b"), ("direction", "UP"),
         ("order_type", "TWAP"), ("time_in_force", "X"), ("expires_at", "yesterday"), ("expires_at", "2001-01-01T00:00"),
         ("max_drift_bps", "x"), ("note", "x" * 2001), ("channel", "x"), ("channel", NOBODY)],
    )  # fmt: skip
    def test_says_what_does_not_fit_at_its_field(self, channel: Channel, bob: User, name: str, value: str) -> None:
        answer = browser_of(bob).post(NEW, entered(channel, **{name: value}))

        assert answer.status_code == 422
        assert name in answer.context["form"].errors
        assert not Signal.objects.exists()

    @pytest.mark.parametrize(
        "wrong",
        [{"targets_TOTAL_FORMS": ""}, {"targets_TOTAL_FORMS": ENDLESS}, {"targets_TOTAL_FORMS": "x"},
         {"targets_TOTAL_FORMS": "9999"}, {"targets_0-price": ""}, {"targets_0-price": "NaN"}, {"targets_0-share": "101"},
         {"targets_0-share": "-1"}, {"targets_0-price": "48000"}],
    )  # fmt: skip
    def test_refuses_targets_that_do_not_fit(self, channel: Channel, bob: User, wrong: dict[str, str]) -> None:
        assert browser_of(bob).post(NEW, entered(channel, **wrong)).status_code == 422
        assert not Signal.objects.exists()

    @pytest.mark.parametrize("count", ["0", "1", "", "x", "²", "٣", "-1", ENDLESS])
    @pytest.mark.parametrize(
        "button", [{"add_target": "1"}, {"remove_target": "0"}, {"remove_target": ENDLESS}, {"remove_target": "²"}]
    )
    def test_survives_any_number_of_rows(
        self, channel: Channel, bob: User, button: dict[str, str], count: str
    ) -> None:
        answer = browser_of(bob).post(NEW, entered(channel, targets_TOTAL_FORMS=count, **button))

        assert answer.status_code in (200, 302, 422)

    def test_adds_and_removes_rows_without_losing_what_was_typed(self, channel: Channel, bob: User) -> None:
        browser = browser_of(bob)

        more = text(browser.post(NEW, entered(channel, add_target="1", sl="not yet")))
        less = text(browser.post(NEW, entered(channel, remove_target="0")))

        assert re.findall(r'name="targets-\d-price" value="(\d*)"', more) == ["52000"]
        assert 'name="targets-1-price"' in more
        assert 'value="not yet"' in more
        assert 'name="targets-0-price"' not in less
        assert not Signal.objects.exists()

    def test_copies_signals_of_ones_own_only(self, channel: Channel, bob: User) -> None:
        rival = make_user(role="PROVIDER")
        makers.make_channel(owner=rival)
        signal = makers.make_signal(channel=channel, note="because")

        assert "because" in text(browser_of(bob).get(NEW, {"copy": str(signal.pk)}))
        assert browser_of(rival).get(NEW, {"copy": str(signal.pk)}).status_code == 404

    def test_needs_a_channel(self, bob: User) -> None:
        assert browser_of(bob).get(NEW).headers["Location"] == "/desk/"


class TestPublishing:
    def test_happens_once(self, channel: Channel, bob: User) -> None:
        signal, browser = makers.make_signal(channel=channel, status=SignalStatus.DRAFT), browser_of(bob)

        for page in ("approve", "approve", "publish", "publish"):
            assert browser.post(at(signal, page)).headers["Location"] == at(signal)

        signal.refresh_from_db()
        assert signal.status == SignalStatus.PUBLISHED
        assert kinds() == [Kind.SIGNAL_APPROVED, Kind.SIGNAL_PUBLISHED]

    def test_needs_an_approval(self, channel: Channel, bob: User) -> None:
        signal, browser = makers.make_signal(channel=channel, status=SignalStatus.DRAFT), browser_of(bob)

        assert browser.get(at(signal, "publish")).headers["Location"] == at(signal)
        browser.post(at(signal, "publish"))

        signal.refresh_from_db()
        assert signal.status == SignalStatus.DRAFT
        assert kinds() == []

    @pytest.mark.parametrize("page", ["desk_signal", "preview", "approve", "publish", "withdraw"])
    def test_is_not_for_another_provider(self, channel: Channel, page: str) -> None:
        signal = makers.make_signal(channel=channel, status=SignalStatus.APPROVED)
        browser = browser_of(make_user(role="PROVIDER"))

        assert {browser.get(at(signal, page)).status_code, browser.post(at(signal, page)).status_code} <= {
            404,
            405,
        }
        assert kinds() == []

    def test_is_refused_in_a_channel_that_was_closed(self, channel: Channel, bob: User) -> None:
        signal, browser = makers.make_signal(channel=channel, status=SignalStatus.APPROVED), browser_of(bob)
        Channel.objects.update(is_active=False)

        assert browser.get(at(signal, "publish")).status_code == 200
        answer = browser.post(at(signal, "publish"), follow=True)

        assert "is not active." in text(answer)
        assert kinds() == []


class TestWithdrawing:
    def test_asks_first_and_happens_once(self, channel: Channel, bob: User) -> None:
        signal, browser = makers.make_signal(channel=channel), browser_of(bob)
        assert browser.get(at(signal, "withdraw")).status_code == 200
        assert kinds() == []

        answers = [browser.post(at(signal, "withdraw")).status_code for _ in range(2)]

        assert answers == [302, 302]
        assert kinds() == [Kind.SIGNAL_WITHDRAWN]


class TestOutcomes:
    def test_show_a_provider_of_subscribers_the_outcome_and_the_reason_only(
        self, channel: Channel, bob: User, alice: User, ada: User
    ) -> None:
        signal = makers.make_signal(channel=channel)
        hers = makers.make_connection(owner=alice, name="Alice's savings")
        house = makers.make_connection(owner=None, name="House account")
        numbers = {"error": "the venue's raw words", "needed": "7531.25"}
        denied = {
            "signal": signal,
            "status": LogStatus.DENIED,
            "reason": Reason.INSUFFICIENT_BALANCE,
            "numbers": numbers,
        }
        for connection in (hers, house):
            makers.make_execution(connection=connection, **denied)

        pages = {person.name: text(browser_of(person).get(at(signal))) for person in (bob, ada)}

        private = ["Alice&#x27;s savings", "alice@example.org", str(hers.pk)]
        assert [words for words in private if words in pages["Bob"]] == []
        assert "A subscriber" in pages["Bob"]
        assert "House account" in pages["Bob"]
        assert "Alice&#x27;s savings" in pages["Ada"]

    def test_preview_tells_a_provider_no_more(self, channel: Channel, bob: User, alice: User) -> None:
        signal = makers.make_signal(channel=channel, status=SignalStatus.APPROVED)
        hers = makers.make_connection(owner=alice, name="Alice's savings", free={"USDT": "7531.25"})
        makers.make_instruments(hers, makers.instrument())
        makers.make_quote(hers)
        makers.make_subscription(channel=channel, connection=hers)

        page = text(browser_of(bob).get(at(signal, "preview")))

        assert "A subscriber" in page
        assert [
            words for words in ("savings", "alice@", "7531", str(hers.pk), "BTC/USDT</") if words in page
        ] == []
