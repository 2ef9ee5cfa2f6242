"""Public sources of market data, for administrators."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.rest.serializers import Input
from accounts.rest.viewsets import ApiViewSet
from connections import services
from connections.api.refusals import refusals
from connections.api.rows import DataConnectionSerializer
from connections.models import DataConnection
from core.clock import now


class DataConnectionInput(Input):
    name = serializers.CharField(max_length=80)
    #: whether the feed and marketdata may use it
    is_active = serializers.BooleanField()


class DataConnectionFilter(filters.FilterSet):
    class Meta:
        model = DataConnection
        fields = ["exchange_name", "is_active"]


@extend_schema_view(
    list=extend_schema(summary="List sources of market data"),
    retrieve=extend_schema(summary="Show a source of market data"),
)
class DataConnectionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[DataConnection]):
    """Where prices and instruments come from: one a venue, made with its first account. Administrators only."""

    queryset = DataConnection.objects.none()
    serializer_class = DataConnectionSerializer
    filterset_class = DataConnectionFilter

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not self.user.is_administrator:
            raise Http404

    def rows_of(self, user: User) -> QuerySet[DataConnection]:
        return DataConnection.objects.all()

    @extend_schema(
        summary="Rename a source, or stop using it",
        request=DataConnectionInput(partial=True),
        responses=DataConnectionSerializer,
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        with refusals():
            changed = services.change_data_connection(
                source=self.get_object(),
                actor=self.user,
                now=now(),
                **self.read(DataConnectionInput, partial=True),
            )
        return Response(DataConnectionSerializer(changed).data)
