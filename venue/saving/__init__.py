"""Keeping a venue's state in a file, so that a restart forgets nothing.

`records` turns flat dataclasses into JSON and back, `accounts`, `listings` and `exchange` everything else,
`file` reads and writes the file, and `keeper` decides when.
"""
