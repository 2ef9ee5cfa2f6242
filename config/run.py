"""`make run`: starts everything, keeps it running, and leaves nothing behind.

DEBUG stays off: pages, workers and errors then behave as in production, and Django keeps no list of every query in
processes that run for days. Static files are collected at each start instead, which takes two seconds.
"""

import argparse
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from honcho.environ import parse_procfile
from honcho.printer import Printer

from config.embedded import servers
from config.embedded.child import stop
from config.embedded.errors import UnableToStart, last_lines
from config.embedded.tether import tethered
from config.embedded.valkey import free_port
from config.env import BASE_DIR, RUN_FILE, VAR_DIR, load
from config.processes.keys import development_keys
from config.processes.note import only_run
from config.processes.supervisor import Supervisor, UnableToKeepRunning

FIRST_PORT = 8000
READY_TIMEOUT_S = 120
#: The simulated exchange; the demo data open their accounts there.
VENUE = "{python} -m venue --host 127.0.0.1 --port {port} --driver walk --state {state} --die-with-parent"
#: The port it had last time, so that what points at it stays true.
VENUE_PORT = VAR_DIR / "venue.port"


@dataclass(slots=True)
class Interruption:
    """The first signal to end unwinds what is going on; a second one says to be quick about it."""

    count: int = 0

    def __call__(self, number: int, frame: object) -> None:
        self.count += 1
        if self.count == 1:
            with suppress(OSError):
                os.write(2, b"\nStopping. Ask again to force it.\n")  # print may be in the middle of a line
            raise KeyboardInterrupt

    def is_urgent(self) -> bool:
        """Return whether somebody asked twice."""
        return self.count > 1


def main(arguments: list[str]) -> int:
    """Run until interrupted, and return the exit code."""
    given = _parser().parse_args(arguments)
    interruption = Interruption()
    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if wanted is not signal.SIGHUP or signal.getsignal(wanted) is not signal.SIG_IGN:  # nohup stays nohup
            signal.signal(wanted, interruption)
    try:
        _run(given, interruption)
    except KeyboardInterrupt:
        say("Stopped.")
    except (UnableToStart, UnableToKeepRunning) as error:
        say(str(error))
        return 1
    except PermissionError as error:
        say(f"{error.filename} may not be written. If another user made it, remove it or set SIGNALBOX_VAR.")
        return 1
    return 0


def say(text: str) -> None:
    """Tell the person at the keyboard, who may have closed the terminal."""
    with suppress(OSError):
        print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make run", description="Starts Signalbox with all its processes.")
    parser.add_argument("--procfile", type=Path, default=BASE_DIR / "Procfile", help="processes to run")
    parser.add_argument("--no-demo", action="store_true", help="neither simulated exchange nor demo data")
    parser.add_argument("--verbose", action="store_true", help="show what the processes print")
    return parser


def _run(given: argparse.Namespace, interruption: Interruption) -> None:
    begun = time.monotonic()
    has_terminal = os.isatty(0)
    env = load()
    with ExitStack() as stack:
        note = stack.enter_context(only_run(RUN_FILE))
        say("Starting the database and the message broker ...")
        needs_database = not env.str("DATABASE_URL", default="")
        needs_cache = not (env.str("BROKER_URL", default="") and env.str("CACHE_URL", default=""))
        started = stack.enter_context(servers.start(VAR_DIR, database=needs_database, cache=needs_cache))
        port = _free_port_from(int(os.environ.get("PORT") or FIRST_PORT))
        url = f"http://127.0.0.1:{port}"
        environment = _environment(started, port=port, is_demo=not given.no_demo)
        note.write(pid=os.getpid(), url=url, environment=environment, pids={})
        supervisor = Supervisor(
            logs=_logs(),
            say=say,
            on_change=lambda pids: note.write(pids=pids),
            printer=Printer(sys.stdout) if given.verbose else None,
        )
        stack.callback(supervisor.stop, interruption.is_urgent)
        everything = _for_children(environment)
        if "VENUE_URL" in environment and not os.environ.get("VENUE_URL"):
            _start_venue(supervisor, everything)
        say("Preparing tables, pages and demo data ...")
        logins = _prepare(everything, is_demo=not given.no_demo)
        processes = parse_procfile(given.procfile.read_text()).processes
        for name, command in processes.items():
            supervisor.start(name, command, everything)
        if "web" in processes:
            _watch_until(supervisor, lambda: _is_healthy(url), "The web process")
        mails = f"{_mails()}/" if environment.get("EMAIL_URL", "").startswith("filemail:") else "sent by EMAIL_URL"
        say(_welcome(url, logins, mails=mails, seconds=time.monotonic() - begun))
        # The kernel tells only the first process of a session that its terminal has gone, which may be make.
        supervisor.watch(lambda: has_terminal and not os.isatty(0))


def _environment(started: servers.Servers, *, port: int, is_demo: bool) -> dict[str, str]:
    """Return the settings of this run; what the operator has set wins."""
    keys = development_keys(VAR_DIR / "secrets.env")
    made = {**keys, **started.environment, "SITE_URL": f"http://127.0.0.1:{port}"}
    made["EMAIL_URL"] = f"filemail:///{quote(str(_mails()))}"
    if is_demo:
        made |= {"SIGNALBOX_ALLOW_BASE_URL": "true", "VENUE_URL": f"http://127.0.0.1:{_venue_port()}"}
    made = {name: value for name, value in made.items() if not os.environ.get(f"{name}_FILE")}
    return {name: os.environ.get(name) or value for name, value in made.items()} | {"PORT": str(port)}


def _logs() -> Path:
    logs = VAR_DIR / "log"
    logs.mkdir(parents=True, exist_ok=True)
    return logs


def _mails() -> Path:
    """Return where mails are written as long as no server is named."""
    return VAR_DIR / "mail"


def _for_children(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of a child: ours, this run's, and the programs of this Python first."""
    programs = str(Path(sys.executable).parent)
    path = os.pathsep.join([programs, os.environ.get("PATH", os.defpath)])
    return {**os.environ, **environment, "PATH": path, "PYTHONUNBUFFERED": "1"}


def _free_port_from(wanted: int) -> int:
    for port in range(wanted, min(wanted + 100, 65536)):
        if not _is_free(port):
            continue
        if port != wanted:
            say(f"Port {wanted} is taken, so this run uses {port}.")
        return port
    raise UnableToStart(f"None of the hundred ports from {wanted} on is free. Set PORT.")


def _venue_port() -> int:
    with suppress(OSError, ValueError):
        port = int(VENUE_PORT.read_text())
        if 0 < port < 65536 and _is_free(port):
            return port
    return free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def _start_venue(supervisor: Supervisor, environment: Mapping[str, str]) -> None:
    port = int(environment["VENUE_URL"].rpartition(":")[2])
    python, state = shlex.quote(sys.executable), shlex.quote(str(VAR_DIR / "venue.state"))
    supervisor.start("venue", VENUE.format(python=python, port=port, state=state), environment)
    _watch_until(supervisor, lambda: _is_listening(port), "The simulated exchange")
    VENUE_PORT.write_text(f"{port}\n")


def _watch_until(supervisor: Supervisor, is_ready: Callable[[], bool], who: str) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    is_late = False

    def is_over() -> bool:
        nonlocal is_late
        is_late = time.monotonic() > deadline
        return is_late or is_ready()

    supervisor.watch(is_over)
    if is_late:
        raise UnableToStart(f"{who} did not answer in {READY_TIMEOUT_S} s. See {_logs()}.")


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=1):  # noqa: S310 - our own address
            return True
    except OSError:
        return False


def _prepare(environment: Mapping[str, str], *, is_demo: bool) -> list[str]:
    """Prepare the database in a process of its own, and return what it says about logins.

    Raises:
        UnableToStart: it failed; with the end of its log.
    """
    log = _logs() / "prepare.log"
    command = tethered([sys.executable, "-m", "config.prepare", *(["--demo"] if is_demo else [])])
    with log.open("w") as errors:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for us
        )
        try:
            output, _ = process.communicate()
        finally:
            stop(process, signal.SIGTERM)
    if process.returncode:
        raise UnableToStart(f"The database could not be prepared. The end of {log}:\n{last_lines(log)}")
    return output.decode().splitlines()


def _welcome(url: str, logins: list[str], *, mails: str, seconds: float) -> str:
    rows = [("address", f"{url}/"), *(("", line) for line in logins), ("logs", f"{_logs()}/"), ("mails", mails)]
    rows.append(("stop", "Ctrl-C"))
    if logins:
        rows[1] = ("logins", logins[0])
    return "\n".join(
        [f"\nSignalbox runs, after {seconds:.0f} s.\n", *(f"  {name:9} {text}" for name, text in rows), ""]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
