from datetime import UTC, datetime

from django.template import engines
from django.test import Client

from accounts.models import User
from tests.people import browser_of, make_token


class TestProfile:
    def test_saves_name_and_zone(self, alice: User) -> None:
        browser_of(alice).post("/me/", {"name": "Alice B.", "time_zone": "Asia/Tokyo"})

        alice.refresh_from_db()
        assert (alice.name, alice.time_zone) == ("Alice B.", "Asia/Tokyo")

    def test_refuses_a_zone_that_does_not_exist(self, alice: User) -> None:
        page = browser_of(alice).post("/me/", {"name": "Alice", "time_zone": "Mars/Olympus"})

        assert page.context["form"].errors.keys() == {"time_zone"}

    def test_takes_neither_role_nor_address(self, alice: User) -> None:
        form = {"name": "Alice", "time_zone": "UTC", "role": "ADMINISTRATOR", "email": "eve@example.org"}

        browser_of(alice).post("/me/", form)

        alice.refresh_from_db()
        assert (alice.role, alice.email) == ("SUBSCRIBER", "alice@example.org")

    def test_shows_charlie_nothing_of_alice(self, alice: User, charlie: User) -> None:
        assert b"alice" not in browser_of(charlie).get("/me/").content.lower()

    def test_sends_somebody_unknown_to_the_login(self, client: Client, db: None) -> None:
        assert client.get("/me/").headers["Location"] == "/accounts/login/?next=/me/"


class TestTimeZone:
    def test_shows_times_in_the_zone_of_the_reader(self, alice: User) -> None:
        make_token(alice, created_at=datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
        browser = browser_of(alice)
        browser.post("/me/", {"name": "Alice", "time_zone": "Europe/Berlin"})

        page = browser.get("/me/tokens/").content.decode()

        assert 'datetime="2026-07-01T14:00:00+02:00"' in page
        assert 'title="2026-07-01 12:00:00.000 UTC">2026-07-01 14:00:00 CEST</time>' in page

    def test_ends_with_the_request(self, alice: User) -> None:
        alice.time_zone = "Asia/Tokyo"
        alice.save()

        browser_of(alice).get("/me/")

        assert _shown(datetime(2026, 7, 1, 12, 0, tzinfo=UTC)).endswith("12:00:00 UTC</time>")

    def test_falls_back_to_utc_where_the_zone_is_gone(self, alice: User) -> None:
        User.objects.filter(pk=alice.pk).update(time_zone="Atlantis/Capital")

        assert browser_of(alice).get("/me/tokens/").status_code == 200


def _shown(value: datetime) -> str:
    return engines["django"].from_string("{% load moments %}{{ value|moment }}").render({"value": value})
