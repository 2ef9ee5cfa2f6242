"""What a person was told."""

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
from accounts.rest.serializers import NoInput, RowSerializer
from accounts.rest.viewsets import ApiViewSet
from core.clock import now
from core.labels import Tone
from events import notifying, selectors
from events.facts import Concern
from events.models import Notification


class NotificationSerializer(RowSerializer[Notification]):
    concern = EnumField(Concern)
    tone = EnumField(Tone)

    class Meta:
        model = Notification
        fields = [
            "id", "concern", "tone", "title", "detail", "kind", "subject_type", "subject_id", "occurred_at",
            "created_at", "read_at",
        ]  # fmt: skip


class ReadSerializer(serializers.Serializer[dict[str, int]]):
    #: how many were unread
    read = serializers.IntegerField()


class NotificationFilter(filters.FilterSet):
    unread = filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")
    concern = filters.ChoiceFilter(choices=[(str(each), str(each)) for each in Concern])

    class Meta:
        model = Notification
        fields = ["subject_type", "subject_id"]


@extend_schema_view(
    list=extend_schema(summary="List notifications"), retrieve=extend_schema(summary="Show a notification")
)
class NotificationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet[Notification]):
    """What you were told in the app. Reading the list does not mark anything as read."""

    queryset = Notification.objects.none()
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter

    def rows_of(self, user: User) -> QuerySet[Notification]:
        return selectors.notifications_of(user)

    @extend_schema(
        summary="Note that a notification was read",
        description="Doing it again keeps the first time.",
        request=NoInput,
        responses=NotificationSerializer,
    )
    @action(detail=True, methods=["post"], url_path="read", url_name="read")
    def mark_read(self, request: Request, pk: UUID) -> Response:
        found = self.get_object()
        self.read(NoInput)
        notifying.mark_read(user=self.user, now=now(), notification_ids=[found.pk])
        found.refresh_from_db()
        return Response(NotificationSerializer(found).data)

    @extend_schema(
        operation_id="notifications_read_all_create",
        summary="Note that all were read",
        request=NoInput,
        responses=ReadSerializer,
    )
    @action(detail=False, methods=["post"], url_path="read", url_name="read-all")
    def mark_all_read(self, request: Request) -> Response:
        self.read(NoInput)
        return Response(ReadSerializer({"read": notifying.mark_read(user=self.user, now=now())}).data)
