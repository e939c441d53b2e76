import pytest

from demo.trading_hours import HOLIDAY_HOURS, RAMADAN_HOURS, regular_hours

FRIDAY = 4 * 1_440


def open_minutes(hours: list[int], start: int, end: int) -> int:
    pairs = zip(hours[::2], hours[1::2], strict=True)
    return sum(max(0, min(closes, end) - max(opens, start)) for opens, closes in pairs)


@pytest.mark.parametrize(
    ("choices", "span"),
    [(regular_hours(), 10_080), (RAMADAN_HOURS, 10_080), (HOLIDAY_HOURS, 1_440)],
)
def test_hours_rise_in_pairs_within_their_span_and_shares_add_up(choices: list, span: int) -> None:
    assert sum(share for _, share in choices) == pytest.approx(1)
    for hours, _ in choices:
        if hours:
            assert len(hours) % 2 == 0
            assert hours == sorted(set(hours))
            assert hours[0] >= 0
            assert hours[-1] <= span


def test_a_third_of_the_shops_rest_on_friday_and_a_sixth_break_for_the_prayer() -> None:
    weeks = regular_hours()
    # shops that close after midnight on Thursday are still at it in the first hour of Friday
    closed = sum(
        share for hours, share in weeks if not open_minutes(hours, FRIDAY + 60, FRIDAY + 1_440)
    )
    noon = FRIDAY + 12 * 60
    split = sum(
        share
        for hours, share in weeks
        if open_minutes(hours, noon - 120, noon)
        and not open_minutes(hours, noon, noon + 60)
        and open_minutes(hours, noon + 120, noon + 240)
    )
    assert closed == pytest.approx(0.36, abs=0.01)
    assert split == pytest.approx(0.16, abs=0.01)


def test_most_shops_open_in_the_evenings_of_ramadan() -> None:
    evening = 1_440 + 21 * 60
    late = sum(
        share
        for hours, share in RAMADAN_HOURS
        if hours and open_minutes(hours, evening, evening + 60)
    )
    assert late > 0.6
