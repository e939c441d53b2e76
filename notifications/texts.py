"""What each type of notification says, in English and Arabic, and how it may reach a person.

| type | wakes people up | as SMS or e-mail where there is no device |
|---|---|---|
| new_parts_order, delivery_late | yes: quiet hours do not hold it back | no |
| quote_accepted, order_cancelled | no | yes |
| shop_approved, shop_refused, shop_suspended, shop_reinstated | no | yes |
| the rest | no | no |

Values come as text. Amounts in pounds with two decimals (`pounds`) and instants in ISO 8601 are
written as readers of the language do, in Cairo's time; statuses and the platform's
own reasons are translated. Pure.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clutch.errors import InvalidInput

__all__ = [
    "ANNOUNCEMENT",
    "LOCALES",
    "TYPES",
    "Kind",
    "Text",
    "fields_of",
    "pounds",
    "reason_in_words",
    "text_of",
]

LOCALES = ("ar", "en")
ANNOUNCEMENT = "announcement"
"""The type of what administrators write themselves; it has no texts of its own."""

_CAIRO = ZoneInfo("Africa/Cairo")
_AMOUNT = re.compile(r"\d+\.\d\d")
_LONGEST_VALUE = 300
_ARABIC_DIGITS = str.maketrans("0123456789,.", "٠١٢٣٤٥٦٧٨٩٬٫")
_ARABIC_DAYS = ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد")


class Text(NamedTuple):
    """A title and what stands under it."""

    title: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type of notification; `{...}` in its texts stand for fields of its data."""

    en: Text
    ar: Text
    wakes: bool = False
    falls_back: bool = False


TYPES: Mapping[str, Kind] = {
    "new_parts_order": Kind(
        en=Text("New request {number}", "Parts for a {vehicle} near {area}. Send your quote."),
        ar=Text("طلب جديد {number}", "قطع غيار لسيارة {vehicle} بالقرب من {area}. أرسل عرض سعرك."),
        wakes=True,
    ),
    "new_quote": Kind(
        en=Text("New quote for {number}", "{shop_name} offers the parts for {total}."),
        ar=Text("عرض سعر جديد للطلب {number}", "{shop_name} يعرض القطع بسعر {total}."),
    ),
    "quote_revised": Kind(
        en=Text("Quote changed for {number}", "{shop_name} now offers the parts for {total}."),
        ar=Text("تعديل عرض سعر الطلب {number}", "{shop_name} يعرض القطع الآن بسعر {total}."),
    ),
    "quote_withdrawn": Kind(
        en=Text("Quote withdrawn for {number}", "{shop_name} withdrew its offer of {total}."),
        ar=Text("سحب عرض سعر الطلب {number}", "{shop_name} سحب عرضه بسعر {total}."),
    ),
    "quote_accepted": Kind(
        en=Text("Your quote was accepted", "Order {number} is yours for {total}. Prepare it now."),
        ar=Text("تم قبول عرضك", "الطلب {number} من نصيبك بقيمة {total}. ابدأ تجهيزه الآن."),
        falls_back=True,
    ),
    "quote_lapsed": Kind(
        en=Text("Your quote for {number} lapsed", "{reason}"),
        ar=Text("انتهى عرضك على الطلب {number}", "{reason}"),
    ),
    "order_status": Kind(
        en=Text("Order {number}", "Your order is now {status}."),
        ar=Text("الطلب {number}", "حالة طلبك الآن: {status}."),
    ),
    "order_expired": Kind(
        en=Text("Request {number} expired", "No quote was accepted in time. You can ask again."),
        ar=Text("انتهت مدة الطلب {number}", "لم يُقبل أي عرض في الوقت المحدد. يمكنك الطلب مجددًا."),
    ),
    "order_cancelled": Kind(
        en=Text("Order {number} was cancelled", "{reason}"),
        ar=Text("تم إلغاء الطلب {number}", "{reason}"),
        falls_back=True,
    ),
    "payment_received": Kind(
        en=Text("Payment received", "We received {amount} for order {number}."),
        ar=Text("تم استلام الدفع", "استلمنا {amount} عن الطلب {number}."),
    ),
    "payment_failed": Kind(
        en=Text("Payment failed for {number}", "{reason}"),
        ar=Text("تعذر الدفع للطلب {number}", "{reason}"),
    ),
    "refund_done": Kind(
        en=Text("Refund made", "{amount} for order {number} is on its way back to you."),
        ar=Text("تم رد المبلغ", "{amount} عن الطلب {number} في طريقه إليك."),
    ),
    "refund_failed": Kind(
        en=Text("Refund for {number} delayed", "{amount} has not gone back yet. We look into it."),
        ar=Text("تأخر رد مبلغ الطلب {number}", "لم يرجع إليك مبلغ {amount} بعد. نتابع الأمر الآن."),
    ),
    "refund_refused": Kind(
        en=Text("Refund for {number} refused", "The provider did not pay {amount}: {reason}."),
        ar=Text("رُفض رد مبلغ الطلب {number}", "لم يدفع مزود الخدمة مبلغ {amount}: {reason}."),
    ),
    "delivery_late": Kind(
        en=Text("Order {number} is late", "It was promised for {promise}. We are looking into it."),
        ar=Text("تأخر الطلب {number}", "كان موعده {promise}. نتابع الأمر الآن."),
        wakes=True,
    ),
    "shop_approved": Kind(
        en=Text("Welcome to Clutch", "{shop_name} was approved and can take requests now."),
        ar=Text("أهلًا بك في Clutch", "تمت الموافقة على {shop_name} ويمكنه استقبال الطلبات الآن."),
        falls_back=True,
    ),
    "shop_refused": Kind(
        en=Text("{shop_name} was not approved", "{reasons}"),
        ar=Text("لم تتم الموافقة على {shop_name}", "{reasons}"),
        falls_back=True,
    ),
    "shop_suspended": Kind(
        en=Text("{shop_name} was suspended", "{reason}"),
        ar=Text("تم إيقاف {shop_name}", "{reason}"),
        falls_back=True,
    ),
    "shop_reinstated": Kind(
        en=Text("Back on Clutch", "{shop_name} can take requests again."),
        ar=Text("عودة إلى العمل", "يمكن الآن لمحل {shop_name} استقبال الطلبات مجددًا."),
        falls_back=True,
    ),
    "staff_invitation": Kind(
        en=Text("Work at {shop_name}?", "You were invited to. Accept or decline it in the app."),
        ar=Text("هل تعمل لدى {shop_name}؟", "وصلتك دعوة للعمل. يمكنك قبولها أو رفضها في التطبيق."),
    ),
}

_STATUSES: Mapping[str, tuple[str, str]] = {
    "draft": ("a draft", "مسودة"),
    "submitted": ("with the shops", "لدى المحلات"),
    "quoted": ("quoted", "وصلته عروض أسعار"),
    "accepted": ("accepted", "مقبول"),
    "processing": ("being prepared", "قيد التجهيز"),
    "shipped": ("on its way", "في الطريق إليك"),
    "delivered": ("delivered", "تم التسليم"),
    "cancelled": ("cancelled", "ملغي"),
}

_REASONS: Mapping[str, tuple[str, str]] = {
    "another_quote_accepted": (
        "The customer chose another offer.",
        "اختار العميل عرضًا آخر.",
    ),
    "divided": (
        "The customer divided the order: each shop's part is an order of its own.",
        "قسّم العميل الطلب: نصيب كل محل طلب مستقل.",
    ),
    "order_cancelled": ("The order was cancelled.", "تم إلغاء الطلب."),
    "shop_closed": ("The shop closed.", "أغلق المحل."),
    "shop_suspended": ("The shop was suspended.", "تم إيقاف المحل."),
    "time_over": ("Its two hours are over.", "انتهت مدة الساعتين."),
    "no_quote_in_time": (
        "No shop sent a quote in time.",
        "لم يرسل أي محل عرض سعر في الوقت المحدد.",
    ),
    "not_paid_in_time": (
        "It was not paid for within the hour.",
        "لم يتم الدفع خلال ساعة.",
    ),
    "payment_declined": (
        "The bank or the wallet declined it. Please try again.",
        "رفض البنك أو المحفظة العملية. يرجى المحاولة مرة أخرى.",
    ),
    "called_off": ("The customer called it off.", "ألغاه العميل."),
}


def pounds(piastres: int) -> str:
    """Return an amount as the data of a notification holds it.

    Examples
    --------
    >>> pounds(125_050), pounds(5)
    ('1250.50', '0.05')
    """
    return f"{piastres // 100}.{piastres % 100:02d}"


def reason_in_words(reason: str, locale: str) -> str:
    """Return what a reason of the platform says; what people gave as reason stays as it is.

    Examples
    --------
    >>> reason_in_words("called_off", "en"), reason_in_words("too far", "en")
    ('The customer called it off.', 'too far')
    """
    return _REASONS[reason][locale == "ar"] if reason in _REASONS else reason


def fields_of(text: Text) -> frozenset[str]:
    """Return the fields that a text speaks of.

    Examples
    --------
    >>> sorted(fields_of(TYPES["new_quote"].en))
    ['number', 'shop_name', 'total']
    """
    return frozenset(
        name for part in text for _, name, _, _ in Formatter().parse(part) if name is not None
    )


def text_of(type: str, data: Mapping[str, str], locale: str) -> Text:
    """Return what a notification says to somebody who reads `locale`.

    Raises
    ------
    InvalidInput
        There is no such type, or `data` lacks a field of it.

    Examples
    --------
    >>> data = {"number": "A-17", "amount": pounds(125_050)}
    >>> text_of("payment_received", data, "en").message
    'We received EGP 1,250.50 for order A-17.'
    >>> text_of("payment_received", data, "ar").message
    'استلمنا ١٬٢٥٠٫٥٠ ج.م عن الطلب A-17.'
    """
    if type not in TYPES:
        raise InvalidInput("type", "a type of notification", found=type)
    text = TYPES[type].ar if locale == "ar" else TYPES[type].en
    wanted = fields_of(text)
    if missing := sorted(wanted - data.keys()):
        raise InvalidInput(f"data.{missing[0]}", f"text, as {type} needs it")
    words = {name: _written(data[name], locale) for name in wanted}
    return Text(*(part.format_map(words) for part in text))


def _written(value: str, locale: str) -> str:
    if value in _STATUSES:
        return _STATUSES[value][locale == "ar"]
    if value in _REASONS:
        return reason_in_words(value, locale)
    if _AMOUNT.fullmatch(value):
        return _AMOUNTS[locale](value)
    try:
        at = dt.datetime.fromisoformat(value)
    except ValueError:
        return value if len(value) <= _LONGEST_VALUE else value[: _LONGEST_VALUE - 1] + "…"
    return _TIMES[locale](at.astimezone(_CAIRO)) if at.tzinfo else value


def _grouped(amount: str) -> str:
    whole, piastres = amount.split(".")
    return f"{int(whole):,}.{piastres}"


_AMOUNTS: Mapping[str, Callable[[str], str]] = {
    "en": lambda amount: f"EGP {_grouped(amount)}",
    "ar": lambda amount: f"{_grouped(amount).translate(_ARABIC_DIGITS)} ج.م",
}
_TIMES: Mapping[str, Callable[[dt.datetime], str]] = {
    "en": lambda at: f"{at:%A %H:%M}",
    "ar": lambda at: f"{_ARABIC_DAYS[at.weekday()]} {f'{at:%H:%M}'.translate(_ARABIC_DIGITS)}",
}
