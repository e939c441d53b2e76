"""What the person who runs Clutch may choose, each from an environment variable `CLUTCH_...`.

`docs/configuration.md` explains them one by one. Reads the environment, nothing else.
"""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from clutch.errors import InvalidInput

__all__ = ["Settings", "settings"]

_PREFIX = "CLUTCH_"
_SCHEMES = ("postgresql+psycopg://", "postgresql://", "postgres://")
_PRIVATE = {
    "payment_provider_key",
    "payment_return_url",
    "payment_webhook_secrets",
    "database_url",
    "database_owner_url",
    "service_key",
    "token_key",
    "redis_url",
    "smtp_url",
    "webhook_keys",
}
_web_address = TypeAdapter(HttpUrl)
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://[!-~]+")
_OF_BROWSERS = ("javascript", "vbscript", "data", "blob", "file", "about")


def _for_psycopg(url: str) -> str:
    scheme = next((scheme for scheme in _SCHEMES if url.startswith(scheme)), None)
    if scheme is None:
        raise ValueError
    return _SCHEMES[0] + url.removeprefix(scheme)


def _for_redis(url: str) -> str:
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError
    return url


def _for_mail(url: str) -> str:
    if not url.startswith(("smtp://", "smtps://")) or not urlsplit(url).hostname:
        raise ValueError
    return url


def _networks(listed: str) -> str:
    for network in listed.split(","):
        ip_network(network.strip())
    return listed


def _long_keys(listed: SecretStr) -> SecretStr:
    keys = listed.get_secret_value().split()
    if not keys or any(len(key) < _KEY_LENGTH for key in keys):
        raise ValueError
    return listed


def _rising_minutes(listed: object) -> object:
    """Read `10,30` as numbers; each is later than the one before."""
    if not isinstance(listed, str):
        return listed
    minutes = tuple(int(each) for each in listed.split(","))
    if list(minutes) != sorted({*minutes}) or minutes[0] < 1:
        raise ValueError
    return minutes


def _web(url: str) -> str:
    _web_address.validate_python(url)
    return url.rstrip("/")


def _way_back(url: str, info: ValidationInfo) -> str:
    """Check a page of the web, in production with TLS, or the address of an app."""
    found = _ADDRESS.fullmatch(url)
    if found is None or "#" in url or urlsplit(url).username is not None:
        raise ValueError
    scheme = found[1]
    if scheme in ("http", "https"):
        _web_address.validate_python(url)
    plain_in_production = scheme == "http" and info.data.get("environment") == "production"
    if plain_in_production or scheme in _OF_BROWSERS:
        raise ValueError
    return url


def _setting(default: Any, expected: str, **constraints: Any) -> Any:
    """Give a field whose error says `expected`."""
    return Field(default, json_schema_extra={"expected": expected}, **constraints)


def _origins(listed: Any) -> Any:
    """Read a list of web origins as people write it: with commas between."""
    split = listed.split(",") if isinstance(listed, str) else listed
    return tuple(origin.strip().rstrip("/") for origin in split if origin.strip())


_DatabaseUrl = Annotated[str, AfterValidator(_for_psycopg)]
_DATABASE = "a URL such as postgresql://user:password@host:5432/clutch"
_COUNT = "a whole number, 1 to 256"
_KEY_LENGTH = 32


class Settings(BaseSettings):
    """The choices of one process; they never change while it runs.

    Examples
    --------
    >>> Settings(port=9000).port
    9000
    >>> Settings(database_url="postgres://db.example/clutch").database_url
    'postgresql+psycopg://db.example/clutch'
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_ignore_empty=True, frozen=True)

    environment: Literal["development", "production"] = _setting(
        "development", "development or production"
    )
    """`production` refuses what only a developer's machine may do."""

    data_directory: Path = _setting(Path(".clutch"), "a directory")
    """Where the private database, the models and the logs live."""

    database_url: _DatabaseUrl | None = _setting(None, _DATABASE, repr=False)
    """A server to use instead of the private one, as the role that serves."""

    database_owner_url: _DatabaseUrl | None = _setting(None, _DATABASE, repr=False)
    """The same database as the role that owns the tables; `database_url` when left out."""

    service_key: SecretStr | None = _setting(None, "16 characters or more", min_length=16)
    """A key that the order service may call with, besides those kept in the database."""

    token_key: SecretStr | None = _setting(None, "32 characters or more", min_length=32)
    """What access tokens are signed with; changing it logs everybody out of their last minutes."""

    webhook_keys: Annotated[SecretStr, AfterValidator(_long_keys)] | None = _setting(
        None, "keys of 32 characters or more with spaces between, the newest first"
    )
    """What partners' secrets are sealed with in the database; the token key when left out."""

    redis_url: Annotated[str, AfterValidator(_for_redis)] | None = _setting(
        None, "a URL such as redis://localhost:6379/0", repr=False
    )
    """A Redis that several processes share: rate limits and hints of news go through it."""

    rate_limits: Literal["on", "off"] = _setting("on", "on or off")
    """`off` lets a simulation or a test of load ask as often as it likes."""

    trusted_proxies: Annotated[str, AfterValidator(_networks)] | None = _setting(
        None, "addresses or networks with commas between, as 10.0.0.0/8,192.0.2.7"
    )
    """The proxies whose word on a caller's address (`X-Forwarded-For`) is taken."""

    smtp_url: Annotated[str, AfterValidator(_for_mail)] | None = _setting(
        None, "a URL such as smtp://user:password@host:587", repr=False
    )
    """The mail server that takes e-mail."""

    email_from: str = _setting("Clutch <no-reply@localhost>", "an address", min_length=3)
    """Whom e-mail comes from."""

    sms_url: Annotated[str, AfterValidator(_web)] | None = _setting(
        None, "a URL such as https://sms.example.com/send"
    )
    """The gateway that takes text messages."""

    sms_token: SecretStr | None = _setting(None, "text", min_length=1)
    """What the gateway knows Clutch by."""

    payment_provider_url: Annotated[str, AfterValidator(_web)] | None = _setting(
        None, "a URL such as https://pay.example.com"
    )
    """The provider of card and wallet payments."""

    payment_provider_key: SecretStr | None = _setting(None, "text", min_length=1)
    """What the provider knows Clutch by."""

    payment_return_url: Annotated[str, AfterValidator(_way_back)] | None = _setting(
        None, "a URL such as https://shop.example.com/paid (https in production) or my-app://paid"
    )
    """Where the provider's page sends customers back to, whether they paid or not."""

    payment_webhook_secrets: SecretStr | None = _setting(
        None, "one or two secrets such as whsec_MfKQ..., the newest first", min_length=1
    )
    """What the events of the provider are signed with; two while one replaces the other."""

    host: str = _setting("127.0.0.1", "an address to listen on", min_length=1)
    """The address that `clutch serve` listens on."""

    port: int = _setting(8000, "a port number, 1 to 65535", ge=1, le=65535)
    """The port that `clutch serve` listens on."""

    workers: int = _setting(1, _COUNT, ge=1, le=256)
    """How many processes `clutch serve` answers with."""

    job_workers: int = _setting(1, "a whole number, 0 to 64", ge=0, le=64)
    """How many jobs each server process runs at a time; 0 leaves them to `clutch worker`."""

    firebase_credentials: Path | None = _setting(None, "a JSON key file of a service account")
    """What push messages are sent with; without it they are only logged."""

    invitations_per_round: int = _setting(8, "a whole number, 1 to 50", ge=1, le=50)
    """How many shops are asked to quote when an order is submitted."""

    invitation_radius_km: float = _setting(25.0, "kilometres, 1 to 1000", ge=1, le=1_000)
    """How far the shops asked first may be; each further round reaches three times as far."""

    escalation_minutes: Annotated[tuple[int, ...], NoDecode, BeforeValidator(_rising_minutes)] = (
        _setting((10, 30), "minutes with commas between, each later than the one before: 10,30")
    )
    """When more shops are asked, counted from the submission, where too few quotes stand."""

    quotes_wanted: int = _setting(3, "a whole number, 1 to 20", ge=1, le=20)
    """How many standing quotes are enough for no further shops to be asked."""

    order_open_minutes: int = _setting(
        120, "a whole number of minutes, 10 to 10080", ge=10, le=10_080
    )
    """How long an order waits for its first quote before it is cancelled."""

    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = _setting(
        (), "origins such as https://shop.example.com, with commas between, or *"
    )
    """Whose web pages may call from a browser, besides those that Clutch serves itself."""

    road_engine_url: Annotated[str, AfterValidator(_web)] | None = _setting(
        None, "a URL such as http://localhost:8002"
    )
    """A Valhalla or OSRM server that knows the roads."""

    road_engine_extract: Path | None = _setting(None, "a file of Valhalla tiles")
    """Valhalla tiles to read in this process instead."""


def settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    InvalidInput
        Names the first environment variable whose value cannot be used, and what was expected. The
        values of URLs and keys are not repeated.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise _first(error) from None


def _first(error: ValidationError) -> InvalidInput:
    fault = error.errors(include_url=False)[0]
    name = str(fault["loc"][0])
    extra = Settings.model_fields[name].json_schema_extra
    expected = str(extra["expected"]) if isinstance(extra, dict) else str(fault["msg"])
    found = None if name in _PRIVATE else str(fault["input"])
    return InvalidInput(f"{_PREFIX}{name.upper()}", expected, found=found)
