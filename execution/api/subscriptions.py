"""Which account follows which channel."""

from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.rest.problems import invalid
from accounts.rest.serializers import Input, RowSerializer
from accounts.rest.viewsets import ApiViewSet
from connections.api.values import PresetValuesField
from connections.models import ExecutionConnection
from connections.selectors import connections_visible_to
from core.clock import now
from execution import selectors
from execution.api.refusals import refusals
from execution.models import Subscription
from execution.services import subscriptions
from signals.models import Channel
from signals.selectors import channels_visible_to


class SubscriptionSerializer(RowSerializer[Subscription]):
    #: preset values that hold for this channel on this connection
    overrides = PresetValuesField()

    class Meta:
        model = Subscription
        fields = ["id", "channel", "connection", "overrides", "is_active", "created_at"]


class SubscriptionInput(Input):
    #: replaces all overrides
    overrides = PresetValuesField(required=False)
    is_active = serializers.BooleanField(required=False)


class NewSubscriptionInput(Input):
    channel = serializers.UUIDField()
    connection = serializers.UUIDField()
    overrides = PresetValuesField(required=False)


class SubscriptionFilter(filters.FilterSet):
    channel = filters.UUIDFilter(field_name="channel_id")
    connection = filters.UUIDFilter(field_name="connection_id")

    class Meta:
        model = Subscription
        fields = ["is_active"]


EXAMPLE = OpenApiExample(
    "Follow with half the size",
    request_only=True,
    value={
        "channel": "0199d7a4-6c8e-7a51-9f2e-3b1c5d7e9a01",
        "connection": "0199d7a4-8f11-7c33-8e0a-5d2f6b7a8c02",
        "overrides": {"multiplier": "0.5"},
    },
)


@extend_schema_view(
    list=extend_schema(summary="List subscriptions"),
    retrieve=extend_schema(summary="Show a subscription"),
)
class SubscriptionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Subscription]):
    """An account that follows a channel trades its signals from the next one on."""

    queryset = Subscription.objects.none()
    serializer_class = SubscriptionSerializer
    filterset_class = SubscriptionFilter

    def rows_of(self, user: User) -> QuerySet[Subscription]:
        rows = selectors.subscriptions_visible_to(user)
        # What the event of a change tells is read with the row.
        return rows if self.action == "list" else rows.select_related("channel", "connection")

    @extend_schema(
        summary="Let an account follow a channel",
        request=NewSubscriptionInput,
        responses={201: SubscriptionSerializer},
        examples=[EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        given = self.read(NewSubscriptionInput)
        with refusals():
            made = subscriptions.subscribe(
                channel=self._channel(given["channel"]),
                connection=self._connection(given["connection"]),
                overrides=given.get("overrides", {}),
                actor=self.user,
                now=now(),
            )
        return Response(SubscriptionSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change the overrides, pause or resume",
        request=SubscriptionInput(partial=True),
        responses=SubscriptionSerializer,
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        subscription = self.get_object()
        with refusals():
            changed = subscriptions.change_subscription(
                subscription=subscription, actor=self.user, now=now(), **self.read(SubscriptionInput, partial=True)
            )
        return Response(SubscriptionSerializer(changed).data)

    @extend_schema(
        summary="Stop following", description="Open positions stay, and keep their exits.", responses={204: None}
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        subscriptions.unsubscribe(subscription=self.get_object(), actor=self.user, now=now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _channel(self, channel_id: UUID) -> Channel:
        channel = channels_visible_to(self.user).filter(pk=channel_id).first()
        if channel is None:
            raise invalid("channel", "There is no such channel that you may follow.", "does_not_exist")
        return channel

    def _connection(self, connection_id: UUID) -> ExecutionConnection:
        connection = connections_visible_to(self.user).filter(pk=connection_id).first()
        if connection is None:
            raise invalid("connection", "You have no such connection.", "does_not_exist")
        return connection
