"""Installing PostgreSQL with PostGIS where Clutch may, and saying how where it may not.

Reads/Writes: the system's packages, through `apt-get` alone.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from clutch.errors import ClutchError, SetupNeeded
from storage.cluster.installation import OLDEST_POSTGRESQL, Installation, installations

__all__ = ["InstallFailed", "fit_installation", "install", "what_to_install"]

_APT_OPTIONS = ("-q", "-y", "-o", "DPkg::Lock::Timeout=120")
_CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.d/clutch.conf")
_FAMILIES = {
    "debian": "sudo apt-get install postgresql-17-postgis-3     (or -16-, -15-: what yours offers)",
    "fedora": "sudo dnf install postgresql-server postgresql-contrib postgis",
    "suse": "sudo zypper install postgresql-server postgresql-contrib postgis",
    "arch": "sudo pacman -S postgresql postgis",
    "alpine": "sudo apk add postgresql postgresql-contrib postgis",
    "darwin": "brew install postgresql@17 postgis               (or Postgres.app)",
    "win32": "the installer of postgresql.org, then PostGIS in its Stack Builder",
}


class InstallFailed(ClutchError):
    """The system's package tool did not do as it was told; the message holds its last words."""


def install(say: Callable[[str], None]) -> None:
    """Install PostgreSQL with PostGIS from the system's packages; `say` tells what happens.

    Raises
    ------
    SetupNeeded
        Only a person can: the message says what to install on this system.
    InstallFailed
        `apt-get` failed.
    """
    found = installations()
    rights = _rights()
    if rights is None or shutil.which("apt-get") is None or "debian" not in _family():
        raise SetupNeeded(what_to_install(found))
    say("updating the list of packages")
    _run([*rights, "apt-get", *_APT_OPTIONS, "update"], tolerant=True)
    package = _package({each.major for each in found})
    if package is None:
        raise SetupNeeded(what_to_install(found))
    say(f"installing {package}")
    with _no_main_cluster(rights) if not found else nullcontext():
        _run(
            [
                *rights,
                *("env", "DEBIAN_FRONTEND=noninteractive"),
                *("apt-get", *_APT_OPTIONS, "install", "--no-install-recommends", package),
            ]
        )
    fit_installation()


def fit_installation(major: int | None = None) -> Installation:
    """Give the newest PostgreSQL that is fit, or the one of version `major`.

    Raises
    ------
    SetupNeeded
        There is none.
    """
    found = installations()
    fit = [each for each in found if not each.missing and major in (None, each.major)]
    if not fit:
        raise SetupNeeded(what_to_install(found, major=major))
    return fit[0]


def what_to_install(found: Sequence[Installation], *, major: int | None = None) -> str:
    """Say in one screen what this system lacks; `major` is that of a database already made."""
    lines = [f"Clutch needs PostgreSQL {OLDEST_POSTGRESQL} or newer with PostGIS 3.3 or newer."]
    if major is not None:
        lines = [
            f"The database was made by PostgreSQL {major}; it needs that version with PostGIS."
        ]
    lines += [
        f"  found PostgreSQL {each.major} in {each.bin_directory}"
        + (f", without {', '.join(each.missing)}" if each.missing else "")
        for each in found
    ]
    lines += ["", "Install it:", f"  {_advice()}", ""]
    if major is not None:
        lines += ["or delete the database:", "  clutch db reset", ""]
    lines += [
        "or run it in a container, from the directory of compose.yaml:",
        "  docker compose up --detach --wait",
        "  export CLUTCH_DATABASE_URL=postgresql://clutch_app:clutch@localhost:5433/clutch",
        "  export CLUTCH_DATABASE_OWNER_URL=postgresql://clutch_owner:clutch@localhost:5433/clutch",
        "",
        "or name a server of your own in CLUTCH_DATABASE_URL.",
    ]
    return "\n".join(lines)


def _advice() -> str:
    family = next((name for name in _family() if name in _FAMILIES), None)
    return _FAMILIES[family] if family else "\n  ".join(_FAMILIES.values())


def _family() -> list[str]:
    """Name this system and those it descends from, nearest first."""
    if sys.platform != "linux":
        return [sys.platform]
    release = Path("/etc/os-release")
    text = release.read_text(encoding="utf-8") if release.exists() else ""
    fields = dict(re.findall(r'^(ID|ID_LIKE)="?([^"\n]*)', text, flags=re.MULTILINE))
    return f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".split()


def _rights() -> list[str] | None:
    """Give what to write before a command to run it as root; None when that needs a password."""
    if sys.platform == "win32":
        return None
    if os.geteuid() == 0:
        return []
    asked = ["sudo", "--non-interactive"]
    if shutil.which("sudo") and not _done([*asked, "true"]).returncode:
        return asked
    return None


def _package(majors: set[int]) -> str | None:
    """Choose among the packages on offer: for a PostgreSQL that is here, else the newest."""
    listed = _done(["apt-cache", "pkgnames", "postgresql-"]).stdout.split()
    matches = [re.fullmatch(r"postgresql-(\d+)-postgis-3", name) for name in listed]
    offered = {int(match[1]) for match in matches if match and _has_candidate(match[0])}
    fit = {major for major in offered if major >= OLDEST_POSTGRESQL}
    if not fit:
        return None
    return f"postgresql-{max(fit & majors or fit)}-postgis-3"


def _has_candidate(package: str) -> bool:
    policy = _done(["apt-cache", "policy", package]).stdout
    return "Candidate:" in policy and "Candidate: (none)" not in policy


@contextmanager
def _no_main_cluster(rights: list[str]) -> Iterator[None]:
    """Keep Debian from making and starting a server of its own beside ours."""
    _run([*rights, "mkdir", "-p", str(_CREATE_CLUSTER.parent)])
    _run([*rights, "tee", str(_CREATE_CLUSTER)], given="create_main_cluster = false\n")
    try:
        yield
    finally:
        _run([*rights, "rm", "-f", str(_CREATE_CLUSTER)])


def _run(command: list[str], *, given: str | None = None, tolerant: bool = False) -> None:
    done = _done(command, given=given)
    if done.returncode and not tolerant:
        words = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise InstallFailed(f"`{' '.join(command)}` failed:\n  {words}")


def _done(command: list[str], *, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the system's own programs
        command,
        input=given or "",
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LC_ALL": "C"},  # what they say is read here
    )
