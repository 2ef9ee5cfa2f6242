"""Differences between a venue's books and ours."""

from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.rest.fields import EnumField
from accounts.rest.serializers import Input, RowSerializer
from accounts.rest.viewsets import ApiViewSet
from core.clock import now
from execution import selectors
from execution.api.refusals import refusals
from execution.models import Break
from execution.services import breaks


class BreakSerializer(RowSerializer[Break]):
    ours = serializers.DictField(child=serializers.CharField())
    theirs = serializers.DictField(child=serializers.CharField())
    status = EnumField(Break.Status)

    class Meta:
        model = Break
        fields = [
            "id", "connection", "kind", "symbol", "ours", "theirs", "status", "resolution", "found_at", "seen_at",
            "resolved_at",
        ]  # fmt: skip


class ResolveInput(Input):
    #: what was found and done, for the record
    resolution = serializers.CharField(max_length=300)


class BreakFilter(filters.FilterSet):
    connection = filters.UUIDFilter(field_name="connection_id")
    status = filters.ChoiceFilter(choices=Break.Status.choices)

    class Meta:
        model = Break
        fields = ["kind", "symbol"]


@extend_schema_view(
    list=extend_schema(summary="List differences"), retrieve=extend_schema(summary="Show a difference")
)
class BreakViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Break]):
    """Where a venue holds something else than our positions claim, and nobody has settled it."""

    queryset = Break.objects.none()
    serializer_class = BreakSerializer
    filterset_class = BreakFilter

    def rows_of(self, user: User) -> QuerySet[Break]:
        return selectors.breaks_visible_to(user)

    @extend_schema(
        summary="Settle a difference",
        description="If the books still differ at the next comparison, that is a new difference.",
        request=ResolveInput,
        responses=BreakSerializer,
    )
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: UUID) -> Response:
        difference, given = self.get_object(), self.read(ResolveInput)
        with refusals():
            settled = breaks.settle(
                break_id=difference.pk, resolution=given["resolution"], actor=self.user, now=now()
            )
        return Response(BreakSerializer(settled).data)
