"""Every notebook runs from end to end."""

import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("*.py")))
def test_the_notebook_runs(name: str) -> None:
    run = subprocess.run(
        [sys.executable, str(NOTEBOOKS / name)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
