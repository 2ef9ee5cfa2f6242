"""How connections and sources of data look to a client."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest.fields import EnumField, PlainDecimalField, UtcDateTimeField
from accounts.rest.serializers import RowSerializer
from connections import circuits
from connections.circuit import Circuit
from connections.contract import Environment, MarketType
from connections.health import HealthStatus
from connections.models import AccountSnapshot, DataConnection, ExecutionConnection
from core.clock import now


class EntryGateSerializer(serializers.Serializer[Any]):
    """Whether entries may leave. An open circuit keeps them here; exits and cancels are tried all the same."""

    state = EnumField(Circuit)
    #: whether the venue answers nobody, or only this account not
    is_venue = serializers.BooleanField()
    #: what the last failure said; empty while the circuit is closed
    reason = serializers.CharField()
    since = UtcDateTimeField(allow_null=True)


class HealthSerializer(serializers.Serializer[Any]):
    """Intention and measurement, side by side."""

    can_execute_trades = serializers.BooleanField()
    is_active = serializers.BooleanField()
    paused_reason = serializers.CharField()
    status = EnumField(HealthStatus)
    is_stale = serializers.BooleanField()
    last_error = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())
    last_tested_at = UtcDateTimeField(allow_null=True)
    last_used_at = UtcDateTimeField(allow_null=True)
    latency_ms = serializers.IntegerField(allow_null=True)
    clock_offset_ms = serializers.IntegerField(allow_null=True)
    circuit = EntryGateSerializer()


class AssetSerializer(serializers.Serializer[Any]):
    free = PlainDecimalField()
    total = PlainDecimalField()


class SnapshotSerializer(RowSerializer[AccountSnapshot]):
    """What the account held when it was last asked."""

    assets = serializers.DictField(child=AssetSerializer())

    class Meta:
        model = AccountSnapshot
        fields = ["as_of", "equity", "assets"]


class ConnectionSerializer(RowSerializer[ExecutionConnection]):
    market = EnumField(MarketType)
    environment = EnumField(Environment)
    settings = serializers.DictField()
    #: the last four characters of each credential, for people to tell keys apart
    credentials_hint = serializers.DictField(child=serializers.CharField(allow_blank=True))
    health = serializers.SerializerMethodField()
    balance = serializers.SerializerMethodField()

    class Meta:
        model = ExecutionConnection
        fields = [
            "id", "name", "type", "exchange_name", "market", "environment", "base_url", "owner", "is_admin_owned",
            "settings", "preset", "data_connection", "credentials_hint", "credentials_set_at", "health", "balance",
            "last_reconciled_at", "created_at",
        ]  # fmt: skip

    @extend_schema_field(HealthSerializer)
    def get_health(self, connection: ExecutionConnection) -> dict[str, Any]:
        moment = now()
        circuit = circuits.circuit_of(connection.venue_key, str(connection.pk), now=moment)
        return dict(HealthSerializer(connection.health_status(now=moment) | {"circuit": circuit}).data)

    @extend_schema_field(SnapshotSerializer(allow_null=True))
    def get_balance(self, connection: ExecutionConnection) -> dict[str, Any] | None:
        snapshot = getattr(connection, "snapshot", None)
        return dict(SnapshotSerializer(snapshot).data) if snapshot is not None else None


class DataConnectionSerializer(RowSerializer[DataConnection]):
    market = EnumField(MarketType)
    environment = EnumField(Environment)
    status = EnumField(HealthStatus)

    class Meta:
        model = DataConnection
        fields = [
            "id", "name", "type", "exchange_name", "market", "environment", "base_url", "is_active", "status",
            "last_error", "last_tested_at", "created_at",
        ]  # fmt: skip
