"""How a route acts: one transaction for its caller, and once for each `Idempotency-Key`."""

import datetime as dt
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
from fastapi import Header
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from accounts import idempotency
from accounts.principal import Principal
from api.access import SHOP_HEADER
from api.problems import SAFE
from api.state import state_of
from storage.session import transaction

__all__ = ["IdempotencyKey", "acting", "answer", "once"]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=120,
        pattern=r"^[\x21-\x7e]+$",
        description="Makes it safe to send again: it is done once, and its answer repeated.",
    ),
]
"""The header of every request that creates."""


@contextmanager
def acting(request: Request, caller: Principal) -> Iterator[Session]:
    """Give the transaction of a request, which sees what its caller may see."""
    with transaction(state_of(request).engine, caller.tenant) as session:
        yield session


def answer(content: Any, *, status: int = 200) -> Response:
    """Return plain data as the response that carries it."""
    return _sent(_encoded(content), status)


def once(
    request: Request,
    caller: Principal,
    key: str | None,
    act: Callable[[Session], Any],
    *,
    status: int = 201,
    secret: bool = False,
) -> Response:
    """Do `act` in a transaction of its own and answer what it returns; once for each key.

    The answer is kept in the same transaction, and given again byte for byte, with the header
    `Idempotency-Replayed: true`, when the request comes again. One that holds a `secret` is kept
    sealed.

    Raises
    ------
    KeyReused
        The key came with another request before.
    """
    with acting(request, caller) as session:
        if key is None:
            return answer(act(session), status=status)
        now, seals = dt.datetime.now(dt.UTC), state_of(request).answer_seals
        about = f"{caller.name} {key}"
        account, key = caller.account, _own(caller, key)
        kept = idempotency.claim(
            session, caller=account, key=key, request_hash=_request_hash(request), now=now
        )
        if kept:
            told = seals.opened(kept.body.decode(), about=about).encode() if secret else kept.body
            return _sent(told, kept.status, {"Idempotency-Replayed": "true"})
        body = _encoded(act(session))
        to_keep = seals.sealed(body.decode(), about=about).encode() if secret else body
        idempotency.keep(session, caller=account, key=key, status=status, body=to_keep)
    return _sent(body, status)


def _own(caller: Principal, key: str) -> str:
    """Return the key as it is kept: that of a program for a person is not one of the person's."""
    # No key that is sent has a space in it.
    return key if caller.name == caller.account else f"{caller.name} {key}"


def _encoded(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)


def _sent(body: bytes, status: int, more: dict[str, str] | None = None) -> Response:
    return Response(body, status, media_type="application/json", headers={**SAFE, **(more or {})})


def _request_hash(request: Request) -> bytes:
    shop = request.headers.get(SHOP_HEADER, "")
    asked = f"{request.method} {request.url.path}?{request.url.query}\n{shop}\n".encode()
    # Keyed: a body may hold a password, which a plain hash would let be guessed at leisure.
    key = state_of(request).token_key.encode()
    return hmac.digest(key, asked + getattr(request.state, "body", b""), "sha256")
