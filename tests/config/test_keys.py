"""The secrets a checkout makes for itself."""

import stat
from pathlib import Path

from config.processes.keys import development_keys
from core.crypto import Keyring


class TestDevelopmentKeys:
    def test_are_usable(self, tmp_path: Path) -> None:
        keys = development_keys(tmp_path / "secrets.env")

        ring = Keyring.parse(keys["SIGNALBOX_CREDENTIAL_KEYS"])
        assert ring.open(ring.seal(b"secret", bound_to="row"), bound_to="row") == b"secret"
        assert len(keys["SECRET_KEY"]) >= 50

    def test_are_kept(self, tmp_path: Path) -> None:
        first = development_keys(tmp_path / "secrets.env")

        assert development_keys(tmp_path / "secrets.env") == first

    def test_are_readable_by_their_owner_only(self, tmp_path: Path) -> None:
        development_keys(tmp_path / "secrets.env")

        assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600

    def test_do_not_replace_a_file_that_lacks_some(self, tmp_path: Path) -> None:
        (tmp_path / "secrets.env").write_text("SECRET_KEY=chosen\n")

        assert development_keys(tmp_path / "secrets.env") == {"SECRET_KEY": "chosen"}

    def test_differ_between_checkouts(self, tmp_path: Path) -> None:
        assert development_keys(tmp_path / "one.env") != development_keys(tmp_path / "two.env")
