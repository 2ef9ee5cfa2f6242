"""What ended a position is what it says, whatever somebody asked for meanwhile."""

from core.clock import now
from execution.services import protection
from tests.execution.stage import SPOT, Stage


class TestClosingReason:
    def test_is_that_of_a_stop_which_was_quicker_than_the_close(self, stage: Stage) -> None:
        account = stage.open_account(SPOT)
        stage.trade()
        stage.move_price(58_500)

        stage.close(account, "TIME")

        assert (account.position.status, account.position.closing_reason) == ("CLOSED", "SL")

    def test_is_what_the_close_was_asked_for_when_it_made_the_end(self, stage: Stage) -> None:
        account = stage.open_account(SPOT)
        stage.trade(targets=[{"price": "61200", "share": "0.5"}, {"price": "62400", "share": "0.5"}])
        stage.move_price(61_300)
        protection.request_close(position_id=account.position.pk, reason="TIME", now=now())

        stage.notice()
        stage.advance(account)

        assert (account.position.status, account.position.closing_reason) == ("CLOSED", "TIME")
