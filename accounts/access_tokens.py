"""Access tokens: short-lived, signed, checked without asking anybody. Pure.

A JWT (RFC 7519) signed with HMAC-SHA256; any other algorithm is refused, `none` too.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from clutch.errors import ClutchError

__all__ = ["LIFETIME", "Claims", "TokenInvalid", "issue", "read"]

LIFETIME = dt.timedelta(minutes=15)
_ALGORITHM = "HS256"
_ISSUER = "clutch"


class TokenInvalid(ClutchError):
    """The token is not ours, was altered, or is past its time."""

    def __init__(self) -> None:
        super().__init__("the access token is invalid or has expired: refresh it or log in again")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says."""

    user_id: UUID
    sign_in_id: UUID
    expires_at: dt.datetime


def issue(user_id: UUID, sign_in_id: UUID, *, key: str, now: dt.datetime) -> str:
    """Return a token for a person's log-in, good for 15 minutes."""
    claims = {
        "iss": _ISSUER,
        "sub": str(user_id),
        "sid": str(sign_in_id),
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
    }
    return jwt.encode({"alg": _ALGORITHM}, claims, OctKey.import_key(key), [_ALGORITHM])


def read(token: str, *, key: str, now: dt.datetime) -> Claims:
    """Return what a token of ours says.

    Raises
    ------
    TokenInvalid
        It is not ours, was altered, names another algorithm, or is past its time.

    Examples
    --------
    >>> now, key = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "k" * 32
    >>> token = issue(UUID(int=1), UUID(int=2), key=key, now=now)
    >>> read(token, key=key, now=now).user_id
    UUID('00000000-0000-0000-0000-000000000001')
    >>> read(token, key=key, now=now + LIFETIME)
    Traceback (most recent call last):
    accounts.access_tokens.TokenInvalid: the access token is invalid or has expired: ...
    """
    try:
        claims = jwt.decode(token, OctKey.import_key(key), algorithms=[_ALGORITHM]).claims
        expires_at = dt.datetime.fromtimestamp(claims["exp"], dt.UTC)
        said = Claims(UUID(claims["sub"]), UUID(claims["sid"]), expires_at)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise TokenInvalid from None
    if claims.get("iss") != _ISSUER or now >= said.expires_at:
        raise TokenInvalid
    return said
