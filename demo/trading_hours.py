"""The opening hours that the demo's shops choose from, with how many choose each.

Pure.
"""

from functools import cache
from itertools import product

from shops.hours import weekly_intervals

__all__ = ["HOLIDAY_HOURS", "RAMADAN_HOURS", "regular_hours"]

_FRI, _SUN = 4, 6
_HOUR = 60
_OPENS = {9 * _HOUR: 0.30, 9 * _HOUR + 30: 0.15, 10 * _HOUR: 0.35, 11 * _HOUR: 0.20}
_CLOSES = {20 * _HOUR: 0.10, 21 * _HOUR: 0.20, 22 * _HOUR: 0.40, 23 * _HOUR: 0.20, 25 * _HOUR: 0.10}
_WEEKENDS = {
    "friday closed": 0.36,
    "friday late": 0.30,
    "friday split": 0.16,
    "no rest": 0.13,
    "sunday closed": 0.05,
}
_ROUND_THE_CLOCK = 0.004
_FRIDAY_LATE_OPENS = 14 * _HOUR
_BEFORE_PRAYER, _AFTER_PRAYER = 11 * _HOUR + 30, 13 * _HOUR + 30

Spans = list[tuple[int, int]]

# Minutes of a public holiday.
HOLIDAY_HOURS: list[tuple[list[int], float]] = [
    ([], 0.50),
    ([12 * _HOUR, 18 * _HOUR], 0.20),
    ([13 * _HOUR, 22 * _HOUR], 0.20),
    ([16 * _HOUR, 24 * _HOUR], 0.10),
]


def _fasting_week(day: Spans, friday: Spans) -> list[int]:
    return weekly_intervals([friday if index == _FRI else day for index in range(7)])


_EVENING = (20 * _HOUR, 25 * _HOUR)  # after breaking the fast, past midnight
# None: as in the rest of the year.
RAMADAN_HOURS: list[tuple[list[int] | None, float]] = [
    (None, 0.22),
    (_fasting_week([(10 * _HOUR, 16 * _HOUR + 30), _EVENING], [_EVENING]), 0.34),
    (_fasting_week([(11 * _HOUR, 16 * _HOUR), (20 * _HOUR + 30, 26 * _HOUR)], []), 0.20),
    (_fasting_week([(10 * _HOUR, 17 * _HOUR)], []), 0.12),
    (_fasting_week([(20 * _HOUR, 26 * _HOUR)], [(20 * _HOUR, 26 * _HOUR)]), 0.12),
]


@cache
def regular_hours() -> list[tuple[list[int], float]]:
    """Return the weeks that shops keep outside Ramadan, with the share of shops for each."""
    weeks = [
        (_week(opens, closes, weekend), (1 - _ROUND_THE_CLOCK) * a * b * c)
        for (opens, a), (closes, b), (weekend, c) in product(
            _OPENS.items(), _CLOSES.items(), _WEEKENDS.items()
        )
    ]
    return [*weeks, (weekly_intervals([[(0, 24 * _HOUR)]] * 7), _ROUND_THE_CLOCK)]


def _week(opens: int, closes: int, weekend: str) -> list[int]:
    week: list[Spans] = [[(opens, closes)] for _ in range(7)]
    if weekend == "friday closed":
        week[_FRI] = []
    elif weekend == "friday late":
        week[_FRI] = [(_FRIDAY_LATE_OPENS, closes)]
    elif weekend == "friday split":
        week[_FRI] = [(opens, _BEFORE_PRAYER), (_AFTER_PRAYER, closes)]
    elif weekend == "sunday closed":
        week[_SUN] = []
    return weekly_intervals(week)
