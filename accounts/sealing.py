"""What must be told or used again and not be read from the database: sealed. Pure but for chance.

AES-256-GCM under a key that HKDF-SHA256 (RFC 5869) makes of a setting for one purpose, bound to
what it is about: copied to another row, it does not open. A seal is `sealed:` and the base64 of
nonce and ciphertext. Whoever has only the database, or a copy of it, learns nothing.
"""

import base64
import secrets
from binascii import Error as NotBase64
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from clutch.errors import ClutchError

__all__ = ["Seals", "Unreadable"]

_SEALED = "sealed:"
_NONCE_BYTES = 12


class Unreadable(ClutchError):
    """A secret was sealed with a key that is not given any more."""

    def __init__(self) -> None:
        super().__init__("the secret cannot be read: its key changed")


class Seals:
    """Seals with the first of `keys`, and opens what any of them sealed for the same purpose.

    What was kept before there were seals opens as it is.

    Examples
    --------
    >>> old, new = "o" * 32, "n" * 32
    >>> sealed = Seals([old], purpose="tests").sealed("whsec_abc", about="a partner")
    >>> Seals([new, old], purpose="tests").opened(sealed, about="a partner")
    'whsec_abc'
    >>> Seals([new], purpose="tests").opened(sealed, about="a partner")
    Traceback (most recent call last):
    accounts.sealing.Unreadable: the secret cannot be read: its key changed
    """

    def __init__(self, keys: Sequence[str], *, purpose: str) -> None:
        self._ciphers = [AESGCM(_derived(key, purpose)) for key in keys]

    def sealed(self, secret: str, *, about: str) -> str:
        """Return what is kept of a secret."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        kept = nonce + self._ciphers[0].encrypt(nonce, secret.encode(), about.encode())
        return _SEALED + base64.b64encode(kept).decode()

    def opened(self, kept: str, *, about: str) -> str:
        """Return the secret that was sealed.

        Raises
        ------
        Unreadable
            By none of the keys, or about something else.
        """
        if not kept.startswith(_SEALED):
            return kept
        return _opened(kept, about, self._ciphers)

    def is_newest(self, kept: str, *, about: str) -> bool:
        """Say whether a secret is sealed with the first key."""
        try:
            return kept.startswith(_SEALED) and bool(_opened(kept, about, self._ciphers[:1]))
        except Unreadable:
            return False


def _opened(kept: str, about: str, ciphers: Sequence[AESGCM]) -> str:
    try:
        raw = base64.b64decode(kept.removeprefix(_SEALED), validate=True)
    except NotBase64:
        raise Unreadable from None
    for cipher in ciphers:
        try:
            opened = cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError):
            continue
        return opened.decode()
    raise Unreadable


def _derived(key: str, purpose: str) -> bytes:
    # The settings' keys are long and random (32 characters at least), so they need no salt.
    info = f"clutch: {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.encode())
