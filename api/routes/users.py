"""`/users/me`: what people change of themselves. `/admin/users`: what administrators do."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from accounts import passwords, people, sign_in
from accounts.people import GivenRole, People, PersonView
from accounts.principal import Principal
from accounts.sign_in import WrongCredentials
from api.access import Admin, SignedIn
from api.acting import acting, answer
from api.bodies import JsonRoute
from api.problems import MISSING, MISSING_OR_REFUSED, SAFE
from api.rate_limits import address_of
from api.schemas.accounts import DisableRequest, PasswordChange, PersonChange
from api.schemas.pages import Cursor, PageSize
from api.state import state_of

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", tags=["accounts"], route_class=JsonRoute)


@router.get("/users/me", name="profile", response_model=PersonView)
def profile(request: Request, caller: SignedIn) -> Response:
    """Return the profile of who is logged in; the same as `/auth/me`."""
    with acting(request, caller) as session:
        return answer(people.person_view(session, caller.person))


@router.patch("/users/me", name="change_profile", response_model=PersonView)
def change_profile(request: Request, body: PersonChange, caller: SignedIn) -> Response:
    """Change name, language or quiet hours; what is left out stays."""
    with acting(request, caller) as session:
        return answer(people.change_profile(session, caller.person, **body.changes()))


@router.put("/users/me/password", name="change_password", status_code=204)
async def change_password(request: Request, body: PasswordChange, caller: SignedIn) -> Response:
    """Set another password; every other log-in ends. A wrong present one answers 401."""
    state = state_of(request)
    await state.limits.hit_log_in(caller.name, address_of(request))
    passwords.assert_usable(body.new_password, field="new_password")
    found = await run_in_threadpool(_credentials, request, caller)
    kept = found.password_hash if found else None
    if not await state.hashing.run(passwords.matches, kept, body.password) or found is None:
        raise WrongCredentials
    new_hash = await state.hashing.run(passwords.hashed, body.new_password)
    await run_in_threadpool(_change_password, request, caller, found, new_hash)
    return Response(status_code=204, headers=SAFE)


def _credentials(request: Request, caller: Principal) -> sign_in.Credentials | None:
    with acting(request, caller) as session:
        return sign_in.credentials(session, user_id=caller.person)


def _change_password(
    request: Request, caller: Principal, checked: sign_in.Credentials, new_hash: str
) -> None:
    with acting(request, caller) as session:
        sign_in.change_password(
            session,
            checked=checked,
            password_hash=new_hash,
            sign_in_id=caller.sign_in_id,
            now=dt.datetime.now(dt.UTC),
        )


@router.get("/admin/users", name="list_people", response_model=People)
def list_people(
    request: Request,
    caller: Admin,
    contact: Annotated[str | None, Query(max_length=254, description="A phone or e-mail.")] = None,
    limit: PageSize = 20,
    cursor: Cursor = None,
) -> Response:
    """Return people, the newest first, or the one who has a phone or e-mail address."""
    with acting(request, caller) as session:
        found = people.list_people(session, contact=contact, limit=limit, cursor=cursor)
        return answer(found)


@router.get("/admin/users/{user_id}", name="person", response_model=PersonView, responses=MISSING)
def person(request: Request, user_id: UUID, caller: Admin) -> Response:
    """Return one person, with roles and shops."""
    with acting(request, caller) as session:
        return answer(people.person_view(session, user_id))


@router.put(
    "/admin/users/{user_id}/roles/{role}",
    name="give_role",
    response_model=PersonView,
    responses=MISSING,
)
def give_role(request: Request, user_id: UUID, role: GivenRole, caller: Admin) -> Response:
    """Make a person an administrator or an analyst; roles in shops are given by the shops."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(people.give_role(session, user_id, role, actor=caller.name, now=now))


@router.delete(
    "/admin/users/{user_id}/roles/{role}",
    name="take_role",
    response_model=PersonView,
    responses=MISSING_OR_REFUSED,
)
def take_role(request: Request, user_id: UUID, role: GivenRole, caller: Admin) -> Response:
    """Take a role from a person; from oneself another administrator has to."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(people.take_role(session, user_id, role, actor=caller.name, now=now))


@router.post(
    "/admin/users/{user_id}/disable",
    name="disable_person",
    response_model=PersonView,
    responses=MISSING_OR_REFUSED,
)
def disable(request: Request, user_id: UUID, body: DisableRequest, caller: Admin) -> Response:
    """Shut a person out at once: log-ins end, new ones are refused."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            people.disable(session, user_id, reason=body.reason, actor=caller.name, now=now)
        )


@router.post(
    "/admin/users/{user_id}/enable",
    name="enable_person",
    response_model=PersonView,
    responses=MISSING,
)
def enable(request: Request, user_id: UUID, caller: Admin) -> Response:
    """Let a person in again, who then logs in anew."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(people.enable(session, user_id, actor=caller.name, now=now))
