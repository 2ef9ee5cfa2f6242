"""Cards C70 to C89: requests that go wrong, and what may be done about it."""

import asyncio
import re
import time
import traceback
from datetime import timedelta
from decimal import Decimal

import pytest

from connections.contract import Side
from connections.errors import AuthFailed, BrokerError, NotSent, OutcomeUnknown, Throttled
from core.clock import now
from core.redact import redact_text
from tests.connections.adapters.desk import LANDED, Desk, Step, Trouble, end_of, ref_of
from tests.connections.adapters.order_cards import assert_as_booked

BUY = Side.BUY
PATIENCE = timedelta(seconds=0.5)


class DoubtCards:
    """What the caller may do after each way a request can go wrong."""

    @pytest.mark.parametrize("what", list(Trouble))
    async def test_c70_doubts_an_order_whose_answer_says_nothing(self, desk: Desk, what: Trouble) -> None:
        """The outcome is unknown, the order was sent once, and finding tells whether it landed."""
        hasty, ticket = desk.connect(timeout=PATIENCE), desk.resting()
        desk.trouble(Step.SUBMIT, what)

        with pytest.raises(OutcomeUnknown) as doubt:
            await hasty.submit(ticket)

        report = await desk.adapter.find(ref_of(ticket))
        assert doubt.value.code
        assert desk.asked(Step.SUBMIT) == 1
        assert desk.count(ticket.client_order_id) == (what in LANDED)
        assert (report is not None) is (what in LANDED)

    async def test_c71_finds_an_order_that_filled_in_doubt(self, desk: Desk) -> None:
        """A market order whose answer was lost is found with its executions."""
        ticket = desk.ticket(BUY)
        desk.trouble(Step.SUBMIT, Trouble.RESET_AFTER)

        with pytest.raises(OutcomeUnknown):
            await desk.adapter.submit(ticket)

        report = await desk.adapter.find(ref_of(ticket))
        assert_as_booked(desk, report, ticket)
        assert report is not None
        assert report.has_all_fills

    async def test_c72_waits_no_longer_than_it_may(self, desk: Desk) -> None:
        """Every request has a time limit of its own, and silence is doubt."""
        hasty = desk.connect(timeout=PATIENCE)
        await hasty.submit(ticket := desk.resting())
        steps = {
            Step.SUBMIT: lambda: hasty.submit(desk.ticket(BUY)),
            Step.CANCEL: lambda: hasty.cancel(ref_of(ticket)),
            Step.FIND: lambda: hasty.find(ref_of(ticket)),
            Step.OPEN_ORDERS: lambda: hasty.open_orders(desk.symbol),
            Step.FILLS: lambda: hasty.fills(now(), desk.symbol),
            Step.HOLDINGS: hasty.holdings,
            Step.QUOTES: lambda: hasty.quotes([desk.symbol]),
            Step.BALANCE: hasty.balance,
        }
        for step in steps:
            desk.trouble(step, Trouble.SILENCE, times=None)
        began_at = time.monotonic()

        ends = await asyncio.gather(*(ask() for ask in steps.values()), return_exceptions=True)

        assert [type(end) for end in ends] == [OutcomeUnknown] * len(steps)
        assert time.monotonic() - began_at < 10 * PATIENCE.total_seconds()

    @pytest.mark.parametrize("step", [Step.SUBMIT, Step.OPEN_ORDERS])
    async def test_c73_hands_on_how_long_to_wait(self, desk: Desk, step: Step) -> None:
        """A broker that asks for patience is told apart from one that refuses, and nothing was sent."""
        ask = {Step.SUBMIT: desk.adapter.submit, Step.OPEN_ORDERS: desk.adapter.open_orders}[step]
        ticket = desk.resting()
        desk.throttle(step, timedelta(seconds=60))

        with pytest.raises(Throttled) as throttled:
            await ask(ticket if step is Step.SUBMIT else desk.symbol)  # type: ignore[operator]

        assert throttled.value.retry_after == timedelta(seconds=60)
        assert desk.count(ticket.client_order_id) == 0

    async def test_c74_keeps_still_while_it_was_told_to_wait(self, desk: Desk) -> None:
        """After that no account of the broker asks again before its time: it would be banned for longer."""
        neighbour = desk.connect_neighbour()
        await neighbour.instrument(desk.symbol)
        desk.throttle(Step.SUBMIT, timedelta(seconds=60))

        for account in (desk.adapter, desk.adapter, neighbour):
            with pytest.raises(Throttled):
                await account.submit(desk.resting())

        assert desk.asked(Step.SUBMIT) == 1

    async def test_c75_knows_that_nothing_was_sent(self, desk: Desk) -> None:
        """Without a connection nothing can have arrived, and the same ticket may leave again later."""
        ticket = desk.resting()
        await desk.adapter.instrument(desk.symbol)
        desk.leave(1.5)
        async with asyncio.timeout(1):  # until the connection we had is cut
            while not isinstance(await end_of(desk.adapter.quotes([desk.symbol])), BrokerError):
                pass

        with pytest.raises(NotSent):
            await desk.adapter.submit(ticket)

        desk.wait_until_back()
        assert desk.count(ticket.client_order_id) == 0

    async def test_c76_learns_the_clock_when_it_is_refused(self, desk: Desk) -> None:
        """An order refused for its time stamp was not taken, and the same ticket passes the next time."""
        ticket = desk.resting()
        await desk.adapter.instrument(desk.symbol)
        desk.skew(timedelta(minutes=5))

        with pytest.raises(NotSent):
            await desk.adapter.submit(ticket)

        assert_as_booked(desk, await desk.adapter.submit(ticket), ticket)

    async def test_c77_lets_no_account_wait_for_another(self, desk: Desk) -> None:
        """While one account's answer is awaited, another's order is done."""
        slow, neighbour = desk.connect(timeout=timedelta(seconds=3)), desk.connect_neighbour()
        await asyncio.gather(slow.instrument(desk.symbol), neighbour.instrument(desk.symbol))
        desk.trouble(Step.SUBMIT, Trouble.SILENCE)
        waiting = asyncio.ensure_future(slow.submit(desk.resting()))
        while not desk.open_ids():  # noqa: ASYNC110 (only the broker's books tell that it is there)
            await asyncio.sleep(0)

        report = await neighbour.submit(desk.ticket(BUY))

        assert report.filled == desk.quantity
        assert not waiting.done()
        with pytest.raises(OutcomeUnknown):
            await waiting

    @pytest.mark.parametrize("step", [Step.SUBMIT, Step.FIND, Step.BALANCE])
    @pytest.mark.parametrize(
        "what", [Trouble.HTML, Trouble.ERROR_IN_JSON, Trouble.BAD_GATEWAY, Trouble.SILENCE, Trouble.REDIRECT]
    )
    async def test_c80_gives_no_secret_away_in_errors(self, desk: Desk, step: Step, what: Trouble) -> None:
        """No error, nor what caused it, shows a key, a secret or a signature."""
        hasty, ticket = desk.connect(timeout=PATIENCE), desk.resting()
        await hasty.instrument(desk.symbol)
        desk.trouble(step, what, times=None)
        ask = {
            Step.SUBMIT: lambda: hasty.submit(ticket),
            Step.FIND: lambda: hasty.find(ref_of(ticket)),
            Step.BALANCE: hasty.balance,
        }[step]

        with pytest.raises(BrokerError) as trouble:
            await ask()

        told = f"{trouble.value} {trouble.value.text} {trouble.value!r} {trouble.value.code}"
        whole = told + "".join(traceback.format_exception(trouble.value))
        assert not any(secret in whole for secret in desk.secrets())
        assert not re.search(r"signature\W+[0-9a-f]{16}", told + redact_text(whole), re.IGNORECASE)

    async def test_c81_gives_no_secret_away_when_shown(self, desk: Desk) -> None:
        """Neither an adapter nor what it holds shows a credential."""
        await desk.adapter.submit(desk.ticket(BUY))

        told = repr(desk.adapter) + str(desk.adapter) + repr(vars(desk.adapter))

        assert not any(secret in told for secret in desk.secrets())

    async def test_c82_borrows_nobodys_key(self, desk: Desk) -> None:
        """What accounts share holds no key: an adapter without one reads public data and nothing else."""
        await desk.adapter.balance()
        keyless = desk.connect(credentials={})
        asked = desk.asked(Step.BALANCE)

        assert await keyless.quotes([desk.symbol])
        with pytest.raises(AuthFailed):
            await keyless.balance()

        assert desk.asked(Step.BALANCE) == asked

    async def test_c83_writes_whole_numbers(self, desk: Desk) -> None:
        """Quantities and prices leave as plain decimals, however a ticket writes them."""
        scientific = Decimal(f"{desk.quantity:E}").normalize()
        ticket = desk.resting(quantity=scientific, price=Decimal("5.4E+4"))

        report = await desk.adapter.submit(ticket)

        assert (report.quantity, report.price) == (desk.quantity, Decimal(54000))
        assert_as_booked(desk, report, ticket)
