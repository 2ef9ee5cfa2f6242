"""Events as notices: what is worth telling somebody, in words with the numbers. Pure.

Most events are facts of their own. Some tell of one fact in pieces, such as an exit that is filled in several trades,
or a key that is refused and breaks the connection: those share the name of the fact.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.amounts import grouped, with_currency
from core.decimals import NotANumber, parse
from core.labels import Tone
from events.catalogue import Kind
from events.facts import Concern, Notice

LONGEST_TITLE = 200
LONGEST_DETAIL = 500
LONGEST_FACT = 200

#: Why a position was reduced or closed; the codes are those of ``positions.exits.ClosingReason``.
EXITS: Mapping[str, tuple[str, Tone]] = {
    "SL": ("Stop hit", Tone.BAD),
    "TP": ("Target reached", Tone.GOOD),
    "TRAILING": ("Trailing stop hit", Tone.INFO),
    "BREAKEVEN": ("Closed at break-even", Tone.INFO),
    "TIME": ("Closed because its time was over", Tone.QUIET),
    "MANUAL": ("Closed by hand", Tone.INFO),
    "OPPOSITE": ("Closed by an opposite signal", Tone.INFO),
    "EXTERNAL": ("Closed at the venue", Tone.WARN),
    "KILL": ("Closed by the kill switch", Tone.BAD),
    "WITHDRAWN": ("Closed because the signal was withdrawn", Tone.WARN),
}
_HOLDERS = {"NATIVE": "The venue holds the stop.", "WATCHED": "Signalbox watches the stop."}


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, as far as a notice needs it."""

    uid: str
    kind: str
    subject_id: str
    occurred_at: datetime
    data: Mapping[str, Any]
    #: whether the system did it, and no person
    is_ours: bool
    #: its reason in a sentence, from the app that gave it; empty when nobody has words for it
    why: str = ""

    def text(self, name: str) -> str:
        """Return a value as one line of text; empty when it is not there."""
        return " ".join(str(self.data.get(name) or "").split())

    @property
    def where(self) -> str:
        """What it is about and on which account, such as ``BTC/USDT on Main``."""
        what, account = self.text("symbol") or self.text("pair"), self.text("connection") or self.text("name")
        return " on ".join(each for each in (what, account) if each) or "an account"


def notice_of(happening: Happening) -> Notice | None:
    """Return what to tell of an event; None when it is worth nobody's while."""
    if happening.kind not in _TOLD:
        return None
    concern, words = _TOLD[happening.kind]
    said = words(happening)
    if said is None:
        return None
    own = f"{happening.kind}:{happening.subject_id}:{said.part}" if said.part else f"event:{happening.uid}"
    return Notice(
        concern=concern,
        fact=(said.fact or own)[:LONGEST_FACT],
        title=_cut(said.title, LONGEST_TITLE),
        detail=_cut(said.detail, LONGEST_DETAIL),
        tone=said.tone,
    )


@dataclass(frozen=True, slots=True)
class _Said:
    title: str
    detail: str
    tone: Tone
    #: what sets this fact apart from others of its kind and subject; empty when the event does
    part: str = ""
    #: the whole name of the fact, where several kinds share it
    fact: str = ""


# --- Executions --------------------------------------------------------------------------------------------------


def _executed(it: Happening) -> _Said:
    numbers = _numbers_of(it)
    filled, price = _number(numbers.get("filled")), _number(numbers.get("average_price"))
    detail = f"{filled} filled at {price} on average." if filled and price else _reason(it)
    # A row is executed once; what is filled later is seen on its page.
    return _Said(f"Executed: {_trade(it)}", detail, Tone.GOOD, part="once")


def _failed(it: Happening) -> _Said:
    return _Said(f"Failed: {_trade(it)}", _why(it), Tone.BAD)


def _rejected(it: Happening) -> _Said:
    return _Said(f"Rejected by the venue: {_trade(it)}", _why(it), Tone.BAD)


def _skipped(it: Happening) -> _Said:
    return _Said(f"Skipped: {_trade(it)}", _why(it), Tone.QUIET)


def _denied(it: Happening) -> _Said:
    return _Said(f"Denied: {_trade(it)}", _why(it), Tone.WARN)


# --- Orders ------------------------------------------------------------------------------------------------------


def _unresolved(it: Happening) -> _Said:
    detail = "The venue has not said what became of it. Look at the exchange yourself; it is not sent again."
    return _Said(f"Unresolved order: {_order(it)}", detail, Tone.BAD)


def _flagged(it: Happening) -> _Said:
    detail = " ".join(
        ["The venue reported what its state does not allow. Nothing is lost; look at it.", _error(it)]
    )
    return _Said(f"Order to look at: {_order(it)}", detail.strip(), Tone.WARN, part="flagged")


def _slipped(it: Happening) -> _Said:
    cost, allowed = _number(it.data.get("slippage_bps")), _number(it.data.get("allowed_bps"))
    detail = f"It was filled {cost} basis points worse than decided; its preset tolerates {allowed}."
    return _Said(f"Slippage: {_order(it)}", detail, Tone.WARN, part="slipped")


# --- Positions ---------------------------------------------------------------------------------------------------


def _protected(it: Happening) -> _Said:
    holder, gap = _HOLDERS.get(it.text("by"), "Its stop is in place."), it.text("unprotected_ms")
    waited = f" It took {gap} ms from the first fill." if gap else ""
    return _Said(f"Protected: {it.where}", f"{holder}{waited}", Tone.GOOD)


def _unprotected(it: Happening) -> _Said:
    detail = it.text("why") or "Nobody holds its stop at the moment. Signalbox places it again."
    return _Said(f"Without protection: {it.where}", detail, Tone.BAD)


def _closing(it: Happening) -> _Said | None:
    # Only what Signalbox decided because something went wrong; how it ends is told when it has ended.
    why = it.text("why")
    return _Said(f"Being closed: {it.where}", why, Tone.WARN) if why else None


def _reduced(it: Happening) -> _Said | None:
    order = it.text("order")
    if it.text("role") == "entry":
        return None  # more came in after something had left
    words, tone = EXITS.get(it.text("reason"), ("Reduced", Tone.INFO))
    words = "Part closed by hand" if words == EXITS["MANUAL"][0] else words
    detail = f"{_closed_words(it)} {_number(it.data.get('quantity'))} is still held."
    # The trades that fill one exit order are one fact; the first of them tells it.
    return _Said(f"{words}: {it.where}", detail.strip(), tone, part=order)


def _closed(it: Happening) -> _Said:
    words, tone = EXITS.get(it.text("reason"), ("Closed", Tone.INFO))
    title = f"{words}: {it.where}"
    # A fill that comes late opens it again, and then more will have been closed than now.
    return _Said(title, _closed_words(it), tone, part=it.text("closed_quantity") or "closed")


def _closed_words(it: Happening) -> str:
    quantity, price = _number(it.data.get("closed_quantity")), _number(it.data.get("exit_price"))
    sentences = [f"{quantity} closed at {price} on average." if quantity and price else ""]
    net, currency = _parsed(it.data.get("net")), it.text("currency")
    if net is not None and currency:
        sentences.append(f"Net of fees so far {with_currency(net, currency, plus='+')}.")
    return " ".join(each for each in sentences if each)


# --- Connections, books, signals ---------------------------------------------------------------------------------


def _broken(it: Happening) -> _Said:
    detail = " ".join([_error(it), "No entry is sent until a test passes; exits go on."])
    return _Said(f"Connection broken: {it.where}", detail.strip(), Tone.BAD, fact=_trouble(it))


def _paused(it: Happening) -> _Said | None:
    if not it.is_ours:
        return None
    detail = " ".join([it.text("reason"), "No entry is sent until you resume it; exits go on."])
    return _Said(f"Connection paused: {it.where}", detail.strip(), Tone.BAD, fact=_trouble(it))


def _trouble(it: Happening) -> str:
    # A key that is refused pauses the connection and breaks it, in one moment: one fact, told by whichever is first.
    return f"connection.trouble:{it.subject_id}:{it.occurred_at.isoformat()}"


def _recovered(it: Happening) -> _Said:
    return _Said(f"Connection works again: {it.where}", "Its test has passed.", Tone.GOOD)


def _break(it: Happening) -> _Said:
    ours, theirs = _number(it.data.get("ours")), _number(it.data.get("theirs"))
    detail = f"The venue holds {theirs}, our positions {ours}."
    return _Said(f"Books differ: {it.text('symbol')} on {it.text('name')}", detail, Tone.BAD)


def _signal(words: str, tone: Tone) -> Callable[[Happening], _Said]:
    def say(it: Happening) -> _Said:
        what = f"{it.text('direction').lower()} {it.text('pair')}".strip()
        title = f"Signal {words}: {what} in {it.text('channel')}"
        return _Said(title, "", tone)

    return say


_C, _K = Concern, Kind
_TOLD: Mapping[str, tuple[Concern, Callable[[Happening], _Said | None]]] = {
    _K.EXECUTION_EXECUTED: (_C.EXECUTED, _executed),
    _K.EXECUTION_FAILED: (_C.FAILED, _failed),
    _K.EXECUTION_REJECTED: (_C.FAILED, _rejected),
    _K.EXECUTION_SKIPPED: (_C.NOT_TRADED, _skipped),
    _K.EXECUTION_DENIED: (_C.NOT_TRADED, _denied),
    _K.ORDER_UNRESOLVED: (_C.ORDER, _unresolved),
    _K.ORDER_FLAGGED: (_C.ORDER, _flagged),
    _K.ORDER_SLIPPED: (_C.SLIPPAGE, _slipped),
    _K.POSITION_PROTECTED: (_C.PROTECTED, _protected),
    _K.POSITION_UNPROTECTED: (_C.UNPROTECTED, _unprotected),
    _K.POSITION_CLOSING: (_C.UNPROTECTED, _closing),
    _K.POSITION_REDUCED: (_C.EXITED, _reduced),
    _K.POSITION_CLOSED: (_C.EXITED, _closed),
    _K.CONNECTION_BROKEN: (_C.CONNECTION, _broken),
    _K.CONNECTION_PAUSED: (_C.CONNECTION, _paused),
    _K.CONNECTION_RECOVERED: (_C.CONNECTION, _recovered),
    _K.RECONCILIATION_BREAK: (_C.BREAK, _break),
    _K.SIGNAL_WITHDRAWN: (_C.SIGNAL, _signal("withdrawn", Tone.WARN)),
    _K.SIGNAL_EXPIRED: (_C.SIGNAL, _signal("expired", Tone.QUIET)),
}
#: The events that may be worth telling.
KINDS = frozenset(Kind(each) for each in _TOLD)


# --- Words -------------------------------------------------------------------------------------------------------


def _trade(it: Happening) -> str:
    return f"{it.text('side').lower()} {it.where}".strip()


def _order(it: Happening) -> str:
    quantity = _number(it.data.get("quantity"))
    return " ".join(each for each in (it.text("role"), it.text("side").lower(), quantity, it.where) if each)


def _why(it: Happening) -> str:
    error = " ".join(str(_numbers_of(it).get("error") or "").split())
    reason = _reason(it)
    return " ".join(each for each in (reason, "" if error in reason else error) if each)


def _error(it: Happening) -> str:
    return it.text("error")


def _numbers_of(it: Happening) -> Mapping[str, Any]:
    numbers = it.data.get("numbers")
    return numbers if isinstance(numbers, Mapping) else {}


def _reason(it: Happening) -> str:
    code = it.text("reason")
    return " ".join(it.why.split()) or (f"{code.replace('_', ' ').capitalize()}." if code else "")


def _parsed(value: Any) -> Any:
    try:
        return parse(value)
    except NotANumber:
        return None


def _number(value: Any) -> str:
    number = _parsed(value)
    return "" if number is None else grouped(number)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
