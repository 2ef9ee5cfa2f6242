"""Moves old events into files."""

from argparse import ArgumentParser
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.clock import now
from events import archiving

SHORTEST = 30


class Command(BaseCommand):
    help = (
        "Move sealed events that are older than --days into compressed files of --to. The chain stays provable: "
        "verify_events goes on from the last file, and verify_events --archives checks the files as well."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, required=True, help="folder of the files; made if it is missing")
        parser.add_argument("--days", type=int, default=365, help=f"keep this many days, at least {SHORTEST}")

    def handle(self, *args: Any, to: Path, days: int, **options: Any) -> None:
        if days < SHORTEST:
            raise CommandError(f"--days was {days} but must be at least {SHORTEST}.")
        moment = now()
        try:
            before = moment - timedelta(days=days)
        except OverflowError as error:
            raise CommandError(f"--days was {days}, which is before the calendar begins.") from error
        moved = 0
        try:
            for each in archiving.archive(before=before, folder=to, now=moment):
                moved += each.last_sequence - each.first_sequence + 1
                self.stdout.write(f"{each.file_name}  events {each.first_sequence} to {each.last_sequence}")
        except (archiving.DamagedArchive, OSError) as error:
            raise CommandError(str(error)) from error
        kept = before.astimezone(UTC)
        self.stdout.write(
            self.style.SUCCESS(f"{moved} events from before {kept:%Y-%m-%d %H:%M} UTC were archived.")
        )
