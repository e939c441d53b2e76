"""What every benchmark is called with, and where it finds real data."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clutch.errors import SetupNeeded

__all__ = ["NAMES", "Options", "bench_data"]

NAMES = ("matching", "delivery", "forecast", "pricing", "replenishment", "live")


@dataclass(frozen=True, kw_only=True)
class Options:
    """`shops` in the table (matching), listening `clients` (live), the `seed` of every draw.

    `note` shows progress.
    """

    shops: int
    clients: int = 2_000
    seed: int
    note: Callable[[str], None]


def bench_data(file_name: str) -> Path:
    """Return the path of a real data file below the folder that `CLUTCH_BENCH_DATA` names.

    Raises
    ------
    SetupNeeded
        The variable is not set, or the file is not there.
    """
    folder = os.environ.get("CLUTCH_BENCH_DATA")
    if not folder:
        raise SetupNeeded("set CLUTCH_BENCH_DATA to the folder that holds the benchmark data")
    path = Path(folder) / file_name
    if not path.is_file():
        raise SetupNeeded(f"{file_name} is missing from CLUTCH_BENCH_DATA ({folder})")
    return path
