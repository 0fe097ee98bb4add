"""The page of the sandbox cashier, on which a person pays or doesn't."""

from collections.abc import Sequence
from html import escape

from domain.payments.cashiers import PaymentStatus
from infra.money import Money
from infra.words import N_, Locale, say
from integrations.cashier.sandbox.orders import SandboxKind, SandboxOrder
from integrations.sandbox.choosing import page

OVER = {
    PaymentStatus.SETTLED: N_("Paid. You can go back to the app now."),
    PaymentStatus.FAILED: N_("This was not paid and can no longer be paid. You can go back to the app now."),
    PaymentStatus.PENDING: N_("This payment is on its way. You can go back to the app now."),
}


def page_of(order: SandboxOrder, locale: Locale) -> str:
    if order.kind is SandboxKind.MANDATE:
        return _mandate_page(order, locale)
    heading = escape(f"{Money(order.amount, order.currency)} {order.currency}")
    note = say(N_("This is a sandbox. Nobody's money is touched."), locale)
    top = f'<h1>{heading}</h1><p>{escape(order.title)}</p><p class="note">{escape(note)}</p>'
    if sentence := OVER.get(order.status):
        return page(heading, f"{top}<p><b>{escape(say(sentence, locale))}</b></p>", locale)
    buttons = [("pay", N_("Pay")), ("refuse", N_("Don't pay"))]
    return page(heading, f"{top}{_buttons(buttons, locale)}", locale)


def _mandate_page(order: SandboxOrder, locale: Locale) -> str:
    heading, note = escape(order.title), escape(say(N_("This is a sandbox. Nobody's money is touched."), locale))
    top = f'<h1>{heading}</h1><p class="note">{note}</p>'
    match order.status:
        case PaymentStatus.FAILED:
            sentence = say(N_("Nothing is drawn by this. You can go back to the app now."), locale)
            return page(heading, f"{top}<p><b>{escape(sentence)}</b></p>", locale)
        case PaymentStatus.SETTLED:
            buttons = [("refuse", N_("Let nothing be drawn any more"))]
        case _:
            buttons = [("pay", N_("Let it be drawn")), ("refuse", N_("Don't"))]
    return page(heading, f"{top}{_buttons(buttons, locale)}", locale)


def _buttons(words: Sequence[tuple[str, str]], locale: Locale) -> str:
    buttons = "".join(
        f'<button name="press" value="{word}">{escape(say(sentence, locale))}</button> ' for word, sentence in words
    )
    return f'<form method="post">{buttons}</form>'


def missing(locale: Locale) -> str:
    heading = escape(say(N_("There is no such payment"), locale))
    return page(heading, f"<h1>{heading}</h1>", locale)
