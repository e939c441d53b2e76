"""Who may call: for now one service key, which guards everything but health and docs."""

import secrets
from typing import Annotated

from fastapi import Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from api.errors import Unauthorised
from api.state import state_of

__all__ = ["require_service_key"]

_bearer = HTTPBearer(auto_error=False, description="The service key.", scheme_name="service key")


async def require_service_key(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> None:
    """Let a caller pass that shows the service key of the settings.

    Raises
    ------
    Unauthorised
        It shows none or another, or the settings hold none.
    """
    key = state_of(request).service_key
    shown = credentials.credentials if credentials else ""
    # Compared as bytes: compare_digest takes no other text than ASCII.
    if key is None or not secrets.compare_digest(shown.encode(), key.get_secret_value().encode()):
        raise Unauthorised
