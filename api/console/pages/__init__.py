"""The console's web pages at `/console`: for staff, without a line of script of our own."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.graphql.errors import PublicError
from infra.words import N_

BODY_BYTES_MAX = 20_000
AWAY = N_("This is not available just now. Please try again in a moment.")
BROKEN = N_("Something went wrong on our side. Please try again; if it stays, tell us when it happened.")


def failed(request: Request, error: PublicError) -> Response:
    from api.console.pages.rendering import page

    return page(request, "failed.html", error.http_status, why=AWAY if error.http_status in {429, 503} else BROKEN)


def routes() -> list[BaseRoute]:
    from api.console.pages import (
        approving,
        benefits,
        breathing,
        campaigns,
        case,
        certificates,
        changes,
        claims,
        disputing,
        drafting_campaigns,
        hardships,
        home,
        matching,
        members,
        money,
        partners,
        plans,
        product,
        products,
        regulator,
        rendering,
        reviewing,
        signals,
        signing_in,
        stopping,
        takings,
        tier_rules,
        tiers,
        trials,
        waiving,
        watching,
    )

    return [
        Route("/console", home.home),
        Route("/console/sign-in", signing_in.SignIn, max_body_size=BODY_BYTES_MAX),
        Route("/console/sign-out", signing_in.sign_out, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/overview.csv", home.exported),
        Route("/console/approvals", approving.approvals_page),
        Route("/console/benefits", benefits.benefits_page, methods=["GET"]),
        Route("/console/benefits", benefits.save, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/benefits.csv", benefits.exported),
        Route("/console/benefits/{id}", benefits.benefit_page),
        Route("/console/benefits/{id}/retire", benefits.retire, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/changes", changes.changes_page),
        Route("/console/changes.csv", changes.exported),
        Route("/console/members", members.ask, methods=["GET"]),
        Route("/console/members", members.look, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/plans", plans.plans_page, methods=["GET"]),
        Route("/console/plans", plans.save, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/plans/answer", plans.answer, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/regulator", regulator.regulator_page),
        Route("/console/tiers/rules", tier_rules.rules_page, methods=["GET"]),
        Route("/console/tiers/rules", tier_rules.draft, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/tiers/rules/{id}", tier_rules.version_page, methods=["GET"]),
        Route("/console/tiers/rules/{id}", tier_rules.take_step, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/tiers", tiers.tiers),
        Route("/console/campaigns", campaigns.campaigns_page),
        Route("/console/campaigns", drafting_campaigns.draft, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/campaigns/new", drafting_campaigns.new),
        Route("/console/campaigns/audience", drafting_campaigns.count, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/campaigns/pause", campaigns.pause_all, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/campaigns/{id}", campaigns.campaign_page),
        Route("/console/campaigns/{id}/certificate", certificates.certificate_page),
        Route("/console/campaigns/{id}/trial", trials.trial),
        Route("/console/campaigns/{id}/trial", trials.trial, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/campaigns/{id}", campaigns.answer, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/products", products.products),
        Route("/console/products.csv", products.exported),
        Route("/console/tiers.csv", tiers.exported),
        Route("/console/products/groups", products.show_group_costs),
        Route("/console/products/groups.csv", products.groups_exported),
        Route("/console/products/{id}", product.product),
        Route("/console/products/{id}/rehearse", product.rehearse, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/reviews", reviewing.queue),
        Route("/console/reviews/clocks", reviewing.clocks),
        Route("/console/reviews/{id}", case.case),
        Route("/console/reviews/{id}", case.answer, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/reviews/{id}/take", case.take, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/watch", watching.watch_page),
        Route("/console/watch.csv", watching.exported),
        Route("/console/watch/count", watching.count, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/matching", matching.matching_page),
        Route("/console/money", money.money_page),
        Route("/console/agreements/{id}", money.agreement_page),
        Route("/console/agreements/{id}/late-fees", waiving.waive, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/takings/{id}", takings.taking_page),
        Route("/console/takings/{id}/fit", takings.fit, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/takings/{id}/back", takings.send_back, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/stops", stopping.stops_page),
        Route("/console/stops", stopping.stop, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/stops/{id}", stopping.answer, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/hardships", hardships.hardships_page),
        Route("/console/hardships/{id}", hardships.answer, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/breathing-spaces", breathing.breathe, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/breathing-spaces/{id}/end", breathing.end, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/claims", claims.claims_page),
        Route("/console/claims/{id}", claims.decide, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/disputes", disputing.disputes_page),
        Route("/console/disputes/{id}", disputing.answer, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/signals", signals.signals_page),
        Route("/console/signals/{id}", signals.judge, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/signals/rules/{code}", signals.propose, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/signals/changes/{id}", signals.answer, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/partners", partners.partners_page),
        Route("/console/remittances/{id}", partners.pay, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/partners/{id}/commission", partners.propose, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        Route("/console/commissions/{id}", partners.answer, methods=["POST"], max_body_size=BODY_BYTES_MAX),
        rendering.PAGES.files(),
    ]
