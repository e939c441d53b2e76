"""Why a shop stands where it stands, term by term, in English and Arabic.

Pure.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from matching.ranking import TERMS, Candidates

__all__ = ["Term", "explain"]


class Term(TypedDict):
    """One term of a score: `contribution` = `value` (0 to 1) x `weight`."""

    term: str
    value: float
    weight: float
    contribution: float
    text_en: str
    text_ar: str


def explain(
    facts: Candidates,
    row: int,
    values: Sequence[float],
    contributions: Sequence[float],
    weights: Sequence[float],
) -> list[Term]:
    """Return the terms of the shop in `row`, in the order of `TERMS`, as the last three are.

    `values` and `contributions` are that shop's rows of what `matching.ranking.score` returns.
    """
    return [
        {
            "term": term,
            "value": value,
            "weight": weight,
            "contribution": contribution,
            "text_en": text_en,
            "text_ar": text_ar,
        }
        for term, value, weight, contribution, (text_en, text_ar) in zip(
            TERMS, values, weights, contributions, _texts(facts, row), strict=True
        )
    ]


def _texts(facts: Candidates, row: int) -> tuple[tuple[str, str], ...]:
    return (
        _travel_text(round(facts.travel_minutes.item(row))),
        _preparation_text(round(facts.preparation_minutes.item(row))),
        _open_text(facts.wait_minutes.item(row)),
        _stock_text(facts.in_stock_probability.item(row)),
        _answer_rate_text(facts.requests_answered.item(row), facts.requests_received.item(row)),
        _answer_time_text(facts.answer_minutes_mean.item(row)),
        _on_time_text(facts.deliveries_on_time.item(row), facts.deliveries_count.item(row)),
        _rating_text(facts.rating_mean.item(row), facts.rating_count.item(row)),
        _new_shop_text(facts.requests_received.item(row)),
    )


# The same few texts are wanted over and over: a request pays for looking them up.
_kept = lru_cache(maxsize=8_192)


@_kept
def _travel_text(minutes: int) -> tuple[str, str]:
    return f"{minutes} min away", f"على بعد {minutes} دقيقة"


@_kept
def _preparation_text(minutes: int) -> tuple[str, str]:
    return f"ready in about {minutes} min", f"جاهز خلال {minutes} دقيقة تقريبًا"


def _open_text(wait_minutes: float) -> tuple[str, str]:
    if wait_minutes <= 0:
        return "open now", "مفتوح الآن"
    if not math.isfinite(wait_minutes):
        return "does not open this week", "لا يفتح هذا الأسبوع"
    hours, minutes = divmod(round(wait_minutes), 60)
    return f"opens in {hours} h {minutes:02} min", f"يفتح بعد {hours} س {minutes:02} د"


def _stock_text(probability: float) -> tuple[str, str]:
    if math.isnan(probability):
        return "stock not known", "المخزون غير معروف"
    percent = round(100 * probability)
    return f"{percent}% sure to have it", f"متوفر باحتمال {percent}%"


@_kept
def _answer_rate_text(answered: float, received: float) -> tuple[str, str]:
    if received == 0:
        return "not asked yet", "لم يُسأل بعد"
    return (
        f"answered {answered:.0f} of {received:.0f} requests",
        f"أجاب على {answered:.0f} من {received:.0f} طلب",
    )


@_kept
def _answer_time_text(minutes: float) -> tuple[str, str]:
    if math.isnan(minutes):
        return "answer time not known", "زمن الرد غير معروف"
    return f"answers in about {minutes:.0f} min", f"يرد خلال {minutes:.0f} دقيقة تقريبًا"


@_kept
def _on_time_text(on_time: float, count: float) -> tuple[str, str]:
    if count == 0:
        return "no deliveries yet", "لا توجد توصيلات بعد"
    return (
        f"{on_time:.0f} of {count:.0f} deliveries on time",
        f"{on_time:.0f} من {count:.0f} توصيلة في الموعد",
    )


@_kept
def _rating_text(mean: float, count: float) -> tuple[str, str]:
    if count == 0:
        return "not rated yet", "بلا تقييم بعد"
    return f"rated {mean:.1f} by {count:.0f}", f"تقييم {mean:.1f} من {count:.0f} عميل"


@_kept
def _new_shop_text(received: float) -> tuple[str, str]:
    return f"asked {received:.0f} times so far", f"سُئل {received:.0f} مرة حتى الآن"
