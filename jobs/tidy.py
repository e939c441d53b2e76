"""What nobody needs any more is deleted; partners' secrets are sealed with the newest key."""

import datetime as dt

from jobs import queries
from jobs.registry import periodic
from jobs.tools import Tools
from matching.knowledge import forget_old_models
from notifications import endpoints, inbox, webhooks
from storage.session import PLATFORM, transaction

__all__ = ["seal_anew", "tidy"]

JOBS_KEPT = dt.timedelta(days=30)


@periodic("41 3 * * *", "jobs.tidy")
def tidy(tools: Tools) -> None:
    """Delete what is too old, of jobs, inboxes, partners' messages and models."""
    now = tools.now()
    with transaction(tools.engine, PLATFORM) as session:
        queries.delete_finished(session.connection(), before=now - JOBS_KEPT)
        inbox.forget_old(session, now=now)
        webhooks.forget_old(session, now=now)
        forget_old_models(session, now=now)


@periodic("11 * * * *", "webhooks.seal_anew")
def seal_anew(tools: Tools) -> None:
    """Seal partners' secrets with the newest key, where an older one did, or none."""
    with transaction(tools.engine, PLATFORM) as session:
        endpoints.seal_anew(session, seals=tools.seals())
