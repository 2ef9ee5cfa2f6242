"""ccxt's exceptions, sorted by what the caller may do: every class it has, and what hides behind some of them."""

from datetime import timedelta
from typing import Any

import pytest

from connections.adapters.ccxt import faults
from connections.adapters.ccxt.dialects import dialect_of
from connections.adapters.ccxt.library import ccxt
from connections.adapters.ccxt.wire import Answer
from connections.errors import (
    AuthFailed,
    BrokerError,
    Duplicate,
    InsufficientFunds,
    NotSent,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unsupported,
)

#: By ccxt's class, of an error that came with a client error in JSON.
TABLE: dict[str, type[BrokerError]] = {
    # final
    "ExchangeError": Rejected,
    "InvalidOrder": Rejected,
    "OrderNotFound": Rejected,
    "OrderNotCached": Rejected,
    "OrderImmediatelyFillable": Rejected,
    "OrderNotFillable": Rejected,
    "ContractUnavailable": Rejected,
    "BadRequest": Rejected,
    "BadSymbol": Rejected,
    "OperationRejected": Rejected,
    "NoChange": Rejected,
    "MarginModeAlreadySet": Rejected,
    "MarketClosed": Rejected,
    "ManualInteractionNeeded": Rejected,
    "RestrictedLocation": Rejected,
    "InvalidAddress": Rejected,
    "AddressPending": Rejected,
    "InsufficientFunds": InsufficientFunds,
    "DuplicateOrderId": Duplicate,
    # the key
    "AuthenticationError": AuthFailed,
    "PermissionDenied": AuthFailed,
    "AccountNotEnabled": AuthFailed,
    "AccountSuspended": AuthFailed,
    # cannot be said there
    "NotSupported": Unsupported,
    "ArgumentsRequired": Unsupported,
    # nothing reached the book
    "DDoSProtection": Throttled,
    "RateLimitExceeded": Throttled,
    "InvalidNonce": NotSent,
    "ChecksumError": NotSent,
    "OnMaintenance": NotSent,
    # nobody knows
    "BaseError": OutcomeUnknown,
    "OperationFailed": OutcomeUnknown,
    "NetworkError": OutcomeUnknown,
    "RequestTimeout": OutcomeUnknown,
    "ExchangeNotAvailable": OutcomeUnknown,
    "BadResponse": OutcomeUnknown,
    "NullResponse": OutcomeUnknown,
    "CancelPending": OutcomeUnknown,
    "InvalidProxySettings": OutcomeUnknown,
    "ExchangeClosedByUser": OutcomeUnknown,
    "UnsubscribeError": OutcomeUnknown,
}


def told(error: Exception, status: int = 400, text: str = '{"code":-1,"msg":"Said so."}', **headers: str) -> Any:
    """Return an error as the transport raises it, with the answer it was made of."""
    error.answer = Answer(status, "", headers, text)  # type: ignore[attr-defined]
    return error


class TestTranslate:
    def test_knows_every_class_ccxt_has(self) -> None:
        assert set(TABLE) == {
            name for name, each in vars(ccxt).items() if isinstance(each, type) and name != "Error"
        }

    @pytest.mark.parametrize(("name", "ours"), TABLE.items())
    def test_sorts_by_what_may_be_done(self, name: str, ours: type[BrokerError]) -> None:
        assert type(faults.translate(told(getattr(ccxt, name)("said so")))) is ours

    @pytest.mark.parametrize("error", [KeyError("id"), TypeError("None"), ValueError("x"), AttributeError("y")])
    def test_doubts_what_ccxt_could_not_read(self, error: Exception) -> None:
        assert type(faults.translate(error)) is OutcomeUnknown

    def test_leaves_our_own_errors_as_they_are(self) -> None:
        ours = Rejected("no")

        assert faults.translate(ours) is ours

    @pytest.mark.parametrize("status", [500, 502, 503, 520, 523, 524, 529, 599])
    @pytest.mark.parametrize("name", ["ExchangeError", "InvalidOrder", "BadRequest", "ExchangeNotAvailable"])
    def test_takes_no_server_error_for_a_refusal(self, name: str, status: int) -> None:
        assert type(faults.translate(told(getattr(ccxt, name)("said so"), status))) is OutcomeUnknown

    @pytest.mark.parametrize("text", ["<html>Forbidden</html>", "", "no"])
    @pytest.mark.parametrize("name", ["ExchangeError", "OnMaintenance"])
    def test_takes_no_web_page_for_the_venues_word(self, name: str, text: str) -> None:
        """A proxy in front of the venue may have said it after the order had passed."""
        assert type(faults.translate(told(getattr(ccxt, name)("said so"), 422, text))) is OutcomeUnknown

    def test_takes_a_revoked_key_for_what_it_is(self) -> None:
        """ccxt calls -2015 a ban once the key has worked before."""
        error = told(
            ccxt.DDoSProtection("binance"), 401, '{"code":-2015,"msg":"Invalid API-key, IP, or permissions."}'
        )

        assert type(faults.translate(error)) is AuthFailed

    @pytest.mark.parametrize(
        ("exchange", "text"),
        [
            ("binance", '{"code":-2010,"msg":"Duplicate order sent."}'),
            ("binance", '{"code":-4116,"msg":"ClientOrderId is duplicated."}'),
            ("okx", '{"code":"1","data":[{"sCode":"51016","sMsg":"Client order ID already exists."}],"msg":""}'),
            ("bybit", '{"retCode":110072,"retMsg":"OrderLinkedID is duplicate"}'),
            ("bitget", '{"code":"40786","msg":"Duplicate clientOid"}'),
        ],
    )
    def test_knows_that_an_id_was_seen(self, exchange: str, text: str) -> None:
        """ccxt calls most of them plain invalid orders."""
        marks = dialect_of(exchange).duplicate_marks

        assert type(faults.translate(told(ccxt.InvalidOrder("no"), text=text), duplicate_marks=marks)) is Duplicate

    def test_takes_no_number_in_a_sentence_for_a_code(self) -> None:
        text = '{"code":"51000","msg":"Order 9951016123 has no such parameter."}'

        error = faults.translate(told(ccxt.BadRequest("no"), text=text), duplicate_marks=("51016",))

        assert type(error) is Rejected

    def test_says_that_a_venue_buys_for_money_only(self) -> None:
        words = 'gate createOrder() requires price ... set options["createMarketBuyOrderRequiresPrice"] to False'

        assert type(faults.translate(ccxt.InvalidOrder(words))) is Unsupported

    def test_passes_on_code_and_words_of_the_inner_answer(self) -> None:
        text = (
            '{"code":"1","data":[{"sCode":"51008","sMsg":"Insufficient balance"}],"msg":"All operations failed"}'
        )

        error = faults.translate(told(ccxt.InsufficientFunds("okx ..."), text=text))

        assert (error.code, error.text) == ("51008", "Insufficient balance")

    @pytest.mark.parametrize(("status", "code"), [(523, "HTTP_523"), (200, "NetworkError")])
    def test_has_a_code_where_the_venue_named_none(self, status: int, code: str) -> None:
        assert faults.translate(told(ccxt.NetworkError("x"), status, "")).code == code

    def test_masks_what_nobody_may_read(self) -> None:
        url = "https://api.binance.com/api/v3/order?symbol=BTCUSDT&signature=0123456789abcdef0123456789abcdef"

        error = faults.translate(ccxt.NetworkError(f"binance GET {url} 502 Bad Gateway apiKey=k3y"))

        assert "0123456789abcdef" not in f"{error} {error.text}"
        assert "k3y" not in f"{error} {error.text}"

    def test_keeps_the_words_short(self) -> None:
        assert len(faults.translate(ccxt.NetworkError("x" * 100_000)).text) == 500


class TestRetryAfter:
    @pytest.mark.parametrize(("header", "seconds"), [("60", 60), ("0", 0)])
    def test_reads_the_header(self, header: str, seconds: int) -> None:
        error = faults.translate(told(ccxt.RateLimitExceeded("x"), 429, **{"Retry-After": header}))

        assert isinstance(error, Throttled)
        assert error.retry_after == timedelta(seconds=seconds)

    @pytest.mark.parametrize("header", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-5"])
    def test_is_unsaid_otherwise(self, header: str) -> None:
        error = faults.translate(told(ccxt.DDoSProtection("x"), 429, **{"Retry-After": header}))

        assert isinstance(error, Throttled)
        assert error.retry_after is None

    def test_is_never_negative(self) -> None:
        text = '{"code":-1003,"msg":"Way too many requests; IP banned until 1500000000000."}'

        error = faults.translate(told(ccxt.DDoSProtection("x"), 418, text))

        assert isinstance(error, Throttled)
        assert error.retry_after == timedelta(0)
