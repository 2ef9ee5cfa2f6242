"""Checks the hash chain of the event log."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from events import archiving, sealing
from events.models import Event, EventArchive


class Command(BaseCommand):
    help = "Check that no sealed event was changed, removed or put in between. Exits 1 at the first that was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--archives", type=Path, help="folder of the archived events, to check them as well")

    def handle(self, *args: Any, archives: Path | None, **options: Any) -> None:
        if archives is not None:
            self._check_archives(archives)
        elif (elsewhere := sealing.archived_end()[1]) > 0:
            self.stdout.write(
                f"{elsewhere} events are in {EventArchive.objects.count()} archives, not checked here"
            )
        for progress in sealing.verify():
            if isinstance(progress, sealing.Breach):
                self._fail(progress)
            self.stdout.write(f"{progress} events hold")
        waiting = Event.objects.filter(sequence__isnull=True).count()
        self.stdout.write(self.style.SUCCESS(f"The chain holds; {waiting} events wait for their seal."))

    def _check_archives(self, folder: Path) -> None:
        try:
            for archived, breach in archiving.verify_files(folder):
                if breach is not None:
                    self._fail(breach)
                self.stdout.write(f"{archived.file_name} holds")
        except archiving.DamagedArchive as error:
            raise CommandError(str(error)) from error

    def _fail(self, breach: sealing.Breach) -> NoReturn:
        self.stderr.write(self.style.ERROR(breach.message))
        raise SystemExit(1)
