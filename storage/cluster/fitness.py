"""Whether a database may be served from: durable, and bound by row-level security."""

from typing import TYPE_CHECKING

from clutch.errors import SetupNeeded
from storage.cluster.configuration import DURABLE, durability_faults

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from clutch.settings import Settings

__all__ = ["assert_fit_to_serve"]


def assert_fit_to_serve(connection: "Connection", settings: "Settings") -> None:
    """Refuse a database that would lose acknowledged data, or (in production) an all-mighty role.

    Raises
    ------
    SetupNeeded
        `fsync`, `synchronous_commit` or `full_page_writes` is off; or in production the role of
        `connection` is a superuser or bypasses row-level security.
    """
    values = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in DURABLE}
    if faults := durability_faults(values):
        raise SetupNeeded(
            f"the database would lose acknowledged data in a crash ({', '.join(faults)}): "
            "turn these settings on"
        )
    if settings.environment != "production":
        return
    role, mighty = connection.exec_driver_sql(
        "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    ).one()
    if mighty:
        raise SetupNeeded(
            f"in production the role {role!r} may not serve, because row-level security does not "
            "bind it: name a role without SUPERUSER and BYPASSRLS in CLUTCH_DATABASE_URL"
        )
