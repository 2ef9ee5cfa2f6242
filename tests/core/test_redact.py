import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.redact import MASK, SECRET_NAMES, RedactingFilter, redact, redact_text

SECRET = "S3cr3tValue"


class TestRedactText:
    @pytest.mark.parametrize("name", sorted(SECRET_NAMES))
    @pytest.mark.parametrize(
        "form", ["{}=S3cr3tValue", '"{}": "S3cr3tValue"', "{}: S3cr3tValue", "'{}': 'S3cr3tValue'"]
    )
    def test_masks_every_secret_name_in_every_form(self, name: str, form: str) -> None:
        text = redact_text(form.format(name))

        assert SECRET not in text
        assert MASK in text
        assert name in text

    @pytest.mark.parametrize(
        "text",
        [
            "https://api.binance.com/api/v3/order?symbol=BTCUSDT&apiKey=S3cr3tValue&side=BUY",
            "GET /v1/x?signature=S3cr3tValue HTTP/1.1",
            "wss://stream?listenKey=S3cr3tValue",
            "X-MBX-APIKEY: S3cr3tValue",
            "Authorization: Bearer S3cr3tValue",
            "Authorization: Basic S3cr3tValue",
            "Authorization: Token S3cr3tValue",
            "Cookie: csrftoken=x; sessionid=S3cr3tValue",
            "Set-Cookie: sessionid=S3cr3tValue; Path=/",
            "OK-ACCESS-KEY: S3cr3tValue",
            "OK-ACCESS-PASSPHRASE: S3cr3tValue",
            "KC-API-KEY: S3cr3tValue",
            "KC-API-SIGN: S3cr3tValue",
            "X-BAPI-API-KEY: S3cr3tValue",
            "X-BAPI-SIGN: S3cr3tValue",
            "API-Key: S3cr3tValue",
            "access_token=S3cr3tValue",
            "secretKey=S3cr3tValue",
            "api_secret = S3cr3tValue",
            'secret="two words S3cr3tValue"',
            '{"secret": "with \\"quotes\\" S3cr3tValue"}',
            '{"body": "{\\"secret\\": \\"S3cr3tValue\\"}"}',
            "{'Authorization': 'Bearer S3cr3tValue', 'Accept': '*/*'}",
            '{"headers": {"Cookie": "a=b; c=S3cr3tValue"}, "status": 200}',
            "PASSWORD=S3cr3tValue",
        ],
    )
    def test_masks_what_travels_in_urls_headers_and_bodies(self, text: str) -> None:
        assert SECRET not in redact_text(text)

    @pytest.mark.parametrize(
        "text",
        [
            "Quantity was 0.003 but the lot step is 0.01",
            'binance {"code":-2010,"msg":"Account has insufficient balance"}',
            "GET /api/v3/order?symbol=BTCUSDT&side=BUY",
            "The signal was redesigned: nothing to hide",
            "monkey=banana",
        ],
    )
    def test_leaves_the_rest_readable(self, text: str) -> None:
        assert redact_text(text) == text

    def test_keeps_what_stands_beside_a_secret(self) -> None:
        text = redact_text("symbol=BTCUSDT&signature=S3cr3tValue&side=BUY")

        assert text == "symbol=BTCUSDT&signature=***&side=BUY"

    def test_keeps_a_json_text_readable_as_json(self) -> None:
        text = redact_text(json.dumps({"secret": 'a "quoted" one', "symbol": "BTCUSDT"}))

        assert "BTCUSDT" in text
        assert "quoted" not in text

    @given(st.text(alphabet="secrt=:\"' &{}\\", max_size=60))
    def test_reads_any_text(self, text: str) -> None:
        assert isinstance(redact_text(text), str)


class TestRedact:
    @pytest.mark.parametrize(
        "name", [*sorted(SECRET_NAMES), "uid", "X-MBX-APIKEY", "OK-ACCESS-SIGN", "X-BAPI-API-KEY", "access_token"]
    )
    def test_masks_fields_whatever_their_case(self, name: str) -> None:
        assert redact({name.upper(): SECRET, "symbol": "BTC"}) == {name.upper(): MASK, "symbol": "BTC"}

    def test_masks_at_any_depth(self) -> None:
        reply = {"data": [{"keys": ({"apiKey": SECRET},)}], "words": f"token={SECRET}"}

        assert redact(reply) == {"data": [{"keys": [{"apiKey": MASK}]}], "words": "token=***"}

    def test_masks_whole_branches(self) -> None:
        assert redact({"credentials": {"anything": SECRET}}) == {"credentials": MASK}

    def test_returns_a_copy(self) -> None:
        reply = {"secret": SECRET, "rows": [1]}

        assert redact(reply)["rows"] is not reply["rows"]
        assert reply["secret"] == SECRET

    @pytest.mark.parametrize("value", [None, 1, 1.5, True, "plain", [], {}, [1, "a"], {"a": {1: 2}}])
    def test_leaves_other_values_as_they_are(self, value: Any) -> None:
        assert redact(value) == value


def fail_with_secrets() -> None:
    try:
        dict[str, str]()[f"secret={SECRET}"]
    except KeyError as cause:
        raise RuntimeError(f"GET /x?signature={SECRET}") from cause


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What a handler with the filter writes."""
    written: list[str] = []

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Collecting()
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("tests.redact")
    logger.addHandler(handler)
    logger.propagate = False
    yield written
    logger.removeHandler(handler)


class TestRedactingFilter:
    def test_masks_message_and_arguments(self, lines: list[str]) -> None:
        logging.getLogger("tests.redact").warning("asked %s", f"?apiKey={SECRET}")

        assert lines == ["asked ?apiKey=***"]

    def test_masks_arguments_that_only_become_text_there(self, lines: list[str]) -> None:
        logging.getLogger("tests.redact").warning("headers %s", {"X-MBX-APIKEY": SECRET})

        assert SECRET not in lines[0]

    def test_masks_exceptions_and_their_causes(self, lines: list[str]) -> None:
        try:
            fail_with_secrets()
        except RuntimeError:
            logging.getLogger("tests.redact").exception("failed")

        assert SECRET not in lines[0]
        assert "RuntimeError" in lines[0]
        assert "KeyError" in lines[0]

    def test_masks_an_exception_that_was_written_out_before(self) -> None:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", None, sys.exc_info())
        record.exc_text = f"Traceback: password={SECRET}"

        RedactingFilter().filter(record)

        assert record.exc_text == "Traceback: password=***"

    def test_does_not_stop_the_program_over_a_broken_record(self, lines: list[str]) -> None:
        """A filter runs outside the net that logging spreads under handlers."""
        logging.getLogger("tests.redact").warning("two %s and %s", f"token={SECRET}")

        assert SECRET not in lines[0]
        assert "two %s and %s" in lines[0]
