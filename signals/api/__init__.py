"""Channels and signals, for programs."""
