"""The guard that keeps tests on this machine."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from tests.infrastructure.network import NetworkForbidden, guard, is_local

#: Reserved for documentation: even if the guard failed, nobody would answer.
ELSEWHERE = "192.0.2.1"


@pytest.fixture(autouse=True)
def _forgiven() -> Iterator[None]:
    """These tests do reach out, so what the guard remembers is not held against them."""
    yield
    guard.refused.clear()


class TestGuard:
    def test_refuses_another_machine(self) -> None:
        with socket.socket() as caller, pytest.raises(NetworkForbidden, match=ELSEWHERE):
            caller.connect((ELSEWHERE, 443))

    def test_refuses_to_ask_for_a_name(self) -> None:
        with pytest.raises(NetworkForbidden, match=r"api\.example\.com"):
            socket.getaddrinfo("api.example.com", 443)

    def test_refuses_datagrams(self) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as caller, pytest.raises(NetworkForbidden):
            caller.sendto(b"hello", (ELSEWHERE, 53))

    async def test_sees_asynchronous_connections(self) -> None:
        with pytest.raises(NetworkForbidden):
            await asyncio.open_connection(ELSEWHERE, 443)

    def test_remembers_what_code_under_test_swallowed(self) -> None:
        with socket.socket() as caller, pytest.raises(NetworkForbidden):
            caller.connect((ELSEWHERE, 443))

        assert guard.refused == [ELSEWHERE]

    def test_allows_this_machine(self, free_port: int) -> None:
        with socket.create_server(("127.0.0.1", free_port)), socket.create_connection(("localhost", free_port)):
            assert guard.refused == []


class TestIsLocal:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost", "0.0.0.0", ""])
    def test_is_true_of_this_machine(self, host: str) -> None:
        assert is_local(host)

    @pytest.mark.parametrize(
        "host", ["10.0.0.1", "192.168.1.1", "fe80::1%eth0", "localhost.example.com", "api.binance.com"]
    )
    def test_is_false_of_any_other(self, host: str) -> None:
        assert not is_local(host)
