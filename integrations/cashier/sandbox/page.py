"""The page of the sandbox cashier, on which a person pays or doesn't."""

from html import escape

from domain.payments.cashiers import PaymentStatus
from infra.money import Money
from infra.words import N_, Locale, say
from integrations.cashier.sandbox.orders import SandboxOrder
from integrations.sandbox.choosing import page

OVER = {
    PaymentStatus.SETTLED: N_("Paid. You can go back to the app now."),
    PaymentStatus.FAILED: N_("This was not paid and can no longer be paid. You can go back to the app now."),
    PaymentStatus.PENDING: N_("This payment is on its way. You can go back to the app now."),
}


def page_of(order: SandboxOrder, locale: Locale) -> str:
    heading = escape(f"{Money(order.amount, order.currency)} {order.currency}")
    note = say(N_("This is a sandbox. Nobody's money is touched."), locale)
    top = f'<h1>{heading}</h1><p>{escape(order.title)}</p><p class="note">{escape(note)}</p>'
    if sentence := OVER.get(order.status):
        return page(heading, f"{top}<p><b>{escape(say(sentence, locale))}</b></p>", locale)
    buttons = "".join(
        f'<button name="press" value="{word}">{escape(say(sentence, locale))}</button> '
        for word, sentence in (("pay", N_("Pay")), ("refuse", N_("Don't pay")))
    )
    return page(heading, f'{top}<form method="post">{buttons}</form>', locale)


def missing(locale: Locale) -> str:
    heading = escape(say(N_("There is no such payment"), locale))
    return page(heading, f"<h1>{heading}</h1>", locale)
