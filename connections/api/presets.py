"""Presets: how accounts trade."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.rest.serializers import Input, RowSerializer
from accounts.rest.viewsets import ApiViewSet
from connections import preset_services, rights, selectors
from connections.api.refusals import refusals
from connections.api.values import PresetValuesField
from connections.models import TradingPreset
from core.clock import now


class PresetSerializer(RowSerializer[TradingPreset]):
    values = PresetValuesField()
    is_house = serializers.SerializerMethodField()

    class Meta:
        model = TradingPreset
        fields = ["id", "is_house", "name", "description", "values", "version", "created_at", "updated_at"]

    def get_is_house(self, preset: TradingPreset) -> bool:
        return preset.owner_id is None


class PresetInput(Input):
    name = serializers.CharField(max_length=preset_services.LONGEST_NAME)
    description = serializers.CharField(
        max_length=preset_services.LONGEST_DESCRIPTION, required=False, allow_blank=True
    )
    values = PresetValuesField(required=False)


class NewPresetInput(PresetInput):
    #: only administrators make presets of the house, which everybody may use
    is_house = serializers.BooleanField(default=False)


class CloneInput(Input):
    name = serializers.CharField(max_length=preset_services.LONGEST_NAME)


class PresetFilter(filters.FilterSet):
    is_house = filters.BooleanFilter(field_name="owner", lookup_expr="isnull")

    class Meta:
        model = TradingPreset
        fields = ["name"]


EXAMPLE = OpenApiExample(
    "Risk one per cent",
    request_only=True,
    value={
        "name": "Careful",
        "values": {
            "sizing_mode": "RISK_PERCENT",
            "size": "1",
            "max_open_positions": 5,
            "excluded_symbols": ["DOGE/USDT"],
        },
    },
)


@extend_schema_view(
    list=extend_schema(summary="List your presets and those of the house"),
    retrieve=extend_schema(summary="Show a preset"),
)
class PresetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[TradingPreset]):
    queryset = TradingPreset.objects.none()
    serializer_class = PresetSerializer
    filterset_class = PresetFilter

    def rows_of(self, user: User) -> QuerySet[TradingPreset]:
        return selectors.presets_visible_to(user)

    @extend_schema(
        summary="Make a preset", request=NewPresetInput, responses={201: PresetSerializer}, examples=[EXAMPLE]
    )
    def create(self, request: Request) -> Response:
        given = self.read(NewPresetInput)
        if given["is_house"] and not self.user.is_administrator:
            self.permission_denied(request, message="Only administrators make presets of the house.")
        return self._make(
            name=given["name"],
            description=given.get("description", ""),
            values=given.get("values", {}),
            owner=None if given["is_house"] else self.user,
        )

    @extend_schema(
        summary="Change a preset",
        description="What uses it trades by the new values from the next signal on. `values` replaces all values.",
        request=PresetInput(partial=True),
        responses=PresetSerializer,
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        given = self.read(PresetInput, partial=True)
        with refusals(within="values"):
            changed = preset_services.change_preset(preset=self._changeable(), actor=self.user, now=now(), **given)
        return Response(PresetSerializer(changed).data)

    @extend_schema(summary="Delete a preset that nothing uses", responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        with refusals():
            preset_services.remove_preset(preset=self._changeable(), actor=self.user, now=now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Copy a preset to one of your own", request=CloneInput, responses={201: PresetSerializer}
    )
    @action(detail=True, methods=["post"])
    def clone(self, request: Request, pk: UUID) -> Response:
        source = self.get_object()
        name = self.read(CloneInput)["name"]
        return self._make(name=name, description=source.description, values=source.values, owner=self.user)

    def _make(self, **fields: Any) -> Response:
        with refusals(within="values"):
            made = preset_services.create_preset(actor=self.user, now=now(), **fields)
        return Response(PresetSerializer(made).data, status=status.HTTP_201_CREATED)

    def _changeable(self) -> TradingPreset:
        preset = self.get_object()
        if not rights.may_change_preset(preset, self.user):
            self.permission_denied(self.request, message="This preset belongs to somebody else; clone it.")
        return preset
