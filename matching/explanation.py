"""Why a shop stands where it stands, term by term, in English and Arabic.

Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from matching.ranking import TERMS, Candidates

__all__ = ["Term", "explain"]


@dataclass(frozen=True, slots=True)
class Term:
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
    values: list[float],
    contributions: list[float],
    weights: Mapping[str, float],
) -> list[Term]:
    """Return the terms of the shop in `row`, in the order of `TERMS`.

    `values` and `contributions` are that shop's rows of what `matching.ranking.score` returns.
    """
    texts = _texts(facts, row)
    return [
        Term(term, value, weights[term], contribution, *text)
        for term, value, contribution, text in zip(TERMS, values, contributions, texts, strict=True)
    ]


def _texts(facts: Candidates, row: int) -> tuple[tuple[str, str], ...]:
    travel = round(float(facts.travel_minutes[row]))
    preparation = round(float(facts.preparation_minutes[row]))
    return (
        (f"{travel} min away", f"على بعد {travel} دقيقة"),
        (f"ready in about {preparation} min", f"جاهز خلال {preparation} دقيقة تقريبًا"),
        _open_text(float(facts.wait_minutes[row])),
        _stock_text(float(facts.in_stock_probability[row])),
        _answer_rate_text(facts, row),
        _answer_time_text(float(facts.answer_minutes_mean[row])),
        _on_time_text(facts, row),
        _rating_text(facts, row),
        _new_shop_text(int(facts.requests_received[row])),
    )


def _open_text(wait_minutes: float) -> tuple[str, str]:
    if wait_minutes <= 0:
        return "open now", "مفتوح الآن"
    if not np.isfinite(wait_minutes):
        return "does not open this week", "لا يفتح هذا الأسبوع"
    hours, minutes = divmod(round(wait_minutes), 60)
    return f"opens in {hours} h {minutes:02} min", f"يفتح بعد {hours} س {minutes:02} د"


def _stock_text(probability: float) -> tuple[str, str]:
    if np.isnan(probability):
        return "stock not known", "المخزون غير معروف"
    percent = round(100 * probability)
    return f"{percent}% sure to have it", f"متوفر باحتمال {percent}%"


def _answer_rate_text(facts: Candidates, row: int) -> tuple[str, str]:
    answered, received = int(facts.requests_answered[row]), int(facts.requests_received[row])
    if received == 0:
        return "not asked yet", "لم يُسأل بعد"
    return f"answered {answered} of {received} requests", f"أجاب على {answered} من {received} طلب"


def _answer_time_text(minutes: float) -> tuple[str, str]:
    if np.isnan(minutes):
        return "answer time not known", "زمن الرد غير معروف"
    return f"answers in about {minutes:.0f} min", f"يرد خلال {minutes:.0f} دقيقة تقريبًا"


def _on_time_text(facts: Candidates, row: int) -> tuple[str, str]:
    on_time, count = int(facts.deliveries_on_time[row]), int(facts.deliveries_count[row])
    if count == 0:
        return "no deliveries yet", "لا توجد توصيلات بعد"
    return f"{on_time} of {count} deliveries on time", f"{on_time} من {count} توصيلة في الموعد"


def _rating_text(facts: Candidates, row: int) -> tuple[str, str]:
    count = int(facts.rating_count[row])
    if count == 0:
        return "not rated yet", "بلا تقييم بعد"
    mean = float(facts.rating_mean[row])
    return f"rated {mean:.1f} by {count}", f"تقييم {mean:.1f} من {count} عميل"


def _new_shop_text(received: int) -> tuple[str, str]:
    return (f"asked {received} times so far", f"سُئل {received} مرة حتى الآن")
