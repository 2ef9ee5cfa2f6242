from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from tests.people import NOON, make_user, make_users, program_of

PEOPLE = "/api/v1/people/"


@pytest.fixture
def program(alice: User) -> APIClient:
    return program_of(alice)


def cursor_in(link: str) -> str:
    return parse_qs(urlsplit(link).query)["cursor"][0]


def walk(program: APIClient, page_size: int, towards: str = "next", start: str = PEOPLE) -> list[str]:
    """Follow the links to the end and return every e-mail address on the way."""
    page = program.get(start, {"page_size": page_size} if start == PEOPLE else {}).json()
    found = [person["email"] for person in page["results"]]
    return found + (walk(program, page_size, towards, page[towards]) if page[towards] else [])


class TestCursorPagination:
    @pytest.mark.parametrize("page_size", [1, 2, 3, 4, 7, 8, 100])
    def test_shows_everything_once_though_many_came_at_the_same_moment(
        self, program: APIClient, page_size: int
    ) -> None:
        make_users(6, created_at=NOON)

        found = walk(program, page_size)

        assert sorted(found) == sorted(User.objects.values_list("email", flat=True))

    def test_comes_back_by_the_links_to_the_previous_page(self, program: APIClient) -> None:
        make_users(4)
        second = program.get(program.get(PEOPLE, {"page_size": 2}).json()["next"]).json()

        first_again = program.get(second["previous"]).json()

        assert first_again["results"] == program.get(PEOPLE, {"page_size": 2}).json()["results"]

    def test_is_not_disturbed_by_rows_that_come_in(self, program: APIClient) -> None:
        make_users(4)
        first = program.get(PEOPLE, {"page_size": 3}).json()
        make_user(created_at=NOON.replace(year=2000))

        second = program.get(first["next"]).json()

        assert not {row["email"] for row in first["results"]} & {row["email"] for row in second["results"]}

    @pytest.mark.parametrize(
        ("asked", "given"), [("", 50), ("7", 7), ("100000", 500), ("0", 50), ("-3", 50), ("x", 50)]
    )
    def test_shows_fifty_rows_and_at_most_five_hundred(self, program: APIClient, asked: str, given: int) -> None:
        User.objects.bulk_create(User(email=f"many{number}@example.org") for number in range(600))

        page = program.get(PEOPLE, {"page_size": asked}).json()

        assert len(page["results"]) == given

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
    @given(cursor=st.text(max_size=40))
    def test_refuses_a_cursor_that_somebody_invented(self, program: APIClient, cursor: str) -> None:
        response = program.get(PEOPLE, {"cursor": cursor})

        assert (response.status_code, response.json()["code"]) == (400, "MALFORMED_CURSOR")

    def test_refuses_a_cursor_that_was_cut(self, program: APIClient) -> None:
        make_user()
        cursor = cursor_in(program.get(PEOPLE, {"page_size": 1}).json()["next"])

        assert program.get(PEOPLE, {"cursor": cursor[:-1]}).status_code == 400
        assert program.get(PEOPLE, {"cursor": cursor}).status_code == 200
