"""Real servers from wheels: PostgreSQL and Valkey for `make run`, the suite, the demo and the benches.

`servers.start` is the one thing to call. Nothing started here outlives the process that asked for it.
"""
