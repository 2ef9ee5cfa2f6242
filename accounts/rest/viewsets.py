"""What every viewset shares: whose rows it shows, and what it takes."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer, ValidationError

from accounts.clients import user_of
from accounts.models import User
from accounts.rest.idempotency import IdempotentPostMixin

Row = TypeVar("Row", bound=Model)

PAGING = frozenset({"cursor", "page_size"})


class ApiViewSet(IdempotentPostMixin, viewsets.GenericViewSet[Row]):
    """Shows what ``rows_of`` says a user may see; everything else is not there (404).

    ``queryset`` names the model and nothing more. A query parameter that the operation does not know is refused, so
    that a mistyped filter never answers with everything.
    """

    lookup_value_converter = "uuid"
    #: the operations that answer page by page
    paged_actions = frozenset({"list"})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        unknown = sorted(set(request.query_params) - self.known_parameters())
        if unknown:
            words = (
                f"There is no such parameter; there are: {', '.join(sorted(self.known_parameters())) or 'none'}."
            )
            raise ValidationError({name[:80]: [words] for name in unknown}, code="unknown_parameter")

    def known_parameters(self) -> frozenset[str]:
        """Return the query parameters of the operation that was asked for."""
        filters: type[Any] | None = getattr(self, "filterset_class", None)
        names = filters.base_filters if filters is not None and self.action == "list" else ()
        return frozenset(names) | (PAGING if self.action in self.paged_actions else frozenset())

    def rows_of(self, user: User) -> QuerySet[Row]:
        """Return the rows the user may see, with what their representation reads."""
        raise NotImplementedError(f"{type(self).__name__} does not say whose rows it shows.")

    def get_queryset(self) -> QuerySet[Row]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()  # the schema asks for the model only
        return self.rows_of(self.user)

    @property
    def user(self) -> User:
        return user_of(self.request)

    def read(self, form: type[Serializer[Any]], *, partial: bool = False) -> Mapping[str, Any]:
        """Return the checked values of the body."""
        read = form(data=self.request.data, partial=partial, context=self.get_serializer_context())
        read.is_valid(raise_exception=True)
        values: Mapping[str, Any] = read.validated_data
        return values

    def page_of(self, rows: QuerySet[Any], shown: type[Serializer[Any]]) -> Response:
        """Return a page of rows that hang on one of the viewset's own."""
        page: Any = self.paginate_queryset(rows)
        return self.get_paginated_response(shown(page, many=True, context=self.get_serializer_context()).data)
