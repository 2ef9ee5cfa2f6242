"""Benches: each figure is a ratio in one run, beside a limit or a peer. ``make bench`` runs them all or one by name."""
