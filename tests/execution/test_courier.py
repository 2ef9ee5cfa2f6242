"""Errands carry their priority to the venue's request budget."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from connections import budget
from connections.budget import Priority
from connections.contract import Balance, OrderRef, OrderReport, OrderType
from core.loop import background
from execution import courier
from execution.courier import Account, Courier, Errand, ErrandKind, Outbox, take
from tests.values import BTC, make_balance


class Listener:
    """An adapter that notes on whose share of the budget it is asked."""

    def __init__(self) -> None:
        self.heard: list[Priority] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def find(self, ref: OrderRef) -> OrderReport | None:
        self.heard.append(budget.priority.get())
        return None

    async def cancel(self, ref: OrderRef) -> None:
        self.heard.append(budget.priority.get())

    async def balance(self) -> Balance:
        await self.may_answer.wait()
        self.heard.append(budget.priority.get())
        return make_balance()


class CourierTo(Courier):
    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener: Any = listener

    def _adapter(self, account: Account) -> Any:
        return self._listener


def account_at(venue_key: str) -> Any:
    return SimpleNamespace(venue_key=venue_key, connection_id=UUID(int=1))


REF = OrderRef("a" * 26, BTC, order_type=OrderType.STOP)


class TestCourier:
    @pytest.mark.parametrize(
        ("kind", "is_entry", "share"),
        [
            (ErrandKind.FIND, False, Priority.EXIT),
            (ErrandKind.CANCEL, False, Priority.EXIT),
            (ErrandKind.FIND, True, Priority.ENTRY),
            (ErrandKind.BALANCE, True, Priority.ENTRY),
            (ErrandKind.BALANCE, False, Priority.HOUSEKEEPING),
        ],
    )
    def test_spends_the_share_of_what_it_is_sent_for(
        self, kind: ErrandKind, is_entry: bool, share: Priority
    ) -> None:
        listener, outbox = Listener(), Outbox()
        account = account_at("a venue")

        CourierTo(listener).send([Errand(kind, account, ref=REF, is_entry=is_entry)], outbox)

        assert take(outbox, at_most=1, wait_s=5)
        assert listener.heard == [share]

    def test_keeps_errands_of_different_shares_apart(self) -> None:
        listener, outbox = Listener(), Outbox()
        account = account_at("a venue")
        errands = [Errand(ErrandKind.BALANCE, account), Errand(ErrandKind.FIND, account, ref=REF)]

        CourierTo(listener).send(errands, outbox)

        while len(listener.heard) < len(errands):
            assert take(outbox, at_most=1, wait_s=5)
        assert sorted(listener.heard) == [Priority.EXIT, Priority.HOUSEKEEPING]

    def test_never_lets_exits_stand_in_line_behind_entries(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(courier, "IN_FLIGHT", 1)
        listener, entries, exits = Listener(), Outbox(), Outbox()
        account = account_at("a venue")
        listener.may_answer.clear()
        sender = CourierTo(listener)

        sender.send([Errand(ErrandKind.BALANCE, account, is_entry=True)] * 3, entries)
        sender.send([Errand(ErrandKind.CANCEL, account, ref=REF)], exits)

        assert take(exits, at_most=1, wait_s=5)
        assert take(entries, at_most=1, wait_s=0) == []
        background.loop.call_soon_threadsafe(listener.may_answer.set)
        assert sum(len(take(entries, at_most=1, wait_s=5)) for _ in range(3)) == 3

    def test_lets_a_venue_that_does_not_answer_hold_up_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(courier, "IN_FLIGHT", 1)
        listener, silent, other = Listener(), Outbox(), Outbox()
        listener.may_answer.clear()
        sender = CourierTo(listener)

        sender.send([Errand(ErrandKind.BALANCE, account_at("silent"), is_entry=True)] * 3, silent)
        sender.send([Errand(ErrandKind.FIND, account_at("other"), ref=REF, is_entry=True)], other)

        assert take(other, at_most=1, wait_s=5)
        background.loop.call_soon_threadsafe(listener.may_answer.set)
        assert sum(len(take(silent, at_most=1, wait_s=5)) for _ in range(3)) == 3
