"""Whatever was booked: written day by day, written at once, and folded in plain Python, the figures are the same."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import services
from analytics.models import ExecutionAnalytic
from connections.contract import MarketType, Side
from connections.models import AccountSnapshot, ExecutionConnection
from tests.analytics.books import BTC, BTC_SWAP, MONDAY, Book, folded, on, written
from tests.makers import make_connection, set_balance

DAYS = [(MONDAY + timedelta(days=number)).date() for number in range(-1, 9)]

amounts = st.decimals("0.001", "9", places=3).map(str)
prices = st.decimals("0.01", "999", places=2).map(str)
fees = st.tuples(st.decimals("-0.01", "2", places=4).map(str), st.sampled_from(["USDT", "BTC", "BNB"]))
steps = st.lists(
    st.tuples(st.sampled_from(["open", "close", "fund", "dust"]), st.floats(0, 60), amounts, prices, fees),
    max_size=8,
)  # fmt: skip
stories = st.lists(st.tuples(st.booleans(), st.sampled_from(Side), st.floats(0, 72), steps), max_size=4)


def tell(stories: list, accounts: dict[bool, ExecutionConnection]) -> None:
    """Book these stories; what would oversell a position is left out."""
    for is_spot, side, start, steps in stories:
        book = Book(accounts[is_spot], BTC if is_spot else BTC_SWAP, Side.BUY if is_spot else side)
        book.open("3", "100", on(0, start), "0.1", "USDT")
        moment = start
        for step, wait, amount, price, (fee, currency) in steps:
            moment += wait
            _book(book, step, on(0, min(moment, 190)), amount, price, fee, currency)


def _book(book: Book, step: str, at: datetime, amount: str, price: str, fee: str, currency: str) -> None:
    if step == "open":
        book.open(amount, price, at, fee, currency)
    elif step == "close":
        book.close(amount, price, at, fee, currency)
    elif step == "fund":
        book.fund(price, at)
    else:
        book.leave_dust(at)


def measure(accounts: dict[bool, ExecutionConnection]) -> None:
    AccountSnapshot.objects.all().delete()
    set_balance(accounts[True], {"USDT": "1500", "BNB": "3"}, as_of=on(1, 22))
    set_balance(accounts[False], {"USDT": "2500"}, as_of=on(2, 22))
    AccountSnapshot.objects.filter(connection=accounts[False]).update(equity=Decimal(2600))


@given(stories)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rebuilding_equals_writing_day_by_day_equals_folding(db: None, stories: list) -> None:
    with transaction.atomic():
        accounts = {True: make_connection(), False: make_connection(market=MarketType.LINEAR)}
        tell(stories, accounts)
        measure(accounts)

        for day in DAYS:
            services.update(days=[day], connections=[each.pk for each in accounts.values()], now=on(9))
        day_by_day = written(DAYS)
        ExecutionAnalytic.objects.all().delete()
        services.update(days=DAYS, connections=None, now=on(9))

        assert written(DAYS) == day_by_day == folded(DAYS)
        transaction.set_rollback(True)
