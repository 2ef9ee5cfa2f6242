"""The read models, for programs: what the days brought, and what orders cost."""

from django.db.models import F, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers

from accounts.models import User
from accounts.rest.fields import AmountsField, EnumField, PlainDecimalField
from accounts.rest.serializers import RowSerializer
from accounts.rest.viewsets import ApiViewSet
from analytics.models import ExecutionAnalytic
from analytics.selectors import analytics_visible_to
from connections.contract import Side
from connections.selectors import connections_visible_to
from execution.models import OrderCost
from execution.roles import OrderRole


class DailySerializer(RowSerializer[ExecutionAnalytic]):
    """One connection on one UTC day, in one currency. docs/metrics.md says what each figure means."""

    class Meta:
        model = ExecutionAnalytic
        fields = [
            "connection", "day", "currency", "trades", "wins", "losses", "win_rate", "gross_profit", "gross_loss",
            "profit_factor", "total_pnl", "fees", "max_drawdown", "balance", "equity", "average_duration_s",
            "updated_at",
        ]  # fmt: skip


class DailyFilter(filters.FilterSet):
    connection = filters.UUIDFilter(field_name="connection_id")
    since = filters.DateFilter(field_name="day", lookup_expr="gte")
    until = filters.DateFilter(field_name="day", lookup_expr="lte")

    class Meta:
        model = ExecutionAnalytic
        fields = ["currency"]


@extend_schema_view(list=extend_schema(summary="List what the days brought, latest first"))
class DailyViewSet(mixins.ListModelMixin, ApiViewSet[ExecutionAnalytic]):
    """What each day brought on each connection. `since` and `until` are UTC days, both included."""

    queryset = ExecutionAnalytic.objects.none()
    serializer_class = DailySerializer
    filterset_class = DailyFilter
    cursor_ordering = ("-day", "-id")

    def rows_of(self, user: User) -> QuerySet[ExecutionAnalytic]:
        return analytics_visible_to(user)


class OrderCostSerializer(RowSerializer[OrderCost]):
    """What one order cost against the price it was decided at. Positive is worse."""

    connection = serializers.UUIDField(source="of_connection")
    execution = serializers.UUIDField(source="of_execution")
    role = EnumField(OrderRole, source="of_role")
    symbol = serializers.CharField(source="of_symbol")
    side = EnumField(Side, source="of_side")
    #: slippage times quantity, in the quote currency
    amount = PlainDecimalField()
    fees = AmountsField()

    class Meta:
        model = OrderCost
        fields = [
            "order", "execution", "connection", "role", "symbol", "side", "expected_price", "fill_price", "quantity",
            "slippage", "slippage_bps", "slippage_pips", "amount", "fees", "created_at",
        ]  # fmt: skip


class CostFilter(filters.FilterSet):
    connection = filters.UUIDFilter(field_name="order__connection_id")
    signal = filters.UUIDFilter(field_name="order__log__signal_id")
    symbol = filters.CharFilter(field_name="order__symbol")
    role = filters.ChoiceFilter(field_name="order__role", choices=[(each, each) for each in OrderRole])
    since = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = OrderCost
        fields: list[str] = []


@extend_schema_view(list=extend_schema(summary="List what orders cost, latest first"))
class CostViewSet(mixins.ListModelMixin, ApiViewSet[OrderCost]):
    """Slippage and fees of every order that was filled."""

    queryset = OrderCost.objects.none()
    serializer_class = OrderCostSerializer
    filterset_class = CostFilter
    # The order's key is ordered by time, and is the key of its cost.
    cursor_ordering = "-order_id"

    def rows_of(self, user: User) -> QuerySet[OrderCost]:
        rows = OrderCost.objects.filter(order__connection__in=connections_visible_to(user))
        return rows.annotate(
            of_connection=F("order__connection_id"),
            of_execution=F("order__log_id"),
            of_role=F("order__role"),
            of_symbol=F("order__symbol"),
            of_side=F("order__side"),
        )
