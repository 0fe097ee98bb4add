"""A generated world of people who sign in and apply, with planted rings, takeovers and those who only look like them; and an
oracle that judges it by counting lists.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from domain.risk.sightings import SightingKind
from infra.locations import Location, distance_km
from tests.domain.risk.places import CITIES, RADIUS_KM

BEIJING, SHANGHAI, KUNMING, CARRIER, VPN, URUMQI = (network.removesuffix(".0.0/16") for network in CITIES)
HOUR, DAY = 60, 24 * 60
REGISTERED, SIGNED_IN, APPLIED = SightingKind.REGISTERED, SightingKind.SIGNED_IN, SightingKind.APPLIED
GATEWAYS = {CARRIER: True, VPN: True, URUMQI: None}


@dataclass(frozen=True, order=True)
class Seen:
    """`minute` since the world began; `device` is a number that the world gives."""

    minute: int
    person: int
    kind: SightingKind = field(compare=False)
    device: int = field(compare=False)
    ip: str = field(compare=False)


@dataclass
class World:
    """`guilty`: by rule, whom it should speak of."""

    seen: list[Seen] = field(default_factory=list)
    guilty: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    people: Iterator[int] = field(default_factory=count)
    devices: Iterator[int] = field(default_factory=count)

    def register(self, minute: int, ip: str, device: int | None = None) -> tuple[int, int]:
        person, device = next(self.people), next(self.devices) if device is None else device
        self.seen.append(Seen(minute, person, REGISTERED, device, ip))
        return person, device

    def visit(self, minute: int, person: int, device: int, ip: str, kind: SightingKind = SIGNED_IN) -> None:
        self.seen.append(Seen(minute, person, kind, device, ip))


def invented(seed: int) -> World:
    chance, world = random.Random(seed), World()
    addresses = count(1)

    def home(city: str) -> str:
        number = next(addresses)
        return f"{city}.{number // 250}.{number % 250 + 1}"

    for _ in range(60):  # who live somewhere, and stay there
        at, ip = chance.randrange(40 * DAY), home(chance.choice([BEIJING, SHANGHAI, KUNMING]))
        person, device = world.register(at, ip)
        for _ in range(chance.randrange(4)):
            at += chance.randint(HOUR, 3 * DAY)
            world.visit(at, person, device, ip, chance.choice([SIGNED_IN, SIGNED_IN, APPLIED]))
    for _ in range(8):  # who take a plane with a new phone, and a train with the old one
        at = chance.randrange(30 * DAY)
        person, device = world.register(at, home(BEIJING))
        world.visit(at + 5 * HOUR, person, next(world.devices), home(SHANGHAI))
        world.visit(at + 3 * DAY, person, device, home(KUNMING))
    for gateway in (CARRIER, VPN, URUMQI):  # whose other device asks through a gateway far away, or what may be one
        for _ in range(6):
            at = chance.randrange(30 * DAY)
            person, device = world.register(at, home(BEIJING))
            world.visit(at + chance.randint(1, 30), person, next(world.devices), home(gateway))
    for _ in range(3):  # couples of two towns who share an account: no thieves, and no rule can know it
        at = chance.randrange(30 * DAY)
        person, device = world.register(at, home(BEIJING))
        world.visit(at + 2 * HOUR, person, next(world.devices), home(KUNMING))
        world.visit(at + 4 * DAY, person, device, home(BEIJING))
    for _ in range(10):  # accounts that are taken over from far away
        at = chance.randrange(30 * DAY)
        person, device = world.register(at, home(SHANGHAI))
        world.visit(at + chance.randint(5, 60), person, next(world.devices), home(KUNMING))
        world.guilty["IMPOSSIBLE_TRAVEL"].add(person)
    for _ in range(5):  # families with a tablet, who came one after the other
        at, ip, tablet = chance.randrange(10 * DAY), home(BEIJING), next(world.devices)
        for _ in range(5):
            person, _ = world.register(at, ip, tablet)
            world.visit(at + HOUR, person, tablet, ip)
            at += chance.randint(4 * DAY, 6 * DAY)
    for _ in range(4):  # rings with one device, who apply at once
        at, ip, device = chance.randrange(30 * DAY), home(SHANGHAI), next(world.devices)
        for _ in range(6):
            person, _ = world.register(at, ip, device)
            world.visit(at + 20, person, device, ip, APPLIED)
            world.guilty["DEVICE_CLUSTER"].add(person)
            world.guilty["DEVICE_APPLICATIONS"].add(person)
            at += chance.randint(30, 3 * HOUR)
    for _ in range(2):  # rings of many phones in one room
        at, ip = chance.randrange(30 * DAY), home(KUNMING)
        for number in range(14):
            person, _ = world.register(at + 3 * number, ip)
            world.guilty["NETWORK_RUSH"].add(person)
    office = home(BEIJING)  # behind one address, where a dozen are new after a talk
    for _ in range(70):
        world.register(chance.randrange(20 * DAY), office)
    for number in range(12):
        world.register(21 * DAY + 4 * number, office)
    world.seen.sort()
    return world


def judged(seen: Sequence[Seen]) -> set[tuple[str, int]]:
    """Which rule speaks of whom, by their parameters at first; every pair is compared."""
    found = set[tuple[str, int]]()
    for place, now in enumerate(seen):
        past = [each for each in seen[: place + 1] if each.minute <= now.minute]
        found |= {("IMPOSSIBLE_TRAVEL", now.person)} if _travels(now, past[:-1]) else set()
        on_device = [each for each in past if each.device == now.device]
        everybody = {each.person for each in on_device if each.minute > now.minute - 30 * DAY}
        new = {each.person for each in on_device if each.kind == REGISTERED and each.minute > now.minute - 7 * DAY}
        if len(everybody) >= 4 and len(new) >= 3:
            found |= {("DEVICE_CLUSTER", person) for person in new}
        if now.kind == APPLIED:
            applied = {each.person for each in on_device if each.kind == APPLIED and each.minute > now.minute - DAY}
            found |= {("DEVICE_APPLICATIONS", person) for person in applied} if len(applied) >= 3 else set()
        if now.kind == REGISTERED:
            here = [each for each in past if each.ip == now.ip]
            came = {each.person for each in here if each.kind == REGISTERED and each.minute > now.minute - HOUR}
            known = len({each.person for each in here if each.minute > now.minute - 30 * DAY}) - len(came)
            if len(came) >= 10 and len(came) > 0.2 * known:
                found |= {("NETWORK_RUSH", person) for person in came}
    return found


def _travels(now: Seen, past: Sequence[Seen]) -> bool:
    theirs = [each for each in past if each.person == now.person and each.minute > now.minute - DAY]
    if not theirs or theirs[-1].device == now.device:
        return False
    cities = [each.ip.rsplit(".", 2)[0] for each in (theirs[-1], now)]
    if any(GATEWAYS.get(city, False) is not False for city in cities):
        return False
    there, here = (Location(*CITIES[f"{city}.0.0/16"], RADIUS_KM, False) for city in cities)
    km = distance_km(there, here) - 2 * RADIUS_KM
    return km >= 500 and km > 1000 * (now.minute - theirs[-1].minute) / 60
