"""Makes the demo's people, accounts and signal, for `make run`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from console.demo import seeding
from console.demo.cast import Stage
from console.demo.prices import swing
from core.clock import now
from marketdata import services as marketdata
from signals import services as signals
from signals.models import Signal


class Command(BaseCommand):
    help = (
        "Make the demo's people, accounts and first signal at the simulated exchange. Doing it again is harmless."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--venue", default=settings.VENUE_URL, help="address of the simulated exchange")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["venue"]:
            raise CommandError("Name the simulated exchange with --venue or VENUE_URL.")
        seeded = seeding.seed(venue_url=options["venue"], clock=now, stage=Stage())
        if not Signal.objects.exists():
            self._publish(seeded)
        for label, email, password in seeding.logins():
            self.stdout.write(f"{label:22} {email:28} {password}")

    def _publish(self, seeded: seeding.Seeded) -> None:
        source = seeded.connections["spot-01"].data_connection
        assert source is not None
        quote = marketdata.current_quotes(source=source, symbols=["BTC/USDT"], clock=now)["BTC/USDT"]
        bob = seeded.people["bob"]
        signal = signals.create_signal(
            channel=seeded.channel, data=swing("BTC/USDT", quote.ask), author=bob, now=now(), source="demo"
        )
        signals.approve(signal=signal, actor=bob, now=now())
        signals.publish(signal=signal, actor=bob, now=now())
