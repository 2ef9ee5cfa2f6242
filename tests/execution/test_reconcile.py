"""The venue's books against ours: what somebody did by hand is booked, and what nobody can explain is shown."""

from decimal import Decimal

import pytest

from accounts.models import User
from connections.contract import MarketType
from core.clock import now
from events import operational
from events.catalogue import Kind
from events.models import Event
from execution.models import Break, Fill, Order
from execution.services import corrections
from positions import services as positions
from tests.execution.books import disagreements
from tests.execution.stage import LINEAR, SPOT, Account, Stage
from tests.makers import make_quote

MARKETS = pytest.mark.parametrize("market", [SPOT, LINEAR])
SIZE = Decimal("0.1")


def sell_by_hand(account: Account, quantity: str) -> None:
    """Alice sells at the exchange's own page. On spot she frees the coins first."""
    admin, market = account.venue.admin, "spot" if account.market is SPOT else "usdm"
    if account.market is SPOT:
        admin.act(account.name, "cancel_all", market=market, symbol="BTCUSDT")
    order = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": quantity}
    admin.act(account.name, "order", market=market, **order)


def move_coins(account: Account, amount: str) -> None:
    """Let coins come, or leave when it is negative, without any trade."""
    if amount.startswith("-"):
        account.venue.admin.act(account.name, "cancel_all", market="spot", symbol="BTCUSDT")
    body = {"account": account.name, "market": "spot", "asset": "BTC", "amount": amount}
    account.venue.admin._ask("POST", "/admin/transfer", body)


def compare(stage: Stage, account: Account) -> None:
    """Compare the books as the clock does: what they contradict is looked up, and then they are compared again."""
    for _ in range(8):
        compared = stage.compare(account)
        if compared.overdue:
            stage.search(Order.objects.filter(pk__in=compared.overdue))
        elif compared.changed:
            stage.advance(account)
        else:
            return
    raise AssertionError("The books never came to rest.")


def news(kind: Kind) -> int:
    return Event.objects.filter(kind=kind).count()


class TestExternalTrade:
    @MARKETS
    def test_that_closes_everything_ends_the_position_at_the_venues_price(
        self, stage: Stage, market: MarketType
    ) -> None:
        account = stage.open_account(market)
        stage.trade()
        stage.move_price(60_500)
        held = account.held_at_the_venue()
        sell_by_hand(account, str(held))

        compare(stage, account)

        position = account.position
        assert (position.status, position.closing_reason, position.quantity) == ("CLOSED", "EXTERNAL", 0)
        last = account.venue_fills()[-1]
        booked = Fill.objects.get(connection=account.connection, order__isnull=True)
        assert (booked.price, booked.quantity) == (Decimal(last["price"]), Decimal(last["quantity"]))
        assert position.ledger() == positions.rebuild(position)
        assert not Break.objects.exists()

    def test_that_closes_a_part_leaves_the_rest_protected(self, stage: Stage) -> None:
        account = stage.open_account(LINEAR)
        stage.trade()
        sell_by_hand(account, "0.04")

        compare(stage, account)
        stage.settle()

        assert account.position.quantity == Decimal("0.06") == account.held_at_the_venue()
        assert {Decimal(row["quantity"]) for row in account.resting()} == {Decimal("0.06")}
        assert disagreements(account) == []

    def test_of_the_owners_own_coins_is_none_of_ours(self, stage: Stage) -> None:
        account = stage.open_account(SPOT, at_venue={"spot": {"USDT": "10000", "BTC": "1"}})
        stage.trade()
        own = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.5"}
        account.venue.admin.act(account.name, "order", market="spot", **own)

        compare(stage, account)

        assert (account.position.status, account.position.quantity) == ("OPEN", Decimal("0.0999"))
        assert Fill.objects.filter(connection=account.connection).count() == 1
        assert not Break.objects.exists()


class TestBreak:
    @pytest.fixture
    def account(self, stage: Stage) -> Account:
        """A tenth of the coins has left, and no trade says why."""
        opened = stage.open_account(SPOT)
        stage.trade()
        move_coins(opened, "-0.01")
        return opened

    def test_shows_both_sides_and_is_told_once(self, stage: Stage, account: Account) -> None:
        compare(stage, account)

        row = Break.objects.get()
        ours, theirs = Decimal(row.ours["quantity"]), Decimal(row.theirs["quantity"])
        assert (row.symbol, ours - theirs, row.status) == ("BTC", Decimal("0.01"), "OPEN")
        assert theirs == account.held_at_the_venue()
        assert news(Kind.RECONCILIATION_BREAK) == 1

    def test_changes_nothing_by_itself(self, stage: Stage, account: Account) -> None:
        before = account.position.quantity

        for _ in range(3):
            stage.pass_time(120)
            compare(stage, account)

        assert account.position.quantity == before

    def test_ends_when_the_books_agree_again(self, stage: Stage, account: Account) -> None:
        compare(stage, account)
        move_coins(account, "0.01")

        compare(stage, account)

        assert Break.objects.get().status == "RESOLVED"


class TestAutomaticCorrection:
    @pytest.fixture
    def account(self, stage: Stage, ada: User) -> Account:
        opened = stage.open_account(SPOT)
        stage.trade()
        move_coins(opened, "-0.01")
        operational.change(name="execution.automatic_correction", raw=True, actor=ada, now=now())
        operational.forget()
        make_quote(opened.connection, bid="59990", ask="60010")
        return opened

    def test_writes_down_what_two_comparisons_show(self, stage: Stage, account: Account) -> None:
        before = account.position.quantity
        compare(stage, account)
        assert account.position.quantity == before
        Break.objects.update(found_at=now() - corrections.CONFIRMED_AFTER * 2)
        make_quote(account.connection, bid="59990", ask="60010")

        compare(stage, account)

        position = account.position
        assert position.quantity == before - Decimal("0.01")
        assert position.ledger() == positions.rebuild(position)
        row = Break.objects.get()
        assert (row.status, row.resolved_by) == ("RESOLVED", None)
        assert "0.01 written down at 59990" in row.resolution
        assert news(Kind.RECONCILIATION_RESOLVED) == 1

    def test_never_makes_ours_larger(self, stage: Stage, account: Account) -> None:
        move_coins(account, "5")
        before = account.position.quantity

        for _ in range(2):
            compare(stage, account)
            Break.objects.update(found_at=now() - corrections.CONFIRMED_AFTER * 2)

        assert account.position.quantity == before

    def test_waits_where_the_market_has_no_price(
        self, stage: Stage, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(corrections.marketdata, "quotes_of", lambda *_: {})
        compare(stage, account)
        Break.objects.update(found_at=now() - corrections.CONFIRMED_AFTER * 2)

        compare(stage, account)

        assert Break.objects.get().status == "OPEN"
