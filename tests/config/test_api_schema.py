"""The schema describes every endpoint there is, and every endpoint there is keeps what the schema says."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.validation import validate_schema

from accounts.models import User
from accounts.rest.idempotency import IdempotentPostMixin
from tests.people import program_of
from tests.rest import NOBODY, problem

#: Endpoints with examples of what to send.
SHOWN = ["channels", "connections", "presets", "signals", "subscriptions"]
#: They describe the API and are not described by it.
ABOUT = {"/api/schema/", "/api/docs/"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema as a client reads it, which must be made without a single warning."""
    output = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=output)

    read: dict[str, Any] = json.loads(output.getvalue())
    return read


def endpoints() -> Iterator[tuple[str, Any]]:
    """Every address under /api/ with its view class."""
    (api,) = (entry for entry in get_resolver().url_patterns if str(entry.pattern) == "api/")
    assert isinstance(api, URLResolver)
    for path, pattern in _leaves(api, "/"):
        if getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None):
            yield path, pattern.callback


def _leaves(entry: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for inner in entry.url_patterns:
        path = f"{prefix}{entry.pattern}"
        if isinstance(inner, URLResolver):
            yield from _leaves(inner, path)
        else:
            yield f"{path}{inner.pattern}", inner


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every path, method and operation."""
    for path, item in schema["paths"].items():
        yield from ((path, method, item[method]) for method in METHODS & set(item))


class TestSchema:
    def test_is_valid(self, schema: dict[str, Any]) -> None:
        validate_schema(schema)

        assert schema["openapi"].startswith("3.")

    def test_describes_every_operation_there_is(self, schema: dict[str, Any]) -> None:
        there = {
            (re.sub(r"<\w+:pk>", "{id}", path), method)
            for path, callback in endpoints()
            for method in (getattr(callback, "actions", None) or {"get": "get"}).keys() - {"head"}
            if path not in ABOUT
        }

        assert {(path, method) for path, method, _ in operations(schema)} == there
        assert len(there) > 50

    def test_says_how_every_error_looks(self, schema: dict[str, Any]) -> None:
        problem_type = {"$ref": "#/components/schemas/Problem"}

        for path, method, operation in operations(schema):
            answers = operation["responses"]
            wanted = {"400", "401", "403", "429", "default"} | ({"404"} if "{" in path else set())
            wanted |= {"409", "422"} if method == "post" else set()
            assert wanted <= set(answers), (path, method)
            for status in wanted:
                assert answers[status]["content"] == {"application/problem+json": {"schema": problem_type}}
        assert set(schema["components"]["schemas"]["Problem"]["required"]) >= {"type", "status", "detail", "code"}

    def test_says_what_every_operation_does_and_gives(self, schema: dict[str, Any]) -> None:
        for path, method, operation in operations(schema):
            good = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
            assert len(good) == 1, (path, method)
            assert operation.get("summary") or operation.get("description"), (path, method)
            ((status, answer),) = good.items()
            assert status == "204" or answer["content"]["application/json"]["schema"], (path, method)

    def test_offers_an_idempotency_key_wherever_something_is_posted(self, schema: dict[str, Any]) -> None:
        posts = [(path, operation) for path, method, operation in operations(schema) if method == "post"]

        without = [
            path
            for path, operation in posts
            if "Idempotency-Key" not in {each["name"] for each in operation["parameters"]}
        ]
        assert (without, len(posts)) == ([], len(posts))
        assert len(posts) > 12

    @pytest.mark.parametrize("name", SHOWN)
    def test_shows_an_example_of_what_to_send(self, schema: dict[str, Any], name: str) -> None:
        body = schema["paths"][f"/api/v1/{name}/"]["post"]["requestBody"]

        assert body["content"]["application/json"]["examples"]

    def test_has_no_secret_in_what_comes_back(self, schema: dict[str, Any]) -> None:
        types = schema["components"]["schemas"]

        assert "credentials" not in types["Connection"]["properties"]
        assert types["CredentialsInput"]["properties"]["credentials"]["writeOnly"] is True


@pytest.mark.django_db
class TestEveryEndpoint:
    def test_is_closed_to_nobody_in_particular(self, client: Client) -> None:
        for path, _ in endpoints():
            if path not in ABOUT:
                answer = client.get(re.sub(r"<int:pk>", "1", path.replace("<uuid:pk>", NOBODY)))
                assert problem(answer) in {(401, "NOT_AUTHENTICATED"), (405, "METHOD_NOT_ALLOWED")}, path

    def test_obeys_an_idempotency_key(self) -> None:
        posting = [
            callback.cls for _, callback in endpoints() if "post" in (getattr(callback, "actions", None) or {})
        ]

        assert posting
        assert [view for view in posting if not issubclass(view, IdempotentPostMixin)] == []

    @pytest.mark.parametrize(
        "path", ["/api/v1/signals", "/api/v1/signal/", "/api/v2/signals/", "/api/", "/api/v1/"]
    )
    def test_that_does_not_exist_is_a_problem(self, alice: User, path: str) -> None:
        program = program_of(alice)

        assert problem(program.get(path)) == problem(program.post(path, {})) == (404, "NOT_FOUND")


class TestDocs:
    def test_load_nothing_that_our_policy_forbids(self, client: Client) -> None:
        page = client.get("/api/docs/")

        html = page.content.decode()
        assert page.status_code == 200
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
        assert re.findall(r"(?:src|href)=\"(?:https?:)?//", html) == []

    def test_start_from_a_script_of_ours(self, client: Client) -> None:
        script = client.get("/api/docs/", {"script": ""})

        assert script.headers["Content-Type"] == "application/javascript"
        assert b"SwaggerUIBundle" in script.content
        assert b'"validatorUrl": null' in script.content
