"""Who may do what with rows that several people see."""

from django.db.models import Q, QuerySet

from accounts.models import User
from connections.models import ExecutionConnection, TradingPreset


def may_enter_keys(connection: ExecutionConnection, user: User) -> bool:
    """Return whether somebody may replace the keys: the owner, and staff for the house. Nobody else, ever."""
    return user.is_staff if connection.is_admin_owned else connection.owner_id == user.pk


def may_change_preset(preset: TradingPreset, user: User) -> bool:
    """Return whether somebody may change a preset: the owner, and administrators those of the house."""
    return user.is_administrator if preset.owner_id is None else preset.owner_id == user.pk


def presets_usable_by(owner: User | None, *, actor: User) -> QuerySet[TradingPreset]:
    """Return the presets that what belongs to ``owner`` may trade by: the house's and the owner's own.

    Staff who run an account or a channel of the house may use their own presets for it.
    """
    return TradingPreset.objects.filter(Q(owner=None) | Q(owner=owner or actor))
