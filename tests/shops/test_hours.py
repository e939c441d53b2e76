import pytest
from hypothesis import given
from hypothesis import strategies as st

from shops.hours import DAY_MINUTES, WEEK_MINUTES, day_minutes, week_minutes, weekly_intervals

NINE, TEN, TWO_PM, TEN_PM = 540, 600, 840, 1_320
FRIDAY = 4 * DAY_MINUTES

spans = st.tuples(st.integers(0, 1_439), st.integers(1, 1_440)).map(
    lambda each: (each[0], each[0] + each[1])
)
weeks = st.lists(st.lists(spans, max_size=3), min_size=7, max_size=7)


def test_a_range_of_days_may_pass_the_end_of_the_week() -> None:
    hours = week_minutes("Sat-Thu 09:00-22:00; Fri 14:00-22:00")
    days = [(hours[i], hours[i + 1]) for i in range(0, 14, 2)]
    expected = [(NINE + day * DAY_MINUTES, TEN_PM + day * DAY_MINUTES) for day in range(7)]
    expected[4] = (FRIDAY + TWO_PM, FRIDAY + TEN_PM)
    assert days == expected


def test_a_day_may_be_split() -> None:
    assert week_minutes("Fri 10:00-11:30, 13:30-22:00") == [
        FRIDAY + TEN,
        FRIDAY + 690,
        FRIDAY + 810,
        FRIDAY + TEN_PM,
    ]


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("السبت-الخميس ١٠:٠٠-٢٢:٠٠؛ الجمعة مغلق", "Sat-Thu 10:00-22:00; Fri closed"),
        ("يوميا 10:00–22:00", "Daily 10:00-22:00"),
        ("الأحد، الثلاثاء 09:00-17:00", "Sun, Tue 09:00-17:00"),
    ],
)
def test_arabic_hours_mean_the_same(arabic: str, english: str) -> None:
    assert week_minutes(arabic) == week_minutes(english)


def test_always_open_is_one_interval() -> None:
    assert week_minutes("daily 24 hours") == [0, WEEK_MINUTES]


def test_hours_past_midnight_on_sunday_go_on_on_monday() -> None:
    assert week_minutes("Sunday 20:00-02:00") == [0, 120, 6 * DAY_MINUTES + 1_200, WEEK_MINUTES]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Sat-Thu", "is not days followed by times"),
        ("09:00-22:00", "a day is missing"),
        ("Fry 09:00-22:00", "'fry' is not a day"),
        ("Mon 9-17", "'9-17' is not a span of time"),
        ("Mon 09:00-25:00", "25:00 is not a time"),
        ("Mon 09:60-10:00", "09:60 is not a time"),
        ("Mon 09:00-09:00", "opens and closes at once"),
        ("Mon" + " " * 1_000 + "9", "is longer than 1000 signs"),
        ("Mon-Wed 09:00-17:00; Tue 10:00-12:00", "Tue is given twice"),
    ],
)
def test_what_is_not_understood_is_named(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        week_minutes(text)


def test_hours_of_one_day_may_not_pass_midnight() -> None:
    assert day_minutes("20:00-24:00") == [1_200, 1_440]
    with pytest.raises(ValueError, match="may not pass midnight"):
        day_minutes("20:00-01:00")


@given(weeks)
def test_intervals_rise_and_cover_just_the_open_minutes(week: list[list[tuple[int, int]]]) -> None:
    hours = weekly_intervals(week)
    assert hours == sorted(set(hours))
    assert len(hours) % 2 == 0
    covered = [False] * WEEK_MINUTES
    for day, day_spans in enumerate(week):
        for opens, closes in day_spans:
            for minute in range(opens, closes):
                covered[(day * DAY_MINUTES + minute) % WEEK_MINUTES] = True
    found = [False] * WEEK_MINUTES
    for opens, closes in zip(hours[::2], hours[1::2], strict=True):
        found[opens:closes] = [True] * (closes - opens)
    assert found == covered
