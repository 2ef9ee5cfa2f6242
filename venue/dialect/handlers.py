"""Importing this module enters every handler into the table of routes."""

from venue.dialect import (  # noqa: F401
    market_data,
    sapi,
    spot_account,
    spot_general,
    spot_lists,
    spot_orders,
    usdm_account,
    usdm_algos,
    usdm_general,
    usdm_orders,
)
