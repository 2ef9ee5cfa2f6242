"""What tests of the admin share: its addresses, doing an act, and seeing that nothing was counted."""

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

#: An id that nothing has.
NOBODY = "0199d7a4-0000-7000-8000-000000000000"


def list_of(model: str) -> str:
    """The address of a list, by ``app/model``."""
    return f"/admin/{model}/"


def page_of(model: str, row: Any) -> str:
    """The address of one row."""
    return f"/admin/{model}/{row.pk}/change/"


def act_on(model: str, row: Any, act: str) -> str:
    """The address of an act on one row."""
    return f"/admin/{model}/{row.pk}/{act}/"


def text(browser: Client, address: str, **asked: str) -> str:
    """The page, which must be there."""
    answer = browser.get(address, asked)
    assert answer.status_code == 200, (answer.status_code, address)
    return answer.content.decode()


def confirm(browser: Client, address: str, **entered: object) -> str:
    """Do an act, and give the page that follows."""
    return browser.post(address, entered, follow=True).content.decode()


def statements(browser: Client, address: str, **asked: str) -> list[str]:
    """The statements that one more look at a list costs; the first look may warm caches."""
    text(browser, address, **asked)
    with CaptureQueriesContext(connection) as queries:
        text(browser, address, **asked)
    return [query["sql"] for query in queries]


def counts(found: list[str]) -> list[str]:
    """Those of them that count rows."""
    return [each for each in found if "COUNT(" in each.upper()]
