"""Orders and their fills."""

from django.db.models import F, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers

from accounts.models import User
from accounts.rest.fields import AmountsField, EnumField, PlainDecimalField
from accounts.rest.serializers import RowSerializer
from accounts.rest.viewsets import ApiViewSet
from connections.contract import OrderType, Side, TimeInForce
from execution import selectors
from execution.machine import OrderState
from execution.models import Fill, Order, OrderCost
from execution.roles import OrderRole


class FillSerializer(RowSerializer[Fill]):
    side = EnumField(Side)

    class Meta:
        model = Fill
        fields = [
            "id", "order", "connection", "venue_trade_id", "venue_order_id", "symbol", "side", "quantity", "price",
            "fee", "fee_currency", "is_maker", "traded_at", "recorded_at",
        ]  # fmt: skip


class CostSerializer(RowSerializer[OrderCost]):
    """What the order cost against the price it was decided at. Positive is worse."""

    #: slippage times quantity, in the quote currency
    amount = PlainDecimalField()
    fees = AmountsField()

    class Meta:
        model = OrderCost
        fields = [
            "expected_price", "fill_price", "quantity", "slippage", "slippage_bps", "slippage_pips", "amount", "fees"
        ]  # fmt: skip


class EvidenceSerializer(serializers.Serializer[dict[str, str]]):
    """One thing that the search for an order has found."""

    at = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field may be called like an attribute
    found = serializers.CharField()


class OrderSerializer(RowSerializer[Order]):
    execution = serializers.PrimaryKeyRelatedField[Order](source="log", read_only=True)
    signal = serializers.UUIDField(source="of_signal")
    role = EnumField(OrderRole)
    side = EnumField(Side)
    order_type = EnumField(OrderType)
    time_in_force = EnumField(TimeInForce)
    #: SUBMITTED without acknowledged_at is in flight, with it the order rests at the venue
    state = EnumField(OrderState)
    #: what the search for an order in doubt has found so far
    evidence = EvidenceSerializer(many=True)
    #: null until it ended with a fill
    cost = CostSerializer(allow_null=True)

    class Meta:
        model = Order
        fields = [
            "id", "execution", "signal", "connection", "position", "role", "sequence", "piece", "client_order_id",
            "venue_order_id", "symbol", "side", "order_type", "quantity", "price", "stop_price", "time_in_force",
            "expires_at", "reduce_only", "expected_price", "state", "filled", "average_price", "in_doubt",
            "doubt_since", "unresolved_at", "evidence", "is_held", "is_flagged", "error_code", "error", "sends", "cost",
            "created_at", "submitted_at", "acknowledged_at", "cancel_requested_at", "finished_at", "updated_at",
        ]  # fmt: skip


class OrderWithFillsSerializer(OrderSerializer):
    fills = FillSerializer(many=True)

    class Meta(OrderSerializer.Meta):
        fields = [*OrderSerializer.Meta.fields, "fills"]


class OrderFilter(filters.FilterSet):
    execution = filters.UUIDFilter(field_name="log_id")
    signal = filters.UUIDFilter(field_name="log__signal_id")
    connection = filters.UUIDFilter(field_name="connection_id")
    position = filters.UUIDFilter(field_name="position_id")
    state = filters.ChoiceFilter(choices=[(each, each) for each in OrderState])
    role = filters.ChoiceFilter(choices=[(each, each) for each in OrderRole])
    is_unresolved = filters.BooleanFilter(field_name="unresolved_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Order
        fields = ["symbol", "in_doubt", "client_order_id"]


@extend_schema_view(
    list=extend_schema(summary="List orders"),
    retrieve=extend_schema(summary="Show an order with its fills", responses=OrderWithFillsSerializer),
)
class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Order]):
    """Every order, entries and exits. Each was sent once, under an id that was fixed before."""

    queryset = Order.objects.none()
    filterset_class = OrderFilter
    cursor_ordering = ("-created_at", "-id")

    def get_serializer_class(self) -> type[OrderSerializer]:
        return OrderWithFillsSerializer if self.action == "retrieve" else OrderSerializer

    def rows_of(self, user: User) -> QuerySet[Order]:
        rows = selectors.orders_visible_to(user).select_related("cost").annotate(of_signal=F("log__signal_id"))
        return rows.prefetch_related("fills") if self.action == "retrieve" else rows


class FillFilter(filters.FilterSet):
    order = filters.UUIDFilter(field_name="order_id")
    connection = filters.UUIDFilter(field_name="connection_id")
    traded_after = filters.IsoDateTimeFilter(field_name="traded_at", lookup_expr="gte")
    traded_before = filters.IsoDateTimeFilter(field_name="traded_at", lookup_expr="lt")

    class Meta:
        model = Fill
        fields = ["symbol"]


@extend_schema_view(list=extend_schema(summary="List fills"), retrieve=extend_schema(summary="Show a fill"))
class FillViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Fill]):
    """Every execution at a venue. One without an order was somebody's own trade that closed a position of ours."""

    queryset = Fill.objects.none()
    serializer_class = FillSerializer
    filterset_class = FillFilter
    lookup_value_converter = "int"

    def rows_of(self, user: User) -> QuerySet[Fill]:
        return selectors.fills_visible_to(user)
