"""The cases of an Idempotency-Key.

Source: draft-ietf-httpapi-idempotency-key-header; https://docs.stripe.com/api/idempotent_requests. Where the two
differ: a wrong body under a used key is 422 as in the draft, and a refusal (4xx) frees the key as at Stripe.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from accounts import idempotency
from accounts.models import IdempotencyRecord, User
from accounts.scopes import Scope
from core.clock import now
from tests.people import browser_of, program_of

NOTES = "/api/v1/notes/"
KEY = '"8e03978e-40d5-43e8-bc93-6894a57f9324"'
A, B = {"name": "a"}, {"name": "b"}


@pytest.fixture
def program(alice: User) -> APIClient:
    client = program_of(alice)
    client.raise_request_exception = False
    return client


def post(program: APIClient, body: Any = A, *, key: str = KEY, path: str = NOTES) -> Any:
    return program.post(path, body, headers={"idempotency-key": key})


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def age(by: timedelta) -> None:
    """Let the records grow older."""
    for record in IdempotencyRecord.objects.all():
        record.created_at -= by
        record.leased_until = record.leased_until and record.leased_until - by
        record.save()


class TestFirst:
    def test_is_done_and_answered_as_ever(self, program: APIClient) -> None:
        response = post(program)

        assert response.status_code == 201
        assert "Idempotent-Replayed" not in response.headers
        assert Group.objects.count() == 1


class TestRetryAfterDone:
    def test_gets_the_first_answer_byte_for_byte_and_does_nothing(self, program: APIClient) -> None:
        first = post(program)

        again = post(program)

        assert again.headers["Idempotent-Replayed"] == "true"
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["Location"] == first.headers["Location"]
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
        assert Group.objects.count() == 1

    def test_knows_the_key_without_its_quotes(self, program: APIClient) -> None:
        post(program)

        assert post(program, key=KEY.strip('"')).headers["Idempotent-Replayed"] == "true"

    def test_repeats_an_answer_without_body(self, program: APIClient) -> None:
        post(program, path=f"{NOTES}stamp/")

        again = post(program, path=f"{NOTES}stamp/")

        assert (again.status_code, again.content) == (204, b"")
        assert Group.objects.count() == 1

    def test_works_in_a_browser_too(self, alice: User) -> None:
        browser = browser_of(alice)
        headers = {"idempotency-key": KEY}

        first = browser.post(NOTES, A, content_type="application/json", headers=headers)
        again = browser.post(NOTES, A, content_type="application/json", headers=headers)

        assert (first.status_code, again.content) == (201, first.content)
        assert Group.objects.count() == 1


class TestRetryAfterError:
    def test_gets_the_same_error_and_does_nothing(self, program: APIClient) -> None:
        first = post(program, {"name": "crash"})

        again = post(program, {"name": "crash"})

        assert code_of(first) == code_of(again) == (500, "INTERNAL_ERROR")
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.headers["Content-Type"] == "application/problem+json"
        assert Group.objects.count() == 0

    @pytest.mark.django_db(transaction=True)
    def test_gets_the_success_if_only_what_follows_the_commit_failed(self, program: APIClient) -> None:
        assert post(program, {"name": "late"}).status_code == 500

        again = post(program, {"name": "late"})

        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
        assert Group.objects.count() == 1


class TestConcurrent:
    def test_is_told_to_wait(self, program: APIClient, alice: User) -> None:
        post(program)
        IdempotencyRecord.objects.update(status=None, leased_until=now() + timedelta(seconds=40))

        response = post(program)

        assert code_of(response) == (409, "IDEMPOTENCY_KEY_IN_USE")
        assert response.json()["title"] == "A request is outstanding for this Idempotency-Key"
        assert 39 <= int(response.headers["Retry-After"]) <= 41


class TestPayloadMismatch:
    def test_is_refused(self, program: APIClient) -> None:
        post(program, A)

        response = post(program, B)

        assert code_of(response) == (422, "IDEMPOTENCY_KEY_REUSED")
        assert response.json()["title"] == "Idempotency-Key is already used"
        assert Group.objects.count() == 1

    def test_is_refused_for_another_query(self, program: APIClient) -> None:
        post(program)

        assert post(program, path=f"{NOTES}?dry=1").status_code == 422

    def test_is_refused_while_the_first_is_worked_on(self, program: APIClient) -> None:
        post(program, A)
        IdempotencyRecord.objects.update(status=None, leased_until=now() + timedelta(seconds=40))

        assert post(program, B).status_code == 422


class TestMissing:
    def test_is_refused_where_the_key_is_required(self, program: APIClient) -> None:
        response = program.post("/api/v1/strict/", {})

        assert code_of(response) == (400, "IDEMPOTENCY_KEY_MISSING")
        assert response.json()["title"] == "Idempotency-Key is missing"

    def test_is_done_each_time_elsewhere(self, program: APIClient) -> None:
        program.post(NOTES, A)
        program.post(NOTES, A)

        assert Group.objects.count() == 2

    @pytest.mark.parametrize("key", ["", "two words", '"open', "k" * 256])
    def test_is_not_the_same_as_malformed(self, program: APIClient, key: str) -> None:
        assert code_of(post(program, key=key)) == (400, "IDEMPOTENCY_KEY_INVALID")
        assert Group.objects.count() == 0


class TestExpired:
    def test_is_done_as_new(self, program: APIClient) -> None:
        post(program, A)
        age(idempotency.KEPT_FOR)

        response = post(program, B)

        assert (response.status_code, Group.objects.count()) == (201, 2)
        assert post(program, B).headers["Idempotent-Replayed"] == "true"

    def test_is_still_replayed_just_before(self, program: APIClient) -> None:
        post(program, A)
        age(idempotency.KEPT_FOR - timedelta(minutes=1))

        assert post(program, A).headers["Idempotent-Replayed"] == "true"


class TestValidationFailure:
    @pytest.mark.parametrize("name", ["x" * 21, "refuse", "answer"])
    def test_undoes_everything_and_frees_the_key(self, program: APIClient, name: str) -> None:
        refused = post(program, {"name": name})

        corrected = post(program, A)

        assert 400 <= refused.status_code < 500
        assert corrected.status_code == 201
        assert Group.objects.get().name.startswith("a ")


class TestScopeOfAKey:
    def test_is_one_user(self, program: APIClient, charlie: User) -> None:
        post(program)

        response = post(program_of(charlie))

        assert "Idempotent-Replayed" not in response.headers
        assert Group.objects.count() == 2

    def test_is_one_endpoint(self, program: APIClient) -> None:
        post(program)

        assert "Idempotent-Replayed" not in post(program, path=f"{NOTES}stamp/").headers

    def test_is_not_reached_without_permission(self, alice: User, program: APIClient) -> None:
        post(program)

        assert post(program_of(alice, scopes=[Scope.READ])).status_code == 403


class TestCrashMidway:
    def test_blocks_the_key_no_longer_than_its_lease(self, program: APIClient) -> None:
        post(program)
        Group.objects.all().delete()
        IdempotencyRecord.objects.update(status=None, leased_until=now() - timedelta(seconds=1))

        response = post(program)

        assert (response.status_code, Group.objects.count()) == (201, 1)


class TestPrune:
    def test_deletes_what_is_no_longer_repeated(self, program: APIClient) -> None:
        post(program, key="old")
        age(idempotency.KEPT_FOR)
        post(program, key="new")

        assert idempotency.prune_idempotency_records(now=now()) == 1
        assert IdempotencyRecord.objects.get().key == "new"

    def test_leaves_what_is_worked_on(self, program: APIClient) -> None:
        post(program)
        age(idempotency.KEPT_FOR)
        IdempotencyRecord.objects.update(status=None, leased_until=now() + timedelta(seconds=5))

        assert idempotency.prune_idempotency_records(now=now()) == 0
