"""Installing on made-up systems: every program on `PATH` is a script that notes its call."""

import os
from pathlib import Path

import pytest

from clutch.errors import SetupNeeded
from storage.cluster import packages
from storage.cluster.installation import Installation
from storage.cluster.packages import InstallFailed, fit_installation, install, what_to_install

FIT = Installation(bin_directory=Path("/usr/lib/postgresql/15/bin"), major=15, missing=())
BARE = Installation(
    bin_directory=Path("/usr/lib/postgresql/15/bin"), major=15, missing=("postgis",)
)
OFFERED = "postgresql-15-postgis-3 postgresql-14-postgis-3 postgresql-16-postgis-3 postgresql-15"


class Machine:
    """A system with `apt-get`, whose PostgreSQL becomes fit once it ran."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = directory
        self.calls_file = directory / "calls"
        self.found: list[Installation] = []
        self.said: list[str] = []
        monkeypatch.setenv("PATH", str(directory))
        monkeypatch.setattr(packages, "installations", self.installations)
        self._set = monkeypatch.setattr
        self.system("debian")
        self.user(0)
        for name in ("apt-get", "mkdir", "tee", "rm", "env"):
            self.program(name)
        self.program("apt-cache", f'[ "$1" = policy ] && echo Candidate: 1 || echo "{OFFERED}"')

    def program(self, name: str, script: str = "exit 0") -> None:
        path = self.directory / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.calls_file}"\n{script}\n')
        path.chmod(0o755)

    def system(self, name: str) -> None:
        self._set(packages, "_family", lambda: [name])

    def user(self, user_id: int) -> None:
        self._set(os, "geteuid", lambda: user_id)

    def installations(self) -> list[Installation]:
        return [FIT] if any(" install " in call for call in self.calls()) else self.found

    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def installed(self) -> list[str]:
        return [call.split()[-1] for call in self.calls() if " install " in call]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_root_on_debian_installs_the_newest_on_offer(machine: Machine) -> None:
    install(machine.said.append)
    assert machine.installed() == ["postgresql-16-postgis-3"]
    assert machine.said == ["updating the list of packages", "installing postgresql-16-postgis-3"]


def test_a_postgresql_that_is_there_gets_its_own_postgis(machine: Machine) -> None:
    machine.found = [BARE]
    install(machine.said.append)
    assert machine.installed() == ["postgresql-15-postgis-3"]
    assert not any(call.startswith("tee") for call in machine.calls())


def test_no_second_server_is_started_beside_ours(machine: Machine) -> None:
    install(machine.said.append)
    words = [call.split()[0] for call in machine.calls() if not call.startswith("apt")]
    assert words == ["mkdir", "tee", "env", "rm"]


def test_nobody_is_asked_anything(machine: Machine) -> None:
    install(machine.said.append)
    [call] = [call for call in machine.calls() if " install " in call]
    assert call.startswith("env DEBIAN_FRONTEND=noninteractive apt-get -q -y ")


def test_sudo_without_a_password_will_do(machine: Machine) -> None:
    machine.user(1000)
    machine.program("sudo")
    install(machine.said.append)
    assert machine.installed() == ["postgresql-16-postgis-3"]
    changing = [call for call in machine.calls() if not call.startswith("apt-cache")]
    assert all(call.startswith("sudo --non-interactive ") for call in changing)


@pytest.mark.parametrize("sudo", ["exit 1", None])
def test_without_rights_a_person_is_told_what_to_do(machine: Machine, sudo: str | None) -> None:
    machine.user(1000)
    if sudo:
        machine.program("sudo", sudo)
    with pytest.raises(SetupNeeded, match="sudo apt-get install postgresql-"):
        install(machine.said.append)
    assert machine.installed() == []


def test_when_nothing_new_enough_is_on_offer_a_person_is_told(machine: Machine) -> None:
    machine.program("apt-cache", "echo postgresql-14-postgis-3")
    with pytest.raises(SetupNeeded, match=r"compose\.yaml"):
        install(machine.said.append)


def test_a_package_without_a_candidate_is_not_chosen(machine: Machine) -> None:
    machine.program(
        "apt-cache",
        f'case "$*" in *16*) echo "Candidate: (none)";; policy*) echo "Candidate: 1";;'
        f' *) echo "{OFFERED}";; esac',
    )
    install(machine.said.append)
    assert machine.installed() == ["postgresql-15-postgis-3"]


def test_apt_gets_last_words_are_passed_on(machine: Machine) -> None:
    machine.program("env", "echo 'E: Unable to fetch some archives' >&2; exit 100")
    with pytest.raises(InstallFailed, match="Unable to fetch some archives"):
        install(machine.said.append)


def test_an_update_that_fails_does_not_end_the_attempt(machine: Machine) -> None:
    machine.program("apt-get", "exit 100")
    install(machine.said.append)
    assert machine.installed() == ["postgresql-16-postgis-3"]


@pytest.mark.parametrize(
    ("system", "advice"),
    [
        ("fedora", "dnf install"),
        ("arch", "pacman"),
        ("alpine", "apk add"),
        ("darwin", "brew install"),
        ("win32", "Stack Builder"),
        ("plan9", "brew install"),
    ],
)
def test_other_systems_get_one_screen(machine: Machine, system: str, advice: str) -> None:
    machine.system(system)
    with pytest.raises(SetupNeeded) as refused:
        install(machine.said.append)
    text = str(refused.value)
    assert advice in text
    assert "docker compose up" in text
    assert len(text.splitlines()) <= 24
    assert max(map(len, text.splitlines())) <= 100
    assert machine.calls() == []


def test_what_was_found_is_said() -> None:
    text = what_to_install([BARE])
    assert "found PostgreSQL 15 in /usr/lib/postgresql/15/bin, without postgis" in text


def test_data_of_a_version_that_is_gone_asks_for_that_version(machine: Machine) -> None:
    machine.found = [FIT]
    assert fit_installation() == FIT
    with pytest.raises(SetupNeeded, match="made by PostgreSQL 14") as refused:
        fit_installation(14)
    assert "clutch db reset" in str(refused.value)
