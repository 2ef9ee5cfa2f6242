"""What a credential may do. Whose rows it may see is decided by every view's queryset."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken
from accounts.scopes import Scope

if TYPE_CHECKING:
    # The framework loads this module while it loads its own views.
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Lets a token do what its scopes say. A person in the browser has every scope of his role.

    A view may set ``required_scopes``, a mapping from the name of a viewset's action or a method to a scope:
    ``{"preview": "read", "POST": "publish"}``. What it does not name needs ``read`` for reading, else ``trade``.
    """

    code = "insufficient_scope"
    message = ""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        needed = required_scope(request.method or "", view)
        self.message = f"This needs a token with the scope {needed}."
        return needed in request.auth.effective_scopes


class IsAdministrator(BasePermission):
    """Lets administrators in."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.user.is_authenticated and request.user.is_administrator


class IsStaffRole(BasePermission):
    """Lets providers and administrators in."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.user.is_authenticated and request.user.is_staff


def required_scope(method: str, view: "APIView") -> Scope:
    """Return the scope that a token needs to call a view with this method."""
    declared: Mapping[str, str] = getattr(view, "required_scopes", {})
    action: Any = getattr(view, "action", None)
    default = Scope.READ if method in SAFE_METHODS else Scope.TRADE
    return Scope(declared.get(action) or declared.get(method) or default)
