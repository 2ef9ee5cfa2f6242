"""The words of the trade: markets, sides, order states and types."""

from enum import StrEnum


class Market(StrEnum):
    SPOT = "spot"
    USDM = "usdm"


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1


class Status(StrEnum):
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


OPEN = frozenset({Status.NEW, Status.PARTIALLY_FILLED})


class AlgoStatus(StrEnum):
    NEW = "NEW"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class Tif(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"
    GTD = "GTD"
    GTE_GTC = "GTE_GTC"


class Stp(StrEnum):
    """What happens when an account's order would meet its own."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"


#: Conditional types and whether a stop (True) or a target (False) fires them.
SPOT_CONDITIONAL = {"STOP_LOSS": True, "STOP_LOSS_LIMIT": True, "TAKE_PROFIT": False, "TAKE_PROFIT_LIMIT": False}
USDM_CONDITIONAL = {
    "STOP": True,
    "STOP_MARKET": True,
    "TAKE_PROFIT": False,
    "TAKE_PROFIT_MARKET": False,
    "TRAILING_STOP_MARKET": True,
}
SPOT_TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET", *SPOT_CONDITIONAL)
USDM_TYPES = ("LIMIT", "MARKET", *USDM_CONDITIONAL)
