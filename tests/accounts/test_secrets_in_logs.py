import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from tests.people import PASSWORD, make_token


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO")
    return caplog


class TestLogs:
    def test_hold_no_token(self, alice: User, log: pytest.LogCaptureFixture) -> None:
        _, text = make_token(alice)
        program = APIClient(raise_request_exception=False)
        program.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")

        program.get("/api/v1/broken/")
        program.get("/api/v1/me/", headers={"authorization": f"Bearer {text}x"})

        assert "/api/v1/broken/" in log.text
        assert text.split("_")[2] not in log.text

    def test_hold_no_password(self, client: Client, alice: User, log: pytest.LogCaptureFixture) -> None:
        client.post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD + "x"})

        assert PASSWORD not in log.text
