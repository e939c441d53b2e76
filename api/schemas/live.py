"""What a client says over a socket: who it is, and what it has heard already."""

from typing import Annotated

from pydantic import BaseModel, Field

from api.schemas.strict import STRICT
from api.schemas.texts import formed

__all__ = ["Handshake", "Heard", "Resume", "Room", "Sequence"]

_ROOM = r"^(user|shop)-[0-9a-f-]{36}$"

Room = Annotated[
    str,
    Field(pattern=_ROOM, max_length=41),
    formed(_ROOM, "user-{id} or shop-{id}, as the server tells it"),
]
Sequence = Annotated[int, Field(ge=0, le=2**53)]


class _Said(BaseModel):
    model_config = STRICT


class Handshake(_Said):
    """What `auth` holds when a client connects."""

    token: str | None = Field(None, min_length=1, max_length=4_096)
    after: dict[Room, Sequence] = Field({}, max_length=100)


class Resume(_Said):
    """Asks to hear a room from after a number."""

    room: Room
    after: Sequence


class Heard(_Said):
    """Says that a client has dealt with a room's events up to a number."""

    room: Room
    sequence: Sequence
