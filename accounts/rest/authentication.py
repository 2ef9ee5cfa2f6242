"""API tokens in the Authorization header."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import selectors, services
from accounts.clients import address_of
from accounts.models import ApiToken, User
from core.clock import now

KEYWORDS = frozenset({"bearer", "token"})
#: Longer than any token of ours; what is longer is cut before it is hashed.
LONGEST = 200


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer sbx_...`` or ``Token sbx_...``.

    Whatever was sent is hashed and looked up by digest, once, so the time tells nothing about what exists; and the
    answer does not say whether a token is unknown, expired or revoked.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the token's owner and the token; None if the request carries no token."""
        keyword, _, text = request.headers.get("Authorization", "").strip().partition(" ")
        if keyword.lower() not in KEYWORDS:
            return None
        moment = now()
        token = selectors.token_by_text(text.strip()[:LONGEST])
        if token is None or not token.is_live(moment):
            raise AuthenticationFailed("The token is unknown, expired or revoked.", code="invalid_token")
        services.note_token_use(token=token, address=address_of(request._request), now=moment)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme; with it, DRF answers 401 where nobody is known."""
        return 'Bearer realm="Signalbox"'
