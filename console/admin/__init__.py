"""Signals, which are published with a preview, and the beat schedule in the admin."""

from console.admin import schedule, signals  # noqa: F401 - they register themselves
