"""The import contracts hold, and they would notice a break."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, '.'); {command}", "--no-cache"],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )


def test_imports_run_one_way() -> None:
    assert lint(ROOT).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("storage/session.py", "import matching.ranking"),
        ("forecasting/metrics.py", "import pricing"),
        ("matching/ranking.py", "import sqlalchemy"),
        ("api/app.py", "import storage.tables.shops"),
    ],
)
def test_a_planted_break_is_caught(tmp_path: Path, module: str, line: str) -> None:
    house = tmp_path / "house"
    shutil.copytree(
        ROOT, house, ignore=shutil.ignore_patterns(".*", "docs", "tests", "dist", "__pycache__")
    )
    broken = house / module
    broken.write_text(f"{broken.read_text()}\n{line}\n")
    verdict = lint(house)
    assert verdict.returncode == 1
    assert "BROKEN" in verdict.stdout
