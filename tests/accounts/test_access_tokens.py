"""Access tokens: only ours, whole and in time."""

import base64
import datetime as dt
import json
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from accounts.access_tokens import LIFETIME, TokenInvalid, issue, read

KEY, NOW = "k" * 32, dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
USER, SIGN_IN = UUID(int=1), UUID(int=2)
TOKEN = issue(USER, SIGN_IN, key=KEY, now=NOW)
HEAD, CLAIMS, SIGNATURE = TOKEN.split(".")


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def signed(claims: object, key: str = KEY, algorithm: str = "HS256") -> str:
    return jwt.encode({"alg": algorithm}, claims, OctKey.import_key(key), [algorithm])


GOOD = {
    "iss": "clutch",
    "sub": str(USER),
    "sid": str(SIGN_IN),
    "exp": int((NOW + LIFETIME).timestamp()),
}


def test_it_says_who_until_its_last_second() -> None:
    claims = read(TOKEN, key=KEY, now=NOW + LIFETIME - dt.timedelta(seconds=1))
    assert (claims.user_id, claims.sign_in_id) == (USER, SIGN_IN)
    assert claims.expires_at == NOW + dt.timedelta(minutes=15)
    assert read(signed(GOOD), key=KEY, now=NOW) == claims


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "a.b.c",
        f"{HEAD}.{CLAIMS}.",
        f"{HEAD}.{CLAIMS}",
        f"{HEAD}.{CLAIMS}.{SIGNATURE[:-2]}AA",
        f"{HEAD}.{part(GOOD | {'sub': str(SIGN_IN)})}.{SIGNATURE}",
        f"{part({'alg': 'none'})}.{CLAIMS}.",
        f"{part({'alg': 'none'})}.{CLAIMS}.{SIGNATURE}",
        f"{part({'alg': 'RS256'})}.{CLAIMS}.{SIGNATURE}",
        f"{part({'alg': 'HS256', 'crit': ['b64'], 'b64': False})}.{CLAIMS}.{SIGNATURE}",
        f"{part([])}.{CLAIMS}.{SIGNATURE}",
        signed(GOOD, key="o" * 32),
        signed(GOOD, key="k" * 64, algorithm="HS512"),
        signed(GOOD | {"iss": "another"}),
        signed(GOOD | {"exp": int(NOW.timestamp())}),
        signed(GOOD | {"exp": "tomorrow"}),
        signed(GOOD | {"exp": 10**30}),
        signed(GOOD | {"exp": None}),
        signed(GOOD | {"sub": "1"}),
        signed(GOOD | {"sub": None}),
        signed(GOOD | {"sid": 7}),
        signed({}),
        "\ud800.\ud800.\ud800",
        "é.é.é",
    ],
)
def test_anything_else_is_refused_alike(token: str) -> None:
    with pytest.raises(TokenInvalid) as refused:
        read(token, key=KEY, now=NOW)
    assert str(refused.value) == (
        "the access token is invalid or has expired: refresh it or log in again"
    )
