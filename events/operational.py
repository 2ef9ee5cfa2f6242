"""Operational settings: safe defaults, changed in the admin, audited, effective without a restart.

Each app declares its own in ``AppConfig.ready()``; whoever needs a value asks for it when it is needed.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import transaction

from accounts.models import User
from core.decimals import NotANumber, parse, to_plain
from events import services
from events.catalogue import Kind
from events.models import OperationalSetting

#: How long a process may go on with a value that was changed elsewhere.
FRESH_FOR_S = 2.0


class SettingType(StrEnum):
    DURATION = "DURATION"  # in seconds
    NUMBER = "NUMBER"
    COUNT = "COUNT"
    SWITCH = "SWITCH"
    CHOICE = "CHOICE"
    TEXT = "TEXT"


class InvalidSetting(ValueError):
    """The value does not fit; the message says what would."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting: what it means, what it may be, and what it is when nobody has said anything."""

    name: str
    type: SettingType
    label: str
    help: str
    #: in the unit of its type
    default: Any
    low: Decimal | None = None
    high: Decimal | None = None
    choices: tuple[str, ...] = ()


_declared: dict[str, Declaration] = {}
_cache: dict[str, Any] = {}
_read_at = 0.0


def declare(*declarations: Declaration) -> None:
    """Make settings known. Declaring the same one again changes nothing."""
    for each in declarations:
        _declared[each.name] = each


def declarations() -> Mapping[str, Declaration]:
    """Return every setting that the installed apps declare."""
    return _declared


def value(name: str) -> Any:
    """Return the value now: a timedelta for durations, Decimal for numbers. Cost: one query every two seconds."""
    declaration = _declared[name]
    stored = _stored().get(name, declaration.default)
    if declaration.type is SettingType.DURATION:
        return timedelta(seconds=float(stored))
    return Decimal(str(stored)) if declaration.type is SettingType.NUMBER else stored


def stored(name: str) -> Any:
    """Return the value now as it is entered: a duration in seconds, a number as text."""
    return _stored().get(name, _declared[name].default)


def forget() -> None:
    """Read everything anew at the next use, as after a change in this process."""
    global _read_at
    _read_at = 0.0


@transaction.atomic
def change(*, name: str, raw: Any, actor: User | None, now: datetime) -> OperationalSetting:
    """Set a value and write the change down with who did it and what it was before.

    Raises:
        InvalidSetting: unknown name, wrong type, out of bounds.
    """
    if name not in _declared:
        raise InvalidSetting(f"{name!r} is no setting.")
    clean = _clean(_declared[name], raw)
    before = _stored().get(name, _declared[name].default)
    row, _ = OperationalSetting.objects.update_or_create(
        name=name, defaults={"value": clean, "changed_by": actor, "changed_at": now}
    )
    services.append(
        services.NewEvent(
            kind=Kind.SETTING_CHANGED,
            subject_type="events.operationalsetting",
            subject_id=name,
            actor_id=actor.pk if actor else None,
            occurred_at=now,
            data={"before": before, "after": clean},
        )
    )
    transaction.on_commit(forget)
    return row


def _stored() -> Mapping[str, Any]:
    global _read_at, _cache
    if time.monotonic() - _read_at > FRESH_FOR_S:
        _cache = dict(OperationalSetting.objects.values_list("name", "value"))
        _read_at = time.monotonic()
    return _cache


def _clean(declaration: Declaration, raw: Any) -> Any:
    if declaration.type is SettingType.SWITCH:
        if not isinstance(raw, bool):
            raise InvalidSetting(f"{declaration.label} must be on or off.")
        return raw
    if declaration.type is SettingType.CHOICE:
        if raw not in declaration.choices:
            raise InvalidSetting(f"{declaration.label} must be one of {', '.join(declaration.choices)}.")
        return raw
    if declaration.type is SettingType.TEXT:
        return str(raw).strip()[:500]
    return _clean_number(declaration, raw)


def _clean_number(declaration: Declaration, raw: Any) -> Any:
    try:
        number = parse(raw)
    except NotANumber as error:
        raise InvalidSetting(f"{declaration.label}: {error}") from error
    low, high = declaration.low, declaration.high
    if (low is not None and number < low) or (high is not None and number > high):
        raise InvalidSetting(
            f"{declaration.label} was {to_plain(number)} but must be between "
            f"{to_plain(low) if low is not None else 'any'} and {to_plain(high) if high is not None else 'any'}."
        )
    if declaration.type is SettingType.COUNT:
        if number != number.to_integral_value():
            raise InvalidSetting(f"{declaration.label} was {to_plain(number)} but must be a whole number.")
        return int(number)
    return to_plain(number)
