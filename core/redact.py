"""Keeps secrets out of logs, stored replies and error texts."""

import logging
import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

#: Names of fields, headers and query parameters whose values never leave memory. Words may stand before them, as
#: in X-BAPI-SIGN or access_token.
SECRET_NAMES = frozenset(
    {
        "apikey", "api_key", "api-key", "apisecret", "access-key", "secret", "secretkey", "secret_key", "password",
        "passphrase", "privatekey", "private_key", "token", "walletaddress", "signature", "sign", "authorization",
        "cookie", "credentials", "listenkey",
    }
)  # fmt: skip
#: Secret only when nothing stands before them: an event's own uid is none.
_ALONE = frozenset({"uid", "login", "twofa"})


def _any_of(names: frozenset[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_NAME = rf"(?:[-_]*(?:[A-Za-z0-9]+[-_]+)*(?:{_any_of(SECRET_NAMES)})|(?:{_any_of(_ALONE)}))"
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
# In a text cut in the middle a quote may never close; JSON inside JSON has a backslash before every quote.
_QUOTED = r"\\+[\"'].*?(?:\\+[\"']|\Z)" + r"|\"(?:[^\"\\]|\\.)*(?:\"|\Z)" + r"|'(?:[^'\\]|\\.)*(?:'|\Z)"
_PAIR = re.compile(
    rf"(?<![\w-])(?P<name>{_NAME}(?![\w-])\\*[\"']?)(?P<sep>\s*[=:]\s*)"
    rf"(?P<value>{_QUOTED}|(?:Bearer\s+)?[^\s&,;}}\])\"']+)",
    re.IGNORECASE | re.DOTALL,
)
#: These two headers hold several words, so without quotes the rest of the line is theirs.
_HEADER = re.compile(
    r"(?<!\w)(?P<name>authorization|cookie)(?P<sep>\s*:\s*)(?P<value>[^\s\"'][^\r\n]*)", re.IGNORECASE
)


def redact_text(text: str) -> str:
    """Return ``text`` with the value of every ``name=value`` or ``"name": value`` secret masked."""
    return _PAIR.sub(_mask, _HEADER.sub(_mask, text))


def _mask(match: re.Match[str]) -> str:
    return f"{match['name']}{match['sep']}{MASK}"


def redact(value: Any) -> Any:
    """Return a copy of a JSON-like value in which every secret field is masked, at any depth."""
    if isinstance(value, Mapping):
        return {key: MASK if _SECRET_NAME.fullmatch(str(key)) else redact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redact(inner) for inner in value]
    return redact_text(value) if isinstance(value, str) else value


class RedactingFilter(logging.Filter):
    """Masks secrets in a record's message, arguments and exception text before any handler sees them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact_text(_message_of(record))
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact_text(record.exc_text)
        return True


def _message_of(record: logging.LogRecord) -> str:
    # Logging catches a message that does not fit its arguments, but only after the filters.
    try:
        return record.getMessage()
    except Exception:
        return f"{record.msg} {record.args}"
