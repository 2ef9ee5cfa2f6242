"""Seals every credential again under the first key of the ring."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import second_factors
from connections import rotation


class Command(BaseCommand):
    help = (
        "Seal every stored credential and second factor under the first key of SIGNALBOX_CREDENTIAL_KEYS. "
        "May be stopped and started again at any time; rows already under that key are skipped."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--batch", type=int, default=200, help="rows per transaction (default 200)")

    def handle(self, *args: Any, **options: Any) -> None:
        done = failed = 0
        for progress in rotation.rotate(batch=options["batch"]):
            done, failed = done + progress.rotated, failed + len(progress.unreadable)
            for key in progress.unreadable:
                self.stderr.write(
                    f"Connection {key} cannot be opened with any key of the ring; it was left as it is."
                )
            self.stdout.write(f"{progress.position} of {progress.total} looked at, {done} sealed again")
        factors = second_factors.reseal_second_factors()
        self.stdout.write(
            f"Done: {done} connections and {factors} second factors sealed again, {failed} unreadable."
        )
        if failed:
            raise SystemExit(1)
