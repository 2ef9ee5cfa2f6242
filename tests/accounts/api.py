"""Endpoints that do little: they write a row, or refuse, or break."""

from collections.abc import Callable
from secrets import token_hex
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from rest_framework import generics, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.models import User
from accounts.rest.idempotency import IdempotentPostMixin
from accounts.rest.problems import Problem


class NoteSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=20)
    price = serializers.DecimalField(max_digits=8, decimal_places=2, required=False)


class Pause:
    """Lets a test hold a request while it works."""

    def __init__(self) -> None:
        self.wait: Callable[[], object] = lambda: None


pause = Pause()


class NoteViewSet(IdempotentPostMixin, viewsets.ViewSet):
    """Each POST writes one Group. What the name says decides how it ends."""

    required_scopes = {"peek": "read"}

    def create(self, request: Request) -> Response:
        note = NoteSerializer(data=request.data)
        note.is_valid(raise_exception=True)
        name = note.validated_data["name"]
        group = Group.objects.create(name=f"{name} {token_hex(8)}")
        pause.wait()
        if name == "crash":
            raise RuntimeError("The handler broke after it had written.")
        if name == "refuse":
            raise Problem("NOTE_REFUSED", status=409, detail="The note was refused after it was written.")
        if name == "late":
            transaction.on_commit(_break)
        if name == "answer":
            return Response({"detail": "no"}, status=400)
        return Response({"name": group.name}, status=201, headers={"Location": f"/notes/{group.pk}/"})

    @action(detail=False, methods=["post"])
    def stamp(self, request: Request) -> Response:
        Group.objects.create(name=f"stamp {token_hex(8)}")
        return Response(status=204)

    @action(detail=False, methods=["post"])
    def peek(self, request: Request) -> Response:
        return Response({"groups": Group.objects.count()})


def _break() -> None:
    raise ConnectionError("The broker is away.")


class StrictView(IdempotentPostMixin, APIView):
    """Refuses a POST without a key."""

    idempotency_key_required = True

    def post(self, request: Request) -> Response:
        return Response({"done": True})


class ScopedView(APIView):
    """Names a scope for POST and leaves the rest to the default."""

    required_scopes = {"POST": "publish"}

    def get(self, request: Request) -> Response:
        return Response({})

    post = put = delete = get


class PersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["email", "created_at"]


class PeopleView(generics.ListAPIView[User]):
    """Everybody by the time they came, which several may share."""

    queryset = User.objects.all()
    serializer_class = PersonSerializer
    cursor_ordering = ("created_at", "id")
    filter_backends = ()


class BrokenView(APIView):
    def get(self, request: Request) -> Response:
        raise RuntimeError("A secret detail of the defect.")


class Full(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        return False

    def wait(self) -> float:
        return 2.5


class MoodyView(APIView):
    throttle_classes = [Full]

    def get(self, request: Request) -> Response:
        return Response({})
