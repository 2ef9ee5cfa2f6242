"""Prints a fresh key for SIGNALBOX_CREDENTIAL_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from core.clock import now
from core.crypto import new_key


class Command(BaseCommand):
    help = "Print a new credential key. Put it first in SIGNALBOX_CREDENTIAL_KEYS, keep the old ones, then rotate."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"k{now():%Y%m%d%H%M%S}:{new_key()}")
