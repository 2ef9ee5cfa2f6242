"""Front end files from npm packages, as they were published: `make vendor` fetches them, git keeps them.

Nothing is built and no page loads anything from another host, so these files are what a browser runs. The README
beside them names version, licence and digest of each; a test compares.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.env import BASE_DIR

FOLDER = BASE_DIR / "static" / "vendor"
_HEAD = """# Files of other people

Copied unchanged from npm packages by `make vendor`, which also writes this page. To change a version, edit
`config/vendor.py`.

| file | package | licence | SHA-256 |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package and the files of it that we serve."""

    name: str
    version: str
    #: the folder below static/vendor
    folder: str
    #: paths inside the package
    files: tuple[str, ...]


PACKAGES = (
    Package("@picocss/pico", "2.1.1", "pico", ("css/pico.min.css", "LICENSE.md")),
    Package("htmx.org", "4.0.1", "htmx", ("dist/htmx.min.js", "dist/ext/hx-sse.min.js", "LICENSE")),
)


def main() -> int:
    """Fetch every package, replace the folder, and write its README."""
    rows = [row for package in PACKAGES for row in _vendor(package)]
    (FOLDER / "README.md").write_text(_HEAD + "\n".join(rows) + "\n")
    print(f"Wrote {len(rows)} files to {FOLDER.relative_to(BASE_DIR)}.")
    return 0


def row(path: Path, package: str, licence: str) -> str:
    """Return the line of the README about one file."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"| {path.relative_to(FOLDER).as_posix()} | {package} | {licence} | {digest} |"


def _vendor(package: Package) -> Iterator[str]:
    folder = FOLDER / package.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        _unpack(package, Path(scratch))
        about = json.loads(Path(scratch, "package", "package.json").read_text())
        for name in package.files:
            copied = shutil.copy(Path(scratch, "package", name), folder)
            yield row(Path(copied), f"{package.name} {about['version']}", about["license"])


def _unpack(package: Package, scratch: Path) -> None:
    wanted = f"{package.name}@{package.version}"
    packed = subprocess.run(
        ["npm", "pack", wanted, "--silent", "--json"], cwd=scratch, check=True, capture_output=True, text=True
    )
    described = json.loads(packed.stdout)
    archive = next(iter(described.values() if isinstance(described, dict) else described))["filename"]
    with tarfile.open(scratch / archive.replace("@", "").replace("/", "-")) as opened:
        opened.extractall(scratch, filter="data")


if __name__ == "__main__":
    sys.exit(main())
