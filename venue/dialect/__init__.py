"""Binance's words: requests into engine calls, engine state into the JSON Binance answers with."""
