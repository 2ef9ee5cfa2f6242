"""How signals look to a client."""

from typing import Any

from rest_framework import serializers

from accounts.rest.fields import EnumField, PlainDecimalField, UtcDateTimeField
from accounts.rest.serializers import RowSerializer
from connections.contract import OrderType, Side, TimeInForce
from signals.models import Signal, SignalVersion
from signals.rules import SignalStatus


class TargetSerializer(serializers.Serializer[Any]):
    price = PlainDecimalField()
    #: part of the position, above 0 and at most 1
    share = PlainDecimalField()


class SignalSerializer(RowSerializer[Signal]):
    #: who sent it: page, api, or a hook
    source = serializers.SerializerMethodField()  # type: ignore[assignment]  # a field may be called like an attribute
    status = EnumField(SignalStatus)
    direction = EnumField(Side)
    order_type = EnumField(OrderType)
    time_in_force = EnumField(TimeInForce)
    targets = TargetSerializer(many=True)

    class Meta:
        model = Signal
        fields = [
            "id", "channel", "source", "external_id", "version", "status", "currency_pair", "direction",
            "order_type", "open_price", "sl", "targets", "time_in_force", "expires_at", "max_drift_bps", "note",
            "created_at", "approved_at", "published_at", "withdrawn_at", "expired_at",
        ]  # fmt: skip

    def get_source(self, signal: Signal) -> str:
        return signal.source.partition(":")[0]


class TermsSerializer(serializers.Serializer[Any]):
    """What a signal said at one version."""

    currency_pair = serializers.CharField()
    direction = EnumField(Side)
    order_type = EnumField(OrderType)
    open_price = PlainDecimalField(allow_null=True)
    sl = PlainDecimalField(allow_null=True)
    targets = TargetSerializer(many=True)
    time_in_force = EnumField(TimeInForce)
    expires_at = UtcDateTimeField(allow_null=True)
    max_drift_bps = PlainDecimalField(allow_null=True)


class SignalVersionSerializer(RowSerializer[SignalVersion]):
    terms = TermsSerializer()

    class Meta:
        model = SignalVersion
        fields = ["version", "terms", "created_at"]
