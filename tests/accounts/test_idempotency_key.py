import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rest.idempotency import LONGEST, InvalidKey, parse_key

visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=LONGEST)


def quoted(key: str) -> str:
    """A string as RFC 8941 writes it."""
    return '"' + key.replace("\\", r"\\").replace('"', r"\"") + '"'


class TestParseKey:
    def test_takes_the_example_of_the_draft(self) -> None:
        assert parse_key('"8e03978e-40d5-43e8-bc93-6894a57f9324"') == "8e03978e-40d5-43e8-bc93-6894a57f9324"

    def test_takes_the_same_key_without_quotes(self) -> None:
        assert parse_key("8e03978e-40d5-43e8-bc93-6894a57f9324") == "8e03978e-40d5-43e8-bc93-6894a57f9324"

    @given(visible)
    def test_reads_back_every_quoted_key(self, key: str) -> None:
        assert parse_key(quoted(key)) == key

    @given(st.text(max_size=300))
    def test_returns_a_key_or_refuses_but_never_breaks(self, header: str) -> None:
        try:
            key = parse_key(header)
        except InvalidKey:
            return

        assert 1 <= len(key) <= LONGEST
        assert key.isascii()
        assert key.isprintable()

    @pytest.mark.parametrize(
        "header",
        [
            "",
            " ",
            '""',
            '"',
            '"open',
            'close"',
            "two words",
            '"two words"',
            '"a", "b"',
            "a,\tb",
            "ké",
            '"a";v=1',
            "a\\",
        ],
    )
    def test_refuses_what_is_no_key(self, header: str) -> None:
        with pytest.raises(InvalidKey):
            parse_key(header)

    def test_counts_to_255(self) -> None:
        assert len(parse_key("k" * 255)) == 255
        with pytest.raises(InvalidKey, match="256 characters"):
            parse_key(f'"{"k" * 256}"')
