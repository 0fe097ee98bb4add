"""Moves out: half a year in a room, a notice, a claim on the deposit, a no to it, and half of it found right."""

from datetime import timedelta

from api.cli.demo.drawing import money
from api.cli.demo.year.life import YearLife, YearStory
from api.cli.demo.year.person import amount_of, key, money_of
from infra.words import N_

MONTHS = 5
NOTICE = timedelta(days=30)
CLAIMED = N_("The door is scratched, and the lamp is broken.")
DISPUTED = N_("The scratch was there on the first day; the pictures show it.")
DECIDED = N_("The lamp is theirs to pay, the door is not.")


async def live(life: YearLife) -> None:
    offer = await life.person.sign("RENTAL", "青年公寓单间（多城可选）", "1680.00", 6)
    agreement = await life.person.look_until(lambda seen: seen["status"] != "PENDING")
    told = N_("moves in: {held} of the deposit is held, {waived} waived; rent is {rent} a month")
    held, waived = money(agreement["deposit"]["held"]), money(offer["depositWaived"])
    rent = money(offer["monthlyPayment"])
    life.tell(told, held=held, waived=waived, rent=rent, mark="▸", style="magenta")
    for row in agreement["schedule"][:MONTHS]:
        await life.until(row["dueOn"])
        paid, agreement = await life.person.pay(life.today)
        told = N_("pays the rent of month {number}, {paid}")
        life.tell(told, number=row["number"], paid=money(money_of(str(paid))))
    await leave(life)


async def leave(life: YearLife) -> None:
    last = life.today + NOTICE
    await life.person.change("GiveNotice", moveOutOn=last.isoformat())
    life.tell(N_("gives notice: {last} is the last day"), last=last.isoformat())
    await life.until(last)
    paid, agreement = await life.person.pay(life.today)
    if paid:
        life.tell(N_("pays the last days, {paid}"), paid=money(money_of(str(paid))))
    await life.pass_days(1)
    half = amount_of(agreement["deposit"]["held"]) / 2
    wanted = money_of(str(half))
    await life.say_as_partner(life.desks.landlord, "ClaimDamage", amount=wanted, reason=life.paper.words(CLAIMED))
    told = N_("The landlord claims {amount} of the deposit: “{reason}”")
    life.tell(told, amount=money(wanted), reason=life.paper.words(CLAIMED))
    await life.pass_days(2)
    await life.person.change("DisputeClaim", message=life.paper.words(DISPUTED))
    life.tell(N_("disputes it: “{reason}”"), reason=life.paper.words(DISPUTED))
    await life.pass_days(2)
    await be_decided(life)
    await life.pass_days(7)
    agreement = await life.person.look_until(lambda seen: seen["status"] == "SETTLED")
    told = {
        "PARTLY_RETURNED": N_("has the rest of the deposit back; owed: {owed}"),
        "RETURNED": N_("has all of the deposit back; owed: {owed}"),
    }[agreement["deposit"]["status"]]
    life.tell(told, owed=money(agreement["outstanding"]), mark="✓", style="green")


async def be_decided(life: YearLife) -> None:
    """Risk finds half of the claim right."""
    claim, risk = (await life.person.look())["deposit"]["claim"], life.desks.risk
    upheld = money_of(f"{amount_of(claim['amount']) / 2:.2f}")
    decision = {"claimId": claim["id"], "amount": upheld, "answer": life.paper.words(DECIDED)}
    await risk.sign_in()
    await risk.door.send("DecideClaim", input={**decision, "idempotencyKey": key()})
    told = N_("Risk finds {upheld} of {claimed} right: “{reason}”")
    reason = life.paper.words(DECIDED)
    life.tell(told, upheld=money(upheld), claimed=money(claim["amount"]), reason=reason)


STORY = YearStory("gig-driver", N_("Bai Lu"), N_("moves out, and disputes a claim"), live)
