"""Lean mode: the wire of the venue without its book, for benches that must not measure the exchange.

Signatures and timestamps are checked, and every new order fills once, in full, at the current price. All else
(exchangeInfo, balances, stops ...) is answered by an ordinary venue inside the worker that got the request: balances
do not move, and what one worker rests the others do not know. Orders, prices and counters are shared.
"""
