"""Testing a connection at an address where no exchange answers: a clear word for its owner, and nobody else is hurt."""

import socketserver
import threading
from collections.abc import Callable, Iterator

import pytest

from connections import checking
from connections import services as connections
from connections.health import HealthStatus
from connections.models import ExecutionConnection
from core.clock import now
from tests.makers import make_connection
from tests.venue_process import RunningVenue

pytestmark = pytest.mark.django_db(transaction=True)

Answering = Callable[[bytes], str]


def reply(body: str = "", status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", body]).encode()


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Start a server that gives one answer to everything, and return its address."""
    servers = []

    def start(answer: bytes) -> str:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.recv(65536)
                self.request.sendall(answer)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def checked(*accounts: ExecutionConnection) -> list[ExecutionConnection]:
    checking.check_connections(connections=accounts, clock=now)
    return [ExecutionConnection.objects.get(pk=each.pk) for each in accounts]


class TestAnAddress:
    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (reply("<html><title>Hotel</title>Please log in</html>"), "with a web page"),
            (reply(""), "with nothing"),
            (reply("\x00{{{ garbage"), "not the JSON we asked for"),
            (reply("[1, 2"), "not the JSON we asked for"),
            (
                reply("", "302 Found", Location="http://127.0.0.1:9/"),
                "points to 127.0.0.1:9, which is not followed",
            ),
            (b"", "the connection broke"),
        ],
        ids=["html", "nothing", "garbage", "truncated", "redirect", "hang up"],
    )
    def test_is_named_with_what_it_answered(self, answering: Answering, answer: bytes, words: str) -> None:
        address = answering(answer)

        (connection,) = checked(make_connection(base_url=address, last_tested_at=None, status="UNTESTED"))

        assert connection.status == HealthStatus.ERROR
        assert words in connection.last_error
        assert address.removeprefix("http://") in connection.last_error
        assert connection.last_tested_at is not None

    @pytest.mark.parametrize(
        "body", ["{}", '{"serverTime": "soon"}', '{"serverTime": 99999999999999999999}', "[]"]
    )
    def test_that_does_not_say_the_time_fails_its_test(self, answering: Answering, body: str) -> None:
        (connection,) = checked(make_connection(base_url=answering(reply(body)), status="UNTESTED"))

        assert connection.status == HealthStatus.ERROR
        assert connection.last_error

    def test_where_nobody_listens_says_so(self) -> None:
        (connection,) = checked(make_connection(base_url="http://127.0.0.1:9", status="UNTESTED"))

        assert "127.0.0.1:9" in connection.last_error
        assert "no connection" in connection.last_error


class TestOneHostileVenue:
    def test_hurts_no_other_account_of_the_same_round(self, answering: Answering, venue: RunningVenue) -> None:
        account = venue.admin.open_account("fine", spot={"USDT": "100"})
        fine = make_connection(base_url=venue.url, status="UNTESTED")
        connections.set_credentials(connection=fine, credentials=account.credentials, actor=None, now=now())
        hostile = make_connection(base_url=answering(reply("{}")), status="UNTESTED")

        after = checked(hostile, fine)

        assert [each.status for each in after] == [HealthStatus.ERROR, HealthStatus.ACTIVE]
