"""A provider that is away for long: what nobody else looks for is asked again until it is back."""

import jobs.tasks  # noqa: F401 (registers them)
from jobs.registry import tasks


def test_letting_go_of_a_payment_is_tried_for_more_than_a_day() -> None:
    assert sum(tasks()["payments.cancel"].waits) > 86_400
