"""The story of an application: what was asked for, who decided, why, and what became of everybody."""

from dataclasses import dataclass
from datetime import datetime

from rich.table import Table
from rich.text import Text

from api.cli.demo.doors import Data
from api.cli.demo.drawing import GRADE_STYLES, money, percent, seconds
from api.cli.demo.loan_paper import LoanPaper
from api.cli.demo.words import STATUS_STYLES, STATUSES
from infra.words import N_


@dataclass(frozen=True)
class Outcome:
    """What became of one person."""

    persona: str
    name: str
    viewer: Data
    application: Data | None
    seconds: float
    agreement: Data | None = None


class AnswerPaper(LoanPaper):
    def applying(self, match: Data, request: Data) -> None:
        self.blank()
        self.line(
            (self.words(N_("Applies for ")), "bold"),
            (match["product"]["title"], "bold cyan"),
            (self.words(N_(" at {partner}"), partner=match["product"]["partner"]["name"]), "bold"),
        )
        terms = N_("{amount} over {months} months; shares the grade, and nothing else")
        self.line(self.words(terms, amount=money(request["amount"]), months=request["termMonths"]))

    def nothing_to_apply_for(self) -> None:
        self.blank()
        self.line(self.words(N_("Nothing matches yet, so there is nothing to apply for.")))

    def refused(self, sentence: str) -> None:
        self.line(self.words(N_("Not accepted: ")), sentence, mark="✗", style="red")

    def promised(self, application: Data, match: Data) -> None:
        until = f"{datetime.fromisoformat(application['promisedBy']):%H:%M} UTC"
        if application["status"] == "SUBMITTED":
            told = N_("Received. {partner} decides this itself, and promises an answer by {until}.")
            self.line(
                self.words(told, partner=match["product"]["partner"]["name"], until=until), mark="…", style="yellow"
            )
        else:
            told = N_("Received. The rules want a person to look at it; an answer is promised by {until}.")
            self.line(self.words(told, until=until), mark="…", style="yellow")
            self.reasons(application)

    def still_waiting(self) -> None:
        told = N_("Nobody answers here and now, so it waits. (The demo plays the other side where Longan itself runs.)")
        self.line((self.words(told), "dim"))

    def partner_signed_in(self, took: float) -> None:
        told = N_("The partner's server takes a token (OAuth client credentials)")
        self.line(self.words(told), mark="▸", style="magenta", took=took)

    def partner_saw(self, application: Data, took: float) -> None:
        told = N_("reads its feed: {amount} over {months} months, grade {grade}")
        grade, amount = application["grade"] or "?", money(application["amount"])
        sentence = self.words(told, amount=amount, months=application["termMonths"], grade=grade)
        self.line(sentence, mark="▸", style="magenta", took=took)

    def partner_approved(self, terms: Data, took: float) -> None:
        told = N_("and approves {amount}, a little less, at {rate} a year")
        sentence = self.words(told, amount=money(terms["amount"]), rate=percent(terms["annualRate"]))
        self.line(sentence, mark="▸", style="magenta", took=took)

    def partner_declined(self, took: float) -> None:
        self.line(self.words(N_("and declines, with its reasons")), mark="▸", style="magenta", took=took)

    def reviewer_signed_in(self, took: float) -> None:
        told = N_("A reviewer signs in to the console (password and one-time code)")
        self.line(self.words(told), mark="▸", style="magenta", took=took)

    def reviewer_approved(self, took: float) -> None:
        self.line(self.words(N_("and approves, with a reason")), mark="▸", style="magenta", took=took)

    def review_reason(self) -> str:
        return self.words(N_("Eight years in the same shop, and every supplier was paid back."))

    def heard(self, took: float) -> None:
        told = N_("The waiting phone hears of it by subscription, after")
        self.line(self.words(told), mark="♪", style="cyan", took=took)

    def decided(self, application: Data, took: float | None = None) -> None:
        told = {
            "APPROVED": (N_("Approved."), "✓", "bold green"),
            "DECLINED": (N_("Not this time."), "✗", "bold red"),
        }
        sentence, mark, style = told.get(application["status"], (N_("It waits."), "…", "bold yellow"))
        self.line((self.words(sentence), style), mark=mark, style=style, took=took)
        self.reasons(application)
        if application["offer"]:
            self.offer(application["offer"])
        if application["status"] == "DECLINED":
            self.comfort()

    def reasons(self, application: Data) -> None:
        for reason in (application["decision"] or {"reasons": []})["reasons"]:
            self.line(reason["message"], mark="·")

    def offer(self, offer: Data) -> None:
        expires = f"{datetime.fromisoformat(offer['expiresAt']):%Y-%m-%d}"
        monthly, months = money(offer["monthlyPayment"]), offer["termMonths"]
        cost = (
            self.words(N_(", {cost} a year all in"), cost=percent(offer["annualCost"]))
            if float(offer["annualCost"])
            else ""
        )
        told = N_("Offer until {expires}: {monthly} a month for {months} months{cost}")
        self.line(self.words(told, expires=expires, monthly=monthly, months=months, cost=cost), mark="·")
        if float(offer["depositWaived"]["amount"]):
            deposit, waived = money(offer["deposit"]), money(offer["depositWaived"])
            told = N_("Deposit {deposit}; {waived} of it is waived for this grade")
            self.line(self.words(told, deposit=deposit, waived=waived), mark="·")
        for document in offer["documents"]:
            self.line((f"{document['title']}  sha256 {document['sha256'][:12]}…", "dim"), mark="·")

    def comfort(self) -> None:
        told = N_(
            "Nothing was borrowed, and the partner can ask for nothing any more: what was shared for this application ended "
            "with the answer. The reasons stand in order; what comes first helps most."
        )
        self.line((self.words(told), "italic"))

    def total(self, took: float) -> None:
        self.blank()
        self.line((self.words(N_("From the phone number to the end: {time}"), time=seconds(took)), "dim"))
        self.blank()

    def closing(self, address: str, outcomes: list[Outcome]) -> None:
        self.lay(self.summary(outcomes))
        self.blank()
        told = N_("All of it was simulated, and all of it went through the open doors. Try them yourself at")
        self.line(self.words(told))
        self.line((f"{address}/graphql", "bold"))
        self.blank()

    def summary(self, outcomes: list[Outcome]) -> Table:
        table = Table(box=None, padding=(0, 1), header_style="bold", width=self.width)
        table.add_column(" " + self.words(N_("Person")), no_wrap=True)
        table.add_column(self.words(N_("Grade")), no_wrap=True, justify="center")
        table.add_column(self.words(N_("Points")), no_wrap=True, justify="right")
        table.add_column(self.words(N_("Best match")), overflow="fold", ratio=1)
        table.add_column(self.words(N_("Decision")), no_wrap=True)
        table.add_column(self.words(N_("Time")), no_wrap=True, justify="right")
        for outcome in outcomes:
            table.add_row(f" {outcome.name}", *self.score_of(outcome), best(outcome), *self.decision_of(outcome))
        return table

    def score_of(self, outcome: Outcome) -> tuple[Text, Text]:
        score = outcome.viewer["score"]
        if score is None:
            return Text("-"), Text("-")
        return Text(score["grade"], style=GRADE_STYLES[score["grade"]]), Text(str(score["points"]))

    def decision_of(self, outcome: Outcome) -> tuple[Text, Text]:
        application = outcome.application
        status = application["status"] if application else ""
        told = self.words(STATUSES.get(status, N_("none")))
        return Text(told, style=STATUS_STYLES.get(status, "yellow")), Text(seconds(outcome.seconds), style="dim")


def best(outcome: Outcome) -> Text:
    edges = outcome.viewer["matches"]["edges"]
    return Text(edges[0]["node"]["product"]["title"] if edges else "-")
