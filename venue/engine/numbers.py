"""Rising numbers for orders, trades and ledger lines."""


class Numbers:
    """Like `itertools.count`, but the next number can be looked at, so that a saved venue goes on counting."""

    __slots__ = ("upcoming",)

    def __init__(self, first: int) -> None:
        self.upcoming = first

    def take(self) -> int:
        self.upcoming += 1
        return self.upcoming - 1
