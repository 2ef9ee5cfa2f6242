"""Keys at rest: sealed in their row, opened nowhere else, never printed, rotated at any time."""

from io import StringIO

import pytest
from django.core import checks as django_checks
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection as database
from pytest_django import Settings

from connections import access, rotation
from connections.checks import check_credential_keys
from connections.fields import keyring
from connections.models import ExecutionConnection
from core.crypto import UnableToOpen, new_key
from tests.factories import CREDENTIALS
from tests.makers import make_connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_keys(settings: Settings) -> None:
    """What is sealed now is under ``old``; the next key is the first of the ring."""
    settings.SIGNALBOX_CREDENTIAL_KEYS = f"old:{new_key()}"


def turn(settings: Settings) -> None:
    settings.SIGNALBOX_CREDENTIAL_KEYS = f"new:{new_key()},{settings.SIGNALBOX_CREDENTIAL_KEYS}"


def stored(connection: ExecutionConnection) -> str:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT credentials FROM connections_executionconnection WHERE id = %s", [str(connection.pk)]
        )
        return str(cursor.fetchone()[0])


def opened(connection: ExecutionConnection) -> dict[str, str]:
    return dict(access.access_of(ExecutionConnection.objects.get(pk=connection.pk)).credentials)


def rotate() -> tuple[int, str]:
    """Run the command and return how it ended and what it said."""
    said = StringIO()
    try:
        call_command("rotate_credentials", batch=2, stdout=said, stderr=said)
    except SystemExit as end:
        return int(str(end.code)), said.getvalue()
    return 0, said.getvalue()


class TestField:
    def test_keeps_nothing_readable_in_the_database(self) -> None:
        connection = make_connection()

        assert stored(connection).startswith("v1.")
        for secret in CREDENTIALS.values():
            assert secret not in stored(connection)
        assert opened(connection) == CREDENTIALS

    def test_opens_in_its_own_row_only(self) -> None:
        """Whoever may write to the table still cannot move a key to an account of their own."""
        alices, charlies = make_connection(), make_connection()
        ExecutionConnection.objects.filter(pk=charlies.pk).update(credentials=alices.credentials)

        with pytest.raises(UnableToOpen):
            opened(charlies)

    def test_takes_no_plain_text(self) -> None:
        connection = make_connection()
        connection.credentials = '{"apiKey": "plain"}'

        with pytest.raises(ValueError, match="sealed text only"):
            connection.save()

    def test_is_neither_printed_nor_dumped(self) -> None:
        connection = ExecutionConnection.objects.get(pk=make_connection().pk)

        assert repr(connection.credentials) == "<sealed>"
        assert stored(connection) not in serializers.serialize("json", [connection])

    def test_needs_a_key(self, settings: Settings) -> None:
        connection = make_connection()
        settings.SIGNALBOX_CREDENTIAL_KEYS = ""

        with pytest.raises(ImproperlyConfigured, match="SIGNALBOX_CREDENTIAL_KEYS"):
            opened(connection)


@pytest.mark.usefixtures("two_keys")
class TestRotateCredentials:
    def test_seals_everything_again_under_the_first_key(self, settings: Settings) -> None:
        connections = [make_connection() for _ in range(5)]
        turn(settings)

        code, said = rotate()

        assert code == 0
        assert "5 of 5 looked at, 5 sealed again" in said
        assert {keyring().key_of(stored(each)) for each in connections} == {"new"}
        settings.SIGNALBOX_CREDENTIAL_KEYS = settings.SIGNALBOX_CREDENTIAL_KEYS.split(",")[0]
        assert [opened(each) for each in connections] == [CREDENTIALS] * 5

    def test_goes_on_where_it_was_stopped(self, settings: Settings) -> None:
        for _ in range(5):
            make_connection()
        turn(settings)
        next(rotation.rotate(batch=2))

        _, said = rotate()

        assert "5 of 5 looked at, 3 sealed again" in said

    def test_changes_nothing_the_second_time(self, settings: Settings) -> None:
        connection = make_connection()
        turn(settings)
        rotate()
        before = stored(connection)

        rotate()

        assert stored(connection) == before

    def test_names_what_no_key_opens_and_leaves_it(self, settings: Settings) -> None:
        lost = make_connection()
        settings.SIGNALBOX_CREDENTIAL_KEYS = f"other:{new_key()}"
        well = make_connection()
        turn(settings)
        before = stored(lost)

        code, said = rotate()

        assert code == 1
        assert f"Connection {lost.pk} cannot be opened" in said
        assert stored(lost) == before
        assert opened(well) == CREDENTIALS

    def test_says_no_secret(self, settings: Settings) -> None:
        make_connection()
        turn(settings)

        _, said = rotate()

        for secret in (*CREDENTIALS.values(), settings.SIGNALBOX_CREDENTIAL_KEYS.split(":")[1][:20]):
            assert secret not in said


class TestSystemCheck:
    @pytest.mark.parametrize(
        ("keys", "found"),
        [
            ("", "connections.E001"),
            ("k1:short", "connections.E002"),
            ("k1", "connections.E002"),
            ("a.b:MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=", "connections.E002"),
        ],
    )
    def test_refuses_a_ring_that_cannot_be_used(self, settings: Settings, keys: str, found: str) -> None:
        settings.SIGNALBOX_CREDENTIAL_KEYS = keys

        assert [each.id for each in check_credential_keys()] == [found]

    def test_refuses_the_secret_key_in_disguise(self, settings: Settings) -> None:
        settings.SECRET_KEY = new_key()
        settings.SIGNALBOX_CREDENTIAL_KEYS = f"k1:{settings.SECRET_KEY}"

        assert [each.id for each in check_credential_keys()] == ["connections.E003"]

    def test_warns_where_real_money_may_go_to_any_address(self, settings: Settings) -> None:
        settings.SIGNALBOX_ALLOW_BASE_URL, settings.DEBUG = True, False
        settings.SITE_URL = "https://signalbox.example"

        assert [each.id for each in check_credential_keys()] == ["connections.W001"]

    def test_is_part_of_every_check(self, settings: Settings) -> None:
        settings.SIGNALBOX_CREDENTIAL_KEYS = ""

        assert "connections.E001" in {each.id for each in django_checks.run_checks()}
