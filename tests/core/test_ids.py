import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import CLIENT_ORDER_ID_LENGTH, client_order_id, uuid7

LOG = uuid.UUID(int=1)


class TestClientOrderId:
    def test_is_the_same_for_ever(self) -> None:
        """Another id for the same order would let it be sent twice after an upgrade."""
        assert client_order_id("home", LOG, "entry", 1) == "msztsepf6i3rl6qksj3wqxjrbi"

    @given(st.text(max_size=40), st.uuids(), st.sampled_from(["entry", "stop", "target"]), st.integers(1, 10**6))
    def test_is_26_lower_case_base32_characters(
        self, installation: str, log_id: uuid.UUID, role: str, sequence: int
    ) -> None:
        own = client_order_id(installation, log_id, role, sequence)

        assert re.fullmatch(r"[a-z2-7]{26}", own)
        assert len(own) == CLIENT_ORDER_ID_LENGTH

    @pytest.mark.parametrize(
        "other",
        [
            ("elsewhere", LOG, "entry", 1),
            ("home", uuid.UUID(int=2), "entry", 1),
            ("home", LOG, "stop", 1),
            ("home", LOG, "entry", 2),
            ("hom", LOG, "entry", 1),
        ],
    )
    def test_differs_with_everything_it_is_made_of(self, other: tuple[str, uuid.UUID, str, int]) -> None:
        assert client_order_id(*other) != client_order_id("home", LOG, "entry", 1)

    def test_keeps_its_parts_apart(self) -> None:
        assert client_order_id("home", LOG, "entry1", 1) != client_order_id("home", LOG, "entry", 11)


class TestUuid7:
    def test_has_version_and_variant(self) -> None:
        made = uuid7()

        assert (made.version, made.variant) == (7, uuid.RFC_4122)

    def test_grows_with_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_000_000_000)
        earlier = uuid7()
        monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_001_000_000)

        assert earlier < uuid7()

    def test_begins_with_the_milliseconds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_123_456_789)

        assert uuid7().int >> 80 == 1_700_000_000_123

    def test_never_repeats_itself(self) -> None:
        assert len({uuid7() for _ in range(10_000)}) == 10_000
