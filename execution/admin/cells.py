"""What several lists of the admin show alike."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin_cells import label, link
from connections.labels import ENVIRONMENTS
from connections.models import ExecutionConnection
from core.labels import Label


class AccountCells:
    """The account of a row, and whose it is. Needs the connection with its owner."""

    @admin.display(description="Account")
    def account(self, row: Any) -> SafeString | str:
        return self.account_link(row)

    def account_link(self, row: Any) -> SafeString | str:
        """Link to the account, with its environment, so that nobody takes a rehearsal for money."""
        connection: ExecutionConnection = row.connection
        environment: Label = ENVIRONMENTS[connection.environment]
        shown = link("connections_executionconnection_change", connection.pk, connection.name)
        owner = "the house" if connection.owner is None else connection.owner.email
        return format_html(
            '<span class="account-cell">{} {}<br><span class="ask-note">{}</span></span>',
            shown,
            label(environment),
            owner,
        )


def signal_link(row: Any) -> SafeString:
    """Link to the signal as everybody may see it: of other providers' signals staff see no more. Needs the signal."""
    address = reverse("execution:signal", args=[row.signal_id])
    return format_html('<a class="text-link" href="{}">{}</a>', address, row.signal)
