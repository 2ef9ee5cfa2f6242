"""Accounts at venues."""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.models import User
from accounts.rest.problems import conflict, invalid
from accounts.rest.serializers import NoInput
from accounts.rest.viewsets import ApiViewSet
from connections import checking, rights, selectors, services, tasks
from connections.api import forms
from connections.api.refusals import refusals
from connections.api.rows import ConnectionSerializer
from connections.contract import Environment, MarketType
from connections.health import HealthStatus
from connections.models import ExecutionConnection, TradingPreset
from core.clock import now


class ConnectionFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=[(each, each) for each in HealthStatus])
    environment = filters.ChoiceFilter(choices=[(each, each) for each in Environment])
    market = filters.ChoiceFilter(choices=[(each, each) for each in MarketType])

    class Meta:
        model = ExecutionConnection
        fields = ["name", "exchange_name", "is_active", "is_admin_owned"]


@extend_schema_view(
    list=extend_schema(summary="List connections"),
    retrieve=extend_schema(summary="Show a connection with its balance"),
)
class ConnectionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[ExecutionConnection]):
    """Your accounts at venues. Secrets go in and never come out: of a key you see the last four characters."""

    queryset = ExecutionConnection.objects.none()
    serializer_class = ConnectionSerializer
    filterset_class = ConnectionFilter

    def rows_of(self, user: User) -> QuerySet[ExecutionConnection]:
        return selectors.connections_visible_to(user).select_related("snapshot")

    @extend_schema(
        summary="Connect an account",
        description="It is tested at once, and trades after its first passed test.",
        request=forms.NewConnectionInput,
        responses={201: ConnectionSerializer},
        examples=[forms.EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        given = dict(self.read(forms.NewConnectionInput))
        is_house = given.pop("is_admin_owned")
        if is_house and not self.user.is_staff:
            self.permission_denied(
                request, message="Only providers and administrators connect accounts of the house."
            )
        owner = None if is_house else self.user
        preset = self._preset(given.pop("preset", None), owner)
        with refusals():
            draft = services.ConnectionDraft(preset=preset, **given)
            made = services.create_connection(draft=draft, owner=owner, actor=self.user, now=now())
        self._test_soon(made)
        return Response(ConnectionSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change name, preset or settings",
        description="Venue, market and environment never change: make another connection.",
        request=forms.ConnectionInput(partial=True),
        responses=ConnectionSerializer,
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        connection, given = self.get_object(), dict(self.read(forms.ConnectionInput, partial=True))
        keeps = "preset" not in given
        preset = self._preset(given.pop("preset", None), connection.owner)
        with refusals():
            changed = services.change_connection(
                connection=connection, actor=self.user, now=now(), preset=preset, keep_preset=keeps, **given
            )
        return Response(ConnectionSerializer(changed).data)

    @extend_schema(summary="Delete a connection that never traded", responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        try:
            services.remove_connection(connection=self.get_object(), actor=self.user, now=now())
        except services.InvalidConnection as error:
            raise conflict("CONNECTION_HAS_HISTORY", error) from None
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Replace the credentials",
        description="Only the owner may. The connection is tested at once and trades again when it passes.",
        request=forms.CredentialsInput,
        responses=ConnectionSerializer,
    )
    @action(detail=True, methods=["put"])
    def credentials(self, request: Request, pk: UUID) -> Response:
        connection = self.get_object()
        if not rights.may_enter_keys(connection, self.user):
            self.permission_denied(request, message="Only the owner of a connection enters its keys.")
        with refusals():
            services.set_credentials(
                connection=connection,
                credentials=self.read(forms.CredentialsInput)["credentials"],
                actor=self.user,
                now=now(),
            )
        self._test_soon(connection)
        return Response(ConnectionSerializer(connection).data)

    @extend_schema(
        summary="Test a connection",
        description="A worker asks the venue. Read the connection again until `health.last_tested_at` moves.",
        request=NoInput,
        responses={202: OpenApiResponse(ConnectionSerializer, description="The connection before the test.")},
    )
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: UUID) -> Response:
        connection = self.get_object()
        self.read(NoInput)
        if not checking.may_test_now(connection):
            wait = checking.ON_DEMAND_EVERY.total_seconds()
            raise Throttled(wait, f"{connection.name} was tested a moment ago.")
        transaction.on_commit(lambda: tasks.run_health_job.delay(connection_ids=[str(connection.pk)]))
        where = reverse("connection-detail", args=[connection.pk])
        return Response(
            ConnectionSerializer(connection).data, status=status.HTTP_202_ACCEPTED, headers={"Location": where}
        )

    @extend_schema(
        summary="Stop new entries; exits go on", request=forms.PauseInput, responses=ConnectionSerializer
    )
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: UUID) -> Response:
        connection = self.get_object()
        reason = self.read(forms.PauseInput)["reason"]
        services.pause(connection=connection, reason=reason, actor=self.user, now=now())
        return Response(ConnectionSerializer(connection).data)

    @extend_schema(summary="Let new entries trade again", request=NoInput, responses=ConnectionSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: UUID) -> Response:
        connection = self.get_object()
        self.read(NoInput)
        services.resume(connection=connection, actor=self.user, now=now())
        return Response(ConnectionSerializer(connection).data)

    def _preset(self, preset_id: UUID | None, owner: User | None) -> TradingPreset | None:
        if preset_id is None:
            return None
        preset = rights.presets_usable_by(owner, actor=self.user).filter(pk=preset_id).first()
        if preset is None:
            raise invalid("preset", "There is no such preset that this connection may use.", "does_not_exist")
        return preset

    def _test_soon(self, connection: ExecutionConnection) -> None:
        # Should the broker be away, the beat tests it within a minute.
        enqueue = partial(tasks.run_health_job.delay, connection_ids=[str(connection.pk)])
        transaction.on_commit(enqueue, robust=True)
