"""Writes the pages of `docs/` that follow from the code."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from console.reference import PAGES


class Command(BaseCommand):
    help = "Write the pages of docs/ that follow from the code; with --check only say whether they are stale."
    requires_system_checks = ()

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail when a page is stale")
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "docs", help="where the pages lie")

    def handle(self, *args: Any, check: bool, folder: Path, **options: Any) -> None:
        pages = {folder / name: write() for name, write in PAGES.items()}
        stale = [path for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]
        if check and stale:
            names = ", ".join(path.name for path in stale)
            raise CommandError(f"Stale: {names}. Run manage.py write_docs and commit what it changes.")
        for path in stale:
            path.write_text(pages[path], "utf-8")
            self.stdout.write(f"Wrote {path.name}.")
        if not stale:
            self.stdout.write("Every page is up to date.")
