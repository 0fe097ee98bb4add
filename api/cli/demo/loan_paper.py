"""The story of a loan: what was accepted, drawn and repaid, and that nothing is owed at the end."""

from api.cli.demo.doors import Data
from api.cli.demo.drawing import money
from api.cli.demo.paper import Paper
from infra.words import N_


class LoanPaper(Paper):
    def borrowing(self) -> None:
        self.blank()
        self.line((self.words(N_("Takes the loan, and pays it back")), "bold"))

    def known(self, card: str, took: float) -> None:
        told = N_("Shows who it is by name and id number, and adds a bank card of their own, {card}")
        self.line(self.words(told, card=card), mark="✓", style="green", took=took)

    def accepted(self, took: float) -> None:
        told = N_("Accepts the offer, bound to the very documents above")
        self.line(self.words(told), mark="✓", style="green", took=took)

    def drawn(self, amount: Data, took: float) -> None:
        told = N_("Draws {amount}: the partner is told at once to pay it out")
        self.line(self.words(told, amount=money(amount)), mark="▸", style="magenta", took=took)

    def arrived(self, agreement: Data, took: float) -> None:
        if agreement["drawDowns"][0]["status"] != "SETTLED":
            told = N_("The payout failed, so nothing is owed.")
            self.line(self.words(told), mark="✗", style="red", took=took)
            return
        told = N_("It has arrived. Owed from today: {owed}, in {count} instalments, the first on {first}")
        first = agreement["schedule"][0]["dueOn"]
        owed, count = money(agreement["outstanding"]), len(agreement["schedule"])
        self.line(self.words(told, owed=owed, count=count, first=first), mark="✓", style="green", took=took)

    def repaid(self, instalment: Data, agreement: Data, took: float) -> None:
        told = N_("Repays the first instalment early, {amount}; still owed: {owed}")
        owed = money(agreement["outstanding"])
        self.line(self.words(told, amount=money(instalment["due"]), owed=owed), mark="✓", style="green", took=took)

    def paid_off(self, quote: Data, agreement: Data, took: float) -> None:
        told = N_("Pays off all of it by today's quote, {amount}: {principal} borrowed, {interest} interest")
        parts = {name: money(quote[name]) for name in ("amount", "principal", "interest")}
        self.line(self.words(told, **parts), mark="✓", style="green", took=took)
        if agreement["status"] == "SETTLED":
            told = N_("Settled to the cent. Nothing is owed any more.")
            self.line((self.words(told), "bold green"), mark="✓", style="bold green")
