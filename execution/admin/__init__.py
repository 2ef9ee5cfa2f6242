"""Executions, orders, fills, positions, breaks and subscriptions in the admin."""

from execution.admin import breaks, executions, orders, positions, subscriptions  # noqa: F401 - they register themselves
