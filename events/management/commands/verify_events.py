"""Checks the hash chain of the event log."""

from typing import Any

from django.core.management.base import BaseCommand

from events import sealing
from events.models import Event


class Command(BaseCommand):
    help = "Check that no sealed event was changed, removed or put in between. Exits 1 at the first that was."

    def handle(self, *args: Any, **options: Any) -> None:
        for progress in sealing.verify():
            if isinstance(progress, sealing.Breach):
                self.stderr.write(self.style.ERROR(progress.message))
                raise SystemExit(1)
            self.stdout.write(f"{progress} events hold")
        waiting = Event.objects.filter(sequence__isnull=True).count()
        self.stdout.write(self.style.SUCCESS(f"The chain holds; {waiting} events wait for their seal."))
