"""How values look in the API: numbers as plain text, times in UTC with their zone, choices by name."""

from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.decimals import to_plain


class PlainDecimalField(serializers.DecimalField):
    """A number as text, without exponent and idle zeros. By default as wide as any price, quantity or amount."""

    def __init__(self, max_digits: int | None = 38, decimal_places: int | None = 18, **kwargs: Any) -> None:
        super().__init__(max_digits=max_digits, decimal_places=decimal_places, **kwargs)

    def to_representation(self, value: Decimal | str) -> str:
        return to_plain(Decimal(value))


class AmountsField(serializers.DictField):
    """Amounts by currency, as text."""

    child = PlainDecimalField()


class UtcDateTimeField(serializers.DateTimeField):
    """A time in UTC, whatever zone the person in the browser has chosen. One without a zone names no moment."""

    default_error_messages = {"no_zone": "The time has no zone. Write it like 2026-11-21T12:00:00Z."}

    def __init__(self, default_timezone: tzinfo | None = UTC, **kwargs: Any) -> None:
        super().__init__(default_timezone=default_timezone, **kwargs)

    def enforce_timezone(self, value: datetime) -> datetime:
        if timezone.is_naive(value):
            self.fail("no_zone")
        return super().enforce_timezone(value)


class EnumField(serializers.ChoiceField):
    """A choice by its name; in the schema it is a type of its own, called like the enumeration."""

    default_error_messages = {"invalid_choice": "{input} is none of {known}."}

    def __init__(self, kind: type[StrEnum | TextChoices], **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(choices=[(str(each), each.name) for each in kind], **kwargs)

    def to_internal_value(self, data: Any) -> StrEnum | TextChoices:
        text = data.strip().upper() if isinstance(data, str) else ""
        if text not in set(self.kind):
            self.fail("invalid_choice", input=repr(data)[:60], known=", ".join(self.kind))
        return self.kind(text)


@extend_schema_field({"oneOf": [{"type": "string", "format": "decimal"}, {"type": "number"}]})
class UncheckedNumberField(serializers.Field):
    """A number as text or as JSON has it, handed on as it came: the rule that reads it says what does not fit."""

    default_error_messages = {"invalid": "A number is needed, best as text."}

    def to_internal_value(self, data: Any) -> str | int | Decimal:
        if isinstance(data, bool) or not isinstance(data, str | int | Decimal):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> str:
        return str(value)
