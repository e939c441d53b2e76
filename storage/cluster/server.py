"""One server on one home directory: made, launched and ended through PostgreSQL's own programs.

The caller holds the lock; `lifetime.Cluster` says when. Reads/Writes: the home directory, the log.
"""

import hashlib
import os
import re
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from clutch.errors import ClutchError, SetupNeeded
from storage.cluster.account import Account
from storage.cluster.address import OWNER_ROLE, Address
from storage.cluster.configuration import configuration
from storage.cluster.installation import Installation
from storage.cluster.packages import fit_installation

__all__ = ["Server", "ServerFailed"]

_SOCKET_PORT = 5432  # only a part of the socket's name
_LONGEST_SOCKET_PATH = 103  # bytes; macOS takes 103, Linux 107
_START_SECONDS = 300  # recovery after an unclean stop may take minutes
_ORPHANS_SECONDS = 30
_NO_PROCESS = "2147483647"  # above the largest process id of any system
_LARGEST_LOG_BYTES = 20 * 1024**2


class ServerFailed(ClutchError):
    """The private server did not do as it was told; the message holds its own last words."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """The server in `home`: `data` and, where it fits, `socket`."""

    home: Path
    log: Path
    account: Account
    on_tcp: bool

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def _name(self) -> str:
        """What tells this server's process from any other, whatever the path holds."""
        return "clutch-" + hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]

    @cached_property
    def installation(self) -> Installation:
        """The PostgreSQL that made the data, or the newest when there is none yet."""
        if not self.data.exists():
            return fit_installation()
        try:
            major = int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise ServerFailed(f"{self.data} holds no database: run `clutch db reset`") from error
        return fit_installation(major)

    def process_id(self) -> int | None:
        """Give the running server's process; None when a pid file is absent or stale."""
        fields = self._pid_file()
        if not fields or not fields[0].isdigit() or not _runs(self._name, int(fields[0])):
            return None
        return int(fields[0])

    def address(self) -> Address:
        """Say where the running server listens, as it wrote itself."""
        fields = self._pid_file()
        if len(fields) < 6:
            raise ServerFailed(f"the private database is not ready; see {self.log}")
        port, socket_directory, host = fields[3:6]
        password = None if socket_directory else self._password_file.read_text(encoding="utf-8")
        return Address(host=socket_directory or host, port=int(port), password=password)

    def initialise(self) -> None:
        """Make an empty cluster, whole or not at all."""
        for leftover in self.home.glob("data.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        unfinished = self.account.owned_directory(self.home / f"data.{secrets.token_hex(4)}")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as secret_directory:
            done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
                [
                    self.installation.program("initdb"),
                    *("-D", unfinished.name, "-U", OWNER_ROLE, "--data-checksums"),
                    *("--encoding=UTF8", *_locale(self.installation.major)),
                    *self._authentication(Path(secret_directory)),
                ],
                capture_output=True,
                text=True,
                check=False,
                **self.account.run_options(self.home),
            )
        if done.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise ServerFailed(f"initdb failed: {_last_words(done.stderr)}")
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as text:
            text.write("include 'clutch.conf'\n")
        unfinished.rename(self.data)

    def start(self) -> None:
        """Launch the server and wait until it accepts connections."""
        if self.process_id() is not None:
            self._await_ready()
            return
        self._disown_stale_pid_file()
        deadline = time.monotonic() + _ORPHANS_SECONDS
        while (complaint := self._launch()) is not None:
            # The children of a killed server take a moment to notice; a port may just be taken.
            passing = "still in use" in complaint or "Address already in use" in complaint
            if not passing or time.monotonic() > deadline:
                words = _last_words(complaint)
                raise ServerFailed(f"the private database did not start: {words} (see {self.log})")
            time.sleep(0.5)

    def stop(self) -> None:
        """End the server in good order; sessions still open are cut off."""
        if self.process_id() is None:
            return
        done = self._control("stop", "-m", "fast")
        if done.returncode and self.process_id() is not None:
            words = _last_words(done.stderr)
            raise ServerFailed(f"the private database did not stop: {words} (see {self.log})")

    def delete(self) -> None:
        """Delete the data and all that goes with it; the server is down."""
        for directory in (self.data, self.home / "socket", self._distant_socket_directory):
            shutil.rmtree(directory, ignore_errors=True)
        self._password_file.unlink(missing_ok=True)

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _disown_stale_pid_file(self) -> None:
        """Let PostgreSQL see a stale pid file as stale, though its number lives on elsewhere.

        The file itself stays: PostgreSQL finds orphaned children of the killed server through it.
        """
        fields = self._pid_file()
        if fields:
            text = "\n".join([_NO_PROCESS, *fields[1:]])
            (self.data / "postmaster.pid").write_text(text + "\n", encoding="utf-8")

    def _launch(self) -> str | None:
        """Try once; None when the server is up, else what it said."""
        port = _free_port() if self.on_tcp else _SOCKET_PORT
        directory = None if self.on_tcp else self._socket_directory()
        for stale in directory.glob(".s.PGSQL.*") if directory else ():
            stale.unlink()
        written = configuration(socket_directory=directory, port=port)
        (self.data / "clutch.conf").write_text(written, encoding="utf-8")
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        begin = self.log.stat().st_size if self.log.exists() else 0
        done = self._control("start", "-o", f"-c cluster_name={self._name}")
        if done.returncode == 0:
            return None
        return self.log.read_bytes()[begin:].decode(errors="replace")

    def _control(self, verb: str, *options: str) -> subprocess.CompletedProcess[str]:
        # A relative path, for pg_ctl hands it to a shell and a quote or a dollar would not survive.
        where = ["-D", self.data.name, "-w", "-t", str(_START_SECONDS)]
        with self.log.open("ab") as log:
            return subprocess.run(  # noqa: S603 - PostgreSQL's own program
                [self.installation.program("pg_ctl"), verb, *where, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log if verb == "start" else subprocess.PIPE,
                text=True,
                check=False,
                **self.account.run_options(self.home),
            )

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self.process_id() is not None:
            fields = self._pid_file()
            if len(fields) >= 8 and fields[7].strip() == "ready":
                return
            if time.monotonic() > deadline:
                raise ServerFailed(f"the private database is not ready; see {self.log}")
            time.sleep(0.05)
        self.start()

    def _socket_directory(self) -> Path:
        directory = self.home / "socket"
        if _fits(directory):
            return self.account.owned_directory(directory)
        directory = self._distant_socket_directory
        if not _fits(directory):
            raise SetupNeeded(f"{directory} is too long for a socket: set TMPDIR to a shorter path")
        return _private_among_strangers(directory, self.account)

    @property
    def _distant_socket_directory(self) -> Path:
        return Path(tempfile.gettempdir()) / self._name

    @property
    def _password_file(self) -> Path:
        return self.home / "password"

    def _authentication(self, secret_directory: Path) -> list[str]:
        if not self.on_tcp:  # only the server's own user can enter the socket's directory
            return ["--auth-local=trust", "--auth-host=reject"]
        password = secrets.token_urlsafe(24)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(password, encoding="utf-8")
        self.account.owned_directory(secret_directory)
        handed = secret_directory / "password"
        handed.write_text(password, encoding="utf-8")
        handed.chmod(0o644)
        return ["--auth=scram-sha-256", f"--pwfile={handed}"]


def _fits(directory: Path) -> bool:
    path = os.fsencode(directory / f".s.PGSQL.{_SOCKET_PORT}")
    return len(path) <= _LONGEST_SOCKET_PATH and b"," not in path  # libpq parts hosts at commas


def _private_among_strangers(directory: Path, account: Account) -> Path:
    """Make a directory where anyone may have made one of that name, or a link, before us."""
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        found = directory.lstat()
        ours = {os.geteuid(), account.user_id} if sys.platform != "win32" else {found.st_uid}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
            raise SetupNeeded(f"{directory} belongs to someone else: remove it") from None
    return account.owned_directory(directory)


def _locale(major: int) -> list[str]:
    """Choose code point order everywhere, with Unicode's letters where the system knows them."""
    if major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _runs(name: str, process_id: int) -> bool:
    """Say whether the process is the server of that name, and neither a stranger nor a zombie."""
    if sys.platform == "win32":
        question = ["tasklist", "/FI", f"PID eq {process_id}", "/NH"]
        return "postgres.exe" in _output(question)
    words = Path(f"/proc/{process_id}/cmdline")
    if Path("/proc/self/cmdline").exists():
        command = os.fsdecode(words.read_bytes()) if words.exists() else ""
    else:
        command = _output(["ps", "-ww", "-o", "command=", "-p", str(process_id)])
    return f"cluster_name={name}" in command


def _output(question: list[str]) -> str:
    return subprocess.run(question, capture_output=True, text=True, check=False).stdout  # noqa: S603


def _last_words(text: str) -> str:
    telling = re.findall(r"(?:LOG|FATAL|error):\s+(.*)", text) or text.strip().splitlines()
    return "; ".join(telling[-2:]) or "it said nothing"
