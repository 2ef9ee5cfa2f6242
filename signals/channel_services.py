"""Everything that changes a channel."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import User
from connections.models import TradingPreset
from events import services as events
from events.catalogue import Kind
from signals.models import Channel

LONGEST_NAME = 80
LONGEST_DESCRIPTION = 2000


class InvalidChannel(ValueError):
    """What was entered cannot be a channel. ``field`` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def create_channel(
    *,
    name: str,
    owner: User | None,
    actor: User | None,
    now: datetime,
    description: str = "",
    preset: TradingPreset | None = None,
    serves_house: bool = True,
) -> Channel:
    """Make a channel; without an owner it belongs to the house.

    Raises:
        InvalidChannel: the name is empty, too long, taken, or too like another's.
    """
    channel = Channel(owner=owner, preset=preset, serves_house=serves_house, created_at=now)
    _put_name(channel, name)
    channel.description = _short(description)
    _save(channel, force_insert=True)
    _note(channel, actor, now, change="CREATED")
    return channel


@transaction.atomic
def change_channel(
    *,
    channel: Channel,
    actor: User | None,
    now: datetime,
    name: str | None = None,
    description: str | None = None,
    preset: TradingPreset | None = None,
    keep_preset: bool = True,
    serves_house: bool | None = None,
    is_active: bool | None = None,
) -> Channel:
    """Change a channel. The address of its page, which others may have kept, stays when the name changes.

    Raises:
        InvalidChannel: the name is empty, too long or taken.
    """
    if name is not None and name.strip() != channel.name:
        _put_name(channel, name)
    if description is not None:
        channel.description = _short(description)
    if not keep_preset:
        channel.preset = preset
    if serves_house is not None:
        channel.serves_house = serves_house
    if is_active is not None:
        channel.is_active = is_active
    _save(channel, update_fields=["name", "description", "preset", "serves_house", "is_active"])
    _note(channel, actor, now, change="CHANGED", is_active=channel.is_active)
    return channel


def _put_name(channel: Channel, name: str) -> None:
    clean = name.strip()
    if not clean:
        raise InvalidChannel("name", "Give the channel a name.")
    if len(clean) > LONGEST_NAME:
        raise InvalidChannel("name", f"The name has {len(clean)} characters but may have {LONGEST_NAME}.")
    if not clean.isprintable():
        raise InvalidChannel("name", "The name has characters that cannot be seen; type it anew.")
    if Channel.objects.filter(name=clean).exists():
        raise _name_is_taken(clean)
    channel.name = clean
    channel.slug = channel.slug or slugify(clean) or str(channel.pk)


def _short(description: str) -> str:
    clean = description.strip()
    if len(clean) > LONGEST_DESCRIPTION:
        raise InvalidChannel(
            "description", f"The description has {len(clean)} characters but may have {LONGEST_DESCRIPTION}."
        )
    return clean


def _save(channel: Channel, **how: Any) -> None:
    try:
        with transaction.atomic():
            channel.save(**how)
    except IntegrityError:
        # Somebody was quicker, or the name differs from another in signs only, so that both had one address.
        raise _name_is_taken(channel.name) from None


def _name_is_taken(name: str) -> InvalidChannel:
    return InvalidChannel("name", f"There is a channel called {name!r}, or much like it, already.")


def _note(channel: Channel, actor: User | None, now: datetime, **data: Any) -> None:
    events.append(
        events.NewEvent(
            kind=Kind.CHANNEL_CHANGED,
            subject_type="signals.channel",
            subject_id=str(channel.pk),
            owner_id=channel.owner_id,
            actor_id=actor.pk if actor else None,
            occurred_at=now,
            data={"name": channel.name, **data},
        )
    )
