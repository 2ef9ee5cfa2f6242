"""Reading positions."""

from django.db.models import QuerySet

from accounts.models import User
from connections.selectors import connections_visible_to
from positions.models import ExecutionPosition


def positions_visible_to(user: User) -> QuerySet[ExecutionPosition]:
    """Return the positions of the connections that a user may see."""
    return ExecutionPosition.objects.filter(connection__in=connections_visible_to(user))
