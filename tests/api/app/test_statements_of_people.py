"""How many statements it takes to sign in, and to change what an account is known by: so many and no more."""

from domain.actors import UserActor
from domain.people import changing_phone, id_numbers, signing_in
from domain.people.identities import Said
from domain.people.payment_accounts import PaymentAccountKind, SaidAccount
from infra.database import transact
from integrations import adding_accounts, verifying
from tests.api.app.test_changing_phone import code_to, stepped_up
from tests.api.app.test_identity import new_id_number
from tests.clocks import Clock
from tests.phones import Phone, code_for, new_key, new_number, uuid_of
from tests.statements import statements


def actor(phone: Phone) -> UserActor:
    return UserActor(phone.user_id, uuid_of(phone.session["id"]))


async def sent_by_sign_in(phone: Phone) -> list[str]:
    id = await phone.ask_for_code()
    said = {"challenge_id": uuid_of(id), "code": await code_for(id), "device_name": "one", "key": new_key()}
    with statements() as sent:
        await transact(lambda db: signing_in.sign_in(db, **said))  # type: ignore[arg-type]
    return sent


async def test_signing_in(member: Phone) -> None:
    sent = await sent_by_sign_in(member)
    assert len(sent) <= 17, sent


async def test_changing_the_phone(member: Phone) -> None:
    await stepped_up(member)
    id = await code_to(member, new_number())
    code = await code_for(id)
    with statements() as sent:
        await transact(
            lambda db: changing_phone.change(
                db, actor(member), challenge_id=uuid_of(id), code=code, key=new_key(), locale="en"
            )
        )
    assert len(sent) <= 20, sent


async def test_verifying_the_identity_and_adding_an_account(member: Phone, clock: Clock) -> None:
    """Three of which hold the number and the person, so that nobody puts the account away meanwhile."""
    with statements() as sent:
        await verifying.verify(actor(member), Said("李雷", id_numbers.parse(new_id_number())), new_key())
    assert len(sent) <= 35, sent
    await clock.forward(days=1, seconds=1)
    await member.renew()
    said = SaidAccount(PaymentAccountKind.BANK, "4111111111111111", is_default=True)
    with statements() as sent:
        await adding_accounts.add(actor(member), said, new_key())
    assert len(sent) <= 20, sent
