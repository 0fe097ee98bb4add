"""A real Postgres and a real Valkey for all tests, migrated once. Commits are real, so each test makes its own people."""

import asyncio
import gc
import os
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import hypothesis
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

# Of what is imported and collected nothing is ever rubbish: until all of it is there, nobody looks for any.
gc.disable()
# Settings are read when the rooms are imported, so the servers come first.
_folder = Path(tempfile.mkdtemp(prefix="longan-test-"))
# Named so, asyncio knows what it is, and sends at once; else each answer waits for the kernel's patience of 40 ms.
_listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
_listening.bind(("127.0.0.1", 0))
_listening.listen(1_000)
os.environ["LONGAN_VAR"] = str(_folder)
os.environ["LONGAN_PUBLIC_URL"] = f"http://127.0.0.1:{_listening.getsockname()[1]}"
for _name in ("LONGAN_DATABASE_URL", "LONGAN_VALKEY_URL", "LONGAN_ENVIRONMENT"):
    os.environ.pop(_name, None)

from api.cli import nearby  # noqa: E402
from api.graphql.kept.answers import forget as forget_answers  # noqa: E402
from infra import cache, database, embedded, migrations, reference, telemetry  # noqa: E402
from infra.database import Db  # noqa: E402
from infra.settings import settings  # noqa: E402
from tests import locks  # noqa: E402
from tests.clocks import Clock, standing_clock  # noqa: E402
from tests.colleagues import come_to_work  # noqa: E402
from tests.logs import Lines, writing_to  # noqa: E402
from tests.models import train_small_models  # noqa: E402
from tests.phones import NewPhone, Phone  # noqa: E402
from tests.serving import serve  # noqa: E402
from tests.visiting import visitor  # noqa: E402

# The same examples each time, however slow the machine: whoever looks for others asks for them.
hypothesis.settings.load_profile("ci")
from tests.trying import rolled_back  # noqa: E402

GARBAGE = 20_000  # things made and not let go, after which rubbish is looked for
TOKEN_SECONDS = 600  # two thirds of how long a token lasts

# Few tests each, and long: begun first, so that at the end no process waits for the one that has them.
LONG = (
    "faults/test_kills",
    "ml/lab/",
    "ml/matchers/",
    "ml/models/",
    "ml/population/",
    "infra/delivery/",
    "api/dev/past/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The same order in every process, file by file."""
    items.sort(key=lambda item: not any(long in item.nodeid for long in LONG))


def pytest_collection_finish() -> None:
    """What is there by now stays to the end; whoever looks for rubbish need not look there, time and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    gc.enable()


@pytest.fixture(scope="session")
def servers() -> Iterator[embedded.Servers]:
    with embedded.servers(_folder, durable=False) as pair:
        yield pair
    shutil.rmtree(_folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """What a test patched was part of no revision."""
    yield
    forget_answers()
    reference.forget()


@pytest.fixture(scope="session", autouse=True)
def lines() -> Lines:
    """What all of the house has logged so far. Before any command is run, whose own stderr would be gone after it."""
    lines = Lines()
    with writing_to(lines):
        telemetry.configure_logging()
    return lines


@pytest.fixture(scope="session", autouse=True)
def commands_close_nothing() -> None:
    """What is open in this process is of all its tests, and of another loop than a command's."""
    nearby.run = lambda work: asyncio.run(work)  # type: ignore[arg-type]  # all are coroutines


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """A busy machine is not a Valkey that hangs; the tests that hang one say how long they wait."""
    cache.PATIENCE_SECONDS = cache.SOCKET_SECONDS = 30.0


@pytest.fixture(scope="session", autouse=True)
def argon2_in_a_blink() -> None:
    """Proofs are compared as ever; only the hash is a cheap one."""
    from domain.people import partners, staff

    staff.hasher = partners._hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


@pytest.fixture(scope="session", autouse=True)
async def house(servers: embedded.Servers, lines: Lines, argon2_in_a_blink: None) -> AsyncIterator[None]:
    """The whole house, wired and seeded, on an empty database."""
    os.environ["LONGAN_DATABASE_URL"] = servers.database_url
    os.environ["LONGAN_VALKEY_URL"] = servers.valkey_url
    settings.cache_clear()
    locks.watch()
    await make_ready(servers.database_url)
    yield
    await database.close_engine()
    await cache.close_valkey()


async def make_ready(url: str) -> None:
    """Every table, what the house begins with, and a colleague in each role; the house must be using this database."""
    from api import wiring

    await asyncio.to_thread(migrations.upgrade, url)
    await wiring.seed()
    await come_to_work()


@pytest.fixture(scope="module")
async def house_apart(house: None, servers: embedded.Servers, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """The house on a database of this file's own, for tests that leave in it what no other could bear to find."""
    name = f"apart_{request.module.__name__.rpartition('.')[2]}"
    url = servers.create_database(name)
    with pytest.MonkeyPatch.context() as patch:
        await database.close_engine()
        patch.setattr(settings(), "database_url", url)
        reference.forget()
        await make_ready(url)
        yield
        await database.close_engine()
    reference.forget()
    servers.drop_database(name)


@pytest.fixture
async def db() -> AsyncIterator[Db]:
    """A transaction that is rolled back: for reading, and for what nobody else need see."""
    async with rolled_back() as db:
        yield db


@pytest.fixture(scope="session")
async def models(house: None) -> None:
    """Live models of a smaller simulated population: quick to train, and good enough to tell people apart."""
    from api import wiring

    await train_small_models()
    await wiring.warm()


@pytest.fixture(scope="session")
async def longan(models: None, lines: Lines) -> AsyncIterator[None]:
    """The whole web app over real HTTP at `settings().public_url`, warm."""
    async with serve(_listening, lines):
        yield


@pytest.fixture
async def web(longan: None) -> AsyncIterator[httpx2.AsyncClient]:
    async with visitor(settings().public_url) as client:
        yield client


@pytest.fixture
async def phone(web: httpx2.AsyncClient) -> Phone:
    """A phone with a number that nobody had before, signed out."""
    return Phone(web)


@pytest.fixture
async def member(phone: Phone) -> Phone:
    """A person who has signed in, and has told and linked nothing."""
    await phone.sign_in()
    return phone


@pytest.fixture
async def shopper(member: Phone) -> Phone:
    """A grown-up with three linked accounts and a score."""
    return await shopping(member)


@pytest.fixture(scope="session")
async def shared_shopper(longan: None) -> AsyncIterator[Phone]:
    """`regular`, whose token may be over."""
    async with visitor(settings().public_url) as client:
        phone = Phone(client)
        await phone.sign_in()
        yield await shopping(phone)


@pytest.fixture
async def regular(shared_shopper: Phone) -> Phone:
    """A shopper whom all tests share, so nothing of theirs may change: for reading, and for what is refused."""
    is_over = time.monotonic() - shared_shopper.signed_in_at > TOKEN_SECONDS
    if is_over or "errors" in (await shared_shopper.post("{ viewer { id } }")).json():
        await shared_shopper.sign_in()  # tests of what is forgotten end everybody's sessions
    return shared_shopper


async def shopping(person: Phone) -> Phone:
    await person.tell(birthDate="2000-02-03", region="CN-SH", occupation="employee")
    for provider in ("wechat", "taobao", "oidc"):
        await person.link(provider)
    await person.settle()
    return person


@pytest.fixture
async def new_phone(longan: None) -> AsyncIterator[NewPhone]:
    """Makes further people, each with a connection of their own."""
    async with AsyncExitStack() as open_clients:

        async def make() -> Phone:
            client = visitor(settings().public_url)
            return Phone(await open_clients.enter_async_context(client))

        yield make


@pytest.fixture
async def clock(house: None) -> AsyncIterator[Clock]:
    """Moves the house's time forward; it goes back when the test ends."""
    async with standing_clock() as clock:
        yield clock
