"""What the admin shows of an account. Of its keys: the last four characters and how old they are."""

from datetime import datetime

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin_cells import NOTHING, label, lines
from accounts.templatetags.moments import words_of
from connections.labels import HEALTH, intention_of
from connections.models import AccountSnapshot, ExecutionConnection
from connections.rows import asset_rows, exchange_label, hints_of
from core.clock import now
from core.decimals import to_plain
from core.labels import Label, Tone

STALE = Label("Stale", Tone.WARN, "The last test is more than a day old and says nothing about now.")


class ConnectionCells:
    """Cells of a connection. Needs its owner and its snapshot."""

    @admin.display(description="Owner")
    def owner_name(self, row: ExecutionConnection) -> str:
        return "The house" if row.owner is None else row.owner.email

    @admin.display(description="Exchange")
    def exchange(self, row: ExecutionConnection) -> str:
        return exchange_label(row.type, row.exchange_name)

    @admin.display(description="Intention")
    def intention(self, row: ExecutionConnection) -> SafeString | str:
        return label(intention_of(row.is_active))

    @admin.display(description="Health")
    def health(self, row: ExecutionConnection) -> SafeString | str:
        shown = label(HEALTH[row.status])
        is_stale = row.last_tested_at is not None and row.is_stale(now=now())
        return format_html("{} {}", shown, label(STALE)) if is_stale else shown

    @admin.display(description="Trouble")
    def trouble(self, row: ExecutionConnection) -> str:
        return row.last_error or row.paused_reason or NOTHING

    @admin.display(description="Remarks of the venue")
    def remarks(self, row: ExecutionConnection) -> SafeString | str:
        return lines(row.warnings)

    @admin.display(description="Stored keys")
    def keys(self, row: ExecutionConnection) -> str:
        if not row.credentials:
            return "None"
        return ", ".join(f"{each['label']} …{each['hint']}" for each in hints_of(row)) or "Stored"

    @admin.display(description="Age")
    def age_of_keys(self, row: ExecutionConnection) -> str:
        at = row.credentials_set_at
        return NOTHING if at is None else words_of(int((now() - at).total_seconds()))

    @admin.display(description="Free of total")
    def balance(self, row: ExecutionConnection) -> SafeString | str:
        rows = asset_rows(_snapshot(row))
        return lines({each.currency: f"{to_plain(each.free)} of {to_plain(each.total)}" for each in rows})

    @admin.display(description="As of")
    def balance_as_of(self, row: ExecutionConnection) -> datetime | None:
        snapshot = _snapshot(row)
        return snapshot.as_of if snapshot else None


def _snapshot(row: ExecutionConnection) -> AccountSnapshot | None:
    return getattr(row, "snapshot", None)
