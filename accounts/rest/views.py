"""Who a credential belongs to."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.clients import user_of
from accounts.models import ApiToken
from accounts.roles import Role
from accounts.scopes import ALLOWED, Scope


class MeSerializer(serializers.Serializer[dict[str, object]]):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=list(Role))
    time_zone = serializers.CharField()
    #: what this credential can do; a session can do all that its user's role allows
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(Scope)))


class MeView(APIView):
    """Tells a program whose credential it holds and what it can do with it."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        user, token = user_of(request), request.auth
        scopes = token.effective_scopes if isinstance(token, ApiToken) else ALLOWED[Role(user.role)]
        me = {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "role": user.role,
            "time_zone": user.time_zone,
            "scopes": [scope for scope in Scope if scope in scopes],
        }
        return Response(MeSerializer(me).data)
