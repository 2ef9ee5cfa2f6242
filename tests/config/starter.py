"""Starts embedded servers, prints their settings as one JSON line, and waits to be killed."""

import json
import sys
import time
from pathlib import Path

from config.embedded import servers

with servers.start(
    Path(sys.argv[1]), database=True, cache=True, is_throwaway="--throwaway" in sys.argv
) as started:
    print(json.dumps(started.environment), flush=True)
    time.sleep(600)
