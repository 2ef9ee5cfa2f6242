"""Accounts at venues, sources of market data and presets in the admin."""

from connections.admin import accounts, presets, sources  # noqa: F401 - they register themselves
