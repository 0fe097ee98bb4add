"""What is often added, each made as its check-list says, with a program that runs only if it was made whole."""

from collections.abc import Callable
from typing import NamedTuple

from tests.house.adding.scratch import Scratch


class Addition(NamedTuple):
    """`beside`: the noun's own file, which the check-list cannot name."""

    heading: str
    make: Callable[[Scratch], None]
    is_whole: str
    beside: str = ""


def add_provider(house: Scratch) -> None:
    house.add(
        "integrations/providers/lantern.py",
        '''"""Lantern: OpenID Connect and nothing else."""

from dataclasses import replace

from infra.words import N_
from integrations.providers.oidc import OIDC

LANTERN = replace(OIDC, key="lantern", name=N_("Lantern"), issuer="https://lantern.example")
''',
    )
    house.add(
        "integrations/sandbox/lantern.py",
        '''"""Lantern's dialect."""

from integrations.providers.lantern import LANTERN
from integrations.sandbox.oidc import OpenIdDialect, desk_of
from integrations.sandbox.personas import History

DIALECT = OpenIdDialect(
    LANTERN.key,
    History("wechat", ("account", "social")),
    desk_of(LANTERN.key, LANTERN.name),
    names=lambda persona: {"name": persona.nickname},
    renews=lambda given: False,
    sends_new_refresh_token=False,
)
KEY, HISTORY, answer = DIALECT.key, DIALECT.history, DIALECT.answer
''',
    )
    registrations, answering = "integrations/registrations.py", "integrations/sandbox/answering.py"
    imported = "from integrations.providers.line import LINE\n"
    house.change(registrations, imported, "from integrations.providers.lantern import LANTERN\n" + imported)
    house.change(registrations, "*(GOOGLE, ", "*(LANTERN, GOOGLE, ")
    house.change(answering, "    line,\n", "    lantern,\n    line,\n")
    house.change(answering, "*(google, ", "*(lantern, google, ")
    house.translate("integrations/locale/zh.po", {"Lantern": "灯笼"})
    house.change("integrations/README.md", "(`wechat`, ", "(`wechat`, `lantern`, ")


def add_kind(house: Scratch) -> None:
    house.add(
        "domain/market/terms/travel.py",
        '''"""TRAVEL: a journey paid in equal instalments."""

from domain.market.terms import loan
from domain.market.terms.quote import KindTerms
from infra.words import N_

TERMS = KindTerms(N_("Travel"), N_("Price"), "A journey, paid in monthly instalments.", loan.quote, usual_amount=6000)
''',
    )
    kinds = "domain/market/kinds.py"
    house.change(kinds, "loan, rental\n", "loan, rental, travel\n")
    house.change(kinds, '    AESTHETICS = "AESTHETICS"\n', '    AESTHETICS = "AESTHETICS"\n    TRAVEL = "TRAVEL"\n')
    house.change(kinds, "aesthetics.TERMS,\n", "aesthetics.TERMS,\n    ProductKind.TRAVEL: travel.TERMS,\n")
    house.translate("domain/locale/zh.po", {"Travel": "旅行"})
    house.change(
        "domain/market/catalogue.toml",
        '  { sku = "ldb-everyday"',
        '  { sku = "ldb-journey", kind = "TRAVEL", title = "旅行分期", amount_min = "1000.00", amount_max = "9000.00",'
        ' term_months = [6], annual_rate = "0.12" },\n  { sku = "ldb-everyday"',
    )


def add_rule(house: Scratch) -> None:
    house.change(
        "domain/market/rules.py",
        "    Rule(\n        policy.BELOW_GRADE.code,",
        """    Rule(
        "OWES_TOO_MUCH",
        N_("You pay too much each month already for this product."),
        about=N_("pay more each month than the product allows"),
        against=lambda pair: pair.who.burden > pair.what.owes_at_most,
        needs=Unknown(
            "DEBTS_UNKNOWN",
            N_("We do not know yet what you pay each month."),
            about=N_("have told nothing of what they pay"),
            is_known=_everywhere,
            asks=lambda pair: pair.what.owes_at_most < 0,
        ),
    ),
    Rule(
        policy.BELOW_GRADE.code,""",
    )
    house.change(
        "domain/market/rule_inputs.py",
        '        RuleInput(\n            "regions",',
        """        RuleInput(
            "owes_at_most", Shape.MONEY, lambda amount: None, "Each month, as far as it is known.", N_("Pays at most")
        ),
        RuleInput(
            "regions",""",
    )
    columns = "domain/market/columns.py"
    house.change(columns, "    income_at_least: Whole\n", "    income_at_least: Whole\n    owes_at_most: Whole\n")
    house.change(
        columns,
        '        "regions": _choice',
        '        "owes_at_most": Money.of(rules.get("owes_at_most", "999999"), product.currency).minor,\n'
        '        "regions": _choice',
    )
    house.translate(
        "domain/locale/zh.po",
        {
            "You pay too much each month already for this product.": "你每月的还款已超过该产品的上限。",
            "pay more each month than the product allows": "每月还款超过产品上限",
            "We do not know yet what you pay each month.": "我们还不知道你每月还款多少。",
            "have told nothing of what they pay": "没有填写每月还款",
            "Pays at most": "每月还款至多",
        },
    )


def add_benefit(house: Scratch) -> None:
    first = '    FirstBenefit("late-checkout"'
    house.change(
        "membership/catalogue.py",
        first,
        f'    FirstBenefit("umbrella", N_("Umbrella for a day"), TRANSPORT, 2, MONTHLY, 3, "GOLD"),\n{first}',
    )
    house.translate("membership/locale/zh.po", {"Umbrella for a day": "借伞一天"})


def add_role(house: Scratch) -> None:
    permissions = "domain/permissions.py"
    house.change(permissions, '    VIEWER = "viewer"\n', '    VIEWER = "viewer"\n    COLLECTOR = "collector"\n')
    house.change(
        permissions,
        "    Role.VIEWER: EVERYBODY_HERE",
        "    Role.COLLECTOR: EVERYBODY_HERE | {P.WATCH_MONEY},\n    Role.VIEWER: EVERYBODY_HERE",
    )
    house.change(permissions, 'N_("Viewer"),\n', 'N_("Viewer"),\n    Role.COLLECTOR: N_("Collector"),\n')
    house.translate("domain/locale/staff.po", {"Collector": "催收"})


def add_reaction(house: Scratch) -> None:
    house.change(
        "domain/tasks.py",
        "async def _application(",
        """@reaction(offers.ENDS_SOON, stored_as="count_last_days")
async def count_last_days(db: Db, event: Event) -> None:
    assert event.user_id is not None


async def _application(""",
    )


def add_page(house: Scratch) -> None:
    house.add(
        "api/console/pages/weather.py",
        '''"""Weather: how it is outside."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from domain.permissions import Permission


@requires(Permission.SEE_TIERS)
async def weather(request: Request, visit: StaffVisit) -> Response:
    return page(request, "weather.html")


routes: list[Route] = [Route("/console/weather", weather)]
''',
    )
    pages, templates = "api/console/pages/__init__.py", "api/console/pages/templates"
    house.add(
        f"{templates}/weather.html",
        '{% extends "frame.html" %}{% block main %}<h1>{{ _("Weather") }}</h1>{% endblock %}\n',
    )
    house.change(pages, "    watching,\n)", "    watching,\n    weather,\n)")
    house.change(
        pages, "        partners,\n    )\n    return", "        partners,\n        weather,\n    )\n    return"
    )
    link = '{{ entry("/console/tiers", _("Tiers")) }}\n'
    house.change(f"{templates}/frame.html", link, link + '{{ entry("/console/weather", _("Weather")) }}\n')
    house.translate("api/locale/pages.po", {"Weather": "天气"})


def add_state(house: Scratch) -> None:
    accounts = "domain/facts/accounts.py"
    house.change(accounts, '    ACTIVE = "ACTIVE"\n', '    ACTIVE = "ACTIVE"\n    RESTING = "RESTING"\n')
    house.change(
        accounts,
        "    begins=LinkStatus.ACTIVE,\n",
        "    Move([LinkStatus.ACTIVE], LinkStatus.RESTING),\n"
        "    Move([LinkStatus.RESTING], LinkStatus.ACTIVE, LINKED),\n    begins=LinkStatus.ACTIVE,\n",
    )
    ends = "    EXPIRING="
    house.change("api/graphql/enums.py", ends, f'    RESTING="Nothing is read of it for a while.",\n{ends}')


ADDITIONS = (
    Addition(
        "Adding an account provider",
        add_provider,
        """
from infra.words import say
from integrations.registrations import PROVIDERS
from integrations.sandbox.answering import DIALECTS
assert "lantern" in DIALECTS
assert say(PROVIDERS["lantern"].name, "zh") == "灯笼"
""",
    ),
    Addition(
        "Adding a product kind",
        add_kind,
        """
from api.contract import served
from domain.market.kinds import ProductKind
from infra.words import say
assert all("TRAVEL" in text for _, text in served())
assert say(ProductKind.TRAVEL.terms.name, "zh") == "旅行"
""",
    ),
    Addition(
        "Adding an eligibility rule",
        add_rule,
        """
from decimal import Decimal
from uuid import uuid4
from api.contract import served
from domain.credit.grades import Grade
from domain.market import eligibility
from domain.market.applicants import Applicant, people_of
from domain.market.columns import columns_of
from domain.market.kinds import ProductKind
from domain.market.pairing import Pairing
from domain.market.products import Product
from domain.market.rules import ABOUT, CODES
from infra.words import say
assert "owesAtMost: " in next(text for place, text in served() if place.stem == "partner")
assert say(ABOUT["OWES_TOO_MUCH"], "zh") == "每月还款超过产品上限"
product = Product(
    id=uuid4(), partner_id=uuid4(), sku="one", kind=ProductKind.LOAN, title="One", amount_min=100000, amount_max=100000,
    currency="CNY", term_months=[12], annual_rate=Decimal("0.1"), rules={"owes_at_most": "500.00"},
)
owing = [Applicant(30, "CN-SH", "employee", 2000000, Grade.A, burden=burden) for burden in (50000, 50001)]
found = eligibility.applying(Pairing(people_of(owing), columns_of([product])))
assert [CODES[place] for place in found[:, 0]] == ["ELIGIBLE", "OWES_TOO_MUCH"]
""",
    ),
    Addition(
        "Adding a benefit",
        add_benefit,
        """
from infra.words import say
from membership.catalogue import BENEFITS
umbrella = next(each for each in BENEFITS if each.code == "umbrella")
assert umbrella.granted_by == ["GOLD", "PLATINUM", "BLACK"]
assert say(umbrella.name, "zh") == "借伞一天"
""",
    ),
    Addition(
        "Adding a role",
        add_role,
        """
from domain.permissions import ROLE_NAMES, Permission, Role, roles_that_may
from infra.words import say
assert Role("collector") in roles_that_may(Permission.WATCH_MONEY)
assert say(ROLE_NAMES[Role("collector")], "zh") == "催收"
""",
    ),
    Addition(
        "Adding a reaction",
        add_reaction,
        """
import api.wiring
from domain.applications.offers import ENDS_SOON
from infra import reactions
assert "count_last_days" in reactions.owed_to(ENDS_SOON)
""",
    ),
    Addition(
        "Adding a console page",
        add_page,
        """
from api.console.pages import routes
from api.console.pages.rendering import PAGES
from infra.words import say
assert "/console/weather" in {getattr(route, "path", "") for route in routes()}
assert "weather.html" in PAGES.environment.list_templates()
assert say("Weather", "zh") == "天气"
""",
    ),
    Addition(
        "Adding a state",
        add_state,
        """
from api import states
from api.contract import served
from domain.facts.accounts import LIFE, LinkStatus
assert LIFE.allows(LinkStatus.ACTIVE, LinkStatus("RESTING"))
assert not LIFE.allows(LinkStatus("RESTING"), LinkStatus.UNLINKED)
assert "RESTING" in states.page()
assert "Nothing is read of it for a while." in next(text for place, text in served() if place.stem == "app")
""",
        beside="domain/facts/accounts.py",
    ),
)
