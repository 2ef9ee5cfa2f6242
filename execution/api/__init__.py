"""Subscriptions, what became of signals, orders, positions and differences, for programs."""
