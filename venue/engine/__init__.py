"""Books, orders, wallets and positions: pure arithmetic, no I/O, time passed in as epoch milliseconds."""
