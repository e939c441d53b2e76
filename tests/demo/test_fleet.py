import re

import numpy as np
import pytest

from demo.fleet import FLEET, GROUPS, draw_makes, part_numbers


def test_a_shop_carries_one_to_eight_makes() -> None:
    carried = draw_makes(20_000, np.random.default_rng(1)).sum(axis=1)
    assert (carried.min(), carried.max()) == (1, 8)
    assert 0.30 < (carried == 1).mean() < 0.40


def test_the_rarest_make_is_carried_by_fewer_than_one_shop_in_two_thousand_yet_by_some() -> None:
    carried = draw_makes(200_000, np.random.default_rng(1)).mean(axis=0)
    share = dict(zip(FLEET, carried, strict=True))
    assert min(share, key=lambda name: share[name]) == "Infiniti"
    assert 0 < share["Infiniti"] < 1 / 2_000
    assert share["Hyundai"] > 0.25


def test_makes_of_one_group_are_carried_together() -> None:
    carried = draw_makes(20_000, np.random.default_rng(1))
    korean, french = ([name in group for name in FLEET] for group in (GROUPS[0], GROUPS[4]))
    few = carried[carried.sum(axis=1) == 3]
    only_korean = (few[:, ~np.array(korean)].sum(axis=1) == 0).mean()
    mixed = (few[:, korean].any(axis=1) & few[:, french].any(axis=1)).mean()
    assert only_korean > 0.2 > mixed


def test_every_group_names_makes_of_the_fleet() -> None:
    assert {name for group in GROUPS for name in group} <= set(FLEET)


@pytest.mark.parametrize("make", FLEET)
def test_part_numbers_are_distinct_and_the_same_each_time(make: str) -> None:
    numbers = part_numbers(make)
    assert len(numbers) == len(set(numbers)) == 80
    assert numbers == part_numbers(make)
    assert all(re.fullmatch(r"[A-Z0-9.-]{6,}", number) for number in numbers)


def test_no_shop_is_drawn_when_none_is_wanted() -> None:
    assert draw_makes(0, np.random.default_rng(1)).shape == (0, len(FLEET))
