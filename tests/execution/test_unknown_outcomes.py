"""Answers that do not say what happened: every kind, for every order, whether the venue acted or not.

Each ends with exactly one order at the venue, or with a proof of absence and the same order sent again. Until then
nothing is called failed, and nothing is sent.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database

from connections.contract import MarketType
from connections.models import TradingPreset
from core.clock import now
from events.catalogue import Kind
from events.models import Event
from execution.models import Order
from execution.outcomes import LogStatus
from execution.roles import OrderRole
from execution.services import resolver
from positions.exits import ClosingReason, Protection
from tests.execution.books import disagreements
from tests.execution.stage import LINEAR, SPOT, Account, Stage

MARKETS = pytest.mark.parametrize("market", [SPOT, LINEAR])
Fault = dict[str, Any]

#: What the venue did, and then answered.
DONE: dict[str, Fault] = {
    "answered late": {"kind": "late", "ms": 900},
    "reset": {"kind": "reset", "processed": True},
    "silent": {"kind": "silence", "processed": True},
    "503": {"kind": "unknown", "processed": True},
    "-1006": {"kind": "unknown", "code": -1006, "processed": True},
    "-1007": {"kind": "unknown", "code": -1007, "processed": True},
    "502": {"kind": "status", "status": 502, "processed": True},
    "523": {"kind": "status", "status": 523, "processed": True},
    "garbage": {"kind": "garbage", "body": "garbage"},
    "truncated": {"kind": "garbage", "body": "truncated"},
    "empty": {"kind": "garbage", "body": "empty"},
    "html": {"kind": "garbage", "body": "html"},
    "object": {"kind": "garbage", "body": "object"},
    "dripping": {"kind": "drip", "ms": 100, "bytes": 4},
    "gone": {"kind": "away", "listener": False, "processed": True},
}
#: What the venue never did, and how it looked.
NOT_DONE: dict[str, Fault] = {
    "reset": {"kind": "reset", "processed": False},
    "silent": {"kind": "silence", "processed": False},
    "503": {"kind": "unknown", "processed": False},
    "-1007": {"kind": "unknown", "code": -1007, "processed": False},
    "502": {"kind": "status", "status": 502},
    "523": {"kind": "status", "status": 523},
    "garbage": {"kind": "garbage", "body": "garbage", "processed": False},
    "empty": {"kind": "garbage", "body": "empty", "processed": False},
    "redirect": {"kind": "redirect"},
    "gone": {"kind": "away", "listener": False, "processed": False},
}
EVERY_DONE = pytest.mark.parametrize("fault", DONE.values(), ids=DONE)
EVERY_NOT_DONE = pytest.mark.parametrize("fault", NOT_DONE.values(), ids=NOT_DONE)
#: One that acted and one that did not, for orders whose path is the same afterwards.
EITHER = pytest.mark.parametrize(
    "fault", [DONE["-1007"], DONE["truncated"], NOT_DONE["reset"], NOT_DONE["502"]],
    ids=["done", "done and truncated", "reset", "not done"],
)  # fmt: skip


def strike(stage: Stage, fault: Fault, *, path: str, times: int = 1, **match: str) -> None:
    """Let the next request to place such an order go wrong."""
    stage.hurry()
    options = {name: value for name, value in fault.items() if name != "kind"}
    stage.venue.admin.fault(fault["kind"], match={"method": "POST", "path": path, **match}, times=times, **options)


def entry_path(market: MarketType) -> str:
    return "/api/v3/order" if market is SPOT else "/fapi/v1/order"


def ids_of(account: Account, role: OrderRole) -> set[str]:
    return {order.client_order_id for order in account.orders(role)}


class TestEntry:
    @MARKETS
    @EVERY_DONE
    def test_is_found_when_the_venue_has_it(self, stage: Stage, market: MarketType, fault: Fault) -> None:
        account = stage.open_account(market)
        strike(stage, fault, path=entry_path(market), side="BUY")
        stage.trade()
        assert (account.entry.state, account.entry.in_doubt) == ("SUBMITTED", True)
        assert (account.log.status, account.log.finished_at) == (LogStatus.SUBMITTED, None)

        stage.settle()

        assert (account.log.status, account.entry.sends) == (LogStatus.EXECUTED, 1)
        assert account.position.protection == Protection.NATIVE
        assert len(account.venue_fills()) == 1
        assert disagreements(account) == []

    @MARKETS
    @EVERY_NOT_DONE
    def test_is_sent_again_when_the_venue_proves_that_it_has_none(
        self, stage: Stage, market: MarketType, fault: Fault
    ) -> None:
        account = stage.open_account(market)
        strike(stage, fault, path=entry_path(market), side="BUY")
        stage.trade()
        key = account.entry.client_order_id

        stage.settle()

        assert (account.log.status, account.entry.sends) == (LogStatus.EXECUTED, 2)
        assert ids_of(account, OrderRole.ENTRY) == {key}
        assert len(account.venue_fills()) == 1
        assert account.position.protection == Protection.NATIVE
        assert disagreements(account) == []

    def test_is_sent_again_as_large_as_is_decided_then(self, stage: Stage) -> None:
        account = stage.open_account()
        strike(stage, NOT_DONE["reset"], path="/api/v3/order", side="BUY")
        stage.trade()
        TradingPreset.objects.update(values={"sizing_mode": "FIXED_QUANTITY", "size": "0.04"})

        stage.settle()

        assert account.log.numbers["quantity"] == "0.04"
        assert (account.entry.quantity, account.held_at_the_venue()) == (
            Decimal("0.04"),
            account.position.quantity,
        )
        assert disagreements(account) == []

    def test_is_not_thought_absent_before_it_can_have_arrived(self, stage: Stage) -> None:
        account = stage.open_account()
        strike(stage, NOT_DONE["reset"], path="/api/v3/order", side="BUY")
        stage.trade()

        stage.search([account.entry])

        assert (account.entry.in_doubt, account.entry.is_held) == (True, False)
        assert len(account.entry.evidence) == 3

    def test_is_not_thought_absent_when_one_source_does_not_answer(self, stage: Stage) -> None:
        account = stage.open_account()
        strike(stage, NOT_DONE["reset"], path="/api/v3/order", side="BUY")
        stage.trade()
        stage.venue.admin.fault("status", match={"path": "/api/v3/myTrades"}, times=None, status=502)

        stage.settle()

        assert (account.entry.in_doubt, account.entry.is_held) == (True, False)
        assert "no answer" in account.entry.evidence[-1]["found"]
        assert account.log.status == LogStatus.SUBMITTED

    @pytest.mark.parametrize("path", ["/api/v3/order", "/api/v3/openOrders"])
    @pytest.mark.parametrize("fault", [NOT_DONE["502"], NOT_DONE["empty"], {"kind": "throttle"}], ids=str)
    def test_is_not_thought_absent_while_the_venue_cannot_be_asked(
        self, stage: Stage, path: str, fault: Fault
    ) -> None:
        account = stage.open_account()
        strike(stage, NOT_DONE["reset"], path="/api/v3/order", side="BUY")
        stage.trade()
        options = {name: value for name, value in fault.items() if name != "kind"}
        stage.venue.admin.fault(fault["kind"], match={"method": "GET", "path": path}, times=None, **options)

        stage.settle()

        assert (account.entry.in_doubt, account.entry.sends) == (True, 1)
        stage.venue.admin.clear_faults()
        stage.settle()
        assert (account.log.status, account.entry.sends) == (LogStatus.EXECUTED, 2)
        assert disagreements(account) == []

    def test_is_not_taken_for_gone_while_the_venue_that_acknowledged_it_hides_it(self, stage: Stage) -> None:
        """USD-M answers a market order without its trades; its lists may know nothing for longer than it promises."""
        account = stage.open_account(LINEAR)
        strike(stage, {"kind": "hide", "ms": 600_000}, path="/fapi/v1/order", side="BUY")
        stage.trade()
        assert account.entry.acknowledged_at is not None

        for _ in range(5):
            stage.look(after=10)

        assert account.entry.state == "SUBMITTED"
        assert account.log.status == LogStatus.SUBMITTED

    @MARKETS
    def test_is_found_although_queries_did_not_know_it_at_first(self, stage: Stage, market: MarketType) -> None:
        account = stage.open_account(market)
        strike(stage, {"kind": "hide", "ms": 400}, path=entry_path(market), side="BUY")
        strike(stage, DONE["-1007"], path=entry_path(market), side="BUY")
        stage.trade()

        stage.search([account.entry])
        assert account.entry.in_doubt
        time.sleep(0.4)  # the venue's time, which is not ours to move
        stage.settle()

        assert (account.log.status, account.entry.sends) == (LogStatus.EXECUTED, 1)
        assert disagreements(account) == []

    def test_waits_and_says_so_when_it_stays_unknown(self, stage: Stage) -> None:
        account = stage.open_account()
        strike(stage, DONE["reset"], path="/api/v3/order", side="BUY")
        stage.trade()
        stage.venue.admin.fault("status", match={"method": "GET", "path": "/api/v3/order"}, times=None, status=502)

        for _ in range(6):
            stage.look(after=120)

        entry = account.entry
        assert (entry.state, entry.in_doubt) == ("SUBMITTED", True)
        assert entry.unresolved_at is not None
        assert Event.objects.filter(kind=Kind.ORDER_UNRESOLVED).count() == 1
        assert entry.reconcile_after is not None
        stage.venue.admin.clear_faults()
        stage.settle()
        assert account.entry.unresolved_at is None
        assert disagreements(account) == []

    def test_is_told_once_as_doubtful_and_once_as_resolved(self, stage: Stage) -> None:
        account = stage.open_account()
        strike(stage, NOT_DONE["reset"], path="/api/v3/order", side="BUY")
        stage.trade()

        stage.settle()

        kinds = Event.objects.filter(subject_id=str(account.entry.pk)).values_list("kind", flat=True)
        assert sorted(kinds) == [Kind.ORDER_IN_DOUBT, Kind.ORDER_RESOLVED]

    def test_ends_failed_with_the_proof_after_the_last_attempt(self, stage: Stage) -> None:
        account = stage.open_account()
        strike(stage, NOT_DONE["reset"], path="/api/v3/order", times=9, side="BUY")
        stage.trade()

        stage.settle(rounds=20)

        assert (account.log.status, account.log.reason) == (LogStatus.FAILED, "NEVER_ARRIVED")
        assert "order by its id: not among" in account.log.explanation
        assert account.entry.is_held
        assert account.at_the_venue() == []

    def test_is_not_sent_again_when_the_price_has_run_away_meanwhile(self, stage: Stage) -> None:
        account = stage.open_account()
        strike(stage, NOT_DONE["reset"], path="/api/v3/order", side="BUY")
        stage.trade()
        stage.move_price(61000)

        stage.settle()

        assert (account.log.status, account.log.reason) == (LogStatus.SKIPPED, "PRICE_DRIFTED")
        assert (account.entry.state, account.entry.is_held) == ("FAILED", False)
        assert account.at_the_venue() == []
        assert disagreements(account) == []

    def test_is_not_sent_again_when_the_signal_was_withdrawn_meanwhile(self, stage: Stage) -> None:
        account = stage.open_account()
        strike(stage, NOT_DONE["reset"], path="/api/v3/order", side="BUY")
        signal = stage.trade()
        stage.withdraw(signal)

        stage.settle()

        assert (account.log.status, account.log.reason) == (LogStatus.SKIPPED, "SIGNAL_WITHDRAWN")
        assert (account.entry.state, account.entry.is_held) == ("FAILED", False)
        assert account.at_the_venue() == []


class TestProtection:
    @EITHER
    @pytest.mark.parametrize(
        ("market", "path", "targets"),
        [
            (SPOT, "/api/v3/orderList/oco", None),
            (SPOT, "/api/v3/order", []),
            (LINEAR, "/fapi/v1/algoOrder", None),
            (LINEAR, "/fapi/v1/algoOrder", []),
        ],
        ids=["pair", "spot stop", "linear stop", "linear stop alone"],
    )
    def test_is_placed_once(
        self, stage: Stage, fault: Fault, market: MarketType, path: str, targets: list[object] | None
    ) -> None:
        account = stage.open_account(market)
        strike(stage, fault, path=path, side="SELL")
        stage.trade(**({} if targets is None else {"targets": targets}))
        assert account.position.protection == Protection.UNPROTECTED

        stage.settle()

        position = account.position
        assert (position.status, position.protection) == ("OPEN", Protection.NATIVE)
        assert position.unprotected_ms > 0
        assert disagreements(account) == []

    @MARKETS
    def test_is_not_waited_for_when_the_price_passes_the_stop(self, stage: Stage, market: MarketType) -> None:
        account = stage.open_account(market)
        path = "/api/v3/orderList/oco" if market is SPOT else "/fapi/v1/algoOrder"
        strike(stage, NOT_DONE["reset"], path=path, side="SELL")
        stage.trade()
        assert account.position.protection == Protection.UNPROTECTED

        stage.move_price(58500)
        stage.look()

        # Reduce-only needs no proof; on spot a pair that did arrive would hold the coins.
        assert account.position.closing_reason == ClosingReason.SL
        assert (account.position.status == "CLOSED") == (market is LINEAR)
        stage.settle()
        assert account.position.status == "CLOSED"
        assert disagreements(account) == []

    @EITHER
    def test_target_is_placed_once_on_linear(self, stage: Stage, fault: Fault) -> None:
        account = stage.open_account(LINEAR)
        strike(stage, fault, path="/fapi/v1/order", side="SELL", type="LIMIT")
        stage.trade()

        stage.settle()

        assert sorted(row["type"] for row in account.resting()) == ["LIMIT", "STOP_MARKET"]
        assert disagreements(account) == []


class TestClose:
    @MARKETS
    @EITHER
    def test_closes_once(self, stage: Stage, market: MarketType, fault: Fault) -> None:
        account = stage.open_account(market)
        stage.trade()
        strike(stage, fault, path=entry_path(market), side="SELL", type="MARKET")

        stage.close(account)
        stage.settle()

        assert (account.position.status, account.position.closing_reason) == ("CLOSED", "MANUAL")
        assert len(account.venue_fills()) == 2
        assert disagreements(account) == []

    @MARKETS
    @pytest.mark.parametrize("fault", [DONE["-1007"], NOT_DONE["reset"], NOT_DONE["502"]], ids=str)
    def test_closes_although_a_cancel_was_not_answered(
        self, stage: Stage, market: MarketType, fault: Fault
    ) -> None:
        account = stage.open_account(market)
        stage.trade()
        stage.hurry()
        options = {name: value for name, value in fault.items() if name != "kind"}
        stage.venue.admin.fault(fault["kind"], match={"method": "DELETE"}, **options)

        stage.close(account)
        stage.settle()

        assert account.position.status == "CLOSED"
        assert disagreements(account) == []


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_resolvers_do_not_disturb_each_other(self, transactional_db: None, stage: Stage) -> None:
        accounts = [stage.open_account(), stage.open_account()]
        strike(stage, DONE["-1007"], path="/api/v3/order", account=accounts[0].name, side="BUY")
        strike(stage, NOT_DONE["reset"], path="/api/v3/order", account=accounts[1].name, side="BUY")
        stage.trade()
        stage.pass_time(60)
        keys = list(Order.objects.values_list("pk", flat=True))

        def resolve(_: int) -> list[object]:
            try:
                resolved = resolver.resolve_due(clock=now, order_ids=keys)
                resolver.follow_up(resolved, clock=now)
                return list(resolved.retry)
            finally:
                database.close()

        with ThreadPoolExecutor(3) as workers:
            retried = [key for keys in workers.map(resolve, range(3)) for key in keys]
        assert len(retried) == 1
        stage.settle()

        assert [disagreements(account) for account in accounts] == [[], []]
        assert [account.log.status for account in accounts] == [LogStatus.EXECUTED] * 2
        resolved = Event.objects.filter(kind=Kind.ORDER_RESOLVED, subject_id__in=[str(key) for key in keys])
        assert resolved.count() == 2
