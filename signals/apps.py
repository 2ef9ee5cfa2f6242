from decimal import Decimal

from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "signals"
    verbose_name = "Signals"

    def ready(self) -> None:
        from events.operational import Declaration, SettingType, declare

        declare(
            Declaration(
                "signals.duplicate_window",
                SettingType.DURATION,
                "Duplicate window",
                "Seconds in which the same content without an id of its own counts as sent twice.",
                default=86_400,
                low=Decimal(0),
                high=Decimal(604_800),
            ),
            Declaration(
                "signals.default_order_type",
                SettingType.CHOICE,
                "Default entry",
                "How a signal enters that does not say. A limit entry without its price is refused.",
                default="MARKET",
                choices=("MARKET", "LIMIT"),
            ),
        )
