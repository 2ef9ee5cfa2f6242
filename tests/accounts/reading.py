"""What a person reads in a mail or on the display of an authenticator app."""

import re

from allauth.mfa.totp.internal import auth as totp
from django.core.mail import EmailMessage


def code_in(mail: EmailMessage) -> str:
    """The verification code."""
    found = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", str(mail.body), re.MULTILINE)
    assert found, mail.body
    return found[0]


def path_in(mail: EmailMessage) -> str:
    """The path of the link."""
    found = re.search(r"https?://[^/\s]+(/\S+)", str(mail.body))
    assert found, mail.body
    return found[1]


def code_for(secret: str) -> str:
    """What the app shows now."""
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
