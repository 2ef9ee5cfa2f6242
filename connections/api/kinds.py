"""What can be connected, so that a program can build its form."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.rest.fields import EnumField
from connections import registry
from connections.contract import MarketType
from connections.registry import AdapterKind


class CredentialFieldSerializer(serializers.Serializer[Any]):
    """One secret that an exchange asks for."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field may be called like an attribute
    is_required = serializers.BooleanField()
    #: more than one line, such as a private key
    is_long = serializers.BooleanField()


class ExchangeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field may be called like an attribute
    has_testnet = serializers.BooleanField()
    credentials = CredentialFieldSerializer(many=True)


class KindSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field may be called like an attribute
    markets = serializers.ListField(child=EnumField(MarketType))
    exchanges = ExchangeSerializer(many=True)


class KindsView(APIView):
    """Every kind of connection with its exchanges and what they ask for."""

    @extend_schema(summary="List what can be connected", responses=KindSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(KindSerializer([_described(row) for row in registry.KINDS.values()], many=True).data)


def _described(row: AdapterKind) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "label": row.label,
        "markets": row.markets,
        "exchanges": [_exchange(row, name, label) for name, label in row.exchanges().items()],
    }


def _exchange(row: AdapterKind, name: str, label: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "has_testnet": row.has_testnet(name),
        "credentials": [asdict(each) for each in row.credentials(name)],
    }
