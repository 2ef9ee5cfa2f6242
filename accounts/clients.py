"""Who sent a request, and from where as far as that can be trusted."""

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User

MAX_USER_AGENT = 200


def user_of(request: HttpRequest | Request) -> User:
    """Return the user of a request that only users can make.

    Raises:
        PermissionDenied: nobody is logged in.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def address_of(request: HttpRequest) -> str | None:
    """Return the client's address, seen through the proxies that allauth was told to trust; None if unknown."""
    try:
        return str(get_adapter(request).get_client_ip(request))
    except PermissionDenied:
        # A server on a Unix socket without a proxy header.
        return None


def user_agent_of(request: HttpRequest) -> str:
    """Return what the client calls itself, cut to a length that a page can show."""
    return request.headers.get("User-Agent", "")[:MAX_USER_AGENT]
