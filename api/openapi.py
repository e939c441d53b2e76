"""The OpenAPI document, completed with what FastAPI does not know: the key and the problems."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.problems import Problem

__all__ = ["GUARDED", "complete_openapi", "operation_id"]

GUARDED = "/api/"
"""What the paths begin with whose operations declare who may call them."""

_KEY = "serviceKey"
_SCHEME = {"type": "http", "scheme": "bearer", "description": "The service key."}


def operation_id(route: APIRoute) -> str:
    """Return the id of an operation: the name of its route."""
    return route.name


def complete_openapi(app: FastAPI) -> None:
    """Make `app` document who may call what, and the problems that responses point at."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(plain())
        return plain()

    app.openapi = complete  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(shape.pop("$defs"))
    schemas["Problem"] = shape
    # FastAPI's own error shape is never sent.
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    document["components"]["securitySchemes"] = {_KEY: _SCHEME}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["security"] = [{_KEY: []}] if path.startswith(GUARDED) else []
