"""What tests of the API share: reading problems and pages, and seeing which tasks were sent."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from rest_framework.test import APIClient

from config.queues import DEFAULT, EXITS, ORDERS

API = "/api/v1"
#: An id that nothing has.
NOBODY = "0199d7a4-0000-7000-8000-000000000000"


def problem(response: Any) -> tuple[int, str]:
    """The status and the code of an error answer, which must be a problem."""
    assert response.headers["Content-Type"] == "application/problem+json", response.content
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["code"]


def fields(response: Any) -> dict[str, str]:
    """The fields that were not accepted, with the code of each."""
    assert problem(response) == (400, "INVALID_INPUT"), response.content
    return {error["field"]: error["code"] for error in response.json()["errors"]}


def ids(response: Any) -> list[Any]:
    """The ids of a page, in order."""
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def walk(program: APIClient, path: str, page_size: int) -> Iterator[dict[str, Any]]:
    """Follow the links to the end and give every row on the way."""
    page = program.get(path, {"page_size": page_size}).json()
    yield from page["results"]
    while page["next"]:
        page = program.get(page["next"]).json()
        yield from page["results"]


class Sent:
    """The tasks that wait in the broker."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)

    def __call__(self) -> list[tuple[str, dict[str, Any]]]:
        """Return name and arguments of each."""
        found = [
            json.loads(text) for queue in (ORDERS, EXITS, DEFAULT) for text in self._client.lrange(queue, 0, -1)
        ]
        return [
            (message["headers"]["task"], json.loads(base64.b64decode(message["body"]))[1]) for message in found
        ]


@pytest.fixture
def sent(broker_url: str) -> Sent:
    """What was sent to workers so far: call it."""
    return Sent(broker_url)
