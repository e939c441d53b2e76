"""The chance that a quote wins, and the price with the best expected margin.

A request is one choice among the quotes it received and none of them; a price counts by its log
against a reference that the quoting shop knows. What a shop will meet on a new request is simulated
from what shops met on past ones, as a distribution over many rivals: no rival's price is kept.
Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from clutch.errors import InvalidFrame
from clutch.frames import Column, checked
from pricing.guard_rails import GuardRails, clamped, nearest_endings
from pricing.history import LEAST_PRICE, with_known_key
from pricing.quotes import COVARIATES, QuoteFit, Quotes, fit_quotes, prepared_quotes
from pricing.slopes import slope_mean, slope_quantile

__all__ = ["WinModel", "fit_win_probability"]

Vector = NDArray[np.float64]

_ASKED = [
    Column(name="group_id", kind="key"),
    Column(name="shop_id", kind="key", nullable=True, required=False),
    Column(name="reference_price", kind="number", minimum=LEAST_PRICE, required=False),
    *(Column(name=name, kind="number", nullable=True, required=False) for name in COVARIATES),
]
_PRICE = Column(name="price", kind="number", minimum=LEAST_PRICE)
_UNIT_COST = Column(name="unit_cost", kind="number", minimum=0)

_SLOPES = (np.arange(7) + 0.5) / 7  # equally likely price slopes
_LEVELS = (np.arange(40) + 0.5) / 40  # of what rivals offer together
_GROUP_COUNT = 60.0  # quotes of a group that weigh as much as what all groups met
_TRIED = 121  # prices tried for the best one
_CHUNK = 500
_NO_RAILS = GuardRails(margin_floor=0.0, largest_change=None)


@dataclass(frozen=True)
class WinModel:
    """A fitted model of which quotes win; made by `fit_win_probability`.

    `groups` has a row a group: usual price (where no reference is given), price slope and how
    unsure it is, and what rivals offer (`rivals`, quantiles of a log appeal). `shops` has the
    appeal of each shop apart from price; it is that shop's own business. `least` and `greatest`
    bound the log of price against reference to what was quoted before.
    """

    groups: pl.DataFrame
    shops: pl.DataFrame
    shop_spread: float
    covariate_effect: Vector
    covariate_centre: Vector
    covariate_scale: Vector
    usual_log_price: float
    least: float
    greatest: float

    def win_probability(self, asked: pl.DataFrame) -> pl.Series:
        """Return the chance that each quote in `asked` wins, before its rivals are known.

        Parameters
        ----------
        asked
            `group_id, price` and optionally `reference_price`, `shop_id` (a shop that never quoted:
            an average one), `delivery_minutes`, `shop_rating`.

        Raises
        ------
        InvalidFrame
            A column is missing or wrong, or a group has no past quotes.

        Examples
        --------
        >>> model = fit_win_probability(_example_quotes())
        >>> asked = pl.DataFrame({"group_id": ["brakes"] * 2, "price": [95.0, 120.0]})
        >>> likely, unlikely = model.win_probability(asked)
        >>> likely > unlikely
        True
        """
        rows = self._placed(asked, [_PRICE])
        price = rows["price"].to_numpy()[:, None]
        return pl.Series("win_probability", self._chances(rows, price).mean(1)[:, 0])

    def curve(
        self,
        *,
        group_id: str | int,
        reference_price: float | None = None,
        unit_cost: float | None = None,
        prices: Sequence[float] | None = None,
        shop_id: str | int | None = None,
        delivery_minutes: float | None = None,
        shop_rating: float | None = None,
    ) -> pl.DataFrame:
        """Return the chance to win at each price of one quote, with a 90% band.

        Parameters
        ----------
        group_id, reference_price, shop_id, delivery_minutes, shop_rating
            What is asked for, and of which shop; as in `win_probability`.
        unit_cost
            In the price's unit; adds `expected_margin`, null without it.
        prices
            Those to try; 25 over the range that was quoted before when left out.

        Returns
        -------
        polars.DataFrame
            `price, win_probability, lower, upper, expected_margin`, one row a price.

        Examples
        --------
        >>> model = fit_win_probability(_example_quotes())
        >>> curve = model.curve(group_id="brakes", unit_cost=70.0, prices=[90.0, 110.0])
        >>> curve.columns
        ['price', 'win_probability', 'lower', 'upper', 'expected_margin']
        >>> curve["win_probability"].is_sorted(descending=True)
        True
        """
        one: dict[str, object] = {"group_id": group_id, "shop_id": shop_id}
        one |= {"delivery_minutes": delivery_minutes, "shop_rating": shop_rating}
        if reference_price is not None:
            one["reference_price"] = reference_price
        rows = self._placed(pl.DataFrame([one]).drop([k for k, v in one.items() if v is None]), [])
        if prices is None:
            usual = np.exp(rows["log_reference"][0])
            prices = (usual * np.exp(np.linspace(self.least, self.greatest, 25))).tolist()
        tried = checked(
            pl.DataFrame({"price": list(prices)}, strict=False), [_PRICE], name="curve"
        )["price"]
        chances = self._chances(rows, tried.to_numpy()[None])[0]
        chance = chances.mean(0)
        lower, upper = self._band(rows, tried.to_numpy())
        margin = None if unit_cost is None else (tried - unit_cost) * chance
        return pl.DataFrame(
            {
                "price": tried,
                "win_probability": chance,
                "lower": np.minimum(lower, chance),
                "upper": np.maximum(upper, chance),
                "expected_margin": pl.Series(margin, dtype=pl.Float64)
                if margin is not None
                else pl.Series([None] * len(tried), dtype=pl.Float64),
            }
        )

    def best_prices(
        self, asked: pl.DataFrame, guard_rails: GuardRails | None = None
    ) -> pl.DataFrame:
        """Return for each quote the price with the best expected margin.

        Parameters
        ----------
        asked
            As `win_probability` takes it, with `unit_cost` and without `price`.
        guard_rails
            Limits on margin, price and endings; when left out, no price below cost. A largest
            change and a confidence mean nothing for a quote.

        Returns
        -------
        polars.DataFrame
            One row for each of `asked`, in its order: `price, win_probability, expected_margin`
            (chance times margin, in the price's unit) and `clamps` (what moved the price:
            `evidence_range` where the best lies beyond what was ever quoted, or guard rails).

        Examples
        --------
        >>> model = fit_win_probability(_example_quotes())
        >>> asked = pl.DataFrame({"group_id": ["brakes"], "unit_cost": [80.0]})
        >>> model.best_prices(asked).columns
        ['price', 'win_probability', 'expected_margin', 'clamps']
        """
        rails = replace(guard_rails or _NO_RAILS, largest_change=None)
        rows = self._placed(asked, [_UNIT_COST])
        parts = [
            self._best(rows[start : start + _CHUNK], rails)
            for start in range(0, max(rows.height, 1), _CHUNK)
        ]
        return pl.concat(parts)

    def _best(self, rows: pl.DataFrame, rails: GuardRails) -> pl.DataFrame:
        cost = rows["unit_cost"].to_numpy()
        reference = np.exp(rows["log_reference"].to_numpy())
        ratios = np.exp(np.linspace(self.least, self.greatest, _TRIED))
        tried = reference[:, None] * ratios
        margins = (tried - cost[:, None]) * self._chances(rows, tried).mean(1)
        best = margins.argmax(1) if len(cost) else np.zeros(0, np.int64)
        wanted = tried[np.arange(len(cost)), best]
        limits = clamped(rails, wanted, price=wanted, unit_cost=cost)
        ends = np.stack(nearest_endings(rails, limits.price), axis=1)
        inside = (ends >= limits.lowest[:, None]) & (ends <= limits.highest[:, None]) & (ends > 0)
        safe = np.where(inside, ends, limits.price[:, None])
        chance = self._chances(rows, safe).mean(1)
        worth = (safe - cost[:, None]) * chance
        pick = worth.argmax(1) if len(cost) else best
        at = np.arange(len(cost))
        price = safe[at, pick]
        edge = (best == _TRIED - 1) | (best == 0)
        ended = np.abs(price - limits.price) > 1e-9 * price
        names = [
            ["evidence_range"] * bool(e) + named + ["price_ending"] * bool(d)
            for e, named, d in zip(edge, limits.names, ended, strict=True)
        ]
        return pl.DataFrame(
            {
                "price": price,
                "win_probability": chance[at, pick],
                "expected_margin": worth[at, pick],
                "clamps": pl.Series(names, dtype=pl.List(pl.String)),
            }
        )

    def _placed(self, asked: pl.DataFrame, more: list[Column]) -> pl.DataFrame:
        """Rows of `asked` in their order, with what is known of their group and shop."""
        rows = checked(asked, [*_ASKED, *more], name="asked")
        rows = with_known_key(rows, self.groups["group_id"], name="asked")
        rows = rows.join(self.groups, on="group_id", how="left", maintain_order="left")
        if "reference_price" in rows.columns:
            rows = rows.with_columns(log_reference=pl.col("reference_price").log())
        effect, known = pl.lit(0.0), pl.lit(value=False)
        if "shop_id" in rows.columns and self.shops.height:
            rows = _like(rows, self.shops["shop_id"]).join(
                self.shops, on="shop_id", how="left", maintain_order="left"
            )
            effect, known = pl.col("effect").fill_null(0.0), pl.col("effect").is_not_null()
        rows = rows.with_columns(shop_effect=effect, shop_known=known)
        numbers = [
            rows[name].fill_null(float(self.covariate_centre[k])).to_numpy()
            if name in rows.columns
            else np.full(rows.height, self.covariate_centre[k])
            for k, name in enumerate(COVARIATES)
        ]
        standard = (np.stack(numbers) - self.covariate_centre[:, None]) / self.covariate_scale[
            :, None
        ]
        return rows.with_columns(appeal=pl.col("shop_effect") + self.covariate_effect @ standard)

    def _chances(self, rows: pl.DataFrame, price: Vector) -> Vector:
        """Chance to win for each likely slope, shape (rows, slopes, prices)."""
        slopes = slope_quantile(
            rows["slope"].to_numpy()[:, None], rows["slope_deviation"].to_numpy()[:, None], _SLOPES
        )
        return self._given(rows, slopes, price)

    def _given(self, rows: pl.DataFrame, slopes: Vector, price: Vector) -> Vector:
        x = np.log(price) - rows["log_reference"].to_numpy()[:, None] - self.usual_log_price
        middle = slope_mean(rows["slope"].to_numpy(), rows["slope_deviation"].to_numpy())
        # slopes differ around the usual price, where the data stands
        usual = (middle * self.usual_log_price + rows["appeal"].to_numpy())[:, None, None]
        appeal = usual + slopes[:, :, None] * x[:, None, :]
        known = rows["shop_known"].to_numpy()[:, None]
        names = ("rivals", "rivals_of_unknown")
        met, met_unknown = (
            np.array(rows[name].to_list()).reshape(-1, len(_LEVELS)) for name in names
        )
        levels = np.where(known, met, met_unknown)
        return np.asarray(expit(appeal[..., None] - levels[:, None, None, :]).mean(-1))

    def _band(self, rows: pl.DataFrame, price: Vector) -> tuple[Vector, Vector]:
        mean, deviation = rows["slope"].to_numpy()[:, None], rows["slope_deviation"].to_numpy()
        ends = slope_quantile(mean, deviation[:, None], np.array([0.05, 0.95]))
        both = self._given(rows, ends, price[None])[0]
        return both.min(0), both.max(0)


def fit_win_probability(quotes: pl.DataFrame) -> WinModel:
    """Fit what makes quotes win from past requests and all quotes they received.

    Parameters
    ----------
    quotes
        One row a quote: `request_id, group_id, price` (any unit), `won` (true or false, at most one
        a request; none: the customer bought nowhere), and optionally `shop_id`, `reference_price`
        (what such a part usually costs: a list price, or the shop's own cost; without it, the usual
        price of the group), `delivery_minutes`, `shop_rating` (both may hold nulls).

    Raises
    ------
    InvalidFrame
        A column is missing or has wrong values, a request has two winners, two groups or two quotes
        of a shop, or too few shops quoted to keep each one's prices to itself.

    Examples
    --------
    >>> fit_win_probability(_example_quotes()).groups["group_id"].to_list()
    ['brakes']
    """
    ready = prepared_quotes(quotes)
    found = fit_quotes(ready)
    met = _rivals(ready, found.rivals)
    least, greatest = np.quantile(ready.log_price, [0.005, 0.995])
    return WinModel(
        groups=ready.groups.select(
            "group_id",
            "log_reference",
            slope=pl.Series(found.slope),
            slope_deviation=pl.Series(found.slope_deviation),
            rivals=pl.Series(met.tolist(), dtype=pl.List(pl.Float64)),
            rivals_of_unknown=pl.Series(
                _blurred(met, found.shop_spread).tolist(), dtype=pl.List(pl.Float64)
            ),
        ),
        shops=_shop_table(ready, found),
        shop_spread=found.shop_spread,
        covariate_effect=found.covariate_effect,
        covariate_centre=ready.centre,
        covariate_scale=ready.scale,
        usual_log_price=float(ready.log_price.mean()),
        least=float(least),
        greatest=float(max(greatest, least + 1e-6)),
    )


def _like(rows: pl.DataFrame, known: pl.Series) -> pl.DataFrame:
    """Return `rows` with the shops' type; unlike for groups, a shop may be a new one."""
    dtype = rows[known.name].dtype
    if dtype not in (known.dtype, pl.Null) and not (
        dtype.is_integer() and known.dtype.is_integer()
    ):
        expected = f"the quotes' type, {known.dtype}"
        raise InvalidFrame("asked", known.name, expected, found=str(dtype))
    return rows.with_columns(pl.col(known.name).cast(known.dtype))


def _shop_table(ready: Quotes, found: QuoteFit) -> pl.DataFrame:
    return pl.DataFrame({"shop_id": ready.shops, "effect": pl.Series(found.shop_effect)})


def _rivals(ready: Quotes, rivals: Vector) -> Vector:
    """Quantiles of what quotes met, by group; groups with few quotes or shops lean on all."""
    overall = np.quantile(rivals, _LEVELS)
    result = np.empty((ready.groups.height, len(_LEVELS)))
    for group, crowded in enumerate(ready.groups["crowded"]):
        own = rivals[ready.group == group]
        trust = len(own) / (len(own) + _GROUP_COUNT) if crowded else 0.0
        result[group] = trust * np.quantile(own, _LEVELS) + (1 - trust) * overall
    return result


def _blurred(met: Vector, spread: float) -> Vector:
    """Take the spread of a shop's own appeal off what it meets, where that appeal is unknown."""
    appeal = spread * ndtri((np.arange(9) + 0.5) / 9)
    every = (met[:, :, None] - appeal).reshape(len(met), -1)
    return np.asarray(np.quantile(every, _LEVELS, axis=1).T)


def _example_quotes() -> pl.DataFrame:
    draw = np.random.default_rng(3)
    price = draw.uniform(85, 125, (60, 6)).round()
    return pl.DataFrame(
        {
            "request_id": np.repeat(np.arange(60), 6),
            "shop_id": np.tile(np.arange(6), 60),
            "group_id": ["brakes"] * 360,
            "price": price.ravel(),
            "won": (price == price.min(1, keepdims=True)).cumsum(1).ravel() == 1,
        }
    ).with_columns(
        won=pl.col("won") & (pl.col("price") == pl.col("price").min().over("request_id"))
    )
