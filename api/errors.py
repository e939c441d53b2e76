"""The one table from what went wrong to a status, and the handlers that speak it."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.problems import FieldFault, Problem, problem_response
from clutch.errors import ClutchError, InvalidInput, Unavailable
from matching.makes import UnknownMake

__all__ = ["Unauthorised", "add_error_handlers", "problem_for"]

_log = structlog.get_logger()

_NOT_JSON = "body: expected valid JSON in UTF-8, not nested deeper than needed"
_INVALID = ("invalid-input", "The request cannot be used")


class Unauthorised(ClutchError):
    """The caller showed no service key, or a wrong one."""

    def __init__(self) -> None:
        super().__init__("send the service key as `Authorization: Bearer <key>`")


# What went wrong -> status, type, title. The first that fits counts.
_STATUSES: list[tuple[type[ClutchError], tuple[int, str, str]]] = [
    (Unauthorised, (401, "unauthorised", "Who is calling is not known")),
    (UnknownMake, (422, "unknown-make", "No make goes by this name")),
    (InvalidInput, (422, *_INVALID)),
    (Unavailable, (503, "unavailable", "Not available now")),
]
_OUR_FAULT = (500, "unexpected", "Something went wrong on our side")

_HTTP_TITLES = {
    400: ("malformed", "The request cannot be read"),
    404: ("not-found", "There is nothing here"),
    405: ("method-not-allowed", "This method is not for this path"),
    413: ("too-large", "The request is too large"),
    415: ("unsupported-media-type", "The body is of another type"),
}


def problem_for(error: ClutchError) -> tuple[Problem, dict[str, str]]:
    """Return the problem that reports `error`, and the headers that go with it.

    Examples
    --------
    >>> problem, headers = problem_for(Unavailable("the database"))
    >>> problem.status, headers
    (503, {'Retry-After': '5'})
    """
    entry = next((entry for kind, entry in _STATUSES if isinstance(error, kind)), _OUR_FAULT)
    status, slug, title = entry
    problem = Problem(
        type=f"urn:clutch:problem:{slug}",
        title=title,
        status=status,
        detail=title if entry is _OUR_FAULT else str(error),
        errors=_faults(error),
    )
    return problem, _headers(error)


def _faults(error: ClutchError) -> list[FieldFault]:
    if not isinstance(error, InvalidInput):
        return []
    suggestions = error.suggestions if isinstance(error, UnknownMake) else []
    return [FieldFault(field=error.field, expected=error.expected, suggestions=suggestions)]


def _headers(error: ClutchError) -> dict[str, str]:
    if isinstance(error, Unavailable):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, Unauthorised):
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
        _log.warning("refused", path=request.url.path, problem=problem.type, detail=str(error))
    return problem_response(problem, headers=headers)


async def _validation_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [_fault(entry) for entry in error.errors()[:20]]
    if any(entry["type"] == "json_invalid" for entry in error.errors()):
        return _problem(400, _NOT_JSON)
    content_type = request.headers.get("content-type", "")
    if request.method in {"POST", "PUT", "PATCH"} and "json" not in content_type:
        return _problem(415, "send the body as application/json")
    slug, title = _INVALID
    return problem_response(
        Problem(
            type=f"urn:clutch:problem:{slug}",
            title=title,
            status=422,
            detail=f"{faults[0].field}: expected {faults[0].expected}",
            errors=faults,
        )
    )


def _fault(entry: Mapping[str, Any]) -> FieldFault:
    where = [part for part in entry["loc"] if part != "body"]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return FieldFault(field=field.lstrip(".") or "body", expected=_expected(entry))


_EXPECTED = {
    "missing": "a value",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "extra_forbidden": "no such field",
    "string_too_short": "text that is not empty",
}


def _expected(entry: Mapping[str, Any]) -> str:
    """Put Pydantic's complaint into words that say what would have been right."""
    kind, limits = entry["type"], entry.get("ctx", {})
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    phrases = {
        "greater_than_equal": ("ge", "a value of {} or more"),
        "less_than_equal": ("le", "a value of {} or less"),
        "greater_than": ("gt", "a value above {}"),
        "too_long": ("max_length", "at most {} entries"),
        "too_short": ("min_length", "at least {} entries"),
        "string_too_long": ("max_length", "at most {} characters"),
        "literal_error": ("expected", "{}"),
    }
    if kind in phrases:
        name, phrase = phrases[kind]
        limit = limits.get(name)
        return phrase.format(f"{limit:g}" if isinstance(limit, float) else limit)
    return str(entry["msg"]).removeprefix("Value error, ")


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    headers = {name: value for name, value in (error.headers or {}).items() if name == "Allow"}
    # 400 comes from the framework alone, when it could not read the body: too deep, not UTF-8
    detail = _NOT_JSON if error.status_code == 400 else str(error.detail)
    return _problem(error.status_code, detail, headers=headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("unexpected", path=request.url.path, exc_info=error)
    return _problem(500, "it has been logged; the same call may succeed later")


def _problem(status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> Response:
    slug, title = _HTTP_TITLES.get(status, ("unexpected", "Something went wrong on our side"))
    return problem_response(
        Problem(type=f"urn:clutch:problem:{slug}", title=title, status=status, detail=detail),
        headers=headers,
    )
