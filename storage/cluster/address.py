"""Where a server listens, and the URLs that follow. Pure."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

__all__ = ["APPLICATION_ROLE", "DATABASE", "OWNER_ROLE", "Address", "Database"]

DATABASE = "clutch"
OWNER_ROLE = "clutch_owner"
APPLICATION_ROLE = "clutch_app"


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database to use, as SQLAlchemy URLs.

    `url` is for serving: its role owns nothing. `owner_url` is for migrations and bulk loads: its
    role owns the tables.
    """

    url: str = field(repr=False)
    owner_url: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Address:
    """A socket directory, or a host with a password, and the port there.

    Examples
    --------
    >>> Address(host="/home/mona/my shop/socket", port=5432).url("clutch_app")
    'postgresql+psycopg://clutch_app@/clutch?host=%2Fhome%2Fmona%2Fmy%20shop%2Fsocket&port=5432'
    """

    host: str
    port: int
    password: str | None = field(default=None, repr=False)

    def url(self, role: str, database: str = DATABASE) -> str:
        """Give the URL of `database` for `role`."""
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        place = urlencode({"host": self.host, "port": self.port}, quote_via=quote, safe="")
        return f"postgresql+psycopg://{role}{secret}@/{quote(database)}?{place}"

    def database(self) -> Database:
        """Give the product's own database here."""
        return Database(url=self.url(APPLICATION_ROLE), owner_url=self.url(OWNER_ROLE))
