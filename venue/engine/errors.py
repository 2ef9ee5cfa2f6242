"""Every refusal of the venue, with Binance's code, words and HTTP status.

Sources: https://developers.binance.com/docs/binance-spot-api-docs/errors and
https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
"""

from collections.abc import Callable


class VenueError(Exception):
    """The venue said no, and nothing happened; `data` is what some refusals carry besides."""

    def __init__(self, code: int, message: str, status: int = 400, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = data


def _fixed(code: int, message: str, status: int = 400) -> Callable[[], VenueError]:
    return lambda: VenueError(code, message, status)


# Access and transport
key_format = _fixed(-2014, "API-key format invalid.", 401)
key_refused = _fixed(-2015, "Invalid API-key, IP, or permissions for action.", 401)
bad_signature = _fixed(-1022, "Signature for this request is not valid.")
too_early = _fixed(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
too_late = _fixed(-1021, "Timestamp for this request is outside of the recvWindow.")
recv_window = _fixed(-1131, "recvWindow must be less than 60000.")
overloaded = _fixed(
    -1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", 503
)

# Parameters
bad_symbol = _fixed(-1121, "Invalid symbol.")
bad_side = _fixed(-1117, "Invalid side.")
bad_type = _fixed(-1116, "Invalid orderType.")
bad_tif = _fixed(-1115, "Invalid timeInForce.")
bad_interval = _fixed(-1120, "Invalid interval.")
no_listen_key = _fixed(-1125, "This listenKey does not exist.")


def missing(name: str) -> VenueError:
    return VenueError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def missing_both(one: str, other: str) -> VenueError:
    return VenueError(-1102, f"Param '{one}' or '{other}' must be sent, but both were empty/null!")


def illegal_characters(name: str, legal: str) -> VenueError:
    return VenueError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def not_required(name: str) -> VenueError:
    return VenueError(-1106, f"Parameter '{name}' sent when not required.")


def invalid_data(name: str) -> VenueError:
    return VenueError(-1130, f"Data sent for parameter '{name}' is not valid.")


def spot_precision(name: str) -> VenueError:
    return VenueError(-1111, f"Parameter '{name}' has too much precision.")


usdm_precision = _fixed(-1111, "Precision is over the maximum defined for this asset.")


# Spot orders
def filter_failure(name: str) -> VenueError:
    return VenueError(-1013, f"Filter failure: {name}")


def spot_invalid(what: str) -> VenueError:
    return VenueError(-1013, f"Invalid {what}.")


spot_closed = _fixed(-1013, "Market is closed.")
insufficient_balance = _fixed(-2010, "Account has insufficient balance for requested action.")
duplicate_order = _fixed(-2010, "Duplicate order sent.")
would_match = _fixed(-2010, "Order would immediately match and take.")
stop_would_trigger = _fixed(-2010, "Stop price would trigger immediately.")
account_may_not_trade = _fixed(-2010, "This account may not place or cancel orders.")
oco_prices = _fixed(-2010, "The relationship of the prices for the orders is not correct.")
unknown_order = _fixed(-2011, "Unknown order sent.")
no_such_order = _fixed(-2013, "Order does not exist.")
no_such_list = _fixed(-2018, "Order list does not exist.")

# USD-M orders
margin_insufficient = _fixed(-2019, "Margin is insufficient.")
would_trigger = _fixed(-2021, "Order would immediately trigger.")
reduce_only_rejected = _fixed(-2022, "ReduceOnly Order is rejected.")
too_many_orders = _fixed(-2025, "Reach max open order limit.")
max_position = _fixed(-2027, "Exceeded the maximum allowable position at current leverage.")
leverage_too_small = _fixed(-2028, "Leverage is smaller than permitted: insufficient margin balance.")
price_zero = _fixed(-4001, "Price less than 0.")
price_above_max = _fixed(-4002, "Price greater than max price.")
quantity_zero = _fixed(-4003, "Quantity less than or equal to zero.")
quantity_below_min = _fixed(-4004, "Quantity less than min quantity.")
quantity_above_max = _fixed(-4005, "Quantity greater than max quantity.")
stop_price_zero = _fixed(-4006, "Stop price less than zero.")
price_below_min = _fixed(-4013, "Price less than min price.")
price_off_tick = _fixed(-4014, "Price not increased by tick size.")
client_id_invalid = _fixed(-4015, "Client order id is not valid.")
quantity_off_step = _fixed(-4023, "Qty not increased by step size.")
too_many_stops = _fixed(-4045, "Reach max stop order limit.")
same_margin_type = _fixed(-4046, "No need to change margin type.")
margin_type_has_orders = _fixed(-4047, "Margin type cannot be changed if there exists open orders.")
margin_type_has_position = _fixed(-4048, "Margin type cannot be changed if there exists position.")
same_position_side = _fixed(-4059, "No need to change position side.")
wrong_position_side = _fixed(-4061, "Order's position side does not match user's setting.")
position_side_has_orders = _fixed(-4067, "Position side cannot be changed if there exists open orders.")
position_side_has_position = _fixed(-4068, "Position side cannot be changed if there exists position.")
usdm_may_not_trade = _fixed(-4088, "User can not place order currently.")
client_id_duplicated = _fixed(-4116, "ClientOrderId is duplicated.")
use_algo_endpoint = _fixed(
    -4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
)
close_position_exists = _fixed(
    -4130, "An open stop or take profit order with GTE and closePosition in the direction is existing."
)
close_with_quantity = _fixed(-4137, "Quantity must be zero with closePosition equals true.")
usdm_closed = _fixed(-4141, "Symbol is closed.")
fok_unfillable = _fixed(
    -5021, "Due to the order could not be filled immediately, the FOK order has been rejected."
)
post_only_rejected = _fixed(
    -5022, "Due to the order could not be executed as maker, the Post Only order will be rejected."
)
only_limit_amends = _fixed(-5025, "Only limit order is supported.")
nothing_to_amend = _fixed(-5027, "No need to modify the order.")
good_till_invalid = _fixed(
    -5040,
    "The goodTillDate timestamp must be greater than the current time plus 600 seconds and smaller than "
    "253402300799000.",
)


def price_above_cap(cap: str) -> VenueError:
    return VenueError(-4016, f"Limit price can't be higher than {cap}.")


def price_below_floor(floor: str) -> VenueError:
    return VenueError(-4024, f"Limit price can't be lower than {floor}.")


def invalid_leverage(leverage: object) -> VenueError:
    return VenueError(-4028, f"Leverage {leverage} is not valid.")


def min_notional(amount: str) -> VenueError:
    message = f"Order's notional must be no smaller than {amount} (unless you choose reduce only)."
    return VenueError(-4164, message)
