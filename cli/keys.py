"""The keys of this machine: what its callers show, and what its tokens are signed with."""

import secrets
import tempfile
from pathlib import Path

from pydantic import SecretStr

from clutch.errors import SetupNeeded
from clutch.settings import Settings

__all__ = ["service_key", "token_key"]


def service_key(chosen: Settings) -> str:
    """Return the service key of the settings; in development one is made and kept when none is set.

    Raises
    ------
    SetupNeeded
        None is set, in production; or it cannot be kept.
    """
    return _key(chosen, chosen.service_key, "SERVICE_KEY", "what callers of the API must show")


def token_key(chosen: Settings) -> str:
    """Return what access tokens are signed with; made and kept as the service key is.

    Raises
    ------
    SetupNeeded
        None is set, in production; or it cannot be kept.
    """
    return _key(chosen, chosen.token_key, "TOKEN_KEY", "what access tokens are signed with")


def _key(chosen: Settings, given: SecretStr | None, name: str, what: str) -> str:
    if given:
        return given.get_secret_value()
    if chosen.environment == "production":
        raise SetupNeeded(f"set CLUTCH_{name} to {what}")
    path = chosen.data_directory / name.lower().replace("_", "-")
    try:
        return _kept(path)
    except OSError as error:
        raise SetupNeeded(f"cannot keep a key in {path} ({error.strerror})") from error


def _kept(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner alone, and never seen half-written.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as new:
            new.write(secrets.token_urlsafe(24))
        Path(new.name).replace(path)
    return path.read_text().strip()
