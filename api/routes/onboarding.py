"""`/shop-onboarding/*`: how a shop joins, from the applicant's side."""

import datetime as dt
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import Customer
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING, MISSING_OR_REFUSED
from api.schemas.onboarding import StepBody, StepName, checked_step, step_named
from shops.onboarding.applications import ShopApplication, application_view, begin, save_step
from shops.onboarding.completion import complete

__all__ = ["router"]

router = APIRouter(
    prefix="/api/v1/shop-onboarding", tags=["shop onboarding"], route_class=JsonRoute
)


@router.post(
    "/start",
    name="start_onboarding",
    status_code=201,
    response_model=ShopApplication,
)
def start(request: Request, caller: Customer, key: IdempotencyKey = None) -> Response:
    """Begin an application, or resume the open one: a person has one at a time.

    It stays open until its shop is approved.
    """
    now = dt.datetime.now(dt.UTC)
    return once(
        request, caller, key, lambda session: begin(session, user_id=caller.person, now=now)
    )


@router.get(
    "/{onboarding_id}",
    name="get_onboarding",
    response_model=ShopApplication,
    responses=MISSING,
)
def show(request: Request, onboarding_id: UUID, caller: Customer) -> Response:
    """Show how an application stands: what was saved, what is missing, what was decided."""
    with acting(request, caller) as session:
        return answer(application_view(session, onboarding_id, user_id=caller.person))


@router.put(
    "/{onboarding_id}/step/{step}",
    name="save_onboarding_step",
    response_model=ShopApplication,
    responses=MISSING_OR_REFUSED,
)
def save(
    request: Request, onboarding_id: UUID, step: StepName, body: StepBody, caller: Customer
) -> Response:
    """Save a step, in any order and as often as wanted, until the application is completed.

    After a refusal steps can be corrected, and the application completed again.
    """
    chosen = step_named(step)
    data = checked_step(chosen, body.root)
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            save_step(session, onboarding_id, chosen, data, user_id=caller.person, now=now)
        )


@router.post(
    "/{onboarding_id}/complete",
    name="complete_onboarding",
    response_model=ShopApplication,
    responses=MISSING_OR_REFUSED,
)
def finish(
    request: Request, onboarding_id: UUID, caller: Customer, key: IdempotencyKey = None
) -> Response:
    """Hand the application in: its shop is made, and reviewed before it trades.

    Doing so again changes nothing. Where steps are missing, `allowed` names them.
    """
    now = dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: complete(session, onboarding_id, user_id=caller.person, now=now),
        status=200,
    )
