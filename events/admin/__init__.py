"""The event log, notification e-mails and the operational settings in the admin."""

from events.admin import log, mails, settings  # noqa: F401 - they register themselves
