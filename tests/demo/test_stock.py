import datetime as dt

import numpy as np
import polars as pl

from clutch.names import part_number_key
from demo.fleet import part_numbers
from demo.stock import draw_stock


def test_a_shop_holds_parts_of_the_makes_it_carries_each_once(
    shops: pl.DataFrame, makes: pl.DataFrame, until: dt.date
) -> None:
    stock = draw_stock(shops.head(300), makes, until, np.random.default_rng(1))
    assert not stock.select("shop_id", "part_key").is_duplicated().any()
    assert stock["shop_id"].n_unique() == 300
    names = dict(makes.select("brand_id", "name_en").iter_rows())
    carried = {
        shop_id: {number for brand in brands for number in part_numbers(names[brand])}
        for shop_id, brands in shops.select("shop_id", "brand_ids").iter_rows()
    }
    assert all(number in carried[shop] for shop, number in stock["shop_id", "part_number"].rows())


def test_keys_belong_to_numbers_and_values_are_in_range(
    shops: pl.DataFrame, makes: pl.DataFrame, until: dt.date
) -> None:
    stock = draw_stock(shops, makes, until, np.random.default_rng(1))
    assert (
        stock["part_number"].map_elements(part_number_key, pl.String) == stock["part_key"]
    ).all()
    assert 0.08 < (stock["quantity"] == 0).mean() < 0.16
    assert stock["quantity"].min() == 0
    assert stock["sales_per_day"].min() >= 0
    assert stock["counted_at"].max() <= dt.datetime.combine(until, dt.time(), dt.UTC)


def test_no_shops_hold_nothing(shops: pl.DataFrame, makes: pl.DataFrame, until: dt.date) -> None:
    assert draw_stock(shops.clear(), makes, until, np.random.default_rng(1)).is_empty()
