"""Who may call what: every operation there is, against every proof and every role.

The table is made from the application itself, so an operation that is added is tested from then on.
"""

import base64
import datetime as dt
import json
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from accounts import access_tokens
from api.access import Operation, operations
from api.app import create_app
from clutch.settings import Settings

TOKEN_KEY = "a key that tokens are signed with in tests"
OPERATIONS = operations(create_app(Settings()), "/api/")
GUARDED = [each for each in OPERATIONS if each.access and not each.access.is_public]
OPEN = [each for each in OPERATIONS if each.access and each.access.is_public]
NOT_IDS = {"role": "analyst", "step": "business_info", "provider": "hosted"}


def named(each: Operation) -> str:
    return f"{each.method} {each.path}"


def ask(client: httpx.Client, each: Operation, headers: dict[str, str]) -> httpx.Response:
    """Ask for things that are not there, with a body that no operation takes."""
    path = re.sub(r"{(\w+)}", lambda name: NOT_IDS.get(name[1], str(uuid4())), each.path)
    return client.request(each.method, path, content=b"[]", headers=headers)


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def refused(everybody: Any) -> dict[str, dict[str, str]]:
    """Headers that prove nothing, all but one way of going wrong right."""
    town, now = everybody.town, dt.datetime.now(dt.UTC)
    admin = town.person(role="admin")
    claims = access_tokens.read(admin.token, key=TOKEN_KEY, now=now)
    ids = (claims.user_id, claims.sign_in_id)
    head, body, signature = admin.token.split(".")
    said = {"iss": "clutch", "sub": str(ids[0]), "sid": str(ids[1])}
    said |= {"exp": int(claims.expires_at.timestamp())}
    long = OctKey.import_key(TOKEN_KEY * 2)
    hs512 = jwt.encode({"alg": "HS512"}, said, long, ["HS512"])
    logged_out, disabled = town.person(role="admin"), town.person(role="admin")
    everybody.execute(
        "UPDATE sign_in SET revoked_at = now() WHERE user_id = :id", id=logged_out.user_id
    )
    everybody.execute(
        "UPDATE app_user SET status = 'disabled' WHERE user_id = :id", id=disabled.user_id
    )
    tokens = {
        "expired": access_tokens.issue(*ids, key=TOKEN_KEY, now=now - dt.timedelta(minutes=15)),
        "altered": f"{head}.{part(said | {'sub': str(uuid4())})}.{signature}",
        "cut": admin.token[:-4],
        "unsigned": f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "of another key": access_tokens.issue(*ids, key="o" * 32, now=now),
        "of another algorithm": hs512,
        "said to be of another algorithm": f"{part({'alg': 'RS256'})}.{body}.{signature}",
        "of nobody": access_tokens.issue(uuid4(), ids[1], key=TOKEN_KEY, now=now),
        "of no log-in": access_tokens.issue(ids[0], uuid4(), key=TOKEN_KEY, now=now),
        "logged out": logged_out.token,
        "disabled": disabled.token,
        "an unknown key": "clutch_unknown",
    }
    return {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()} | {
        "none": {},
        "another scheme": {"Authorization": f"Basic {admin.token}"},
        "a revoked key": everybody.key("order_service", "matching", revoked_at=now),
    }


@pytest.fixture(scope="module")
def callers(everybody: Any) -> dict[frozenset[str], dict[str, str]]:
    return dict(everybody.of_every_role())


def test_the_table_is_long() -> None:
    assert len(GUARDED) > 80
    assert len(OPEN) >= 8


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_no_proof_or_a_wrong_one_is_refused_before_all_else(
    client: httpx.Client, refused: dict[str, dict[str, str]], operation: Operation
) -> None:
    got = {name: ask(client, operation, headers) for name, headers in refused.items()}
    assert {name: answer.status_code for name, answer in got.items()} == dict.fromkeys(refused, 401)
    for answer in got.values():
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["type"] == "urn:clutch:problem:unauthorised"
        assert "errors" not in answer.json()


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_each_role_may_or_may_not(
    client: httpx.Client, callers: dict[frozenset[str], dict[str, str]], operation: Operation
) -> None:
    assert operation.access is not None
    may = {roles: not roles.isdisjoint(operation.access.roles) for roles in callers}
    got = {roles: ask(client, operation, headers) for roles, headers in callers.items()}
    refused = {roles for roles, answer in got.items() if answer.status_code == 403}
    assert refused == {roles for roles, allowed in may.items() if not allowed}
    for roles, answer in got.items():
        if may[roles]:
            assert answer.status_code in (200, 201, 202, 204, 400, 404, 409, 415, 422), roles
        else:
            assert answer.json()["type"] == "urn:clutch:problem:forbidden"
    assert any(may.values())


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_a_key_without_the_scope_may_not(
    client: httpx.Client, everybody: Any, operation: Operation
) -> None:
    for role in ("order_service", "pipeline"):
        assert ask(client, operation, everybody.key(role, "another")).status_code == 403


@pytest.mark.parametrize("operation", OPEN, ids=named)
def test_what_is_open_needs_no_proof_and_takes_no_harm_from_a_wrong_one(
    client: httpx.Client, refused: dict[str, dict[str, str]], operation: Operation
) -> None:
    assert {ask(client, operation, headers).status_code for headers in refused.values()} <= {
        *(400, 403, 404, 415, 422)  # 403: a webhook whose signature does not hold
    }
