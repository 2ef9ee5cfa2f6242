import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts import services
from accounts.models import User
from accounts.roles import Role
from tests.people import NOON, PASSWORD, make_user


class TestCreateUser:
    def test_makes_a_person_whose_address_is_verified(self, db: None) -> None:
        services.create_user(email="Eve@Example.org", password="x", role=Role.PROVIDER, actor=None, now=NOON)

        assert EmailAddress.objects.get(email="eve@example.org").verified
        assert User.objects.get(email="eve@example.org").role == Role.PROVIDER


class TestRank:
    @pytest.mark.parametrize(
        ("role", "is_staff", "is_superuser"),
        [(Role.SUBSCRIBER, False, False), (Role.PROVIDER, True, False), (Role.ADMINISTRATOR, True, True)],
    )
    def test_follows_from_the_role_alone(self, role: Role, is_staff: bool, is_superuser: bool) -> None:
        user = User(role=role)

        assert (user.is_staff, user.is_superuser) == (is_staff, is_superuser)

    def test_makes_an_administrator_of_a_superuser_who_can_log_in_at_once(self, client: Client, db: None) -> None:
        root = User.objects.create_superuser("root@example.org", PASSWORD)

        answer = client.post("/accounts/login/", {"login": "root@example.org", "password": PASSWORD})

        assert (root.is_administrator, answer.headers["Location"]) == (True, "/")


class TestChangeRole:
    def test_saves_the_role(self, ada: User, alice: User) -> None:
        services.change_role(user=alice, role=Role.PROVIDER, actor=ada, now=NOON)

        alice.refresh_from_db()
        assert alice.role == Role.PROVIDER

    def test_refuses_an_actor_who_does_not_administer(self, alice: User, bob: User) -> None:
        with pytest.raises(services.NotAnAdministrator):
            services.change_role(user=alice, role=Role.ADMINISTRATOR, actor=bob, now=NOON)

    def test_says_so_when_there_is_nothing_to_change(self, ada: User, alice: User) -> None:
        with pytest.raises(services.AlreadyDone, match="is subscriber already"):
            services.change_role(user=alice, role=Role.SUBSCRIBER, actor=ada, now=NOON)

    def test_keeps_the_last_administrator(self, ada: User) -> None:
        with pytest.raises(services.LastAdministrator, match="last active administrator"):
            services.change_role(user=ada, role=Role.SUBSCRIBER, actor=ada, now=NOON)

    def test_does_not_count_an_administrator_who_is_not_active(self, ada: User) -> None:
        make_user(role=Role.ADMINISTRATOR, is_active=False)

        with pytest.raises(services.LastAdministrator):
            services.change_role(user=ada, role=Role.PROVIDER, actor=ada, now=NOON)

    def test_lets_one_of_two_administrators_go(self, ada: User) -> None:
        make_user(role=Role.ADMINISTRATOR)

        services.change_role(user=ada, role=Role.PROVIDER, actor=ada, now=NOON)

        assert User.objects.filter(role=Role.ADMINISTRATOR).count() == 1


class TestDeactivate:
    def test_closes_the_account_until_it_is_activated(self, ada: User, alice: User) -> None:
        services.deactivate(user=alice, actor=ada, now=NOON)
        assert not User.objects.get(pk=alice.pk).is_active

        services.activate(user=alice, actor=ada, now=NOON)
        assert User.objects.get(pk=alice.pk).is_active

    def test_keeps_the_last_administrator(self, ada: User) -> None:
        with pytest.raises(services.LastAdministrator):
            services.deactivate(user=ada, actor=ada, now=NOON)

    def test_refuses_an_actor_who_does_not_administer(self, alice: User, charlie: User) -> None:
        with pytest.raises(services.NotAnAdministrator):
            services.deactivate(user=alice, actor=charlie, now=NOON)


class TestUpdateProfile:
    def test_saves_name_and_zone(self, alice: User) -> None:
        services.update_profile(user=alice, name="Alice B.", time_zone="Europe/Berlin")

        alice.refresh_from_db()
        assert (alice.name, alice.time_zone) == ("Alice B.", "Europe/Berlin")

    @pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd"])
    def test_refuses_what_is_no_zone(self, alice: User, zone: str) -> None:
        with pytest.raises(services.UnknownTimeZone):
            services.update_profile(user=alice, name="", time_zone=zone)
