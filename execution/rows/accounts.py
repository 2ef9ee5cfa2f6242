"""What every page here shows of the account something happened on."""

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from connections.labels import ENVIRONMENTS, MARKETS
from connections.models import ExecutionConnection
from core.labels import Label


@dataclass(frozen=True, slots=True)
class AccountRow:
    id: UUID
    name: str
    exchange: str
    environment: Label
    market: Label
    #: "you", "the house", or an address that only administrators see
    owner: str


def account_row(connection: ExecutionConnection, user: User) -> AccountRow:
    """Return what a page shows. Needs the connection's owner, unless it is the reader's own or the house's."""
    own = connection.owner_id == user.pk
    owner = "you" if own else "the house" if connection.owner is None else connection.owner.email
    return AccountRow(
        id=connection.pk,
        name=connection.name,
        exchange=connection.exchange_name,
        environment=ENVIRONMENTS[connection.environment],
        market=MARKETS[connection.market],
        owner=owner,
    )
