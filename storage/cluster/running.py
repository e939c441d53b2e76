"""The database to use, whoever runs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from storage.cluster.address import Database
from storage.cluster.lifetime import Cluster

if TYPE_CHECKING:
    from clutch.settings import Settings

__all__ = ["private_cluster", "running_database"]


@contextmanager
def running_database(settings: "Settings") -> Iterator[Database]:
    """Give a database that answers, for as long as the block lasts.

    With `database_url` that is the named server as it is. Without, it is the private one: started
    when it is down, and stopped again by the last process that leaves such a block, unless
    `clutch db start` asked for it to stay.

    Raises
    ------
    SetupNeeded
        PostgreSQL or PostGIS is missing; the message says what to install.
    ServerFailed
        The private server did not start.
    """
    if settings.database_url:
        owner_url = settings.database_owner_url or settings.database_url
        yield Database(url=settings.database_url, owner_url=owner_url)
        return
    with private_cluster(settings).used() as database:
        yield database


def private_cluster(settings: "Settings") -> Cluster:
    """Give the private cluster of `settings`, running or not."""
    return Cluster(settings.data_directory / "postgres")
