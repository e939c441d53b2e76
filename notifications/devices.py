"""The devices that take somebody's push messages. Reads/Writes: device.

A device hears as long as the log-in lasts that registered it: where that ends, by logging out, for
another password or because it was stolen, push ends too.
"""

import datetime as dt
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import NotFound
from clutch.ids import uuid7
from notifications.queries import devices as queries

__all__ = ["DeviceView", "Devices", "Platform", "add_device", "devices_of", "remove_device"]

Platform = Literal["android", "ios", "web"]


class DeviceView(TypedDict):
    """A device; its token is not shown."""

    device_id: UUID
    platform: str


class Devices(TypedDict):
    """Somebody's devices, the last one registered first; twenty at most."""

    devices: list[DeviceView]


def add_device(
    session: Session,
    user_id: UUID,
    *,
    token: str,
    platform: Platform,
    sign_in_id: UUID | None,
    now: dt.datetime,
) -> DeviceView:
    """Register a device of somebody's; one that was somebody else's is theirs from now on."""
    device_id = queries.put_device(session, uuid7(), user_id, sign_in_id, token, platform, now)
    return {"device_id": device_id, "platform": platform}


def devices_of(session: Session, user_id: UUID) -> Devices:
    """Return somebody's devices that are logged in."""
    rows = queries.devices_of(session, user_id)
    return {"devices": [{"device_id": row.device_id, "platform": row.platform} for row in rows]}


def remove_device(session: Session, user_id: UUID, device_id: UUID) -> None:
    """Forget a device of somebody's, as when they log out there.

    Raises
    ------
    NotFound
        They have no such device.
    """
    if not queries.delete_device(session, user_id, device_id):
        raise NotFound("device")
