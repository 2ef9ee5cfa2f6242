"""Two connections, one key."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import IdempotencyRecord, User
from accounts.scopes import Scope
from core.clock import now
from tests.accounts.api import pause
from tests.people import make_token

pytestmark = pytest.mark.django_db(transaction=True)

Post = Callable[[], int]


@pytest.fixture
def post(alice: User) -> Post:
    _, text = make_token(alice, scopes=[Scope.TRADE])

    def send() -> int:
        program = APIClient(raise_request_exception=False)
        program.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        try:
            headers = {"idempotency-key": "k"}
            return program.post("/api/v1/notes/", {"name": "a"}, headers=headers).status_code
        finally:
            connection.close()

    return send


@pytest.fixture
def working() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Events: the handler has written its row; it may go on."""
    has_written, may_go_on = threading.Event(), threading.Event()

    def wait() -> None:
        has_written.set()
        assert may_go_on.wait(20)

    pause.wait = wait
    yield has_written, may_go_on
    pause.wait = lambda: None


class TestTwoRequestsAtOnce:
    def test_are_done_once(self, post: Post) -> None:
        with ThreadPoolExecutor(8) as pool:
            statuses = Counter(future.result() for future in [pool.submit(post) for _ in range(8)])

        assert Group.objects.count() == 1
        assert set(statuses) <= {201, 409}
        assert statuses[201] >= 1

    def test_make_the_second_wait_while_the_first_works(
        self, post: Post, working: tuple[threading.Event, threading.Event]
    ) -> None:
        has_written, may_go_on = working
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(post)
            assert has_written.wait(20)

            second = post()

            may_go_on.set()
            assert (first.result(), second) == (201, 409)
        assert Group.objects.count() == 1


class TestASlowWorker:
    def test_is_undone_when_another_has_taken_the_key_over(
        self, post: Post, working: tuple[threading.Event, threading.Event]
    ) -> None:
        has_written, may_go_on = working
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(post)
            assert has_written.wait(20)
            pause.wait = lambda: None
            IdempotencyRecord.objects.update(leased_until=now() - timedelta(seconds=1))

            quick = post()

            may_go_on.set()
            assert (quick, slow.result()) == (201, 409)
        assert Group.objects.count() == 1
