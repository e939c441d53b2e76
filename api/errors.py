"""The one table from what went wrong to a status, and the handlers that speak it."""

import re

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from accounts.access_tokens import TokenInvalid
from accounts.sign_in import SignInEnded, WrongCredentials
from api.faults import fault
from api.problems import FieldFault, Problem, problem_response
from clutch.errors import (
    ClutchError,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    TooMany,
    Unavailable,
)
from matching.makes import UnknownMake

__all__ = [
    "Malformed",
    "TooLarge",
    "TooSlow",
    "Unauthorised",
    "UnsupportedMediaType",
    "add_error_handlers",
    "problem_for",
]

_log = structlog.get_logger()

_MOST_FAULTS = 20


class Unauthorised(ClutchError):
    """The caller showed no proof of who they are, or one that does not hold."""

    def __init__(
        self, proof: str = "an access token or a service key as `Authorization: Bearer <...>`"
    ) -> None:
        super().__init__(f"send {proof}")


class Malformed(ClutchError):
    """The body is not JSON, or not a form, as every reader of it understands it."""

    def __init__(self) -> None:
        super().__init__(
            "body: expected JSON in UTF-8, no name twice in an object, no number of thousands of"
            " digits, no nesting deeper than documented; a form where the operation takes a file"
        )


class UnsupportedMediaType(ClutchError):
    """The body is declared as something other than what the operation takes."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"body: expected `Content-Type: {expected}`")


class TooSlow(ClutchError):
    """The body did not arrive in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"body: expected to arrive whole within {seconds:.0f} seconds")


class TooLarge(ClutchError):
    """The body passes the limit."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"body: expected at most {max_bytes} bytes")


# What went wrong -> status, type, title. The first that fits counts.
_STATUSES: list[tuple[type[ClutchError], tuple[int, str, str]]] = [
    (Malformed, (400, "malformed", "The request cannot be read")),
    (Unauthorised, (401, "unauthorised", "Who is calling is not known")),
    (TokenInvalid, (401, "unauthorised", "Who is calling is not known")),
    (WrongCredentials, (401, "wrong-credentials", "This does not log anybody in")),
    (SignInEnded, (401, "log-in-ended", "The log-in has ended")),
    (Forbidden, (403, "forbidden", "The caller may not do this")),
    (NotFound, (404, "not-found", "There is nothing here")),
    (TooSlow, (408, "too-slow", "The request took too long to arrive")),
    (Conflict, (409, "conflict", "Not possible as things stand")),
    (TooLarge, (413, "too-large", "The request is too large")),
    (UnsupportedMediaType, (415, "unsupported-media-type", "The body is of another type")),
    (UnknownMake, (422, "unknown-make", "No make goes by this name")),
    (InvalidInput, (422, "invalid-input", "The request cannot be used")),
    (TooMany, (429, "too-many-requests", "Asked too often")),
    (Unavailable, (503, "unavailable", "Not available now")),
]
_OUR_FAULT = (500, "unexpected", "Something went wrong on our side")

# What the framework itself refuses: status -> type, title, detail.
_BY_FRAMEWORK = {
    404: ("not-found", "There is nothing here", "see /docs for the paths there are"),
    405: ("method-not-allowed", "This path has other methods", "see the header Allow"),
}


def problem_for(error: ClutchError) -> tuple[Problem, dict[str, str]]:
    """Return the problem that reports `error`, and the headers that go with it.

    Examples
    --------
    >>> problem, headers = problem_for(Unavailable("the database"))
    >>> problem.status, headers
    (503, {'Retry-After': '5'})
    >>> problem_for(InvalidInput("limit", "a whole number", found="many"))[0].detail
    'limit: expected a whole number'
    """
    entry = next((entry for kind, entry in _STATUSES if isinstance(error, kind)), _OUR_FAULT)
    faults = _faults(error)
    detail = _in_words(faults) if faults else str(error)
    if entry is _OUR_FAULT:
        detail = "it has been logged; the same call may succeed later"
    status, slug, title = entry
    problem = _problem(status, _slug(error, slug), title, detail, faults)
    if isinstance(error, Conflict):
        problem.allowed = error.allowed
    return problem, _headers(error)


def _problem(status: int, slug: str, title: str, detail: str, faults: list[FieldFault]) -> Problem:
    return Problem(
        type=f"urn:clutch:problem:{slug}", title=title, status=status, detail=detail, errors=faults
    )


def _slug(error: ClutchError, slug: str) -> str:
    """Return the name of the problem: rooms' own kinds of conflict and refusal have their own."""
    own = isinstance(error, Conflict | Forbidden) and type(error) not in (Conflict, Forbidden)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower() if own else slug


def _in_words(faults: list[FieldFault]) -> str:
    return f"{faults[0].field}: expected {faults[0].expected}"


def _faults(error: ClutchError) -> list[FieldFault]:
    if not isinstance(error, InvalidInput):
        return []
    return [FieldFault(field=error.field, expected=error.expected, suggestions=error.suggestions)]


def _headers(error: ClutchError) -> dict[str, str]:
    if isinstance(error, Unavailable | TooMany):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, Unauthorised | TokenInvalid | WrongCredentials | SignInEnded):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def add_error_handlers(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""
    app.add_exception_handler(ClutchError, _clutch_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


async def _clutch_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ClutchError):
        raise error
    problem, headers = problem_for(error)
    if problem.status >= 500:
        cause = type(error.__cause__ or error).__name__
        _log.warning("refused", path=request.url.path, detail=str(error), cause=cause)
    return problem_response(problem, headers=headers)


async def _validation_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [fault(entry) for entry in error.errors()[:_MOST_FAULTS]]
    status, slug, title = dict(_STATUSES)[InvalidInput]
    return problem_response(_problem(status, slug, title, _in_words(faults), faults))


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    headers = {name: value for name, value in (error.headers or {}).items() if name == "Allow"}
    entry = _BY_FRAMEWORK.get(error.status_code, (*_OUR_FAULT[1:], str(error.status_code)))
    return problem_response(_problem(error.status_code, *entry, []), headers=headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    # The server logs the traceback, for this handler does not end the error's way.
    _log.error("unexpected", path=request.url.path, kind=type(error).__name__)
    problem, headers = problem_for(ClutchError())
    return problem_response(problem, headers=headers)
