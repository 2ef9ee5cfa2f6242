"""Watches prices and acts on them, until it is told to stop."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from execution.services.feeding import Feed


class Command(BaseCommand):
    help = "Watch the prices of every venue with open positions or working orders, and act on what they make due."

    def handle(self, *args: Any, **options: Any) -> None:
        self._is_stopped = False
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self._stop)
        feed = Feed()
        self.stdout.write("The feed is watching.")
        while not self._is_stopped:
            feed.turn()
        feed.stop()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._is_stopped = True
