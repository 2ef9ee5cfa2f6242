"""Who is told what, and how often."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection

from accounts.models import User
from accounts.roles import Role
from events import notifying, selectors, services
from events.catalogue import Kind
from events.facts import Concern, Ways
from events.models import Delivery, DeliveryStatus, Notification, NotificationChoice
from events.notifying import SINK, choose, mark_read, notify
from tests.events.telling import CLOSED, EXECUTED, events_about, make_event, told
from tests.people import NOON, make_user


def titles(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("pk").values_list("title", flat=True))


def statuses() -> set[str]:
    return set(Delivery.objects.filter(sink=SINK).values_list("status", flat=True))


class TestNotify:
    def test_tells_the_owner_and_nobody_else(self, alice: User, bob: User, charlie: User, ada: User) -> None:
        notify(event_ids=[make_event(owner=alice)], now=NOON)

        assert titles(alice) == ["Failed: buy BTC/USDT on Main"]
        assert not Notification.objects.exclude(user=alice).exists()
        assert statuses() == {DeliveryStatus.DONE}

    def test_tells_administrators_of_what_belongs_to_the_house(self, alice: User, bob: User, ada: User) -> None:
        eve = make_user(role=Role.ADMINISTRATOR)
        make_user(role=Role.ADMINISTRATOR, is_active=False)

        notify(event_ids=[make_event(owner=None)], now=NOON)

        assert set(Notification.objects.values_list("user", flat=True)) == {ada.pk, eve.pk}

    def test_tells_once_although_the_event_comes_again(self, alice: User) -> None:
        event_id = make_event(owner=alice)
        notify(event_ids=[event_id], now=NOON)
        Delivery.objects.update(status=DeliveryStatus.PENDING)

        assert notify(event_ids=[event_id, event_id], now=NOON) == 0
        assert len(titles(alice)) == 1
        assert events_about(alice) == 1

    def test_tells_once_although_a_fact_comes_in_pieces(self, alice: User) -> None:
        pieces = [
            make_event(Kind.POSITION_REDUCED, CLOSED | {"quantity": left}, owner=alice, subject_id="p-1")
            for left in ("0.09", "0.05")
        ]

        assert notify(event_ids=pieces, now=NOON) == 1

    def test_does_nothing_by_halves(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        event_id = make_event(owner=alice)

        def crash(*args: Any, **fields: Any) -> None:
            raise RuntimeError("The process died.")

        with monkeypatch.context() as patched:
            patched.setattr(services, "mark_done", crash)
            assert notify(event_ids=[event_id], now=NOON) == 0
        assert titles(alice) == []
        assert statuses() == {DeliveryStatus.PENDING}

        assert notify(event_ids=[event_id], now=NOON) == 1
        assert statuses() == {DeliveryStatus.DONE}

    def test_lets_one_event_hold_up_no_other(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        bad, good = make_event(owner=alice, subject_id="bad"), make_event(owner=alice)
        known = notifying.notice_of

        def stumble(happening: Any) -> Any:
            if happening.subject_id == "bad":
                raise ValueError("No words for it.")
            return known(happening)

        monkeypatch.setattr(notifying, "notice_of", stumble)

        assert notify(event_ids=[bad, good], now=NOON) == 1
        waiting = Delivery.objects.get(event_id=bad)
        assert waiting.status == DeliveryStatus.PENDING
        assert "No words for it." in waiting.last_error

    def test_leaves_out_the_inactive_and_settles_the_event(self, alice: User) -> None:
        alice.is_active = False
        alice.save()

        assert notify(event_ids=[make_event(owner=alice)], now=NOON) == 0
        assert statuses() == {DeliveryStatus.DONE}

    def test_leaves_out_the_deleted(self, alice: User) -> None:
        event_id = make_event(owner=alice)
        alice.delete()

        assert notify(event_ids=[event_id], now=NOON) == 0
        assert statuses() == {DeliveryStatus.DONE}

    def test_does_not_tell_people_what_they_did(self, ada: User) -> None:
        assert notify(event_ids=[make_event(owner=None, actor=ada)], now=NOON) == 0

    def test_costs_the_same_for_one_and_for_many(self, ada: User, django_assert_max_num_queries: Any) -> None:
        event_ids = [make_event(owner=None) for _ in range(50)]

        with django_assert_max_num_queries(12):
            assert notify(event_ids=event_ids, now=NOON) == 50
        assert events_about(ada) == 1


class TestChoice:
    def test_by_default_sends_trouble_by_mail_and_success_not(self, alice: User) -> None:
        notify(
            event_ids=[make_event(owner=alice), make_event(Kind.EXECUTION_EXECUTED, EXECUTED, owner=alice)],
            now=NOON,
        )

        ways = {row.concern: (row.is_in_app, row.is_by_mail) for row in Notification.objects.all()}
        assert ways == {Concern.FAILED: (True, True), Concern.EXECUTED: (True, False)}

    def test_decides_what_is_told_from_then_on(self, alice: User) -> None:
        choose(user=alice, ways={Concern.FAILED: Ways(in_app=False, by_mail=False)})
        assert notify(event_ids=[make_event(owner=alice)], now=NOON) == 0

        choose(user=alice, ways={Concern.FAILED: Ways(in_app=False, by_mail=True)})
        assert notify(event_ids=[make_event(owner=alice)], now=NOON) == 1
        assert selectors.count_unread(alice) == 0
        assert NotificationChoice.objects.count() == 1

    def test_is_each_persons_own(self, alice: User, charlie: User) -> None:
        choose(user=charlie, ways={Concern.FAILED: Ways(in_app=False, by_mail=False)})

        assert told(alice).is_in_app

    def test_sends_nothing_to_an_address_that_nobody_has_verified(self, alice: User) -> None:
        EmailAddress.objects.filter(user=alice).update(verified=False)

        row = told(alice)
        assert (row.is_in_app, row.is_by_mail) == (True, False)


class TestMarkRead:
    def test_takes_the_named_or_all_of_ones_own(self, alice: User, charlie: User) -> None:
        first, _, hers = told(alice), told(alice), told(charlie)

        assert mark_read(user=alice, now=NOON, notification_ids=[first.pk, hers.pk]) == 1
        assert mark_read(user=alice, now=NOON) == 1
        assert selectors.count_unread(alice) == 0
        assert selectors.count_unread(charlie) == 1


@pytest.mark.django_db(transaction=True)
class TestTwoJobsAtOnce:
    def test_tell_once(self, alice: User) -> None:
        event_ids = [make_event(owner=alice) for _ in range(20)]
        together = threading.Barrier(4)

        def work() -> int:
            try:
                together.wait(20)
                return notify(event_ids=event_ids, now=NOON)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            made = sum(future.result() for future in [pool.submit(work) for _ in range(4)])

        assert made == Notification.objects.count() == 20

    def test_tell_once_of_a_fact_in_two_events(self, alice: User) -> None:
        pieces = [make_event(Kind.POSITION_CLOSED, CLOSED, owner=alice, subject_id="p-1") for _ in range(4)]
        together = threading.Barrier(4)

        def work(event_id: int) -> int:
            try:
                together.wait(20)
                return notify(event_ids=[event_id], now=NOON)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(work, pieces)) == 1
        assert statuses() == {DeliveryStatus.DONE}
