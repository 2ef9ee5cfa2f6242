"""What a page hears of an event, and who may hear it. Pure."""

import json
from dataclasses import dataclass
from uuid import UUID

from accounts.roles import Role
from events.catalogue import Kind

#: Everybody may see these signals, so everybody may hear of them.
PUBLIC_KINDS = frozenset({Kind.SIGNAL_PUBLISHED, Kind.SIGNAL_AMENDED, Kind.SIGNAL_WITHDRAWN, Kind.SIGNAL_EXPIRED})
#: What providers hear of the house: what happens on the accounts they run.
HOUSE_TOPICS = frozenset(
    {"execution", "order", "position", "connection", "subscription", "reconciliation", "signal", "channel"}
)
#: Tells a page to ask for everything it shows anew: it has missed something.
RESYNC = b"event: live-resync\ndata: {}\n\n"


@dataclass(frozen=True, slots=True)
class Person:
    """Who listens."""

    user_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class News:
    """An event, as far as pages hear of it: what happened to what. The numbers are asked for by the page."""

    event_id: int
    kind: str
    subject_type: str
    subject_id: str
    #: None for the house
    owner_id: UUID | None

    @property
    def topic(self) -> str:
        """What it is about, such as position."""
        return self.kind.partition(".")[0]

    @property
    def is_public(self) -> bool:
        """Whether everybody may hear it."""
        return self.kind in PUBLIC_KINDS

    def encoded(self) -> bytes:
        """Return it as a server-sent event."""
        data = json.dumps({"kind": self.kind, "subject_type": self.subject_type, "subject_id": self.subject_id})
        return f"id: {self.event_id}\nevent: live-{self.topic}\ndata: {data}\n\n".encode()


def may_hear(person: Person, news: News) -> bool:
    """Return whether somebody may hear of an event: what is public or one's own, and for staff what roles allow."""
    if news.is_public or person.user_id == news.owner_id or person.role == Role.ADMINISTRATOR:
        return True
    return person.role == Role.PROVIDER and news.owner_id is None and news.topic in HOUSE_TOPICS
