"""ccxt's exceptions, sorted by what the caller may do about them.

ccxt names what an exchange said; we need to know whether the order can be in the book. The order of the
questions matters: final answers first, then what provably changed nothing, and everything else is doubt.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

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
from core.redact import redact_text

_CODE = re.compile(r'"(?:code|retCode|ret_code|err_code|sCode)"\s*:\s*"?(-?\w+)"?')
_BANNED_UNTIL = re.compile(r"until (\d{13})")
_SENTENCE = re.compile(r'"(?:msg|message|retMsg|error_message|sMsg|err-msg)"\s*:\s*"([^"]{3,})"')
#: Where an answer wraps another, the inner one says what happened.
_INNER_CODE = re.compile(r'"sCode"\s*:\s*"?(-?\w+)"?')
_INNER_SENTENCE = re.compile(r'"sMsg"\s*:\s*"([^"]{3,})"')
_LONGEST_TEXT = 500

_FINAL = (
    ccxt.InvalidOrder,
    ccxt.BadRequest,
    ccxt.OperationRejected,
    ccxt.InvalidAddress,
)

#: Asked in this order, after what needs a closer look.
_SORTED: tuple[tuple[Any, type[BrokerError], str], ...] = (
    (ccxt.InsufficientFunds, InsufficientFunds, "The account cannot pay for it"),
    ((ccxt.NotSupported, ccxt.ArgumentsRequired), Unsupported, "The venue cannot do that"),
    (_FINAL, Rejected, "The venue refused"),
    ((ccxt.DDoSProtection, ccxt.RateLimitExceeded), Throttled, "The venue asks us to slow down"),
    (ccxt.InvalidNonce, NotSent, "The venue refused our clock"),
)


def translate(error: Exception, *, duplicate_marks: Sequence[str] = ()) -> BrokerError:
    """Return the error of ours that says what may be done. Source: docs/adapters-ccxt.md, measured faults."""
    if isinstance(error, BrokerError):
        return error
    answer: Answer | None = getattr(error, "answer", None)
    text = redact_text(_words_of(error, answer))[:_LONGEST_TEXT]
    code = _code_of(error, answer)
    kind, message = _kind_of(error, answer, text, code, duplicate_marks)
    if kind is Throttled:
        return Throttled(message, retry_after=retry_after(answer), code=code, text=text)
    return kind(message, code=code, text=text)


def _words_of(error: Exception, answer: Answer | None) -> str:
    """Return the venue's own sentence where it wrote one, else what ccxt made of it."""
    found = (_INNER_SENTENCE.search(answer.text) or _SENTENCE.search(answer.text)) if answer else None
    return found.group(1) if found else str(error)


def _kind_of(
    error: Exception, answer: Answer | None, text: str, code: str, duplicate_marks: Sequence[str]
) -> tuple[type[BrokerError], str]:
    if isinstance(error, ccxt.DuplicateOrderId) or _is_marked(error, answer, duplicate_marks):
        return Duplicate, f"The venue knows this order id already: {text}"
    # Binance answers -2015 to a revoked key, which ccxt calls a ban once the key has worked before.
    if isinstance(error, ccxt.AuthenticationError) or code == "-2015":
        return AuthFailed, f"The venue does not accept the key: {text}"
    if isinstance(error, ccxt.InsufficientFunds):
        return InsufficientFunds, f"The account cannot pay for it: {text}"
    if isinstance(error, (*_FINAL, ccxt.NotSupported)) and _is_server_error(answer):
        return OutcomeUnknown, f"The venue failed and does not say what happened: {text}"
    if answer is None and "createMarketBuyOrderRequiresPrice" in str(error):
        return Unsupported, "The venue buys at market for an amount of money, not a quantity: use a limit order."
    for theirs, ours, words in _SORTED:
        if isinstance(error, theirs):
            return ours, f"{words}: {text}"
    if isinstance(error, ccxt.OnMaintenance) and _is_spoken(answer):
        return NotSent, f"The venue is in maintenance: {text}"
    if type(error) is ccxt.ExchangeError and _is_spoken(answer) and not _is_server_error(answer):
        # A code that ccxt does not know is still a refusal when it came as a client error in JSON.
        return Rejected, f"The venue refused: {text}"
    return OutcomeUnknown, f"The answer does not say what happened: {type(error).__name__}: {text}"


def _is_marked(error: Exception, answer: Answer | None, marks: Sequence[str]) -> bool:
    told = answer.text if answer else str(error)
    codes = _CODE.findall(told)
    # A number may stand in an order's id as well, so only a code counts.
    return any(mark in codes if mark.lstrip("-").isdigit() else mark in told for mark in marks)


def _is_spoken(answer: Answer | None) -> bool:
    """Whether the venue itself spoke, in JSON, and not a proxy in front of it."""
    return answer is not None and answer.text.lstrip()[:1] in ("{", "[")


def _is_server_error(answer: Answer | None) -> bool:
    # Binance documents that after any 5xx the execution status is unknown and may have been a success. ccxt sorts by
    # the code alone, so "this service is no longer available" (-1016) would be a final no.
    return answer is not None and answer.status >= 500


def _code_of(error: Exception, answer: Answer | None) -> str:
    told = answer.text if answer else str(error)
    found = _INNER_CODE.search(told) or _CODE.search(told)
    if found:
        return found.group(1)
    return f"HTTP_{answer.status}" if answer and answer.status >= 300 else type(error).__name__


def retry_after(answer: Answer | None) -> timedelta | None:
    """Return how long the venue told us to wait; None where it did not say."""
    if answer is None:
        return None
    header = answer.headers.get("Retry-After", "")
    if header.isdigit():
        return timedelta(seconds=int(header))
    banned = _BANNED_UNTIL.search(answer.text)
    if not banned:
        return None
    left = datetime.fromtimestamp(int(banned.group(1)) / 1000, tz=UTC) - datetime.now(tz=UTC)
    return max(left, timedelta(0))
