"""Request bodies as JSON whose numbers keep every digit, and nothing the database cannot hold."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser, get_encoding  # type: ignore[attr-defined]  # newer than its stubs


class ExactJSONParser(JSONParser):
    """Reads 0.1 as the decimal that is written there, never as a float.

    PostgreSQL has no NUL in texts and UTF-8 no half of a surrogate pair, so both are refused here, once for every
    field. NaN and Infinity are no JSON.
    """

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            text = stream.read().decode(get_encoding(parser_context or {}))
            body = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
            _check_texts(body)
        except (ValueError, RecursionError) as error:
            words = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise ParseError(f"The body is not valid JSON: {words}.") from None
        return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


def _check_texts(body: Any) -> None:
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and ("\0" in value or not _is_unicode(value)):
            raise ValueError("a text holds a character that cannot be stored")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
