"""Every list and page of the admin: it opens, costs little, counts nothing, and shows nobody's secrets."""

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from connections.models import ExecutionConnection
from execution.models import Break
from tests import makers
from tests.factories import CREDENTIALS
from tests.people import browser_of, make_token
from tests.staff import NOBODY, counts, list_of, page_of, statements, text

#: Every list, with what one look at it costs: session, reader, keys of the page, rows of the page.
LISTS = {
    "execution/executionlog": 4,
    "execution/order": 4,
    "execution/fill": 4,
    "execution/break": 4,
    "execution/subscription": 4,
    "positions/executionposition": 4,
    "connections/executionconnection": 4,
    "connections/tradingpreset": 4,
    "connections/dataconnection": 4,
    "marketdata/instrument": 4,
    "signals/channel": 4,
    "signals/signal": 4,
    "events/event": 4,
    "events/delivery": 4,
    "events/notificationmail": 4,
    "events/operationalsetting": 3,
    "analytics/executionanalytic": 4,
    "accounts/user": 4,
    "accounts/apitoken": 4,
    "django_celery_beat/periodictask": 4,
}
ADMINISTRATORS_ONLY = {
    "connections/dataconnection", "events/delivery", "events/notificationmail", "events/operationalsetting",
    "accounts/user", "accounts/apitoken",
    "django_celery_beat/periodictask",
}  # fmt: skip


@pytest.fixture
def stage(rehearsal: ExecutionConnection, alice: User) -> makers.Trade:
    """Alice's account with a trade, a break and a token."""
    makers.make_break(connection=rehearsal)
    make_token(alice)
    return makers.make_trade(connection=rehearsal)


class TestLists:
    def test_are_all_named_here(self) -> None:
        registered = {f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry}

        assert registered == set(LISTS)

    @pytest.mark.parametrize("model", LISTS)
    def test_cost_the_same_however_much_they_show(self, stage: makers.Trade, ada: User, model: str) -> None:
        browser = browser_of(ada)
        for _ in range(3):
            makers.make_trade(connection=stage.execution.connection)

        found = statements(browser, list_of(model))

        assert len(found) == LISTS[model], found
        assert counts(found) == []

    @pytest.mark.parametrize("model", LISTS)
    def test_say_that_there_is_nothing(self, ada: User, model: str) -> None:
        assert text(browser_of(ada), list_of(model), **({"q": NOBODY} if model == "accounts/user" else {}))

    @pytest.mark.parametrize("model", LISTS)
    def test_open_for_providers_where_they_have_business(self, bob: User, model: str) -> None:
        answer = browser_of(bob).get(list_of(model))

        assert (answer.status_code == 200) == (model not in ADMINISTRATORS_ONLY)

    @pytest.mark.parametrize("person", ["alice", "charlie"])
    @pytest.mark.parametrize("model", LISTS)
    def test_open_for_nobody_else(self, model: str, person: str, request: pytest.FixtureRequest) -> None:
        answer = browser_of(request.getfixturevalue(person)).get(list_of(model), follow=True)

        assert answer.status_code == 403

    @pytest.mark.parametrize(
        "lookup", ["numbers__free__gt", "connection__name__startswith", "connection__owner__password__startswith"]
    )
    def test_answer_no_question_that_no_filter_offers(self, stage: makers.Trade, bob: User, lookup: str) -> None:
        answer = browser_of(bob).get(list_of("execution/executionlog"), {lookup: "1"})

        assert answer.status_code == 400

    @pytest.mark.parametrize(
        "asked", [{"q": "x" * 500}, {"q": "\x00"}, {"p": "-1"}, {"p": "9" * 5000}, {"status__exact": "GONE"}, {"o": "1.2.-3"},
                  {"created_at_from_0": "never", "created_at_from_1": "ever"}]
    )  # fmt: skip
    def test_survive_nonsense(self, stage: makers.Trade, ada: User, asked: dict[str, str]) -> None:
        answer = browser_of(ada).get(list_of("execution/executionlog"), asked)

        assert answer.status_code in (200, 302)


class TestPages:
    def test_open_and_show_no_secret(self, stage: makers.Trade, ada: User) -> None:
        connection = stage.execution.connection
        rows = {
            "execution/executionlog": stage.execution,
            "execution/order": stage.order,
            "execution/fill": stage.fill,
            "positions/executionposition": stage.position,
            "connections/executionconnection": connection,
            "connections/dataconnection": connection.data_connection,
            "signals/channel": stage.execution.signal.channel,
            "signals/signal": stage.execution.signal,
            "execution/break": Break.objects.get(),
        }
        browser = browser_of(ada)

        pages = [text(browser, page_of(model, row)) for model, row in rows.items()]

        secrets = [*CREDENTIALS.values(), str(connection.credentials)]
        assert not [secret for secret in secrets for page in pages if secret in page]

    @pytest.mark.parametrize(
        "model",
        sorted(
            set(LISTS)
            - ADMINISTRATORS_ONLY
            - {"execution/fill", "events/event", "marketdata/instrument", "analytics/executionanalytic"}
        ),
    )
    def test_of_nobody_are_not_found(self, bob: User, model: str) -> None:
        assert browser_of(bob).get(f"/admin/{model}/{NOBODY}/change/").status_code == 404

    @pytest.mark.parametrize("model", LISTS)
    @pytest.mark.parametrize("page", ["add", "delete", "change"])
    def test_are_never_written_but_by_acts(self, ada: User, model: str, page: str) -> None:
        name = f"admin:{model.replace('/', '_')}_{page}"
        try:
            address = reverse(name, args=[] if page == "add" else [NOBODY])
        except NoReverseMatch:
            address = reverse(name, args=["1"])

        assert browser_of(ada).post(address, {"post": "yes"}).status_code in (302, 403, 404)
