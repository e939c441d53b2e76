"""`/vehicles`: a customer's garage."""

import datetime as dt
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import Customer
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING, REFUSED, SAFE
from api.schemas.orders import GarageVehicle
from api.state import knowledge_of
from orders import vehicles

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/vehicles", tags=["vehicles"], route_class=JsonRoute)


@router.get("", name="list_vehicles", response_model=vehicles.Garage)
def garage(request: Request, caller: Customer) -> Response:
    """List one's cars, newest first."""
    with acting(request, caller) as session:
        return answer(vehicles.garage(session, user_id=caller.person))


@router.post(
    "",
    name="add_vehicle",
    status_code=201,
    response_model=vehicles.VehicleView,
    responses=REFUSED,
)
def add(
    request: Request, body: GarageVehicle, caller: Customer, key: IdempotencyKey = None
) -> Response:
    """Put a car into one's garage.

    `vin_hint` says what the chassis number hints at; where it disagrees with the make, look again:
    nothing is refused for it.
    """
    knowledge, now = knowledge_of(request), dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: vehicles.add_vehicle(
            session,
            body.car(),
            plate=body.plate,
            name=body.name,
            user_id=caller.person,
            makes=knowledge.makes,
            now=now,
        ),
    )


@router.get(
    "/{vehicle_id}",
    name="get_vehicle",
    response_model=vehicles.VehicleView,
    responses=MISSING,
)
def show(request: Request, vehicle_id: UUID, caller: Customer) -> Response:
    """Show a car of one's own."""
    with acting(request, caller) as session:
        return answer(vehicles.vehicle_view(session, vehicle_id, user_id=caller.person))


@router.put(
    "/{vehicle_id}",
    name="replace_vehicle",
    response_model=vehicles.VehicleView,
    responses=MISSING,
)
def replace(request: Request, vehicle_id: UUID, body: GarageVehicle, caller: Customer) -> Response:
    """Say anew what a car is; what is left out is not known any more. Orders keep what it was."""
    makes = knowledge_of(request).makes
    with acting(request, caller) as session:
        return answer(
            vehicles.replace_vehicle(
                session,
                vehicle_id,
                body.car(),
                plate=body.plate,
                name=body.name,
                user_id=caller.person,
                makes=makes,
            )
        )


@router.delete("/{vehicle_id}", name="remove_vehicle", status_code=204, responses=MISSING)
def remove(request: Request, vehicle_id: UUID, caller: Customer) -> Response:
    """Take a car out of one's garage; orders keep what it was."""
    with acting(request, caller) as session:
        vehicles.remove_vehicle(session, vehicle_id, user_id=caller.person)
    return Response(status_code=204, headers=SAFE)
