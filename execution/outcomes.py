"""What becomes of one signal on one connection, and why. Every reason has a stable code."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class LogStatus(StrEnum):
    PENDING = "PENDING"  # to be worked on
    CLAIMED = "CLAIMED"  # a worker has it, until its lease ends
    SUBMITTED = "SUBMITTED"  # its entry order is committed to leave, on the wire, or resting
    EXECUTED = "EXECUTED"  # something was filled
    SKIPPED = "SKIPPED"  # by a choice of the owner, or because the moment has passed
    DENIED = "DENIED"  # a risk check said no
    REJECTED = "REJECTED"  # the venue said no
    FAILED = "FAILED"  # known not to be at the venue, for a reason that is nobody's decision


class LogEvent(StrEnum):
    CLAIM = "CLAIM"
    RELEASE = "RELEASE"
    SUBMIT = "SUBMIT"
    EXECUTE = "EXECUTE"
    SKIP = "SKIP"
    DENY = "DENY"
    REJECT = "REJECT"
    FAIL = "FAIL"
    RETRY = "RETRY"


_S, _E = LogStatus, LogEvent

TABLE: dict[tuple[LogStatus, LogEvent], LogStatus] = {
    (_S.PENDING, _E.CLAIM): _S.CLAIMED,
    (_S.PENDING, _E.SKIP): _S.SKIPPED,
    (_S.PENDING, _E.SUBMIT): _S.SUBMITTED,  # thought absent, and then the venue has it after all
    (_S.PENDING, _E.EXECUTE): _S.EXECUTED,  # and had even filled it
    (_S.CLAIMED, _E.CLAIM): _S.CLAIMED,  # the former lease ended
    (_S.CLAIMED, _E.RELEASE): _S.PENDING,
    (_S.CLAIMED, _E.SUBMIT): _S.SUBMITTED,
    (_S.CLAIMED, _E.SKIP): _S.SKIPPED,
    (_S.CLAIMED, _E.DENY): _S.DENIED,
    (_S.CLAIMED, _E.EXECUTE): _S.EXECUTED,  # a sale on spot that closes what is held
    (_S.CLAIMED, _E.FAIL): _S.FAILED,
    (_S.SUBMITTED, _E.EXECUTE): _S.EXECUTED,
    (_S.SUBMITTED, _E.SKIP): _S.SKIPPED,  # an entry that ended unfilled: cancelled, expired, withdrawn
    (_S.SUBMITTED, _E.REJECT): _S.REJECTED,
    (_S.SUBMITTED, _E.FAIL): _S.FAILED,
    (_S.SUBMITTED, _E.RETRY): _S.PENDING,  # the entry provably never reached the venue
    (_S.SKIPPED, _E.EXECUTE): _S.EXECUTED,  # a late fill: facts win
    (_S.REJECTED, _E.EXECUTE): _S.EXECUTED,
    (_S.FAILED, _E.SUBMIT): _S.SUBMITTED,  # it rests at the venue after all
    (_S.FAILED, _E.EXECUTE): _S.EXECUTED,
    (_S.FAILED, _E.RETRY): _S.PENDING,  # asked for by a person, with proof of absence
}

FINISHED = frozenset({_S.EXECUTED, _S.SKIPPED, _S.DENIED, _S.REJECTED, _S.FAILED})


class Group(StrEnum):
    """Who or what decided."""

    DONE = "Done"
    SIGNAL = "The signal"
    ACCOUNT = "The account"
    CHOICE = "Your settings"
    RISK = "Risk checks"
    SIZE = "Size"
    VENUE = "The venue"
    SYSTEM = "Signalbox"


@dataclass(frozen=True, slots=True)
class ReasonText:
    group: Group
    #: a sentence; names in braces come from the row's numbers
    text: str
    #: what the owner may do about it; empty when nothing
    advice: str = ""


class Reason(StrEnum):
    FILLED = "FILLED"
    PARTLY_FILLED = "PARTLY_FILLED"
    CLOSED_HOLDING = "CLOSED_HOLDING"
    RESTING = "RESTING"

    SIGNAL_EXPIRED = "SIGNAL_EXPIRED"
    SIGNAL_WITHDRAWN = "SIGNAL_WITHDRAWN"
    PRICE_DRIFTED = "PRICE_DRIFTED"
    STOP_ALREADY_HIT = "STOP_ALREADY_HIT"

    CONNECTION_PAUSED = "CONNECTION_PAUSED"
    CONNECTION_UNTESTED = "CONNECTION_UNTESTED"
    CONNECTION_ERROR = "CONNECTION_ERROR"
    HEDGE_MODE = "HEDGE_MODE"
    SUBSCRIPTION_PAUSED = "SUBSCRIPTION_PAUSED"
    OWNER_INACTIVE = "OWNER_INACTIVE"

    SYMBOL_NOT_LISTED = "SYMBOL_NOT_LISTED"
    SYMBOL_NOT_TRADING = "SYMBOL_NOT_TRADING"
    SYMBOL_EXCLUDED = "SYMBOL_EXCLUDED"
    SYMBOL_NOT_ALLOWED = "SYMBOL_NOT_ALLOWED"
    SPOT_CANNOT_SHORT = "SPOT_CANNOT_SHORT"
    OPPOSITE_POSITION = "OPPOSITE_POSITION"
    DUPLICATE_POSITION = "DUPLICATE_POSITION"
    DECISION_VETOED = "DECISION_VETOED"
    UNSUPPORTED_ORDER = "UNSUPPORTED_ORDER"

    NO_PRICE = "NO_PRICE"
    NO_BALANCE = "NO_BALANCE"
    STOP_NEEDED = "STOP_NEEDED"
    SIZE_BELOW_MINIMUM = "SIZE_BELOW_MINIMUM"
    NOTIONAL_BELOW_MINIMUM = "NOTIONAL_BELOW_MINIMUM"

    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    TOO_MANY_POSITIONS = "TOO_MANY_POSITIONS"
    ORDER_IN_DOUBT = "ORDER_IN_DOUBT"
    TRADING_HALTED = "TRADING_HALTED"

    VENUE_REJECTED = "VENUE_REJECTED"
    VENUE_INSUFFICIENT_FUNDS = "VENUE_INSUFFICIENT_FUNDS"
    VENUE_KEY_REFUSED = "VENUE_KEY_REFUSED"
    VENUE_UNREACHABLE = "VENUE_UNREACHABLE"
    VENUE_THROTTLED = "VENUE_THROTTLED"
    ENTRY_UNFILLED = "ENTRY_UNFILLED"
    NEVER_ARRIVED = "NEVER_ARRIVED"
    INTERNAL_ERROR = "INTERNAL_ERROR"


_G = Group

TEXTS: Mapping[Reason, ReasonText] = {
    Reason.FILLED: ReasonText(_G.DONE, "The entry was filled."),
    Reason.PARTLY_FILLED: ReasonText(_G.DONE, "Part of the entry was filled; the rest was cancelled."),
    Reason.CLOSED_HOLDING: ReasonText(_G.DONE, "The sale closed the {quantity} {symbol} that the account held."),
    Reason.RESTING: ReasonText(_G.DONE, "The entry rests at the venue and waits for its price."),
    Reason.SIGNAL_EXPIRED: ReasonText(
        _G.SIGNAL, "The signal expired at {expires_at} before the order could leave."
    ),
    Reason.SIGNAL_WITHDRAWN: ReasonText(
        _G.SIGNAL, "The provider withdrew the signal before the order could leave."
    ),
    Reason.PRICE_DRIFTED: ReasonText(
        _G.SIGNAL,
        "The market stood at {price}, {drift_bps} basis points from the signal's price {open_price}; "
        "at most {max_drift_bps} were allowed.",
        "Allow more drift in the preset if late entries are acceptable.",
    ),
    Reason.STOP_ALREADY_HIT: ReasonText(
        _G.SIGNAL, "The market stood at {price}, already beyond the stop {sl}, so the entry would close at once."
    ),
    Reason.CONNECTION_PAUSED: ReasonText(
        _G.ACCOUNT, "The connection is paused: {paused_reason}", "Resume the connection to trade the next signal."
    ),
    Reason.CONNECTION_UNTESTED: ReasonText(
        _G.ACCOUNT, "The connection was never tested.", "Test the connection once; trading starts when it passes."
    ),
    Reason.CONNECTION_ERROR: ReasonText(
        _G.ACCOUNT, "The last test of the connection failed: {last_error}", "Repair the connection and test it."
    ),
    Reason.HEDGE_MODE: ReasonText(
        _G.ACCOUNT,
        "The account keeps long and short of one symbol apart (hedge mode), which Signalbox does not trade.",
        "Switch the account to one-way mode at the exchange and test the connection.",
    ),
    Reason.SUBSCRIPTION_PAUSED: ReasonText(
        _G.CHOICE,
        "The subscription to this channel is paused.",
        "Resume the subscription to trade the next signal.",
    ),
    Reason.OWNER_INACTIVE: ReasonText(
        _G.ACCOUNT, "The owner's login is deactivated.", "An administrator can activate it again."
    ),
    Reason.SYMBOL_NOT_LISTED: ReasonText(
        _G.VENUE,
        "The venue lists nothing for {currency_pair}.",
        "Add an alias if the venue has another name for it.",
    ),
    Reason.SYMBOL_NOT_TRADING: ReasonText(_G.VENUE, "{symbol} is not trading at the venue at present."),
    Reason.SYMBOL_EXCLUDED: ReasonText(
        _G.CHOICE,
        "{currency_pair} is on the list of excluded symbols.",
        "Take it off the list in the preset or the subscription.",
    ),
    Reason.SYMBOL_NOT_ALLOWED: ReasonText(
        _G.CHOICE,
        "{currency_pair} is not on the list of allowed symbols.",
        "Add it to the list in the preset or the subscription.",
    ),
    Reason.SPOT_CANNOT_SHORT: ReasonText(
        _G.ACCOUNT,
        "A spot account cannot sell {base} short, and this channel holds none to close.",
        "Follow the channel with a derivatives account to sell short.",
    ),
    Reason.OPPOSITE_POSITION: ReasonText(
        _G.CHOICE,
        "The account holds or awaits {held} {symbol} on the other side, and the preset skips opposite entries.",
        "Close that position, or allow opposite entries in the preset.",
    ),
    Reason.DUPLICATE_POSITION: ReasonText(
        _G.CHOICE,
        "The account holds or awaits {held} {symbol} already, and the preset does not add to positions.",
        "Let the preset add to positions, if that is wanted.",
    ),
    Reason.DECISION_VETOED: ReasonText(_G.CHOICE, "The decision service said no: {decision}"),
    Reason.UNSUPPORTED_ORDER: ReasonText(_G.VENUE, "The venue cannot do this order: {error}"),
    Reason.NO_PRICE: ReasonText(_G.VENUE, "No current price of {symbol} could be had."),
    Reason.NO_BALANCE: ReasonText(
        _G.VENUE, "The balance could not be read: {error}", "Test the connection, and retry it."
    ),
    Reason.STOP_NEEDED: ReasonText(
        _G.SIZE,
        "The size is a risk from the stop, and the signal has no stop.",
        "Choose another sizing for this channel.",
    ),
    Reason.SIZE_BELOW_MINIMUM: ReasonText(
        _G.SIZE,
        "The size came to {quantity} {base}; the smallest the venue takes is {smallest}.",
        "Raise the size, or add funds.",
    ),
    Reason.NOTIONAL_BELOW_MINIMUM: ReasonText(
        _G.SIZE,
        "{quantity} {base} is worth {notional} {quote}; the smallest the venue takes is {min_notional}.",
        "Raise the size, or add funds.",
    ),
    Reason.INSUFFICIENT_BALANCE: ReasonText(
        _G.RISK, "The order needs {needed} {currency} and {free} are free.", "Add funds, or lower the size."
    ),
    Reason.TOO_MANY_POSITIONS: ReasonText(
        _G.RISK,
        "The account holds {open_positions} positions and may hold {max_open_positions}.",
        "Close a position, or raise the limit.",
    ),
    Reason.ORDER_IN_DOUBT: ReasonText(
        _G.RISK,
        "An earlier order for {symbol} is still in doubt; entries wait until it is resolved.",
        "Wait: the venue is asked until it is proven.",
    ),
    Reason.TRADING_HALTED: ReasonText(_G.RISK, "Trading is halted: {halted_reason}"),
    Reason.VENUE_REJECTED: ReasonText(_G.VENUE, "The venue refused the order: {error}"),
    Reason.VENUE_INSUFFICIENT_FUNDS: ReasonText(
        _G.VENUE, "The venue says that the account cannot pay: {error}", "Add funds, or lower the size."
    ),
    Reason.VENUE_KEY_REFUSED: ReasonText(
        _G.VENUE, "The venue does not accept the key: {error}", "Enter a new key and test the connection."
    ),
    Reason.VENUE_UNREACHABLE: ReasonText(_G.VENUE, "The order did not reach the venue: {error}", "Retry it."),
    Reason.VENUE_THROTTLED: ReasonText(
        _G.VENUE, "The venue asked to wait, until it was too late: {error}", "Retry it."
    ),
    Reason.ENTRY_UNFILLED: ReasonText(_G.VENUE, "The entry ended at the venue without a fill: {error}"),
    Reason.NEVER_ARRIVED: ReasonText(
        _G.VENUE, "The venue proved that it never had the order: {evidence}", "Retry it if the signal still holds."
    ),
    Reason.INTERNAL_ERROR: ReasonText(
        _G.SYSTEM, "Something failed here: {error}", "Tell the administrator; retry it."
    ),
}

#: A person may ask for another attempt: nothing of it ever reached the venue.
RETRYABLE = frozenset(
    {
        Reason.VENUE_UNREACHABLE,
        Reason.VENUE_THROTTLED,
        Reason.NEVER_ARRIVED,
        Reason.INTERNAL_ERROR,
        Reason.NO_BALANCE,
    }
)


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def sentence(reason: str, numbers: Mapping[str, object]) -> str:
    """Return the reason in words, with the numbers that decided."""
    if reason not in set(Reason):
        return reason
    return TEXTS[Reason(reason)].text.format_map(_Blank(numbers))


def in_short(reason: str) -> str:
    """Return the reason in a few words without any number, for those who may not see the account."""
    return reason.replace("_", " ").capitalize()
