"""The values of a preset as they travel, described by the table that also makes the forms."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from connections.preset_specs import SPECS, FieldKind, Spec
from core.decimals import to_plain


def _schema_of(spec: Spec) -> dict[str, Any]:
    described: dict[str, Any] = {"title": spec.label, "description": _description(spec)}
    if spec.kind is FieldKind.SYMBOLS:
        return described | {"type": "array", "items": {"type": "string", "example": "BTC/USDT"}}
    if spec.choices is not None:
        return described | {"type": "string", "enum": [str(each) for each in spec.choices]}
    return described | (
        {"type": "integer"} if spec.kind is FieldKind.COUNT else {"type": "string", "format": "decimal"}
    )


def _description(spec: Spec) -> str:
    bounds = [
        f"At least {to_plain(spec.low)}." if spec.low is not None else "",
        f"At most {to_plain(spec.high)}." if spec.high is not None else "",
        f"In {spec.unit}." if spec.unit else "",
    ]
    return " ".join([spec.help, *filter(None, bounds)])


@extend_schema_field(
    {
        "type": "object",
        "description": "What is set; what is not is inherited.",
        "properties": {spec.name: _schema_of(spec) for spec in SPECS},
        "additionalProperties": False,
    }
)
class PresetValuesField(serializers.DictField):
    """Values by name. The services check them (``connections.presets.validate``)."""
