"""The page on which a person of flesh chooses whom to be."""

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode

from infra.words import N_, Locale, say
from integrations.sandbox.personas import PERSONAS

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8888; --accent: #b4552d }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 34rem; padding: 1.5rem 1rem 3rem; font: 1rem/1.5 system-ui, sans-serif }
h1 { font-size: 1.35rem; margin: 0 0 .25rem }
p { margin: 0 0 1rem }
.note { color: var(--soft); font-size: .875rem }
a.card { display: block; margin: .75rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: .75rem;
  color: inherit; text-decoration: none }
a.card:hover, a.card:focus-visible { border-color: var(--accent); outline: none }
.card b { color: var(--accent) }
.card span { display: block }
"""


def chooser(provider: str, query: Mapping[str, str], locale: Locale) -> str:
    cards = "".join(
        f'<a class="card" href="{_link(query, persona=persona.key)}"><b>{escape(say(persona.name, locale))}</b>'
        f"<span>{escape(say(persona.story, locale))}</span></a>"
        for persona in PERSONAS.values()
    )
    name = say(provider, locale)
    heading = say(N_("Who are you at {provider}?"), locale, provider=name)
    note = say(
        N_("This is a sandbox. These people are invented, and {provider} knows nothing of it."), locale, provider=name
    )
    no = say(N_("I don't agree"), locale)
    return page(
        heading,
        f'<h1>{escape(heading)}</h1><p class="note">{escape(note)}</p>{cards}'
        f'<p><a class="note" href="{_link(query, refuse="1")}">{escape(no)}</a></p>',
        locale,
    )


def sorry(reason: str, locale: Locale) -> str:
    heading = say(N_("This link does not work"), locale)
    return page(heading, f'<h1>{escape(heading)}</h1><p class="note">{escape(reason)}</p>', locale)


def _link(query: Mapping[str, str], **more: str) -> str:
    return escape(f"?{urlencode({**query, **more})}")


def page(title: str, body: str, locale: Locale) -> str:
    return (
        f'<!doctype html><html lang="{locale}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><main>{body}</main></html>"
    )
