from decimal import Decimal

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "connections"
    verbose_name = "Connections"

    def ready(self) -> None:
        from django.conf import settings

        from connections import (
            budget,
            checks,  # noqa: F401 - registers system checks
            circuits,
        )
        from events.operational import Declaration, SettingType, declare

        budget.configure(settings.CACHE_URL, factors=settings.REQUEST_BUDGETS)
        circuits.configure(settings.CACHE_URL)
        declare(
            Declaration(
                "connections.test_every",
                SettingType.DURATION,
                "Test connections every",
                "Seconds between two health tests of one connection.",
                default=900,
                low=Decimal(30),
                high=Decimal(86_400),
            ),
        )
