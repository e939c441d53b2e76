"""What is done about the event log: old events are forgotten."""

from jobs.registry import periodic
from jobs.tools import Tools
from notifications import events
from storage.session import PLATFORM, transaction

__all__ = ["forget"]


@periodic("17 3 * * *", "events.forget")
def forget(tools: Tools) -> None:
    """Delete the events that are too old to be heard again."""
    with transaction(tools.engine, PLATFORM) as session:
        events.forget(session, now=tools.now())
