"""Watches prices and acts on them, until it is told to stop."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from execution.services import feeding


class Command(BaseCommand):
    help = "Watch the prices of every venue with open positions or working orders, and act on what they make due."

    def handle(self, *args: Any, **options: Any) -> None:
        is_stopped = threading.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: is_stopped.set())
        self.stdout.write("The feed is watching.")
        feeding.watch(is_stopped)
