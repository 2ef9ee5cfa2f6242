import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.mail import EmailMessage
from django.test import Client

from accounts import services
from accounts.models import User
from accounts.roles import Role
from events import handlers
from events.catalogue import Kind
from events.handlers import digest_of
from events.models import Event
from tests.accounts.reading import code_for, code_in, path_in
from tests.people import NOON, PASSWORD, browser_of, make_token

LOGIN = "/accounts/login/"
ACTIVATE = "/accounts/2fa/totp/activate/"


def last(kind: Kind) -> Event:
    event = Event.objects.filter(kind=kind).order_by("pk").last()
    assert event is not None, list(Event.objects.values_list("kind", flat=True))
    return event


def everything_recorded() -> str:
    return json.dumps(list(Event.objects.values("kind", "subject_id", "data")), default=str)


def log_in(browser: Client, email: str = "alice@example.org", password: str = PASSWORD) -> None:
    browser.post(LOGIN, {"login": email, "password": password}, HTTP_USER_AGENT="Firefox", REMOTE_ADDR="192.0.2.9")


class TestOurServices:
    def test_tell_of_a_new_role_and_who_gave_it(self, ada: User, alice: User) -> None:
        services.change_role(user=alice, role=Role.PROVIDER, actor=ada, now=NOON)

        event = last(Kind.ACCOUNT_ROLE_CHANGED)
        assert event.data == {"before": "SUBSCRIBER", "after": "PROVIDER"}
        assert (event.subject_type, event.subject_id) == ("accounts.user", str(alice.pk))
        assert (event.owner_id, event.actor_id, event.occurred_at) == (alice.pk, ada.pk, NOON)

    def test_tell_of_a_closed_account(self, ada: User, alice: User) -> None:
        services.deactivate(user=alice, actor=ada, now=NOON)

        assert last(Kind.ACCOUNT_DEACTIVATED).owner_id == alice.pk

    def test_tell_of_an_administrator_made_at_the_command_line(self, db: None) -> None:
        root = User.objects.create_superuser("root@example.org")

        event = last(Kind.ACCOUNT_CREATED)
        assert (event.subject_id, event.data["role"], event.actor_id) == (str(root.pk), "ADMINISTRATOR", None)

    def test_undo_the_change_when_it_cannot_be_told(
        self, ada: User, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("events.services.append", _refuse)

        with pytest.raises(RuntimeError):
            services.deactivate(user=alice, actor=ada, now=NOON)

        assert User.objects.get(pk=alice.pk).is_active

    def test_tell_of_tokens_but_never_their_text(self, alice: User) -> None:
        token, text = make_token(alice, name="robot")
        services.revoke_token(token=token, actor=alice, now=NOON)

        assert last(Kind.TOKEN_CREATED).data["scopes"] == ["read"]
        assert last(Kind.TOKEN_REVOKED).subject_id == str(token.pk)
        assert text.split("_")[2] not in everything_recorded()
        assert token.digest not in everything_recorded()

    def test_tell_nothing_of_what_they_refused(self, ada: User) -> None:
        with pytest.raises(services.LastAdministrator):
            services.deactivate(user=ada, actor=ada, now=NOON)

        assert not Event.objects.exists()


def _refuse(*_: Any) -> None:
    raise RuntimeError("The log cannot be written.")


class TestLogins:
    def test_keep_from_where_and_how(self, client: Client, alice: User) -> None:
        log_in(client)

        event = last(Kind.ACCOUNT_LOGGED_IN)
        assert event.data == {"methods": ["PASSWORD"], "address": "192.0.2.9", "user_agent": "Firefox"}
        assert event.actor_id == alice.pk

    def test_keep_failures_of_known_people_without_the_password(self, client: Client, alice: User) -> None:
        log_in(client, password="my old pass phrase")

        event = last(Kind.ACCOUNT_LOGIN_FAILED)
        assert (event.owner_id, event.actor_id) == (alice.pk, None)
        assert event.data["address"] == "192.0.2.9"
        assert "my old pass phrase" not in everything_recorded()

    def test_keep_only_a_digest_of_a_strangers_address(self, client: Client, db: None) -> None:
        log_in(client, email="Nobody@Example.org")

        event = last(Kind.ACCOUNT_LOGIN_FAILED)
        assert (event.owner_id, event.subject_id) == (None, "")
        assert event.data["email_digest"] == digest_of("nobody@example.org")
        assert "nobody" not in everything_recorded().lower()

    def test_cut_a_user_agent_that_never_ends(self, client: Client, alice: User) -> None:
        client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD}, HTTP_USER_AGENT="x" * 5000)

        assert len(last(Kind.ACCOUNT_LOGGED_IN).data["user_agent"]) == 200


class TestAllauth:
    def test_tells_of_sign_up_and_verification_without_the_code(
        self, client: Client, db: None, mailoutbox: list[EmailMessage]
    ) -> None:
        client.post(
            "/accounts/signup/", {"email": "eve@example.org", "password1": PASSWORD, "password2": PASSWORD}
        )
        code = code_in(mailoutbox[0])
        client.post("/accounts/confirm-email/", {"code": code})

        assert last(Kind.ACCOUNT_CREATED).data["by"] == "SIGN_UP"
        assert Event.objects.filter(data__confirmed="eve@example.org").count() == 1
        assert last(Kind.ACCOUNT_LOGGED_IN).owner == User.objects.get()
        assert code not in everything_recorded()
        assert PASSWORD not in everything_recorded()

    def test_tells_of_a_changed_password(self, client: Client, alice: User) -> None:
        log_in(client)
        form = {"oldpassword": PASSWORD, "password1": "a fresh pass phrase", "password2": "a fresh pass phrase"}
        client.post("/accounts/password/change/", form)

        assert last(Kind.ACCOUNT_PASSWORD_CHANGED).data["how"] == "CHANGED"
        assert "pass phrase" not in everything_recorded()

    def test_tells_of_a_reset_password(self, client: Client, alice: User, mailoutbox: list[EmailMessage]) -> None:
        client.post("/accounts/password/reset/", {"email": "alice@example.org"})
        form = client.get(path_in(mailoutbox[0]), follow=True).request["PATH_INFO"]
        client.post(form, {"password1": "a fresh pass phrase", "password2": "a fresh pass phrase"})

        assert last(Kind.ACCOUNT_PASSWORD_CHANGED).data["how"] == "RESET_BY_EMAIL"
        assert path_in(mailoutbox[0]) not in everything_recorded()

    @pytest.mark.django_db(transaction=True)
    def test_tells_of_second_factors(self, alice: User) -> None:
        browser = browser_of(alice)
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
        secret = browser.get(ACTIVATE).context["form"].secret
        browser.post(ACTIVATE, {"code": code_for(secret)})
        browser.post("/accounts/2fa/recovery-codes/generate/")
        browser.post("/accounts/2fa/totp/deactivate/")

        events = Event.objects.filter(kind=Kind.ACCOUNT_MFA_CHANGED).order_by("pk")
        told = [(event.data["change"], event.data["type"]) for event in events]
        assert told == [
            ("ADDED", "TOTP"),
            ("ADDED", "RECOVERY_CODES"),
            ("RESET", "RECOVERY_CODES"),
            ("REMOVED", "TOTP"),
            ("REMOVED", "RECOVERY_CODES"),
        ]
        assert secret not in everything_recorded()

    def test_is_heard_once_however_often_it_is_connected(self, client: Client, alice: User) -> None:
        handlers.connect()

        log_in(client)

        assert Event.objects.filter(kind=Kind.ACCOUNT_LOGGED_IN).count() == 1


class TestPermissions:
    def test_are_told_with_who_changed_them(self, alice: User) -> None:
        group = Group.objects.create(name="Auditors")

        alice.groups.add(group)
        alice.groups.clear()

        told = [event.data["change"] for event in Event.objects.order_by("pk")]
        assert told == ["ADDED", "CLEARED"]
        assert last(Kind.ACCOUNT_PERMISSIONS_CHANGED).owner_id == alice.pk

    def test_of_a_group_are_told_from_either_side(self, alice: User) -> None:
        group = Group.objects.create(name="Auditors")

        group.user_set.add(alice)

        event = last(Kind.ACCOUNT_PERMISSIONS_CHANGED)
        assert (event.subject_type, event.data["ids"]) == ("auth.group", [str(alice.pk)])
