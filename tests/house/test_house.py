"""The house itself: its lists agree, its documents are complete, and the wheel holds all of it."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from clutch.settings import Settings

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCUMENTS = "\n".join(page.read_text() for page in PAGES)
COMMANDS = re.findall(
    r'^    "([a-z]+)": "cli\.', (ROOT / "cli" / "main.py").read_text(), re.MULTILINE
)


def test_every_room_is_in_every_list_that_names_the_rooms() -> None:
    tools = PROJECT["tool"]
    assert set(ROOMS) == {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert tools["mypy"]["packages"] == ROOMS
    assert tools["importlinter"]["root_packages"] == ROOMS
    assert tools["ruff"]["lint"]["isort"]["known-first-party"] == ROOMS
    assert [room for room in ROOMS if not (ROOT / room / "py.typed").exists()] == []


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"CLUTCH_{name.upper()}" in DOCUMENTS


def test_the_commands_are_found() -> None:
    assert {"db", "match", "serve", "forecast"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_and_helps(name: str) -> None:
    assert f"clutch {name}" in DOCUMENTS
    helped = subprocess.run(
        [sys.executable, "-c", "from cli.main import run; run()", name, "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert "Usage" in helped.stdout


def test_every_link_between_documents_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_lock_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--hash=sha256:" in lock


@pytest.mark.slow
def test_the_wheel_holds_every_room_and_runs_alone(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == set(ROOMS)
    assert "storage/migrations/versions/0001_matching.py" in names
    alone = tmp_path / "alone"
    zipfile.ZipFile(wheel).extractall(alone)
    script = (
        f"import sys; sys.path.insert(0, {str(alone)!r})\n"
        "import api.app, cli.main\n"
        f"assert api.app.__file__.startswith({str(alone)!r})\n"
        "cli.main.run(['--help'])"
    )
    helped = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert helped.returncode == 0, helped.stderr
    assert "match" in helped.stdout
