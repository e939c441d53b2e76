"""`/auth/*`: joining, logging in and out, codes.

Passwords are hashed before a transaction is opened, in few threads of their own.
"""

import datetime as dt

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from accounts import codes, passwords, registration, sign_in
from accounts.codes import WrongCode
from accounts.people import PersonView, person_view
from accounts.principal import Principal
from accounts.sign_in import SignInEnded, Tokens, WrongCredentials
from api.access import Anyone, SignedIn
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import PROBLEMS, REFUSED, SAFE, Responses
from api.rate_limits import Limit, address_of
from api.schemas.accounts import (
    CodeRequest,
    ContactProof,
    LogIn,
    LogOut,
    PasswordReset,
    Refresh,
    Registration,
)
from api.state import state_of

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/auth", tags=["accounts"], route_class=JsonRoute)

_401: Responses = {401: PROBLEMS[401]}
_THIS_ONE = LogOut()


class CodeAsked(BaseModel):
    """What to expect, if the phone or address is somebody's."""

    digits: int = codes.DIGITS
    valid_minutes: int = codes.LIFETIME // dt.timedelta(minutes=1)


@router.post(
    "/register",
    name="register",
    status_code=201,
    response_model=PersonView,
    responses=REFUSED,
)
async def register(
    request: Request, body: Registration, caller: Anyone, key: IdempotencyKey = None
) -> Response:
    """Join with a phone or an e-mail address; a code to verify it is sent.

    The answer has no tokens: log in next. Where the phone or address has an account already, the
    problem is `already-registered`.
    """
    destination = body.destination()
    await _count(request, destination, Limit.REGISTER_ADDRESS, Limit.REGISTER_CONTACT)
    passwords.assert_usable(body.password)
    password_hash = await state_of(request).hashing.run(passwords.hashed, body.password)

    def act(session: Session) -> PersonView:
        user_id = registration.register(
            session,
            destination=destination,
            name=body.name,
            password_hash=password_hash,
            locale=body.locale,
            now=dt.datetime.now(dt.UTC),
        )
        return person_view(session, user_id)

    return await run_in_threadpool(once, request, caller, key, act)


@router.post("/log-in", name="log_in", response_model=Tokens, responses=_401)
async def log_in(request: Request, body: LogIn, caller: Anyone) -> Response:
    """Log in with a password or a one-time code, and get an access and a refresh token.

    An access token is good for 15 minutes, a refresh token for 30 days and one use.
    """
    destination = body.destination()
    await state_of(request).limits.hit_log_in(destination, address_of(request))
    if body.code is not None:
        return await run_in_threadpool(_log_in_by_code, request, caller, destination, body.code)
    return await _log_in_by_password(request, caller, destination, body.password or "")


def _log_in_by_code(request: Request, caller: Principal, destination: str, code: str) -> Response:
    with acting(request, caller) as session:
        tokens = sign_in.log_in_by_code(
            session,
            destination=destination,
            code=code,
            key=state_of(request).token_key,
            now=dt.datetime.now(dt.UTC),
        )
    # After the commit, which counts the attempt.
    if tokens is None:
        raise WrongCode
    return answer(tokens)


async def _log_in_by_password(
    request: Request, caller: Principal, destination: str, password: str
) -> Response:
    hashing = state_of(request).hashing
    found = await run_in_threadpool(_credentials, request, caller, destination)
    kept = found.password_hash if found else None
    if not await hashing.run(passwords.matches, kept, password) or found is None:
        raise WrongCredentials
    new_hash = None
    if passwords.is_old(found.password_hash):
        new_hash = await hashing.run(passwords.hashed, password)
    return await run_in_threadpool(_start, request, caller, found, new_hash)


def _credentials(
    request: Request, caller: Principal, destination: str
) -> sign_in.Credentials | None:
    with acting(request, caller) as session:
        return sign_in.credentials(session, destination=destination)


def _start(
    request: Request, caller: Principal, checked: sign_in.Credentials, new_hash: str | None
) -> Response:
    with acting(request, caller) as session:
        tokens = sign_in.log_in(
            session,
            checked=checked,
            key=state_of(request).token_key,
            now=dt.datetime.now(dt.UTC),
            new_hash=new_hash,
        )
    return answer(tokens)


@router.post("/refresh", name="refresh", response_model=Tokens, responses=_401)
async def refresh(request: Request, body: Refresh, caller: Anyone) -> Response:
    """Get the next access and refresh token; the one that was sent is used up.

    A token that comes a second time ends its log-in for whoever holds it: send one request at a
    time, and keep the answer before using it.
    """
    await state_of(request).limits.hit(Limit.REFRESH_ADDRESS, address_of(request))
    return await run_in_threadpool(_refresh, request, caller, body.refresh_token)


def _refresh(request: Request, caller: Principal, token: str) -> Response:
    with acting(request, caller) as session:
        tokens = sign_in.refresh(
            session, token=token, key=state_of(request).token_key, now=dt.datetime.now(dt.UTC)
        )
    # After the commit, which may have ended the log-in.
    if tokens is None:
        raise SignInEnded
    return answer(tokens)


@router.post("/log-out", name="log_out", status_code=204)
def log_out(request: Request, caller: SignedIn, body: LogOut = _THIS_ONE) -> Response:
    """End this log-in, or every log-in of this person: their tokens are refused from now on.

    Without a body it is this log-in that ends.
    """
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        if body.everywhere or caller.sign_in_id is None:
            sign_in.log_out_everywhere(session, user_id=caller.person, now=now)
        else:
            sign_in.log_out(session, user_id=caller.person, sign_in_id=caller.sign_in_id, now=now)
    return _done()


@router.post("/codes", name="request_code", status_code=202, response_model=CodeAsked)
async def request_code(request: Request, body: CodeRequest, caller: Anyone) -> Response:
    """Have a one-time code sent; it replaces the one sent before for the same purpose.

    The answer is the same whether or not the phone or address is somebody's.
    """
    destination = body.destination()
    await _count(request, destination, Limit.CODE_ADDRESS, Limit.CODE_CONTACT)
    await run_in_threadpool(_request_code, request, caller, destination, body.purpose)
    return answer(CodeAsked().model_dump(), status=202)


def _request_code(
    request: Request, caller: Principal, destination: str, purpose: codes.Purpose
) -> None:
    with acting(request, caller) as session:
        codes.request_code(session, destination=destination, purpose=purpose)


@router.post("/verify", name="verify", status_code=204)
async def verify(request: Request, body: ContactProof, caller: Anyone) -> Response:
    """Prove with a code that a phone or address is yours."""
    destination = body.destination()
    await state_of(request).limits.hit_log_in(destination, address_of(request))
    await run_in_threadpool(_verify, request, caller, destination, body.code)
    return _done()


def _verify(request: Request, caller: Principal, destination: str, code: str) -> None:
    with acting(request, caller) as session:
        right = codes.verify(
            session,
            destination=destination,
            code=code,
            key=state_of(request).token_key,
            now=dt.datetime.now(dt.UTC),
        )
    if not right:
        raise WrongCode


@router.post("/reset-password", name="reset_password", status_code=204)
async def reset_password(request: Request, body: PasswordReset, caller: Anyone) -> Response:
    """Set another password with a code; every log-in ends."""
    destination = body.destination()
    await state_of(request).limits.hit_log_in(destination, address_of(request))
    passwords.assert_usable(body.password)
    password_hash = await state_of(request).hashing.run(passwords.hashed, body.password)
    await run_in_threadpool(_reset_password, request, caller, destination, body.code, password_hash)
    return _done()


def _reset_password(
    request: Request, caller: Principal, destination: str, code: str, password_hash: str
) -> None:
    with acting(request, caller) as session:
        right = sign_in.reset_password(
            session,
            destination=destination,
            code=code,
            password_hash=password_hash,
            key=state_of(request).token_key,
            now=dt.datetime.now(dt.UTC),
        )
    if not right:
        raise WrongCode


@router.get("/me", name="me", response_model=PersonView)
def me(request: Request, caller: SignedIn) -> Response:
    """Say who is logged in, with roles and shops."""
    with acting(request, caller) as session:
        return answer(person_view(session, caller.person))


async def _count(request: Request, destination: str, by_address: Limit, by_contact: Limit) -> None:
    limits = state_of(request).limits
    await limits.hit(by_address, address_of(request))
    await limits.hit(by_contact, destination)


def _done() -> Response:
    return Response(status_code=204, headers=SAFE)
