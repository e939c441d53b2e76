"""File locks that end with their process, however it ends.

A lock belongs to the open file, so a forked child keeps its parent's share until both are gone.
"""

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clutch.errors import SetupNeeded, Unavailable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["exclusive", "is_shared", "share"]

_POLL_SECONDS = 0.02
_BYTES = 0x7FFFFFFF


@contextmanager
def exclusive(path: Path, *, timeout_seconds: float) -> Iterator[None]:
    """Hold `path` alone; wait for whoever holds it.

    Raises
    ------
    Unavailable
        Somebody held it for `timeout_seconds`.
    """
    descriptor = _opened(path)
    try:
        deadline = time.monotonic() + timeout_seconds
        while not _locked(descriptor, shared=False):
            if time.monotonic() > deadline:
                raise Unavailable(f"the lock {path}")
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def share(path: Path) -> int:
    """Hold `path` together with others; `os.close` the returned descriptor to let go."""
    descriptor = _opened(path)
    while not _locked(descriptor, shared=True):
        time.sleep(_POLL_SECONDS)
    return descriptor


def is_shared(path: Path) -> bool:
    """Say whether any process holds a share of `path`."""
    if not path.exists():
        return False
    descriptor = _opened(path)
    try:
        return not _locked(descriptor, shared=False)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise SetupNeeded(
            f"cannot write {path} ({error.strerror}): set CLUTCH_DATA_DIRECTORY to a directory "
            "of your own"
        ) from error


def _locked(descriptor: int, *, shared: bool) -> bool:
    try:
        if sys.platform == "win32":
            # Windows has no shared locks here: each sharer takes one byte, `exclusive` takes all.
            os.lseek(descriptor, random.randrange(_BYTES) if shared else 0, os.SEEK_SET)  # noqa: S311 - no secret
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1 if shared else _BYTES)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
