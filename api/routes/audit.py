"""`/admin/audit`: who did what, and whether the log is as it was written."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from accounts import audit
from accounts.audit import Entries, Verdict
from api.access import Admin
from api.acting import acting, answer
from api.bodies import JsonRoute
from api.schemas.pages import Cursor, PageSize

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/admin/audit", tags=["accounts"], route_class=JsonRoute)

Subject = Annotated[
    str | None,
    Query(
        max_length=120,
        pattern=r"^[\x21-\x7e]+$",
        description="What was acted on, as `order:<id>`.",
    ),
]


@router.get("", name="list_audit_entries", response_model=Entries)
def list_entries(
    request: Request,
    caller: Admin,
    subject: Subject = None,
    limit: PageSize = 20,
    cursor: Cursor = None,
) -> Response:
    """Return entries of the audit log, the newest first."""
    with acting(request, caller) as session:
        found = audit.list_entries(session, subject=subject, limit=limit, cursor=cursor)
        return answer(found)


@router.get("/verification", name="verify_audit_log", response_model=Verdict)
def verify(
    request: Request,
    caller: Admin,
    seen: Annotated[
        str | None, Query(max_length=90, description="An `end` that was answered earlier.")
    ] = None,
) -> Response:
    """Check the chain of hashes over the whole log, and that an earlier end is still in it."""
    with acting(request, caller) as session:
        return answer(audit.verify(session, seen=seen))
