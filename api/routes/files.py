"""`/files`: documents and photos, uploaded before what refers to them."""

import datetime as dt
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from accounts.principal import Principal, Role
from api.access import Customer
from api.acting import IdempotencyKey, acting, once
from api.bodies import UploadRoute
from api.errors import TooLarge
from api.problems import PROBLEMS, SAFE
from api.rate_limits import Limit
from api.schemas.files import Upload
from api.state import state_of
from clutch.errors import NotFound
from orders.queries.deliveries import is_proof_for
from orders.queries.invitations import is_photo_of_request
from shops import uploads
from shops.queries.uploads import FileRow

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/files", tags=["files"], route_class=UploadRoute)

_KINDS = ("image/jpeg", "image/png", "image/webp", "application/pdf")
_CONTENT = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _KINDS}
_SEALED = {"Content-Security-Policy": "default-src 'none'; sandbox"}


@router.post(
    "",
    name="upload_file",
    status_code=201,
    response_model=uploads.FileView,
)
async def upload(
    request: Request,
    form: Annotated[Upload, Form(media_type="multipart/form-data")],
    caller: Customer,
    key: IdempotencyKey = None,
) -> Response:
    """Keep a picture (JPEG, PNG, WebP) or, for shops' documents, a PDF; at most 10 MiB.

    What a file is, is told from what is in it. Pictures are written anew, upright, without what
    was hidden in them: where they were taken, above all.
    """
    await state_of(request).limits.hit(Limit.UPLOAD_PERSON, caller.name)
    content = await form.file.read(uploads.MOST_BYTES + 1)
    if len(content) > uploads.MOST_BYTES:
        raise TooLarge(uploads.MOST_BYTES)
    file = await state_of(request).decoding.run(uploads.cleaned, content, form.purpose)
    name, now = form.file.filename or "", dt.datetime.now(dt.UTC)
    # The form itself differs each time it is sent, by the boundary between its parts.
    request.state.body = f"{form.purpose} {name}\n".encode() + content

    def store(session: Session) -> uploads.FileView:
        return uploads.store(
            session, user_id=caller.person, purpose=form.purpose, name=name, file=file, now=now
        )

    return await run_in_threadpool(once, request, caller, key, store)


@router.get(
    "/{file_id}",
    name="get_file",
    response_class=Response,
    responses={
        200: {"description": "What is in the file.", "content": _CONTENT},
        404: PROBLEMS[404],
    },
)
def download(request: Request, file_id: UUID, caller: Customer) -> Response:
    """Give a file back: to who uploaded it, to administrators, to those whose order shows it."""
    with acting(request, caller) as session:
        file = uploads.file_for(session, file_id)
        if not _may_see(session, caller, file):
            raise NotFound("file")
        content = uploads.content_of(session, file)
    saved_as = f"attachment; filename*=UTF-8''{quote(file.name)}"
    headers = {**SAFE, **_SEALED, "Content-Disposition": saved_as}
    return Response(content, media_type=file.media_type, headers=headers)


def _may_see(session: Session, caller: Principal, file: FileRow) -> bool:
    if caller.person == file.user_id or Role.ADMIN in caller.roles:
        return True
    if file.purpose == "proof_of_delivery":
        return is_proof_for(session, file.file_id, user_id=caller.person, shop_id=caller.shop_id)
    if file.purpose == "part_photo" and caller.shop_id is not None:
        return is_photo_of_request(session, caller.shop_id, file.file_id)
    return False
