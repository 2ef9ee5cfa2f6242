"""What a program may do with a token: never more than its owner may do himself."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from accounts.roles import Role


class Scope(StrEnum):
    """Spelled in lower case because that is how scopes stand in requests and answers."""

    READ = "read"  # every GET
    PUBLISH = "publish"  # writing signals and channels
    TRADE = "trade"  # writing connections, subscriptions and positions, and the kill switch


#: What a token of each role may carry.
ALLOWED: Mapping[Role, frozenset[Scope]] = {
    Role.SUBSCRIBER: frozenset({Scope.READ, Scope.TRADE}),
    Role.PROVIDER: frozenset({Scope.READ, Scope.PUBLISH, Scope.TRADE}),
    Role.ADMINISTRATOR: frozenset({Scope.READ, Scope.PUBLISH, Scope.TRADE}),
}


def effective(role: str, granted: Iterable[str]) -> frozenset[Scope]:
    """Return what a token can do now: what it was granted, less what its owner's role has lost since."""
    return ALLOWED[Role(role)] & {Scope(scope) for scope in granted}
