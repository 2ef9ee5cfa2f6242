"""Accounts, sources and presets in the admin: every act, and who may do it."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from connections.access import access_of
from connections.models import DataConnection, ExecutionConnection, TradingPreset
from core.clock import now
from events.models import Event
from tests import makers
from tests.factories import CREDENTIALS
from tests.people import browser_of
from tests.rest import Sent
from tests.staff import act_on, confirm, list_of, page_of, text

ACCOUNT, PRESET, SOURCE = (
    "connections/executionconnection",
    "connections/tradingpreset",
    "connections/dataconnection",
)
NEW_KEYS = {
    "credential_apiKey": "a-new-key-that-ends-in-1111",
    "credential_secret": "a-new-secret-that-ends-in-2222",
}


@pytest.fixture
def house(db: None) -> ExecutionConnection:
    """An account of the house."""
    return makers.make_connection(owner=None, name="House one")


class TestTest:
    def test_asks_first_and_then_tells_a_worker(
        self,
        rehearsal: ExecutionConnection,
        ada: User,
        sent: Sent,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        browser, address = browser_of(ada), act_on(ACCOUNT, rehearsal, "test")

        assert "Test Rehearsal?" in text(browser, address)
        assert sent() == []
        with django_capture_on_commit_callbacks(execute=True):
            page = confirm(browser, address)

        assert "is being tested" in page
        assert sent() == [("TestConnectionHealthJob", {"connection_ids": [str(rehearsal.pk)]})]

    def test_is_not_done_twice_within_seconds(self, rehearsal: ExecutionConnection, ada: User) -> None:
        browser, address = browser_of(ada), act_on(ACCOUNT, rehearsal, "test")
        confirm(browser, address)

        assert "was tested a moment ago" in confirm(browser, address)

    def test_is_done_for_many_at_once(
        self,
        rehearsal: ExecutionConnection,
        house: ExecutionConnection,
        ada: User,
        sent: Sent,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        chosen = [str(rehearsal.pk), str(house.pk)]

        with django_capture_on_commit_callbacks(execute=True):
            confirm(browser_of(ada), list_of(ACCOUNT), action="test_chosen", _selected_action=chosen)

        ((name, arguments),) = sent()
        assert (name, sorted(arguments["connection_ids"])) == ("TestConnectionHealthJob", sorted(chosen))


class TestPauseAndResume:
    def test_pause_keeps_the_reason_and_who_did_it(self, rehearsal: ExecutionConnection, ada: User) -> None:
        page = confirm(browser_of(ada), act_on(ACCOUNT, rehearsal, "pause"), reason="Exchange in maintenance")

        rehearsal.refresh_from_db()
        assert (rehearsal.is_active, rehearsal.paused_reason) == (False, "Exchange in maintenance")
        assert "Exchange in maintenance" in page
        assert Event.objects.get(kind="connection.paused").actor == ada

    def test_pause_needs_no_reason(self, rehearsal: ExecutionConnection, ada: User) -> None:
        confirm(browser_of(ada), act_on(ACCOUNT, rehearsal, "pause"))

        rehearsal.refresh_from_db()
        assert (rehearsal.is_active, rehearsal.paused_reason) == (False, "Paused by hand.")

    def test_resume_lets_it_trade_again(self, ada: User) -> None:
        paused = makers.make_connection(is_active=False)

        confirm(browser_of(ada), act_on(ACCOUNT, paused, "resume"))

        paused.refresh_from_db()
        assert paused.is_active
        assert Event.objects.get(kind="connection.resumed").actor == ada

    @pytest.mark.parametrize("act", ["pause", "resume", "test", "keys", "remove"])
    def test_nothing_is_done_by_following_a_link(
        self, house: ExecutionConnection, ada: User, sent: Sent, act: str
    ) -> None:
        before = ExecutionConnection.objects.values().get(pk=house.pk)

        text(browser_of(ada), act_on(ACCOUNT, house, act))

        assert ExecutionConnection.objects.values().get(pk=house.pk) == before
        assert sent() == []

    def test_pause_of_many_is_told_of_each(
        self, rehearsal: ExecutionConnection, house: ExecutionConnection, ada: User
    ) -> None:
        chosen = [str(rehearsal.pk), str(house.pk)]

        confirm(browser_of(ada), list_of(ACCOUNT), action="pause_chosen", _selected_action=chosen)

        assert Event.objects.filter(kind="connection.paused", actor=ada).count() == 2


class TestKeys:
    def test_go_in_and_never_come_out(self, house: ExecutionConnection, ada: User) -> None:
        browser, address = browser_of(ada), act_on(ACCOUNT, house, "keys")

        pages = [
            text(browser, address),
            confirm(browser, address, **NEW_KEYS),
            text(browser, page_of(ACCOUNT, house)),
        ]

        house.refresh_from_db()
        assert access_of(house).credentials["secret"] == NEW_KEYS["credential_secret"]
        assert "…4321" in pages[0]
        assert "…1111" in pages[2]
        secrets = [*CREDENTIALS.values(), *NEW_KEYS.values(), str(house.credentials)]
        assert not [secret for secret in secrets for page in pages if secret in page]

    def test_are_not_shown_again_when_one_is_missing(self, house: ExecutionConnection, ada: User) -> None:
        answer = browser_of(ada).post(
            act_on(ACCOUNT, house, "keys"), {"credential_secret": NEW_KEYS["credential_secret"]}
        )

        assert answer.status_code == 422
        assert NEW_KEYS["credential_secret"] not in answer.content.decode()

    def test_of_others_are_not_replaced_even_by_administrators(
        self, rehearsal: ExecutionConnection, ada: User
    ) -> None:
        browser = browser_of(ada)

        assert browser.get(act_on(ACCOUNT, rehearsal, "keys")).status_code == 404
        assert browser.post(act_on(ACCOUNT, rehearsal, "keys"), NEW_KEYS).status_code == 404

    def test_are_no_question_that_the_list_answers(self, rehearsal: ExecutionConnection, ada: User) -> None:
        answer = browser_of(ada).get(list_of(ACCOUNT), {"credentials__startswith": "v1"})

        assert answer.status_code == 400


class TestAdding:
    def test_begins_with_the_exchange(self, ada: User) -> None:
        browser, address = browser_of(ada), f"{list_of(ACCOUNT)}add-account/"

        answer = browser.post(address, {"exchange": "ccxt|binance"})

        assert answer.headers["Location"] == f"{address}?kind=ccxt&exchange=binance"
        assert "credential_secret" in text(browser, answer.headers["Location"])

    def test_makes_an_account_of_the_house(self, ada: User) -> None:
        entered = {
            "name": "House two", "market": "SPOT", "environment": "REHEARSAL", "base_url": "http://127.0.0.1:9",
            "is_house": "on", **NEW_KEYS,
        }  # fmt: skip

        page = confirm(browser_of(ada), f"{list_of(ACCOUNT)}add-account/?kind=ccxt&exchange=binance", **entered)

        made = ExecutionConnection.objects.get()
        assert (made.name, made.owner, made.is_admin_owned) == ("House two", None, True)
        assert NEW_KEYS["credential_secret"] not in page

    def test_knows_no_other_exchange(self, ada: User) -> None:
        address = f"{list_of(ACCOUNT)}add-account/?kind=ccxt&exchange=nowhere"

        assert browser_of(ada).get(address).status_code == 404

    def test_deleting_is_for_what_never_traded(self, house: ExecutionConnection, ada: User) -> None:
        traded = makers.make_trade().execution.connection
        browser = browser_of(ada)

        assert "kept for its history" in confirm(browser, act_on(ACCOUNT, traded, "remove"))
        assert "was deleted" in confirm(browser, act_on(ACCOUNT, house, "remove"))

        assert list(ExecutionConnection.objects.all()) == [traded]


class TestSettings:
    def test_change_name_preset_and_aliases(self, rehearsal: ExecutionConnection, ada: User) -> None:
        preset = makers.make_preset(owner=None)
        entered = {"name": "Swing", "preset": str(preset.pk), "aliases": "BTC/USD = XBTUSD"}

        confirm(browser_of(ada), act_on(ACCOUNT, rehearsal, "settings"), **entered)

        rehearsal.refresh_from_db()
        assert (rehearsal.name, rehearsal.preset) == ("Swing", preset)
        assert rehearsal.settings["aliases"] == {"BTC/USD": "XBTUSD"}

    def test_say_which_line_does_not_fit(self, rehearsal: ExecutionConnection, ada: User) -> None:
        answer = browser_of(ada).post(
            act_on(ACCOUNT, rehearsal, "settings"), {"name": "Swing", "aliases": "nonsense"}
        )

        assert answer.status_code == 422
        assert "is no alias" in answer.content.decode()


class TestSources:
    def test_are_switched_off(self, rehearsal: ExecutionConnection, ada: User) -> None:
        source = DataConnection.objects.get()

        confirm(browser_of(ada), act_on(SOURCE, source, "settings"), name="Prices")

        source.refresh_from_db()
        assert (source.name, source.is_active) == ("Prices", False)
        assert Event.objects.get(kind="connection.changed").actor == ada


class TestPresets:
    def test_of_the_house_are_made_by_administrators(self, ada: User) -> None:
        confirm(browser_of(ada), f"{list_of(PRESET)}add-preset/", name="Careful", max_open_positions="3")

        made = TradingPreset.objects.get()
        assert (made.owner, made.values) == (None, {"max_open_positions": 3})

    def test_of_a_provider_are_the_provider_s_own(self, bob: User) -> None:
        confirm(browser_of(bob), f"{list_of(PRESET)}add-preset/", name="Mine")

        assert TradingPreset.objects.get().owner == bob

    def test_change_and_go(self, ada: User) -> None:
        preset, browser = makers.make_preset(owner=None, name="Careful"), browser_of(ada)

        confirm(browser, act_on(PRESET, preset, "settings"), name="Bold", size="2")
        preset.refresh_from_db()
        assert (preset.name, preset.version) == ("Bold", 2)

        confirm(browser, act_on(PRESET, preset, "remove"))
        assert not TradingPreset.objects.exists()
        assert Event.objects.filter(kind="preset.changed", actor=ada).count() == 2

    def test_in_use_are_kept(self, ada: User) -> None:
        preset = makers.make_preset(owner=None)
        makers.make_connection(name="Main", preset=preset)

        assert "is used by Main" in confirm(browser_of(ada), act_on(PRESET, preset, "remove"))

    def test_of_the_house_are_not_a_provider_s_to_change(self, bob: User) -> None:
        preset, browser = makers.make_preset(owner=None), browser_of(bob)

        assert browser.post(act_on(PRESET, preset, "settings"), {"name": "Mine"}).status_code == 404
        assert browser.post(act_on(PRESET, preset, "remove")).status_code == 404


class TestWhoGetsIn:
    def test_bob_sees_the_house_and_himself_only(
        self, rehearsal: ExecutionConnection, house: ExecutionConnection, bob: User
    ) -> None:
        own = makers.make_connection(owner=bob, name="Own one")

        page = text(browser_of(bob), list_of(ACCOUNT))

        assert own.name in page
        assert house.name in page
        assert str(rehearsal.pk) not in page
        assert "alice@example.org" not in page

    @pytest.mark.parametrize("act", ["test", "pause", "resume", "settings", "keys", "remove", "change"])
    def test_bob_finds_nothing_of_alice(self, rehearsal: ExecutionConnection, bob: User, act: str) -> None:
        browser, address = browser_of(bob), act_on(ACCOUNT, rehearsal, act)

        assert {browser.get(address).status_code, browser.post(address).status_code} <= {403, 404}
        rehearsal.refresh_from_db()
        assert rehearsal.is_active

    @pytest.mark.parametrize("person", ["alice", "charlie"])
    @pytest.mark.parametrize("act", ["test", "pause", "settings", "keys"])
    def test_others_cannot_enter(
        self, rehearsal: ExecutionConnection, person: str, act: str, request: pytest.FixtureRequest
    ) -> None:
        browser = browser_of(request.getfixturevalue(person))

        answer = browser.post(act_on(ACCOUNT, rehearsal, act), follow=True)

        assert answer.status_code == 403
        assert not Event.objects.filter(kind__startswith="connection.").exists()

    def test_a_stale_account_says_so(self, ada: User) -> None:
        makers.make_connection(last_tested_at=now().replace(year=2025))

        assert "Stale" in text(browser_of(ada), list_of(ACCOUNT))
