"""Request parameters, read with Binance's complaints when one is missing or malformed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from venue.engine import errors
from venue.engine.errors import VenueError

NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
NUMBER_RANGE = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
INTEGER = re.compile(r"[0-9]{1,20}")
CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
CLIENT_ID_RANGE = r"^[\.A-Z\:/a-z0-9_-]{1,36}$"


class Params(Mapping[str, str]):
    """The parameters of one request, query and body together."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text(self, name: str) -> str:
        """Raises: VenueError -1102 when the parameter is missing or empty."""
        value = self._values.get(name)
        if not value:
            raise errors.missing(name)
        return value

    def optional(self, name: str) -> str | None:
        value = self._values.get(name)
        if value == "":
            raise VenueError(-1105, f"Parameter '{name}' was empty.")
        return value

    def decimal(self, name: str) -> Decimal | None:
        """Raises: VenueError -1100 when the text is not a plain non-negative number."""
        value = self.optional(name)
        if value is None:
            return None
        if not NUMBER.fullmatch(value):
            raise errors.illegal_characters(name, NUMBER_RANGE)
        return Decimal(value)

    def integer(self, name: str, default: int = 0) -> int:
        value = self.optional(name)
        if value is None:
            return default
        if not INTEGER.fullmatch(value):
            raise errors.illegal_characters(name, "^[0-9]{1,20}$")
        return int(value)

    def flag(self, name: str) -> bool:
        value = self.optional(name)
        if value is None:
            return False
        if value.lower() not in ("true", "false"):
            raise errors.illegal_characters(name, "true|false")
        return value.lower() == "true"

    def choice(self, name: str, choices: Any, error: VenueError, default: str | None = None) -> str:
        """This function will read one of some words; `error` is what is said of any other."""
        value = self._values.get(name) or default
        if value is None:
            raise errors.missing(name)
        if value not in choices:
            raise error
        return value

    def array(self, name: str) -> list[Any] | None:
        """This function will read a JSON array such as symbols=["BTCUSDT","ETHUSDT"]."""
        value = self.optional(name)
        if value is None:
            return None
        try:
            parsed = json.loads(value)
        except ValueError as e:
            raise errors.illegal_characters(name, "^\\[.*\\]$") from e
        if not isinstance(parsed, list):
            raise errors.illegal_characters(name, "^\\[.*\\]$")
        return parsed

    def limit(self, default: int, most: int) -> int:
        return min(self.integer("limit", default) or default, most)
