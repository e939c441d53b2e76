"""Frames from and to files, for the commands that work without a database.

CSV or Parquet by suffix. A file is written beside its place and renamed into it, so a reader never
sees half of one.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from clutch.errors import InvalidInput

__all__ = ["check_output", "read_frame", "write_frame", "write_whole"]

_TABLES = (".csv", ".parquet")


def read_frame(path: Path, *, name: str, text: Sequence[str] = ()) -> pl.DataFrame:
    """Return the table that the CSV or Parquet file at `path` holds.

    Dates in a CSV file are read as dates. The columns named in `text` are read as text from a CSV
    file, so that the part number 00123 keeps its zeros. `name` opens every message.

    Raises
    ------
    InvalidInput
        There is no such file, its suffix is another, or it does not hold a table; or a CSV file
        holds no rows.
    """
    _check_suffix(path, _TABLES, field=name)
    if not path.is_file():
        raise InvalidInput(name, "a file that exists", found=str(path))
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        frame = pl.read_csv(
            path,
            try_parse_dates=True,
            infer_schema_length=None,
            schema_overrides=dict.fromkeys(text, pl.String),
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        kind = path.suffix[1:].upper() if path.suffix == ".csv" else "Parquet"
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InvalidInput(
            name, f"a readable {kind} table with a header in {path}", found=reason
        ) from error
    if frame.is_empty():  # what its columns hold is not known, so nothing else could be said
        raise InvalidInput(name, "rows below the header", found=f"none in {path}")
    return frame


def check_output(path: Path, *, field: str, suffixes: Sequence[str] = _TABLES) -> None:
    """Raise InvalidInput unless `path` can become a file of one of `suffixes`.

    Called before the long work, so that a wrong path costs no time.
    """
    _check_suffix(path, suffixes, field=field)
    folder = path.parent
    if path.is_dir():
        raise InvalidInput(field, "a file, not a folder", found=str(path))
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InvalidInput(
            field, "a file in a folder that exists and can be written", found=str(path)
        )


def write_frame(path: Path, frame: pl.DataFrame, *, field: str = "--out") -> None:
    """Write `frame` to `path` as CSV or Parquet, whole or not at all.

    Raises
    ------
    InvalidInput
        The suffix is another, or the file cannot be written; `field` opens the message.
    """
    check_output(path, field=field)
    is_parquet = path.suffix.lower() == ".parquet"
    write_whole(path, frame.write_parquet if is_parquet else frame.write_csv, field=field)


def write_whole(path: Path, write: Callable[[Path], object], *, field: str) -> None:
    """Let `write` fill a file beside `path`, then rename it to `path`; leave nothing on failure."""
    part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(part)
        part.replace(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InvalidInput(
            field, "a file that can be written", found=f"{path} ({error})"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _check_suffix(path: Path, suffixes: Sequence[str], *, field: str) -> None:
    if path.suffix.lower() not in suffixes:
        raise InvalidInput(field, f"a file ending in {' or '.join(suffixes)}", found=path.name)
