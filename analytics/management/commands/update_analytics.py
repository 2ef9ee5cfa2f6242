"""Writes the figures of days anew, as after a repair of positions."""

from argparse import ArgumentParser
from datetime import UTC, date, timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from analytics import services
from core.clock import now


class Command(BaseCommand):
    help = "Write the analytics of these UTC days anew, from entries and positions. Doing it again is harmless."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="since", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
        parser.add_argument(
            "--to", dest="until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="default: today"
        )
        parser.add_argument("--connection", dest="connections", type=UUID, action="append", help="default: all")

    def handle(
        self, *args: Any, since: date, until: date | None, connections: list[UUID] | None, **_: Any
    ) -> None:
        moment = now()
        until = until or moment.astimezone(UTC).date()
        if until < since:
            raise CommandError(f"The last day {until} lies before the first day {since}.")
        days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
        written = services.update(days=days, connections=connections, now=moment)
        self.stdout.write(self.style.SUCCESS(f"{written} rows were written for {len(days)} days."))
