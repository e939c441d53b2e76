"""The SQL of the administrators' queue.

Reads: shop. Reads/Writes: shop_review.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from storage.paging import Page, page_of
from storage.tables.onboarding import ShopReview
from storage.tables.shops import Shop

__all__ = ["ReviewRow", "add_review", "decide", "newest_review", "review", "reviews"]


class ReviewRow(NamedTuple):
    """A review with the name of its shop; `decision` None: it waits."""

    review_id: UUID
    onboarding_id: UUID
    shop_id: UUID
    requested_at: dt.datetime
    decision: str | None
    reasons: list[str]
    decided_by: UUID | None
    decided_at: dt.datetime | None
    shop_name: str


def add_review(
    session: Session, *, review_id: UUID, onboarding_id: UUID, shop_id: UUID, now: dt.datetime
) -> None:
    """Put a shop into the queue."""
    session.execute(
        insert(ShopReview).values(
            review_id=review_id, onboarding_id=onboarding_id, shop_id=shop_id, requested_at=now
        )
    )


def reviews(
    session: Session, *, decision: str | None, limit: int, cursor: str | None
) -> Page[ReviewRow]:
    """Return a page of the reviews with that decision (None: waiting), oldest first."""
    rows = (
        _rows()
        .where(ShopReview.decision.is_not_distinct_from(decision))
        .order_by(ShopReview.requested_at, ShopReview.review_id)
    )
    page = page_of(session, rows, limit=limit, cursor=cursor)
    return Page([ReviewRow._make(row) for row in page.rows], page.next_cursor)


def review(session: Session, review_id: UUID) -> ReviewRow | None:
    """Return a review."""
    row = session.execute(_rows().where(ShopReview.review_id == review_id)).one_or_none()
    return None if row is None else ReviewRow._make(row)


def newest_review(session: Session, onboarding_id: UUID) -> ReviewRow | None:
    """Return the newest review of an application."""
    rows = _rows().where(ShopReview.onboarding_id == onboarding_id)
    row = session.execute(rows.order_by(ShopReview.requested_at.desc()).limit(1)).one_or_none()
    return None if row is None else ReviewRow._make(row)


def decide(
    session: Session,
    review_id: UUID,
    *,
    decision: str,
    reasons: Sequence[str],
    decided_by: UUID,
    now: dt.datetime,
) -> bool:
    """Write the decision on a review that waits; False when it does not."""
    decided = session.execute(
        update(ShopReview)
        .where(ShopReview.review_id == review_id, ShopReview.decision.is_(None))
        .values(decision=decision, reasons=list(reasons), decided_by=decided_by, decided_at=now)
        .returning(ShopReview.review_id)
    )
    return decided.one_or_none() is not None


def _rows() -> Select[Any]:
    own = (getattr(ShopReview, name) for name in ReviewRow._fields[:-1])
    return select(*own, Shop.name.label("shop_name")).join(Shop, Shop.shop_id == ShopReview.shop_id)
