"""What every body has in common, coming in and going out."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models
from rest_framework import serializers

from accounts.rest.fields import PlainDecimalField, UtcDateTimeField

Row = TypeVar("Row", bound=models.Model)


class Input(serializers.Serializer[Any]):
    """A body that a client sends. A field it does not have is refused by name, so that no typing error is lost."""

    default_error_messages = {"unknown": "There is no such field; there are: {known}."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                words = self.error_messages["unknown"].format(known=", ".join(self.fields) or "none")
                raise serializers.ValidationError({name[:80]: [words] for name in unknown}, code="unknown_field")
        return super().to_internal_value(data)


class NoInput(Input):
    """A body without content: ``{}`` or nothing."""


class RowSerializer(serializers.ModelSerializer[Row]):
    """A row as a client reads it. Nothing is ever written through it: that is what services are for."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DecimalField: PlainDecimalField,
        models.DateTimeField: UtcDateTimeField,
    }
    serializer_related_field = serializers.PrimaryKeyRelatedField

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            field.read_only, field.required = True, False
        return fields
