"""Starting a health test from a page, and sending the reader to where it can be followed."""

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from connections import tasks
from connections.models import ExecutionConnection
from core.clock import now, to_ms


def start_test(connection: ExecutionConnection) -> HttpResponse:
    """Ask a worker to test the connection, and return the way to its page, which follows the test."""
    asked_at = to_ms(now())
    transaction.on_commit(lambda: tasks.run_health_job.delay(connection_ids=[str(connection.pk)]))
    return redirect(f"{reverse('connections:detail', args=[connection.pk])}?asked={asked_at}")
