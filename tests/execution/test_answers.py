"""Every error class on every kind of errand, for entries and exits: what the order is after it, and what follows."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from connections.contract import ReportStatus
from connections.errors import (
    AuthFailed,
    BrokerError,
    Duplicate,
    InsufficientFunds,
    NotSent,
    OutcomeUnknown,
    Refused,
    Rejected,
    Throttled,
    Unsupported,
)
from execution.answers import (
    DOUBT_WAIT,
    FILLS_WAIT,
    LONGEST_WAIT,
    MOST_SENDS,
    PATIENCE,
    RESTING_LOOK,
    TRADING_LOOK,
    Answer,
    Doubt,
    NextStep,
    give_up,
    read_error,
    read_report,
)
from execution.courier import ErrandKind
from execution.folding import OrderView
from execution.machine import OrderState
from execution.outcomes import Reason
from tests.values import NOON, at, make_fill, make_order, make_report

SURE = Doubt(in_doubt=False, since=None)
S, R = OrderState, Reason

NOT_SENT = NotSent("No connection.", code="NO_CONNECTION")
UNKNOWN = OutcomeUnknown("No answer within 10 s.", code="TIMEOUT")
DUPLICATE = Duplicate("The venue knows this id.", code="-2010")
FINAL: dict[BrokerError, Reason] = {
    Rejected("No.", code="-1013"): R.VENUE_REJECTED,
    InsufficientFunds("Too poor.", code="-2010"): R.VENUE_INSUFFICIENT_FUNDS,
    AuthFailed("Bad key.", code="-2015"): R.VENUE_KEY_REFUSED,
    Refused("Off the step.", field="quantity"): R.UNSUPPORTED_ORDER,
    Unsupported("No such order type."): R.UNSUPPORTED_ORDER,
    BrokerError("Never set up.", code="MISCONFIGURED"): R.INTERNAL_ERROR,
}
ANY_ERROR = [NOT_SENT, UNKNOWN, DUPLICATE, Throttled("Slow down.", retry_after=None), *FINAL]
SENDING = [ErrandKind.SUBMIT, ErrandKind.PAIR]


def throttled(seconds: float | None) -> Throttled:
    return Throttled("Slow down.", retry_after=None if seconds is None else timedelta(seconds=seconds), code="429")


def answer_to(
    error: BrokerError,
    kind: ErrandKind = ErrandKind.SUBMIT,
    *,
    view: OrderView | None = None,
    doubt: Doubt = SURE,
    sends: int = 1,
    is_exit: bool = False,
) -> Answer:
    return read_error(view or make_order(), doubt, kind, error, sends=sends, is_exit=is_exit, now=NOON)


def name_of(value: object) -> str:
    return type(value).__name__ if isinstance(value, BrokerError) else str(value)


class TestFinalError:
    @pytest.mark.parametrize(("kind", "is_exit"), list(product(SENDING, [False, True])))
    @pytest.mark.parametrize(("error", "reason"), FINAL.items(), ids=name_of)
    def test_ends_the_order(self, error: BrokerError, reason: Reason, kind: ErrandKind, is_exit: bool) -> None:
        answer = answer_to(error, kind, is_exit=is_exit)

        assert (answer.view.state, answer.reason) == (S.REJECTED, reason)
        assert (answer.doubt, answer.look_again_at, answer.next_step) == (SURE, None, NextStep.NOTHING)
        assert (answer.error_code, answer.error) == (error.code, str(error))

    @pytest.mark.parametrize("error", FINAL, ids=name_of)
    def test_never_undoes_a_fill(self, error: BrokerError) -> None:
        partly = make_order(S.PARTIALLY_FILLED, filled="4")

        answer = answer_to(error, view=partly)

        assert (answer.view.state, answer.view.filled, answer.view.is_flagged) == (S.PARTIALLY_FILLED, 4, True)


class TestUnknownOutcome:
    @pytest.mark.parametrize(("kind", "is_exit"), list(product(SENDING, [False, True])))
    @pytest.mark.parametrize("error", [UNKNOWN, DUPLICATE], ids=name_of)
    def test_is_a_doubt_and_never_a_failure(self, error: BrokerError, kind: ErrandKind, is_exit: bool) -> None:
        answer = answer_to(error, kind, is_exit=is_exit)

        assert answer.view == make_order()
        assert answer.doubt == Doubt(in_doubt=True, since=NOON)
        assert (answer.look_again_at, answer.next_step, answer.reason) == (
            NOON + DOUBT_WAIT,
            NextStep.NOTHING,
            None,
        )

    def test_is_as_old_as_its_first_time(self) -> None:
        answer = answer_to(UNKNOWN, doubt=Doubt(in_doubt=True, since=at(-60)))

        assert answer.doubt.since == at(-60)

    @pytest.mark.parametrize("sends", [1, MOST_SENDS, 100])
    def test_is_never_sent_again_however_often_it_was(self, sends: int) -> None:
        assert answer_to(UNKNOWN, sends=sends).next_step is NextStep.NOTHING


class TestNotSent:
    @pytest.mark.parametrize(("kind", "is_exit"), list(product(SENDING, [False, True])))
    @pytest.mark.parametrize(
        ("error", "sends", "wait"),
        [
            (NOT_SENT, 1, 0.3),
            (NOT_SENT, 2, 0.9),
            (NOT_SENT, 3, 2.7),
            (throttled(None), 1, 0.3),
            (throttled(5), 1, 5),
            (throttled(0.1), 2, 0.9),
            (throttled(20), 1, 20),
        ],
    )
    def test_leaves_again_under_the_same_id_after_a_wait(
        self, error: BrokerError, sends: int, wait: float, kind: ErrandKind, is_exit: bool
    ) -> None:
        answer = answer_to(error, kind, sends=sends, is_exit=is_exit)

        assert (answer.view, answer.doubt) == (make_order(), SURE)
        assert (answer.next_step, answer.wait) == (NextStep.SEND_AGAIN, timedelta(seconds=wait))
        assert answer.look_again_at == NOON + answer.wait + PATIENCE

    @pytest.mark.parametrize(
        ("error", "sends", "reason"),
        [
            (NOT_SENT, MOST_SENDS, R.VENUE_UNREACHABLE),
            (throttled(1), MOST_SENDS, R.VENUE_THROTTLED),
            (throttled(20.1), 1, R.VENUE_THROTTLED),
            (throttled(3600), 1, R.VENUE_THROTTLED),
        ],
    )
    def test_is_held_for_a_person_when_it_was_an_entry(
        self, error: BrokerError, sends: int, reason: Reason
    ) -> None:
        answer = answer_to(error, sends=sends)

        assert (answer.view.state, answer.reason) == (S.SUBMITTED, reason)
        assert answer.doubt == Doubt(in_doubt=False, since=None, is_held=True)
        assert (answer.look_again_at, answer.next_step) == (None, NextStep.NOTHING)

    @pytest.mark.parametrize(("error", "sends"), [(NOT_SENT, MOST_SENDS), (throttled(3600), 1)])
    def test_has_failed_when_it_was_an_exit_so_that_another_is_planned(
        self, error: BrokerError, sends: int
    ) -> None:
        answer = answer_to(error, sends=sends, is_exit=True)

        assert (answer.view.state, answer.doubt) == (S.FAILED, SURE)

    def test_never_waits_longer_than_a_worker_can(self) -> None:
        waits = [answer_to(throttled(seconds)).wait for seconds in range(100)]

        assert max(waits) == LONGEST_WAIT


class TestFailedCancel:
    @pytest.mark.parametrize("is_exit", [False, True])
    @pytest.mark.parametrize("error", ANY_ERROR, ids=name_of)
    def test_says_nothing_about_the_order(self, error: BrokerError, is_exit: bool) -> None:
        answer = answer_to(error, ErrandKind.CANCEL, is_exit=is_exit)

        assert (answer.view, answer.doubt, answer.reason) == (make_order(), SURE, None)
        assert answer.look_again_at == NOON + DOUBT_WAIT

    @pytest.mark.parametrize("error", [NOT_SENT, throttled(5)], ids=name_of)
    def test_may_be_asked_again_when_it_never_left(self, error: BrokerError) -> None:
        answer = answer_to(error, ErrandKind.CANCEL)

        assert (answer.next_step, answer.clears_cancel) == (NextStep.NOTHING, True)

    @pytest.mark.parametrize("error", [UNKNOWN, DUPLICATE, *FINAL], ids=name_of)
    def test_leads_to_a_look_at_what_became_of_it(self, error: BrokerError) -> None:
        """FIX B.1.f: an unknown order is answered with a reject of the cancel, and has often just filled."""
        answer = answer_to(error, ErrandKind.CANCEL)

        assert (answer.next_step, answer.clears_cancel) == (NextStep.FIND, False)


class TestFailedSearch:
    @pytest.mark.parametrize("doubt", [SURE, Doubt(True, at(-5))], ids=["sure", "in doubt"])
    @pytest.mark.parametrize(
        ("error", "kind"), list(product(ANY_ERROR, [ErrandKind.FIND, ErrandKind.EXAMINE])), ids=name_of
    )
    def test_is_no_proof_of_anything(self, error: BrokerError, kind: ErrandKind, doubt: Doubt) -> None:
        answer = answer_to(error, kind, doubt=doubt)

        assert (answer.view, answer.doubt, answer.reason) == (make_order(), doubt, None)
        assert (answer.look_again_at, answer.next_step) == (NOON + DOUBT_WAIT * 5, NextStep.NOTHING)


class TestReport:
    DOUBTED = Doubt(in_doubt=True, since=at(-60))

    def read(self, view: OrderView, status: ReportStatus, filled: str = "0", **more: object) -> Answer:
        return read_report(view, self.DOUBTED, make_report(status, filled, **more), [], now=NOON)

    @pytest.mark.parametrize("status", ReportStatus)
    def test_lifts_every_doubt(self, status: ReportStatus) -> None:
        assert self.read(make_order(), status).doubt == SURE

    def test_of_a_resting_order_asks_for_another_look(self) -> None:
        answer = self.read(make_order(), ReportStatus.ACCEPTED)

        assert (answer.look_again_at, answer.reason, answer.clears_cancel) == (NOON + RESTING_LOOK, None, True)

    @pytest.mark.parametrize(
        ("traded_s_ago", "wait"),
        [(0, TRADING_LOOK), (40, timedelta(seconds=40)), (3600, RESTING_LOOK)],
    )
    def test_of_an_order_that_has_begun_to_trade_asks_for_a_look_as_soon_as_it_may_have_gone_on(
        self, traded_s_ago: float, wait: timedelta
    ) -> None:
        fill = make_fill("4", traded_at=at(-traded_s_ago))
        report = make_report(ReportStatus.PARTIALLY_FILLED, "4", fills=(fill,))

        first = read_report(make_order(), SURE, report, [fill], now=NOON)
        again = read_report(first.view, SURE, report, [], now=NOON)

        assert (first.next_step, first.look_again_at) == (NextStep.FIND, NOON + wait)
        assert (again.next_step, again.look_again_at) == (NextStep.NOTHING, NOON + wait)

    @pytest.mark.parametrize(
        "status", [ReportStatus.FILLED, ReportStatus.CANCELLED, ReportStatus.PARTIALLY_FILLED]
    )
    def test_that_lacks_fills_asks_for_them(self, status: ReportStatus) -> None:
        answer = self.read(make_order(), status, "4")

        assert (answer.next_step, answer.wait, answer.reason) == (NextStep.FIND, FILLS_WAIT, None)
        assert answer.look_again_at is not None

    @pytest.mark.parametrize(
        ("status", "reason"),
        [(ReportStatus.REJECTED, R.VENUE_REJECTED), (ReportStatus.CANCELLED, R.ENTRY_UNFILLED)],
    )
    def test_that_ends_it_unfilled_says_why(self, status: ReportStatus, reason: Reason) -> None:
        answer = self.read(make_order(), status, reason="EXPIRED")

        assert (answer.reason, answer.error, answer.look_again_at) == (reason, "EXPIRED", None)
        assert not answer.clears_cancel

    def test_with_all_fills_ends_it_without_a_reason(self) -> None:
        fill = make_fill("10")

        answer = read_report(make_order(), self.DOUBTED, make_report(ReportStatus.FILLED, "10"), [fill], now=NOON)

        assert (answer.view.state, answer.reason, answer.look_again_at) == (S.FILLED, None, None)


class TestGiveUp:
    def test_ends_what_never_arrived(self) -> None:
        assert give_up(make_order()).state is S.FAILED

    def test_waits_for_no_fills_any_more(self) -> None:
        assert not give_up(replace(make_order(), needs_fills=True)).needs_fills
