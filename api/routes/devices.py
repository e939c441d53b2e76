"""`/devices`: where the caller's push messages go."""

import datetime as dt
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import SignedIn
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING
from api.schemas.notifications import DeviceBody
from notifications import devices
from notifications.devices import Devices, DeviceView

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/devices", tags=["notifications"], route_class=JsonRoute)


@router.post("", name="add_device", status_code=201, response_model=DeviceView)
def add(
    request: Request, body: DeviceBody, caller: SignedIn, key: IdempotencyKey = None
) -> Response:
    """Register a device; again and again does no harm, and tells its id.

    A token belongs to the last who registered it: whoever logs in on a phone hears there, and
    whoever had it before does not. It hears as long as this log-in lasts.
    """
    now = dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: devices.add_device(
            session,
            caller.person,
            token=body.token,
            platform=body.platform,
            sign_in_id=caller.sign_in_id,
            now=now,
        ),
    )


@router.get("", name="list_devices", response_model=Devices)
def list_all(request: Request, caller: SignedIn) -> Response:
    """Return the caller's devices, the last one registered first."""
    with acting(request, caller) as session:
        return answer(devices.devices_of(session, caller.person))


@router.delete("/{device_id}", name="remove_device", status_code=204, responses=MISSING)
def remove(request: Request, device_id: UUID, caller: SignedIn) -> Response:
    """Forget a device, as when the caller logs out there."""
    with acting(request, caller) as session:
        devices.remove_device(session, caller.person, device_id)
    return Response(status_code=204)
