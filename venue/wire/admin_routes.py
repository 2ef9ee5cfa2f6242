"""What an admin handler is given, and the table of admin handlers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from venue.engine.accounts import Account
from venue.engine.terms import Market

if TYPE_CHECKING:
    from venue.state import Venue
    from venue.wire.server import Server


@dataclass(frozen=True, slots=True)
class Asked:
    """One admin request: JSON body, query, and the last part of the path where a route takes one."""

    server: Server
    body: dict[str, Any]
    query: dict[str, str]
    argument: str | None

    @property
    def venue(self) -> Venue:
        return self.server.venue

    def needed(self, name: str) -> Any:
        if name not in self.body:
            raise ValueError(f"the body needs {name!r}")
        return self.body[name]

    def decimal(self, name: str) -> Decimal:
        """Raises: ValueError when the value is missing or no finite number."""
        value = Decimal(str(self.needed(name)))
        if not value.is_finite():
            raise ValueError(f"{name} was {value} but must be a number")
        return value

    def market(self) -> Market | None:
        """Raises: ValueError when the market is neither spot nor usdm."""
        name = self.body.get("market", self.query.get("market"))
        return None if name is None else Market(name)

    def account(self, name: str | None = None) -> Account:
        """Raises: LookupError when there is no such account."""
        wanted = name or self.argument or str(self.needed("account"))
        found = self.venue.exchange.accounts.get(wanted)
        if found is None:
            raise LookupError(f"there is no account {wanted!r}")
        return found


Handler = Callable[[Asked], Any]
Decorated = TypeVar("Decorated", bound=Handler)
HANDLERS: dict[tuple[str, str], Handler] = {}


def admin(method: str, path: str) -> Callable[[Decorated], Decorated]:
    """This function will enter an admin handler; a path may end in /* and then takes an argument."""

    def enter(handler: Decorated) -> Decorated:
        HANDLERS[method, path] = handler
        return handler

    return enter
