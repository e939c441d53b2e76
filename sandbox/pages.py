"""The page on which a customer pays, in Arabic and English. Pure."""

from html import escape

from sandbox.cards import CARDS
from sandbox.ledger import Payment

__all__ = ["page", "result"]

_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox payment</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto }}
input, button {{ font: inherit; padding: .5rem .8rem; margin: .3rem 0 }}
input {{ width: 100%; box-sizing: border-box }}
td {{ padding: 0 .8rem .2rem 0 }}
</style></head><body>
<h1>Sandbox payment · <span lang="ar" dir="rtl">دفع تجريبي</span></h1>
{content}
<p><small>No money moves here. · <span lang="ar" dir="rtl">لا تنتقل أي أموال هنا.</span></small></p>
</body></html>"""

_FORM = """<p><strong>{amount} {currency}</strong></p>
<form method="post">
{card}
<button name="decision" value="approve">Pay · <span lang="ar">ادفع</span></button>
<button name="decision" value="decline">Decline · <span lang="ar">ارفض</span></button>
</form>
{cards}"""

_CARD = """<label>Card number · <span lang="ar">رقم البطاقة</span>
<input name="card_number" inputmode="numeric" autocomplete="off" value="4242424242424242"
 maxlength="40"></label>"""

_CLOSE = (
    '<p>You can close this page. · <span lang="ar" dir="rtl">يمكنك إغلاق هذه الصفحة.</span></p>'
)
_BACK = (
    '<p><a href="{url}">Back to the shop · <span lang="ar" dir="rtl">العودة إلى المتجر</span>'
    "</a></p>"
)

_RESULTS = {
    "authorised": ("The payment was approved.", "تمت الموافقة على الدفع."),
    "declined": ("The payment was declined.", "تم رفض الدفع."),
    "cancelled": ("The payment was cancelled.", "تم إلغاء الدفع."),
    "captured": ("The payment is done.", "تم الدفع."),
}


def page(payment: Payment) -> str:
    """Return the page to pay on, or what became of the payment."""
    if payment.status != "open":
        return result(payment)
    rows = "".join(
        f"<tr><td><code>{number}</code></td><td>{escape(behaviour)}</td></tr>"
        for number, behaviour in CARDS.items()
    )
    by_card = payment.method == "card"
    form = _FORM.format(
        amount=f"{payment.amount_piastres // 100:,}.{payment.amount_piastres % 100:02d}",
        currency=escape(payment.currency),
        card=_CARD if by_card else "",
        cards=f"<table>{rows}</table>" if by_card else "",
    )
    return _FRAME.format(content=form)


def result(payment: Payment) -> str:
    """Return the page that says what became of a payment, and leads back to the merchant."""
    english, arabic = _RESULTS[payment.status]
    on = _CLOSE if payment.return_url is None else _BACK.format(url=escape(payment.return_url))
    return _FRAME.format(content=f'<p>{english}</p><p lang="ar" dir="rtl">{arabic}</p>{on}')
