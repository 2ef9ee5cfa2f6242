"""What a key may do, from what each exchange says, and what is made of silence."""

from typing import Any

import pytest

from connections.adapters.ccxt.exchanges import bare_copy
from connections.adapters.ccxt.permissions import Permissions, permissions_of
from connections.contract import AccountAccess, Environment, MarketType
from tests.connections.adapters.ccxt.wired import KEYS, wired

SPOT_ONLY = {"enableReading": True, "enableWithdrawals": False, "enableSpotAndMarginTrading": True}


async def asked(exchange: str, reply: Any, *, is_derivative: bool = False) -> Permissions:
    """Return what is made of an exchange's reply."""
    return await permissions_of(wired(exchange, answer=lambda *_: reply), is_derivative)


def said(exchange: str, **row: Any) -> dict[str, Any]:
    """Return a reply in an exchange's own envelope."""
    return {"retCode": 0, "result": row} if exchange == "bybit" else {"code": "0", "data": [row]}


class TestBinance:
    @pytest.mark.parametrize(("told", "seen"), [(True, True), ("true", True), (False, False), ("false", False)])
    async def test_sees_the_right_to_withdraw(self, told: Any, seen: bool) -> None:
        assert (await asked("binance", SPOT_ONLY | {"enableWithdrawals": told})).can_withdraw is seen

    async def test_tells_spot_from_futures(self) -> None:
        reply = SPOT_ONLY | {"enableFutures": False}

        assert (await asked("binance", reply)).can_trade is True
        assert (await asked("binance", reply, is_derivative=True)).can_trade is False

    async def test_takes_silence_for_no_answer(self) -> None:
        granted = await asked("binance", {"ipRestrict": True})

        assert (granted.can_trade, granted.can_withdraw) == (None, None)

    @pytest.mark.parametrize(("restricted", "warnings"), [(True, 0), (False, 1)])
    async def test_warns_of_a_key_that_works_from_anywhere(self, restricted: bool, warnings: int) -> None:
        assert len((await asked("binance", SPOT_ONLY | {"ipRestrict": restricted})).warnings) == warnings

    async def test_says_nothing_on_the_testnet(self) -> None:
        """The testnet has no such question; nobody may go to the real exchange with a testnet's key."""
        access = AccountAccess("binance", MarketType.SPOT, Environment.TESTNET, credentials=KEYS)

        granted = await permissions_of(bare_copy(access), is_derivative=False)

        assert (granted.can_withdraw, len(granted.warnings)) == (None, 1)


class TestBybit:
    @pytest.mark.parametrize(("wallet", "seen"), [(["AccountTransfer", "Withdraw"], True), ([], False)])
    async def test_sees_the_right_to_withdraw(self, wallet: list[str], seen: bool) -> None:
        reply = said("bybit", readOnly=0, permissions={"Spot": ["SpotTrade"], "Wallet": wallet}, ips=["1.2.3.4"])

        assert await asked("bybit", reply) == Permissions(can_trade=True, can_withdraw=seen)

    async def test_sees_a_key_that_only_reads(self) -> None:
        reply = said("bybit", readOnly=1, permissions={"Spot": ["SpotTrade"]}, ips=["1.2.3.4"])

        assert (await asked("bybit", reply)).can_trade is False

    async def test_takes_silence_for_no_answer(self) -> None:
        assert (await asked("bybit", said("bybit"))).can_withdraw is None


class TestOkx:
    @pytest.mark.parametrize(
        ("perm", "trade", "withdraw"),
        [("read_only,trade", True, False), ("read_only", False, False), ("read_only,trade,withdraw", True, True)],
    )
    async def test_reads_the_list(self, perm: str, trade: bool, withdraw: bool) -> None:
        granted = await asked("okx", said("okx", perm=perm, ip="1.2.3.4"))

        assert granted == Permissions(can_trade=trade, can_withdraw=withdraw)

    @pytest.mark.parametrize("reply", [{"code": "0", "data": []}, {"code": "0", "data": [{}]}])
    async def test_takes_silence_for_no_answer(self, reply: Any) -> None:
        assert (await asked("okx", reply)).can_withdraw is None


class TestOthers:
    async def test_are_not_asked_and_say_so(self) -> None:
        granted = await permissions_of(wired("kraken"), is_derivative=False)

        assert (granted.can_trade, granted.can_withdraw, len(granted.warnings)) == (None, None, 1)
