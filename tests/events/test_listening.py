"""Handing events on to the job that tells people."""

from datetime import timedelta
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from accounts.models import User
from events import listening, services, tasks
from events.models import Delivery, DeliveryStatus
from events.notifying import SINK
from tests.events.telling import make_event
from tests.people import NOON
from tests.rest import Sent


@pytest.fixture(autouse=True)
def _listens_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_silent_until", 0.0)


class TestTell:
    def test_sends_one_job_for_all_that_was_committed_together(
        self, alice: User, sent: Sent, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            event_id = make_event(owner=alice)

        assert ("NotifyJob", {"event_ids": [event_id]}) in sent()

    def test_leaves_a_broken_broker_alone_for_a_while(
        self, alice: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
    ) -> None:
        asked: list[object] = []

        def refuse(**fields: object) -> None:
            asked.append(fields)
            raise OperationalError("Connection refused.")

        monkeypatch.setattr(tasks.run_notify_job, "apply_async", refuse)
        with django_capture_on_commit_callbacks(execute=True):
            make_event(owner=alice)
            make_event(owner=alice)

        assert len(asked) == 1
        assert Delivery.objects.filter(sink=SINK, status=DeliveryStatus.PENDING).count() == 2

    def test_is_asked_again_by_the_sweeper(
        self, alice: User, sent: Sent, django_capture_on_commit_callbacks: Any
    ) -> None:
        event_id = make_event(owner=alice)

        with django_capture_on_commit_callbacks(execute=True):
            services.redispatch(now=NOON + timedelta(minutes=1))

        assert ("NotifyJob", {"event_ids": [event_id]}) in sent()
