"""The event log and the operational settings in the admin."""

from events.admin import log, settings  # noqa: F401 - they register themselves
