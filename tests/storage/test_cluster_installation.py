"""PostgreSQL found in made-up file systems, laid out as each system lays them out."""

from pathlib import Path

import pytest

from storage.cluster.installation import REQUIRED_EXTENSIONS, installations

LAYOUTS = {
    "Debian": ("usr/lib/postgresql/{}/bin", "usr/share/postgresql/{}"),
    "Fedora": ("usr/bin", "usr/share/pgsql"),
    "PGDG on Fedora": ("usr/pgsql-{}/bin", "usr/pgsql-{}/share"),
    "Arch": ("usr/bin", "usr/share/postgresql"),
    "Alpine": ("usr/libexec/postgresql{}", "usr/share/postgresql{}"),
    "Homebrew": ("opt/homebrew/opt/postgresql@{}/bin", "opt/homebrew/share/postgresql@{}"),
    "Postgres.app": (
        "Applications/Postgres.app/Contents/Versions/{}/bin",
        "Applications/Postgres.app/Contents/Versions/{}/share/postgresql",
    ),
    "Windows installer": ("Program Files/PostgreSQL/{}/bin", "Program Files/PostgreSQL/{}/share"),
}


def lay_out(root: Path, system: str, major: int, *, postgis: str | None = "3.4.0") -> Path:
    """Make a PostgreSQL that says its version and does nothing else."""
    bin_directory, share = (root / each.format(major) for each in LAYOUTS[system])
    bin_directory.mkdir(parents=True)
    for name in ("postgres", "initdb", "pg_ctl"):
        (bin_directory / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.4'\n")
        (bin_directory / name).chmod(0o755)
    (share / "extension").mkdir(parents=True)
    for name in REQUIRED_EXTENSIONS:
        version = postgis if name == "postgis" else "1.6"
        if version:
            control = share / "extension" / f"{name}.control"
            control.write_text(f"default_version = '{version}'\n")
    return bin_directory


@pytest.mark.parametrize("system", LAYOUTS)
def test_it_is_found_where_each_system_puts_it(tmp_path: Path, system: str) -> None:
    bin_directory = lay_out(tmp_path, system, 16)
    [found] = installations(tmp_path)
    assert (found.bin_directory, found.major, found.missing) == (bin_directory, 16, ())


def test_nothing_is_found_in_an_empty_system(tmp_path: Path) -> None:
    assert installations(tmp_path) == []


def test_the_newest_fit_one_comes_first(tmp_path: Path) -> None:
    lay_out(tmp_path, "Debian", 15)
    lay_out(tmp_path, "Homebrew", 16)
    lay_out(tmp_path, "Postgres.app", 17, postgis=None)
    found = installations(tmp_path)
    assert [each.major for each in found] == [16, 15, 17]
    assert found[-1].missing == ("postgis",)


def test_what_is_too_old_is_said(tmp_path: Path) -> None:
    lay_out(tmp_path, "Debian", 14)
    lay_out(tmp_path, "Homebrew", 17, postgis="3.2.7")
    missing = {each.major: each.missing for each in installations(tmp_path)}
    assert missing == {14: ("PostgreSQL 15 or newer",), 17: ("postgis 3.3 or newer",)}


def test_a_client_alone_is_no_server(tmp_path: Path) -> None:
    (lay_out(tmp_path, "Debian", 15) / "postgres").unlink()
    assert installations(tmp_path) == []


def test_a_server_that_cannot_be_run_is_passed_over(tmp_path: Path) -> None:
    (lay_out(tmp_path, "Debian", 15) / "postgres").chmod(0o644)
    assert installations(tmp_path) == []


def test_pg_config_is_asked_where_the_extensions_lie_elsewhere(tmp_path: Path) -> None:
    bin_directory = lay_out(tmp_path, "Debian", 15)
    (tmp_path / "usr/share/postgresql/15").rename(tmp_path / "share elsewhere")
    assert installations(tmp_path)[0].missing == REQUIRED_EXTENSIONS
    answers = bin_directory / "pg_config"
    answers.write_text(f"#!/bin/sh\necho '{tmp_path / 'share elsewhere'}'\n")
    answers.chmod(0o755)
    assert installations(tmp_path)[0].missing == ()
