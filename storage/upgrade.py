"""Brings a database to a revision of its schema, up or down, in one transaction.

Writes: every table. Two upgrades at once are safe: the second waits, then finds nothing to do.
"""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

__all__ = ["current_revision", "downgrade", "head_revision", "upgrade"]

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x636C7574  # "clut": one upgrade at a time in a database


def upgrade(url: str, revision: str = "head") -> None:
    """Apply the migrations up to `revision` to the database at `url`, as the role that owns it."""
    _migrate(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Undo the migrations above `revision` (`base`: all of them); data they held is dropped."""
    _migrate(url, lambda config: command.downgrade(config, revision))


def current_revision(connection: Connection) -> str | None:
    """Return the revision the database is at, or None when it has no schema yet."""
    return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """Return the newest revision this code knows."""
    return str(ScriptDirectory(str(_MIGRATIONS)).get_current_head())


def _migrate(url: str, act: Callable[[Config], None]) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(_MIGRATIONS))
            act(config)
    finally:
        engine.dispose()
