from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.chain import GENESIS, link
from tests.values import NOON

CONTENT: dict[str, Any] = {"uid": "1", "kind": "order.filled", "data": {"quantity": "0.5"}, "occurred_at": NOON}
JSON = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)


class TestLink:
    def test_is_the_same_for_ever(self) -> None:
        """Another hash for the same event would break every chain that was sealed before."""
        assert link(GENESIS, 1, CONTENT) == "68a0a562fba2aa8c41999386a5985afd595b2085fe46fc1748ab3968485eb68d"

    @pytest.mark.parametrize(
        "other",
        [
            ("1" * 64, 1, CONTENT),
            (GENESIS, 2, CONTENT),
            (GENESIS, 1, CONTENT | {"kind": "order.failed"}),
            (GENESIS, 1, CONTENT | {"data": {"quantity": "0.50"}}),
            (GENESIS, 1, CONTENT | {"data": {}}),
            (GENESIS, 1, CONTENT | {"extra": None}),
            (GENESIS, 1, CONTENT | {"occurred_at": NOON + timedelta(microseconds=1)}),
        ],
    )
    def test_differs_with_everything_it_covers(self, other: tuple[str, int, dict[str, Any]]) -> None:
        assert link(*other) != link(GENESIS, 1, CONTENT)

    def test_does_not_depend_on_the_order_of_fields(self) -> None:
        turned = dict(reversed(list(CONTENT.items())))

        assert link(GENESIS, 1, turned) == link(GENESIS, 1, CONTENT)

    @given(st.integers(-14, 14))
    def test_does_not_depend_on_the_zone_of_the_session(self, hours: int) -> None:
        moved = CONTENT | {"occurred_at": NOON.astimezone(timezone(timedelta(hours=hours)))}

        assert link(GENESIS, 1, moved) == link(GENESIS, 1, CONTENT)

    @given(st.dictionaries(st.text(), JSON, max_size=4))
    def test_hashes_whatever_json_can_hold(self, data: dict[str, Any]) -> None:
        moment = datetime(2026, 1, 1, tzinfo=UTC)

        assert len(link(GENESIS, 1, {"data": data, "occurred_at": moment})) == 64


class TestChain:
    def test_breaks_when_anything_before_was_changed(self) -> None:
        honest = link(link(GENESIS, 1, CONTENT), 2, CONTENT)
        forged = link(link(GENESIS, 1, CONTENT | {"uid": "2"}), 2, CONTENT)

        assert honest != forged
