"""Past quotes made ready for the choice model: checked, referenced, as a sparse design. Pure."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from clutch.errors import InvalidFrame
from clutch.frames import Column, checked
from pricing.choices import Choices, Family, fit_choices
from pricing.history import LEAST_PRICE

__all__ = ["COVARIATES", "LEAST_RIVALS", "QuoteFit", "Quotes", "fit_quotes", "prepared_quotes"]

Vector = NDArray[np.float64]
Index = NDArray[np.int64]

COVARIATES = ("delivery_minutes", "shop_rating")
LEAST_RIVALS = 5  # no number is given that stands on fewer shops, the asking one apart
_LEAST_QUOTES = 20  # stands in for it where quotes carry no shop
_MOST_SHOPS = 1_000  # with effects of their own: those with the most quotes

_COLUMNS = [
    Column(name="request_id", kind="key"),
    Column(name="group_id", kind="key"),
    Column(name="shop_id", kind="key", required=False),
    Column(name="price", kind="number", minimum=LEAST_PRICE),
    Column(name="won", kind="number", minimum=0, maximum=1),
    Column(name="reference_price", kind="number", minimum=LEAST_PRICE, required=False),
    *(Column(name=name, kind="number", nullable=True, required=False) for name in COVARIATES),
]


@dataclass(frozen=True)
class Quotes:
    """Rows of quotes as positions and numbers.

    `log_price` is the log of the price against its reference; `covariates` has shape (2, rows),
    standardised by `centre` and `scale` (missing values are the mean). `shop` is -1 where a shop
    has no effect of its own. `groups` has `group_id, log_reference, crowded`: the reference where
    none is given, and whether enough shops quoted there.
    """

    request: Index
    group: Index
    shop: Index
    won: NDArray[np.bool_]
    log_price: Vector
    covariates: Vector
    centre: Vector
    scale: Vector
    groups: pl.DataFrame
    shops: pl.Series


@dataclass(frozen=True)
class QuoteFit:
    """What makes a quote's appeal, by group, covariate and shop, and what its rivals offer.

    `rivals` is the log of the summed appeal of all that a quote stood against, the choice of buying
    nowhere among it; one value a quote.
    """

    slope: Vector
    slope_deviation: Vector
    covariate_effect: Vector
    shop_effect: Vector
    shop_spread: float
    rivals: Vector


def prepared_quotes(quotes: pl.DataFrame) -> Quotes:
    """Check and index past quotes; see `pricing.fit_win_probability` for their columns."""
    rows = _checked_quotes(quotes)
    groups = rows.group_by("group_id").agg(
        log_reference=pl.col("price").log().mean(),
        crowded=pl.col("shop_id").n_unique() > LEAST_RIVALS
        if "shop_id" in rows.columns
        else pl.len() >= _LEAST_QUOTES,
    )
    groups = groups.sort("group_id")
    rows = rows.join(groups, on="group_id", how="left", maintain_order="left")
    reference = (
        rows["reference_price"].log()
        if "reference_price" in rows.columns
        else rows["log_reference"]
    )
    numbers = [
        rows[name].to_numpy() if name in rows.columns else np.full(rows.height, np.nan)
        for name in COVARIATES
    ]
    centre, scale = _centre_and_scale(np.stack(numbers).astype(np.float64))
    standard = (np.stack(numbers) - centre[:, None]) / scale[:, None]
    shops = _shops(rows)
    shop = np.full(rows.height, -1)
    if len(shops):
        known = pl.DataFrame({"shop_id": shops, "at": np.arange(len(shops))})
        joined = rows.join(known, on="shop_id", how="left", maintain_order="left")
        shop = joined["at"].fill_null(-1).to_numpy().astype(np.int64)
    return Quotes(
        request=rows["request_id"].rank("dense").to_numpy().astype(np.int64) - 1,
        group=rows["group_id"].rank("dense").to_numpy().astype(np.int64) - 1,
        shop=shop,
        won=rows["won"].to_numpy() > 0,
        log_price=(rows["price"].log() - reference).to_numpy(),
        covariates=np.nan_to_num(standard),
        centre=centre,
        scale=scale,
        groups=groups,
        shops=shops,
    )


def fit_quotes(quotes: Quotes) -> QuoteFit:
    """Fit the appeal of quotes: slopes by group, covariates, shops, and of buying nowhere."""
    groups, shops = quotes.groups.height, len(quotes.shops)
    families = [
        Family(1, -4.0, 4.0, learned=False),
        Family(groups, 0.0, 1.0, learned=True),
        Family(1, 0.0, 3.0, learned=False),
        Family(groups, 0.0, 0.7, learned=True),
        Family(len(COVARIATES), 0.0, 1.0, learned=False),
        Family(shops, 0.0, 0.4, learned=True),
    ]
    design, request, chosen = _design(quotes)
    found = fit_choices(design, request, chosen, families)
    start = 2 + 2 * groups
    shop_effect = found.mean[start + len(COVARIATES) :]
    slope, deviation = _group_slopes(found, groups)
    appeal = np.exp(design @ found.mean)
    total = np.bincount(request, appeal)
    own = appeal[: len(quotes.won)]
    unseen = np.diag(found.covariance)[start + len(COVARIATES) :]
    return QuoteFit(
        slope=slope,
        slope_deviation=deviation,
        covariate_effect=found.mean[start : start + len(COVARIATES)],
        shop_effect=shop_effect,
        shop_spread=float(np.sqrt((shop_effect**2 + unseen).mean())) if shops else 0.0,
        rivals=np.log(np.maximum(total[quotes.request] - own, 1e-12)),
    )


def _group_slopes(found: Choices, groups: int) -> tuple[Vector, Vector]:
    own = np.arange(1, groups + 1)
    variance = found.covariance[0, 0] + found.covariance[own, own] + 2 * found.covariance[0, own]
    return found.mean[0] + found.mean[own], np.sqrt(np.maximum(variance, 1e-9))


def _design(quotes: Quotes) -> tuple[sparse.csr_matrix, Index, Vector]:
    """Rows of quotes, then one row a request for buying nowhere; and which row was chosen."""
    groups, rows = quotes.groups.height, len(quotes.won)
    requests = int(quotes.request.max()) + 1
    group_of = np.zeros(requests, np.int64)
    group_of[quotes.request] = quotes.group
    each, nowhere = np.arange(rows), rows + np.arange(requests)
    known = quotes.shop >= 0
    start = 2 + 2 * groups
    entries = [
        (quotes.log_price, each, np.zeros(rows, np.int64)),
        (quotes.log_price, each, 1 + quotes.group),
        (np.ones(requests), nowhere, np.full(requests, 1 + groups)),
        (np.ones(requests), nowhere, 2 + groups + group_of),
        *((values, each, np.full(rows, start + k)) for k, values in enumerate(quotes.covariates)),
        (np.ones(int(known.sum())), each[known], start + len(COVARIATES) + quotes.shop[known]),
    ]
    values, row, column = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    width = start + len(COVARIATES) + len(quotes.shops)
    design = sparse.csr_matrix((values, (row, column)), shape=(rows + requests, width))
    sold = np.bincount(quotes.request, quotes.won, requests) > 0
    chosen = np.concatenate([quotes.won, ~sold]).astype(np.float64)
    return design, np.concatenate([quotes.request, np.arange(requests)]), chosen


def _checked_quotes(quotes: pl.DataFrame) -> pl.DataFrame:
    if isinstance(quotes, pl.DataFrame) and quotes.schema.get("won") == pl.Boolean:
        quotes = quotes.with_columns(pl.col("won").cast(pl.Float64))
    rows = checked(quotes, _COLUMNS, name="quotes")
    if not rows["won"].is_in([0.0, 1.0]).all():
        raise InvalidFrame("quotes", "won", "true or false")
    rows = rows.sort([name for name in ("request_id", "shop_id", "price") if name in rows.columns])
    by_request = rows.group_by("request_id").agg(pl.col("won").sum(), pl.col("group_id").n_unique())
    if (by_request["won"] > 1).any():
        raise InvalidFrame("quotes", "won", "at most one won quote a request")
    if (by_request["group_id"] > 1).any():
        raise InvalidFrame("quotes", "group_id", "one group a request")
    if "shop_id" not in rows.columns:
        if rows.height < _LEAST_QUOTES:
            raise InvalidFrame("quotes", "*", f"{_LEAST_QUOTES} quotes or more")
        return rows
    if rows.select("request_id", "shop_id").is_duplicated().any():
        raise InvalidFrame("quotes", "request_id + shop_id", "one quote for each")
    if rows["shop_id"].n_unique() <= LEAST_RIVALS:
        expected = f"quotes of more than {LEAST_RIVALS} shops, so that none can be told"
        raise InvalidFrame("quotes", "shop_id", expected)
    return rows


def _shops(rows: pl.DataFrame) -> pl.Series:
    if "shop_id" not in rows.columns:
        return pl.Series("shop_id", [], pl.String)
    counted = rows.group_by("shop_id").len().sort("len", "shop_id", descending=[True, False])
    return counted["shop_id"].head(_MOST_SHOPS).sort()


def _centre_and_scale(numbers: Vector) -> tuple[Vector, Vector]:
    known = np.isfinite(numbers)
    count = np.maximum(known.sum(1), 1)
    centre = np.where(known, numbers, 0).sum(1) / count
    spread = np.where(known, (numbers - centre[:, None]) ** 2, 0).sum(1) / count
    return centre, np.where(spread > 0, np.sqrt(spread), 1.0)
