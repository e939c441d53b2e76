"""The OpenAPI document, completed with what FastAPI does not know.

Each operation declares its rule by the type of its `caller` and, in `responses`, only the problems
of its own: 404 for a thing that may be missing, 409 for a refusal. What follows from the rule and
from the shape of the request is added here for all: security, the roles, the headers that name a
shop or a customer, 400 to 503. So a route that says `responses=MISSING` has said enough.

`examples.json` has an answer for each schema that is one, as the API gave it.
"""

from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.routing import APIRoute

from accounts.principal import Role
from api.access import SHOP_HEADER, USER_HEADER, Access, operations
from api.errors import (
    Malformed,
    TooLarge,
    TooSlow,
    Unauthorised,
    UnsupportedMediaType,
    problem_for,
)
from api.problems import PROBLEMS, Problem
from clutch.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany, Unavailable

__all__ = ["GUARDED", "complete_openapi", "operation_id"]

GUARDED = "/api/"
"""What the paths begin with whose operations declare who may call them."""

_TOKEN, _KEY = "accessToken", "serviceKey"
_SCHEMES = {
    _TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of `POST /api/v1/auth/log-in`, good for 15 minutes.",
    },
    _KEY: {"type": "http", "scheme": "bearer", "description": "The service key of a program."},
}
_INTRODUCTION = (
    "People log in at `POST /api/v1/auth/log-in` and show the access token; programs show a service"
    " key: either as `Authorization: Bearer ...`, which is what the button *Authorize* is for."
    " Money is whole piastres, coordinates are (longitude, latitude), times are UTC. Lists go on"
    " with `cursor`. Errors are problem details (RFC 9457) whose `type` is stable."
)
_TAGS = {
    "accounts": "Joining, logging in, roles, keys for programs, the audit log.",
    "matching": "Which nearby shops can serve a car, and by when.",
    "vehicles": "A customer's cars.",
    "orders": "Asking for parts, from the draft to the shops that are asked.",
    "quotes": "What shops offer, compared side by side; accepting one, or parts of several.",
    "payments": "Cash on delivery, cards and wallets, refunds.",
    "deliveries": "From the counter to the door.",
    "ratings": "What customers say of an order that was delivered.",
    "kpis": "How the market does, and how a shop does.",
    "events": "The log behind Socket.IO, for those who have no socket.",
    "shop onboarding": "How a shop joins, step by step.",
    "shops, administration": "Who may trade: applications approved or refused, suspension.",
    "shops": "What a shop is to everybody, and to those who work there.",
    "files": "Photos and documents.",
    "notifications": "The inbox, push, and the devices it goes to.",
    "webhooks": "Signed messages to partners' servers.",
    "health": "Whether it runs, and how fast.",
}
_PROBLEM = "application/problem+json"
_ANSWERS = Path(__file__).with_name("examples.json")
_REFUSALS = (
    Malformed(),
    Unauthorised(),
    Forbidden("for admin only"),
    NotFound("order"),
    TooSlow(10),
    Conflict("the order is shipped and cannot become cancelled", allowed=["delivered"]),
    TooLarge(256 * 1024),
    UnsupportedMediaType("application/json"),
    InvalidInput("limit", "a value of 50 or less"),
    TooMany("requests", retry_after_seconds=12),
    Unavailable("the database"),
)
_THE_SHOP = "The shop to act for; needed only by those who work at several."
_THE_CUSTOMER = "The customer that a program acts for; for service keys alone, who need it."
_PROGRAMS = frozenset({Role.ORDER_SERVICE, Role.PIPELINE})
_OF_A_BODY = (400, 408, 413, 415, 422)
_OF_ALL = (429, 503)


def operation_id(route: APIRoute) -> str:
    """Return the id of an operation: the name of its route."""
    return route.name


def complete_openapi(app: FastAPI) -> None:
    """Make `app` document who may call what, and the problems that responses point at."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(plain(), app)
        return plain()

    app.openapi = complete  # type: ignore[method-assign]


def _complete(document: dict[str, Any], app: FastAPI) -> None:
    document["info"]["description"] = _INTRODUCTION
    document["tags"] = [{"name": name, "description": says} for name, says in _TAGS.items()]
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(shape.pop("$defs"))
    schemas["Problem"] = shape
    # FastAPI's own error shape is never sent.
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for name, example in orjson.loads(_ANSWERS.read_bytes()).items():
        schemas[name]["examples"] = [example]
    document["components"]["securitySchemes"] = _SCHEMES
    documented = [each for methods in document["paths"].values() for each in methods.values()]
    for operation in documented:
        operation["security"] = []
    for each in operations(app, GUARDED):
        operation = document["paths"].get(each.path, {}).get(each.method.lower())
        if operation and each.access:
            _say(operation, each.access)
    problems = [problem_for(error)[0] for error in _REFUSALS]
    shown = {str(each.status): each.model_dump(exclude_defaults=True) for each in problems}
    for operation in documented:
        for status, response in operation["responses"].items():
            if _is_problem(response):
                operation["responses"][status] = _with_example(response, shown[status])


def _say(operation: dict[str, Any], access: Access) -> None:
    """Add to an operation what follows from its rule and its request."""
    operation["security"] = [{scheme: []} for scheme in _proofs(access)]
    operation["description"] = f"{operation.get('description', '')}\n\n{_callers(access)}".strip()
    if not access.is_public and _TOKEN in _proofs(access):
        operation.setdefault("parameters", []).append(_id_header(SHOP_HEADER, _THE_SHOP))
    if access.for_customers:
        operation.setdefault("parameters", []).append(_id_header(USER_HEADER, _THE_CUSTOMER))
    problems = set(_OF_ALL)
    if not access.is_public:
        problems |= {401, 403}
    if "requestBody" in operation:
        problems |= set(_OF_A_BODY)
    if operation.get("parameters"):
        problems.add(422)
    responses = operation["responses"]
    for status in problems:
        if not _is_problem(responses.get(str(status), {})):
            responses[str(status)] = PROBLEMS[status]
    operation["responses"] = dict(sorted(responses.items()))


def _proofs(access: Access) -> list[str]:
    """Return by what callers may prove who they are; none where strangers may call."""
    if access.is_public:
        return []
    people, programs = access.roles - _PROGRAMS, access.roles & _PROGRAMS
    return ([_TOKEN] if people else []) + ([_KEY] if programs else [])


def _callers(access: Access) -> str:
    if access.is_public:
        return "For everybody."
    scope = f" Service keys need the scope `{access.scope}`." if access.scope else ""
    return f"For: {', '.join(f'`{role}`' for role in sorted(access.roles))}.{scope}"


def _id_header(name: str, says: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": says,
        "schema": {"type": "string", "format": "uuid"},
    }


def _is_problem(response: dict[str, Any]) -> bool:
    return _PROBLEM in response.get("content", {})


def _with_example(response: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    content = {**response["content"][_PROBLEM], "example": example}
    return {**response, "content": {_PROBLEM: content}}
