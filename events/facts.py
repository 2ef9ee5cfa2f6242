"""What people are told about, and how, unless they choose otherwise. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.labels import Label, Tone


class Concern(StrEnum):
    """A group of facts for which a person chooses how to be told."""

    EXECUTED = "EXECUTED"
    FAILED = "FAILED"
    NOT_TRADED = "NOT_TRADED"
    PROTECTED = "PROTECTED"
    UNPROTECTED = "UNPROTECTED"
    EXITED = "EXITED"
    CONNECTION = "CONNECTION"
    ORDER = "ORDER"
    SLIPPAGE = "SLIPPAGE"
    BREAK = "BREAK"
    SIGNAL = "SIGNAL"


@dataclass(frozen=True, slots=True)
class Ways:
    """How somebody is told."""

    in_app: bool
    by_mail: bool

    def __bool__(self) -> bool:
        return self.in_app or self.by_mail


@dataclass(frozen=True, slots=True)
class Notice:
    """One fact in words."""

    concern: Concern
    #: the same for everything that tells of the same fact; a person is told of it once
    fact: str
    #: what happened, where: a line
    title: str
    #: the numbers; empty when the title says it all
    detail: str
    tone: Tone


#: What nobody has chosen: trouble also comes by mail, success only where one looks anyway.
DEFAULTS: Mapping[Concern, Ways] = {
    Concern.EXECUTED: Ways(in_app=True, by_mail=False),
    Concern.FAILED: Ways(in_app=True, by_mail=True),
    Concern.NOT_TRADED: Ways(in_app=False, by_mail=False),
    Concern.PROTECTED: Ways(in_app=True, by_mail=False),
    Concern.UNPROTECTED: Ways(in_app=True, by_mail=True),
    Concern.EXITED: Ways(in_app=True, by_mail=False),
    Concern.CONNECTION: Ways(in_app=True, by_mail=True),
    Concern.ORDER: Ways(in_app=True, by_mail=True),
    Concern.SLIPPAGE: Ways(in_app=True, by_mail=False),
    Concern.BREAK: Ways(in_app=True, by_mail=True),
    Concern.SIGNAL: Ways(in_app=True, by_mail=False),
}
CONCERNS: Mapping[str, Label] = {
    Concern.EXECUTED: Label("Executed", hint="A signal was filled on an account."),
    Concern.FAILED: Label("Failed or rejected", hint="A signal could not be traded, or the venue said no."),
    Concern.NOT_TRADED: Label("Skipped or denied", hint="By a choice of yours, or because a risk check said no."),
    Concern.PROTECTED: Label("Protected", hint="The stop of a new position is in place."),
    Concern.UNPROTECTED: Label("Without protection", hint="A position has lost its stop, or cannot be closed."),
    Concern.EXITED: Label("Stop or target hit", hint="A position was closed, or part of it."),
    Concern.CONNECTION: Label("Connection", hint="It broke, was paused by Signalbox, or works again."),
    Concern.ORDER: Label("Order needs a look", hint="Its outcome stays unknown, or it did what nobody expected."),
    Concern.SLIPPAGE: Label("Slippage", hint="An order was filled worse than its preset tolerates."),
    Concern.BREAK: Label("Books differ", hint="The venue holds something else than our positions say."),
    Concern.SIGNAL: Label(
        "Own signals", hint="A signal of your channel expired, or was withdrawn by somebody else."
    ),
}
