"""How partners' secrets are kept: sealed, so that a copy of the database alone signs nothing. Pure.

AES-256-GCM under a key that HKDF-SHA256 (RFC 5869) makes of a setting, bound to the endpoint that
the secret is of: moved to another row, it does not open. A sealed secret is `sealed:` and the
base64 of nonce and ciphertext. What was entered before there were seals opens as it is.
"""

import base64
import secrets
from binascii import Error as NotBase64
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from clutch.errors import ClutchError, SetupNeeded

__all__ = ["Seals", "Unreadable", "seals_of"]

_SEALED = "sealed:"
_NONCE_BYTES = 12
_PURPOSE = b"clutch: secrets of partners' endpoints, 1"


class Unreadable(ClutchError):
    """A secret was sealed with a key that is not given any more."""

    def __init__(self) -> None:
        super().__init__("the secret cannot be read: its key changed (see CLUTCH_WEBHOOK_KEYS)")


class Seals:
    """Seals with the first of `keys`, and opens what any of them sealed.

    Examples
    --------
    >>> old, new = "o" * 32, "n" * 32
    >>> sealed = Seals([old]).sealed("whsec_abc", UUID(int=1))
    >>> Seals([new, old]).opened(sealed, UUID(int=1))
    'whsec_abc'
    >>> Seals([new]).opened(sealed, UUID(int=1))
    Traceback (most recent call last):
    notifications.sealing.Unreadable: the secret cannot be read: its key changed ...
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._ciphers = [AESGCM(_derived(key)) for key in keys]

    def sealed(self, secret: str, endpoint_id: UUID) -> str:
        """Return what is kept of the secret of an endpoint."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        kept = nonce + self._ciphers[0].encrypt(nonce, secret.encode(), endpoint_id.bytes)
        return _SEALED + base64.b64encode(kept).decode()

    def opened(self, kept: str, endpoint_id: UUID) -> str:
        """Return the secret that was sealed.

        Raises
        ------
        Unreadable
            By none of the keys, or for another endpoint.
        """
        if not kept.startswith(_SEALED):
            return kept
        return _opened(kept, endpoint_id, self._ciphers)

    def is_newest(self, kept: str, endpoint_id: UUID) -> bool:
        """Say whether a secret is sealed with the first key."""
        try:
            return kept.startswith(_SEALED) and bool(_opened(kept, endpoint_id, self._ciphers[:1]))
        except Unreadable:
            return False


def _opened(kept: str, endpoint_id: UUID, ciphers: Sequence[AESGCM]) -> str:
    try:
        raw = base64.b64decode(kept.removeprefix(_SEALED), validate=True)
    except NotBase64:
        raise Unreadable from None
    for cipher in ciphers:
        try:
            opened = cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], endpoint_id.bytes)
        except (InvalidTag, ValueError):
            continue
        return opened.decode()
    raise Unreadable


def _derived(key: str) -> bytes:
    # The settings' keys are long and random (32 characters at least), so they need no salt.
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())


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
    return Seals(keys)
