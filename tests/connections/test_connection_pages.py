"""The pages of accounts at venues: adding one, its keys, pausing, testing, changing, deleting."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connections import access, services
from connections.models import ExecutionConnection
from events.catalogue import Kind
from events.models import Event
from tests import makers
from tests.factories import CREDENTIALS, NOWHERE
from tests.people import NOON, browser_of
from tests.rest import NOBODY, Sent

ADD = "/connections/new/ccxt/binance/"
KEY, SECRET = "a-fresh-key-that-is-long-1357", "a-fresh-secret-that-is-long-2468"
ENTERED = {
    "name": "Main", "market": "SPOT", "environment": "REHEARSAL", "base_url": NOWHERE,
    "credential_apiKey": KEY, "credential_secret": SECRET,
}  # fmt: skip


@pytest.fixture
def mine(alice: User) -> ExecutionConnection:
    return makers.make_connection(owner=alice, name="Main")


def at(connection: ExecutionConnection, page: str = "detail") -> str:
    return reverse(f"connections:{page}", args=[connection.pk])


def text(answer: Any) -> str:
    return str(answer.content.decode())


class TestAdding:
    @pytest.mark.django_db(transaction=True)
    def test_keeps_the_keys_sealed_and_tests_them(self, alice: User, sent: Sent) -> None:
        answer = browser_of(alice).post(ADD, ENTERED)

        made = ExecutionConnection.objects.get()
        assert answer.headers["Location"].startswith(at(made) + "?asked=")
        assert (made.owner, made.status, made.is_active) == (alice, "UNTESTED", True)
        assert access.access_of(made).credentials == {"apiKey": KEY, "secret": SECRET}
        assert SECRET not in str(made.credentials)
        assert ("TestConnectionHealthJob", {"connection_ids": [str(made.pk)]}) in sent()

    @pytest.mark.parametrize(
        "wrong",
        [{"name": ""}, {"market": "MOON"}, {"base_url": "ftp://nowhere"}, {"preset": NOBODY},
         {"credential_apiKey": ""}, {"credential_secret": ""}, {"name": "x" * 81}, {"name": "a\x00b"}, {"name": "\u200b"}, {"name": "a\u202eb"}, {"name": "a\nb"}],
    )  # fmt: skip
    def test_that_fails_gives_no_secret_back(self, alice: User, wrong: dict[str, str]) -> None:
        answer = browser_of(alice).post(ADD, ENTERED | wrong)

        assert answer.status_code == 422
        assert SECRET not in text(answer)
        assert KEY not in text(answer)
        assert not ExecutionConnection.objects.exists()

    def test_gives_no_long_secret_back_either(self, alice: User) -> None:
        address = "/connections/new/ccxt/coinbase/"
        form = text(browser_of(alice).get(address))
        fields = re.findall(r'name="(credential_\w+)"', form)
        entered = dict.fromkeys(fields, f"-----BEGIN\n{SECRET}\n") | {"name": ""}

        answer = browser_of(alice).post(address, entered)

        assert answer.status_code == 422
        assert SECRET not in text(answer)

    def test_twice_makes_one(self, alice: User) -> None:
        browser = browser_of(alice)
        browser.post(ADD, ENTERED)

        again = browser.post(ADD, ENTERED)

        assert again.status_code == 422
        assert "There is a connection called &#x27;Main&#x27; already." in text(again)
        assert SECRET not in text(again)
        assert ExecutionConnection.objects.count() == 1

    def test_for_the_house_is_for_staff(self, alice: User, bob: User) -> None:
        browser_of(alice).post(ADD, ENTERED | {"is_house": "on"})
        browser_of(bob).post(ADD, ENTERED | {"is_house": "on"})

        owners = ExecutionConnection.objects.values_list("owner__email", "is_admin_owned")
        assert set(owners) == {("alice@example.org", False), (None, True)}

    def test_takes_nothing_that_the_form_does_not_ask(self, alice: User, bob: User) -> None:
        more = {
            "owner": str(bob.pk), "is_admin_owned": "on", "status": "ACTIVE", "is_active": "", "type": "other",
            "exchange_name": "kraken", "credentials_hint": "x", "credential_password": "x", "id": NOBODY,
        }  # fmt: skip

        browser_of(alice).post(ADD, ENTERED | more)

        made = ExecutionConnection.objects.get()
        assert (made.owner, made.is_admin_owned, made.status, made.is_active) == (alice, False, "UNTESTED", True)
        assert (made.type, made.exchange_name) == ("ccxt", "binance")
        assert set(made.credentials_hint) == {"apiKey", "secret"}

    def test_takes_no_preset_of_somebody_else(self, alice: User, bob: User) -> None:
        preset = makers.make_preset(owner=bob)

        answer = browser_of(alice).post(ADD, ENTERED | {"preset": str(preset.pk)})

        assert answer.status_code == 422
        assert preset.name not in text(answer)

    @pytest.mark.parametrize(
        "address", ["ccxt", "CCXT/binance", "ccxt/BINANCE", "ccxt/mtgox", "fix/binance", "ccxt/%00"]
    )
    def test_at_an_unknown_exchange_finds_nothing(self, alice: User, address: str) -> None:
        assert browser_of(alice).get(f"/connections/new/{address}/").status_code == 404

    def test_offers_no_own_address_where_the_operator_forbids_it(self, alice: User, settings: Any) -> None:
        settings.SIGNALBOX_ALLOW_BASE_URL = False

        answer = browser_of(alice).post(ADD, ENTERED)

        assert answer.status_code == 422
        assert 'name="base_url"' not in text(answer)


class TestKeys:
    def test_are_shown_by_their_last_four_characters_and_age(self, mine: ExecutionConnection, alice: User) -> None:
        for page in ("detail", "keys"):
            html = text(browser_of(alice).get(at(mine, page)))

            assert all(hint in html for hint in ("4321", "8765"))
            assert f'datetime="{mine.credentials_set_at:%Y-%m-%dT%H:%M}' in html
            assert not [value for value in CREDENTIALS.values() if value[:-4] in html]

    def test_are_replaced_and_never_come_back(self, mine: ExecutionConnection, alice: User) -> None:
        answer = browser_of(alice).post(
            at(mine, "keys"), {"credential_apiKey": KEY, "credential_secret": SECRET}, follow=True
        )

        mine.refresh_from_db()
        assert access.access_of(mine).credentials == {"apiKey": KEY, "secret": SECRET}
        assert "1357" in text(answer)
        assert KEY not in text(answer)
        assert SECRET not in text(answer)

    def test_that_do_not_fit_change_nothing_and_never_come_back(
        self, mine: ExecutionConnection, alice: User
    ) -> None:
        answer = browser_of(alice).post(at(mine, "keys"), {"credential_apiKey": "", "credential_secret": SECRET})

        mine.refresh_from_db()
        assert answer.status_code == 422
        assert SECRET not in text(answer)
        assert access.access_of(mine).credentials == CREDENTIALS

    def test_are_no_part_of_events(self, mine: ExecutionConnection, alice: User) -> None:
        browser_of(alice).post(at(mine, "keys"), {"credential_apiKey": KEY, "credential_secret": SECRET})

        event = Event.objects.get(kind=Kind.CREDENTIALS_CHANGED)
        assert event.data == {"name": "Main", "fields": ["apiKey", "secret"]}

    def test_of_the_house_are_entered_by_staff(self, bob: User, alice: User) -> None:
        house = makers.make_connection(owner=None)

        assert browser_of(bob).get(at(house, "keys")).status_code == 200
        assert browser_of(alice).get(at(house, "keys")).status_code == 404

    @pytest.mark.parametrize("page", ["detail", "keys", "pause", "change", "delete", "health"])
    def test_of_an_exchange_that_is_no_longer_known_break_no_page(self, alice: User, page: str) -> None:
        gone = makers.make_connection(owner=alice, exchange_name="mtgox")

        assert browser_of(alice).get(at(gone, page), follow=True).status_code == 200
        assert browser_of(alice).get("/connections/").status_code == 200


class TestPausing:
    def test_takes_a_reason_and_happens_once(self, mine: ExecutionConnection, alice: User) -> None:
        browser = browser_of(alice)

        browser.post(at(mine, "pause"), {"reason": "holidays"})
        again = browser.post(at(mine, "pause"), {"reason": "another"}, follow=True)

        mine.refresh_from_db()
        assert (mine.is_active, mine.paused_reason) == (False, "holidays")
        assert "Main was paused before." in text(again)
        assert Event.objects.filter(kind=Kind.CONNECTION_PAUSED).count() == 1

    def test_is_undone_once(self, alice: User) -> None:
        paused, browser = makers.make_connection(owner=alice, is_active=False), browser_of(alice)

        browser.post(at(paused, "resume"))
        again = browser.post(at(paused, "resume"), follow=True)

        assert "was not paused." in text(again)
        assert Event.objects.filter(kind=Kind.CONNECTION_RESUMED).count() == 1

    def test_refuses_a_reason_that_is_too_long(self, mine: ExecutionConnection, alice: User) -> None:
        browser_of(alice).post(at(mine, "pause"), {"reason": "x" * 301})

        mine.refresh_from_db()
        assert mine.is_active


class TestTesting:
    @pytest.mark.django_db(transaction=True)
    def test_again_at_once_asks_no_worker(self, alice: User, sent: Sent) -> None:
        tested, browser = makers.make_connection(owner=alice), browser_of(alice)
        browser.post(at(tested, "test"))

        again = browser.post(at(tested, "test"), follow=True)

        assert "was tested a moment ago." in text(again)
        assert len(sent()) == 1

    def test_is_followed_by_the_region_until_it_is_over(self, alice: User) -> None:
        untested = makers.make_connection(owner=alice, status="UNTESTED")
        place = browser_of(alice).post(at(untested, "test")).headers["Location"]

        page = browser_of(alice).get(place)

        assert page.context["is_testing"]
        assert "asked=" in text(page)


class TestChanging:
    def test_takes_name_preset_and_aliases_and_nothing_else(
        self, mine: ExecutionConnection, alice: User, bob: User
    ) -> None:
        preset = makers.make_preset(owner=alice)
        more = {"owner": str(bob.pk), "base_url": "http://evil.example", "environment": "LIVE", "is_active": ""}

        browser_of(alice).post(
            at(mine, "change"),
            {"name": "Swing", "preset": str(preset.pk), "aliases": "eur/usd = EURUSD.m", **more},
        )

        mine.refresh_from_db()
        assert (mine.name, mine.preset, mine.settings) == ("Swing", preset, {"aliases": {"EUR/USD": "EURUSD.m"}})
        assert (mine.owner, mine.base_url, mine.environment, mine.is_active) == (alice, NOWHERE, "REHEARSAL", True)

    @pytest.mark.parametrize("wrong", [{"name": ""}, {"aliases": "EURUSD"}, {"preset": NOBODY}, {"name": "Taken"}])
    def test_refuses_what_does_not_fit(
        self, mine: ExecutionConnection, alice: User, wrong: dict[str, str]
    ) -> None:
        makers.make_connection(owner=alice, name="Taken")

        answer = browser_of(alice).post(at(mine, "change"), {"name": "Main", "preset": "", "aliases": ""} | wrong)

        mine.refresh_from_db()
        assert answer.status_code == 422
        assert (mine.name, mine.settings) == ("Main", {})


class TestDeleting:
    def test_asks_first_and_happens_once(self, mine: ExecutionConnection, alice: User) -> None:
        browser = browser_of(alice)
        assert browser.get(at(mine, "delete")).status_code == 200

        answers = [browser.post(at(mine, "delete")).status_code for _ in range(2)]

        assert answers == [302, 404]
        assert not ExecutionConnection.objects.exists()
        assert Event.objects.filter(kind=Kind.CONNECTION_REMOVED).count() == 1

    def test_of_what_was_deleted_in_the_same_moment_is_noted_once(
        self, mine: ExecutionConnection, alice: User
    ) -> None:
        seen_by_both = [ExecutionConnection.objects.get(), ExecutionConnection.objects.get()]

        for connection in seen_by_both:
            services.remove_connection(connection=connection, actor=alice, now=NOON)

        assert Event.objects.filter(kind=Kind.CONNECTION_REMOVED).count() == 1

    def test_keeps_what_has_traded(self, mine: ExecutionConnection, alice: User) -> None:
        makers.make_trade(connection=mine)

        answer = browser_of(alice).post(at(mine, "delete"), follow=True)

        assert "is kept for its history" in text(answer)
        assert ExecutionConnection.objects.exists()


class TestList:
    def test_names_owners_to_administrators(
        self, mine: ExecutionConnection, alice: User, ada: User, bob: User, client: Client
    ) -> None:
        pages = {person.email: text(browser_of(person).get("/connections/")) for person in (alice, ada, bob)}

        assert {email: "alice@example.org" in html for email, html in pages.items() if email != alice.email} == {
            "ada@example.org": True,
            "bob@example.org": False,
        }
        assert ">Main</a>" not in pages["bob@example.org"]
