"""Accounts at venues and presets, for programs."""
