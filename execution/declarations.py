"""The operational settings of execution, with safe defaults."""

from decimal import Decimal

from events.operational import Declaration, SettingType

DECLARATIONS = (
    Declaration(
        "execution.batch_size",
        SettingType.COUNT,
        "Rows in a message",
        "How many accounts one message to a worker carries at most.",
        default=250,
        low=Decimal(1),
        high=Decimal(1000),
    ),
    Declaration(
        "execution.reconcile_every",
        SettingType.DURATION,
        "Compare books every",
        "Seconds between two full comparisons of an account that holds or orders something.",
        default=300,
        low=Decimal(10),
        high=Decimal(86_400),
    ),
    Declaration(
        "execution.automatic_correction",
        SettingType.SWITCH,
        "Correct by itself",
        "Write positions down to what the venue holds when two comparisons show less than our books and no trade "
        "explains it. Off: such a difference waits for a person.",
        default=False,
    ),
    Declaration(
        "execution.unresolved_after",
        SettingType.DURATION,
        "Unresolved after",
        "Seconds after which an order in doubt is shown to its owner and the administrators.",
        default=600,
        low=Decimal(10),
        high=Decimal(86_400),
    ),
    Declaration(
        "execution.decision_timeout",
        SettingType.DURATION,
        "Decision time limit",
        "Seconds the outside decision service has for a batch.",
        default=2,
        low=Decimal("0.1"),
        high=Decimal(30),
    ),
    Declaration(
        "execution.decision_default",
        SettingType.CHOICE,
        "Decision when silent",
        "What holds when the decision service does not answer.",
        default="ACCEPT",
        choices=("ACCEPT", "VETO"),
    ),
)
