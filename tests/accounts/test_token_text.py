import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st

from accounts import tokens


class TestIssue:
    def test_writes_prefix_and_256_random_bits(self) -> None:
        issued = tokens.issue()

        assert re.fullmatch(r"sbx_[a-z2-7]{8}_[a-z2-7]{52}", issued.text)
        assert issued.text.split("_")[1] == issued.prefix

    def test_never_repeats_itself(self) -> None:
        assert len({tokens.issue().text for _ in range(100)}) == 100

    def test_hides_the_secret_from_its_repr(self) -> None:
        issued = tokens.issue()

        assert issued.text not in repr(issued)
        assert issued.digest not in repr(issued)


class TestDigestOf:
    def test_finds_the_digest_of_an_issued_token(self) -> None:
        issued = tokens.issue()

        assert tokens.digest_of(issued.text) == issued.digest

    @given(st.text(max_size=300), st.text(max_size=300))
    def test_tells_different_texts_apart(self, one: str, other: str) -> None:
        assert (tokens.digest_of(one) == tokens.digest_of(other)) == (one == other)

    def test_is_not_a_digest_that_others_would_compute(self) -> None:
        assert tokens.digest_of("x") != hashlib.blake2b(b"x", digest_size=32).hexdigest()
