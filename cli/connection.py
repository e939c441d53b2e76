"""A database ready for a command: running, and with the schema this code knows."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from clutch.errors import SetupNeeded, Unavailable
from clutch.settings import Settings
from storage.cluster import Database, running_database
from storage.session import PLATFORM, open_engine, transaction
from storage.upgrade import current_revision, head_revision, upgrade

__all__ = ["one_transaction", "ready_database"]


@contextmanager
def ready_database(settings: Settings) -> Iterator[Database]:
    """Give the database of `settings` for as long as the block lasts.

    The private database is brought to the newest schema; a named one is left as it is.

    Raises
    ------
    SetupNeeded
        A named database has another schema than this code.
    Unavailable
        It does not answer.
    """
    with running_database(settings) as database:
        if _revision(database.url) != head_revision():
            if settings.database_url:
                raise SetupNeeded("the database has another schema: run `clutch db upgrade` first")
            upgrade(database.owner_url)
        yield database


@contextmanager
def one_transaction(url: str) -> Iterator[Session]:
    """Give a session on the database at `url`; commit at the end, and hang up.

    Raises
    ------
    Unavailable
        It does not answer.
    """
    engine = open_engine(url, connections=1)
    try:
        with transaction(engine, PLATFORM) as session:
            yield session
    finally:
        engine.dispose()


def _revision(url: str) -> str | None:
    engine = open_engine(url, connections=1)
    try:
        with engine.connect() as connection:
            return current_revision(connection)
    except OperationalError as error:
        raise Unavailable("the database") from error
    finally:
        engine.dispose()
