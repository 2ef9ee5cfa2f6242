"""Everything that changes a trading preset. Accounts that use it trade by the new values from the next signal on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ManyToOneRel

from accounts.models import User
from connections.models import TradingPreset
from connections.presets import InvalidPreset, validate
from events import services as events
from events.catalogue import Kind

LONGEST_NAME = 80
LONGEST_DESCRIPTION = 300
#: As many users of a preset as a message names.
MOST_NAMED = 5


class PresetInUse(Exception):
    """A preset that accounts trade by is not removed."""


@transaction.atomic
def create_preset(
    *,
    name: str,
    description: str,
    values: Mapping[str, Any],
    owner: User | None,
    actor: User | None,
    now: datetime,
) -> TradingPreset:
    """Make a preset; without an owner it belongs to the house and everybody may use it.

    Raises:
        InvalidPreset: names the value that does not fit.
    """
    preset = TradingPreset(
        owner=owner,
        name=_free_name(owner, name),
        description=_short(description),
        values=validate(values),
        created_at=now,
    )
    _save_named(preset, force_insert=True)
    _note(preset, actor, now, change="CREATED")
    return preset


@transaction.atomic
def change_preset(
    *,
    preset: TradingPreset,
    actor: User | None,
    now: datetime,
    name: str | None = None,
    description: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> TradingPreset:
    """Change a preset; its version rises when its values do.

    Raises:
        InvalidPreset: names the value that does not fit.
    """
    locked = TradingPreset.objects.select_for_update().get(pk=preset.pk)
    before = locked.values
    if name is not None and name.strip() != locked.name:
        locked.name = _free_name(locked.owner, name)
    if description is not None:
        locked.description = _short(description)
    if values is not None:
        locked.values = validate(values)
        locked.version += locked.values != before
    _save_named(locked, update_fields=["name", "description", "values", "version", "updated_at"])
    _note(locked, actor, now, change="CHANGED", before=before, after=locked.values)
    return locked


@transaction.atomic
def remove_preset(*, preset: TradingPreset, actor: User | None, now: datetime) -> None:
    """Delete a preset that nothing uses. One that was deleted meanwhile is left alone.

    Raises:
        PresetInUse: accounts or channels trade by it.
    """
    if TradingPreset.objects.select_for_update().filter(pk=preset.pk).first() is None:
        return
    users = _users_of(preset)
    if users:
        raise PresetInUse(f"{preset.name} is used by {', '.join(users)}. Give them another preset first.")
    _note(preset, actor, now, change="REMOVED")
    preset.delete()


def _users_of(preset: TradingPreset) -> list[str]:
    # Higher apps refer to presets too, and are not to be named here: the tables know all of them.
    users = []
    for relation in TradingPreset._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):
            referring = relation.related_model._base_manager.filter(**{relation.field.name: preset})
            users += [str(each) for each in referring[:MOST_NAMED]]
    return users


def _free_name(owner: User | None, name: str) -> str:
    clean = name.strip()
    if not clean:
        raise InvalidPreset("name", "Give the preset a name.")
    if len(clean) > LONGEST_NAME:
        raise InvalidPreset("name", f"The name has {len(clean)} characters but may have {LONGEST_NAME}.")
    if not clean.isprintable():
        raise InvalidPreset("name", "The name has characters that cannot be seen; type it anew.")
    if TradingPreset.objects.filter(owner=owner, name=clean).exists():
        raise _name_is_taken(clean)
    return clean


def _save_named(preset: TradingPreset, **how: Any) -> None:
    try:
        with transaction.atomic():
            preset.save(**how)
    except IntegrityError:
        # The name was free when it was checked; somebody else was quicker.
        raise _name_is_taken(preset.name) from None


def _name_is_taken(name: str) -> InvalidPreset:
    return InvalidPreset("name", f"There is a preset called {name!r} already.")


def _short(description: str) -> str:
    clean = description.strip()
    if len(clean) > LONGEST_DESCRIPTION:
        raise InvalidPreset(
            "description", f"The description has {len(clean)} characters but may have {LONGEST_DESCRIPTION}."
        )
    return clean


def _note(preset: TradingPreset, actor: User | None, now: datetime, **data: Any) -> None:
    events.append(
        events.NewEvent(
            kind=Kind.PRESET_CHANGED,
            subject_type="connections.tradingpreset",
            subject_id=str(preset.pk),
            owner_id=preset.owner_id,
            actor_id=actor.pk if actor else None,
            occurred_at=now,
            data={"name": preset.name, "version": preset.version, **data},
        )
    )
