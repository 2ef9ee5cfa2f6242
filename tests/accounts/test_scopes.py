from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.roles import Role
from accounts.scopes import ALLOWED, Scope, effective

SUBSETS = list(chain.from_iterable(combinations(Scope, size) for size in range(len(Scope) + 1)))
READ, PUBLISH, TRADE = Scope.READ, Scope.PUBLISH, Scope.TRADE


class TestAllowed:
    def test_covers_every_role(self) -> None:
        assert set(ALLOWED) == set(Role)

    def test_lets_only_staff_publish(self) -> None:
        assert {role for role in Role if PUBLISH in ALLOWED[role]} == {Role.PROVIDER, Role.ADMINISTRATOR}


class TestEffective:
    @pytest.mark.parametrize("granted", SUBSETS)
    def test_takes_publishing_from_a_subscriber_and_nothing_else(self, granted: tuple[Scope, ...]) -> None:
        assert effective(Role.SUBSCRIBER, granted) == set(granted) - {PUBLISH}

    @pytest.mark.parametrize("granted", SUBSETS)
    @pytest.mark.parametrize("role", [Role.PROVIDER, Role.ADMINISTRATOR])
    def test_leaves_staff_what_was_granted(self, role: Role, granted: tuple[Scope, ...]) -> None:
        assert effective(role, granted) == set(granted)

    @given(role=st.sampled_from(Role), granted=st.sets(st.sampled_from(Scope)))
    def test_never_exceeds_the_grant_or_the_role(self, role: Role, granted: set[Scope]) -> None:
        assert effective(role, granted) <= granted & ALLOWED[role]
