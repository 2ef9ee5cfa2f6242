"""Makes a database ready to be used: tables, static files, demo data. A step of `make run`, safe to repeat.

Only what the demo data say about themselves goes to standard output; `make run` shows it.
"""

import os
import sys

import django
from django.core.management import call_command


def main(arguments: list[str]) -> None:
    """Prepare what DATABASE_URL names; with `--demo` also the demo's people, accounts and signal."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("check", fail_level="ERROR", stdout=sys.stderr)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if "--demo" in arguments:
        call_command("seed_demo")


if __name__ == "__main__":
    main(sys.argv[1:])
