import pytest
from django.core.exceptions import ValidationError as ModelValidationError
from django.test import Client
from rest_framework import exceptions

from accounts.models import User
from accounts.rest.problems import Problem, problem_of
from tests.people import program_of

NOTES = "/api/v1/notes/"


def errors_of(exc: Exception) -> list[tuple[str | None, str | None]]:
    problem = problem_of(exc)
    assert problem is not None
    return [(error["field"], error["code"]) for error in problem.errors]


class TestProblem:
    def test_carries_type_and_code_that_say_the_same(self) -> None:
        problem = Problem("SIGNAL_EXPIRED", status=409, title="Signal expired", detail="It expired at noon.")

        assert problem.as_dict("/api/v1/signals/7/") == {
            "type": "/problems/signal-expired",
            "title": "Signal expired",
            "status": 409,
            "detail": "It expired at noon.",
            "code": "SIGNAL_EXPIRED",
            "instance": "/api/v1/signals/7/",
        }

    def test_names_fields_where_it_was_theirs(self) -> None:
        wrong = {"field": "sl", "code": "WRONG_SIDE", "message": "The stop 101 lies above the entry 100."}

        problem = Problem("INVALID_SIGNAL", status=400, detail="The stop is wrong.", errors=[wrong])

        assert problem.as_dict("/")["errors"] == [wrong]


class TestProblemOf:
    def test_names_nested_fields_by_path(self) -> None:
        exc = exceptions.ValidationError(
            {"targets": [{}, {"share": ["Too large."]}], "non_field_errors": ["No."], "sl": ["A", "B"]}
        )

        assert errors_of(exc) == [
            ("targets.1.share", "INVALID"),
            (None, "INVALID"),
            ("sl", "INVALID"),
            ("sl", "INVALID"),
        ]

    def test_keeps_the_code_of_each_error(self) -> None:
        exc = exceptions.ValidationError({"quantity": [exceptions.ErrorDetail("Below 0.01.", "below_minimum")]})

        assert errors_of(exc) == [("quantity", "BELOW_MINIMUM")]

    def test_takes_what_a_model_refuses(self) -> None:
        assert errors_of(ModelValidationError({"name": "Taken."})) == [("name", "INVALID")]

    def test_says_nothing_of_a_defect(self) -> None:
        assert problem_of(KeyError("secret")) is None


class TestAnswers:
    def test_name_the_fields_that_were_not_accepted(self, alice: User) -> None:
        response = program_of(alice).post(NOTES, {"price": "ten"})

        assert response.status_code == 400
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json() == {
            "type": "/problems/invalid-input",
            "title": "Invalid input",
            "status": 400,
            "detail": "2 values were not accepted.",
            "code": "INVALID_INPUT",
            "instance": NOTES,
            "errors": [
                {"field": "name", "code": "REQUIRED", "message": "This field is required."},
                {"field": "price", "code": "INVALID", "message": "A valid number is required."},
            ],
        }

    @pytest.mark.parametrize(
        ("method", "path", "content_type", "body", "status", "code"),
        [
            ("GET", "/api/v1/nothing/", "application/json", "", 404, "NOT_FOUND"),
            ("GET", "/api/v1/nothing", "application/json", "", 404, "NOT_FOUND"),
            ("POST", "/api/v1/notes", "application/json", "{}", 404, "NOT_FOUND"),
            ("PATCH", NOTES, "application/json", "{}", 405, "METHOD_NOT_ALLOWED"),
            ("POST", NOTES, "application/json", "{", 400, "PARSE_ERROR"),
            ("POST", NOTES, "application/json", "[1]", 400, "INVALID_INPUT"),
            ("POST", NOTES, "text/plain", "x", 415, "UNSUPPORTED_MEDIA_TYPE"),
            ("POST", NOTES, "multipart/form-data; boundary=x", "--x--", 415, "UNSUPPORTED_MEDIA_TYPE"),
            ("GET", "/api/v1/moody/", "application/json", "", 429, "THROTTLED"),
        ],
    )
    def test_are_problems_whatever_went_wrong(
        self, alice: User, method: str, path: str, content_type: str, body: str, status: int, code: str
    ) -> None:
        response = program_of(alice).generic(method, path, body, content_type=content_type)

        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.headers["Content-Type"] == "application/problem+json"

    def test_say_when_to_come_again(self, alice: User) -> None:
        assert program_of(alice).get("/api/v1/moody/").headers["Retry-After"] == "3"

    def test_hide_the_detail_of_a_defect(self, alice: User) -> None:
        program = program_of(alice)
        program.raise_request_exception = False

        response = program.get("/api/v1/broken/")

        assert (response.status_code, response.json()["code"]) == (500, "INTERNAL_ERROR")
        assert b"secret" not in response.content

    def test_refuse_a_browser_without_csrf_token(self, alice: User) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(alice)

        response = browser.post(NOTES, {"name": "x"}, content_type="application/json")

        assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED")

    def test_leave_the_pages_their_html(self, db: None) -> None:
        response = Client().get("/no-such-page/")

        assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")

    def test_refuse_a_body_that_is_too_large(self, alice: User) -> None:
        program = program_of(alice)
        program.raise_request_exception = False

        response = program.generic("POST", NOTES, " " * 3_000_000, content_type="application/json")

        assert (response.status_code, response.json()["code"]) == (400, "BAD_REQUEST")
