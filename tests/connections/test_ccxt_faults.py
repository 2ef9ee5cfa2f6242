"""What ccxt's errors mean for an order."""

import ccxt
import pytest

from connections.adapters.ccxt.faults import translate
from connections.adapters.ccxt.wire import Answer
from connections.errors import BrokerError, NotSent, OutcomeUnknown, Rejected


def told(error: ccxt.BaseError, status: int, text: str) -> BrokerError:
    """What an error means that came with such an answer."""
    error.answer = Answer(status, "", {}, text)
    return translate(error)


class TestTranslate:
    @pytest.mark.parametrize("kind", [ccxt.BadRequest, ccxt.InvalidOrder, ccxt.ExchangeError])
    def test_believes_no_refusal_that_came_as_a_server_error(self, kind: type[ccxt.BaseError]) -> None:
        error = told(kind("binance"), 503, '{"code": -1016, "msg": "This service is no longer available."}')

        assert type(error) is OutcomeUnknown
        assert error.code == "-1016"

    def test_believes_the_same_words_as_a_client_error(self) -> None:
        assert isinstance(told(ccxt.BadRequest("binance"), 400, '{"code": -1102, "msg": "No."}'), Rejected)

    def test_knows_a_maintenance_that_the_venue_itself_tells_of(self) -> None:
        assert isinstance(told(ccxt.OnMaintenance("x"), 503, '{"msg": "maintenance"}'), NotSent)
