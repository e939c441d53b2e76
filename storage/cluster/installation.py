"""Finding a PostgreSQL with PostGIS among the places where systems put it.

Reads the file system and asks each `postgres --version`; changes nothing.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["OLDEST_POSTGRESQL", "REQUIRED_EXTENSIONS", "Installation", "installations"]

OLDEST_POSTGRESQL = 15
OLDEST_POSTGIS = (3, 3)
REQUIRED_EXTENSIONS = ("postgis", "intarray", "pg_trgm")

_SUFFIX = ".exe" if os.name == "nt" else ""
_PROGRAMS = ("postgres", "initdb", "pg_ctl")
_BIN_DIRECTORIES = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # the PostgreSQL project's packages for Fedora and its kin
    "usr/bin",  # Fedora, Arch
    "usr/libexec/postgresql*",  # Alpine
    "usr/local/pgsql/bin",  # built from source
    "opt/homebrew/opt/postgresql@*/bin",  # Homebrew on Apple silicon
    "usr/local/opt/postgresql@*/bin",  # Homebrew on Intel
    "home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
    "Program Files/PostgreSQL/*/bin",  # the Windows installer
)
_SHARE_DIRECTORIES = (
    "../../../../share/postgresql/{major}",  # Debian, Ubuntu
    "../share/postgresql",  # Arch, Postgres.app
    "../share/pgsql",  # Fedora
    "../share",  # the project's packages, the Windows installer
    "../../share/postgresql{major}",  # Alpine
    "../../../share/postgresql@{major}",  # Homebrew
)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One PostgreSQL on this machine; `missing` names what it lacks (empty when it is fit)."""

    bin_directory: Path
    major: int
    missing: tuple[str, ...]

    def program(self, name: str) -> str:
        """Give the path of `initdb`, `pg_ctl` or `postgres`."""
        return str(self.bin_directory / f"{name}{_SUFFIX}")


def installations(root: Path | None = None) -> list[Installation]:
    """List what is installed: fit ones first, then newest first.

    `root` looks under another directory than the file system's own, and leaves `PATH` aside.
    """
    places = _known(root or Path(Path.cwd().anchor))
    if root is None:
        places = [*places, *_on_path()]
    found = [_described(place) for place in dict.fromkeys(places) if _is_server(place)]
    return sorted(
        (each for each in found if each is not None),
        key=lambda each: (not each.missing, each.major),
        reverse=True,
    )


def _known(root: Path) -> list[Path]:
    return [place for pattern in _BIN_DIRECTORIES for place in sorted(root.glob(pattern))]


def _on_path() -> Iterator[Path]:
    if server := shutil.which("postgres"):
        yield Path(server).resolve().parent
    if configuration := shutil.which("pg_config"):
        yield Path(_answer(configuration, "--bindir"))


def _is_server(place: Path) -> bool:
    return all((place / f"{name}{_SUFFIX}").is_file() for name in _PROGRAMS)


def _described(place: Path) -> Installation | None:
    version = re.search(r"\(PostgreSQL\) (\d+)", _answer(str(place / "postgres"), "--version"))
    if version is None:
        return None
    major = int(version[1])
    return Installation(bin_directory=place, major=major, missing=tuple(_lacks(place, major)))


def _lacks(place: Path, major: int) -> Iterator[str]:
    if major < OLDEST_POSTGRESQL:
        yield f"PostgreSQL {OLDEST_POSTGRESQL} or newer"
    controls = {name: _control_text(place, major, name) for name in REQUIRED_EXTENSIONS}
    yield from (name for name, text in controls.items() if not text)
    version = re.search(r"default_version = '(\d+)\.(\d+)", controls["postgis"])
    if version and (int(version[1]), int(version[2])) < OLDEST_POSTGIS:
        yield "postgis {}.{} or newer".format(*OLDEST_POSTGIS)


def _control_text(place: Path, major: int, extension: str) -> str:
    for share in _share_directories(place, major):
        control = share / "extension" / f"{extension}.control"
        if control.is_file():
            return control.read_text(encoding="utf-8")
    return ""


def _share_directories(place: Path, major: int) -> Iterator[Path]:
    for pattern in _SHARE_DIRECTORIES:
        # Lexically: Homebrew's `opt/postgresql@17` is a link, and `..` means the link's parent.
        yield Path(os.path.normpath(place / pattern.format(major=major)))
    configuration = place / f"pg_config{_SUFFIX}"
    if configuration.is_file():
        yield Path(_answer(str(configuration), "--sharedir"))


def _answer(program: str, option: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a program of the installation itself
            [program, option], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
