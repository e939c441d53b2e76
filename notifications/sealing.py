"""Which keys partners' secrets are sealed with, so that a copy of the database signs nothing."""

from pydantic import SecretStr

from accounts.sealing import Seals
from clutch.errors import SetupNeeded

__all__ = ["seals_of"]

_PURPOSE = "secrets of partners' endpoints, 1"


def seals_of(webhook_keys: SecretStr | None, token_key: str | None) -> Seals:
    """Return the seals that the settings make: keys of their own first, then the token key.

    So one who gives them keys of their own later still opens what the token key sealed.

    Raises
    ------
    SetupNeeded
        There is neither.
    """
    own = webhook_keys.get_secret_value().split() if webhook_keys else []
    keys = [*own, token_key] if token_key else own
    if not keys:
        raise SetupNeeded("set CLUTCH_WEBHOOK_KEYS, which partners' secrets are sealed with")
    return Seals(keys, purpose=_PURPOSE)
