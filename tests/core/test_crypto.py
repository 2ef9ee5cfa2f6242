import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import InvalidKeyring, Keyring, UnableToOpen, new_key

OLD = "old:" + base64.urlsafe_b64encode(b"o" * 32).decode()
NEW = "new:" + base64.urlsafe_b64encode(b"n" * 32).decode()
RING = Keyring.parse(OLD)
ROW = "connections.executionconnection:credentials:1"


def damaged(sealed: str, position: int) -> str:
    """The sealed text with one bit turned."""
    head, _, encoded = sealed.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(encoded))
    raw[position] ^= 1
    return f"{head}.{base64.urlsafe_b64encode(bytes(raw)).decode()}"


#: One fixed key as text: parametrised tests must be the same in every worker.
KEY_TEXT = "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="


class TestSeal:
    @given(st.binary(max_size=200), st.text(max_size=50))
    def test_gives_a_text_that_opens_again(self, plain: bytes, row: str) -> None:
        assert RING.open(RING.seal(plain, bound_to=row), bound_to=row) == plain

    def test_names_version_and_key(self) -> None:
        assert RING.seal(b"secret", bound_to=ROW).startswith("v1.old.")

    def test_never_gives_the_same_text_twice(self) -> None:
        assert RING.seal(b"secret", bound_to=ROW) != RING.seal(b"secret", bound_to=ROW)

    def test_does_not_show_the_secret(self) -> None:
        assert "secret" not in RING.seal(b"secret", bound_to=ROW)


class TestOpen:
    def test_refuses_another_row(self) -> None:
        sealed = RING.seal(b"secret", bound_to=ROW)

        with pytest.raises(UnableToOpen, match="damaged or belongs to another row"):
            RING.open(sealed, bound_to=ROW.replace(":1", ":2"))

    def test_refuses_a_key_that_is_not_in_the_ring(self) -> None:
        sealed = Keyring.parse(NEW).seal(b"secret", bound_to=ROW)

        with pytest.raises(UnableToOpen, match="Key 'new' is not in the key ring"):
            RING.open(sealed, bound_to=ROW)

    def test_refuses_another_key_under_the_same_name(self) -> None:
        impostor = Keyring.parse(NEW.replace("new:", "old:"))

        with pytest.raises(UnableToOpen, match="damaged or belongs to another row"):
            RING.open(impostor.seal(b"secret", bound_to=ROW), bound_to=ROW)

    @given(st.integers(min_value=0, max_value=12 + 6 + 16 - 1))
    def test_refuses_a_text_with_any_bit_turned(self, position: int) -> None:
        sealed = RING.seal(b"secret", bound_to=ROW)

        with pytest.raises(UnableToOpen, match="damaged"):
            RING.open(damaged(sealed, position), bound_to=ROW)

    @pytest.mark.parametrize(
        "text", ["", "v1", "v1.old", "v1.old.", "v1.old.AAAA", "v1.old.%%%", "v2.old.AAAA", "plain text", "...."]
    )
    def test_refuses_what_was_never_sealed(self, text: str) -> None:
        with pytest.raises(UnableToOpen):
            RING.open(text, bound_to=ROW)

    def test_never_names_the_secret(self) -> None:
        sealed = RING.seal(b"secret", bound_to=ROW)

        with pytest.raises(UnableToOpen) as refused:
            RING.open(sealed[:-4], bound_to=ROW)

        assert "secret" not in str(refused.value)
        assert sealed[10:20] not in str(refused.value)


class TestRotation:
    """A new key goes in front: it seals from then on, and the old one still opens what it sealed."""

    def test_opens_what_the_old_key_sealed(self) -> None:
        sealed = RING.seal(b"secret", bound_to=ROW)

        assert Keyring.parse(f"{NEW},{OLD}").open(sealed, bound_to=ROW) == b"secret"

    def test_seals_with_the_first_key(self) -> None:
        sealed = Keyring.parse(f"{NEW},{OLD}").seal(b"secret", bound_to=ROW)

        assert Keyring.parse(NEW).open(sealed, bound_to=ROW) == b"secret"

    @pytest.mark.parametrize(
        ("sealed", "key"), [("v1.old.AAAA", "old"), ("v1.new.AAAA", "new"), ("nonsense", ""), ("", "")]
    )
    def test_knows_what_is_done_already(self, sealed: str, key: str) -> None:
        assert RING.key_of(sealed) == key


class TestParse:
    def test_reads_what_new_key_writes(self) -> None:
        ring = Keyring.parse(f" a:{new_key()} , b:{new_key()} ")

        assert (ring.primary, list(ring.keys)) == ("a", ["a", "b"])

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "The key ring has no key"),
            (" , ,", "The key ring has no key"),
            (KEY_TEXT, "is empty, has a dot, or stands twice|has 0 bytes"),
            (f":{KEY_TEXT}", "Key id '' is empty"),
            (f"a.b:{KEY_TEXT}", "has a dot"),
            (f"a:{KEY_TEXT},a:{KEY_TEXT}", "stands twice"),
            ("a:AAAA", "Key 'a' has 3 bytes but AES-256 needs 32"),
            ("a:A", "Key 'a' is not base64"),
            ("a:", "Key 'a' has 0 bytes"),
        ],
    )
    def test_refuses_a_ring_that_cannot_be_used(self, text: str, words: str) -> None:
        with pytest.raises(InvalidKeyring, match=words):
            Keyring.parse(text)

    def test_keeps_keys_out_of_its_repr_and_its_errors(self) -> None:
        short = base64.urlsafe_b64encode(b"very secret key").decode()

        with pytest.raises(InvalidKeyring) as refused:
            Keyring.parse(f"a:{short}")

        assert short not in str(refused.value)
        assert repr(RING) == "Keyring(primary='old')"
