"""What has to be told again and must not be read from the database: sealed. Pure but for chance.

A JWE (RFC 7516) by AES-256-GCM, under a key that is derived from what access tokens are signed
with: who has only the database, or a copy of it, learns nothing.
"""

import hmac

from joserfc import jwe
from joserfc.jwk import OctKey

__all__ = ["opened", "sealed"]

_HOW = {"alg": "dir", "enc": "A256GCM"}


def sealed(content: bytes, *, key: str) -> bytes:
    """Return `content` as only `opened` with the same key reads it."""
    return jwe.encrypt_compact(_HOW, content, _derived(key)).encode()


def opened(seal: bytes, *, key: str) -> bytes:
    """Return what was sealed.

    Examples
    --------
    >>> opened(sealed(b"a secret", key="k" * 32), key="k" * 32)
    b'a secret'
    """
    content = jwe.decrypt_compact(seal, _derived(key), algorithms=list(_HOW.values())).plaintext
    return content or b""


def _derived(key: str) -> OctKey:
    return OctKey.import_key(hmac.digest(key.encode(), b"sealed answers", "sha256"))
