"""The live stream: who hears what, what a page that was away is told, and what an open page costs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import AsyncClient
from redis.asyncio.client import PubSub

from accounts import services as accounts
from accounts.models import User
from accounts.roles import Role
from console.live import hub, log
from console.live.sink import channel
from core.clock import now
from events.catalogue import Kind
from events.models import Event
from tests.console.listening import LIVE, happen, happens, listening, told
from tests.people import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def _leave_no_connection() -> AsyncIterator[None]:
    yield
    await sync_to_async(lambda: connection.close())()  # the connection of that thread


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sessions be checked all the time instead of every minute."""
    monkeypatch.setattr(hub, "CHECK_EVERY_S", 0.05)


class TestConnecting:
    async def test_is_for_people_who_are_logged_in(self) -> None:
        answer = await AsyncClient().get(LIVE)

        assert (answer.status_code, answer.content) == (401, b"Log in first.")

    @pytest.mark.parametrize("method", ["post", "put", "delete", "head"])
    async def test_is_a_get(self, alice: User, method: str) -> None:
        browser = AsyncClient()
        await browser.aforce_login(alice)

        assert (await getattr(browser, method)(LIVE)).status_code == 405

    async def test_begins_with_where_the_log_is_and_is_kept_by_no_cache(self, alice: User) -> None:
        async with listening(alice) as page:
            assert page.headers["Content-Type"].startswith("text/event-stream")
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["X-Accel-Buffering"] == "no"
            newest = await Event.objects.order_by("-pk").values_list("pk", flat=True).afirst()
            assert await page.hear() == f"retry: 2000\nid: {newest}\n\n"


class TestHearing:
    async def test_tells_of_ones_own_from_the_first_moment_on_and_of_nobody_elses(
        self, alice: User, charlie: User
    ) -> None:
        async with listening(alice) as page:
            await page.hear()

            for each in (charlie, None, alice):
                await happens(each)

            assert told(await page.hear()) == ["alice"]

    async def test_tells_no_name_and_no_number(self, alice: User) -> None:
        async with listening(alice) as page:
            await page.hear()
            (event_id,) = await happens(alice)

            assert await page.hear() == (
                f'id: {event_id}\nevent: live-position\ndata: {{"kind": "position.opened", '
                '"subject_type": "positions.executionposition", "subject_id": "alice@example.org"}\n\n'
            )

    @pytest.mark.parametrize(
        ("person", "kind", "expected"),
        [
            ("bob", Kind.POSITION_OPENED, ["house", "bob"]),
            ("bob", Kind.SETTING_CHANGED, ["bob"]),
            ("ada", Kind.SETTING_CHANGED, ["alice", "house", "bob"]),
            ("alice", Kind.SIGNAL_PUBLISHED, ["alice", "house", "bob"]),
            ("alice", Kind.SIGNAL_APPROVED, ["alice"]),
        ],
    )
    async def test_tells_staff_what_their_role_allows(
        self, person: str, kind: Kind, expected: list[str], alice: User, bob: User, ada: User
    ) -> None:
        listener = {"alice": alice, "bob": bob, "ada": ada}[person]
        async with listening(listener) as page:
            await page.hear()

            await sync_to_async(transaction.atomic(happen))(alice, None, bob, kind=kind)

            assert told(await page.hear()) == expected

    async def test_waits_until_news_come_in(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        subscribe = PubSub.subscribe

        async def late(self: PubSub, *channels: str) -> None:
            await asyncio.sleep(0.2)
            await subscribe(self, *channels)

        monkeypatch.setattr(PubSub, "subscribe", late)
        async with listening(alice) as page, redis.asyncio.Redis.from_url(settings.CACHE_URL) as client:
            await page.hear()

            assert await client.pubsub_numsub(channel()) == [(channel().encode(), 1)]


class TestComingBack:
    async def test_hears_what_was_missed_and_only_what_is_ones_own(self, alice: User, charlie: User) -> None:
        last, *_ = await happens(alice, charlie, None, alice)

        async with listening(alice, **{"Last-Event-ID": str(last)}) as page:
            missed = await page.hear()

        assert set(told(missed)) == {"alice"}
        assert missed.count("event: live-position") in (2, 3)

    async def test_hears_what_happened_since_the_page_was_made(self, alice: User, charlie: User) -> None:
        await happens(charlie, alice)
        since = int((now() - timedelta(minutes=1)).timestamp())

        async with listening(alice, f"{LIVE}?since={since}") as page:
            assert told(await page.hear()) == ["alice"]

    @pytest.mark.parametrize(
        "last", ["x", "-1", "1.5", "\u00b2", "9" * 19, "9" * 20, "9" * 5000, "0x10", "1; DROP", "", " ", "1\t2", str(2**63 - 1)]
    )  # fmt: skip
    async def test_with_a_place_that_is_nonsense_begins_anew(self, alice: User, last: str) -> None:
        await happens(alice)

        async with listening(alice, **{"Last-Event-ID": last}) as page:
            first = await page.hear()

            await happens(alice)
            assert "retry: 2000" in first
            assert told(await page.hear()) == ["alice"]

    @pytest.mark.parametrize("since", ["x", "-1", "9" * 10, "9" * 11, "9" * 5000, "%00", "%D9%A3"])
    async def test_with_a_time_that_is_nonsense_begins_anew(self, alice: User, since: str) -> None:
        async with listening(alice, f"{LIVE}?since={since}") as page:
            assert "retry: 2000" in await page.hear()

    async def test_after_too_much_asks_for_everything(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log, "MOST_REPLAYED", 3)
        await happens(*[alice] * 5)

        async with listening(alice, **{"Last-Event-ID": "1"}) as page:
            assert (await page.hear()).startswith("event: live-resync\ndata: {}\n\n")


def log_out(person: User) -> None:
    Session.objects.all().delete()


def change_password(person: User) -> None:
    person.set_password("another pass phrase")
    person.save()


def deactivate(person: User) -> None:
    accounts.deactivate(user=person, actor=make_user(role=Role.ADMINISTRATOR), now=now())


class TestStaying:
    @pytest.mark.parametrize("end", [log_out, change_password, deactivate])
    async def test_ends_when_one_is_no_longer_logged_in(
        self, alice: User, often: None, end: Callable[[User], None]
    ) -> None:
        async with listening(alice) as page:
            await page.hear()

            await sync_to_async(end)(alice)

            # The page asks for what it shows, and is led to the login.
            assert (await page.hear_all()).endswith("event: live-resync\ndata: {}\n\n")

    async def test_hears_by_the_role_of_now(
        self, ada: User, charlie: User, often: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with listening(ada) as page:
            await page.hear()
            checked = asyncio.Event()
            self._tell_when_checked(checked, monkeypatch)
            await User.objects.filter(pk=ada.pk).aupdate(role=Role.SUBSCRIBER)
            await checked.wait()

            await happens(charlie)
            await happens(ada)

            assert told(await page.hear()) == ["ada"]

    async def test_sends_the_oldest_of_too_many_pages_away(
        self, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub, "MOST_PER_PERSON", 1)
        async with listening(alice) as first:
            await first.hear()
            async with listening(alice) as second:
                await second.hear()

                assert await first.hear_all() == "event: live-resync\ndata: {}\n\n"
                await happens(alice)
                assert told(await second.hear()) == ["alice"]

    async def test_says_so_when_there_is_no_room(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hub, "MOST_LISTENERS", 0)
        browser = AsyncClient()
        await browser.aforce_login(alice)

        answer = await browser.get(LIVE)

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")

    async def test_holds_no_database_connection(self, alice: User) -> None:
        before = await sync_to_async(self._connections)()

        async with listening(alice) as page:
            await page.hear()
            await happens(alice)
            await page.hear()

            assert await sync_to_async(self._connections)() <= before

    def _tell_when_checked(self, checked: asyncio.Event, monkeypatch: pytest.MonkeyPatch) -> None:
        """Set it once sessions were read after this moment, and what was read is noted."""
        original = log.living

        async def living(keys: Any) -> Any:
            found = await original(keys)
            if all(each.role == Role.SUBSCRIBER for each in found.values()):
                asyncio.get_running_loop().call_soon(checked.set)
            return found

        monkeypatch.setattr(log, "living", living)

    def _connections(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])
