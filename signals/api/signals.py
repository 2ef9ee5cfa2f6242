"""Signals, from draft to approved. Publishing and what follows are in ``console.api``, which sees every account."""

from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.rest.fields import EnumField, UncheckedNumberField, UtcDateTimeField
from accounts.rest.problems import invalid
from accounts.rest.serializers import Input, NoInput
from accounts.rest.viewsets import ApiViewSet
from connections.contract import OrderType, Side, TimeInForce
from core.clock import now
from signals import selectors, services
from signals.api.refusals import refusals
from signals.api.rows import SignalSerializer, SignalVersionSerializer
from signals.models import Channel, Signal
from signals.rules import SignalStatus


class TargetInput(Input):
    price = UncheckedNumberField()
    #: part of the position, above 0 and at most 1; a lone target takes everything
    share = UncheckedNumberField(required=False)


class SignalInput(Input):
    channel = serializers.UUIDField()
    #: your own id for it: what comes with the same one is not taken twice, however much later
    external_id = serializers.CharField(max_length=120, required=False, allow_blank=True)
    #: base and quote, such as BTC/USDT
    currency_pair = serializers.CharField(max_length=41)
    direction = EnumField(Side)
    #: MARKET, LIMIT or STOP; left out, the house's default entry
    order_type = EnumField(OrderType, required=False)
    #: price of a resting entry; of a market entry the price it was decided at
    open_price = UncheckedNumberField(required=False, allow_null=True)
    #: the stop
    sl = UncheckedNumberField(required=False, allow_null=True)
    targets = TargetInput(many=True, required=False)
    time_in_force = EnumField(TimeInForce, default=TimeInForce.GTC)
    expires_at = UtcDateTimeField(required=False, allow_null=True)
    max_drift_bps = UncheckedNumberField(required=False, allow_null=True)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class SignalFilter(filters.FilterSet):
    channel = filters.UUIDFilter(field_name="channel_id")
    status = filters.ChoiceFilter(choices=[(each, each) for each in SignalStatus])

    class Meta:
        model = Signal
        fields = ["currency_pair", "external_id"]


EXAMPLE = OpenApiExample(
    "Buy with a stop and two targets",
    request_only=True,
    value={
        "channel": "0199d7a4-6c8e-7a51-9f2e-3b1c5d7e9a01",
        "external_id": "swing-2026-117",
        "currency_pair": "BTC/USDT",
        "direction": "BUY",
        "open_price": "50000",
        "sl": "49000",
        "targets": [{"price": "51000", "share": "0.5"}, {"price": "53000", "share": "0.5"}],
        "max_drift_bps": "30",
        "expires_at": "2026-11-21T18:00:00Z",
    },
)


@extend_schema_view(list=extend_schema(summary="List signals"), retrieve=extend_schema(summary="Show a signal"))
class SignalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Signal]):
    """What providers say should be traded. Drafts are seen by their provider only."""

    queryset = Signal.objects.none()
    serializer_class = SignalSerializer
    filterset_class = SignalFilter
    required_scopes = {"create": "publish", "approve": "publish"}
    paged_actions = frozenset({"list", "versions"})

    def rows_of(self, user: User) -> QuerySet[Signal]:
        is_writing = self.action == "approve"
        return selectors.signals_run_by(user) if is_writing else selectors.signals_visible_to(user)

    @extend_schema(
        summary="Take in a signal as a draft",
        description=(
            "Everything that can be checked without an account is checked. A signal that came before, by its "
            "`external_id` or by its content, is refused with 409 and the id of the first."
        ),
        request=SignalInput,
        responses={201: SignalSerializer},
        examples=[EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        given = dict(self.read(SignalInput))
        channel = self._channel(given.pop("channel"))
        with refusals():
            signal = services.create_signal(
                channel=channel,
                data=given,
                author=self.user,
                now=now(),
                # Ids are a sender's own: two channels may both have a signal called 1.
                source=f"api:{channel.pk.hex}",
                external_id=given.pop("external_id", ""),
            )
        return Response(SignalSerializer(signal).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Let a draft be published", request=NoInput, responses=SignalSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: UUID) -> Response:
        signal = self.get_object()
        self.read(NoInput)
        with refusals(is_body=False):
            services.approve(signal=signal, actor=self.user, now=now())
        return Response(SignalSerializer(signal).data)

    @extend_schema(summary="List what a signal said at each version", responses=SignalVersionSerializer(many=True))
    @action(detail=True, filterset_class=None)
    def versions(self, request: Request, pk: UUID) -> Response:
        return self.page_of(self.get_object().versions.all(), SignalVersionSerializer)

    def _channel(self, channel_id: UUID) -> Channel:
        channel = selectors.channels_run_by(self.user).filter(pk=channel_id).first()
        if channel is None:
            raise invalid("channel", "There is no such channel in which you publish.", "does_not_exist")
        return channel
