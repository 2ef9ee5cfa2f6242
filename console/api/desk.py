"""The publish desk: preview, publish, withdraw."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.rest.fields import EnumField, PlainDecimalField, UtcDateTimeField
from accounts.rest.problems import conflict, invalid
from accounts.rest.serializers import NoInput
from accounts.rest.viewsets import ApiViewSet
from connections.contract import OrderType, Side
from core.clock import now
from execution.outcomes import Reason, in_short, sentence
from execution.services.preview import Foreseen, NothingToPreview, Outlook, preview
from signals import selectors, services
from signals.api.refusals import refusals
from signals.api.rows import SignalSerializer
from signals.models import Signal

#: As many accounts as an answer names unless it is asked for another number; all are counted.
SHOWN, MOST_SHOWN = 100, 1000


class TicketSerializer(serializers.Serializer[Any]):
    """The order that would leave."""

    symbol = serializers.CharField()
    side = EnumField(Side)
    order_type = EnumField(OrderType)
    quantity = PlainDecimalField()
    price = PlainDecimalField(allow_null=True)
    stop_price = PlainDecimalField(allow_null=True)


class ForeseenOutcomeSerializer(serializers.Serializer[Any]):
    """What a provider learns of somebody else's account."""

    outlook = EnumField(Outlook)
    reason = EnumField(Reason, allow_blank=True)
    explanation = serializers.SerializerMethodField()

    def get_explanation(self, foreseen: Foreseen) -> str:
        return in_short(foreseen.reason)


class ForeseenSerializer(serializers.Serializer[Any]):
    """One account and what it would do, with the numbers that decide."""

    connection = serializers.UUIDField(source="connection_id")
    connection_name = serializers.CharField()
    outlook = EnumField(Outlook)
    reason = EnumField(Reason, allow_blank=True)
    explanation = serializers.SerializerMethodField()
    symbol = serializers.CharField()
    numbers = serializers.DictField()
    ticket = TicketSerializer(allow_null=True)
    #: when the balance was read that sizes the order
    balance_as_of = UtcDateTimeField(allow_null=True)

    def get_explanation(self, foreseen: Foreseen) -> str:
        return sentence(foreseen.reason, foreseen.numbers) if foreseen.reason else ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What all accounts would do, as a user may see it."""

    signal: UUID
    as_of: datetime
    foreseen: Sequence[Foreseen]
    user: User
    shown: int


class CountSerializer(serializers.Serializer[Any]):
    outlook = EnumField(Outlook)
    reason = EnumField(Reason, allow_blank=True)
    explanation = serializers.CharField()
    accounts = serializers.IntegerField()


class PreviewSerializer(serializers.Serializer[Preview]):
    signal = serializers.UUIDField()
    as_of = UtcDateTimeField()
    accounts = serializers.SerializerMethodField()
    #: all of them, by what they would do and why not
    counts = serializers.SerializerMethodField()
    #: as many as were asked for
    rows = serializers.SerializerMethodField()

    def get_accounts(self, made: Preview) -> int:
        return len(made.foreseen)

    @extend_schema_field(CountSerializer(many=True))
    def get_counts(self, made: Preview) -> list[dict[str, Any]]:
        counted = Counter((each.outlook, each.reason) for each in made.foreseen)
        rows = [
            {"outlook": outlook, "reason": reason, "explanation": in_short(reason), "accounts": count}
            for (outlook, reason), count in counted.most_common()
        ]
        return list(CountSerializer(rows, many=True).data)

    @extend_schema_field(
        PolymorphicProxySerializer(
            "AnyForeseen", serializers=[ForeseenSerializer, ForeseenOutcomeSerializer], resource_type_field_name=None,
            many=True,
        )
    )  # fmt: skip
    def get_rows(self, made: Preview) -> list[dict[str, Any]]:
        return [self._row(each, made.user) for each in made.foreseen[: made.shown]]

    def _row(self, each: Foreseen, user: User) -> dict[str, Any]:
        is_theirs = each.owner_id is not None and each.owner_id != user.pk
        is_reduced = is_theirs and not user.is_administrator
        return dict((ForeseenOutcomeSerializer if is_reduced else ForeseenSerializer)(each).data)


class SignalDeskViewSet(ApiViewSet[Signal]):
    """What a provider does with own signals, and an administrator with all."""

    queryset = Signal.objects.none()
    serializer_class = SignalSerializer
    required_scopes = {"publish": "publish", "withdraw": "publish"}

    def rows_of(self, user: User) -> QuerySet[Signal]:
        return selectors.signals_run_by(user).select_related("channel")

    def known_parameters(self) -> frozenset[str]:
        return frozenset({"rows"}) if self.action == "preview" else frozenset()

    @extend_schema(
        summary="Show what every account would do now",
        description="The same rules decide as will, and nothing is written. Prices are asked for where none is known.",
        parameters=[OpenApiParameter("rows", int, description=f"0 to {MOST_SHOWN}; {SHOWN} unless given.")],
        responses=PreviewSerializer,
    )
    @action(detail=True)
    def preview(self, request: Request, pk: UUID) -> Response:
        signal, shown = self.get_object(), self._shown()
        try:
            foreseen = preview(signal=signal, clock=now)
        except NothingToPreview as error:
            raise conflict("NOTHING_TO_PREVIEW", error) from None
        return Response(PreviewSerializer(Preview(signal.pk, now(), foreseen, self.user, shown)).data)

    @extend_schema(
        summary="Publish an approved signal",
        description="It is sent to every account that follows the channel. Read executions/ to see what becomes of it.",
        request=NoInput,
        responses=SignalSerializer,
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: UUID) -> Response:
        signal = self.get_object()
        self.read(NoInput)
        with refusals(is_body=False):
            services.publish(signal=signal, actor=self.user, now=now())
        return Response(SignalSerializer(signal).data)

    @extend_schema(
        summary="Take a signal back",
        description="Entries that have not left are skipped, resting ones cancelled; positions stay.",
        request=NoInput,
        responses=SignalSerializer,
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: UUID) -> Response:
        signal = self.get_object()
        self.read(NoInput)
        with refusals(is_body=False):
            services.withdraw(signal=signal, actor=self.user, now=now())
        return Response(SignalSerializer(signal).data)

    def _shown(self) -> int:
        text = self.request.query_params.get("rows", str(SHOWN))
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= MOST_SHOWN):
            raise invalid("rows", f"{text[:40]!r} is no number from 0 to {MOST_SHOWN}.")
        return int(text)
