"""Channels: where signals are published."""

from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.rest.problems import invalid
from accounts.rest.serializers import Input, RowSerializer
from accounts.rest.viewsets import ApiViewSet
from connections import rights
from connections.api.values import PresetValuesField
from connections.models import TradingPreset
from core.clock import now
from signals import channel_services, selectors
from signals.api.refusals import refusals
from signals.models import Channel


class ChannelSerializer(RowSerializer[Channel]):
    #: how the provider wants to be called; empty for a channel of the house
    provider = serializers.SerializerMethodField()
    #: what accounts that follow it inherit
    defaults = serializers.SerializerMethodField()

    class Meta:
        model = Channel
        fields = [
            "id", "name", "slug", "description", "provider", "preset", "defaults", "serves_house", "is_active",
            "created_at",
        ]  # fmt: skip

    def get_provider(self, channel: Channel) -> str:
        return channel.owner.name if channel.owner else ""

    @extend_schema_field(PresetValuesField)
    def get_defaults(self, channel: Channel) -> dict[str, object]:
        return channel.preset.values if channel.preset else {}


class ChannelInput(Input):
    name = serializers.CharField(max_length=channel_services.LONGEST_NAME)
    description = serializers.CharField(
        max_length=channel_services.LONGEST_DESCRIPTION, required=False, allow_blank=True
    )
    #: defaults of every account that follows it
    preset = serializers.UUIDField(required=False, allow_null=True)
    #: whether accounts of the house follow it without being asked
    serves_house = serializers.BooleanField(required=False)


class ChannelChangeInput(ChannelInput):
    is_active = serializers.BooleanField(required=False)


class ChannelFilter(filters.FilterSet):
    is_mine = filters.BooleanFilter(method="by_owner", label="whether it is your own")

    class Meta:
        model = Channel
        fields = ["slug", "is_active"]

    def by_owner(self, channels: QuerySet[Channel], name: str, is_mine: bool) -> QuerySet[Channel]:
        own = {"owner": self.request.user}
        return channels.filter(**own) if is_mine else channels.exclude(**own)


EXAMPLE = OpenApiExample(
    "Swings",
    request_only=True,
    value={"name": "Swings", "description": "A few swings a week, always with a stop."},
)


@extend_schema_view(list=extend_schema(summary="List channels"), retrieve=extend_schema(summary="Show a channel"))
class ChannelViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Channel]):
    """Streams of signals. Providers have their own; everybody may follow those that are active."""

    queryset = Channel.objects.none()
    serializer_class = ChannelSerializer
    filterset_class = ChannelFilter
    required_scopes = {"create": "publish", "partial_update": "publish"}

    def rows_of(self, user: User) -> QuerySet[Channel]:
        is_writing = self.action == "partial_update"
        rows = selectors.channels_run_by(user) if is_writing else selectors.channels_visible_to(user)
        return rows.select_related("owner", "preset")

    @extend_schema(
        summary="Open a channel",
        description="A provider's belongs to the provider, an administrator's to the house.",
        request=ChannelInput,
        responses={201: ChannelSerializer},
        examples=[EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        if not self.user.is_staff:
            self.permission_denied(request, message="Only providers and administrators open channels.")
        given = dict(self.read(ChannelInput))
        owner = self.user if self.user.is_provider else None
        preset = self._preset(given.pop("preset", None), owner)
        with refusals():
            made = channel_services.create_channel(owner=owner, actor=self.user, now=now(), preset=preset, **given)
        return Response(ChannelSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change or close a channel",
        request=ChannelChangeInput(partial=True),
        responses=ChannelSerializer,
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        channel, given = self.get_object(), dict(self.read(ChannelChangeInput, partial=True))
        keeps = "preset" not in given
        preset = self._preset(given.pop("preset", None), channel.owner)
        with refusals():
            changed = channel_services.change_channel(
                channel=channel, actor=self.user, now=now(), preset=preset, keep_preset=keeps, **given
            )
        return Response(ChannelSerializer(changed).data)

    def _preset(self, preset_id: UUID | None, owner: User | None) -> TradingPreset | None:
        if preset_id is None:
            return None
        preset = rights.presets_usable_by(owner, actor=self.user).filter(pk=preset_id).first()
        if preset is None:
            raise invalid("preset", "There is no such preset that this channel may use.", "does_not_exist")
        return preset
