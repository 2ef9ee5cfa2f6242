"""What the hot path writes by hand has every column that the models have."""

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.clock import now
from core.ids import uuid7
from execution import bulk
from execution.machine import OrderState
from execution.models import Order, OrderCost
from positions import services as positions
from positions.models import ExecutionPosition
from tests.makers import make_execution


def columns(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def new_order() -> bulk.NewOrder:
    log = make_execution()
    return bulk.NewOrder(
        id=uuid7(),
        log_id=log.pk,
        connection_id=log.connection_id,
        role="entry",
        client_order_id="a" * 26,
        symbol="BTC/USDT",
        side="BUY",
        order_type="LIMIT",
        quantity=Decimal("0.000000000000000001"),
        price=Decimal("60000.12"),
        stop_price=None,
        time_in_force="GTD",
        expires_at=now() + timedelta(hours=1),
        expected_price=Decimal("1E+3"),
        reconcile_after=now() + timedelta(seconds=30),
    )


@pytest.mark.django_db
class TestInsertOrders:
    def test_stores_what_the_model_would_have_stored(self) -> None:
        order, moment = new_order(), now()

        bulk.insert_orders([order], now=moment)

        times = dict.fromkeys(("created_at", "submitted_at", "last_sent_at", "updated_at"), moment)
        expected = Order(**asdict(order), **times, state=OrderState.SUBMITTED, sends=1)
        assert columns(Order.objects.get()) == columns(expected)


@pytest.mark.django_db
class TestPutCosts:
    def test_replaces_what_an_order_cost_when_it_trades_again(self) -> None:
        order = new_order()
        bulk.insert_orders([order], now=now())
        once = bulk.NewCost(
            order_id=order.id,
            expected_price=Decimal(100),
            fill_price=Decimal(101),
            quantity=Decimal(1),
            slippage=Decimal(1),
            slippage_bps=Decimal(100),
            slippage_pips=Decimal(10),
            amount=Decimal(1),
            fees={"BNB": "0.1"},
        )
        again = bulk.NewCost(**asdict(once) | {"quantity": Decimal(2), "fees": {"BNB": "0.2"}})

        bulk.put_costs([once], now=now())
        bulk.put_costs([again], now=now())

        stored = columns(OrderCost.objects.get())
        assert {name: stored[name] for name in asdict(again)} == asdict(again)


class TestPositions:
    def test_are_written_with_every_column_they_have(self) -> None:
        known = {field.attname for field in ExecutionPosition._meta.concrete_fields}

        assert {*positions._FIXED, *positions._CHANGING} == known
