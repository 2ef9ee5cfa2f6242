"""What a client sends about a connection."""

from django.core.validators import URLValidator
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from accounts.rest.fields import EnumField
from accounts.rest.serializers import Input
from connections.contract import Environment, MarketType

#: As long as the longest private key that an exchange gives out, and some more.
LONGEST_SECRET = 8192


class SettingsInput(Input):
    #: from the pair in a signal to the venue's symbol
    aliases = serializers.DictField(child=serializers.CharField(max_length=64), required=False)


class ConnectionInput(Input):
    name = serializers.CharField(max_length=80)
    settings = SettingsInput(required=False)
    preset = serializers.UUIDField(required=False, allow_null=True)


class CredentialsInput(Input):
    #: by the names that kinds/ lists for the exchange
    credentials = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_SECRET, allow_blank=True, style={"input_type": "password"}),
        write_only=True,
    )


class NewConnectionInput(ConnectionInput, CredentialsInput):
    type = serializers.CharField(max_length=32)
    exchange_name = serializers.CharField(max_length=64)
    market = EnumField(MarketType, default=MarketType.SPOT)
    environment = EnumField(Environment, default=Environment.LIVE)
    #: only for rehearsals, and only where the operator allows it
    base_url = serializers.CharField(
        max_length=200, required=False, allow_blank=True, validators=[URLValidator(schemes=["http", "https"])]
    )
    #: an account of the house; only for providers and administrators
    is_admin_owned = serializers.BooleanField(default=False)


class PauseInput(Input):
    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


EXAMPLE = OpenApiExample(
    "Spot account",
    request_only=True,
    value={
        "name": "Main account",
        "type": "ccxt",
        "exchange_name": "binance",
        "market": "SPOT",
        "environment": "LIVE",
        "credentials": {"apiKey": "…", "secret": "…"},
    },
)
