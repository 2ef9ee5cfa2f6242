import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts import services
from accounts.models import User
from accounts.roles import Role
from tests.people import NOON, make_user


@pytest.mark.django_db(transaction=True)
class TestTwoAdministratorsDemoteEachOther:
    def test_leaves_one_of_them(self) -> None:
        ada, grace = make_user(role=Role.ADMINISTRATOR), make_user(role=Role.ADMINISTRATOR)
        start, refused = threading.Barrier(2), []

        def demote(actor: User, other: User) -> None:
            user = User.objects.get(pk=other.pk)
            start.wait()
            try:
                services.change_role(user=user, role=Role.SUBSCRIBER, actor=actor, now=NOON)
            except services.LastAdministrator:
                refused.append(user)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(demote, (ada, grace), (grace, ada)))

        assert len(refused) == 1
        assert User.objects.filter(role=Role.ADMINISTRATOR).count() == 1
