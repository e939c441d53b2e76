"""What commands that fill tables share: the owner's transaction, and a bar that shows progress."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import Connection, create_engine

from cli.connection import ready_database
from clutch.settings import settings
from storage.session import transaction

__all__ = ["ProgressBar", "owner_transaction", "progress_bar"]


@contextmanager
def owner_transaction() -> Iterator[Connection]:
    """Give the owner's connection to a ready database; commit at the end.

    Nothing is written when anything is raised. Statements may take as long as they need.

    Raises
    ------
    SetupNeeded
        A named database has another schema than this code.
    Unavailable
        The database does not answer.
    """
    with ready_database(settings()) as database:
        engine = create_engine(database.owner_url, pool_size=1)
        try:
            with transaction(engine) as session:
                yield session.connection()
        finally:
            engine.dispose()


class ProgressBar:
    """Shows what is being done, and how much of it is done where that is known."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def __call__(self, doing: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done; a total of 0 is not known."""
        self._progress.update(self._task, description=doing, completed=done, total=total or None)


@contextmanager
def progress_bar() -> Iterator[ProgressBar]:
    """Give a bar on standard error, which shows nothing unless that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield ProgressBar(progress)
