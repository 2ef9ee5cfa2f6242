from typing import Any

import pytest

from accounts.models import User
from tests.people import browser_of


@pytest.fixture
def schema(ada: User) -> Any:
    return browser_of(ada).get("/api/schema/", {"format": "json"}, headers={"accept": "application/json"}).json()


class TestSchema:
    def test_knows_tokens(self, schema: Any) -> None:
        assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
        assert {"token": []} in schema["paths"]["/api/v1/me/"]["get"]["security"]

    def test_describes_the_key_of_a_post(self, schema: Any) -> None:
        parameters = schema["paths"]["/api/v1/strict/"]["post"]["parameters"]

        assert [(each["name"], each["in"], each["required"]) for each in parameters] == [
            ("Idempotency-Key", "header", True)
        ]

    def test_describes_errors_as_problems(self, schema: Any) -> None:
        answers = schema["paths"]["/api/v1/me/"]["get"]["responses"]

        assert "application/problem+json" in answers["default"]["content"]
