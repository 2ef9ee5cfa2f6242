"""A simulated exchange: a real HTTP and WebSocket server with Binance's spot and USD-M dialects.

It stands apart: it imports nothing of the application and nothing of the application imports it.
`engine/` is pure (no I/O, no clock), `dialect/` turns requests into engine calls and state into Binance's
JSON, `wire/` is the server, `lean/` the bare variant for benches. `docs/venue.md` tells how to use it.
"""
