"""Notifications on their way: to devices, and as text messages and e-mail where there is none."""

import datetime as dt
from uuid import UUID

from clutch.errors import Unavailable
from jobs.registry import task
from jobs.tools import Tools
from notifications import errands, sending
from notifications.errands import Letter, Parcel
from notifications.push import Outcome
from notifications.texts import Text
from storage.queue import Queue, enqueue
from storage.session import PLATFORM, transaction

__all__ = ["bring", "send_to_role"]

_WAITS_SECONDS = (30, 120, 600, 3_600, 14_400)


@task("notifications.bring")
def bring(tools: Tools, *, notification_id: str, attempt: int = 0, crowd: bool = False) -> None:
    """Bring an entry of an inbox to every device of its owner that does not have it yet.

    What may succeed later is tried again, at the time the provider asked for where it did, five
    times in all. A token that is dead is forgotten at once. What tells a `crowd` stays in the queue
    of such.
    """
    entry = UUID(notification_id)
    queue: Queue = "announcements" if crowd else "default"
    with transaction(tools.engine, PLATFORM) as session:
        errand = errands.errand(session, entry, now=tools.now())
        if errand.wait_until:
            enqueue(
                session,
                "notifications.bring",
                at=errand.wait_until,
                queue=queue,
                notification_id=notification_id,
                crowd=crowd,
            )
    is_last = attempt >= len(_WAITS_SECONDS)
    outcomes = [_push(tools, entry, parcel, is_last=is_last) for parcel in errand.parcels]
    if errand.letter:
        outcomes.append(_post(tools, entry, errand.letter, is_last=is_last))
    waits = [each.retry_after_seconds or 0 for each in outcomes if each.kind == "retry"]
    none_left = bool(outcomes) and all(each.kind == "dead_token" for each in outcomes)
    if waits:
        wait = max(_WAITS_SECONDS[attempt], *waits)
    elif none_left and errand.falls_back:
        wait = 0
    else:
        return
    with transaction(tools.engine, PLATFORM) as session:
        enqueue(
            session,
            "notifications.bring",
            at=tools.now() + dt.timedelta(seconds=wait),
            queue=queue,
            notification_id=notification_id,
            attempt=attempt + 1,
            crowd=crowd,
        )


def _push(tools: Tools, entry: UUID, parcel: Parcel, *, is_last: bool) -> Outcome:
    outcome = _ending(tools.push.send(parcel.message), is_last=is_last)
    with transaction(tools.engine, PLATFORM) as session:
        target = str(parcel.device_id)
        errands.settle(session, entry, "push", target, outcome, now=tools.now())
        if outcome.kind == "dead_token":
            errands.forget_token(session, parcel.message.token)
    return outcome


def _post(tools: Tools, entry: UUID, letter: Letter, *, is_last: bool) -> Outcome:
    sender = tools.sms if letter.channel == "sms" else tools.email
    try:
        sender.send(letter.destination, letter.subject, letter.body)
        outcome = Outcome("sent")
    except Unavailable as error:
        outcome = _ending(Outcome("retry", error.what), is_last=is_last)
    with transaction(tools.engine, PLATFORM) as session:
        errands.settle(session, entry, letter.channel, letter.channel, outcome, now=tools.now())
    return outcome


def _ending(outcome: Outcome, *, is_last: bool) -> Outcome:
    """Give up what was tried often enough."""
    return Outcome("failed", outcome.detail) if is_last and outcome.kind == "retry" else outcome


@task("notifications.send_to_role")
def send_to_role(
    tools: Tools,
    *,
    role: str,
    type: str,
    texts: dict[str, list[str]],
    data: dict[str, str],
    after: str,
) -> None:
    """Tell the next thousand people of a role what an administrator sent."""
    written = {locale: Text(*text) for locale, text in texts.items()}
    with transaction(tools.engine, PLATFORM) as session:
        sending.send_to_role(session, role, type, written, data, now=tools.now(), after=UUID(after))
