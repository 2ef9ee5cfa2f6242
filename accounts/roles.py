"""Who may do what. A role is a plain fact on the user; staff roles may open the admin."""

from enum import StrEnum


class Role(StrEnum):
    SUBSCRIBER = "SUBSCRIBER"  # own connections, subscriptions and results
    PROVIDER = "PROVIDER"  # staff: own channels and the house's accounts
    ADMINISTRATOR = "ADMINISTRATOR"  # staff: everything but secrets


STAFF_ROLES = frozenset({Role.PROVIDER, Role.ADMINISTRATOR})
