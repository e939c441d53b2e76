"""What a client says over a socket: who it is, and what it has heard already."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["Handshake", "Heard", "Resume", "Room", "Sequence"]

_ROOM = r"^(user|shop)-[0-9a-f-]{36}$"


def _named_as_rooms_are(room: object) -> object:
    """Say in words what the pattern, which callers read in the schema, would refuse."""
    if isinstance(room, str) and not re.match(_ROOM, room):
        raise ValueError("user-{id} or shop-{id}, as the server tells it")
    return room


Room = Annotated[str, Field(pattern=_ROOM, max_length=41), BeforeValidator(_named_as_rooms_are)]
Sequence = Annotated[int, Field(ge=0, le=2**53)]


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


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
