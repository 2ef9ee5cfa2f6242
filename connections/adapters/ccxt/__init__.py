"""The ccxt adapter. Importing this package does not import ccxt; ``adapter`` does."""
