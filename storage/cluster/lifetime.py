"""When the private server runs: from the first process that needs it to the last that leaves.

Processes agree through files in the directory: `start.lock` is held while someone starts or stops
the server, `users.lock` is shared by all who use it, `keep` says that it was asked to stay.
A process that is killed drops its share; the server is then stopped by the next one that leaves.
"""

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from clutch.errors import SetupNeeded, Unavailable
from storage.cluster import locks
from storage.cluster.account import Account, server_account
from storage.cluster.address import Database
from storage.cluster.server import Server

if TYPE_CHECKING:
    from storage.cluster.provision import Facts

__all__ = ["Cluster", "Status"]

_LOCK_SECONDS = 360
_DYING_SECONDS = 10
_FALLBACK = Path("/var/lib/clutch")


@dataclass(frozen=True, kw_only=True)
class Status:
    """What is known of a cluster; the last three only while it runs."""

    made: bool
    running: bool
    kept: bool
    in_use: bool
    data: Path
    log: Path
    process_id: int | None = None
    database: Database | None = None
    facts: "Facts | None" = None


class Cluster:
    """The private server whose files are in `directory`; nothing happens until it is asked to.

    `on_tcp` listens on a free port of 127.0.0.1 with a password, as Windows must. `fallback` is
    where root puts the data when the server's user cannot reach `directory`.
    """

    def __init__(
        self, directory: Path, *, on_tcp: bool = os.name == "nt", fallback: Path = _FALLBACK
    ) -> None:
        self.directory = directory.resolve()
        self._on_tcp = on_tcp
        self._fallback = fallback
        self._start_lock = self.directory / "start.lock"
        self._users_lock = self.directory / "users.lock"
        self._keep = self.directory / "keep"
        self._elsewhere = self.directory / "elsewhere"
        self._log = self.directory / "server.log"

    def start(self) -> Database:
        """Start the server, if it is down, and let it run until `stop`."""
        with self._alone():
            database = self._run()
            self._keep.touch()
        return database

    @contextmanager
    def used(self) -> Iterator[Database]:
        """Give the running server for as long as the block lasts; the last to leave stops it."""
        with self._alone():
            place = locks.share(self._users_lock)
            try:
                database = self._run()
            except BaseException:
                os.close(place)
                raise
        try:
            yield database
        finally:
            with self._alone():
                os.close(place)
                self._stop_unless_wanted()

    def stop(self, *, now: bool = False) -> bool:
        """Let the server stop: at once when nobody uses it or `now`, else with its last user.

        Gives whether it is down on return.
        """
        if not self.directory.exists():
            return True
        with self._alone():
            self._keep.unlink(missing_ok=True)
            if not now:
                return self._stop_unless_wanted()
            if server := self._server_if_made():
                server.stop()
            return True

    def reset(self) -> None:
        """Delete the database with all that is in it, and stop the server if it runs."""
        if not self.directory.exists():
            return
        with self._alone():
            self._keep.unlink(missing_ok=True)
            if server := self._server_if_made():
                server.stop()
                server.delete()
                if server.home != self.directory:
                    shutil.rmtree(server.home)
            for file in (self._elsewhere, self._log):
                file.unlink(missing_ok=True)

    def status(self) -> Status:
        """Say how the cluster is, changing nothing."""
        server = self._server_if_made()
        process_id = server.process_id() if server else None
        status = Status(
            made=server is not None,
            running=process_id is not None,
            kept=self._keep.exists(),
            in_use=locks.is_shared(self._users_lock),
            data=self._home() / "data",
            log=self._log,
            process_id=process_id,
        )
        if server is None or process_id is None:
            return status
        database = server.address().database()
        facts = _provision().facts(database.owner_url)
        return replace(status, database=database, facts=facts)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupNeeded(
                f"cannot make {self.directory} ({error.strerror}): set CLUTCH_DATA_DIRECTORY to a "
                "directory of your own"
            ) from error
        with locks.exclusive(self._start_lock, timeout_seconds=_LOCK_SECONDS):
            yield

    def _run(self) -> Database:
        server = self._server_if_made() or self._made()
        deadline = time.monotonic() + _DYING_SECONDS
        while True:
            server.start()
            try:
                address = server.address()
                _provision().provide(address)
            except Unavailable:  # it was just killed, and its process has not quite gone
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return address.database()

    def _stop_unless_wanted(self) -> bool:
        if self._keep.exists() or locks.is_shared(self._users_lock):
            return False
        if server := self._server_if_made():
            server.stop()
        return True

    def _server_if_made(self) -> Server | None:
        home = self._home()
        if not (home / "data").exists():
            return None
        return self._server(home, server_account(home / "data"))

    def _made(self) -> Server:
        account = server_account(self.directory / "data")
        home = self.directory
        if not _reaches(account, home):
            self._elsewhere.write_text(secrets.token_hex(8), encoding="ascii")
            home = self._home()
            for each in (home.parent, home):
                each.mkdir(exist_ok=True, parents=True)
                each.chmod(0o755)
        server = self._server(home, account)
        server.initialise()
        return server

    def _server(self, home: Path, account: Account) -> Server:
        return Server(home=home, log=self._log, account=account, on_tcp=self._on_tcp)

    def _home(self) -> Path:
        """Give where the data is; elsewhere under a key of this very directory, not of a copy."""
        if not self._elsewhere.exists():
            return self.directory
        key = os.fsencode(self.directory) + self._elsewhere.read_bytes()
        return self._fallback / hashlib.sha256(key).hexdigest()[:12]


def _reaches(account: Account, directory: Path) -> bool:
    probe = directory / "data.probe"
    try:
        return account.can_use(account.owned_directory(probe))
    except OSError:
        return False  # a file system without owners, such as a mounted share
    finally:
        if probe.exists():
            probe.rmdir()


def _provision() -> ModuleType:
    # Not at the top: the driver takes longer to import than `clutch db install` may last.
    from storage.cluster import provision

    return provision
