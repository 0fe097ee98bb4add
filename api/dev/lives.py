"""What each persona says of itself, and wishes for. The accounts tell the rest."""

from dataclasses import dataclass

CURRENCY = "CNY"
PHONE_NUMBERS = "+86138"  # and eight digits of chance


@dataclass(frozen=True)
class Wish:
    """A product of this kind: the one of this title where it can be had, or else the best match."""

    kind: str
    amount: str
    months: int
    title: str | None = None


@dataclass(frozen=True)
class PersonaLife:
    birth_date: str
    region: str
    occupation: str
    monthly_income: str
    wish: Wish

    def profile(self) -> dict[str, object]:
        income = {"amount": self.monthly_income, "currency": CURRENCY}
        said = {"birthDate": self.birth_date, "region": self.region, "occupation": self.occupation}
        return {**said, "monthlyIncome": income}


LIVES = {
    "thin-file-student": PersonaLife("2005-03-14", "CN-SH", "student", "1800.00", Wish("RENTAL", "229.00", 12)),
    "steady-shopper": PersonaLife("1988-06-02", "CN-ZJ", "employee", "15800.00", Wish("LOAN", "12000.00", 12)),
    # The partner whose credentials there are decides this one itself.
    "gig-driver": PersonaLife(
        "1990-11-20", "CN-GD", "gig-worker", "9000.00", Wish("LOAN", "6000.00", 12, "安家搬迁借款")
    ),
    "over-borrowed": PersonaLife(
        "1994-01-09", "CN-SC", "employee", "8200.00", Wish("LOAN", "3000.00", 6, "日常消费借款")
    ),
    # More than the rules lend by themselves to a grade B: a person looks at it.
    "small-shop-owner": PersonaLife(
        "1979-08-30", "CN-FJ", "self-employed", "30000.00", Wish("LOAN", "40000.00", 24, "工薪信用借款")
    ),
}
SOMEBODY = PersonaLife("1992-05-05", "CN-BJ", "employee", "9000.00", Wish("LOAN", "3000.00", 12))


def life_of(persona: str) -> PersonaLife:
    return LIVES.get(persona, SOMEBODY)
