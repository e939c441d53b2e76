"""What every body has in common: no field that is not named, no value of another type."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

__all__ = ["STRICT", "Id", "with_examples"]

STRICT = ConfigDict(strict=True, extra="forbid")

Id = Annotated[UUID, Field(strict=False)]
"""JSON has no ids of its own: they come as text."""


def with_examples(*examples: Any) -> ConfigDict:
    """Return how a strict body is read, and what it can look like."""
    return STRICT | ConfigDict(json_schema_extra={"examples": list(examples)})
