"""Positions, and closing them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.rest.fields import AmountsField, EnumField, PlainDecimalField, UtcDateTimeField
from accounts.rest.problems import conflict
from accounts.rest.serializers import Input, RowSerializer
from accounts.rest.viewsets import ApiViewSet
from connections.contract import MarketType, Quote, Side
from core.clock import now
from execution import tasks
from execution.services import protection
from marketdata.selectors import quotes_of
from positions.exits import ClosingReason, Protection
from positions.ledger import EntryKind
from positions.models import Entry, ExecutionPosition, PositionStatus
from positions.selectors import positions_visible_to

#: By id of the position. What has no current price is not in it.
Marks = Mapping[UUID, Quote]


class PositionTargetSerializer(serializers.Serializer[Any]):
    price = PlainDecimalField()
    share = PlainDecimalField()
    #: what leaves there; null until the entry is done
    quantity = PlainDecimalField(default=None, allow_null=True)
    filled = PlainDecimalField(default="0")
    #: whether we watch it because no venue holds it
    is_watched = serializers.BooleanField(default=False)


class MarkSerializer(serializers.Serializer[Any]):
    """The position at the price at which it would close now."""

    price = PlainDecimalField()
    #: price profit in the settlement currency, before fees
    unrealised = PlainDecimalField()
    quoted_at = UtcDateTimeField()


class PositionSerializer(RowSerializer[ExecutionPosition]):
    market = EnumField(MarketType)
    #: of the entry; stays when the position is flat
    side = EnumField(Side)
    #: average price of what opened it
    average_price = PlainDecimalField()
    #: price profit of what was closed, in the settlement currency, before fees
    realised = PlainDecimalField()
    fees = AmountsField()
    #: realised profit and funding less fees, in the settlement currency
    net_profit = PlainDecimalField()
    #: null without a price of the last minutes, and for closed positions
    mark = serializers.SerializerMethodField()
    status = EnumField(PositionStatus)
    targets = PositionTargetSerializer(many=True)
    protection = EnumField(Protection)
    closing_reason = EnumField(ClosingReason, allow_blank=True)

    class Meta:
        model = ExecutionPosition
        fields = [
            "id", "connection", "signal", "symbol", "market", "base", "quote", "settle", "side", "status", "quantity",
            "average_price", "realised", "fees", "funding", "net_profit", "mark", "opened_quantity", "closed_quantity",
            "opened_at", "closed_at", "stop_price", "targets", "protection", "first_fill_at", "protected_at",
            "unprotected_ms", "unprotected_since", "closing_reason", "close_requested_at", "attention",
        ]  # fmt: skip

    @extend_schema_field(MarkSerializer(allow_null=True))
    def get_mark(self, position: ExecutionPosition) -> dict[str, Any] | None:
        marks: Marks = self.context.get("marks", {})
        quote = marks.get(position.pk)
        if quote is None:
            return None
        price = quote.price_to(Side(position.side).opposite)
        mark = {"price": price, "unrealised": position.unrealised(price), "quoted_at": quote.quoted_at}
        return dict(MarkSerializer(mark).data)


class EntrySerializer(RowSerializer[Entry]):
    """One line of the ledger that the position is folded from."""

    kind = EnumField(EntryKind)
    side = EnumField(Side, allow_blank=True)

    class Meta:
        model = Entry
        fields = ["kind", "at", "trade_id", "side", "quantity", "price", "fee", "fee_currency", "amount"]


class PositionWithEntriesSerializer(PositionSerializer):
    entries = EntrySerializer(many=True)

    class Meta(PositionSerializer.Meta):
        fields = [*PositionSerializer.Meta.fields, "entries"]


class CloseInput(Input):
    """A position is closed as a whole; closing a part is not offered yet."""

    default_error_messages = {"unknown": "A position is closed as a whole, at market; nothing can be chosen."}


class PositionFilter(filters.FilterSet):
    signal = filters.UUIDFilter(field_name="signal_id")
    connection = filters.UUIDFilter(field_name="connection_id")
    status = filters.ChoiceFilter(choices=PositionStatus.choices)
    is_unprotected = filters.BooleanFilter(field_name="unprotected_since", lookup_expr="isnull", exclude=True)
    closed_after = filters.IsoDateTimeFilter(field_name="closed_at", lookup_expr="gte")
    closed_before = filters.IsoDateTimeFilter(field_name="closed_at", lookup_expr="lt")

    class Meta:
        model = ExecutionPosition
        fields = ["symbol"]


@extend_schema_view(
    list=extend_schema(summary="List positions with their present profit"),
    retrieve=extend_schema(summary="Show a position with its entries", responses=PositionWithEntriesSerializer),
)
class PositionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[ExecutionPosition]):
    """What a signal holds, or held, on one account and symbol."""

    queryset = ExecutionPosition.objects.none()
    filterset_class = PositionFilter

    def get_serializer_class(self) -> type[PositionSerializer]:
        return PositionWithEntriesSerializer if self.action == "retrieve" else PositionSerializer

    def rows_of(self, user: User) -> QuerySet[ExecutionPosition]:
        rows = positions_visible_to(user).select_related("connection").defer("connection__credentials")
        return rows.prefetch_related("entries") if self.action == "retrieve" else rows

    def get_serializer(self, *rows: Any, **kwargs: Any) -> Any:
        """Add the present prices of exactly the rows that are shown. Cost: one cache call a venue."""
        shown = [each for row in rows for each in (row if isinstance(row, list) else [row])]
        kwargs["context"] = {**self.get_serializer_context(), "marks": marks_of(shown)}
        return self.get_serializer_class()(*rows, **kwargs)

    @extend_schema(
        summary="Close a position at market",
        description="The whole position; until it is flat a sweeper sees to it. Read it again to see the end.",
        request=CloseInput,
        responses={202: PositionSerializer},
    )
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: UUID) -> Response:
        position = self.get_object()
        self.read(CloseInput)
        asked = protection.request_close(
            position_id=position.pk, reason=ClosingReason.MANUAL, actor_id=self.user.pk, now=now()
        )
        if not asked:
            raise conflict("POSITION_CLOSED", "The position is closed already.")
        transaction.on_commit(lambda: tasks.run_advance_job.delay(position_ids=[str(position.pk)]), robust=True)
        return Response(self.get_serializer(self.get_object()).data, status=status.HTTP_202_ACCEPTED)


def marks_of(positions: Sequence[ExecutionPosition]) -> Marks:
    """Return the latest stored quote of each open position. Cost: one cache call a venue."""
    wanted: dict[str, list[ExecutionPosition]] = {}
    for each in positions:
        if each.quantity:
            wanted.setdefault(each.connection.venue_key, []).append(each)
    marks = {}
    for venue_key, held in wanted.items():
        quotes = quotes_of(venue_key, {each.symbol for each in held})
        marks.update({each.pk: quotes[each.symbol] for each in held if each.symbol in quotes})
    return marks
