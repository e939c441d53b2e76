"""Who runs the server: PostgreSQL refuses root, so root hands it to an unprivileged user."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clutch.errors import SetupNeeded

if sys.platform != "win32":
    import pwd

__all__ = ["Account", "server_account"]

_PREFERRED = ("postgres", "clutch")


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user of this machine; `None` ids mean the one who runs this process."""

    name: str = "you"
    user_id: int | None = None
    group_id: int | None = None

    def run_options(self, directory: Path) -> dict[str, Any]:
        """Give the arguments that make `subprocess` run a program as this user in `directory`."""
        options: dict[str, Any] = {"cwd": directory, "env": _environment()}
        if self.user_id is not None:
            options |= {"user": self.user_id, "group": self.group_id, "extra_groups": []}
        return options

    def owned_directory(self, path: Path) -> Path:
        """Make `path` a directory that only this user (and root) can enter."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.user_id is not None and self.group_id is not None:
            os.chown(path, self.user_id, self.group_id)
        path.chmod(0o700)
        return path

    def can_use(self, directory: Path) -> bool:
        """Say whether this user can write in `directory`, given all the directories above it."""
        if self.user_id is None:
            return os.access(directory, os.W_OK | os.X_OK)
        question = ["/bin/sh", "-c", 'test -w "$1" && test -x "$1"', "sh", str(directory)]
        # Asked from the root, as `subprocess` itself fails where this user cannot enter.
        options = self.run_options(Path(directory.anchor))
        return subprocess.run(question, check=False, **options).returncode == 0  # noqa: S603


def server_account(data: Path) -> Account:
    """Choose who runs the server whose data is, or will be, in `data`.

    Raises
    ------
    SetupNeeded
        `data` belongs to someone else, or root finds no user to hand the server to.
    """
    if sys.platform == "win32":
        return Account()
    owner_id = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner_id not in (None, os.geteuid()):
            raise SetupNeeded(
                f"the database in {data} belongs to user {_name(owner_id)}: run this as that user "
                "or as root, or set CLUTCH_DATA_DIRECTORY to a directory of your own"
            )
        return Account()
    return _known(owner_id) if owner_id else _unprivileged()


def _unprivileged() -> Account:
    if sys.platform == "win32":
        return Account()
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    name = next((name for name in _PREFERRED if name in known), None)
    if name is None:
        name = _PREFERRED[-1]
        _add_user(name)
    entry = pwd.getpwnam(name)
    return Account(name=entry.pw_name, user_id=entry.pw_uid, group_id=entry.pw_gid)


def _known(user_id: int) -> Account:
    if sys.platform == "win32":
        return Account()
    try:
        entry = pwd.getpwuid(user_id)
    except KeyError:
        raise SetupNeeded(
            f"the database belongs to user {user_id}, whom this machine does not know: set "
            "CLUTCH_DATA_DIRECTORY to another directory"
        ) from None
    return Account(name=entry.pw_name, user_id=entry.pw_uid, group_id=entry.pw_gid)


def _add_user(name: str) -> None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        raise SetupNeeded(f"PostgreSQL refuses to run as root: add a user {name!r} and try again")
    subprocess.run(  # noqa: S603 - the system's own program
        [useradd, "--system", "--user-group", "--no-create-home", name], check=True
    )


def _name(user_id: int | None) -> str:
    if sys.platform == "win32" or user_id is None:
        return "unknown"
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return str(user_id)


def _environment() -> dict[str, str]:
    # PGDATA, PGPORT and the like steer PostgreSQL's own programs; C keeps its messages in English.
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C"}
