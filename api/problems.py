"""Problem details (RFC 9457): what an error looks like to a caller.

Never carries what the caller sent: an input may be private, huge, or not even JSON (NaN).
"""

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

__all__ = [
    "MISSING",
    "MISSING_OR_REFUSED",
    "PROBLEMS",
    "REFUSED",
    "SAFE",
    "FieldFault",
    "Problem",
    "Responses",
    "problem_response",
]

SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""The headers of every answer: it is for its caller, for now, and what it says it is."""


class FieldFault(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="Where it stands, as `delivery_location.coordinates[1]`.")
    expected: str = Field(description="What would have been right.")
    suggestions: list[str] = Field(default=[], description="The nearest known values.")


class Problem(BaseModel):
    """What went wrong; `type` is stable, so programs can act on it."""

    type: str = Field(examples=["urn:clutch:problem:invalid-input"])
    title: str = Field(examples=["The request cannot be used"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["limit: expected a value of 50 or less"])
    errors: list[FieldFault] = Field(default=[])
    allowed: list[str] | None = Field(default=None, description="What can be done instead.")


_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

Responses = dict[int | str, dict[str, Any]]
"""What a route gives as `responses`."""

PROBLEMS: Responses = {
    400: {"description": "The body is not JSON.", "content": _CONTENT},
    401: {"description": "No access token or service key, or a wrong one.", "content": _CONTENT},
    403: {"description": "The caller may not do this.", "content": _CONTENT},
    404: {"description": "No such thing, or not the caller's to see.", "content": _CONTENT},
    408: {"description": "The body took too long to arrive.", "content": _CONTENT},
    409: {
        "description": "Not possible as things stand; `allowed` says what is.",
        "content": _CONTENT,
    },
    413: {"description": "The body is too large.", "content": _CONTENT},
    415: {"description": "The body is of another type.", "content": _CONTENT},
    422: {"description": "A field cannot be used; `errors` names it.", "content": _CONTENT},
    429: {
        "description": "Asked too often; try again after `Retry-After` seconds.",
        "content": _CONTENT,
        "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "In seconds."}},
    },
    503: {
        "description": "Try again after `Retry-After` seconds.",
        "content": _CONTENT,
        "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "In seconds."}},
    },
}
"""The documentation of each problem. Routes name those of their own: see `api.openapi`."""

MISSING: Responses = {404: PROBLEMS[404]}
REFUSED: Responses = {409: PROBLEMS[409]}
MISSING_OR_REFUSED: Responses = {**MISSING, **REFUSED}


def problem_response(problem: Problem, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as the response that reports it."""
    body = problem.model_dump(exclude_defaults=True)
    return Response(
        orjson.dumps(body),
        status_code=problem.status,
        media_type="application/problem+json",
        headers={**SAFE, **(headers or {})},
    )
