"""The story up to the matches: who it is, what the phone heard, the accounts, the score and what it opens."""

from rich.text import Text

from api.cli.demo import drawing
from api.cli.demo.answers import AnswerPaper
from api.cli.demo.doors import Data
from api.cli.demo.drawing import GRADE_STYLES, money, signed
from api.cli.demo.words import OCCUPATIONS, ODDS
from domain.market.kinds import ProductKind
from infra.words import N_

MATCHES_TOLD = 3
BENEFITS_TOLD = 3


class DemoTeller(AnswerPaper):
    def heading(self, person: Data, number: int, of: int) -> None:
        title = f"  {number}/{of}  {person['name']} "
        rule = "─" * max(2, self.width - Text(title).cell_len)
        self.console.print(Text.assemble((title, "bold"), (rule, "dim")), soft_wrap=True)
        self.line((person["story"], "italic"))
        self.blank()

    def opening(self, address: str) -> None:
        self.blank()
        self.console.print(Text.assemble(("  Longan", "bold"), (f"  {address}", "dim")), soft_wrap=True)
        told = N_(
            "Invented people take a phone, link their accounts, read their score, and apply: over HTTP and WebSocket, as an "
            "app does it. They, what their accounts tell, and the people that the model learned from are simulated. "
            "Products bear the names that their partners gave them."
        )
        self.line(self.words(told))
        self.blank()

    def message(self, message: Data, took: float) -> None:
        self.line(self.words(N_("SMS: ")), (f"“{message['body']}”", "italic"), mark="✉", style="cyan", took=took)

    def signed_in(self, phone: str, took: float) -> None:
        self.line(self.words(N_("Signed in as {phone}"), phone=phone), mark="✓", style="green", took=took)

    def introduced(self, profile: Data, took: float) -> None:
        said = N_("Says: born {birth}, lives in {region}, {occupation}, {income} a month")
        told = self.words(
            said,
            birth=profile["birthDate"],
            region=profile["region"],
            occupation=self.words(OCCUPATIONS.get(str(profile["occupation"]), str(profile["occupation"]))),
            income=money(profile["monthlyIncome"]),
        )
        self.line(told, mark="✓", style="green", took=took)

    def linking(self) -> None:
        self.blank()
        self.line((self.words(N_("Links accounts, and the score follows (350 to 950 points)")), "bold"))

    def linked(self, name: str, viewer: Data, before: Data | None, took: float) -> None:
        score = viewer["score"]
        if score is None:
            self.line(f"{name}: ", (viewer["scoring"]["message"], "yellow"), mark="+", style="green", took=took)
            return
        room = 23 - Text(name).cell_len
        filled, empty = drawing.gauge(score["points"], self.width - 55)
        grade = (f" {score['grade']}", f"bold {GRADE_STYLES[score['grade']]}")
        moved = f"  {signed(score['points'] - before['points']):>5}" if before else ""
        bar = (filled, GRADE_STYLES[score["grade"]]), (empty, "dim")
        points = (f"  {score['points']}", "bold")
        self.line(f"{name}{' ' * max(1, room)}", *bar, points, grade, moved, mark="+", style="green", took=took)

    def score(self, score: Data) -> None:
        self.blank()
        style = f"bold {GRADE_STYLES[score['grade']]}"
        title = self.words(N_("Grade {grade}, {points} points"), grade=score["grade"], points=score["points"])
        self.line((title, style), "  ", (self.words(N_("and why, to the point:")), "dim"))
        effects = [(factor["label"], factor["effect"]) for factor in score["factors"]]
        most, side = max([1, *(abs(effect) for _, effect in effects)]), (self.width - 42) // 2
        self.line(self.padded(self.words(N_("Starts at")), 22), f"{score['basePoints']:>5}")
        for label, effect in sorted(effects, key=lambda told: -abs(told[1])):
            left, right = drawing.bar_left(effect, most, side), drawing.bar_right(effect, most, side)
            bars = f"  {left}", ("│", "dim"), (right, "green")
            self.line(self.padded(label, 22), f"{signed(effect):>5}", (bars[0], "red"), *bars[1:])
        self.line((self.made_by(score), "dim"))

    def made_by(self, score: Data) -> str:
        simulated = N_("Model {model}, trained on a simulated population.")
        real = N_("Model {model}.")
        return self.words(simulated if score["simulated"] else real, model=score["modelVersion"])

    def no_score(self, scoring: Data) -> None:
        self.blank()
        self.line((scoring["message"], "yellow"))

    def membership(self, membership: Data) -> None:
        self.blank()
        self.line((self.words(N_("{tier} member"), tier=membership["tier"]["name"]), "bold"))
        self.line(self.benefits(membership["benefits"]), mark="·")
        if membership["next"]:
            told = N_("Next is {tier}. {missing}")
            after = membership["next"]
            self.line((self.words(told, tier=after["tier"]["name"], missing=after["missing"]["message"]), "dim"))

    def benefits(self, benefits: list[Data]) -> str:
        told = [self.benefit(benefit) for benefit in benefits[:BENEFITS_TOLD]]
        more = len(benefits) - BENEFITS_TOLD
        return self.words(N_("; ")).join([*told, self.words(N_("and {more} more"), more=more)] if more > 0 else told)

    def benefit(self, benefit: Data) -> str:
        left = benefit["remaining"]
        name: str = benefit["name"]
        return name if left is None else self.words(N_("{name} ({left} left)"), name=name, left=left)

    def matches(self, matches: list[Data], took: float, *, are_more: bool) -> None:
        self.blank()
        told = (
            N_("More than {count} products match; the best:") if are_more else N_("{count} products match; the best:")
        )
        self.line((self.words(told, count=len(matches)), "bold"), took=took)
        for number, match in enumerate(matches[:MATCHES_TOLD]):
            self.line((match["product"]["title"], "cyan"), (f"  {self.product_of(match)}", "dim"), mark="·")
            self.line(self.terms_of(match))
            for reason in match["reasons"] if number == 0 else ():
                self.line((reason["message"], "dim"))

    def product_of(self, match: Data) -> str:
        product = match["product"]
        sponsored = self.words(N_(", sponsored")) if match["sponsored"] else ""
        return f"{self.words(ProductKind(product['kind']).terms.name)}, {product['partner']['name']}{sponsored}"

    def terms_of(self, match: Data) -> str:
        odds = self.words(ODDS[match["oddsBand"]]) if match["oddsBand"] else self.words(N_("not known"))
        monthly = money(match["monthlyCost"])
        months = match["basis"]["termMonths"]
        told = N_("odds {odds}, {monthly} a month for {months} months")
        return self.words(told, odds=odds, monthly=monthly, months=months)
