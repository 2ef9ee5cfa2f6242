"""What became of each signal on each account, and why."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.rest.fields import EnumField, UtcDateTimeField
from accounts.rest.serializers import NoInput, RowSerializer
from accounts.rest.viewsets import ApiViewSet
from connections.contract import Side
from core.clock import now
from execution import selectors, tasks
from execution.api.refusals import refusals
from execution.models import ExecutionLog
from execution.outcome_selectors import outcomes_visible_to
from execution.outcomes import RETRYABLE, TEXTS, LogStatus, Reason, in_short
from execution.services import entries


class TimesSerializer(serializers.Serializer[ExecutionLog]):
    """When each step was done; null where it was not."""

    created_at = UtcDateTimeField()
    claimed_at = UtcDateTimeField(allow_null=True)
    decided_at = UtcDateTimeField(allow_null=True)
    submitted_at = UtcDateTimeField(allow_null=True)
    acknowledged_at = UtcDateTimeField(allow_null=True)
    executed_at = UtcDateTimeField(allow_null=True)
    protected_at = UtcDateTimeField(allow_null=True)
    finished_at = UtcDateTimeField(allow_null=True)


class ExecutionSerializer(RowSerializer[ExecutionLog]):
    """One account and what it did with a signal, with everything that decided."""

    status = EnumField(LogStatus)
    #: a code of docs/reason-codes.md; empty while nothing is decided
    reason = EnumField(Reason, allow_blank=True)
    #: the reason in a sentence, with its numbers
    explanation = serializers.CharField()
    #: what the owner may do about it; empty when nothing
    advice = serializers.SerializerMethodField()
    is_retryable = serializers.SerializerMethodField()
    side = EnumField(Side)
    numbers = serializers.DictField()
    #: the effective preset that decided
    preset = serializers.DictField()
    times = TimesSerializer(source="*")

    class Meta:
        model = ExecutionLog
        fields = [
            "id", "signal", "signal_version", "connection", "subscription", "leg", "status", "reason", "explanation",
            "advice", "is_retryable", "symbol", "side", "attempts", "numbers", "preset", "times",
        ]  # fmt: skip

    def get_advice(self, log: ExecutionLog) -> str:
        return TEXTS[Reason(log.reason)].advice if log.reason in TEXTS else ""

    def get_is_retryable(self, log: ExecutionLog) -> bool:
        return log.status == LogStatus.FAILED and log.reason in RETRYABLE


class OutcomeSerializer(RowSerializer[ExecutionLog]):
    """What a provider learns of somebody else's account: the outcome and its reason, without any number."""

    status = EnumField(LogStatus)
    reason = EnumField(Reason, allow_blank=True)
    explanation = serializers.SerializerMethodField()

    class Meta:
        model = ExecutionLog
        fields = ["id", "signal", "signal_version", "leg", "status", "reason", "explanation", "created_at"]

    def get_explanation(self, log: ExecutionLog) -> str:
        return in_short(log.reason)


class AnyExecutionSerializer(serializers.BaseSerializer[ExecutionLog]):
    """A row in full for those who may see its connection, else the outcome."""

    def to_representation(self, log: ExecutionLog) -> dict[str, Any]:
        is_full = log.is_in_full  # type: ignore[attr-defined]  # annotated by the selector
        return dict((ExecutionSerializer if is_full else OutcomeSerializer)(log).data)


ANY_EXECUTION = PolymorphicProxySerializer(
    "AnyExecution", serializers=[ExecutionSerializer, OutcomeSerializer], resource_type_field_name=None
)


class ExecutionFilter(filters.FilterSet):
    signal = filters.UUIDFilter(field_name="signal_id")
    connection = filters.UUIDFilter(method="by_connection")
    status = filters.ChoiceFilter(choices=[(each, each) for each in LogStatus])
    reason = filters.ChoiceFilter(choices=[(each, each) for each in Reason])
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = ExecutionLog
        fields = ["leg"]

    def by_connection(self, rows: QuerySet[ExecutionLog], name: str, key: UUID) -> QuerySet[ExecutionLog]:
        # Whose outcomes are whose, a provider does not learn by asking for one account after the other.
        return rows.filter(connection_id=key).filter(Q(is_in_full=True))


@extend_schema_view(
    list=extend_schema(summary="List executions", responses=ANY_EXECUTION),
    retrieve=extend_schema(summary="Show an execution", responses=ANY_EXECUTION),
)
class ExecutionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[ExecutionLog]):
    """One row for every account that followed a signal, whatever became of it.

    A provider sees of other people's accounts how own signals ended on them, and nothing else.
    """

    queryset = ExecutionLog.objects.none()
    serializer_class = AnyExecutionSerializer
    filterset_class = ExecutionFilter
    cursor_ordering = ("-created_at", "-id")

    def rows_of(self, user: User) -> QuerySet[ExecutionLog]:
        if self.action == "retry":
            return selectors.executions_visible_to(user)
        return outcomes_visible_to(user)

    @extend_schema(
        summary="Retry what never reached the venue",
        description="The same row, and an order that exists keeps its id. Read the execution again to see the end.",
        request=NoInput,
        responses={202: ExecutionSerializer},
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: UUID) -> Response:
        log = self.get_object()
        self.read(NoInput)
        with refusals():
            entries.retry(log_id=log.pk, now=now(), actor_id=self.user.pk)
        # Should the broker be away, the sweeper finds the row.
        transaction.on_commit(lambda: tasks.enqueue_rows([log.pk]), robust=True)
        log.refresh_from_db()
        return Response(ExecutionSerializer(log).data, status=status.HTTP_202_ACCEPTED)
